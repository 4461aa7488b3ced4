package notify

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/rules"
)

// plan is what one receiver is to be told at a slot.
type plan struct {
	messages []*Message
	// ends are what who stood in for the receiver is to be told: that what it was told of is over.
	ends []*Message
	// skipped are ends that the receiver is not to be told of, now or later: they are written down,
	// and that is all.
	skipped []Item
}

// decider holds what all receivers of one slot have in common.
type decider struct {
	slot     time.Time
	alerts   map[rules.Key]rules.Alert
	keys     []rules.Key // of alerts, sorted
	silenced map[rules.Key]bool

	unrecorded time.Time                      // see Request
	lasts      map[rules.RuleID]time.Duration // see Request
}

func newDecider(p *Page, slot time.Time) *decider {
	d := &decider{slot: slot, alerts: p.Memory.Alerts, silenced: map[rules.Key]bool{}}
	d.keys = slices.Sorted(maps.Keys(d.alerts))
	var active [][]*labels.Matcher
	for _, s := range p.Silences {
		if m, err := ParseMatch(s.Match); err == nil && s.Active(slot) {
			// one that cannot be read silences nothing
			active = append(active, m)
		}
	}
	for _, k := range d.keys {
		d.silenced[k] = slices.ContainsFunc(active, func(m []*labels.Matcher) bool {
			return matches(m, d.alerts[k])
		})
	}
	return d
}

// decide compares what there is with what the receiver was last told. It is pure.
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
		m.PossibleDuplicate = d.mayRepeat(r, m)
	}
	return p
}

// mayRepeat tells whether a run at the unrecorded slot would have told m, or a part of it.
func (d *decider) mayRepeat(r Receiver, m *Message) bool {
	then := d.unrecorded
	switch {
	case then.IsZero():
		return false
	case m.Kind == KindSummary:
		return !then.Before(d.slot)
	case m.Kind == KindAllClear:
		return true
	}
	return slices.ContainsFunc(m.Items, func(i Item) bool {
		fired := i.Episode.Since.Add(d.lasts[i.Alert.ID()])
		switch m.Kind {
		case KindResolved:
			return !i.Episode.Last.After(then)
		case KindStillFiring:
			return !i.Was.At.Add(r.RepeatInterval).After(then)
		}
		return !fired.After(then)
	})
}

// ends are the ends of what a stand-in was told, by its own entry.
func (d *decider) ends(r Receiver, e Entry) []*Message {
	return slices.DeleteFunc(d.decide(r, e).messages, func(m *Message) bool {
		return m.Kind != KindResolved
	})
}

// changes says what is new to the receiver.
func (d *decider) changes(r Receiver, e Entry, muted bool) plan {
	var p plan
	groups := map[string]*Message{}
	for _, k := range d.keys {
		a := d.alerts[k]
		for _, ep := range a.Episodes {
			was, known := e.told(k, ep)
			item := Item{Key: k, Alert: a, Episode: ep, Was: was}
			kind, skip := d.news(r, &e, &item, known, muted)
			switch {
			case skip:
				p.skipped = append(p.skipped, item)
			case kind != KindNone:
				add(groups, r, kind, item)
			}
		}
	}
	d.dropUndue(groups, r)
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		slices.SortStableFunc(groups[id].Items, worstFirst)
		p.messages = append(p.messages, groups[id])
	}
	p.messages = r.Limits.fold(p.messages)
	for _, m := range p.messages {
		m.Thread = commonThread(m.Items)
		m.Remaining = d.remaining(&e, m)
	}
	slices.SortStableFunc(p.messages, inOrder)
	if d.allClear(r, &e, p.messages, muted) {
		p.messages = append(p.messages, &Message{Kind: KindAllClear})
	}
	return p
}

// inOrder orders the messages of a run: by kind, then by severity, a rest of many groups behind
// those of one.
func inOrder(a, b *Message) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Folded, b.Folded),
		cmp.Compare(b.Severity(), a.Severity()))
}

// news says what there is to say of one episode, or that it is over and not to be spoken of.
func (d *decider) news(r Receiver, e *Entry, i *Item, known, muted bool) (kind Kind, skip bool) {
	a, quiet := &i.Alert, muted || d.silenced[i.Key]
	switch fires := i.Episode.Fires(); {
	case fires && (!known || i.Was.Ended):
		if quiet || a.Severity < r.MinSeverity {
			return KindNone, false
		}
		i.Was = Notified{} // it is new again, in a message of its own
		return KindNew, false
	case fires:
		if quiet {
			return KindNone, false
		}
		return d.goesOn(r, i), false
	case known && i.Was.Ended, !known && i.Episode.Ended.Before(e.First):
		return KindNone, false
	case known:
		if r.SendResolved && muted {
			return KindNone, false // later
		}
		return KindResolved, !r.SendResolved
	}
	return KindSeenLate, quiet || i.Episode.Worst < r.MinSeverity || i.Episode.End == rules.Removed
}

