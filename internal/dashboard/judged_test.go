package dashboard_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/dashboard"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// judgedPanels are a panel with a rule of the configuration, a repeated one, a legacy graph with an
// alert, one whose query cannot be sent, and one that the report leaves out.
const judgedPanels = `
	{"id": 1, "title": "Used of $job", "type": "stat", "timeShift": "1h",
		"fieldConfig": {"defaults": {"unit": "percentunit"}}, "targets": [
		{"refId": "A", "expr": "free", "legendFormat": "{{i}}"},
		{"refId": "B", "expr": "avg(used{job=\"$job\"})", "instant": true}]},
	{"id": 2, "title": "Each", "type": "timeseries", "repeat": "job",
		"targets": [{"refId": "A", "expr": "up{job=\"$job\"}"}]},
	{"id": 3, "title": "Old", "type": "graph", "targets": [{"refId": "A", "expr": "old"}],
		"alert": {"name": "Too old", "for": "40m", "conditions": [{"evaluator":
			{"type": "outside_range", "params": [1, 9]}, "query": {"params": ["A", "5m", "now"]},
			"reducer": {"type": "last"}, "operator": {"type": "and"}}]}},
	{"id": 4, "title": "Lost", "type": "timeseries", "timeFrom": "2h",
		"targets": [{"refId": "A", "expr": "x{y=\"$nothing\"}"}]},
	{"id": 5, "title": "Out", "type": "timeseries", "targets": [{"refId": "A", "expr": "out"}]}`

func judgedPlan(t *testing.T, variables string) *dashboard.Plan {
	t.Helper()
	rule := func(name, ref string) []rules.Rule {
		return []rules.Rule{{Name: name, Ref: ref, Warning: rules.At(1)}}
	}
	return dashboard.New(t.Context(), newDouble(t).client(t), decode(t, judgedPanels, variables),
		dashboard.Options{
			End: end, Range: time.Hour, Scrape: time.Minute, Section: "Alerts",
			Shows: func(title string) bool { return title != "Out" },
			Rules: map[string][]rules.Rule{
				"Used of $job": rule("Used", "B"), "Each": rule("Down", ""),
				"Lost": rule("Lost", "A"), "Out": rule("Out", "A"),
			},
		})
}

func TestJudged(t *testing.T) {
	p := judgedPlan(t, `{"name": "job", "type": "query", "query": "label_values(up, job)",
		"multi": true, "includeAll": true}`)
	type judged struct {
		Name, Title string
		Queries     []panel.Query
		Rules       []string
		NeedsAll    bool
		Range       time.Duration
		Problem     string
	}
	var got []judged
	for _, j := range p.Judged() {
		one := judged{
			Name: j.Spec.Name, Title: j.Spec.Title, Queries: j.Spec.Queries, Range: j.Spec.Range,
			NeedsAll: j.Spec.Rules[0].NeedsAll,
		}
		for _, r := range j.Spec.Rules {
			one.Rules = append(one.Rules, r.Ref+" "+r.Name)
		}
		if j.Problem != nil {
			one.Problem = j.Problem.Error()
		}
		if j.Spec.Section != "Alerts" {
			t.Errorf("%s: got section %q, want Alerts", j.Spec.Name, j.Spec.Section)
		}
		got = append(got, one)
	}
	query := func(ref, expr string, u units.Unit) []panel.Query {
		return []panel.Query{{Ref: ref, Expr: expr, Legend: "{{node}}", Unit: u}}
	}
	want := []judged{
		{
			Name: "used-of-job-1-alerts", Title: "Used of All", Rules: []string{"B Used"},
			Queries:  query("B", `avg(used{job="(one|two)"})`, units.PercentUnit),
			NeedsAll: true,
		},
		{
			Name: "each-2-b7fea66a-alerts", Title: "Each", Rules: []string{"A Down"},
			Queries: query("A", `up{job="one"}`, units.None),
		},
		{
			Name: "each-2-a86fcbdf-alerts", Title: "Each", Rules: []string{"A Down"},
			Queries: query("A", `up{job="two"}`, units.None),
		},
		{
			Name: "old-3-alerts", Title: "Old", Rules: []string{"A Too old", "A Too old (2)"},
			Queries: query("A", "old", units.None),
		},
		{
			Name: "lost-4-alerts", Title: "Lost", Rules: []string{"A Lost"}, Range: 2 * time.Hour,
			Queries: query("A", `x{y="$nothing"}`, units.None),
			Problem: "query A: the dashboard has no variable nothing",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("judged panels (-want +got):\n%s", diff)
	}
	if !p.KnowsJudged() {
		t.Error("got KnowsJudged false, want true: the repeated panel has its copies")
	}
	b := p.Run(t.Context(), nil)
	if got, want := b.Panels[0].Differs, "its rules judge the present"; !strings.Contains(got,
		want) {
		t.Errorf("got differs %q, want %q", got, want)
	}
	if v := b.Verdicts[0]; !strings.Contains(v.Reason, "its rules judge the present") {
		t.Errorf("got reason %q, want that its rules judge the present", v.Reason)
	}
}

// The name of a judged panel does not depend on the values of variables, because it identifies the
// alerts. Without the value that a panel is repeated by, not all of them are known.
func TestJudgedNames(t *testing.T) {
	names := func(p *dashboard.Plan) (all []string) {
		for _, j := range p.Judged() {
			all = append(all, j.Spec.Name)
		}
		return all
	}
	one := judgedPlan(t, `{"name": "job", "type": "constant", "query": "one"}`)
	none := judgedPlan(t, `{"name": "job", "type": "query", "query": "label_values(fail, x)"}`)
	want := []string{
		"used-of-job-1-alerts", "each-2-b7fea66a-alerts", "old-3-alerts", "lost-4-alerts",
	}
	if got := names(one); !slices.Equal(got, want) || !one.KnowsJudged() {
		t.Errorf("one value: got %q, known %v, want %q, known", got, one.KnowsJudged(), want)
	}
	want[1] = "each-2-alerts"
	if got := names(none); !slices.Equal(got, want) || none.KnowsJudged() {
		t.Errorf("no value: got %q, known %v, want %q, not known", got, none.KnowsJudged(), want)
	}
	for name, query := range map[string]string{
		"no values": "label_values(empty, x)", "a warning": "label_values(warn, x)",
	} {
		p := judgedPlan(t, `{"name": "job", "type": "query", "query": "`+query+`"}`)
		if p.KnowsJudged() {
			t.Errorf("%s: got KnowsJudged true, want false: copies may be missing", name)
		}
	}
	if j := none.Judged()[1]; j.Problem == nil {
		t.Error("no value: got no problem, want one")
	}
}
