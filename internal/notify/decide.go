package notify

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// plan holds the messages for one receiver at a slot.
type plan struct {
	messages []*Message
	// fallbackEnds are messages to the receiver's fallback: the ends of alerts that the fallback
	// announced.
	fallbackEnds []*Message
	// skipped are ends that the receiver is never notified of. They are only recorded.
	skipped []Item
}

// decider holds what is the same for all receivers at one slot.
type decider struct {
	slot     time.Time
	alerts   map[rules.Key]rules.Alert
	keys     []rules.Key               // of alerts, sorted
	causes   map[rules.Key]rules.Cause // see causesOf
	silenced map[rules.Key]bool

	unrecorded time.Time                      // see Request
	lasts      map[rules.RuleID]time.Duration // see Request
}

func newDecider(p *Page, slot time.Time) *decider {
	d := &decider{
		slot: slot, alerts: p.Memory.Alerts, causes: causesOf(p.Memory.Alerts),
		silenced: map[rules.Key]bool{},
	}
	d.keys = slices.Sorted(maps.Keys(d.alerts))
	var active []rules.Matchers
	for _, s := range p.Silences {
		if m, err := ParseMatch(s.Match); err == nil && s.Active(slot) {
			// an unreadable silence silences nothing
			active = append(active, m)
		}
	}
	for _, k := range d.keys {
		d.silenced[k] = slices.ContainsFunc(active, func(ms rules.Matchers) bool {
			return ms.Match(d.alerts[k].Label)
		})
	}
	return d
}

// decide compares the alerts with what the receiver was last sent. It is pure.
func (d *decider) decide(r Receiver, e Entry) plan {
	muted := r.Muted != nil && r.Muted(d.slot)
	var p plan
	switch r.Role {
	case RoleChanges:
		p = d.changes(r, e, muted)
	case RoleSummary:
		if !muted && e.Summary.Before(d.slot) {
			p.messages = []*Message{d.summary(r, e)}
		}
	}
	for _, m := range p.messages {
		m.PossibleDuplicate = d.possibleDuplicate(r, m)
	}
	return p
}

// possibleDuplicate reports whether a run at the unrecorded slot would have sent m or a part of it.
func (d *decider) possibleDuplicate(r Receiver, m *Message) bool {
	then := d.unrecorded
	switch {
	case then.IsZero():
		return false
	case m.Kind == KindSummary:
		return !then.Before(d.slot)
	case m.Kind == KindAllClear:
		return !d.firedAfter(then)
	}
	return slices.ContainsFunc(m.Items, func(i Item) bool {
		firesAt := i.Episode.Since.Add(d.lasts[i.Alert.ID()])
		switch m.Kind {
		case KindResolved:
			return !i.Episode.Last.After(then)
		case KindStillFiring:
			return !i.Was.At.Add(r.RepeatInterval).After(then)
		}
		return !firesAt.After(then)
	})
}

// firedAfter reports whether an alert that is remembered still fired after a time.
func (d *decider) firedAfter(then time.Time) bool {
	for _, a := range d.alerts {
		if slices.ContainsFunc(a.Episodes, func(e rules.Episode) bool {
			return e.Fires() || e.Last.After(then)
		}) {
			return true
		}
	}
	return false
}

// resolved returns the messages about ended alerts that a fallback was notified of. e is its entry.
func (d *decider) resolved(r Receiver, e Entry) []*Message {
	ends := slices.DeleteFunc(d.decide(r, e).messages, func(m *Message) bool {
		return m.Kind != KindResolved
	})
	for _, m := range ends {
		m.Rest = d.rest(&e, m.Thread, nil) // nothing joins the fallback's thread
	}
	return ends
}

// changes returns what is new to the receiver.
func (d *decider) changes(r Receiver, e Entry, muted bool) plan {
	var p plan
	all, open := groups{}, d.announced(r, &e)
	for _, k := range d.keys {
		a := d.alerts[k]
		for _, ep := range a.Episodes {
			was, known := e.notified(k, ep)
			item := Item{Key: k, Alert: d.alert(k), Episode: ep, Was: was}
			kind, skip := d.kindOf(r, &e, &item, known, muted)
			if skip {
				p.skipped = append(p.skipped, item)
				continue
			}
			if kind = d.join(open, d.topicOf(r, k), kind, &item); kind != KindNone {
				all.add(kind, d.groupOf(r, k), item)
			}
		}
	}
	d.dropEarlyRepeats(all, r)
	p.messages = r.fold(all.messages(), e.isFirst)
	for _, m := range p.messages {
		m.Thread = commonThread(m.Items)
		m.Rest = d.rest(&e, m.Thread, p.messages)
	}
	slices.SortStableFunc(p.messages, byKind)
	if d.allClear(r, &e, p.messages, muted) {
		p.messages = append(p.messages, &Message{Kind: KindAllClear})
	}
	return p
}

// byKind orders the messages of a run by kind, then by severity. A folded message comes after those
// of one group.
func byKind(a, b *Message) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Folded, b.Folded),
		cmp.Compare(b.Severity(), a.Severity()))
}

// kindOf returns the kind of message that an episode needs. skip says that the episode has ended
// and needs none, ever.
func (d *decider) kindOf(r Receiver, e *Entry, i *Item, known, muted bool) (kind Kind, skip bool) {
	a, quiet := &i.Alert, muted || d.silenced[i.Key]
	switch fires := i.Episode.Fires(); {
	case fires && (!known || i.Was.Ended):
		if quiet || a.Severity < r.MinSeverity || !a.MatchedBy(r.Matchers, a.Severity) {
			return KindNone, false
		}
		i.Was = Notified{} // it fires again: a message of its own
		return KindNew, false
	case fires:
		if quiet {
			return KindNone, false
		}
		return d.kindOfFiring(r, i), false
	case known && i.Was.Ended, !known && i.Episode.Ended.Before(e.First):
		return KindNone, false
	case known:
		if r.SendResolved && muted {
			return KindNone, false // later
		}
		return KindResolved, !r.SendResolved
	}
	return KindSeenLate, quiet || i.Episode.Worst < r.MinSeverity ||
		!a.MatchedBy(r.Matchers, i.Episode.Worst) || i.Episode.End == rules.Removed
}

