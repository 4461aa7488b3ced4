package promapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// grid is five steps of a minute.
var grid = series.Grid{Start: time.Unix(1700000040, 0).UTC(), Step: time.Minute, Len: 5}

// one is an answer of one series with two samples.
const one = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"node":"a"},"values":[[1700000040,"1"],[1700000160,"2.5"]]}]}}`

// newClient returns a client of a server that answers with h.
func newClient(t testing.TB, o Options, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(base, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRangeSmoke(t *testing.T) {
	c := newClient(t, Options{}, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(one)) })
	meta, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid}, func(s series.Series) error {
		t.Log(s.Labels, s.Values)
		return nil
	})
	t.Logf("%+v %v", meta, err)
	if err != nil || meta.Series != 1 {
		t.Fail()
	}
}
