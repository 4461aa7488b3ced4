package panels_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestDocs holds docs/panels.md against the panels, so that neither can change alone.
func TestDocs(t *testing.T) {
	const file = "../../docs/panels.md"
	want := document(t)
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
		t.Error("docs/panels.md is not what the panels say; run go test ./internal/panels " +
			"-update and look at what it changes")
	}
}

const preface = `# The built-in panels

<!-- Written by go test ./internal/panels -update from the panels themselves; change those. -->

A report without ` + "`panels`" + ` has all of these, in this order. ` + "`promsnap panels`" +
	` lists them and ` + "`promsnap panels NAME`" + ` prints one. A report can use one under its
name and set any of its fields anew (` + "`use: node-memory`" + `). The limits are defaults.

The queries fit the labels of both Helm charts, the community's prometheus and kube-prometheus-stack. An alert holds **for** a time
before it fires; where a report's step is more than a third of that time, it is three steps. **No data** says what a series means that
had samples and has none any more: *alert*, because nodes and jobs must report, or *ends*, because pods, containers, volumes and
deleted nodes may.

A node is known by its label ` + "`node`" + `, by its address or its name in ` + "`instance`" +
	` (any port), by the host's name in
` + "`node_uname_info`" + ` (whole or its first part), or by the pod of its exporter (` +
	"`kube_pod_info`" + `). Where several node_exporters
report one node it has one row. ` + "`$__virtual_nodes`" + ` and ` + "`$__virtual_targets`" +
	` stand for the virtual nodes (Fargate, ACI, virtual
kubelets) and the addresses of their kubelets, which do not exist.

Where clusters are told apart by another label than ` + "`cluster`" + `, or a scrape lacks ` +
	"`honor_labels`" + `, the queries are asked by the labels
that are there: the report shows each query as it was sent. See [configuration.md](configuration.md#several-clusters-and-honor_labels).

`

func document(t *testing.T) string {
	var b strings.Builder
	b.WriteString(preface)
	b.WriteString("| Panel | Shows | Metrics | Warning | Critical | For | No data " +
		"|\n|---|---|---|---|---|---|---|\n")
	for _, spec := range panels.All() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", spec.Name, spec.Name, spec.Title,
			strings.Join(metrics(t, spec), "<br>"), limits(spec))
	}
	section := ""
	for _, spec := range panels.All() {
		if spec.Section != section {
			section = spec.Section
			fmt.Fprintf(&b, "\n## %s\n", section)
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s. %s\n\n", spec.Name, spec.Title, spec.Why)
		for _, q := range spec.Queries {
			if q.Ref != "" {
				fmt.Fprintf(&b, "%s:\n\n", q.Ref)
			}
			fmt.Fprintf(&b, "```promql\n%s\n```\n\n", q.Expr)
		}
		if spec.Without != "" {
			fmt.Fprintf(&b, "A node of this answer is 1 where no series of the next is of the "+
				"same node, and 0 where one is. Which series is of which node is told by"+
				"\nits labels `node`, `instance`, `nodename` and `pod`, as in every other "+
				"panel.\n\n```promql\n%s\n```\n\n", spec.Without)
		}
		if spec.Capacity != nil {
			fmt.Fprintf(&b, "The whole, in %s:\n\n```promql\n%s\n```\n\n", spec.Capacity.Unit,
				spec.Capacity.Query)
		}
		fmt.Fprintf(&b, "Where it comes from: %s", spec.Hint)
		if spec.Optional {
			b.WriteString(" Without its metrics the panel is left out.")
		}
		if spec.EmptyIsOK {
			b.WriteString(" An empty answer is good news.")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// metrics returns the names that a panel reads, as code.
func metrics(t *testing.T, spec panel.Spec) []string {
	vars := panel.Vars{Step: time.Minute, ScrapeInterval: time.Minute, Range: time.Hour}
	var names []string
	for _, q := range spec.Queries {
		of, err := panel.MetricNames(panel.Expand(q.Expr, vars))
		if err != nil {
			t.Fatalf("%s: %v", spec.Name, err)
		}
		names = append(names, of...)
	}
	if spec.Without != "" {
		more, err := panel.MetricNames(spec.Without)
		if err != nil {
			t.Fatalf("%s: %v", spec.Name, err)
		}
		names = append(names, more...)
	}
	names = slices.Clone(names)
	for i := range names {
		names[i] = "`" + names[i] + "`"
	}
	return names
}

// limits writes a panel's rule as four cells.
func limits(spec panel.Spec) string {
	if len(spec.Rules) == 0 {
		return "– | – | – | –"
	}
	r := spec.Rules[0]
	side := ">"
	if r.Direction == rules.Below {
		side = "<"
	}
	limit := func(l rules.Limit) string {
		if !l.Set {
			return "–"
		}
		return side + " " + spec.UnitOf(r.Ref).Format(l.Value)
	}
	held := "–"
	if r.For > 0 {
		held = model.Duration(r.For).String()
	}
	gone := "alert"
	if r.NoData == rules.ResolveOnNoData {
		gone = "ends"
	}
	return strings.Join([]string{limit(r.Warning), limit(r.Critical), held, gone}, " | ")
}