// goesOn says what there is to say of an alert that the receiver knows and that fires still.
func (d *decider) goesOn(r Receiver, i *Item) Kind {
	silent := !i.Alert.Silent.IsZero()
	switch {
	case i.Alert.Severity > i.Was.Severity:
		return KindWorse
	case silent && !i.Was.Silent:
		return KindNoData
	case i.Alert.Severity < i.Was.Severity:
		return KindBetter
	case r.RepeatInterval > 0 && i.Alert.Severity >= r.MinSeverity:
		return KindStillFiring // if any of its group is due
	}
	return KindNone
}

// dropUndue drops the repetitions of groups of which none is due. Where one is, the whole group is
// repeated, so that its alerts do not come one by one for ever after.
func (d *decider) dropUndue(groups map[string]*Message, r Receiver) {
	maps.DeleteFunc(groups, func(_ string, m *Message) bool {
		return m.Kind == KindStillFiring && !slices.ContainsFunc(m.Items, func(i Item) bool {
			return !d.slot.Before(i.Was.At.Add(r.RepeatInterval))
		})
	})
}

// add puts an item into the message of its kind, group and thread. A repetition has the group for
// itself, whatever its threads; and so has that promsnap can see nothing, whatever the receiver
// groups by. Groups that one message told of, because the receiver's limits folded them, share
// their replies too.
func add(groups map[string]*Message, r Receiver, kind Kind, i Item) {
	group := groupOf(i.Alert, r.GroupBy)
	id := []string{string(rune(kind))}
	if i.Key == rules.BlindKey {
		id[0] += string(i.Key)
	}
	told := i.Was.Receipt
	if r.Limits.Messages <= 0 || kind == KindStillFiring || told.ID == "" {
		id = append(id, group...)
	}
	if kind != KindStillFiring {
		id = append(id, told.Channel, told.ID, told.Location)
	}
	key := strings.Join(id, "\xff") // in no UTF-8 text
	m := groups[key]
	if m == nil {
		m = &Message{Kind: kind, Group: group}
		groups[key] = m
	} else if !slices.Equal(m.Group, group) {
		m.Group = nil
	}
	m.Items = append(m.Items, i)
}

// groupOf returns the values that alerts of one message share.
func groupOf(a rules.Alert, by []string) []string {
	if by == nil {
		by = []string{labels.AlertName}
	}
	values := make([]string, len(by))
	for i, name := range by {
		values[i] = label(a, name)
	}
	return values
}

// label returns what group_by and silences know an alert by: its labels, and what is not among
// them.
func label(a rules.Alert, name string) string {
	switch name {
	case labels.AlertName:
		return a.Rule
	case "severity":
		return a.Severity.String()
	case "panel":
		return a.Panel
	}
	if v, ok := a.Identity[name]; ok {
		return v
	}
	return a.Labels[name]
}

// commonThread returns the receipt of the message that told of all items, the zero value where
// there is none such.
func commonThread(items []Item) Receipt {
	thread := items[0].Was.Receipt
	if slices.ContainsFunc(items, func(i Item) bool { return i.Was.Receipt != thread }) {
		return Receipt{}
	}
	return thread
}

// worstFirst orders items: by severity, then by how far beyond the limit they are as a share of it.
func worstFirst(a, b Item) int {
	return cmp.Or(
		cmp.Compare(b.Alert.Severity, a.Alert.Severity),
		cmp.Compare(b.Alert.Excess(), a.Alert.Excess()),
		strings.Compare(string(a.Key), string(b.Key)),
	)
}

// remaining counts the alerts that were told under m's thread and still fire when m has been told.
func (d *decider) remaining(e *Entry, m *Message) int {
	if m.Thread == (Receipt{}) {
		return 0
	}
	n := 0
	for _, k := range d.keys {
		now := d.alerts[k].Now()
		if was, known := e.told(k, now); known && now.Fires() && !was.Ended &&
			was.Receipt == m.Thread {
			n++
		}
	}
	return n
}

// allClear tells whether nothing fires any more of what the receiver was or is now told of.
func (d *decider) allClear(r Receiver, e *Entry, planned []*Message, muted bool) bool {
	if !r.AllClear || !e.Alarmed || muted || slices.ContainsFunc(planned, func(m *Message) bool {
		return m.Kind == KindNew
	}) {
		return false
	}
	return !slices.ContainsFunc(d.keys, func(k rules.Key) bool {
		now := d.alerts[k].Now()
		was, known := e.told(k, now)
		return now.Fires() && known && !was.Ended
	})
}

// firstSummary is how far the first summary of a receiver looks back for what has ended.
const firstSummary = 24 * time.Hour

// summary holds what fires, and what has ended since the summary before.
func (d *decider) summary(r Receiver, e Entry) *Message {
	m := &Message{Kind: KindSummary, Least: r.MinSeverity}
	since := e.Summary
	if since.IsZero() {
		since = d.slot.Add(-firstSummary)
	}
	for _, k := range d.keys {
		a := d.alerts[k]
		now := a.Now()
		if now.Worst < r.MinSeverity || !now.Fires() && !now.Ended.After(since) {
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
