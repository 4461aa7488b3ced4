package metrics_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/units"
)

var update = flag.Bool("update", false, "rewrite docs/metrics-guide.md")

func load(t testing.TB) *metrics.Guide {
	t.Helper()
	g, err := metrics.Load()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// named are words that are names of metrics in a sentence.
var named = regexp.MustCompile(`\b(node|container|kube|kubelet|machine)_[A-Za-z0-9_]+`)

// sources are the programs that have metrics, with the prefixes of their names.
var sources = map[string][]string{
	"node_exporter": {"node_"}, "cAdvisor": {"container_", "machine_"},
	"kube-state-metrics": {"kube_"}, "kubelet": {"kubelet_"}, "Prometheus": {"up", "ALERTS"},
}

func TestGuide(t *testing.T) {
	g := load(t)
	if n := len(g.Metrics); n < 60 {
		t.Errorf("got %d metrics, want 60 or more", n)
	}
	exists := func(name string) bool {
		return g.Metric(name) != nil || slices.Contains(g.Others, name) || name == "node_exporter"
	}
	for _, m := range g.Metrics {
		for _, near := range m.Near {
			if g.Metric(near) == nil || near == m.Name {
				t.Errorf("%s: near: got %q, want another metric of the file", m.Name, near)
			}
		}
		for _, text := range []string{m.Is, m.Mistaken, m.When, m.Absent} {
			const most = 190
			if len(text) > most || text != "" && !strings.HasSuffix(text, ".") {
				t.Errorf("%s: got %d letters, want a sentence of at most %d: %s", m.Name, len(text),
					most, text)
			}
			for _, name := range named.FindAllString(text, -1) {
				if !exists(name) {
					t.Errorf("%s: got a mention of %s, want a known metric", m.Name, name)
				}
			}
		}
		if !slices.ContainsFunc(sources[m.Source], func(prefix string) bool {
			return strings.HasPrefix(m.Name, prefix)
		}) {
			t.Errorf("%s: got the source %q, want the one with this prefix", m.Name, m.Source)
		}
		if m.Unit != metrics.Mixed && m.Unit != metrics.Timestamp {
			if _, err := units.Parse(m.Unit); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
		if m.Verdict == metrics.Use && m.Mistaken == "" {
			t.Errorf("%s: got no word on what it is mistaken for, want one", m.Name)
		}
		if (m.Type == "counter") != strings.HasSuffix(m.Name, "_total") {
			t.Errorf("%s: got a %s, want counter exactly for names with _total", m.Name, m.Type)
		}
		checkWords(t, m)
		checkQuery(t, m, exists)
	}
	for _, name := range g.Others {
		if g.Metric(name) != nil {
			t.Errorf("others: got %s, want only metrics without an entry", name)
		}
	}
}

// checkWords checks that each word is one that a search can match.
func checkWords(t *testing.T, m metrics.Metric) {
	t.Helper()
	for i, w := range m.Words {
		if parts := metrics.Parts(w); len(parts) != 1 || parts[0] != w ||
			slices.Contains(m.Words[:i], w) {
			t.Errorf("%s: words: got %q, want one word in lower case, once", m.Name, w)
		}
	}
}

// checkQuery checks that an example is PromQL about the metric, or about what to use instead.
func checkQuery(t *testing.T, m metrics.Metric, exists func(string) bool) {
	t.Helper()
	names, err := panel.MetricNames(m.Query)
	if err != nil {
		t.Errorf("%s: %v", m.Name, err)
		return
	}
	for _, name := range names {
		if !exists(name) {
			t.Errorf("%s: got a query of %s, want a known metric", m.Name, name)
		}
	}
	if !slices.Contains(names, m.Name) && m.Verdict != metrics.Avoid {
		t.Errorf("%s: got a query of %v, want one of the metric", m.Name, names)
	}
}

func TestGuideOfLabels(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range load(t).Labels {
		switch l.From {
		case metrics.FromTarget, metrics.FromExporter, metrics.FromExternal:
		default:
			t.Errorf("label %s: got from %q, want target, exporter or external", l.Name, l.From)
		}
		if seen[l.Name] || l.Is == "" {
			t.Errorf("label %s: got it twice or without a word, want it once", l.Name)
		}
		seen[l.Name] = true
	}
}

func TestExporters(t *testing.T) {
	g := load(t)
	for i, e := range g.Exporters {
		for _, earlier := range g.Exporters[:i] {
			if strings.HasPrefix(e.Prefix, earlier.Prefix) {
				t.Errorf("%s: got it after %s, want the longer prefix first", e.Prefix,
					earlier.Prefix)
			}
		}
		if e.Name == "" || e.Get == "" {
			t.Errorf("%s: got no name or advice, want both", e.Prefix)
		}
	}
	if e := g.Exporter("kubelet_x"); e == nil || e.Name != "the kubelet" {
		t.Errorf("kubelet_x: got %v, want the kubelet", e)
	}
	for _, name := range []string{"node:x:rate5m", "shop_orders_total", ""} {
		if e := g.Exporter(name); e != nil {
			t.Errorf("%s: got %v, want none", name, e)
		}
	}
}

func TestHint(t *testing.T) {
	g := load(t)
	for name, want := range map[string]string{
		"container_cpu_cfs_periods_total": "container_cpu_cfs_periods_total comes from cAdvisor, a " +
			"part of the kubelet; scrape /metrics/cadvisor of each kubelet (the job " +
			"kubernetes-nodes-cadvisor in the community prometheus chart, kubelet.enabled in " +
			"kube-prometheus-stack). Only containers with a CPU limit have it.",
		"etcd_server_x": "etcd_server_x comes from etcd; scrape /metrics of etcd, which needs a " +
			"client certificate.",
		"node_memory_MemAvail_bytes": "node_memory_MemAvail_bytes comes from node_exporter; set " +
			"prometheus-node-exporter.enabled in the community prometheus chart, " +
			"nodeExporter.enabled in kube-prometheus-stack. The nearest name that promsnap knows " +
			"is node_memory_MemAvailable_bytes.",
		"shop_orders_total": "", "job:up:sum": "",
	} {
		if got := g.Hint(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestPanelsAreKnown checks that the guide has every metric that a built-in panel reads of the
// sources that the guide is about.
func TestPanelsAreKnown(t *testing.T) {
	g := load(t)
	vars := panel.Vars{Step: time.Minute, ScrapeInterval: time.Minute, Range: time.Hour}
	for _, p := range panels.All() {
		queries := []string{p.Without}
		for _, q := range p.Queries {
			queries = append(queries, q.Expr)
		}
		if p.Capacity != nil {
			queries = append(queries, p.Capacity.Query)
		}
		for _, q := range queries {
			if q == "" {
				continue
			}
			names, err := panel.MetricNames(panel.Expand(q, vars))
			if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
			for _, name := range names {
				if g.Metric(name) == nil {
					t.Errorf("panel %s reads %s: got no entry in known.yaml, want one", p.Name, name)
				}
			}
		}
	}
}

// TestDocs checks that docs/metrics-guide.md is what the guide generates.
func TestDocs(t *testing.T) {
	const file = "../../docs/metrics-guide.md"
	want := document(load(t))
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/metrics-guide.md differs from known.yaml: run go test ./internal/metrics "+
			"-update and read the diff (-want +got):\n%s", cmp.Diff(want, string(got)))
	}
}

const preface = `# Which metric?

<!-- Written by go test ./internal/metrics -update from known.yaml; change that. -->

A cluster has several metrics with "memory" in their names, and most of them are not what they seem.
This page says which one to use for what. ` + "`promsnap metrics memory`" + ` says it for your
server, with what it has; see [commands](commands.md#promsnap-metrics).

- **Use** marks the first choice for what it measures.
- **Special** marks a metric for one purpose.
- **Avoid** marks a metric that is usually mistaken for another one.

A *gauge* is a level, such as bytes in use. A *counter* only grows, so its value says little:
` + "`rate(counter[5m])`" + ` is its growth a second, ` + "`increase(counter[1h])`" + ` that of an
hour. *Unknown* is a type that the exporter does not declare. A unit *mixed* differs by a label,
such as ` + "`resource`" + `.
`

// document returns the page of the guide.
func document(g *metrics.Guide) string {
	var topics []string
	for _, m := range g.Metrics {
		if !slices.Contains(topics, m.Topic) {
			topics = append(topics, m.Topic)
		}
	}
	var b strings.Builder
	b.WriteString(preface)
	for _, topic := range topics {
		fmt.Fprintf(&b, "\n## %s\n\n| metric | verdict | in short |\n|---|---|---|\n", topic)
		for _, m := range g.Metrics {
			if m.Topic == topic {
				fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", m.Name, strings.ToLower(m.Name),
					title(string(m.Verdict)), code(m.When))
			}
		}
		for _, m := range g.Metrics {
			if m.Topic == topic {
				b.WriteString(entry(m))
			}
		}
	}
	b.WriteString("\n## Labels\n\nThe labels of these metrics, and who usually sets them. " +
		"`promsnap metrics NAME` says it for\nyour server. A label that begins with " +
		"`exported_` is one of the exporter that Prometheus\nrenamed, because the target has a " +
		"label of that name and the scrape lacks `honor_labels`.\n\n" +
		"| label | set by | meaning |\n|---|---|---|\n")
	for _, l := range g.Labels {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", l.Name, map[metrics.Origin]string{
			metrics.FromTarget:   "the scrape configuration",
			metrics.FromExporter: "the exporter",
			metrics.FromExternal: "the external labels of a Prometheus",
		}[l.From], l.Is)
	}
	return b.String()
}

