package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	promclient "github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/testdata/race"
)

// client returns Prometheus' own client, connected to l through the network.
func client(t *testing.T, l *Lab) v1.API {
	t.Helper()
	server := httptest.NewServer(l.Handler())
	t.Cleanup(server.Close)
	c, err := promclient.NewClient(promclient.Config{Address: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return v1.NewAPI(c)
}

func TestClientReadsQueries(t *testing.T) {
	l := newLab(t, Options{Nodes: 12})
	c, ctx := client(t, l), context.Background()

	v, notes, infos, err := c.Query(ctx, `topk(1, node_memory_MemTotal_bytes)`, now())
	if err != nil || len(notes)+len(infos) > 0 {
		t.Fatalf("got error %v, notes %v and infos %v, want none", err, notes, infos)
	}
	vector := v.(model.Vector)
	if len(vector) != 1 || vector[0].Metric["__name__"] != "node_memory_MemTotal_bytes" ||
		float64(vector[0].Value) != 128*gib-37*mib {
		t.Errorf("topk: %v, want the node with the most memory", vector)
	}

	v, notes, infos, err = c.QueryRange(ctx, `max by (instance) (up{job="kubernetes-nodes"})`,
		v1.Range{Start: now().Add(-time.Hour), End: now(), Step: time.Minute})
	if err != nil || len(notes)+len(infos) > 0 {
		t.Fatalf("got error %v, notes %v and infos %v, want none", err, notes, infos)
	}
	matrix := v.(model.Matrix)
	if len(matrix) != 12 || len(matrix[0].Values) != 61 {
		t.Errorf("range: %d series, want 12 of 61 samples", len(matrix))
	}

	for q, want := range map[string]func(model.Value) bool{
		"vector(1) / 0": func(v model.Value) bool {
			return math.IsInf(float64(v.(model.Vector)[0].Value), 1)
		},
		"vector(-1) / 0": func(v model.Value) bool {
			return math.IsInf(float64(v.(model.Vector)[0].Value), -1)
		},
		"vector(0) / 0": func(v model.Value) bool {
			return math.IsNaN(float64(v.(model.Vector)[0].Value))
		},
		"1e-7 + 0":   func(v model.Value) bool { return v.(*model.Scalar).Value == 1e-7 },
		"up[2m]":     func(v model.Value) bool { return len(v.(model.Matrix)[0].Values) == 2 },
		"absent(up)": func(v model.Value) bool { return len(v.(model.Vector)) == 0 },
	} {
		v, _, _, err := c.Query(ctx, q, now().Add(-time.Minute))
		if err != nil || !want(v) {
			t.Errorf("%s: %v, %v; want the expected type", q, v, err)
		}
	}
}

func TestClientReadsTheRest(t *testing.T) {
	l := newLab(t, Options{Profile: KPS, Nodes: 12})
	c, ctx := client(t, l), context.Background()
	from, to := now().Add(-time.Hour), now()

	names, _, _, err := c.LabelNames(ctx, []string{`up{job="kubelet"}`}, from, to)
	if err != nil || fmt.Sprint(names) != "__name__, endpoint, instance, job, metrics_path, "+
		"namespace, node, service" {
		t.Errorf("labels: %v, %v; want those of kube_pod_info and kube_node_info", names, err)
	}
	jobs, _, _, err := c.LabelValues(ctx, "job", nil, from, to)
	if err != nil || len(jobs) != 7 {
		t.Errorf("jobs: %v, %v; want 7", jobs, err)
	}
	series, _, _, err := c.Series(ctx, []string{"kube_node_info", `up{job="node-exporter"}`}, from,
		to)
	if err != nil || len(series) != 12+11 {
		t.Errorf("series: %d, %v; want 23", len(series), err)
	}
	series, notes, _, err := c.Series(ctx, []string{"kube_node_info"}, from, to, v1.WithLimit(3))
	if err != nil || len(series) != 3 || len(notes) != 1 ||
		notes[0] != "results truncated due to limit" {
		t.Errorf("series within a limit: %d, %v, %v; want the limit and a warning", len(series),
			notes, err)
	}
	meta, err := c.Metadata(ctx, "node_cpu_seconds_total", "")
	if err != nil || len(meta["node_cpu_seconds_total"]) != 1 ||
		meta["node_cpu_seconds_total"][0].Type != v1.MetricTypeCounter {
		t.Errorf("metadata: %v, %v; want a counter", meta, err)
	}
	targets, err := c.Targets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	down := 0
	for _, x := range targets.Active {
		if x.Health == v1.HealthBad {
			down++
		}
	}
	if len(targets.Active) < 80 || down != 1 {
		t.Errorf("%d targets, %d of them down, want 1", len(targets.Active), down)
	}
	build, err := c.Buildinfo(ctx)
	if err != nil || build.Version != buildVersion {
		t.Errorf("build: %+v, %v; want %s", build, err, buildVersion)
	}
	config, err := c.Config(ctx)
	if err != nil || !strings.Contains(config.YAML, "scrape_interval: 30s") {
		t.Errorf("config: %+v, %v; want the scrape interval in it", config, err)
	}
	flags, err := c.Flags(ctx)
	if err != nil || flags["query.max-samples"] != "50000000" {
		t.Errorf("flags: %v, %v; want the limit of samples", flags, err)
	}
}

func TestErrorsAreThoseOfPrometheus(t *testing.T) {
	l := newLab(t, Options{Nodes: 12, MaxSamples: 1000})
	hour := url.Values{
		"query": {"up"}, "start": {"1795302000"}, "end": {"1795305600"}, "step": {"60"},
	}
	with := func(key, value string) url.Values {
		v := url.Values{}
		for k := range hour {
			v[k] = hour[k]
		}
		v.Set(key, value)
		return v
	}
	for _, c := range []struct {
		path   string
		params url.Values
		code   int
		kind   string
		says   string
	}{
		{
			"query", url.Values{"query": {"up{"}}, 400, "bad_data",
			`invalid parameter "query": 1:4: parse error`,
		},
		{
			"query", url.Values{"query": {"up"}, "time": {"noon"}}, 400, "bad_data",
			`cannot parse "noon" to a valid timestamp`,
		},
		{
			"query", url.Values{"query": {"up"}, "timeout": {"soon"}}, 400, "bad_data",
			`invalid parameter "timeout"`,
		},
		{
			"query", url.Values{"query": {"up"}, "limit": {"-1"}}, 400, "bad_data",
			"limit must be non-negative",
		},
		{
			"query", url.Values{"query": {`up * on (job) up`}, "time": {"1795305540"}}, 422,
			"execution", "many-to-many matching not allowed",
		},
		{
			"query", url.Values{"query": {`{__name__=~"container.+"}`}, "time": {"1795305540"}},
			422, "execution", "too many samples",
		},
		{
			"query", url.Values{"query": {"up"}, "timeout": {"0"}}, 503, "timeout",
			"query timed out in",
		},
		{
			"query_range", with("start", ""), 400, "bad_data",
			`invalid parameter "start": cannot parse "" to a valid timestamp`,
		},
		{
			"query_range", with("end", "1795301999"), 400, "bad_data",
			"end timestamp must not be before start time",
		},
		{
			"query_range", with("step", "0"), 400, "bad_data",
			"zero or negative query resolution step widths are not accepted",
		},
		{"query_range", with("step", "1e300"), 400, "bad_data", "overflows int64"},
		{
			"query_range", with("step", "0.3"), 400, "bad_data",
			"exceeded maximum resolution of 11,000 points per timeseries",
		},
		{
			"query_range", with("query", "up[5m]"), 400, "bad_data",
			"must be Scalar or instant Vector",
		},
		{"series", nil, 400, "bad_data", "no match[] parameter provided"},
		{
			"series", url.Values{"match[]": {`{job=~".*"}`}}, 400, "bad_data",
			"match[] must contain at least one non-empty matcher",
		},
		{"label/a%FFb/values", nil, 400, "bad_data", "invalid label name"},
		{"metadata", url.Values{"limit": {"x"}}, 400, "bad_data", "limit must be a number"},
	} {
		code, body := get(t, l, "/api/v1/"+c.path, c.params)
		var e struct{ Status, ErrorType, Error string }
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Errorf("%s %v: %v in %s, want JSON", c.path, c.params, err, body)
		}
		if code != c.code || e.Status != "error" || e.ErrorType != c.kind ||
			!strings.Contains(e.Error, c.says) {
			t.Errorf("%s %v: %d %+v, want %d %s %q", c.path, c.params, code, e, c.code, c.kind,
				c.says)
		}
	}
}

func TestACanceledQuerySaysSo(t *testing.T) {
	l := newLab(t, Options{Nodes: 3})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := httptest.NewRecorder()
	l.Handler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet,
		"/api/v1/query?query=up", nil))
	if w.Code != 499 || !strings.Contains(w.Body.String(), `"errorType":"canceled"`) {
		t.Errorf("got %d %s, want 499 and canceled", w.Code, w.Body)
	}
}