// kindOfFiring returns the kind of message for an alert that the receiver knows and that still
// fires.
func (d *decider) kindOfFiring(r Receiver, i *Item) Kind {
	silent := !i.Alert.Silent.IsZero()
	switch {
	case i.Alert.Severity > i.Was.Severity:
		return KindWorse
	case silent && !i.Was.Silent:
		return KindNoData
	case i.Alert.Severity < i.Was.Severity:
		return KindBetter
	case r.RepeatInterval > 0 && i.Alert.Severity >= r.MinSeverity &&
		i.Alert.MatchedBy(r.Matchers, i.Alert.Severity):
		return KindStillFiring // dropEarlyRepeats decides
	}
	return KindNone
}

// dropEarlyRepeats drops repetitions before the repeat interval. If one alert is repeated, those
// join it that were last sent more than half an interval ago, so that alerts do not come back one
// by one forever. With group_by, the whole group of the alert joins it, and no other.
func (d *decider) dropEarlyRepeats(all groups, r Receiver) {
	isOld := func(i Item) bool { return !d.slot.Before(i.Was.At.Add(r.RepeatInterval)) }
	repeats := false
	for _, m := range all {
		repeats = repeats || m.Kind == KindStillFiring && m.Items[0].Key != rules.BlindKey &&
			slices.ContainsFunc(m.Items, isOld)
	}
	maps.DeleteFunc(all, func(_ string, m *Message) bool {
		switch {
		case m.Kind != KindStillFiring:
			return false
		case r.GroupBy != nil || m.Items[0].Key == rules.BlindKey || !repeats:
			return !slices.ContainsFunc(m.Items, isOld)
		}
		m.Items = slices.DeleteFunc(m.Items, func(i Item) bool {
			return d.slot.Before(i.Was.At.Add(r.RepeatInterval / 2))
		})
		return len(m.Items) == 0
	})
}

// commonThread returns the receipt of the message that announced all items, or the zero value if
// there is no single one.
func commonThread(items []Item) Receipt {
	thread := items[0].Was.Receipt
	if slices.ContainsFunc(items, func(i Item) bool { return i.Was.Receipt != thread }) {
		return Receipt{}
	}
	return thread
}

// worstFirst orders items by severity, then by how far they are beyond the limit, relative to it.
func worstFirst(a, b Item) int {
	return cmp.Or(
		cmp.Compare(b.Alert.Severity, a.Alert.Severity),
		cmp.Compare(b.Alert.Excess(), a.Alert.Excess()),
		strings.Compare(string(a.Key), string(b.Key)),
	)
}

// rest returns the alerts of a thread that still fire, also those that join it with one of the
// planned messages, the worst first.
func (d *decider) rest(e *Entry, thread Receipt, planned []*Message) []Item {
	if thread == (Receipt{}) {
		return nil
	}
	var out []Item
	for _, k := range d.keys {
		now := d.alerts[k].Now()
		if was, known := e.notified(k, now); known && now.Fires() && !was.Ended &&
			was.Receipt == thread {
			out = append(out, Item{Key: k, Alert: d.alert(k), Episode: now, Was: was})
		}
	}
	for _, m := range planned {
		if m.Kind != KindJoined {
			continue
		}
		for _, i := range m.Items {
			if i.Was.Receipt == thread {
				out = append(out, i)
			}
		}
	}
	slices.SortStableFunc(out, worstFirst)
	return out
}

// allClear reports whether nothing fires anymore of what the receiver was or is now notified of.
func (d *decider) allClear(r Receiver, e *Entry, planned []*Message, muted bool) bool {
	if !r.AllClear || !e.Alarmed || muted || slices.ContainsFunc(planned, func(m *Message) bool {
		return m.Kind == KindNew || m.Kind == KindJoined
	}) {
		return false
	}
	return !slices.ContainsFunc(d.keys, func(k rules.Key) bool {
		now := d.alerts[k].Now()
		was, known := e.notified(k, now)
		return now.Fires() && known && !was.Ended
	})
}

// firstSummary is how far back the first summary of a receiver looks for ended alerts.
const firstSummary = 24 * time.Hour

// summary returns a message with what fires, and what has ended since the previous summary.
func (d *decider) summary(r Receiver, e Entry) *Message {
	m := &Message{Kind: KindSummary, Least: r.MinSeverity}
	since := e.Summary
	if since.IsZero() {
		since = d.slot.Add(-firstSummary)
	}
	m.Since = since
	for _, k := range d.keys {
		a := d.alerts[k]
		now, severity := a.Now(), a.Severity
		if !now.Fires() {
			severity = now.Worst
		}
		if now.Worst < r.MinSeverity || !now.Fires() && !now.Ended.After(since) ||
			!a.MatchedBy(r.Matchers, severity) {
			continue
		}
		if d.silenced[k] {
			if !a.IsBlindness() {
				m.Silenced++
			}
			continue
		}
		m.Items = append(m.Items, Item{Key: k, Alert: a, Episode: now})
	}
	slices.SortStableFunc(m.Items, func(a, b Item) int {
		if a.Episode.Fires() != b.Episode.Fires() {
			if a.Episode.Fires() {
				return -1
			}
			return 1
		}
		return worstFirst(a, b)
	})
	return m
}
