package promapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/series"
)

// grid has five steps of a minute.
var grid = series.Grid{Start: time.Unix(1700000040, 0).UTC(), Step: time.Minute, Len: 5}

// one is an answer of one series with two samples.
const one = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"node":"a"},"values":[[1700000040,"1"],[1700000160,"2.5"]]}]}}`

// newClient returns a client of a server that answers with h.
func newClient(t testing.TB, o Options, h http.HandlerFunc) *Client {
	t.Helper()
	return newClientAt(t, o, "", h)
}

// newClientAt is newClient with a path after the host.
func newClientAt(t testing.TB, o Options, path string, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(base, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRangeAsks checks the requests.
func TestRangeAsks(t *testing.T) {
	c := tripClient(t, Options{
		Matchers: prod(), Params: map[string]string{"dedup": "true"},
		QueryTimeout: 1500 * time.Millisecond, UserAgent: "promsnap/1.2.3",
	}, func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Errorf("got error %v, want none", err)
		}
		want := url.Values{
			"query": {`up{cluster="prod"}`}, "start": {"1700000040.5"}, "end": {"1700000280.5"},
			"step":    {"60"},
			"timeout": {"1.5"}, "limit": {"8"}, "dedup": {"true"},
		}
		if diff := cmp.Diff(want, form); diff != "" {
			t.Errorf("form (-want +got):\n%s", diff)
		}
		if r.Method != http.MethodPost ||
			r.URL.String() != "http://prometheus.test:9090/api/v1/query_range" {
			t.Errorf("got request %s %s, want a POST to query_range", r.Method, r.URL)
		}
		for name, want := range map[string]string{
			"User-Agent": "promsnap/1.2.3", "Accept": "application/json",
			"Accept-Encoding": "identity", "Content-Type": "application/x-www-form-urlencoded",
			"Authorization": "",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		return answer(r, 200, matrix("")), nil
	})
	g := grid
	g.Start = g.Start.Add(500 * time.Millisecond)
	meta, err := c.Range(context.Background(), Query{Expr: "up", Grid: g, Limit: 7}, none)
	want := Meta{Expr: `up{cluster="prod"}`, Grid: g, Bytes: int64(len(matrix("")))}
	if diff := cmp.Diff(want, meta); err != nil || diff != "" {
		t.Errorf("%v, meta (-want +got):\n%s", err, diff)
	}
}

func TestRangeRefusesGrids(t *testing.T) {
	c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
		t.Error("got a request, want none")
		return answer(r, 500, ""), nil
	})
	for _, g := range []series.Grid{
		{}, {Start: grid.Start, Step: time.Minute}, {Start: grid.Start, Len: 1}, {
			Start: grid.Start, Step: -time.Minute, Len: 1,
		},
		{Start: grid.Start, Step: time.Minute, Len: maxSteps + 1},
		{Start: grid.Start.Add(1), Step: time.Minute, Len: 1}, {
			Start: grid.Start, Step: time.Second + 1, Len: 1,
		},
	} {
		var e *Error
		if _, err := c.Range(context.Background(), Query{Expr: "up", Grid: g},
			none); !errors.As(err, &e) || e.Kind != KindBadConfig {
			t.Errorf("%+v: got error %v, want %s", g, err, KindBadConfig)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	name := labels.MustNewMatcher(labels.MatchEqual, "__name__", "up")
	tests := []struct {
		base string
		o    Options
		want string
	}{
		{"prometheus:9090", Options{}, "the URL: not an http or https URL"},
		{"http://", Options{}, "the URL: not an http or https URL"},
		{"http://p?a=b", Options{}, "parameters for Prometheus have the key prometheus.params"},
		{
			"http://me:hush@p", Options{}, "credentials have keys of their own, such as " +
				"http_config.basic_auth",
		},
		{
			"http://p", Options{Matchers: []*labels.Matcher{name}},
			`the matcher __name__="up" matches the metric name`,
		},
		{
			"http://p", Options{Params: map[string]string{"step": "1"}},
			`promsnap sets the parameter "step" itself`,
		},
	}
	for _, tt := range tests {
		base, err := url.Parse(tt.base)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(base, nil, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) ||
			strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %s", tt.base, err, tt.want)
		}
	}
}

// TestRangeFallsBackToGET checks that a server that refuses POST is queried with GET, and directly
// with GET the next time.
func TestRangeFallsBackToGET(t *testing.T) {
	for _, status := range []int{403, 405, 501} {
		var asked []string
		c := newClient(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Method)
			if r.Method != http.MethodGet {
				w.WriteHeader(status)
				return
			}
			if q := r.URL.Query(); q.Get("query") != "up" || q.Get("step") != "60" {
				t.Errorf("got request %s, want the query up with step 60", r.URL)
			}
			_, _ = io.WriteString(w, one)
		})
		for range 2 {
			if meta, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid},
				none); err != nil || meta.Series != 1 {
				t.Errorf("%d: got %d series, %v, want one series", status, meta.Series, err)
			}
		}
		if diff := cmp.Diff([]string{"POST", "GET", "GET"}, asked); diff != "" {
			t.Errorf("%d: asked (-want +got):\n%s", status, diff)
		}
	}
}

// TestRangeCutsNotes checks that the notes of a server are not longer than an error.
func TestRangeCutsNotes(t *testing.T) {
	c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
		long := strings.Repeat("é", maxText/2)
		return answer(r, 200, strings.TrimSuffix(one, "}")+`,"warnings":["`+long+
			`","w"],"infos":["`+long+`"]}`), nil
	})
	meta, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid}, none)
	want := strings.Repeat("é", 600) + "…" + strings.Repeat("é", 399)
	if diff := cmp.Diff([][]string{{want, "w"}, {want}},
		[][]string{meta.Warnings, meta.Infos}); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestRangePrefix(t *testing.T) {
	for _, path := range []string{"/a/prometheus", "/a/prometheus/"} {
		c := newClientAt(t, Options{}, path, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/a/prometheus/api/v1/query_range" {
				t.Errorf("got request %s, want the path prefix", r.URL)
			}
			_, _ = io.WriteString(w, one)
		})
		if _, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid},
			none); err != nil {
			t.Errorf("got error %v, want none", err)
		}
	}
}

