package ask_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/ask"
	"github.com/promsnap/promsnap/internal/promapi"
)

// board has a variable of each form of query, of which some use others.
const board = `{"title": "Test", "panels": [{"id": 1, "type": "timeseries"}],
	"templating": {"list": [
	{"name": "job", "type": "query", "query": "label_values(up, job)"},
	{"name": "node", "type": "query", "query": "label_values(up{job=\"$job\"}, node)",
		"includeAll": true},
	{"name": "label", "type": "query", "query": "label_names()"},
	{"name": "metric", "type": "query", "query": "metrics(^up)"},
	{"name": "busiest", "type": "query", "query": "query_result(topk(1, load))",
		"regex": "/node=\"([^\"]+)\"/"}
]}}`

// The variables of a dashboard get their values from what a server answers about their range.
func TestSource(t *testing.T) {
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		say := func(data string) {
			_, _ = io.WriteString(w, `{"status":"success","warnings":["a store is down"],"data":`+
				data+`}`)
		}
		text := r.URL.Path + " " + r.FormValue("match[]") + r.FormValue("query")
		if times := r.FormValue("start") + " " + r.FormValue("end") + r.FormValue("time"); times !=
			"1700000000 1700003600" && times != " 1700003600" {
			t.Errorf("%s: got times %q, want 1700000000 to 1700003600, or its end", text, times)
		}
		switch asked = append(asked, text); text {
		case "/api/v1/label/__name__/values ":
			say(`["down","up","uptime"]`)
		case "/api/v1/label/job/values up":
			say(`["api","web"]`)
		case `/api/v1/label/node/values up{job="api"}`:
			say(`["n1","n2"]`)
		case "/api/v1/labels ":
			say(`["job","node"]`)
		case "/api/v1/query topk(1, load)":
			say(`{"resultType":"vector","result":[{"metric":{"__name__":"load","node":"n2"},` +
				`"value":[1700003600,"7"]}]}`)
		default: // a list of nothing, for a metric that does not exist
			say(`[]`)
		}
	}))
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := promapi.New(base, nil, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := grafana.Decode([]byte(board))
	if err != nil {
		t.Fatal(err)
	}
	w := grafana.Window{From: time.Unix(1700000000, 0), To: time.Unix(1700003600, 0)}
	src := ask.New(client, w)
	values, err := b.Resolve(t.Context(), src, nil, w)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, v := range values.All() {
		if v.Problem != "" {
			t.Errorf("%s: got problem %q, want none", v.Variable.Name, v.Problem)
		}
		got[v.Variable.Name] = nil
		for _, o := range v.Options {
			got[v.Variable.Name] = append(got[v.Variable.Name], o.Value)
		}
	}
	want := map[string][]string{
		"job": {"api", "web"}, "node": {"n1", "n2"}, "label": {"job", "node"},
		"metric": {"up", "uptime"}, "busiest": {"n2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want +got):\n%s\nasked %q", diff, asked)
	}
	if diff := cmp.Diff([]string{"a store is down"}, src.Warnings()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// A question that fails is a problem of its variable, and says what to do.
func TestSourceFails(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := promapi.New(base, nil, promapi.Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	src := ask.New(client, grafana.Window{From: time.Unix(0, 0), To: time.Unix(60, 0)})
	_, ofNames := src.LabelNames(t.Context(), "up")
	_, ofValues := src.LabelValues(t.Context(), "job", "up")
	_, ofQuery := src.Query(t.Context(), "up")
	for name, err := range map[string]error{
		"names": ofNames, "values": ofValues, "query": ofQuery,
	} {
		if promapi.Unreachable(err) == nil {
			t.Errorf("%s: got %v, want that no Prometheus is there", name, err)
		}
	}
}