func TestLimitTruncatesWithAWarning(t *testing.T) {
	l := newLab(t, Options{Nodes: 12})
	for _, path := range []string{"query", "query_range"} {
		params := url.Values{
			"query": {"kube_node_info"}, "limit": {"2"}, "start": {"1795305000"},
			"end": {"1795305540"}, "step": {"60"}, "time": {"1795305540"},
		}
		_, body := get(t, l, "/api/v1/"+path, params)
		if n := strings.Count(body, `{"metric":{`); n != 2 ||
			!strings.HasSuffix(body, `,"warnings":["results truncated due to limit"]}`) {
			t.Errorf("%s: %d series, ... %s, want the limit and a warning", path, n,
				body[len(body)-100:])
		}
	}
}

func TestInfosOfTheEngineArePassedOn(t *testing.T) {
	l := newLab(t, Options{Nodes: 3})
	_, body := get(t, l, "/api/v1/query", url.Values{
		"query": {"rate(node_memory_MemFree_bytes[5m])"}, "time": {"1795305540"},
	})
	if !strings.Contains(body, `"infos":["PromQL info: metric might not be a counter`) {
		t.Errorf("got ... %s, want an info about a counter", body[max(0, len(body)-300):])
	}
}

func TestShapeOfTheJSON(t *testing.T) {
	l := newLab(t, Options{Profile: KPS, Nodes: 12, Cluster: "서울"})
	for _, c := range []struct{ path, query, want string }{
		{
			"query", `max by (cluster, pod) (kube_pod_info{pod=~"<script.+"})`,
			`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"cluster":"서울","pod":"<script>alert(1)</script>"},"value":[1795305540.500,"1"]}]}}`,
		},
		{
			"query", `max by (pod) (kube_pod_info{pod=~"two.+"})`,
			`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"pod":"two\nlines\tand ` + "\u202e" + `right to left"},"value":[1795305540.500,"1"]}]}}`,
		},
		{
			"query", `1/0`,
			`{"status":"success","data":{"resultType":"scalar","result":[1795305540.5,"+Inf"]}}`,
		},
		{
			"query", `"a\"b"`,
			`{"status":"success","data":{"resultType":"string","result":[1795305540.5,"a\"b"]}}`,
		},
		{
			"query_range", `vector(0)/0`,
			`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1795305480,"NaN"],[1795305540,"NaN"]]}]}}`,
		},
		{
			"query_range", `nothing`,
			`{"status":"success","data":{"resultType":"matrix","result":[]}}`,
		},
	} {
		_, body := get(t, l, "/api/v1/"+c.path, url.Values{
			"query": {c.query}, "time": {"1795305540.5"}, "start": {"2026-11-21T23:58:00Z"},
			"end": {"1795305540"}, "step": {"1m"},
		})
		if body != c.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", c.path, c.query, body, c.want)
		}
	}
}

