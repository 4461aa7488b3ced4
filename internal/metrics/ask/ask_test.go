package ask_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/metrics/ask"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/hostile"
)

var now = time.Unix(1_800_000_000, 0)

// server is a Source with these series. It records the requests.
type server struct {
	series []promapi.Sample
	help   []promapi.Metadata
	broken string // requests that contain it fail
	asked  []string
}

var errBroken = &promapi.Error{Kind: promapi.KindTimeout, Message: "too slow\x1b[2J"}

func (s *server) ask(request string) error {
	s.asked = append(s.asked, request)
	if s.broken != "" && strings.Contains(request, s.broken) {
		return errBroken
	}
	return nil
}

func (s *server) LabelValues(_ context.Context, label string, sel promapi.Selection) ([]string,
	promapi.Meta, error) {
	if label != "__name__" || !sel.End.Equal(now) || !sel.Start.Before(now) {
		return nil, promapi.Meta{}, fmt.Errorf("label %s from %v to %v", label, sel.Start, sel.End)
	}
	var names []string
	for _, x := range s.series {
		if n := x.Labels.Get("__name__"); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names, promapi.Meta{}, s.ask("names")
}

func (s *server) Metadata(_ context.Context, metric string) ([]promapi.Metadata, promapi.Meta,
	error) {
	var found []promapi.Metadata
	for _, m := range s.help {
		if metric == "" || m.Metric == metric {
			found = append(found, m)
		}
	}
	return found, promapi.Meta{}, s.ask("metadata " + metric)
}

// Instant answers a selector, or an aggregation of one by name, by name and job, or by job.
func (s *server) Instant(_ context.Context, q promapi.Instant) ([]promapi.Sample, promapi.Meta,
	error) {
	if err := s.ask(q.Expr); err != nil {
		return nil, promapi.Meta{}, err
	}
	op, _, _ := strings.Cut(q.Expr, " ")
	by := []string{"__name__"}
	switch op {
	case "group":
		by = []string{"job"}
	case "count":
		by = append(by, "job")
	}
	groups := map[string]*promapi.Sample{}
	var keys []string
	for _, x := range s.matching(q.Expr) {
		var ls series.Labels
		for _, name := range by {
			ls = ls.With(name, x.Labels.Get(name))
		}
		key := ls.String()
		g, ok := groups[key]
		if !ok {
			g = &promapi.Sample{Labels: ls, Value: x.Value}
			if op == "count" {
				g.Value = 0
			}
			groups[key], keys = g, append(keys, key)
		}
		switch op {
		case "count":
			g.Value++
		case "min":
			g.Value = min(g.Value, x.Value)
		case "max":
			g.Value = max(g.Value, x.Value)
		}
	}
	var out []promapi.Sample
	for _, k := range keys {
		out = append(out, *groups[k])
	}
	return out, promapi.Meta{}, nil
}

func (s *server) Vector(_ context.Context, q promapi.Instant, begin func(),
	each func(promapi.Sample)) (promapi.Meta, error) {
	begin()
	if err := s.ask(q.Expr); err != nil {
		return promapi.Meta{}, err
	}
	for i, x := range s.matching(q.Expr) {
		if i == q.Limit {
			return promapi.Meta{}, &promapi.LimitError{Limit: q.Limit}
		}
		each(x)
	}
	return promapi.Meta{}, nil
}

// matching returns the series whose name is in the query, in quotes or as its beginning.
func (s *server) matching(expr string) []promapi.Sample {
	var found []promapi.Sample
	for _, x := range s.series {
		name := x.Labels.Get("__name__")
		if strings.HasPrefix(expr, name+"{") || strings.Contains(expr, `"`+name+`"`) ||
			strings.Contains(expr, `"`+name+`|`) || strings.Contains(expr, `|`+name+`"`) ||
			strings.Contains(expr, `|`+name+`|`) {
			found = append(found, x)
		}
	}
	return found
}

func sample(v float64, pairs ...string) promapi.Sample {
	return promapi.Sample{Labels: series.FromPairs(pairs...), Value: v, Time: now}
}

// cluster is a server with cAdvisor behind a kubelet with two paths, node_exporter and a shop.
func cluster() *server {
	kubelet := []string{
		"job", "kubelet", "instance", "10.0.0.1:10250", "namespace", "kube-system", "node", "n1",
	}
	target := func(path string) promapi.Sample {
		return sample(1, slices.Concat([]string{"__name__", "up", "metrics_path", path}, kubelet)...)
	}
	container := func(v float64, namespace, pod string) promapi.Sample {
		return sample(v, "__name__", "container_memory_working_set_bytes", "namespace", namespace,
			"pod", pod, "container", "app", "job", "kubelet", "instance", "10.0.0.1:10250", "node",
			"n1", "metrics_path", "/metrics/cadvisor", "cluster", "prod")
	}
	exporter := []string{"job", "node-exporter", "instance", "10.0.0.1:9100", "pod", "ne-1"}
	return &server{
		series: []promapi.Sample{
			target("/metrics"), target("/metrics/cadvisor"),
			sample(1, slices.Concat([]string{"__name__", "up"}, exporter)...),
			container(1<<30, "shop", "cart-1"), container(2<<30, "kube-system", "dns-1"),
			sample(8<<30, slices.Concat([]string{
				"__name__", "node_memory_MemAvailable_bytes",
			}, exporter)...),
			sample(5<<30, slices.Concat([]string{"__name__", "node_memory_Active_bytes"},
				exporter)...),
			sample(7, "__name__", "shop_memory_bytes", "job", "shop", "instance", "a:80",
				"exported_pod", "x"),
			sample(3, "__name__", "shop_latency_seconds_bucket", "job", "shop", "instance", "a:80",
				"le", "1"),
			sample(0.5, "__name__", "node:memory:ratio"),
		},
		help: []promapi.Metadata{
			{Metric: "container_memory_working_set_bytes", Type: "gauge", Help: "Working set."},
			{Metric: "shop_latency_seconds", Type: "histogram", Help: "Memory of requests."},
			{Metric: "shop_memory_bytes", Type: "gauge", Help: "Of the shop."},
		},
	}
}

// guide reads the guide once for all tests.
var guide = sync.OnceValues(metrics.Load)

func find(t *testing.T, s *server, o ask.Options) *ask.Answer {
	t.Helper()
	g, err := guide()
	if err != nil {
		t.Fatal(err)
	}
	o.Time = now
	if o.Limit == 0 {
		o.Limit = 10
	}
	a, err := ask.Find(context.Background(), s, g, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFind(t *testing.T) {
	s := cluster()
	a := find(t, s, ask.Options{Words: []string{"memory"}, Limit: 4})
	var got []string
	for _, m := range a.Metrics {
		got = append(got, fmt.Sprint(m.Name, " ", m.Verdict, " ", m.Type, " ", m.Unit, " ", m.Jobs,
			" ", m.Series, " ", float64(m.Min), " ", float64(m.Max)))
	}
	want := []string{
		"node_memory_MemAvailable_bytes use gauge bytes [node-exporter] 1 8.589934592e+09 " +
			"8.589934592e+09",
		"container_memory_working_set_bytes use gauge bytes [kubelet] 2 1.073741824e+09 " +
			"2.147483648e+09",
		"node_memory_Active_bytes avoid gauge bytes [node-exporter] 1 5.36870912e+09 5.36870912e+09",
		"node:memory:ratio   percentunit [] 1 0.5 0.5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop_memory_bytes", "shop_latency_seconds_bucket"},
		a.More); diff != "" || a.Matched != 6 || a.OnServer != 7 {
		t.Errorf("got %d of %d, want 6 of 7; more (-want +got):\n%s", a.Matched, a.OnServer, diff)
	}
	if len(s.asked) != 5 {
		t.Errorf("got the requests %q, want the names, the metadata and three queries", s.asked)
	}
	if len(a.Absent) == 0 || a.Absent[0].Name != "node_pressure_memory_waiting_seconds_total" ||
		!a.Absent[0].Running {
		t.Errorf("got absent %+v, want the pressure of memory first", a.Absent)
	}
}

// TestExamples checks the queries and units of metrics that promsnap does not know.
func TestExamples(t *testing.T) {
	s := cluster()
	s.series = append(s.series, sample(1, "__name__", "shop_orders_total"),
		sample(1, "__name__", "shop_start_time_seconds"), sample(1, "__name__", "shop.dotted"),
		sample(1, "__name__", "shop_latency_seconds_sum"))
	got := map[string][2]string{}
	for _, m := range find(t, s, ask.Options{Words: []string{"shop"}}).Metrics {
		got[m.Name] = [2]string{m.Query, m.Unit}
	}
	want := map[string][2]string{
		"shop_memory_bytes": {"shop_memory_bytes", "bytes"},
		"shop_latency_seconds_bucket": {
			"histogram_quantile(0.99, sum by (le) (rate(shop_latency_seconds_bucket[5m])))", "short",
		},
		"shop_latency_seconds_sum": {
			"rate(shop_latency_seconds_sum[5m]) / rate(shop_latency_seconds_count[5m])", "s",
		},
		"shop_orders_total":       {"rate(shop_orders_total[5m])", ""},
		"shop_start_time_seconds": {"shop_start_time_seconds", metrics.Timestamp},
		"shop.dotted":             {`{"shop.dotted"}`, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestExact(t *testing.T) {
	s := cluster()
	a := find(t, s, ask.Options{Words: []string{"container_memory_working_set_bytes"}})
	if !a.Exact || len(a.Metrics) != 1 {
		t.Fatalf("got %+v, want one metric in detail", a)
	}
	m := a.Metrics[0]
	if m.Series != 2 || m.Min != 1<<30 || m.Max != 2<<30 || m.Help != "Working set." ||
		m.Sampled != 0 {
		t.Errorf("got %+v, want 2 series from 1 to 2 GiB with the help text", m)
	}
	var got []string
	for _, l := range m.Labels {
		got = append(got, fmt.Sprint(l.Name, " ", l.Values, " ", l.Series, " ", l.From, " ",
			l.Examples))
	}
	want := []string{
		"container 1 2 exporter [app]", "namespace 2 2 exporter [kube-system shop]",
		"pod 2 2 exporter [cart-1 dns-1]", "instance 1 2 target [10.0.0.1:10250]",
		"job 1 2 target [kubelet]", "metrics_path 1 2 target [/metrics/cadvisor]",
		"node 1 2 target [n1]", "cluster 1 2 external [prod]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(s.asked) != 5 {
		t.Errorf("got the requests %q, want the names, the metadata and three queries", s.asked)
	}
}

// TestOrigins checks what is said about labels that look like those of the exporter.
func TestOrigins(t *testing.T) {
	for _, tt := range []struct{ metric, label, want string }{
		{
			"node_memory_Active_bytes", "pod", "target the pod of the exporter itself",
		},
		{
			"shop_memory_bytes", "exported_pod", "exporter the exporter's pod, renamed: the target " +
				"has one too (honor_labels is off)",
		},
		{"shop_latency_seconds_bucket", "le", " "},
		{"shop_latency_seconds_bucket", "job", "target the name of the scrape job"},
	} {
		a := find(t, cluster(), ask.Options{Words: []string{tt.metric}})
		i := slices.IndexFunc(a.Metrics[0].Labels, func(l ask.Label) bool {
			return l.Name == tt.label
		})
		if i < 0 {
			t.Errorf("%s: got no label %s, want one", tt.metric, tt.label)
			continue
		}
		l := a.Metrics[0].Labels[i]
		if got := string(l.From) + " " + l.Is; got != tt.want {
			t.Errorf("%s of %s: got %q, want %q", tt.label, tt.metric, got, tt.want)
		}
	}
}

// TestManySeries checks that the labels of a large metric are those of some of its series, and that
// the answer says so.
func TestManySeries(t *testing.T) {
	s := &server{}
	for i := range 20_100 {
		s.series = append(s.series, sample(float64(i), "__name__", "big", "job", "j", "id",
			fmt.Sprint(i)))
	}
	m := find(t, s, ask.Options{Words: []string{"big"}}).Metrics[0]
	if m.Series != 20_100 || m.Sampled != 20_000 || m.Max != 20_099 || m.Labels[0].Values != 20_000 ||
		len(m.Labels[0].Examples) != 5 {
		t.Errorf("got %d series, %d sampled, max %v, labels %+v", m.Series, m.Sampled, m.Max,
			m.Labels)
	}
}

func TestNothingFits(t *testing.T) {
	for _, tt := range []struct {
		words           []string
		nearest, absent string
		running         bool
	}{
		{[]string{"node_memory_MemAvailble_bytes"}, "node_memory_MemAvailable_bytes",
			"node_memory_MemAvailble_bytes", true},
		{[]string{"kube_pod_info"}, "", "kube_pod_info", false},
		{[]string{"node_memory_MemFree_bytes"}, "node_memory_MemAvailable_bytes",
			"node_memory_MemFree_bytes", true},
		{[]string{"redis_memory_used"}, "", "redis_memory_used", false},
		{[]string{"quux"}, "", "", false},
		{[]string{"quux", "corge"}, "", "", false},
	} {
		a := find(t, cluster(), ask.Options{Words: tt.words})
		nearest, absent, running := "", "", false
		if len(a.Nearest) > 0 {
			nearest = a.Nearest[0]
		}
		if len(a.Absent) > 0 {
			absent, running = a.Absent[0].Name, a.Absent[0].Running
		}
		if a.Matched != 0 || nearest != tt.nearest || absent != tt.absent || running != tt.running {
			t.Errorf("%q: got %d hits, nearest %q, absent %q, running %v, want 0, %q, %q, %v",
				tt.words, a.Matched, nearest, absent, running, tt.nearest, tt.absent, tt.running)
		}
	}
}

func TestFailures(t *testing.T) {
	g, err := guide()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		broken, word, note string
		incomplete         bool
	}{
		{"metadata", "memory", "reading types and help texts: too slow[2J", false},
		{"count", "memory", "counting series: too slow[2J", true},
		{"min", "memory", "reading the lowest values: too slow[2J", true},
		{"up{", "node_memory_Active_bytes", "reading the labels of the targets: too slow[2J", true},
		{"{__name__=\"node", "node_memory_Active_bytes", "reading the series: too slow[2J", true},
	} {
		s := cluster()
		s.broken = tt.broken
		a := find(t, s, ask.Options{Words: []string{tt.word}})
		if a.Incomplete != tt.incomplete || len(a.Metrics) == 0 ||
			!slices.Contains(a.Notes, tt.note) {
			t.Errorf("%s: got notes %q, incomplete %v, want %q, %v", tt.broken, a.Notes,
				a.Incomplete, tt.note, tt.incomplete)
		}
	}
	s := cluster()
	s.broken = "names"
	if _, err := ask.Find(context.Background(), s, g, ask.Options{Time: now}); !errors.Is(err,
		errBroken) {
		t.Errorf("got error %v, want that of the list of names", err)
	}
}

func TestWithoutMetadata(t *testing.T) {
	s := cluster()
	s.help = nil
	a := find(t, s, ask.Options{Words: []string{"memory"}})
	want := []string{"the server has no types and help texts, so only names are searched"}
	if diff := cmp.Diff(want, a.Notes); diff != "" || a.Incomplete || len(a.Metrics) != 5 ||
		a.Metrics[0].Type != "gauge" {
		t.Errorf("got %d metrics, incomplete %v, want 5; notes (-want +got):\n%s", len(a.Metrics),
			a.Incomplete, diff)
	}
}

func TestEmptyServer(t *testing.T) {
	a := find(t, &server{}, ask.Options{})
	text, err := json.Marshal(a)
	if err != nil || a.OnServer != 0 || strings.Contains(string(text), "null") {
		t.Errorf("got %s, %v, want an answer without null", text, err)
	}
}

func TestHostileServer(t *testing.T) {
	for _, w := range hostile.Words() {
		s := &server{
			series: []promapi.Sample{sample(1, "__name__", "memory"+w.Text, "job", w.Text, w.Text,
				w.Text)},
			help: []promapi.Metadata{{Metric: "memory" + w.Text, Type: w.Text, Help: w.Text}},
		}
		for _, word := range []string{"memory", "memory" + w.Text} {
			a := find(t, s, ask.Options{Words: []string{word}})
			if len(a.Metrics) != 1 {
				t.Errorf("%s: got %d metrics for %.50q, want 1", w.Name, len(a.Metrics), word)
				continue
			}
			m := a.Metrics[0]
			texts := slices.Concat([]string{m.Name}, m.Jobs)
			for _, l := range m.Labels {
				texts = slices.Concat(texts, []string{l.Name, l.Is}, l.Examples)
			}
			for _, text := range texts {
				if r, bad := hostile.Unprintable(text); bad || len([]rune(text)) > 300 {
					t.Errorf("%s: got %.100q, want at most 300 characters without %U", w.Name, text,
						r)
				}
			}
		}
	}
}
