package backtest

import (
	"math"
	"slices"
)

// A level is on a cliff if the next two percent take off more than a fifth of its alerts, and more
// than chance would, which is about the square root of their number.
const cliff = 0.2

// A level that in one pass alerts more than hopeless times as often as is wanted does so in the
// replay too. One pass counts the series of a workload apart.
const hopeless = 5

// propose sets the candidates of a result, the configured one and the proposed one.
//
// What is proposed is the lowest level from the configured one on that alerts rarely enough in the
// older two thirds of the time, and from there up as long as it is on a cliff. No level at or
// beyond the wall is proposed: then a longer For is. The newest third has no say, so that its count
// shows what a level is worth.
//
// try returns the candidate of a For and a level.
func (e *engine) propose(out *Result, try func(f, l int) Candidate) {
	p := e.plan
	n := len(e.levels)
	var all []Candidate
	for f := range p.asked {
		for l := range n {
			all = append(all, try(f, l))
		}
	}
	out.Now = slices.Index(e.levels, p.configured())
	switch now := &all[out.Now]; {
	case out.To.Sub(out.From) < Week-surveyStep:
		out.Why = NoData
	case max(now.Older, now.PerWeek) <= p.pages:
		out.Why, out.Proposed = Enough, out.Now
	case e.rare(all[:n], out.Now) >= 0:
		fits := e.rare(all[:n], out.Now)
		out.Proposed, out.Why = e.offCliff(all[:n], fits, out), Fits
		if out.Proposed != fits {
			out.Why = Cliff
		} else if fits == out.Now {
			out.Why = Newest
		}
	default:
		out.Why = Wall
		all = e.longer(out, all, try)
	}
	for i := range all {
		if i != out.Now && i != out.Proposed {
			all[i].By = nil
		}
		out.Candidates = append(out.Candidates, all[i])
	}
}

// longer proposes the shortest longer For that has a level which alerts rarely enough. It returns
// all candidates with the proposed one.
func (e *engine) longer(out *Result, all []Candidate, try func(f, l int) Candidate) []Candidate {
	n := len(e.levels)
	for f := 1; f < len(e.fors); f++ {
		if f < e.plan.asked {
			if l := e.rare(all[f*n:(f+1)*n], out.Now); l >= 0 && e.fors[f] > e.fors[0] {
				out.Proposed = f*n + l
				return all
			}
			continue
		}
		// one pass shows which levels need no replay
		most := hopeless * e.plan.pages * float64(out.HeldOut.Sub(out.From)) / float64(Week)
		for l := out.Now; l < n; l++ {
			if float64(e.counts[f][l].older+e.fixed[f].older) > most || e.walled(e.levels[l]) {
				continue
			}
			if one := try(f, l); one.Older <= e.plan.pages {
				out.Proposed = len(all)
				return append(all, one)
			}
		}
	}
	return all
}

// rare returns the first level from the configured one on that alerts rarely enough and is not
// beyond the wall, -1 if there is none. Before the configured one, a level may alert rarely because
// its alerts never end.
func (e *engine) rare(all []Candidate, now int) int {
	for l := now; l < len(all); l++ {
		if !e.walled(all[l].Level) && all[l].Older <= e.plan.pages {
			return l
		}
	}
	return -1
}

// walled reports whether a level is at the wall or beyond it.
func (e *engine) walled(level float64) bool {
	w := e.plan.wall()
	return w.Set && (level == w.Value || e.plan.rule.Direction.Beyond(level, w.Value))
}

// offCliff returns the level up from l that is not on a cliff.
func (e *engine) offCliff(all []Candidate, l int, out *Result) int {
	weeks := float64(out.HeldOut.Sub(out.From)) / float64(Week)
	for {
		far, next := twoPercent(&e.plan.spec, all[l].Level), l+1
		for next < len(all) && math.Abs(all[next].Level-all[l].Level) < far*0.999 {
			next++
		}
		if next >= len(all) || e.walled(all[next].Level) || all[next].Older == 0 {
			return l // also if nothing is left: that is silence and not a level
		}
		distance := max(math.Abs(all[next].Level-all[l].Level)/far, 1)
		left := all[next].Older / all[l].Older
		off := (all[l].Older - all[next].Older) * weeks
		if !(math.Pow(left, 1/distance) < 1-cliff) || off <= math.Sqrt(all[l].Older*weeks) {
			return l
		}
		l = next
	}
}
