package promapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hour is a selection of one hour.
func hour(selector string) Selection {
	return Selection{selector, time.Unix(1700000000, 0), time.Unix(1700003600, 0)}
}

// said returns an answer to a request about labels.
func said(data string) string { return `{"status":"success","data":` + data + `}` }

// labelServer answers requests about labels, and records them as "METHOD path match[]".
type labelServer struct {
	ignores bool // match[] in lists of labels
	lacks   bool // lists with match[]
	asked   []string
}

func (s *labelServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.ParseForm()
	}
	match := r.FormValue("match[]")
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.EscapedPath()+" "+match))
	if r.FormValue("start") != "1700000000" || r.FormValue("end") != "1700003600" {
		return answer(r, 400, `{"status":"error","errorType":"bad_data","error":"times"}`), nil
	}
	list := func(matching, all string) (*http.Response, error) {
		switch {
		case match != "" && s.lacks:
			return answer(r, 404, "404 page not found"), nil
		case match == "" || s.ignores:
			return answer(r, 200, said(all)), nil
		case match == noMetric:
			return answer(r, 200, said("[]")), nil
		}
		return answer(r, 200, strings.TrimSuffix(said(matching), "}")+`,"warnings":["w"]}`), nil
	}
	switch r.URL.Path {
	case "/api/v1/labels":
		return list(`["__name__","node"]`, `["__name__","node","other"]`)
	case "/api/v1/label/__name__/values":
		return list(`["up"]`, `["up","other"]`)
	case "/api/v1/label/node/values":
		return list(`["a","b"]`, `["a","b","c",""]`)
	case "/api/v1/label/U__a_2e_b/values":
		return list(`["dotted"]`, `["dotted"]`)
	case "/api/v1/series":
		return answer(r, 200, strings.TrimSuffix(said(`[{"__name__":"up","node":"b"},
			{"__name__":"up","node":"a"},{"__name__":"up"},{"node":"b","__name__":"up"}]`),
			"}")+`,"warnings":["w"]}`), nil
	}
	return answer(r, 404, "404 page not found"), nil
}

