package rules

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

const (
	// keepEnded is how long an alert that is over is remembered: for a summary of yesterday, and
	// for a receiver that could not be told.
	keepEnded = 48 * time.Hour
	// forgetAfter is how long an alert may be silent (NO DATA) before it ends. Otherwise one whose
	// object was removed for good, and of which nobody can say so, would be repeated for ever.
	forgetAfter = 24 * time.Hour

	// The bounds of a Memory, which must fit into a ConfigMap of 1 MiB together with what three
	// receivers were told.
	maxAlerts   = 400
	maxBytes    = 400 << 10 // of all alerts together, roughly
	maxEpisodes = 8
	maxLabels   = 20
	maxText     = 256 // bytes of a label's value, or of a name
)

// Advance carries the alerts from prev to a slot. It is pure, and changes nothing of prev.
//
// Evaluating a slot again gives the same, an older slot than prev's changes nothing, nor does the
// zero slot, and evaluating A and then A∪B at one slot equals evaluating A∪B, as long as there are
// no more alerts, nor episodes of one, than are remembered: what is known of an alert is a union of
// its streaks, in which order and repetition do not count.
//
// Since when an alert fires comes from the samples, so that slots that were missed heal: what fired
// and ended since the rule's data was last seen complete (Memory.Seen) is an episode that has
// ended. A rule that is seen for the first time has no such past. KeepFiringFor prolongs only what
// some slot saw firing.
//
// Missing samples end nothing. What fires ends by a sample within the limits, or when its object is
// gone (Evaluation.Objects). Until then it goes on and is silent, for a day.
//
// The alert of BlindKey is promsnap's own: it fires while nothing at all, or only a part, can be
// seen.
func Advance(prev Memory, now Evaluation, slot time.Time) Memory {
	if slot.IsZero() || slot.Before(prev.Slot) {
		return prev
	}
	slot = slot.Round(0).UTC() // one time, one encoding
	next := prev.clone()
	next.Slot, next.Checks = slot, checked(prev.Checks, slot, now.best())
	for i := range now.Rules {
		next.take(&now.Rules[i], &now.Objects, slot)
	}
	next.endRemoved(now.Configured, slot)
	next.look(slot)
	next.bound(prev, slot)
	return next
}

