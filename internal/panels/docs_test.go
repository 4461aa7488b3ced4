package panels_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestDocs checks that docs/panels.md is what the panels generate.
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
		t.Errorf("docs/panels.md differs from the panels: run go test ./internal/panels -update "+
			"and read the diff (-want +got):\n%s", cmp.Diff(want, string(got)))
	}
}

const preface = `# The built-in panels

<!-- Written by go test ./internal/panels -update from the panels themselves; change those. -->

A report without ` + "`panels`" + ` has all of these panels, in this order. ` +
	"`promsnap panels`" + ` lists them, and
` + "`promsnap panels NAME`" + ` prints one. A report uses a panel by its name
(` + "`use: node-memory`" + `) and can change any of its fields. The limits are defaults.

The queries fit the labels of both Helm charts, the community's prometheus and
kube-prometheus-stack.

**For** is how long a value must stay above or below its limit before the alert fires. In a report
whose step is more than a third of that time, it is three steps.

**No data** says what happens when a series that had samples stops:

- *alert*: a finding says that there is no data, because nodes and jobs must report.
- *ends*: the alert ends, because pods, containers, volumes and deleted nodes may go away.

promsnap finds the node of a series by one of these labels:

- ` + "`node`" + `
- ` + "`instance`" + `, with the address or the name of the node and any port
- ` + "`nodename` of `node_uname_info`" + `, the host's name or its first part
- ` + "`pod`" + `, through the pod of the exporter (` + "`kube_pod_info`" + `)

**Forecast** says of which limit a report forecasts when a series reaches it, where its growth of
the last four weeks shows that. **Compared with the weeks before** means that a report lists series
whose level differs from that of the same weekday in the last three weeks. Memory in use is not
forecast: measured on real machines, it cannot be. See
[configuration.md](configuration.md#forecasts-and-changes).

A node that several node_exporters report has one row. In the queries, ` +
	"`$__virtual_nodes`" + ` stands
for the virtual nodes (Fargate, ACI, virtual kubelets), and ` +
	"`$__virtual_targets`" + ` for the
addresses of their kubelets, at which nothing listens.

If a label other than ` + "`cluster`" + ` tells clusters apart, or a scrape lacks ` +
	"`honor_labels`" + `, the
queries use the labels that exist. The report shows each query as it was sent. See
[configuration.md](configuration.md#several-clusters-and-honor_labels).

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
			fmt.Fprintf(&b, "A node from this query is 0 if the next query has a series of that "+
				"node,\nand 1 if it has none. promsnap finds the node of a series by the labels "+
				"`node`, `instance`,\n`nodename` and `pod`, as in every panel."+
				"\n\n```promql\n%s\n```\n\n", spec.Without)
		}
		if spec.Capacity != nil {
			fmt.Fprintf(&b, "The total behind the ratio (unit `%s`):\n\n```promql\n%s\n```\n\n",
				spec.Capacity.Unit, spec.Capacity.Query)
		}
		b.WriteString(foresight(spec))
		fmt.Fprintf(&b, "Source: %s", spec.Hint)
		if spec.Optional {
			b.WriteString(" Without these metrics the panel is left out.")
		}
		if spec.EmptyIsOK {
			b.WriteString(" An empty answer is good news.")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// foresight says what is forecast of a panel and compared with the weeks before.
func foresight(spec panel.Spec) string {
	var said []string
	if f := spec.Forecast; f != nil {
		said = append(said, "Forecast: when it reaches "+spec.Unit().Format(f.Limit)+".")
	}
	if c := spec.Change; c != nil && c.Factor > 0 {
		said = append(said, fmt.Sprintf("Compared with the weeks before: a change by a factor of "+
			"%g or more is news.", c.Factor))
	} else if c != nil {
		said = append(said, "Compared with the weeks before: a change by "+
			spec.Unit().Format(c.By)+" or more is news.")
	}
	if len(said) == 0 {
		return ""
	}
	return strings.Join(said, " ") + "\n\n"
}

// metrics returns the names of the metrics that a panel reads, formatted as code.
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

// limits returns the limits of a panel's first rule as four table cells.
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