func TestLabels(t *testing.T) {
	const probe = "GET /api/v1/label/__name__/values " + noMetric
	for _, tt := range []struct {
		name     string
		server   labelServer
		options  Options
		label    string // "": the names
		selector string
		want     []string
		asked    []string
		notes    []string
	}{
		{
			name: "values of all series", label: "node", want: []string{"a", "b", "c"},
			asked: []string{"GET /api/v1/label/node/values"},
		},
		{
			name: "values of a selector", label: "node", selector: "up", want: []string{"a", "b"},
			asked: []string{probe, "GET /api/v1/label/node/values up"}, notes: []string{"w"},
		},
		{
			name: "the client's matchers", options: Options{Matchers: prod()}, label: "node",
			selector: `up{a="b"}`, want: []string{"a", "b"}, notes: []string{"w"},
			asked: []string{
				probe, `GET /api/v1/label/node/values up{a="b",cluster="prod"}`,
			},
		},
		{
			name: "the client's matchers alone", options: Options{Matchers: prod()}, label: "node",
			want: []string{"a", "b"}, notes: []string{"w"},
			asked: []string{
				probe, `GET /api/v1/label/node/values {__name__!="",cluster="prod"}`,
			},
		},
		{
			name: "metric names", label: "__name__", selector: `{node="a"}`, want: []string{"up"},
			asked: []string{probe, `GET /api/v1/label/__name__/values {node="a"}`},
			notes: []string{"w"},
		},
		{
			name: "a name in UTF-8", label: "a.b", want: []string{"dotted"},
			asked: []string{"GET /api/v1/label/U__a_2e_b/values"},
		},
		{
			name: "names of all series", want: []string{"__name__", "node", "other"},
			asked: []string{"GET /api/v1/labels"},
		},
		{
			name: "names of a selector", selector: "up", want: []string{"__name__", "node"},
			asked: []string{probe, "GET /api/v1/labels up"}, notes: []string{"w"},
		},
		{
			name: "a server that ignores match[]", server: labelServer{ignores: true},
			label: "node", selector: "up", want: []string{"a", "b"}, notes: []string{"w"},
			asked: []string{probe, "POST /api/v1/series up"},
		},
		{
			name: "a server that lacks match[]", server: labelServer{lacks: true}, label: "node",
			selector: "up", want: []string{"a", "b"}, notes: []string{"w"},
			asked: []string{probe, "POST /api/v1/series up"},
		},
		{
			name: "names from series", server: labelServer{ignores: true}, selector: "up",
			want: []string{"__name__", "node"}, asked: []string{probe, "POST /api/v1/series up"},
			notes: []string{"w"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := New(testURL(t), &tt.server, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			ask := func() ([]string, Meta, error) {
				if tt.label == "" {
					return c.LabelNames(t.Context(), hour(tt.selector))
				}
				return c.LabelValues(t.Context(), tt.label, hour(tt.selector))
			}
			got, meta, err := ask()
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
			if !slices.Equal(meta.Warnings, tt.notes) || meta.Partial != (tt.notes != nil) {
				t.Errorf("got the notes %q, partial %t; want %q", meta.Warnings, meta.Partial,
					tt.notes)
			}
			if diff := cmp.Diff(tt.asked, tt.server.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			tt.server.asked = nil
			if _, _, err := ask(); err != nil { // the client knows now what the server can do
				t.Error(err)
			}
			if want := tt.asked[len(tt.asked)-1:]; !slices.Equal(tt.server.asked, want) {
				t.Errorf("asked %q the second time, want %q", tt.server.asked, want)
			}
		})
	}
}

func TestLabelsErrors(t *testing.T) {
	var many, long strings.Builder
	for i := range maxListed + 1 {
		fmt.Fprintf(&many, `"%d",`, i)
	}
	for i := range maxListedBytes/maxLabelBytes + 2 {
		fmt.Fprintf(&long, `"%d%s",`, i, strings.Repeat("x", maxLabelBytes-10))
	}
	list := func(b *strings.Builder) string {
		return said("[" + strings.TrimSuffix(b.String(), ",") + "]")
	}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		kind   Kind
		says   string
	}{
		{
			"an error", 200, `{"status":"error","errorType":"bad_data","error":"no selector"}`,
			KindQuery, "listing the values of a label at http://prometheus.test:9090: bad_data",
		},
		{"denied", 401, "", KindDenied, "http_config"},
		{"not found", 404, "404 page not found", KindNotFound, "no Prometheus API"},
		{"a web page", 200, "<html>", KindNotFound, "a web page"},
		{"no list", 200, said(`{"a":1}`), KindBadAnswer, "expected a list"},
		{"no texts", 200, said(`[1]`), KindBadAnswer, "expected a text"},
		{"no data", 200, `{"status":"success"}`, KindBadAnswer, "no data"},
		{"cut off", 200, `{"status":"success","data":["a`, KindBadAnswer, "the answer ends"},
		{"too many", 200, list(&many), KindTooMuch, "more than 100000 entries"},
		{"too long", 200, list(&long), KindTooMuch, "longer than 16 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tripClient(t, Options{Attempts: 1}, func(r *http.Request) (*http.Response, error) {
				return answer(r, tt.status, tt.body), nil
			})
			_, _, err := c.LabelValues(t.Context(), "node", hour(""))
			var e *Error
			if !errors.As(err, &e) || e.Kind != tt.kind || !strings.Contains(e.Error(), tt.says) {
				t.Errorf("got %s, want %s: %s", describe(err), tt.kind, tt.says)
			}
		})
	}
	c := tripClient(t, Options{Matchers: prod()}, nil)
	for _, tt := range []struct{ label, selector, says string }{
		{"", "up", "the name of the label is empty"},
		{"node", "not ( PromQL", "the query is not PromQL"},
	} {
		if _, _, err := c.LabelValues(t.Context(), tt.label, hour(tt.selector)); err == nil ||
			!strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q of %q: got %v, want %s", tt.label, tt.selector, err, tt.says)
		}
	}
}

// A request about labels is retried, and its errors hold no secret that was sent.
func TestLabelsRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
			if tries++; tries%3 != 0 {
				return answer(r, 503, ""), nil
			}
			if r.FormValue("match[]") == noMetric {
				return answer(r, 200, said("[]")), nil
			}
			return answer(r, 200, said(`["a"]`)), nil
		})
		got, _, err := c.LabelValues(t.Context(), "node", hour("up"))
		if err != nil || !slices.Equal(got, []string{"a"}) || tries != 6 {
			t.Errorf("got %q, %v after %d tries; want a after 6", got, err, tries)
		}
	})
	const secret = "hunter2-is-secret"
	srv := newClient(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "you sent "+r.Header.Get("Authorization"))
	})
	c, err := New(srv.base, bearer(secret), Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, _, ofValues := c.LabelValues(t.Context(), "node", hour("up"))
	_, _, ofQuery := c.Instant(t.Context(), Instant{Expr: "up"})
	for _, err := range []error{ofValues, ofQuery} {
		if err == nil || strings.Contains(err.Error(), secret) ||
			!strings.Contains(err.Error(), "you sent") {
			t.Errorf("got %v, want an error without the secret", err)
		}
	}
}

// testURL is the address of a server that a RoundTripper stands in for.
func testURL(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse("http://prometheus.test:9090")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// bearer returns a transport that sends a token.
func bearer(token string) trip {
	return func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+token)
		return http.DefaultTransport.RoundTrip(r)
	}
}