// take takes over what one rule came to.
func (m *Memory) take(r *RuleResult, objects *Objects, slot time.Time) {
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
			continue // nothing but OK or pending, of what was not known
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

// observe adds to an alert what the findings of its key say, and reports whether one of them holds
// it up. Those that fire now are one episode, whatever lies between them.
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
		firing.well = firing.Since // of one of them; each of them says below what went on before it
		a.Episodes = r.join(a.Episodes, firing, slot)
	}
	held := held(fs, slot)
	for grown := true; grown; { // what one streak brings together another may belong to
		before := slices.Clone(a.Episodes)
		for _, f := range held {
			s := newStretch(f.Streak, time.Time{})
			if f.Status == Pending {
				s.Worst = None
			} else {
				s.reach = r.Through
			}
			// Not the newest episode alone: what fires now may have ended the one that this belongs
			// to.
			belongs := slices.ContainsFunc(a.Episodes, func(e Episode) bool {
				return (goesOn(e, slot) || f.Status == NoData && e.Found.Equal(slot)) &&
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
		r.describe(&a, ended)
		last := ended.over()
		a.Severity, a.Limit, a.GraveAt = last.Severity, Number(last.Limit), last.To.UTC()
	}
	if silent != nil {
		r.lose(&a, silent, graveAt(held, silent.Severity), fired)
		fired = true
	}
	if worst != nil {
		r.describe(&a, worst)
		a.Silent = time.Time{}
	}
	if worst != nil && worst.Status == Breach {
		// one that is pending holds the alert up, as grave as it was
		r.grade(&a, worst, graveAt(held, worst.Streak.Severity), fired, slot)
	}
	// here, where all that belongs together is one
	a.Episodes = a.Episodes[max(len(a.Episodes)-maxEpisodes, 0):]
	return a, worst != nil || silent != nil
}

// lose says of an alert that nothing is heard of it any more, and what was known last.
func (r *RuleResult) lose(a *Alert, f *Judged, at time.Time, fired bool) {
	r.describe(a, f)
	a.Silent = f.Newest.UTC()
	switch {
	case !fired || f.Severity > a.Severity:
		a.Severity, a.Limit, a.GraveAt = f.Severity, Number(f.Limit), at
	case f.Severity == a.Severity:
		a.GraveAt = latest(a.GraveAt, at)
	}
}

// held returns the findings with a streak that may hold an alert up: those that fire, then those
// that fired when their data ended, and those that are pending, by the begin of their streaks.
func held(fs []*Judged, slot time.Time) []*Judged {
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

// joinEnded adds the streaks of a finding that have ended after seen, and reports whether there
// were any. They have ended by this slot, so that what no slot saw firing never fires.
func (r *RuleResult) joinEnded(a *Alert, f *Judged, seen, slot time.Time) bool {
	joined := false
	for _, s := range []*Streak{f.Earlier, f.Latest, f.over()} {
		if s == nil || !s.To.After(seen) {
			continue
		}
		over := newStretch(s, time.Time{})
		over.Ended, over.End = slot, Passed
		a.Episodes = r.join(a.Episodes, over, slot)
		joined = true
	}
	return joined
}

// goesOn reports whether an episode went on before this slot. One that this very slot has ended may
// have been judged by a part of the data.
func goesOn(e Episode, slot time.Time) bool {
	return e.Found.Before(slot) && (e.Fires() || e.Ended.Equal(slot) && e.End != Passed)
}

// stretch is an episode that the samples tell of now.
type stretch struct {
	Episode
	// up to when it goes on: what fires now does so up to the end of the samples, although its own
	// newest may be older
	reach time.Time
	well  time.Time // the newest sample before it that is within the limits; zero: there is none
}

// stretch is what a streak tells of an alert.
func newStretch(s *Streak, reach time.Time) stretch {
	return stretch{
		Episode: Episode{
			Since: s.From.UTC(), Open: s.Open, Last: s.To.UTC(), Worst: s.Severity,
			Peak: Number(s.Peak), PeakAt: s.PeakAt.UTC(),
			Event: s.Event.UTC(),
		},
		reach: latest(reach, s.To.UTC()), well: s.Well,
	}
}

// touches reports whether what the samples say now belongs to an episode: they are no further apart
// than KeepFiringFor, or the episode went on, and since its last sample there has been none within
// the limits. A hole, or slots that were missed, are no end.
func (r *RuleResult) touches(e Episode, s stretch, slot time.Time) bool {
	if goesOn(e, slot) && !s.well.After(e.Last) {
		return true
	}
	return !s.Since.After(e.Last.Add(r.KeepFiringFor)) &&
		!e.Since.After(s.reach.Add(r.KeepFiringFor))
}

// join adds s to the episodes; those that it touches become one with it. All but the last have
// ended then.
func (r *RuleResult) join(es []Episode, s stretch, slot time.Time) []Episode {
	s.Found = slot
	out := slices.Clone(es)
	for {
		i := slices.IndexFunc(out, func(e Episode) bool { return r.touches(e, s, slot) })
		if i < 0 {
			break
		}
		s.Episode = r.union(s.Episode, out[i]) // which may touch others
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

// union makes one episode of two. It goes on where either does.
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

// describe lets an alert say what a finding does.
func (r *RuleResult) describe(a *Alert, f *Judged) {
	a.Panel, a.Rule, a.Name = r.ID.Panel, r.ID.Rule, outside.Head(f.Name, maxText)
	a.Labels, a.Identity = bounded(f.Labels), bounded(f.Identity)
	a.Value, a.Capacity, a.Streak = Number(f.Value), Number(f.Capacity), Sighting{}
	if f.Streak != nil {
		a.Streak = f.Streak.Sighting()
	}
}

// grade gives an alert the severity of its worst finding. It falls only by a complete answer, and
// only after KeepFiringFor without a graver sample, so that it does not go up and down with each
// slot.
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

// graveAt returns the newest sample of the findings that fire, or fired when their data ended, with
// a severity.
func graveAt(fs []*Judged, severity Severity) time.Time {
	var at time.Time
	for _, f := range fs {
		if f.Status != Pending && f.Streak.Severity == severity {
			at = latest(at, f.Streak.To.UTC())
		}
	}
	return at
}

// settle ends, by a complete answer, the alerts of a rule that nothing holds up.
func (m *Memory) settle(r *RuleResult, found map[Key][]*Judged, live map[Key]bool, objects *Objects,
	slot time.Time) {
	// how many series with a newest sample each key has; made where it is needed
	var answered map[Key]int
	for k, a := range m.Alerts {
		if a.ID() != r.ID || !a.Fires() || live[k] {
			continue
		}
		if answered == nil {
			answered = r.answered()
		}
		end := Recovered
		switch presence := objects.Presence(series.FromMap(a.Identity)); {
		case answered[k] <= 0 && (!r.BadNewsOnly || presence == PresenceUnknown):
			end = r.silent(&a, found[k], m.Seen[r.ID.String()], presence, slot)
		default:
			a.Silent = time.Time{}
		}
		if last := a.Now().Last; end != "" && slot.Sub(last) >= r.KeepFiringFor {
			a.end(end, slot)
		}
		m.Alerts[k] = a
	}
}

// answered counts the series of each key that have a newest sample.
func (r *RuleResult) answered() map[Key]int {
	n := make(map[Key]int, len(r.Series))
	for _, identity := range r.Series {
		n[KeyOf(r.ID, identity)]++
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Status == NoData || f.Status == Gone {
			n[KeyOf(r.ID, f.Identity)]--
		}
	}
	return n
}

// silent says of an alert without any data that it has none, and how it ends, "" where it goes on.
func (r *RuleResult) silent(a *Alert, fs []*Judged, seen time.Time, presence Presence,
	slot time.Time) End {
	if presence == IsGone || presence == NobodyKnows && r.NoData == ResolveOnNoData {
		return Vanished
	}
	if a.Silent.IsZero() {
		for _, f := range fs {
			a.Silent = latest(a.Silent, f.Newest.UTC())
		}
		if a.Silent.IsZero() {
			a.Silent = seen // it was there then, and now not even its past is
		}
	}
	if slot.Sub(a.Silent) >= forgetAfter {
		return Forgotten
	}
	return ""
}

// end closes the episode that goes on.
func (a *Alert) end(how End, slot time.Time) {
	a.Episodes = slices.Clone(a.Episodes)
	last := &a.Episodes[len(a.Episodes)-1]
	last.Ended, last.End = slot, how
}

// endRemoved ends the alerts of rules that are no longer there.
func (m *Memory) endRemoved(configured []RuleID, slot time.Time) {
	if configured == nil {
		return
	}
	there := map[string]bool{}
	for _, id := range configured {
		there[id.String()] = true
	}
	for k, a := range m.Alerts {
		if !there[a.ID().String()] && k != BlindKey && a.Fires() {
			a.end(Removed, slot)
			m.Alerts[k] = a
		}
	}
	maps.DeleteFunc(m.Seen, func(id string, _ time.Time) bool { return !there[id] })
}

// bound drops what ended long ago and, where there still is too much, what has ended, then the
// least grave of what is new: what is remembered already stays, so that nobody is told of it twice.
// That nothing can be seen always stays.
func (m *Memory) bound(prev Memory, slot time.Time) {
	maps.DeleteFunc(m.Alerts, func(_ Key, a Alert) bool {
		return !a.Fires() && slot.Sub(a.Now().Ended) >= keepEnded
	})
	m.Overflow = 0
	keys := slices.SortedFunc(maps.Keys(m.Alerts), func(k, l Key) int {
		a, b := m.Alerts[k], m.Alerts[l]
		_, knewA := prev.Alerts[k]
		_, knewB := prev.Alerts[l]
		return cmp.Or(
			first(k == BlindKey, l == BlindKey), first(a.Fires(), b.Fires()), first(knewA, knewB),
			cmp.Compare(b.Severity, a.Severity),
			b.Now().Ended.Compare(a.Now().Ended), cmp.Compare(b.Excess(), a.Excess()),
			strings.Compare(string(k), string(l)),
		)
	})
	kept, bytes := 0, 0
	for _, k := range keys {
		a := m.Alerts[k]
		size := len(k) + a.size()
		if kept < maxAlerts && bytes+size <= maxBytes {
			kept, bytes = kept+1, bytes+size
			continue
		}
		if a.Fires() {
			m.Overflow++
		}
		delete(m.Alerts, k)
	}
}

// size is about how many bytes the alert takes as JSON.
func (a *Alert) size() int {
	n := 350 + 250*len(a.Episodes) + len(a.Panel) + len(a.Rule) + len(a.Name)
	for _, labels := range []map[string]string{a.Labels, a.Identity} {
		for name, value := range labels {
			n += len(name) + len(value) + 6
		}
	}
	return n
}

// first orders what is so before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
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

// bounded returns labels as they are remembered: not too many, none too long.
func bounded(ls series.Labels) map[string]string {
	out := make(map[string]string, min(len(ls), maxLabels))
	for _, l := range ls[:min(len(ls), maxLabels)] {
		out[outside.Head(l.Name, maxText)] = outside.Head(l.Value, maxText)
	}
	return out
}
