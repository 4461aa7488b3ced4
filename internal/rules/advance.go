package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
)

const (
	// keepEnded is how long an ended alert is remembered, for yesterday's summary and for receivers
	// that could not be reached.
	keepEnded = 48 * time.Hour
	// forgetAfter is how long an alert may be without data before it ends. Without this bound, an
	// alert whose object was removed would repeat forever if no source reports the removal.
	forgetAfter = 24 * time.Hour

	// The bounds of a Memory. It must fit into a ConfigMap of 1 MiB, together with what three
	// receivers were sent.
	maxAlerts   = 400
	maxBytes    = 400 << 10 // of all alerts together, approximately
	maxEpisodes = 8
	maxLabels   = 20
	maxText     = 256 // bytes of a label value or of a name
)

// Advance returns the alerts of prev carried forward to a slot. It is pure and does not change
// prev.
//
// Evaluating a slot again changes nothing. Neither does the zero slot, nor a slot older than
// prev's. Evaluating A and then A∪B at one slot equals evaluating A∪B, unless there are more
// alerts, or more episodes of one alert, than are remembered. What is known of an alert is a union
// of its streaks, so order and repetition do not matter.
//
// The start of an alert comes from the samples, so missed slots heal: an alert that fired and ended
// since the rule's data was last complete (Memory.Seen) becomes an ended episode. A rule seen for
// the first time has no such past. KeepFiringFor only prolongs what some slot saw firing.
//
// Missing samples end nothing. A firing alert ends with a sample within the limits, or when its
// object is gone (Evaluation.Objects). Until then it keeps firing without data, for at most a day.
//
// The alert of BlindKey is promsnap's own. It fires while none or only a part of the data can be
// seen.
func Advance(prev Memory, now Evaluation, slot time.Time) Memory {
	if slot.IsZero() || slot.Before(prev.Slot) {
		return prev
	}
	slot = slot.Round(0).UTC() // one time, one encoding
	next := prev.clone()
	next.Slot, next.Checks = slot, checked(prev.Checks, slot, now.best())
	for i := range now.Rules {
		next.apply(&now.Rules[i], &now.Objects, slot)
	}
	next.endRemoved(now.Configured, slot)
	next.updateBlind(slot)
	next.bound(prev, slot)
	return next
}

// apply updates the alerts of one rule.
func (m *Memory) apply(r *RuleResult, objects *Objects, slot time.Time) {
	if r.Data == DataFailed || r.NeedsAll && r.Data != DataComplete {
		return
	}
	found := map[Key][]*Judged{}
	for i := range r.Findings {
		k := KeyOf(r.ID, r.Findings[i].Identity)
		found[k] = append(found[k], &r.Findings[i])
	}
	seen := m.Seen[r.ID.String()]
	live := map[Key]bool{}
	for k, fs := range found {
		a, fires := r.observe(m.Alerts[k], fs, seen, slot)
		if len(a.Episodes) == 0 {
			continue // a new alert that is only OK or pending
		}
		m.Alerts[k], live[k] = a, fires
	}
	if r.Data != DataComplete {
		return
	}
	m.settle(r, found, live, objects, slot)
	if r.Through.After(seen) {
		m.Seen[r.ID.String()] = r.Through.UTC()
	}
}

