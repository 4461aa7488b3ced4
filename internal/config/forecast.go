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
	to.For = cmp.Or(to.For, fullInFor)
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
	if b.has(key(path, "unit")) && s.Unit() != builtin.Unit() {
		s.Forecast, s.Change = nil, nil // their figures are in another unit
	}
	if s.Forecast != nil && s.Forecast.Limit == critical(builtin.Rules) {
		if own := critical(s.Rules); series.Finite(own) { // it is that of the rule
			f := *s.Forecast
			f.Limit = own
			s.Forecast = &f
		}
	}
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
			b.problem(key(at, "full_in"), "the panel has no forecast; add forecast: {limit: 85%%} "+
				"to it, with the limit that the series must not reach")
		case first > s.Forecast.Horizon.Seconds():
			b.problem(key(at, "full_in"), "further away than the horizon of the panel's forecast, "+
				"%s; write less, or a longer forecast.horizon", duration(s.Forecast.Horizon))
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
	out := &panel.Forecast{For: 15 * time.Minute, Horizon: time.Duration(from.Horizon)}
	if s.Forecast != nil && !b.has(key(path, "limit")) { // that of the built-in panel
		out.Limit, out.Below, out.For = s.Forecast.Limit, s.Forecast.Below, s.Forecast.For
		return out
	}
	first := slices.IndexFunc(s.Rules, func(r rules.Rule) bool { return r.IsAlert() && !r.FullIn })
	if first >= 0 {
		out.Below = s.Rules[first].Direction == rules.Below
		out.For = cmp.Or(s.Rules[first].For, out.For)
	}
	limit, ok := b.forecastLimit(from.Limit, path, s, first)
	out.Limit = limit.Value
	if !ok {
		return nil
	}
	return out
}

// forecastLimit reads the limit of a forecast. first is the index of the panel's first alert, -1 if
// it has none.
func (b *builder) forecastLimit(q quantity, path string, s *panel.Spec,
	first int) (rules.Limit, bool) {
	at := key(path, "limit")
	var r rules.Rule
	if first >= 0 {
		r = s.Rules[first]
	}
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
	}
	switch {
	case of.Set:
		return of, series.Finite(of.Value)
	case q != "":
		b.problem(at, "the panel has no alert with a %s limit; write a value such as 85%%, or add "+
			"the limit", q)
	default:
		b.problem(path, "no limit; write limit and a value, such as forecast: {limit: 85%%}, or "+
			"add an alert with a limit")
	}
	return of, false
}

// critical returns the critical limit of the first rule, NaN if it has none.
func critical(all []rules.Rule) float64 {
	if len(all) == 0 || all[0].FullIn || !all[0].Critical.Set {
		return math.NaN()
	}
	return all[0].Critical.Value
}
