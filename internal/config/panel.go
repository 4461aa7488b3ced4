package config

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// panel resolves a panel of a report. It returns false if it is not known which panel is meant.
func (b *builder) panel(p *panelKeys, path string, r *Report) (panel.Spec, bool) {
	var s panel.Spec
	known := true
	switch {
	case !b.has(path):
		return s, false
	case b.has(key(path, "use")):
		if s, known = b.builtin(p.Use, key(path, "use"), r.Language); !known {
			b.ownPart(p, path, r.Range)
			return s, false
		}
	case !b.has(key(path, "name")) && b.clean(path):
		b.problem(path, "has neither use nor name; write use: and a built-in panel, or name: and "+
			"query: for your own panel")
		known = false
	case b.has(key(path, "queries")):
	case !b.has(key(path, "query")) && b.clean(key(path, "query")):
		b.problem(key(path, "query"),
			"missing; write PromQL, or use: and the name of a built-in panel")
	}
	builtin := s
	s.Queries = append(slices.Clone(s.Queries), make([]panel.Query, 1-min(len(s.Queries), 1))...)
	b.set(p, path, &s)
	unit := b.unitsOf(p, path, &s)
	if b.has(key(path, "rules")) {
		s.Rules = keepRunbooks(b.rules(p.Rules, key(path, "rules"), unit), s.Rules)
		b.refs(p.Rules, key(path, "rules"), &s)
	} else if !b.has(key(path, "range")) {
		s = b.fit(s, r.Range)
	} else if need, ok := b.fits(&s, r.Range); !ok {
		b.problem(key(path, "range"), "too short for the panel's rules: one of them needs %s; "+
			"write %s or more", duration(need), duration(2*need))
	}
	b.overrides(p.Overrides, key(path, "overrides"), unit, &s)
	b.check(path, &s, r.Range)
	b.forecast(p, path, &builtin, &s)
	if !s.Builtin {
		for i := range s.Rules {
			s.Rules[i].NeedsAll = panel.NeedsAll(s.Query(s.Rules[i].Ref).Expr, s.Rules[i].Direction)
		}
	}
	return s, known
}

// ownPart checks the queries and rules that the file gives an unknown panel.
func (b *builder) ownPart(p *panelKeys, path string, rng time.Duration) {
	rng = cmp.Or(time.Duration(p.Range), rng)
	if step, err := panel.Step(rng, time.Duration(p.Step), b.scrape); err == nil {
		s := panel.Spec{Queries: make([]panel.Query, 1)}
		b.set(p, path, &s)
		vars := panel.Vars{Step: step, ScrapeInterval: b.scrape, Range: rng}
		b.rangeQueries(path, &s, vars)
		if at := key(path, "detail.query"); b.has(at) {
			b.detailQuery(at, s.Detail.Query, vars)
		}
	}
	b.rules(p.Rules, key(path, "rules"), func(ref) *units.Unit { return nil })
}

