package html

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// isOpen reports whether a fold is open without a script.
func isOpen(n *html.Node) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "open" })
}

// TestOnlyTroubledPanelsAreOpen checks the order of the panels and the line of each.
func TestOnlyTroubledPanelsAreOpen(t *testing.T) {
	var got []string
	for _, section := range classed(pageOf(t, reporttest.Daily(t)), "panels") {
		for _, article := range all(section, "article") {
			fold := all(article, "details")[0]
			state := "folded"
			if isOpen(fold) {
				state = "open"
			}
			got = append(got, text(all(section, "h2")[0])+", "+state+": "+
				text(all(fold, "summary")[0]))
		}
	}
	want := []string{
		"Panels with findings, open: Node memory 95.7 % ip-10-0-1-12 1 critical, 1 no data",
		"Panels with findings, open: Container memory (% of limit) 95.7 % " +
			"shop/checkout-6b7d9c5f4-31676/app 1 critical",
		"Panels with findings, open: Containers OOM-killed 3 spark/exec-7/executor " +
			"1 critical",
		"Panels with findings, open: Node CPU 93.8 % ip-10-0-1-17 1 warning, 1 no data",
		"Panels with findings, open: Node disks 86 % ip-10-0-1-19 /dev/nvme0n1p1 " +
			"1 warning",
	}
	if !slices.Equal(got[:min(len(got), len(want))], want) {
		t.Errorf("got the first panels\n%s\nwant\n%s", strings.Join(got, "\n"),
			strings.Join(want, "\n"))
	}
	for _, line := range got[min(len(got), len(want)):] {
		if !strings.Contains(line, ", folded: ") || strings.HasPrefix(line, "Panels with") {
			t.Errorf("got the panel %q, want it folded and in its own section", line)
		}
	}
	if line := "Nodes, folded: Node memory requests 87 % ip-10-0-2-17 all 40 within limits"; !slices.
		Contains(got, line) {
		t.Errorf("got the lines\n%s\nwant in them %q", strings.Join(got, "\n"), line)
	}
}

// TestSilentPanelsStayFolded checks that a panel without data of one node is among those with
// findings, but that its chart is folded.
func TestSilentPanelsStayFolded(t *testing.T) {
	a, nodes := reporttest.Fleet(12)
	a["cpu"] = a["cpu"][10:] // the silent node and the one after it
	r := report.Build(reporttest.Info(t, nodes), reporttest.Take(a, reporttest.Specs()[1:2]))
	section := classed(pageOf(t, r), "panels")[0]
	if head := text(all(section, "h2")[0]); head != "Panels with findings" {
		t.Errorf("got the section %q, want Panels with findings", head)
	}
	fold := all(section, "details")[0]
	if said := text(all(fold, "summary")[0]); isOpen(fold) || !strings.HasSuffix(said, "1 no data") {
		t.Errorf("got the panel %q, open: %v; want 1 no data, and folded", said, isOpen(fold))
	}
}

// TestPanelsWithoutRulesAreOpen checks a report that only shows charts: none of them is calm.
func TestPanelsWithoutRulesAreOpen(t *testing.T) {
	a, nodes := reporttest.Fleet(3)
	specs := slices.DeleteFunc(reporttest.Specs(), func(s panel.Spec) bool {
		return s.Name != "node-network"
	})
	root := pageOf(t, report.Build(reporttest.Info(t, nodes), reporttest.Take(a, specs)))
	fold := all(classed(root, "panel")[0], "details")[0]
	if section := text(all(classed(root, "panels")[0], "h2")[0]); !isOpen(fold) ||
		section != "Nodes" {
		t.Errorf("got a panel in the section %q, open: %v; want Nodes and open", section,
			isOpen(fold))
	}
}

// TestNoTableBesideItsChart checks that the values of the series that a chart draws and names are
// folded.
func TestNoTableBesideItsChart(t *testing.T) {
	tables := classed(pageOf(t, reporttest.Daily(t)), "figures")
	if len(tables) < 5 {
		t.Fatalf("got %d tables of series, want one for each chart", len(tables))
	}
	for _, table := range tables {
		if fold := table.Parent; fold.Data != "details" || isOpen(fold) {
			t.Errorf("%s: got a table in <%s>, want it folded", text(all(table, "caption")[0]),
				fold.Data)
		}
	}
}

// caused returns a report of nodes with too much CPU in use, of which the first have one cause and
// a change.
func caused(t *testing.T, nodes, first int) *report.Report {
	t.Helper()
	a := reporttest.Answers{}
	for i := range nodes {
		a.Add("cpu", series.FromPairs("node", reporttest.NodeName(i)),
			reporttest.Constant(0.99-0.0001*float64(i)))
	}
	panels := reporttest.Take(a, reporttest.Specs()[1:2])
	for i := range panels[0].Findings[:first] {
		panels[0].Findings[i].Cause = rules.Cause{Kind: rules.CauseRule, Name: "NodeCPUHigh"}
	}
	panels[0].Spec.Rules[0].RunbookURL = "https://example.com/cpu"
	return report.Build(reporttest.Info(t, nil), panels)
}

