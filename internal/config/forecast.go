package config

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// The defaults of a rule with full_in. It fires on what has been sure for a day, and an hour that
// is not sure does not end it.
const (
	fullInFor  = 24 * time.Hour
	fullInKeep = 6 * time.Hour
	// mostFullInFor is the longest for of such a rule: four weeks before all of it are queried.
	mostFullInFor = 7 * 24 * time.Hour
)

// fullIn reads the times of a rule about a forecast.
func (b *builder) fullIn(r *rule, path string, to *rules.Rule) {
	at := key(path, "full_in")
	to.FullIn, to.Direction, to.NoData = true, rules.Below, rules.ResolveOnNoData
	to.Warning, to.Critical, to.Condition, to.Flaps = rules.Limit{}, rules.Limit{}, false, false
	if w := time.Duration(r.FullIn.Warning); w > 0 {
		to.Warning = rules.At(w.Seconds())
	}
	if c := time.Duration(r.FullIn.Critical); c > 0 {
		to.Critical = rules.At(c.Seconds())
	}
	if !b.has(key(path, "for")) {
		to.For = fullInFor
	}
	if !b.has(key(path, "keep_firing_for")) {
		to.KeepFiringFor = fullInKeep
	}
	for _, k := range []struct{ name, why string }{
		{"above", "a rule judges either samples or a forecast; split it into two rules"},
		{"below", "a rule judges either samples or a forecast; split it into two rules"},
		{"name", "a verdict judges one number and no forecast; write alertname instead of name"},
		{"reduce", "a verdict judges one number and no forecast; remove it"},
		{"condition", "has no effect with full_in: a forecast is a time; remove it"},
		{"no_data", "has no effect with full_in: such an alert ends with its object; remove it"},
	} {
		if b.has(key(path, k.name)) {
			b.problem(key(path, k.name), "%s", k.why)
		}
	}
	switch {
	case !b.clean(at):
	case !to.Warning.Set && !to.Critical.Set:
		b.problem(at, "no time; write warning, critical or both, such as full_in: {warning: 7d, "+
			"critical: 2d}")
	case to.Warning.Set && to.Critical.Set && to.Critical.Value >= to.Warning.Value:
		b.problem(key(at, "critical"), "not shorter than the time of the warning; swap the two")
	}
	if b.has(key(path, "for")) && b.clean(key(path, "for")) &&
		(to.For < time.Hour || to.For > mostFullInFor) {
		b.problem(key(path, "for"), "a forecast is judged each hour of up to a week; write 1h to "+
			"%s, or leave it out for %s", duration(mostFullInFor), duration(fullInFor))
	}
}

// forecast sets what is forecast of a panel, and checks the rules that need it. builtin is the
// built-in panel that it starts from.
func (b *builder) forecast(p *panelKeys, path string, builtin, s *panel.Spec) {
	s.Compare = cmp.Or(time.Duration(p.Compare), s.Compare)
	if at := key(path, "compare"); b.has(at) && s.Kind != "" && s.Kind != panel.Lines &&
		b.clean(key(path, "kind")) {
		b.problem(at, "a %s chart has no lines; write kind: lines, or remove it", s.Kind)
	}
	if b.has(key(path, "unit")) && s.Unit() != builtin.Unit() {
		s.Forecast, s.Change = nil, nil // their figures are in another unit
	}
	s.Forecast = b.builtinForecast(path, builtin, s)
	if b.has(key(path, "forecast")) && p.Forecast != nil {
		s.Forecast = b.forecastOf(p.Forecast, key(path, "forecast"), s)
	}
	for i, r := range s.Rules {
		at := item(key(path, "rules"), i)
		if !r.FullIn || !b.has(at) || !b.clean(at) {
			continue
		}
		first := max(r.Warning.Value, r.Critical.Value)
		switch {
		case s.Forecast == nil && !b.clean(key(path, "forecast")):
		case s.Forecast == nil && s.IsMemoryUse():
			b.problem(key(at, "full_in"), "%s", noMemory)
		case s.Forecast == nil:
			b.problem(key(at, "full_in"), "the panel has no forecast; add "+
				"forecast: {limit: 85%%, direction: above} to it, with the limit that the series "+
				"must not reach")
		case first > panel.DefaultHorizon.Seconds():
			b.problem(key(at, "full_in"), "no forecast reaches further than %s; write less",
				duration(panel.DefaultHorizon))
		case first > s.Forecast.Horizon.Seconds():
			b.problem(key(at, "full_in"), "further away than the horizon of the panel's forecast, "+
				"%s; write less, or a forecast.horizon of up to %s", duration(s.Forecast.Horizon),
				duration(panel.DefaultHorizon))
		case s.Query(r.Ref).Ref != s.Query("").Ref:
			b.problem(key(at, "ref"), "a forecast is of the panel's first query; remove it")
		}
	}
	// the first rule ranks the series by their samples
	slices.SortStableFunc(s.Rules, func(a, b rules.Rule) int {
		switch {
		case a.FullIn == b.FullIn:
			return 0
		case a.FullIn:
			return 1
		}
		return -1
	})
}

const noMemory = "memory in use cannot be forecast: measured on real machines, nearly every such " +
	"alert was false; remove it, or forecast what is requested (use: node-requests)"

