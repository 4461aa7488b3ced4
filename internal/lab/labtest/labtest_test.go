package labtest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/promsnap/promsnap/internal/lab/labtest"
)

// Handler passes on whole answers, also to many requests at once, and what a handler in front of it
// changed.
func TestHandler(t *testing.T) {
	lab := labtest.Handler(t, "--nodes=2", "--now=2026-11-22T00:00:00Z")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/query" {
			_ = r.ParseForm()
			r.Form.Set("query", "vector(2)")
		}
		lab.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	form := url.Values{
		"query": {"up"}, "start": {"1795300000"}, "end": {"1795305600"}, "step": {"60"},
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				answer, err := http.PostForm(server.URL+"/api/v1/query_range", form)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(answer.Body)
				answer.Body.Close()
				if err != nil || answer.StatusCode != http.StatusOK || len(body) < 1000 {
					t.Errorf("got %s, %d bytes and %v, want a whole answer", answer.Status,
						len(body), err)
					return
				}
			}
		})
	}
	all.Wait()
	for _, ask := range []func() (*http.Response, error){
		func() (*http.Response, error) {
			return http.PostForm(server.URL+"/api/v1/query", url.Values{"query": {"vector(1)"}})
		},
		func() (*http.Response, error) {
			return http.Get(server.URL + "/api/v1/query?query=vector(1)")
		},
	} {
		answer, err := ask()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || !strings.Contains(string(body), `"2"]`) {
			t.Errorf("got %s and %v, want the query that was changed", body, err)
		}
	}
}
