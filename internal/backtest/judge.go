package backtest

import (
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// stateOf returns the state of a sample.
func stateOf(r rules.Rule, v float64) uint8 {
	state := within
	for _, l := range []rules.Limit{r.Warning, r.Critical} {
		if l.Set && r.Direction.Beyond(v, l.Value) {
			state++
		}
	}
	return state
}

// evaluate judges the series of the object in a slot and advances its alert.
func (r *replay) evaluate(s *slot) {
	p := r.e.plan
	grid := series.Grid{
		Start: p.grid.At(int(s.from)), Step: p.step, Len: int(s.to - s.from + 1),
	}
	result := rules.RuleResult{
		ID: r.e.ruleID(), Direction: p.rule.Direction, NoData: p.rule.NoData,
		KeepFiringFor: p.keep, BadNewsOnly: p.spec.EmptyIsOK && !p.spec.WellToo,
		NeedsAll: p.rule.NeedsAll, Data: s.data, From: grid.Start, Through: grid.End(),
	}
	r.values = slices.Grow(r.values[:0], grid.Len)[:grid.Len]
	within := math.Inf(-1)
	if p.rule.Direction == rules.Below {
		within = math.Inf(1)
	}
	for i := range r.series {
		f := &r.series[i]
		if !f.fill(r.values, s.from, s.to, within) {
			continue // it is not in the answer
		}
		result.Series = append(result.Series, r.object.identity)
		got := rules.Judge(f.rule, series.Series{Labels: f.labels, Values: r.values}, grid)
		r.settle(&got, f)
		if got.Status != rules.OK || got.Earlier != nil {
			result.Findings = append(result.Findings, rules.Judged{
				Finding: got, Identity: r.object.identity, Name: f.name,
			})
		}
	}
	r.advance(rules.Evaluation{
		Rules: []rules.RuleResult{result}, Objects: r.e.present,
	}, s)
	if s.data == rules.DataComplete {
		r.judged = s.to
	}
	r.live = r.fires && slices.ContainsFunc(result.Findings, func(f rules.Judged) bool {
		return f.Status == rules.Breach
	})
}

// settle decides what a series without data means, as a snapshot and package alerts do: a node
// that left the cluster is gone; a series that ended while it fired is not gone as long as its
// object may exist.
func (r *replay) settle(f *rules.Finding, of *followed) {
	if f.Status == rules.NoData && of.departed {
		f.Status = rules.Gone
	}
	if f.Status != rules.Gone || f.Streak == nil {
		return
	}
	switch r.e.present.Presence(r.object.identity) {
	case rules.Present, rules.PresenceUnknown:
		if !of.departed {
			f.Status = rules.NoData
		}
	}
}

// advance advances the alert to a slot, and keeps the episodes that the memory drops.
func (r *replay) advance(now rules.Evaluation, s *slot) {
	was := r.memory.Alerts[r.object.key].Episodes
	r.memory = rules.Advance(r.memory, now, s.at)
	a, ok := r.memory.Alerts[r.object.key]
	if ok {
		r.alert = a
	}
	for _, e := range was {
		if !slices.ContainsFunc(a.Episodes, func(now rules.Episode) bool {
			return !now.Since.After(e.Since) && !now.Last.Before(e.Last)
		}) {
			r.past = append(r.past, e)
		}
	}
	r.fires = ok && a.Fires()
}

// episodes returns the episodes that a slot saw firing, by time.
func (r *replay) episodes() []rules.Episode {
	all := slices.Concat(r.past, r.memory.Alerts[r.object.key].Episodes)
	all = slices.DeleteFunc(all, func(e rules.Episode) bool { return e.End == rules.Passed })
	slices.SortStableFunc(all, func(a, b rules.Episode) int { return a.Since.Compare(b.Since) })
	return all
}
