package backtest

import (
	"math"
)

// A level is on a cliff if the next two percent take off more than a fifth of its alerts, and more
// than chance would, which is about the square root of their number.
const cliff = 0.2

// propose sets the candidates of a result, the configured one and the proposed one.
//
// What is proposed is the lowest level that alerts rarely enough in the older two thirds of the
// time, and from there up as long as it is on a cliff. No level at or beyond the wall is proposed:
// then a longer For is. The newest third has no say, so that its count shows what a level is worth.
func (e *engine) propose(out *Result, all []tried) {
	p := e.plan
	n := len(e.levels)
	now := 0
	for l, level := range e.levels {
		if level == p.configured() {
			now = l
		}
	}
	proposed := -1
	switch {
	case out.To.Sub(out.From) < Week-surveyStep:
		out.Why = NoData
	case max(all[now].older, all[now].PerWeek) <= p.pages:
		out.Why, proposed = Enough, now
	default:
		if l := e.rare(all[:n]); l >= 0 {
			proposed, out.Why = l, Fits
			if up := e.offCliff(all[:n], l, out); up != l {
				proposed, out.Why = up, Cliff
			}
			break
		}
		out.Why = Wall
		if !out.Wall.Set {
			out.Why = Every
		}
		for f := 1; f < len(p.fors) && proposed < 0; f++ {
			if l := e.rare(all[f*n : (f+1)*n]); l >= 0 {
				proposed = f*n + l
			}
		}
	}
	for i := range all {
		if all[i].alone && i != proposed {
			continue
		}
		c := all[i].Candidate
		if i == now {
			out.Now = len(out.Candidates)
		}
		if i == proposed {
			out.Proposed = len(out.Candidates)
		}
		if i != now && i != proposed {
			c.By = nil
		}
		out.Candidates = append(out.Candidates, c)
	}
}

// rare returns the first level that alerts rarely enough and is not beyond the wall, -1 if there is
// none.
func (e *engine) rare(all []tried) int {
	for l := range all {
		if !e.walled(all[l].Level) && all[l].older <= e.plan.pages {
			return l
		}
	}
	return -1
}

// walled reports whether a level is at the wall or beyond it.
func (e *engine) walled(level float64) bool {
	w := e.plan.spec.Wall
	return w != nil && (level == w.Value || e.plan.rule.Direction.Beyond(level, w.Value))
}

// offCliff returns the level up from l that is not on a cliff.
func (e *engine) offCliff(all []tried, l int, out *Result) int {
	weeks := float64(out.HeldOut.Sub(out.From)) / float64(Week)
	for {
		far, next := twoPercent(&e.plan.spec, all[l].Level), l+1
		for next < len(all) && math.Abs(all[next].Level-all[l].Level) < far*0.999 {
			next++
		}
		if next >= len(all) || e.walled(all[next].Level) || all[next].older == 0 {
			return l // also if nothing is left: that is silence and not a level
		}
		distance := max(math.Abs(all[next].Level-all[l].Level)/far, 1)
		left := all[next].older / all[l].older
		off := (all[l].older - all[next].older) * weeks
		if !(math.Pow(left, 1/distance) < 1-cliff) || off <= math.Sqrt(all[l].older*weeks) {
			return l
		}
		l = next
	}
}