// set sets the fields of a panel that the file sets. The others keep the value of the built-in
// panel.
func (b *builder) set(p *panelKeys, path string, s *panel.Spec) {
	s.Name = cmp.Or(string(p.Name), s.Name)
	s.Title = cmp.Or(p.Title, s.Title, s.Name)
	if p.Query != "" || len(p.Queries) > 0 { // the panel's own labels may differ
		s.Queries[0].Expr, s.Without, s.Narrow, s.Events, s.Builtin = p.Query, "", "", nil, false
		s.Wall = nil
	}
	s.Top = cmp.Or(p.Top, s.Top)
	s.Range = cmp.Or(time.Duration(p.Range), s.Range)
	s.Step = cmp.Or(time.Duration(p.Step), s.Step)
	for _, f := range []struct {
		key      string
		from, to *string
	}{
		{"section", &p.Section, &s.Section},
		{"legend", &p.Legend, &s.Queries[0].Legend},
		{"subject", &p.Subject, &s.Subject},
		{"why", &p.Why, &s.Why},
		{"hint", &p.Hint, &s.Hint},
	} {
		if b.has(key(path, f.key)) {
			*f.to = *f.from
		}
	}
	if s.Events != nil && b.has(key(path, "subject")) {
		s.Events = &panel.Events{Within: s.Events.Within} // they go by the new name
	}
	if b.has(key(path, "unit")) && s.Queries[0].Unit != p.Unit.Unit {
		s.Queries[0].Unit, s.Wall = p.Unit.Unit, nil
	}
	b.legend(key(path, "legend"), s.Queries[0].Legend)
	if len(p.Queries) > 0 {
		s.Queries = b.several(p.Queries, key(path, "queries"), s.Queries[0])
	}
	if b.has(key(path, "empty_is_ok")) {
		s.EmptyIsOK = p.EmptyIsOK
	}
	if b.has(key(path, "optional")) {
		s.Optional = p.Optional
	}
	if b.has(key(path, "measure")) {
		s.Measure = panel.Measure(p.Measure)
		if u := s.Unit(); u != units.Percent && u != units.PercentUnit &&
			b.clean(key(path, "unit")) {
			b.problem(key(path, "measure"), "the unit is %s, but a measure is a share of what a "+
				"node has; write unit: percentunit (0 to 1) or percent (0 to 100)", u)
		}
	}
	if b.has(key(path, "kind")) {
		s.Kind = panel.Kind(p.Kind)
	}
	if b.has(key(path, "references")) {
		s.References = nil
		for _, r := range p.References {
			s.References = append(s.References, panel.Reference{Name: r.Name, Query: r.Query})
		}
	}
	if p.Capacity != nil {
		s.Capacity = &panel.Capacity{Query: p.Capacity.Query, Unit: p.Capacity.Unit.Unit}
	}
	if p.Detail != nil {
		s.Detail = &panel.Detail{
			Query: p.Detail.Query, Legend: p.Detail.Legend, Unit: p.Detail.Unit.Unit,
		}
	}
}

// check checks what depends on the panel's range: its step, its queries, and whether its alerts can
// fire.
func (b *builder) check(path string, s *panel.Spec, reportRange time.Duration) {
	rng := cmp.Or(s.Range, reportRange)
	step, err := panel.Step(rng, s.Step, b.scrape)
	if err != nil {
		b.problem(key(path, "step"), "%v", err)
		return
	}
	vars := panel.Vars{Step: step, ScrapeInterval: b.scrape, Range: rng}
	b.rangeQueries(path, s, vars)
	b.detail(key(path, "detail"), s, vars)
	if s.Top > mostLines && s.Kind != panel.Bars && s.Kind != panel.Heatmap {
		b.problem(key(path, "top"), "%d lines are too many to tell apart; write at most %d, or "+
			"kind: heatmap or bars", s.Top, mostLines)
	}
	b.checkRules(key(path, "rules"), s.Rules, rng, step)
}

// checkRules checks the rules of the file at path against the range and the step of their panel.
func (b *builder) checkRules(path string, all []rules.Rule, rng, step time.Duration) {
	for i, r := range all {
		at := item(path, i)
		if !b.has(at) {
			continue // a rule of a built-in panel, or one that could not be decoded
		}
		for _, p := range r.Check(rng, step) {
			field := at
			if p.Field != "" {
				field = key(at, p.Field)
			}
			if b.clean(field) {
				b.problem(field, "%s", p.Message)
			}
		}
	}
}

// rangeQueries checks what is queried over the panel's range: its queries, its capacity and its
// reference lines.
func (b *builder) rangeQueries(path string, s *panel.Spec, vars panel.Vars) {
	b.queries(path, s, vars)
	if at := key(path, "capacity.query"); b.has(at) {
		b.promql(at, s.Capacity.Query, vars)
	}
	b.references(key(path, "references"), s, vars)
}

// legend checks the name of a series.
func (b *builder) legend(path, text string) {
	if before, after := strings.Count(text, "{{"), strings.Count(text, "}}"); before != after {
		b.problem(path, "the numbers of {{ and }} differ; write labels as in {{namespace}}/{{pod}}")
		return
	}
	if part, write := foreignLegend(text); part != "" &&
		strings.TrimSpace(text) != panel.AutoLegend {
		b.problem(path, "%s is the syntax of another program; write %s for the value of the "+
			"label", shorten(part),
			shorten(write))
	}
}

