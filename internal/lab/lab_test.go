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

// get sends a request to the API and returns the status and the body.
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
		t.Fatalf("%v: %d %.300s: %v, want 200 and JSON", params, code, body, err)
	}
	if len(answer.Warnings) > 0 {
		t.Errorf("%v: warnings %v, want none", params, answer.Warnings)
	}
	return answer.Data.Result
}

// instant evaluates a query ago before the end of the samples.
func instant(t testing.TB, l *Lab, q string, ago time.Duration) []line {
	t.Helper()
	return query(t, l, "/api/v1/query", url.Values{
		"query": {q}, "time": {fmt.Sprint(now().Add(-ago).Unix())},
	})
}

// queryRange evaluates a query for a time range that ends at the end of the samples.
func queryRange(t testing.TB, l *Lab, q string, back, step time.Duration) []line {
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
		{Options{}, "Now is not set"},
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
				t.Errorf("%s: kube_node_info has %v nodes, want %d", p, got, nodes)
			}
			for name, q := range panelQueries() {
				instant(t, l, q, time.Minute)
				if t.Failed() {
					t.Fatalf("%s with %d nodes failed, want no errors", name, nodes)
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
			t.Errorf("%s: two labs of one seed differ, want the same bytes", p)
		}
		if one == different || len(one) < 100_000 {
			t.Errorf("%s: two seeds give the same %d bytes, want them to differ", p, len(one))
		}
	}
}

// TestSampleDoesNotDependOnTheQuery compares points of ranges with instant queries.
func TestSampleDoesNotDependOnTheQuery(t *testing.T) {
	l := newLab(t, Options{Profile: KPS, Nodes: 8})
	for _, q := range []string{
		"node_memory_MemAvailable_bytes", `rate(node_cpu_seconds_total{mode="user",cpu="1"}[5m])`,
		"sum by (namespace) (container_memory_working_set_bytes)",
	} {
		wide, narrow := queryRange(t, l, q, 24*time.Hour, time.Hour),
			queryRange(t, l, q, 2*time.Hour,
				30*time.Minute)
		at := instant(t, l, q, time.Hour)
		if len(wide) == 0 || len(wide) < len(at) {
			t.Fatalf("%s: %d series in a day, want at least the %d at one time", q, len(wide),
				len(at))
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
				t.Errorf("%s %v: %v in an instant query, %v in a day, %v in two hours; want "+
					"the same", q, x.Metric, x.Value[1],
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
			"node_memory_MemTotal_bytes": 3, // one node may have no exporter
			`sum by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0`: 3,
		} {
			if got := len(instant(t, l, q, ago)); got < want || got > 4 {
				t.Errorf("%s, %s ago: %d series, want %d to 4", q, ago, got, want)
			}
		}
	}
	if got := instant(t, l, "up", -6*time.Minute); len(got) != 0 {
		t.Errorf("%d series after the end, want 0", len(got))
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
		t.Errorf("%d series before and %d after, want none and some", len(before), len(after))
	}
}

func TestWithoutAndCluster(t *testing.T) {
	l := newLab(t, Options{
		Nodes: 3, Cluster: "서울", Without: []string{"kubelet_volume_stats", "node_pressure"},
	})
	if got := instant(t, l, `count({__name__=~"kubelet_volume_stats_.+|node_pressure_.+"})`,
		time.Minute); len(got) != 0 {
		t.Errorf("got %v, want it absent", got)
	}
	if got := instant(t, l, `count({cluster!="서울",__name__!=""})`, time.Minute); len(got) != 0 {
		t.Errorf("series without the cluster's label: %v, want none", got)
	}
	if got := instant(t, l, `count(up{cluster="서울"})`, time.Minute); len(got) != 1 {
		t.Errorf("series with the cluster's label: %v, want one", got)
	}
}

func TestSamplesSitAtEachTargetsOwnTime(t *testing.T) {
	l := newLab(t, Options{Profile: KPS})
	seen := map[float64]bool{}
	for _, x := range instant(t, l, `timestamp(up{job="node-exporter"})`, time.Minute) {
		v := number(t, x.Value[1])
		if age := float64(now().Add(-time.Minute).Unix()) - v; age < 0 || age > 30 {
			t.Errorf("%v is %v s old, want 0 to 30 s", x.Metric, age)
		}
		seen[v] = true
	}
	if len(seen) < 35 {
		t.Errorf("41 targets are scraped at %d times, want 35 or more", len(seen))
	}
}

// BenchmarkNodeMemory queries a day of 5,000 nodes at 720 steps through the API.
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
			b.Fatalf("got %d and %d series, want 200 and 4999", code, n)
		}
		b.ReportMetric(float64(len(body))/1e6, "MB/answer")
	}
}

// BenchmarkPanels runs the query of each built-in panel for a day at steps of 2 m.
func BenchmarkPanels(b *testing.B) {
	for _, p := range profiles() {
		l := newLab(b, Options{Profile: p})
		for name, q := range panelQueries() {
			b.Run(string(p)+"/"+name, func(b *testing.B) {
				for b.Loop() {
					queryRange(b, l, q, 24*time.Hour, 2*time.Minute)
				}
			})
		}
	}
}

// Before a container is killed for its memory again and again, its workload got a new image. A node
// was cordoned before it rebooted, and a workload was scaled.
func TestChangesBeforeIncidents(t *testing.T) {
	l := newLab(t, Options{Profile: KPS, ScrapeInterval: time.Minute})
	at := func(ago time.Duration, query string) string {
		var out []string
		for _, x := range instant(t, l, query, ago) {
			out = append(out, fmt.Sprint(x.Metric["image_spec"], x.Value[1]))
		}
		return strings.Join(out, " ")
	}
	const image = `count by (image_spec) (kube_pod_container_info{namespace="shop",` +
		`pod=~"recommend-.+"})`
	for _, c := range []struct {
		query         string
		ago           time.Duration
		before, after string // a minute
	}{
		{
			image, 116 * time.Minute, "registry.example.com/shop/app:1.4.11",
			"registry.example.com/shop/app:1.4.21",
		},
		{
			`kube_deployment_metadata_generation{deployment="recommend"}`, 116 * time.Minute, "7",
			"8",
		},
		{`kube_deployment_spec_replicas{deployment="collector"}`, 5 * time.Hour, "3", "4"},
		{`max(kube_node_spec_unschedulable)`, 194 * time.Minute, "0", "1"},
		{
			`max(kube_pod_container_status_restarts_total{pod=~"recommend-.+"})`,
			102 * time.Minute, "0", "1",
		},
	} {
		before, after := at(c.ago+2*time.Minute, c.query), at(c.ago-2*time.Minute, c.query)
		if before != c.before || after != c.after {
			t.Errorf("%s: got %s and then %s, want %s and then %s", c.query, before, after,
				c.before, c.after)
		}
	}
}