// forecastOf builds the forecast of a panel. It returns nil if it is switched off or cannot be
// built.
func (b *builder) forecastOf(from *forecastKeys, path string, s *panel.Spec) *panel.Forecast {
	switch {
	case !from.Enabled:
		return nil
	case s.IsMemoryUse():
		b.problem(path, "%s", noMemory)
		return nil
	case s.Events != nil || s.Without != "" ||
		slices.ContainsFunc(s.Rules, func(r rules.Rule) bool { return r.Condition }):
		b.problem(path, "the panel counts events or objects, which do not grow to a limit; "+
			"remove it")
		return nil
	}
	out := &panel.Forecast{For: leastBeyond, Horizon: time.Duration(from.Horizon)}
	own := b.has(key(path, "direction"))
	out.Below = from.Direction == rules.Below.String()
	if f := s.Forecast; f != nil { // that of the built-in panel
		if !b.has(key(path, "limit")) && (!own || out.Below == f.Below) {
			out.Limit, out.Below, out.For = f.Limit, f.Below, f.For
			return out
		}
		if !own {
			out.Below, own = f.Below, true
		}
	}
	var r rules.Rule
	first := slices.IndexFunc(s.Rules, func(r rules.Rule) bool {
		return judgesSamples(s, r) && (!own || out.Below == (r.Direction == rules.Below))
	})
	switch {
	case first >= 0:
		r = s.Rules[first]
		out.Below = r.Direction == rules.Below
		out.For = cmp.Or(r.For, out.For)
	case !own && b.clean(key(path, "direction")) &&
		!slices.Contains([]quantity{"", "critical", "warning"}, from.Limit):
		b.problem(path, "not known whether the series grow or fall to the limit; add "+
			"direction: above or direction: below, or an alert with a limit")
		return nil
	}
	limit, ok := b.forecastLimit(from.Limit, path, s, r)
	out.Limit = limit.Value
	if !ok {
		return nil
	}
	return out
}

// builtinForecast returns the forecast of a built-in panel whose query or rules the file may
// replace, nil if it has none or it means nothing for the new query.
func (b *builder) builtinForecast(path string, builtin, s *panel.Spec) *panel.Forecast {
	if s.Forecast == nil {
		return nil
	}
	f := *s.Forecast
	own := b.has(key(path, "query")) || b.has(key(path, "queries"))
	first := slices.IndexFunc(s.Rules, func(r rules.Rule) bool { return judgesSamples(s, r) })
	switch {
	case own && (first < 0 || s.IsMemoryUse()):
		return nil
	case first < 0:
		return &f
	}
	r := s.Rules[first]
	switch below := r.Direction == rules.Below; {
	case below == f.Below:
		if r.Critical.Set && f.Limit == critical(builtin) { // it is that of the rule
			f.Limit = r.Critical.Value
		}
	case own: // such as what is free instead of what is used
		limit := r.Critical
		if !limit.Set {
			limit = r.Warning
		}
		f.Below, f.Limit, f.For = below, limit.Value, cmp.Or(r.For, leastBeyond)
		if !limit.Set {
			return nil
		}
	}
	if !series.Finite(f.Limit) {
		return nil
	}
	return &f
}

// leastBeyond is how long a value must stay beyond its limit if no rule says.
const leastBeyond = 15 * time.Minute

// judgesSamples reports whether a rule is an alert about the samples of the panel's first query,
// which is the one that is forecast.
func judgesSamples(s *panel.Spec, r rules.Rule) bool {
	return r.IsAlert() && !r.FullIn && s.Query(r.Ref).Ref == s.Query("").Ref
}

// forecastLimit reads the limit of a forecast. r is the panel's alert about it, the zero Rule if it
// has none.
func (b *builder) forecastLimit(q quantity, path string, s *panel.Spec,
	r rules.Rule) (rules.Limit, bool) {
	at := key(path, "limit")
	of := r.Critical
	switch q {
	case "critical":
	case "warning":
		of = r.Warning
	case "":
		if of = r.Critical; !of.Set {
			of = r.Warning
		}
	default:
		u := s.Unit()
		of = b.limit(q, at, &u)
		if share := s.Share(of.Value); s.IsRatio() && (share <= 0 || share > 1) {
			b.problem(at, "not a share that a series can reach; write more than 0%% and at most "+
				"100%%")
			return of, false
		}
	}
	switch {
	case of.Set:
		return of, series.Finite(of.Value)
	case q != "":
		b.problem(at, "the panel has no alert with a %s limit; write a value such as 85%%, or add "+
			"the limit", q)
	default:
		b.problem(path, "no limit; write limit and a value, such as forecast: {limit: 85%%, "+
			"direction: above}, or add an alert with a limit")
	}
	return of, false
}

// critical returns the critical limit of a panel's first alert about samples, NaN if it has none.
func critical(s *panel.Spec) float64 {
	first := slices.IndexFunc(s.Rules, func(r rules.Rule) bool { return judgesSamples(s, r) })
	if first < 0 || !s.Rules[first].Critical.Set {
		return math.NaN()
	}
	return s.Rules[first].Critical.Value
}
