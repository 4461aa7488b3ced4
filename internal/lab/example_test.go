package lab_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/promsnap/promsnap/internal/lab"
)

// A Prometheus for tests, with the same cluster and samples each time.
func ExampleNew() {
	l, err := lab.New(lab.Options{
		Profile: lab.KPS, Nodes: 42, Now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(l.Handler())
	defer server.Close()

	response, err := http.Get(server.URL + "/api/v1/query?query=count(kube_node_info)")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(string(body))
	// Output: {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795305600,"42"]}]}}
}
