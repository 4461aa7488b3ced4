package rules

import (
	"slices"
	"time"
)

// ongoing reports whether an episode went on before this slot. An episode that this same slot has
// ended counts too, because that may have been judged from a part of the data.
func ongoing(e Episode, slot time.Time) bool {
	return e.Found.Before(slot) && (e.Fires() || e.Ended.Equal(slot) && e.End != Passed)
}

// stretch is a streak as an episode that is not yet joined to the episodes of its alert.
type stretch struct {
	Episode
	// the time up to which it lasts: a firing streak lasts to the end of the samples, although its
	// own newest sample may be older
	reach        time.Time
	newestWithin time.Time // the newest sample before it that is within the limits; zero: none
}

// newStretch returns the stretch of a streak.
func newStretch(s *Streak, reach time.Time) stretch {
	return stretch{
		Episode: Episode{
			Since: s.From.UTC(), Open: s.Open, Last: s.To.UTC(), Worst: s.Severity,
			Peak: Number(s.Peak), PeakAt: s.PeakAt.UTC(),
			Event: s.Event.UTC(),
		},
		reach: latest(reach, s.To.UTC()), newestWithin: s.Well,
	}
}

// touches reports whether a stretch belongs to an episode. It does if they are no further apart
// than KeepFiringFor, or if the episode was ongoing and no sample since its last one is within the
// limits. A hole or missed slots are not an end.
func (r *RuleResult) touches(e Episode, s stretch, slot time.Time) bool {
	if ongoing(e, slot) && !s.newestWithin.After(e.Last) {
		return true
	}
	return !s.Since.After(e.Last.Add(r.KeepFiringFor)) &&
		!e.Since.After(s.reach.Add(r.KeepFiringFor))
}

// join adds s to the episodes and merges it with those that it touches. Of the result, all but the
// last have ended.
func (r *RuleResult) join(es []Episode, s stretch, slot time.Time) []Episode {
	s.Found = slot
	out := slices.Clone(es)
	for {
		i := slices.IndexFunc(out, func(e Episode) bool { return r.touches(e, s, slot) })
		if i < 0 {
			break
		}
		s.Episode = r.union(s.Episode, out[i]) // the union may touch others
		s.reach = latest(s.reach, s.Last)
		out = slices.Delete(out, i, i+1)
	}
	out = append(out, s.Episode)
	slices.SortFunc(out, func(a, b Episode) int { return a.Since.Compare(b.Since) })
	for i := range out[:len(out)-1] {
		if out[i].Fires() {
			out[i].Ended, out[i].End = slot, Recovered
		}
	}
	return out
}

// joinEnded adds the streaks of a finding that ended after seen, and reports whether there were
// any. They count as ended at this slot, so an alert that no slot saw firing never fires.
func (r *RuleResult) joinEnded(a *Alert, f *Judged, seen, slot time.Time) bool {
	joined := false
	for _, s := range []*Streak{f.Earlier, f.Latest, f.lastEnded()} {
		if s == nil || !s.To.After(seen) {
			continue
		}
		past := newStretch(s, time.Time{})
		past.Ended, past.End = slot, Passed
		a.Episodes = r.join(a.Episodes, past, slot)
		joined = true
	}
	return joined
}

// union merges two episodes. The result is ongoing if either is.
func (r *RuleResult) union(a, b Episode) Episode {
	if c := a.Since.Compare(b.Since); c > 0 {
		a.Since, a.Open = b.Since, b.Open
	} else if c == 0 {
		a.Open = a.Open && b.Open
	}
	if b.Last.After(a.Last) {
		a.Last = b.Last
	}
	a.Event = latest(a.Event, b.Event)
	if b.Found.Before(a.Found) {
		a.Found = b.Found
	}
	a.Worst = max(a.Worst, b.Worst)
	switch c := r.Direction.Compare(float64(a.Peak), float64(b.Peak)); {
	case c > 0, c == 0 && b.PeakAt.Before(a.PeakAt):
		a.Peak, a.PeakAt = b.Peak, b.PeakAt
	}
	switch {
	case a.Fires() || b.Fires():
		a.Ended, a.End = time.Time{}, ""
	case b.Ended.After(a.Ended), b.Ended.Equal(a.Ended) && a.End == Passed:
		a.Ended, a.End = b.Ended, b.End
	}
	return a
}