// detail checks the query about firing alerts.
func (b *builder) detail(path string, s *panel.Spec, vars panel.Vars) {
	if !b.has(path) {
		return
	}
	if b.clean(path) && !slices.ContainsFunc(s.Rules, rules.Rule.IsAlert) {
		b.problem(path, "has no effect: it is for alerts that fire, and the panel has no alert; "+
			"add a rule with an alertname, or remove it")
	}
	if b.has(key(path, "query")) {
		b.detailQuery(key(path, "query"), s.Detail.Query, vars)
	}
	b.legend(key(path, "legend"), s.Detail.Legend)
}

// mostLines is the number of lines that people can tell apart by colour.
const mostLines = 20

// references checks the queries of the panel's reference lines.
func (b *builder) references(path string, s *panel.Spec, vars panel.Vars) {
	if len(s.References) > panel.MostReferences {
		b.problem(path, "%d reference lines are too many; keep at most %d", len(s.References),
			panel.MostReferences)
	}
	if len(s.References) > 0 && s.Kind != "" && s.Kind != panel.Lines && s.Kind != panel.Area {
		b.problem(path, "a %s chart has no axis for reference lines; write kind: lines or area, "+
			"or remove them", s.Kind)
	}
	for i, r := range s.References {
		at := item(path, i)
		if b.has(key(at, "query")) {
			b.promql(key(at, "query"), r.Query, vars)
		}
		if b.has(key(at, "name")) && r.Name == "" {
			b.problem(key(at, "name"), "empty; write what the line is, such as limit")
		}
		b.legend(key(at, "name"), r.Name)
	}
}

// fit gives a built-in panel a longer range if its alerts cannot fire in the report's range: twice
// the time that the longest of them needs.
func (b *builder) fit(s panel.Spec, reportRange time.Duration) panel.Spec {
	if need, ok := b.fits(&s, reportRange); !ok {
		s.Range = 2 * need
	}
	return s
}

// fits reports whether the panel's alerts can fire in its range. longest is the longest time that
// one of them must last: its for, or three steps if that is more.
func (b *builder) fits(s *panel.Spec, reportRange time.Duration) (longest time.Duration, ok bool) {
	rng := cmp.Or(s.Range, reportRange)
	step, err := panel.Step(rng, s.Step, b.scrape)
	if err != nil {
		return 0, true // check records it
	}
	for _, r := range s.Rules {
		if r.For > 0 && !r.FullIn {
			longest = max(longest, r.For, 3*step)
		}
	}
	return longest, longest <= rng-3*step
}

// keepRunbooks gives rules without a runbook that of the built-in rule with the same name, which
// they replace.
func keepRunbooks(to, builtin []rules.Rule) []rules.Rule {
	for i := range to {
		for _, r := range builtin {
			if r.Name == to[i].Name && to[i].RunbookURL == "" {
				to[i].RunbookURL = r.RunbookURL
			}
		}
	}
	return to
}

// rules builds the rules of a panel. unit returns the unit of the query with a ref. If it returns
// nil, limits are not read.
func (b *builder) rules(from []rule, path string, unit func(ref) *units.Unit) []rules.Rule {
	var out []rules.Rule
	names := map[string]string{}
	for i, r := range from {
		at := item(path, i)
		nameKey := "name"
		if r.Alertname != "" {
			nameKey = "alertname"
		}
		built := rules.Rule{
			Name:       cmp.Or(r.Alertname, r.Name),
			Ref:        string(r.Ref),
			For:        time.Duration(r.For),
			Reduce:     rules.Reduce(r.Reduce),
			RunbookURL: string(r.RunbookURL),
		}
		if b.has(key(at, "alertname")) {
			built.KeepFiringFor = time.Duration(r.KeepFiringFor)
		} else if b.has(key(at, "keep_firing_for")) {
			b.problem(key(at, "keep_firing_for"),
				"has no effect: a verdict does not fire; remove it")
		}
		built.Condition, built.Flaps = r.Condition, r.Condition
		if r.Condition && b.has(key(at, "name")) {
			b.problem(key(at, "condition"), "has no effect: a verdict judges a single number; "+
				"remove it, or make the rule an alert")
		}
		if r.NoData == "resolve" {
			built.NoData = rules.ResolveOnNoData
		}
		if b.has(at) {
			b.kind(&r, at)
			built.Direction, built.Warning, built.Critical = b.thresholds(r.Above, r.Below, at,
				unit(r.Ref))
			if r.FullIn != nil {
				b.fullIn(&r, at, &built)
			}
			b.unique(names, built.Name, key(at, nameKey))
		}
		out = append(out, built)
	}
	return out
}

