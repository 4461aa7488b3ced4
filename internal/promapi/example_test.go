package promapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

func ExampleClient_Range() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"matrix","result":[
			{"metric":{"node":"a"},"values":[[1700000040,"0.5"],[1700000100,"0.75"]]},
			{"metric":{"node":"b"},"values":[[1700000100,"0.25"]]}]}}`)
	}))
	defer srv.Close()
	base, _ := url.Parse(srv.URL)
	client, err := promapi.New(base, nil, promapi.Options{
		Matchers: []*labels.Matcher{
			labels.MustNewMatcher(labels.MatchEqual, "cluster", "prod-seoul"),
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	meta, err := client.Range(context.Background(), promapi.Query{
		Expr: "max by (node) (node_load1)",
		Grid: series.Grid{Start: time.Unix(1700000040, 0), Step: time.Minute, Len: 2},
	}, func(s series.Series) error {
		fmt.Println(s.Labels, s.Values)
		return nil
	})
	fmt.Println(meta.Expr, meta.Samples, "samples", err)
	// Output:
	// {node="a"} [0.5 0.75]
	// {node="b"} [NaN 0.25]
	// max by (node) (node_load1{cluster="prod-seoul"}) 3 samples <nil>
}

func ExampleError() {
	base, _ := url.Parse("http://127.0.0.1:1")
	client, err := promapi.New(base, nil, promapi.Options{Attempts: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Server(context.Background())
	var e *promapi.Error
	if errors.As(err, &e) && e.Kind == promapi.KindRefused {
		fmt.Println(e.Op, "at", e.URL)
		fmt.Println(e.Hint)
	}
	// Output:
	// reading the version at http://127.0.0.1:1
	// nothing listens there: check host and port, and that Prometheus runs; from outside the cluster it needs a port-forward
}

func ExampleAddMatchers() {
	cluster := labels.MustNewMatcher(labels.MatchEqual, "cluster", "prod-seoul")
	expr, err := promapi.AddMatchers(`sum(rate(x[5m])) / sum(y{job="z"})`,
		[]*labels.Matcher{cluster})
	fmt.Println(expr, err)
	// Output:
	// sum(rate(x{cluster="prod-seoul"}[5m])) / sum(y{cluster="prod-seoul",job="z"}) <nil>
}
