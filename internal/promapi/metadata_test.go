package promapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPresent(t *testing.T) {
	start, end := time.Unix(1700000000, 0), time.Unix(1700003600, 0)
	c := tripClient(t, Options{
		Matchers: prod(), Params: map[string]string{"partial_response": "false"},
	}, func(r *http.Request) (*http.Response, error) {
		q := r.URL.Query()
		if r.Method != http.MethodGet || r.URL.Path != "/api/v1/label/__name__/values" ||
			q.Get("start") != "1700000000" || q.Get("end") != "1700003600" ||
			q.Get("partial_response") != "false" ||
			q.Get("match[]") != `{__name__=~"up|a\\.b|gone",cluster="prod"}` {
			t.Errorf("got request %s %s, want the values of __name__ that match", r.Method, r.URL)
		}
		return answer(r, 200, `{"status":"success","data":["a.b","up"]}`), nil
	})
	got, err := c.Present(context.Background(), []string{"up", "a.b", "gone"}, start, end)
	if diff := cmp.Diff(map[string]bool{"up": true, "a.b": true, "gone": false}, got); err != nil ||
		diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestMetadataIsBounded checks that client_golang, which reads whole bodies, gets only bodies of
// bounded length, with any compression.
func TestMetadataIsBounded(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = io.WriteString(z, `{"status":"success","data":["`)
	for range 64 {
		_, _ = z.Write(bytes.Repeat([]byte("x"), 1<<20))
	}
	_, _ = io.WriteString(z, `"]}`)
	_ = z.Close()
	c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
		return answer(r, 200, bomb.String(), "Content-Encoding", "gzip"), nil
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := c.Present(context.Background(), []string{"up"}, time.Unix(0, 0), time.Unix(1, 0))
	_, err2 := c.Server(context.Background())
	runtime.ReadMemStats(&after)
	for _, err := range []error{err, err2} {
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindTooMuch ||
			!strings.Contains(e.Error(),
				"the answer is longer than 4 MiB; answers of Prometheus are much shorter") {
			t.Errorf("got %s, want too much", describe(err))
		}
	}
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 64 {
		t.Errorf("got %d MiB allocated, want at most 64", took)
	}
}

// TestPresentManyNames checks that many names are queried in several URLs of bounded length, and
// each name once.
func TestPresentManyNames(t *testing.T) {
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("metric_%d", i))
	}
	asked := 0
	c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
		if n := len(r.URL.String()); n > 3*maxNames {
			t.Errorf("got a URL of %d bytes, want at most %d", n, 3*maxNames)
		}
		match := strings.TrimSuffix(strings.TrimPrefix(r.URL.Query().Get("match[]"),
			`{__name__=~"`), `"}`)
		found := strings.Split(match, "|")
		asked += len(found)
		return answer(r, 200, `{"status":"success","data":["`+strings.Join(found, `","`)+`"]}`), nil
	})
	got, err := c.Present(context.Background(), names, time.Unix(0, 0), time.Unix(1, 0))
	if err != nil || asked != 500 || len(got) != 500 || !got["metric_0"] || !got["metric_499"] {
		t.Errorf("got %d names requested, %d results, %v, want 500 and 500", asked, len(got), err)
	}
	if got, err := c.Present(context.Background(), nil, time.Unix(0, 0),
		time.Unix(1, 0)); err != nil || len(got) != 0 || asked != 500 {
		t.Errorf("no names: got %v, %v, want no result and no request", got, err)
	}
}

func TestPresentErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
			if tries++; tries < 3 {
				return answer(r, 503, ""), nil
			}
			return answer(r, 200, `{"status":"success","data":[]}`), nil
		})
		if _, err := c.Present(context.Background(), []string{"up"}, time.Unix(0, 0),
			time.Unix(1, 0)); err != nil || tries != 3 {
			t.Errorf("got %d tries, error %v, want 3 and none", tries, err)
		}
	})
	for body, kind := range map[string]Kind{
		`{"status":"error","errorType":"bad_data","error":"x"}`: KindQuery,
		`{]`: KindBadAnswer,
	} {
		c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
			return answer(r, 200, body), nil
		})
		var e *Error
		if _, err := c.Present(context.Background(), []string{"up"}, time.Unix(0, 0),
			time.Unix(1, 0)); !errors.As(err, &e) || e.Kind != kind ||
			e.Op != "looking up metrics" {
			t.Errorf("%s: got %s, want %s", body, describe(err), kind)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := tripClient(t, Options{}, nil).Present(ctx, []string{"up"}, time.Unix(0, 0),
		time.Unix(1, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

func TestServer(t *testing.T) {
	tests := []struct {
		status  int
		body    string
		version string
		kind    Kind // "" for success
	}{
		{200, `{"status":"success","data":{"version":"3.15.0","revision":"x"}}`, "3.15.0", ""},
		{200, `{"status":"success","data":{}}`, "", ""},
		{404, "404 page not found", "", ""},
		{400, "unsupported path", "", ""},
		{200, "ok", "", ""},
		{401, "", "", KindDenied},
		{500, "", "", KindServer},
		{503, "", "", KindBusy},
	}
	for _, tt := range tests {
		c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/api/v1/status/buildinfo" {
				t.Errorf("got request %s, want buildinfo", r.URL)
			}
			return answer(r, tt.status, tt.body), nil
		})
		got, err := c.Server(context.Background())
		var e *Error
		if got.Version != tt.version || tt.kind == "" && err != nil ||
			tt.kind != "" && (!errors.As(err, &e) || e.Kind != tt.kind) {
			t.Errorf("%d %s: got %+v, %s, want version %q, error %q", tt.status, tt.body, got,
				describe(err), tt.version, tt.kind)
		}
	}
}

func TestEvaluationInterval(t *testing.T) {
	for _, tt := range []struct {
		status int
		yaml   string
		want   time.Duration
		kind   Kind // "" for success
	}{
		{200, "global: {scrape_interval: 15s, evaluation_interval: 1m30s}", 90 * time.Second, ""},
		{200, "global: {scrape_interval: 15s}", 0, ""},
		{200, "global: {evaluation_interval: often}", 0, ""},
		{200, "global: {evaluation_interval: [1]}", 0, ""},
		{200, "global: {evaluation_interval: 1ms}", 0, ""},
		{404, "", 0, ""},
		{403, "", 0, KindDenied},
	} {
		c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/api/v1/status/config" {
				t.Errorf("got request %s, want config", r.URL)
			}
			return answer(r, tt.status, fmt.Sprintf(`{"status":"success","data":{"yaml":%q}}`,
				tt.yaml)), nil
		})
		got, err := c.EvaluationInterval(t.Context())
		var e *Error
		if got != tt.want || tt.kind == "" && err != nil ||
			tt.kind != "" && (!errors.As(err, &e) || e.Kind != tt.kind) {
			t.Errorf("%d %s: got %s, %s, want %s, error %q", tt.status, tt.yaml, got,
				describe(err), tt.want, tt.kind)
		}
	}
}

func TestExternalLabel(t *testing.T) {
	ok := func(yaml string) string {
		return fmt.Sprintf(`{"status":"success","data":{"yaml":%q}}`, yaml)
	}
	for _, tt := range []struct {
		status     int
		body, want string
		kind       Kind // "" for success
	}{
		{200, ok("global:\n  external_labels: {cluster: prod, replica: a}\nrule_files: [x]\n"), "prod", ""},
		{200, ok("global:\n  external_labels: {cluster: \"a\\u202eb\"}\n"), "ab", ""},
		{200, ok("global: {scrape_interval: 1m}\n"), "", ""},
		{200, ok("global: [no, map]\n"), "", ""},
		{200, ok(""), "", ""},
		{404, "404 page not found", "", ""},
		{401, "", "", KindDenied},
		{500, "", "", KindServer},
	} {
		c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/api/v1/status/config" {
				t.Errorf("got request %s, want config", r.URL)
			}
			return answer(r, tt.status, tt.body), nil
		})
		got, err := c.ExternalLabel(t.Context(), "cluster")
		var e *Error
		if got != tt.want || tt.kind == "" && err != nil ||
			tt.kind != "" && (!errors.As(err, &e) || e.Kind != tt.kind) {
			t.Errorf("%d %s: got %q, %s, want %q, error %q", tt.status, tt.body, got,
				describe(err), tt.want, tt.kind)
		}
	}
}
