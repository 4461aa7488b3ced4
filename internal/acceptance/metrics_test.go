//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/metrics/ask"
	"github.com/promsnap/promsnap/internal/panel"
)

// metricsOf runs promsnap metrics and returns its answer.
func metricsOf(t *testing.T, code int, args ...string) ask.Answer {
	t.Helper()
	o := promsnap(t, append([]string{"metrics", "-o", "json"}, args...)...).want(t, code)
	var a ask.Answer
	d := json.NewDecoder(strings.NewReader(o.stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		t.Fatalf("%v in %s", err, tail(o.stdout, 500))
	}
	return a
}

// TestMetricsOfThisMachine asks Debian's Prometheus, which scrapes Debian's node_exporter. What
// promsnap knows about node_exporter must be what node_exporter says.
func TestMetricsOfThisMachine(t *testing.T) {
	t.Parallel()
	s, instance := startMachine(t)
	at, seen := awaitStep(t, s, instance, 15*time.Second)
	flags := []string{"-c", configFile(t, fmt.Sprintf(
		"version: 1\nprometheus: {url: %s, query_offset: 0s, scrape_interval: 1s}\n"+
			"reports: [{name: now}]\n", s.url)), "--time", at.Format(time.RFC3339)}

	a := metricsOf(t, 0, append([]string{"memory"}, flags...)...)
	var names struct{ Data []string }
	body, err := s.get("/api/v1/label/__name__/values", nil)
	if err := json.Unmarshal(body, &names); err != nil {
		t.Fatal(err)
	}
	if err != nil || a.OnServer != len(names.Data) || a.Matched < 20 {
		t.Errorf("got %d of %d metrics, %v, want 20 or more of %d", a.Matched, a.OnServer, err,
			len(names.Data))
	}
	first := a.Metrics[0]
	lowest, highest := seen[0].available*0.9, seen[0].available*1.1
	if first.Name != "node_memory_MemAvailable_bytes" || first.Series != 1 ||
		first.Verdict != metrics.Use || first.Type != "gauge" || len(first.Jobs) != 1 ||
		first.Min != first.Max || float64(first.Min) < lowest || float64(first.Max) > highest {
		t.Errorf("got %+v first, want MemAvailable between %.0f and %.0f", first, lowest, highest)
	}
	one := metricsOf(t, 0, append([]string{first.Name}, flags...)...)
	var labels []string
	for _, l := range one.Metrics[0].Labels {
		labels = append(labels, fmt.Sprint(l.Name, " ", l.From, " ", l.Examples))
	}
	want := []string{"instance target [" + instance + "]", "job target [node]"}
	if !one.Exact || !slices.Equal(labels, want) {
		t.Errorf("got the labels %q, want %q", labels, want)
	}
	device := metricsOf(t, 0, append([]string{"node_network_receive_bytes_total"}, flags...)...)
	if l := device.Metrics[0].Labels[0]; l.Name != "device" || l.From != metrics.FromExporter {
		t.Errorf("got the label %+v first, want device, which node_exporter sets", l)
	}
	checkGuide(t, s, names.Data)
}

// checkGuide compares what promsnap knows with the metadata of a server that has it, and runs the
// examples.
func checkGuide(t *testing.T, s *server, names []string) {
	t.Helper()
	g, err := metrics.Load()
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Data map[string][]struct{ Type, Help string }
	}
	body, err := s.get("/api/v1/metadata", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &said); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, m := range g.Metrics {
		entries := said.Data[m.Name]
		if m.Source != "node_exporter" || len(entries) == 0 {
			continue
		}
		compared++
		if kind := entries[0].Type; kind != m.Type {
			t.Errorf("%s: got the type %s, node_exporter says %s", m.Name, m.Type, kind)
		}
		needs, err := panel.MetricNames(m.Query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.get("/api/v1/query", url.Values{"query": {m.Query}}); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		for _, n := range needs {
			if g.Metric(n).Source == "node_exporter" && !slices.Contains(names, n) &&
				g.Metric(n).Absent == "" {
				t.Errorf("%s: got an example with %s, which this machine lacks", m.Name, n)
			}
		}
	}
	if compared < 25 {
		t.Errorf("compared %d metrics, want 25 or more", compared)
	}
}

// TestQuestionsOfStores asks Thanos and VictoriaMetrics. TestCommunityChart asks Prometheus.
func TestQuestionsOfStores(t *testing.T) {
	t.Parallel()
	for name, startStore := range map[string]func() *server{
		"Thanos": func() *server { return startThanos(t, community).server },
		"Debian's VictoriaMetrics": func() *server {
			return startVictoria(t, "/usr/bin/victoria-metrics", community)
		},
		"newer VictoriaMetrics": func() *server {
			return startVictoria(t, installed(t, "victoria-metrics"), community)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := startStore()
			t.Run("query", func(t *testing.T) { testQuery(t, s) })
			t.Run("query now", func(t *testing.T) { testQueryNow(t, s) })
			testQuestions(t, s)
		})
	}
}

// testQuestions asks a server with the fixture of the community chart, but without help texts and
// targets of its own.
func testQuestions(t *testing.T, s *server) {
	flags := []string{"--prometheus-url", s.url, "--time", slot.Format(time.RFC3339)}
	checkTargetsOfUp(t, s)
	checkRefusals(t, flags)
	a := metricsOf(t, 0, append([]string{"memory"}, flags...)...)
	if len(a.Metrics) < 5 || a.Metrics[0].Name != "node_memory_MemAvailable_bytes" ||
		a.Metrics[0].Series == 0 || a.Incomplete ||
		a.Metrics[1].Name != "container_memory_working_set_bytes" {
		t.Errorf("got %+v, want the memory of nodes and of containers first", a)
	}
	one := metricsOf(t, 0, append([]string{"container_memory_working_set_bytes"}, flags...)...)
	m := one.Metrics[0]
	if m.Series != a.Metrics[1].Series || m.Min != a.Metrics[1].Min || len(m.Labels) < 4 ||
		m.Labels[0].From != metrics.FromExporter {
		t.Errorf("got %+v, want the labels of %d series", m, a.Metrics[1].Series)
	}
	near := metricsOf(t, 1, append([]string{"node_memory_MemAvailble_bytes"}, flags...)...)
	if len(near.Nearest) == 0 || near.Nearest[0] != "node_memory_MemAvailable_bytes" {
		t.Errorf("got the nearest %q, want MemAvailable", near.Nearest)
	}
}