// entry returns the section of a metric.
func entry(m metrics.Metric) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", m.Name)
	text := fmt.Sprintf("**%s.** %s %s", title(string(m.Verdict)), m.Is, m.When)
	if m.Mistaken != "" {
		text += " Do not mistake it for " + m.Mistaken
	}
	if m.Absent != "" {
		text += " Where it is missing: " + m.Absent
	}
	fmt.Fprintf(&b, "%s\n\n```promql\n%s\n```\n\n", fold(code(text), 100), m.Query)
	facts := []string{
		"Source: " + m.Source, "type: " + m.Type, "unit: " + m.Unit,
	}
	line := strings.Join(facts, ", ") + "."
	if len(m.Near) > 0 {
		line += " See also `" + strings.Join(m.Near, "`, `") + "`."
	}
	b.WriteString(fold(line, 100) + "\n")
	return b.String()
}

// code writes the names of metrics in a text as code.
func code(text string) string {
	return named.ReplaceAllStringFunc(text, func(name string) string {
		if name == "node_exporter" {
			return name
		}
		return "`" + name + "`"
	})
}

// title returns a word with a capital letter.
func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// fold breaks a text between words into lines of at most width characters.
func fold(text string, width int) string {
	var b strings.Builder
	used := 0
	for _, w := range strings.Fields(text) {
		switch {
		case used == 0:
		case used+1+len(w) > width:
			b.WriteByte('\n')
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(w)
		used += len(w)
	}
	return b.String()
}
