package lab

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

func parse(t testing.TB, when string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, when)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

// now is the end of the samples in all tests.
func now() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }

func profiles() []Profile { return []Profile{Community, KPS} }

func newLab(t testing.TB, o Options) *Lab {
	t.Helper()
	o.Now = now()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// get asks the API and gives the status and the body.
func get(t testing.TB, l *Lab, path string, params url.Values) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	l.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path+"?"+params.Encode(), nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

// line is one series of an answer.
type line struct {
	Metric map[string]string
	Value  [2]any
	Values [][2]any
}

func number(t testing.TB, v any) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(v.(string), 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func query(t testing.TB, l *Lab, path string, params url.Values) []line {
	t.Helper()
	code, body := get(t, l, path, params)
	var answer struct {
		Data     struct{ Result []line }
		Warnings []string
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || code != 200 {
		t.Fatalf("%v: %d %.300s: %v", params, code, body, err)
	}
	if len(answer.Warnings) > 0 {
		t.Errorf("%v: warnings %v", params, answer.Warnings)
	}
	return answer.Data.Result
}

// instant evaluates a query so long before the end.
func instant(t testing.TB, l *Lab, q string, ago time.Duration) []line {
	t.Helper()
	return query(t, l, "/api/v1/query", url.Values{
		"query": {q}, "time": {fmt.Sprint(now().Add(-ago).Unix())},
	})
}

// over evaluates a query over a time that ends at the end of the samples.
func over(t testing.TB, l *Lab, q string, back, step time.Duration) []line {
	t.Helper()
	return query(t, l, "/api/v1/query_range", url.Values{
		"query": {q}, "start": {fmt.Sprint(now().Add(-back).Unix())},
		"end": {fmt.Sprint(now().Unix())}, "step": {step.String()},
	})
}

func TestOptionsAreBounded(t *testing.T) {
	for _, c := range []struct {
		o    Options
		says string
	}{
		{Options{Now: now(), Profile: "mimir"}, "community or kps"},
		{Options{Now: now(), Nodes: -1}, "from 1 to 5000"},
		{Options{Now: now(), Nodes: 5001}, "from 1 to 5000"},
		{Options{Now: now(), ScrapeInterval: time.Millisecond}, "from 1s to 1h"},
		{Options{}, "no time given"},
	} {
		if _, err := New(c.o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("New(%+v): %v, want %q in it", c.o, err, c.says)
		}
	}
}

func TestEveryFleetWorks(t *testing.T) {
	for _, nodes := range []int{1, 2, 10} {
		for _, p := range profiles() {
			l := newLab(t, Options{Profile: p, Nodes: nodes})
			if got := number(t, instant(t, l, "count(kube_node_info)",
				time.Minute)[0].Value[1]); got != float64(nodes) {
				t.Errorf("%s, %d nodes: kube_node_info has %v", p, nodes, got)
			}
			for name, q := range panelQueries() {
				instant(t, l, q, time.Minute)
				if t.Failed() {
					t.Fatalf("%s with %d nodes", name, nodes)
				}
			}
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, p := range profiles() {
		a, b := newLab(t, Options{Profile: p, Nodes: 6}), newLab(t, Options{Profile: p, Nodes: 6})
		other := newLab(t, Options{Profile: p, Nodes: 6, Seed: 2})
		params := url.Values{
			"query": {
				`{__name__=~"node_(memory|cpu|disk)_.+|container_cpu_usage.+|kube_pod_owner"}`,
			}, "start": {"1795219200"}, "end": {"1795305600"}, "step": {"6h"},
		}
		_, one := get(t, a, "/api/v1/query_range", params)
		_, two := get(t, b, "/api/v1/query_range", params)
		_, different := get(t, other, "/api/v1/query_range", params)
		if one != two {
			t.Errorf("%s: two labs of one seed differ", p)
		}
		if one == different || len(one) < 100_000 {
			t.Errorf("%s: two seeds give the same %d bytes", p, len(one))
		}
	}
}

// TestSampleDoesNotDependOnTheQuery holds points of ranges against instant queries.
func TestSampleDoesNotDependOnTheQuery(t *testing.T) {
	l := newLab(t, Options{Profile: KPS, Nodes: 8})
	for _, q := range []string{
		"node_memory_MemAvailable_bytes", `rate(node_cpu_seconds_total{mode="user",cpu="1"}[5m])`,
		"sum by (namespace) (container_memory_working_set_bytes)",
	} {
		wide, narrow := over(t, l, q, 24*time.Hour, time.Hour), over(t, l, q, 2*time.Hour,
			30*time.Minute)
		at := instant(t, l, q, time.Hour)
		if len(wide) == 0 || len(wide) < len(at) {
			t.Fatalf("%s: %d series over a day, %d at one time", q, len(wide), len(at))
		}
		find := func(from []line, metric map[string]string) string {
			for _, x := range from {
				if fmt.Sprint(x.Metric) == fmt.Sprint(metric) {
					for _, v := range x.Values {
						if v[0].(float64) == at[0].Value[0].(float64) {
							return v[1].(string)
						}
					}
				}
			}
			return "none"
		}
		for _, x := range at {
			if a, b := find(wide, x.Metric), find(narrow, x.Metric); a != x.Value[1] ||
				b != x.Value[1] {
				t.Errorf("%s %v: %v at once, %v in a day, %v in two hours", q, x.Metric, x.Value[1],
					a, b)
			}
		}
	}
}

func TestAnyTimeHasSamples(t *testing.T) {
	l := newLab(t, Options{Nodes: 4})
	for _, ago := range []time.Duration{
		time.Minute, 400 * 24 * time.Hour, 30 * 365 * 24 * time.Hour,
	} {
		for q, want := range map[string]int{
			"node_memory_MemTotal_bytes": 3, // one node has no exporter, or all have
			`sum by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0`: 3,
		} {
			if got := len(instant(t, l, q, ago)); got < want || got > 4 {
				t.Errorf("%s, %s ago: %d series", q, ago, got)
			}
		}
	}
	if got := instant(t, l, "up", -6*time.Minute); len(got) != 0 {
		t.Errorf("%d series after the end", len(got))
	}
}

func TestClockMovesTheEnd(t *testing.T) {
	clock := now()
	l, err := New(Options{Nodes: 2, Now: now(), Clock: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	later := url.Values{"query": {"up"}, "time": {fmt.Sprint(now().Add(time.Hour).Unix())}}
	before := query(t, l, "/api/v1/query", later)
	clock = clock.Add(time.Hour)
	if after := query(t, l, "/api/v1/query", later); len(before) != 0 || len(after) == 0 {
		t.Errorf("%d series before, %d after", len(before), len(after))
	}
}

func TestWithoutAndCluster(t *testing.T) {
	l := newLab(t, Options{
		Nodes: 3, Cluster: "서울", Without: []string{"kubelet_volume_stats", "node_pressure"},
	})
	if got := instant(t, l, `count({__name__=~"kubelet_volume_stats_.+|node_pressure_.+"})`,
		time.Minute); len(got) != 0 {
		t.Errorf("still there: %v", got)
	}
	if got := instant(t, l, `count({cluster!="서울",__name__!=""})`, time.Minute); len(got) != 0 {
		t.Errorf("series without the cluster's label: %v", got)
	}
	if got := instant(t, l, `count(up{cluster="서울"})`, time.Minute); len(got) != 1 {
		t.Error("no series with the cluster's label")
	}
}

func TestSamplesSitAtEachTargetsOwnTime(t *testing.T) {
	l := newLab(t, Options{Profile: KPS})
	seen := map[float64]bool{}
	for _, x := range instant(t, l, `timestamp(up{job="node-exporter"})`, time.Minute) {
		v := number(t, x.Value[1])
		if age := float64(now().Add(-time.Minute).Unix()) - v; age < 0 || age > 30 {
			t.Errorf("%v is %v s old with a scrape interval of 30s", x.Metric, age)
		}
		seen[v] = true
	}
	if len(seen) < 35 {
		t.Errorf("41 targets are scraped at %d times", len(seen))
	}
}

// BenchmarkNodeMemory is a day of 5,000 nodes at 720 steps, through the API.
func BenchmarkNodeMemory(b *testing.B) {
	l := newLab(b, Options{Nodes: MaxNodes})
	params := url.Values{
		"query": {
			panelQueries()["node-memory"],
		}, "start": {fmt.Sprint(now().Add(-719 * 2 * time.Minute).Unix())},
		"end": {fmt.Sprint(now().Unix())}, "step": {"120"},
	}
	b.ReportAllocs()
	for b.Loop() {
		code, body := get(b, l, "/api/v1/query_range", params)
		if n := strings.Count(body, `"metric"`); code != 200 || n != 4999 {
			b.Fatalf("%d: %d series", code, n)
		}
		b.ReportMetric(float64(len(body))/1e6, "MB/answer")
	}
}

// BenchmarkPanels is each built-in question over a day at 2 m steps.
func BenchmarkPanels(b *testing.B) {
	for _, p := range profiles() {
		l := newLab(b, Options{Profile: p})
		for name, q := range panelQueries() {
			b.Run(string(p)+"/"+name, func(b *testing.B) {
				for b.Loop() {
					over(b, l, q, 24*time.Hour, 2*time.Minute)
				}
			})
		}
	}
}
