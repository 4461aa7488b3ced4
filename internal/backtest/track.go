package backtest

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// track is what is kept of one series: when it has samples, and those that are beyond a level of
// interest.
type track struct {
	labels   series.Labels
	identity series.Labels
	name     string
	departed bool
	// the rule with the limits that an override sets, to which no level applies; nil: none does
	own    *rules.Rule
	object uint64 // the hash of its identity
	key    int32  // of its object; -1: it never was beyond a level

	next    int32 // the first index that was not read yet
	present []stretch
	beyond  []stretch
	values  []float64 // of beyond, one after the other

	rank   int32 // how many levels the newest sample is beyond
	last   int32 // its index
	states []state
}

// stretch is consecutive samples: 12 bytes. first is the index in track.values of a stretch of
// beyond.
type stretch struct{ from, to, first int32 }

// newest returns the stretch at the end, or nil.
func newest(all []stretch) *stretch {
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

// has records samples from one index up to another, including it. A hole of at most so many samples
// before them is recorded as samples too. It reports whether it began a stretch.
func (t *track) has(from, to, hole int32) bool {
	if s := newest(t.present); s != nil && from-s.to-1 <= hole {
		s.to = to
		return false
	}
	t.present = append(t.present, stretch{from: from, to: to})
	return true
}

// keep keeps consecutive samples.
func (t *track) keep(from int32, values []float64) {
	to := from + int32(len(values)) - 1
	if s := newest(t.beyond); s != nil && s.to == from-1 {
		s.to = to
	} else {
		t.beyond = append(t.beyond, stretch{from, to, int32(len(t.values))})
	}
	t.values = append(t.values, values...)
}

// together returns a track that has a sample where any of the tracks has one. None is beyond a
// level.
func together(all []*track) *track {
	var has []stretch
	for _, t := range all {
		has = append(has, t.present...)
	}
	slices.SortFunc(has, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	out := &track{key: -1}
	for _, s := range has {
		if last := newest(out.present); last != nil && s.from <= last.to+1 {
			last.to = max(last.to, s.to)
			continue
		}
		out.present = append(out.present, s)
	}
	return out
}

// prune drops the samples that are not beyond a level.
func (t *track) prune(level float64, d rules.Direction) {
	was := track{beyond: t.beyond, values: t.values}
	t.beyond, t.values = nil, nil
	for _, s := range was.beyond {
		for i := s.from; i <= s.to; i++ {
			k := s.first + i - s.from
			if d.Beyond(was.values[k], level) {
				t.keep(i, was.values[k:k+1])
			}
		}
	}
}

// fill writes the samples from one index up to another, including it, and reports whether there
// are any. Those that are not kept are within.
func (t *track) fill(values []float64, from, to int32, within float64) bool {
	for i := range values {
		values[i] = math.NaN()
	}
	any := false
	for _, s := range overlapping(t.present, from, to) {
		any = true
		for i := max(s.from, from); i <= min(s.to, to); i++ {
			values[i-from] = within
		}
	}
	for _, s := range overlapping(t.beyond, from, to) {
		a, b := max(s.from, from), min(s.to, to)
		copy(values[a-from:], t.values[s.first+a-s.from:s.first+b-s.from+1])
	}
	return any
}

// overlapping returns the stretches with an index from one up to another, including it.
func overlapping(all []stretch, from, to int32) []stretch {
	a := sort.Search(len(all), func(i int) bool { return all[i].to >= from })
	b := a
	for b < len(all) && all[b].from <= to {
		b++
	}
	return all[a:b]
}