// observe adds the findings of an alert's key to it, and reports whether one of them keeps the
// alert firing. All findings that fire now are one episode, whatever lies between them.
func (r *RuleResult) observe(a Alert, fs []*Judged, seen, slot time.Time) (Alert, bool) {
	fired := len(a.Episodes) > 0 && a.Fires()
	var worst, silent, ended *Judged
	var firing stretch
	for _, f := range fs {
		switch {
		case f.Status == Breach && f.Streak != nil && worst == nil:
			worst, firing = f, newStretch(f.Streak, r.Through)
		case f.Status == Breach && f.Streak != nil:
			worst, firing.Episode = worse(worst, f), r.union(firing.Episode,
				newStretch(f.Streak, r.Through).Episode)
		}
		if r.Data == DataComplete && !seen.IsZero() && r.joinEnded(&a, f, seen, slot) {
			ended = worse(ended, f)
		}
	}
	if worst != nil {
		// The loop below joins each finding to its previous episode.
		firing.newestWithin = firing.Since
		a.Episodes = r.join(a.Episodes, firing, slot)
	}
	sustained := sustaining(fs, slot)
	for grown := true; grown; { // a joined episode may touch another streak
		before := slices.Clone(a.Episodes)
		for _, f := range sustained {
			s := newStretch(f.Streak, time.Time{})
			if f.Status == Pending {
				s.Worst = None
			} else {
				s.reach = r.Through
			}
			// Look at all episodes: a finding that fires now may have ended the one that this
			// streak belongs to.
			belongs := slices.ContainsFunc(a.Episodes, func(e Episode) bool {
				return (ongoing(e, slot) || f.Status == NoData && e.Found.Equal(slot)) &&
					r.touches(e, s, slot)
			})
			begins := f.Status == Breach ||
				f.Status == NoData && (seen.IsZero() || s.Last.After(seen))
			if !belongs && !begins {
				continue
			}
			a.Episodes = r.join(a.Episodes, s, slot)
			switch {
			case f.Status == Pending && (worst == nil || worst.Status == Pending):
				worst = worse(worst, f)
			case f.Status == NoData:
				silent = worse(silent, f)
			}
		}
		grown = !slices.Equal(before, a.Episodes)
	}
	if ended != nil && !fired {
		r.describe(&a, ended, slot)
		last := ended.lastEnded()
		a.Severity, a.Limit, a.GraveAt = last.Severity, Number(last.Limit), last.To.UTC()
	}
	if silent != nil {
		r.markSilent(&a, silent, graveAt(sustained, silent.Severity), fired, slot)
		fired = true
	}
	if worst != nil {
		r.describe(&a, worst, slot)
		a.Silent = time.Time{}
	}
	if worst != nil && worst.Status == Breach {
		// A pending finding keeps the alert firing at its old severity.
		r.grade(&a, worst, graveAt(sustained, worst.Streak.Severity), fired, slot)
	}
	// Drop the oldest episodes only after all joins.
	a.Episodes = a.Episodes[max(len(a.Episodes)-maxEpisodes, 0):]
	return a, worst != nil || silent != nil
}

// markSilent marks an alert as having no data, and keeps what was last known of it.
func (r *RuleResult) markSilent(a *Alert, f *Judged, at time.Time, fired bool,
	slot time.Time) {
	r.describe(a, f, slot)
	a.Silent = f.Newest.UTC()
	switch {
	case !fired || f.Severity > a.Severity:
		a.Severity, a.Limit, a.GraveAt = f.Severity, Number(f.Limit), at
	case f.Severity == a.Severity:
		a.GraveAt = latest(a.GraveAt, at)
	}
}

// sustaining returns the findings whose streak may keep an alert firing: firing, without data but
// firing when the data ended, or pending. Firing findings come first; the rest is ordered by the
// start of the streak.
func sustaining(fs []*Judged, slot time.Time) []*Judged {
	var out []*Judged
	for _, f := range fs {
		switch {
		case f.Streak == nil:
		case f.Status == Breach, f.Status == Pending:
			out = append(out, f)
		case f.Status == NoData && slot.Sub(f.Newest) < forgetAfter:
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *Judged) int {
		return cmp.Or(first(a.Status == Breach, b.Status == Breach),
			a.Streak.From.Compare(b.Streak.From))
	})
	return out
}

// describe copies the names, labels and values of a finding into an alert. The cause is that of the
// slot that found the episode.
func (r *RuleResult) describe(a *Alert, f *Judged, slot time.Time) {
	a.Panel, a.Rule, a.Name = r.ID.Panel, r.ID.Rule, outside.Head(f.Name, maxText)
	a.Labels, a.Identity = bounded(f.Labels), bounded(f.Identity)
	a.Value, a.Capacity, a.Streak = Number(f.Value), Number(f.Capacity), Sighting{}
	if f.Streak != nil {
		a.Streak = f.Streak.Sighting()
	}
	if a.Cause == (Cause{}) || len(a.Episodes) > 0 && a.Now().Found.Equal(slot) {
		a.Cause = f.Cause.bounded()
	}
}

// grade sets an alert's severity to that of its worst finding. To avoid a change at every slot, the
// severity falls only if the data is complete and no sample within KeepFiringFor was more severe.
func (r *RuleResult) grade(a *Alert, f *Judged, at time.Time, fired bool, slot time.Time) {
	s := f.Streak
	falls := r.Data == DataComplete && slot.Sub(a.GraveAt) >= r.KeepFiringFor
	switch {
	case !fired || s.Severity > a.Severity || s.Severity < a.Severity && falls:
		a.Severity, a.GraveAt, a.Limit = s.Severity, at, Number(s.Limit)
	case s.Severity == a.Severity:
		a.GraveAt, a.Limit = latest(a.GraveAt, at), Number(s.Limit)
	}
}

// graveAt returns the newest sample of the findings with this severity that fire, or fired when
// their data ended.
func graveAt(fs []*Judged, severity Severity) time.Time {
	var at time.Time
	for _, f := range fs {
		if f.Status != Pending && f.Streak.Severity == severity {
			at = latest(at, f.Streak.To.UTC())
		}
	}
	return at
}

// worse returns the worse of two findings; a may be nil.
func worse(a, b *Judged) *Judged {
	if a == nil || b.Compare(a.Finding) < 0 {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