// kind checks that a rule is either an alert, with alertname, or a verdict, with name and reduce.
func (b *builder) kind(r *rule, path string) {
	alert, verdict := b.has(key(path, "alertname")), b.has(key(path, "name"))
	reduce := b.has(key(path, "reduce"))
	switch {
	case alert && (verdict || reduce):
		b.problem(path, "both an alert and a verdict; split it into two rules: an alert with "+
			"alertname and for, and a verdict with name and reduce")
	case !alert && !verdict:
		b.problem(path, "no name; write alertname for an alert, or name and reduce for a verdict")
	case alert && r.Alertname == "", verdict && r.Name == "":
		b.problem(b.firstOf(path, "alertname", "name"),
			"empty; write a name such as NodeMemoryHigh")
	case verdict && !reduce:
		b.problem(path, "a verdict needs reduce; write one such as reduce: p95, or for an alert "+
			"write alertname instead of name")
	}
}

// thresholds reads the limits of a rule or an override.
func (b *builder) thresholds(above, below *thresholds, path string,
	u *units.Unit) (dir rules.Direction, warning, critical rules.Limit) {
	t := above
	side := key(path, "above")
	switch {
	case above != nil && below != nil:
		b.problem(key(path, "below"),
			"has both above and below; split it into two rules")
	case below != nil:
		t, side, dir = below, key(path, "below"), rules.Below
	case above == nil:
		return dir, warning, critical
	}
	return dir, b.limit(t.Warning, key(side, "warning"), u), b.limit(t.Critical,
		key(side, "critical"), u)
}

// limit reads one limit in a unit.
func (b *builder) limit(q quantity, path string, u *units.Unit) rules.Limit {
	switch {
	case q == "":
		return rules.Limit{}
	case u == nil:
		return rules.At(0)
	}
	v, err := u.ParseValue(string(q))
	if err != nil {
		b.problem(path, "%v", err)
		v = math.NaN() // not compared with the other limit
	}
	return rules.At(v)
}

// matchersOf returns matchers as plain data.
func matchersOf(of selector) []panel.Matcher {
	var out []panel.Matcher
	for _, m := range of {
		out = append(out, panel.Matcher{Label: m.Name, Op: m.Type.String(), Value: m.Value})
	}
	return out
}

// overrides adds the overrides of the file to the panel. The last one that matches a series counts.
func (b *builder) overrides(from []override, path string, unit func(ref) *units.Unit,
	s *panel.Spec) {
	for i, o := range from {
		at := item(path, i)
		if !b.has(at) {
			continue
		}
		if b.clean(at) && o.Above == nil && o.Below == nil {
			b.problem(at, "no limit; write above or below, such as above: {warning: 80%%}, or "+
				"above: {} to remove the limits")
		}
		side, warning, critical := b.thresholds(o.Above, o.Below, at, unit(ref(s.Rule(o.Rule).Ref)))
		s.Overrides = append(s.Overrides, panel.Override{
			Match: matchersOf(o.Match), Rule: o.Rule, Warning: warning, Critical: critical,
		})
		if len(s.Rules) == 0 {
			b.problem(at, "the panel has no rule to override; add rules")
			continue
		}
		r := slices.IndexFunc(s.Rules, func(r rules.Rule) bool { return r.Name == o.Rule })
		switch {
		case o.Rule == "":
			r = max(slices.IndexFunc(s.Rules, func(r rules.Rule) bool { return !r.FullIn }), 0)
		case r < 0:
			b.problem(key(at, "rule"), "the panel has no rule %q; write one of %s", shorten(o.Rule),
				ruleNames(s.Rules))
			continue
		}
		if s.Rules[r].FullIn {
			b.problem(at, "the rule %s judges a forecast, which has no other limits; remove it",
				s.Rules[r].Name)
			continue
		}
		if (o.Above != nil || o.Below != nil) && side != s.Rules[r].Direction {
			b.problem(b.firstOf(at, "above", "below"),
				"the rule %s has %s; write %s here too",
				s.Rules[r].Name, s.Rules[r].Direction, s.Rules[r].Direction)
		}
	}
}

// ruleNames lists the names of rules for a message.
func ruleNames(rs []rules.Rule) string {
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = r.Name
	}
	return strings.Join(names, ", ")
}
