package dashboard

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
)

// Judged is a panel of the report that judges the queries of a dashboard's panel by rules.
type Judged struct {
	Spec panel.Spec
	// Problem is why it cannot be queried, such as a variable without a value. Its alerts then
	// keep their state. Nil: it can.
	Problem error
}

// KnowsJudged reports whether Judged has every panel with rules. It may lack copies of a repeated
// panel if the variable that repeats it has no value, or may lack some.
func (p *Plan) KnowsJudged() bool { return !p.lacksJudged }

// Judged returns a panel of the report for each panel of the dashboard that has rules, in the
// configuration or as the alert of a legacy graph. Each copy of a repeated panel has its own.
func (p *Plan) Judged() []Judged { return p.judged }

// judge adds the panel that judges a planned one, if the report has that and it has rules. It
// returns what differs from Grafana.
func (p *Plan) judge(planned *grafana.Planned, names map[string]bool) (differs []string) {
	all := slices.Clone(p.o.Rules[planned.Panel.Title])
	own, _ := planned.Panel.AlertRules() // the plan's verdict says what differs
	all = append(all, own...)
	if len(all) == 0 || !p.shows(planned) {
		return nil
	}
	j := Judged{Spec: panel.Spec{
		Title: cmp.Or(outside.Said(planned.Title, maxReason),
			nameOf("", planned.Panel.ID)), Section: p.o.Section,
	}}
	if planned.Range != p.o.Range {
		j.Spec.Range = planned.Range
	}
	refs := map[string]bool{}
	for i := range all {
		all[i].Ref = cmp.Or(all[i].Ref, firstRef(planned))
		refs[all[i].Ref] = true
	}
	for _, q := range planned.Queries {
		if refs[q.Ref] && len(j.Spec.Queries) < panel.MostQueries {
			delete(refs, q.Ref)
			j.add(planned, q, p.unsent(q))
		}
	}
	for _, r := range all {
		if refs[r.Ref] {
			j.fail(r.Ref, "the panel has no such query for Prometheus")
		}
	}
	j.Spec.Rules = named(all, &j.Spec)
	j.Spec.Step = panel.StepFor(planned.Range, p.o.Scrape, j.Spec.Rules)
	j.Spec.Name = unique(names, judgedName(planned))
	for _, variable := range p.plan.Repeats(planned) {
		v := p.plan.Values.Get(variable)
		p.lacksJudged = p.lacksJudged || p.warned || v != nil && (v.Pending || v.None ||
			v.Problem != "" || len(v.Selected) == 0)
	}
	p.judged = append(p.judged, j)
	return p.ofRules(planned, &j.Spec)
}

func firstRef(planned *grafana.Planned) string {
	for _, q := range planned.Queries {
		if q.Problem == "" {
			return q.Ref
		}
	}
	if len(planned.Queries) == 0 {
		return ""
	}
	return planned.Queries[0].Ref
}

// byNode is the legend of a query that has none: a whole label set is too long for a message. Where
// several series are of one node, the labels that differ follow.
const byNode = "{{node}}"

// add adds a query. why is why it cannot be sent; empty: it can.
func (j *Judged) add(planned *grafana.Planned, q grafana.Query, why string) {
	if why != "" {
		j.fail(q.Ref, why)
	}
	j.Spec.Queries = append(j.Spec.Queries, panel.Query{
		Ref: q.Ref, Expr: q.Expr, Legend: cmp.Or(q.Legend, byNode), Unit: planned.Panel.Unit(q.Ref),
	})
}

func (j *Judged) fail(ref, why string) {
	if j.Problem == nil {
		j.Problem = fmt.Errorf("query %s: %s", outside.Said(ref, 20), why)
	}
}

const maxRule = 200 // characters of a name

// named returns the rules with names that differ, and with what they need of the data.
func named(all []rules.Rule, s *panel.Spec) []rules.Rule {
	taken := map[string]bool{}
	for i := range all {
		r := &all[i]
		name := outside.Middle(outside.Line(r.Name), maxRule)
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s (%d)", outside.Middle(outside.Line(r.Name), maxRule), n)
		}
		taken[name] = true
		r.Name, r.NeedsAll = name, panel.NeedsAll(s.Query(r.Ref).Expr, r.Direction)
	}
	return all
}

// judgedName returns a name that stays the same from one run to the next, because it identifies the
// alerts: neither the chosen values of variables nor the number of a panel's copies changes it. No
// panel of the board has such a name, because those end in a number.
func judgedName(planned *grafana.Planned) string {
	name := nameOf(planned.Panel.Title, planned.Panel.ID)
	if of := planned.Copy(); of != "" {
		name += fmt.Sprintf("-%08x", uint32(xxhash.Sum64String(of)))
	}
	return name + "-alerts"
}

// ofRules returns what differs because the rules are promsnap's.
func (p *Plan) ofRules(planned *grafana.Planned, s *panel.Spec) []string {
	var differs []string
	if planned.Shift != 0 {
		differs = append(differs, "its rules judge the present, without its time shift")
	}
	rng := cmp.Or(s.Range, p.o.Range)
	step, err := panel.Step(rng, 0, cmp.Or(p.o.Scrape, time.Minute))
	if err != nil {
		return differs
	}
	for _, r := range s.Rules {
		if r.For > rng-3*step {
			differs = append(differs, fmt.Sprintf("the rule %s cannot fire, because it needs %s and "+
				"the range is %s", r.Name, model.Duration(r.For), model.Duration(rng)))
		}
	}
	return differs
}
