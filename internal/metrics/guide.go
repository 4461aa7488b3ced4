// Package metrics holds what promsnap knows about the metrics of node_exporter, cAdvisor,
// kube-state-metrics and the kubelet: what they are, what they are mistaken for, and when to use
// them. It searches metrics by words and by names that are nearly right. It is pure: its subpackage
// ask queries Prometheus.
package metrics

import (
	"bytes"
	_ "embed" // the data is a file
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed known.yaml
var known []byte

// Verdict says whether to use a metric.
type Verdict string

// The verdicts.
const (
	Use     Verdict = "use"     // the first choice for what it measures
	Special Verdict = "special" // for one purpose, which Metric.When says
	Avoid   Verdict = "avoid"   // usually mistaken for another metric
)

// The units of a metric that are no unit of package units.
const (
	Mixed     = "mixed"     // differs by a label
	Timestamp = "timestamp" // seconds since 1970
)

// Metric is what promsnap knows about one metric.
type Metric struct {
	Name     string   `yaml:"name"`
	Source   string   `yaml:"source"` // the program that provides it: node_exporter
	Type     string   `yaml:"type"`   // gauge, counter, or unknown if the source declares none
	Unit     string   `yaml:"unit"`   // the id of a units.Unit, Mixed or Timestamp
	Verdict  Verdict  `yaml:"verdict"`
	Topic    string   `yaml:"topic"`
	Is       string   `yaml:"is"`       // what it measures
	Mistaken string   `yaml:"mistaken"` // for what people take it; may be ""
	When     string   `yaml:"when"`     // the verdict as a sentence
	Absent   string   `yaml:"absent"`   // why it may be missing although its source runs; may be ""
	Query    string   `yaml:"query"`    // an example in PromQL
	Words    []string `yaml:"words"`    // what people search by, the most fitting first
	Near     []string `yaml:"near"`     // metrics that it is mistaken for, or that belong to it
}

// Origin says who sets a label.
type Origin string

// The origins.
const (
	FromTarget   Origin = "target"   // Prometheus, from the scrape configuration
	FromExporter Origin = "exporter" // the program that has the metric
	FromExternal Origin = "external" // the Prometheus that sent the series to this server
)

// Label is what promsnap knows about a label.
type Label struct {
	Name string `yaml:"name"`
	From Origin `yaml:"from"` // who usually sets it
	Is   string `yaml:"is"`
}

// Exporter is a program whose metrics begin with a prefix.
type Exporter struct {
	Prefix string `yaml:"prefix"`
	Name   string `yaml:"name"`
	Get    string `yaml:"get"` // how to get its metrics
}

// Guide is the whole of what promsnap knows about metrics.
type Guide struct {
	// Metrics are in the order in which they are shown: within a topic, the first choice first.
	Metrics   []Metric   `yaml:"metrics"`
	Others    []string   `yaml:"others"` // names in the sentences that have no entry
	Labels    []Label    `yaml:"labels"`
	Exporters []Exporter `yaml:"exporters"` // a longer prefix comes before its own beginning
}

// Load reads the guide. It fails only if the program was built with a broken file.
func Load() (*Guide, error) {
	g, err := parse(known)
	if err != nil {
		return nil, fmt.Errorf("reading what promsnap knows about metrics: %w", err)
	}
	return g, nil
}

// parse reads a guide. It refuses unknown fields and a metric that is there twice.
func parse(data []byte) (*Guide, error) {
	var g Guide
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&g); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i := range g.Metrics {
		m := &g.Metrics[i]
		if seen[m.Name] {
			return nil, fmt.Errorf("%s is there twice", m.Name)
		}
		seen[m.Name] = true
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return &g, nil
}

// check returns an error if a field is missing or has an unknown value.
func (m *Metric) check() error {
	for field, value := range map[string]string{
		"name": m.Name, "source": m.Source, "unit": m.Unit, "topic": m.Topic, "is": m.Is,
		"when": m.When, "query": m.Query,
	} {
		if value == "" {
			return fmt.Errorf("%s is missing", field)
		}
	}
	switch m.Type {
	case "gauge", "counter", "unknown":
	default:
		return fmt.Errorf("the type %q is none of gauge, counter, unknown", m.Type)
	}
	switch m.Verdict {
	case Use, Special:
	case Avoid:
		if m.Mistaken == "" {
			return fmt.Errorf("mistaken is missing")
		}
	default:
		return fmt.Errorf("the verdict %q is none of use, special, avoid", m.Verdict)
	}
	return nil
}

// Metric returns the metric with this name, or nil if promsnap does not know it.
func (g *Guide) Metric(name string) *Metric {
	i := slices.IndexFunc(g.Metrics, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return &g.Metrics[i]
}

// Label returns what promsnap knows about a label, or nil.
func (g *Guide) Label(name string) *Label {
	i := slices.IndexFunc(g.Labels, func(l Label) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return &g.Labels[i]
}

// Exporter returns the exporter of a metric by the beginning of its name, or nil. A recorded
// metric, which has a colon, has none.
func (g *Guide) Exporter(name string) *Exporter {
	if strings.Contains(name, ":") {
		return nil
	}
	i := slices.IndexFunc(g.Exporters, func(e Exporter) bool {
		return strings.HasPrefix(name, e.Prefix)
	})
	if i < 0 {
		return nil
	}
	return &g.Exporters[i]
}

// Hint returns how to get a metric that a server lacks, and why it may lack it: from what promsnap
// knows about the metric, or about those with such a name. It returns "" if that is nothing.
func (g *Guide) Hint(name string) string {
	e := g.Exporter(name)
	if e == nil {
		return ""
	}
	hint := fmt.Sprintf("%s comes from %s; %s.", name, e.Name, e.Get)
	if m := g.Metric(name); m != nil {
		return strings.TrimSpace(hint + " " + m.Absent)
	}
	names := make([]string, len(g.Metrics))
	for i := range g.Metrics {
		names[i] = g.Metrics[i].Name
	}
	if near := Nearest(name, names, 1); len(near) > 0 && strings.HasPrefix(near[0], e.Prefix) {
		hint += " The nearest name that promsnap knows is " + near[0] + "."
	}
	return hint
}