// TestRangeConcurrency checks that the number of calls at once is limited, and that all calls
// finish.
func TestRangeConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		c := tripClient(t, Options{Concurrency: 3}, func(r *http.Request) (*http.Response, error) {
			here := now.Add(1)
			for m := most.Load(); here > m && !most.CompareAndSwap(m, here); m = most.Load() {
			}
			time.Sleep(time.Second)
			resp := answer(r, 200, one)
			resp.Body = closer{resp.Body, func() { now.Add(-1) }}
			return resp, nil
		})
		var wg sync.WaitGroup
		start := time.Now()
		for range 10 {
			wg.Go(func() {
				if _, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid},
					none); err != nil {
					t.Errorf("got error %v, want none", err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); most.Load() != 3 || took != 4*time.Second {
			t.Errorf("got %d calls at once in %v, want 3 in 4s", most.Load(), took)
		}
	})
}

type closer struct {
	io.Reader
	close func()
}

func (c closer) Close() error { c.close(); return nil }

// TestRangeWaitsNoLongerThanItsContext checks that a call that waits for a slot ends with its
// context.
func TestRangeWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tripClient(t, Options{Concurrency: 1}, func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Hour)
			return answer(r, 200, one), nil
		})
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { _, _ = c.Range(context.Background(), Query{Expr: "up", Grid: grid}, none) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var e *Error
		if _, err := c.Range(ctx, Query{Expr: "up", Grid: grid}, none); !errors.As(err, &e) ||
			e.Kind != KindTimeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %s, want %s", describe(err), KindTimeout)
		}
	})
}

// TestRangeEndsAtTheServer checks that the server's request ends if a call ends early, by its
// context or by each.
func TestRangeEndsAtTheServer(t *testing.T) {
	enough := errors.New("enough")
	ended := make(chan bool)
	c := newClient(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.TrimSuffix(one, "]}}")+",")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		ended <- true
	})
	ctx, cancel := context.WithCancel(context.Background())
	meta, err := c.Range(ctx, Query{Expr: "up", Grid: grid}, func(series.Series) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || meta.Series != 1 {
		t.Errorf("got %d series, %v, want one and %v", meta.Series, err, context.Canceled)
	}
	<-ended
	if _, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid},
		func(series.Series) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got error %v, want %v", err, enough)
	}
	<-ended
}

func TestRangeLimit(t *testing.T) {
	c := newClient(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("limit"))
		for i := range n {
			_, _ = fmt.Fprintf(w, "%s{\"metric\":{\"n\":\"%d\"}}",
				map[bool]string{true: matrixHead, false: ","}[i == 0], i)
		}
		_, _ = io.WriteString(w, matrixTail)
	})
	for _, limit := range []int{0, 1, 20} {
		var e *LimitError
		meta, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid, Limit: limit},
			none)
		if limit == 0 {
			limit = DefaultLimit
		}
		if !errors.As(err, &e) || e.Limit != limit || meta.Series != limit ||
			!strings.Contains(err.Error(), "topk") {
			t.Errorf("got %d series, %v, want %d and a LimitError", meta.Series, err, limit)
		}
	}
}

// A body that is not gzip is an error, however often it is read.
func TestBodyThatIsNoGzip(t *testing.T) {
	b := &body{
		raw: io.NopCloser(strings.NewReader("no gzip at all")), encoding: "gzip", max: 1 << 20,
	}
	for range 3 {
		if n, err := b.Read(make([]byte, 8)); n != 0 || err == nil {
			t.Errorf("got %d bytes, error %v, want 0 and an error", n, err)
		}
	}
}

// TestRangeGzip checks that an unrequested gzip answer is read, and that its length is bounded.
func TestRangeGzip(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = io.WriteString(z, `{"x":"`)
	for range 4 {
		_, _ = z.Write(bytes.Repeat([]byte("x"), 1<<20))
	}
	_ = z.Close()
	c := newClient(t, Options{MaxBytes: 1 << 20}, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("got Accept-Encoding %s, want identity", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		switch r.FormValue("query") {
		case "bomb":
			_, _ = w.Write(bomb.Bytes())
			return
		case "brotli":
			w.Header().Set("Content-Encoding", "br")
		}
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, one)
		_ = z.Close()
	})
	if meta, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid},
		none); err != nil || meta.Series != 1 || meta.Bytes != int64(len(one)) {
		t.Errorf("got %+v, %v, want one series and %d bytes", meta, err, len(one))
	}
	var e *Error
	if _, err := c.Range(context.Background(), Query{Expr: "bomb", Grid: grid},
		none); !errors.As(err, &e) || e.Kind != KindTooMuch ||
		!strings.Contains(err.Error(), "longer than 1 MiB") {
		t.Errorf("bomb: got %s, want too much", describe(err))
	}
	if _, err := c.Range(context.Background(), Query{Expr: "brotli", Grid: grid},
		none); !errors.As(err, &e) || e.Kind != KindBadAnswer ||
		!strings.Contains(err.Error(), `compressed with "br"`) {
		t.Errorf("brotli: got %s, want a bad answer", describe(err))
	}
}
