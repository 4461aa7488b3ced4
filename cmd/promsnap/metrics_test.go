package main

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/metrics/ask"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// metricOf returns a metric of the guide as a server may have it.
func metricOf(g *metrics.Guide, name, job string, n int, low, high float64) ask.Metric {
	k := g.Metric(name)
	return ask.Metric{
		Name: name, Verdict: k.Verdict, Source: k.Source, Type: k.Type, Unit: k.Unit, Help: "Help.",
		Jobs: []string{job}, Series: n, Min: series.Number(low), Max: series.Number(high), Is: k.Is,
		Not: k.Mistaken, When: k.When, Query: k.Query, Near: k.Near,
	}
}

// whichMemory is the answer to "which memory metric?".
func whichMemory(g *metrics.Guide) *ask.Answer {
	const gib = 1 << 30
	return &ask.Answer{
		Words: []string{"memory"}, OnServer: 1204, Matched: 163,
		Metrics: []ask.Metric{
			metricOf(g, "node_memory_MemAvailable_bytes", "node-exporter", 42, 3.5*gib, 41.1*gib),
			metricOf(g, "container_memory_working_set_bytes", "kubelet", 1830, 712<<10, 10.3*gib),
			metricOf(g, "node_pressure_memory_waiting_seconds_total", "node-exporter", 42, 11.5,
				7080),
			metricOf(g, "kube_pod_container_resource_requests", "kube-state-metrics", 996, 0.01, gib),
			metricOf(g, "node_memory_Active_bytes", "node-exporter", 42, gib, 2*gib),
			{
				Name: "shop_cache_memory", Jobs: []string{}, Help: "Memory of the cache.",
				Min: series.Number(math.NaN()), Max: series.Number(math.NaN()),
				Query: "shop_cache_memory",
			},
		},
		More: []string{"node_memory_MemFree_bytes", "container_memory_usage_bytes", "go_memory"},
	}
}

// workingSet is the answer about one metric.
func workingSet(g *metrics.Guide) *ask.Answer {
	m := metricOf(g, "container_memory_working_set_bytes", "kubelet", 130_000, 712<<10, 10<<30)
	m.Sampled = 20_000
	m.Labels = []ask.Label{
		{
			Name: "container", Values: 29, Series: 12_000, Examples: []string{"app", "dns", "proxy"},
			From: metrics.FromExporter, Is: "the container; empty for the sum of a pod",
		},
		{
			Name: "job", Values: 1, Series: 20_000, Examples: []string{"kubelet"},
			From: metrics.FromTarget, Is: "the name of the scrape job",
		},
		{
			Name: "cluster", Values: 1, Series: 20_000, Examples: []string{"prod"},
			From: metrics.FromExternal, Is: "the cluster",
		},
		{Name: "le", Values: 1, Series: 20_000, Examples: []string{"1"}},
	}
	return &ask.Answer{
		Words: []string{m.Name}, OnServer: 1204, Matched: 1, Exact: true, Metrics: []ask.Metric{m},
		Notes: []string{"reading types and help texts: timed out"},
	}
}

func loadGuide(t *testing.T) *metrics.Guide {
	t.Helper()
	g, err := metrics.Load()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTellMetrics(t *testing.T) {
	g := loadGuide(t)
	for _, c := range []struct {
		name          string
		answer        *ask.Answer
		width, height int // of the terminal; 0: it is a pipe
		color         bool
	}{
		{"pipe", whichMemory(g), 0, 0, false}, {"80", whichMemory(g), 80, 24, false},
		{"60", whichMemory(g), 60, 24, false}, {"200", whichMemory(g), 200, 50, false},
		{"20", whichMemory(g), 20, 24, false},
		{"color", whichMemory(g), 120, 30, true}, {"one", workingSet(g), 80, 24, false},
		{"one-20", workingSet(g), 20, 24, false}, {"one-pipe", workingSet(g), 0, 0, false},
	} {
		var out bytes.Buffer
		s := screenOf(&out)
		if c.width > 0 {
			s = terminalOf(&out, c.width)
			s.height, s.color = c.height, c.color
		}
		if err := tellMetrics(s, g, c.answer, false); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "\n"); (c.name == "80" || c.name == "60") && n > 23 {
			t.Errorf("%s×24: got %d lines, want 23 and the prompt", c.name, n)
		}
		compareGolden(t, "metrics-"+c.name, out.Bytes())
	}
}

// TestMetricsAreDocumented checks that docs/commands.md has every field of -o json.
func TestMetricsAreDocumented(t *testing.T) {
	_, section, ok := strings.Cut(readPage(t, "docs/commands.md"), "\n## promsnap metrics\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !ok {
		t.Fatal("got no section promsnap metrics, want one")
	}
	for _, of := range []any{ask.Answer{}, ask.Metric{}, ask.Missing{}, ask.Label{}} {
		for field := range reflect.TypeOf(of).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !strings.Contains(section, "`"+name+"`") &&
				!strings.Contains(section, "`"+name+"[]") &&
				!strings.Contains(section, "[]."+name) {
				t.Errorf("%T: got no word about %q in docs/commands.md, want one", of, name)
			}
		}
	}
}

// Words of a server move no cursor, and a line of a terminal stays a line.
func TestTellHostileMetrics(t *testing.T) {
	g := loadGuide(t)
	for _, w := range hostile.Words() {
		for _, exact := range []bool{true, false} {
			a := &ask.Answer{
				Words: []string{w.Text}, OnServer: 2, Matched: 2, Exact: exact,
				Metrics: []ask.Metric{{
					Name: w.Text, Type: w.Text, Unit: w.Text, Help: w.Text, Series: 1,
					Jobs: []string{w.Text}, Query: w.Text, Labels: []ask.Label{{
						Name: w.Text, Values: 9, Examples: []string{w.Text}, Is: w.Text,
					}},
				}},
				More: []string{w.Text}, Notes: []string{w.Text},
				Absent: []ask.Missing{{Name: w.Text, Exporter: "x"}},
			}
			var out bytes.Buffer
			s := terminalOf(&out, 80)
			s.color, s.height = false, 24
			if err := tellMetrics(s, g, a, false); err != nil {
				t.Fatal(err)
			}
			if r, bad := hostile.Unprintable(strings.ReplaceAll(out.String(), "\n", "")); bad {
				t.Errorf("%s: got %U in the output, want none: %.200q", w.Name, r, out.String())
			}
		}
	}
}