func TestPostedForms(t *testing.T) {
	l := newLab(t, Options{Nodes: 3})
	r := httptest.NewRequest(http.MethodPost, "/api/v1/query",
		strings.NewReader("query=count(up)&time=1795305540"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	l.Handler().ServeHTTP(w, r)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"value":[1795305540,"`) {
		t.Errorf("got %d %s, want 200 and a value at the end", w.Code, w.Body)
	}
	r = httptest.NewRequest(http.MethodPost, "/api/v1/query",
		strings.NewReader("query="+strings.Repeat("x", maxForm)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w = httptest.NewRecorder()
	l.Handler().ServeHTTP(w, r)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "request body too large") {
		t.Errorf("a form that is too large: %d %s, want 400", w.Code, w.Body)
	}
}

// TestEveryMetric checks that every metric has metadata and that all series have sorted labels,
// none twice, none empty, and are distinct.
func TestEveryMetric(t *testing.T) {
	race.SkipSerial(t)
	for _, p := range profiles() {
		l := newLab(t, Options{Profile: p, Nodes: 12})
		for _, f := range l.store.families {
			if !f.synthetic && f.help == "" {
				t.Errorf("%s: no help for %s, want some", p, f.name)
			}
			if counts := strings.HasSuffix(f.name, "_total"); counts != (f.kind == counterKind) {
				t.Errorf("%s: %s has the type %s, want a counter only for names with _total", p,
					f.name, f.kind)
			}
			all := f.enumerate(func(*target) bool {
				return true
			}, func(series) bool { return true })
			if len(all) == 0 || len(all) > f.size() {
				t.Errorf("%s: %s has %d series, want 1 to %d", p, f.name, len(all), f.size())
			}
			for i, x := range all {
				if name, twice := x.lset.HasDuplicateLabelNames(); twice ||
					!x.lset.IsValid(model.UTF8Validation) {
					t.Errorf("%s: %v (%s twice: %v), want valid labels", p, x.lset, name, twice)
				}
				if x.lset.WithoutEmpty().Len() != x.lset.Len() {
					t.Errorf("%s: an empty label in %v, want none", p, x.lset)
				}
				if i > 0 && labels.Compare(all[i-1].lset, x.lset) >= 0 {
					t.Errorf("%s: %v comes after %v, want series in order", p, x.lset,
						all[i-1].lset)
				}
			}
		}
	}
}

func TestReadyAndHealthy(t *testing.T) {
	l := newLab(t, Options{Nodes: 1})
	for path, code := range map[string]int{
		"/-/ready": 200, "/-/healthy": 200, "/": 200, "/api/v1/nothing": 404,
	} {
		if got, body := get(t, l, path, nil); got != code {
			t.Errorf("%s: %d %s, want %d", path, got, body, code)
		}
	}
}