// TestOneRowForOneCause checks that the findings of a cause are behind its row, and that long lists
// end.
func TestOneRowForOneCause(t *testing.T) {
	r := caused(t, 65, 63)
	r.Groups[0].Worst().Changes = []string{"4 min before: image of shop/a 1 → 2"}
	root := pageOf(t, r)
	table := classed(root, "findings")[0]
	groups := classed(table, "group")
	if len(groups) != 1 || len(all(table, "tbody")) != 3 {
		t.Fatalf("got %d rows of causes in %d parts, want 1 in 3", len(groups),
			len(all(table, "tbody")))
	}
	if got := text(all(groups[0], "summary")[0]); got != r.Groups[0].Sentence {
		t.Errorf("got the row %q, want %q", got, r.Groups[0].Sentence)
	}
	if got := text(classed(groups[0], "change")[0]); got != "4 min before: image of shop/a 1 → 2" {
		t.Errorf("got the change %q, want that of the worst finding", got)
	}
	if len(classed(groups[0], "spark")) != 1 || len(classed(groups[0], "runbook")) != 1 {
		t.Error("got a row without a sparkline or a runbook, want both")
	}
	members := classed(groups[0].Parent, "member")
	if len(members) != groupRows+1 ||
		!strings.HasPrefix(text(members[groupRows]), "The first 50 of 63 are listed") {
		t.Errorf("got %d findings behind the row, the last %q; want 50, and how many are left out",
			len(members)-1, text(members[len(members)-1]))
	}
	if n := len(classed(members[0], "runbook")); n != 0 {
		t.Errorf("got %d runbooks at a finding, want only that of its cause", n)
	}
}

// TestCauseThatSaysMoreThanItsFinding checks that one finding is behind the sentence of its cause
// if that says more.
func TestCauseThatSaysMoreThanItsFinding(t *testing.T) {
	r := caused(t, 1, 1)
	r.Groups[0].Sentence = "no node_exporter on 42 of 42 nodes; no data for Node memory"
	table := classed(pageOf(t, r), "findings")[0]
	if group, members := classed(table, "group"), classed(table, "member"); len(group) != 1 ||
		len(members) != 1 || text(all(group[0], "summary")[0]) != r.Groups[0].Sentence {
		t.Errorf("got %d rows of causes and %d findings behind them, want 1 each with %q",
			len(group), len(members), r.Groups[0].Sentence)
	}
}

// TestFindingsAreBounded checks the number of rows of an outage: several causes with many findings
// each.
func TestFindingsAreBounded(t *testing.T) {
	r := caused(t, 900, 0)
	groups := make([]report.Group, 9)
	for i := range groups {
		groups[i] = report.Group{Sentence: fmt.Sprint("cause ", i)}
		for k := range 100 {
			groups[i].Findings = append(groups[i].Findings, &r.Findings[100*i+k])
		}
	}
	r.Groups = groups
	found := classed(pageOf(t, r), "found")[0]
	if n := len(classed(found, "group")); n != 9 {
		t.Errorf("got %d rows of causes, want all 9", n)
	}
	rows := len(classed(found, "member")) - len(classed(found, "more"))
	if most := allFindings + 5; rows < allFindings || rows > most {
		t.Errorf("got %d findings behind them, want %d to %d", rows, allFindings, most)
	}
}

// TestGlanceOfAPanel checks what a folded panel shows of its worst series.
func TestGlanceOfAPanel(t *testing.T) {
	for name, tt := range map[string]struct {
		rule  rules.Rule
		value float64
		want  string
	}{
		"a share": {rules.Rule{Name: "r", Warning: rules.At(0.8)}, 0.5, "Up 50 % api 1, within limits"},
		"a condition that does not hold": {
			rules.Rule{Name: "r", Warning: rules.At(0), Condition: true}, 0, "Up 1, OK",
		},
	} {
		a := reporttest.Answers{}
		a.Add("memory", series.FromPairs("job", "api"), reporttest.Constant(tt.value))
		spec := reporttest.Specs()[0]
		spec.Title, spec.Capacity, spec.Rules = "Up", nil, []rules.Rule{tt.rule}
		spec.Queries[0].Legend = "{{job}}"
		panels := reporttest.Take(a, []panel.Spec{spec})
		root := pageOf(t, report.Build(reporttest.Info(t, nil), panels))
		if got := text(all(classed(root, "panel")[0], "summary")[0]); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
	failed := snapshot.Panel{
		Spec:    panel.Spec{Name: "x", Title: "X", Rules: []rules.Rule{{Name: "r"}}},
		Failure: snapshot.FailureOf(fmt.Errorf("no route to host")),
	}
	root := pageOf(t, report.Build(reporttest.Info(t, nil), []snapshot.Panel{failed}))
	if got := text(all(classed(root, "panel")[0], "summary")[0]); got !=
		"X no route to host failed" {
		t.Errorf("got %q, want why the panel failed", got)
	}
}
