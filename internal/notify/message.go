package notify

import (
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// Kind is what a message says about its alerts. The messages of a slot are sent in this order.
type Kind uint8

// The kinds. The zero value is none.
const (
	KindNone        Kind = iota
	KindNew              // fires, and this receiver was not notified: a new message
	KindJoined           // like KindNew, but an open message about the same cause exists: a reply
	KindWorse            // was a warning, is critical
	KindNoData           // still fires as far as is known, but its series has no data
	KindBetter           // was critical, is a warning
	KindSeenLate         // fired and ended before this receiver could be notified
	KindResolved         // has ended; the episode says how
	KindStillFiring      // still fires, repeat_interval after the last message
	KindAllClear         // nothing fires anymore of what this receiver was notified of; no items
	KindSummary          // everything that fires, and what has ended since the last summary
	KindTest             // a test of the receiver; no items
)

var kindNames = [...]string{
	KindNone: "none", KindNew: "new", KindJoined: "joined", KindWorse: "worse",
	KindNoData: "no_data", KindBetter: "better", KindSeenLate: "seen_late",
	KindResolved: "resolved", KindStillFiring: "still_firing", KindAllClear: "all_clear",
	KindSummary: "summary", KindTest: "test",
}

// String returns the kind as a word: new, joined, worse, no_data, better, seen_late, resolved,
// still_firing, all_clear, summary, test.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("%d", uint8(k))
}

// Message is what a receiver is sent at once: alerts of one group that need the same kind of
// message. The alert PromsnapBlind (rules.BlindKey) has a message of its own, except in a summary.
type Message struct {
	Kind Kind
	// Group has the values of the receiver's GroupBy labels, in their order. By default it has the
	// alertname, or the kind, cluster, namespace and name of the cause that explains the alerts. It
	// is nil if there are several groups, as in a summary.
	Group []string
	Items []Item // the worst first
	// Folded is how many messages were joined into this one because of the receiver's limits. 0:
	// not joined, or a repetition. A message that starts a thread is then a digest: it holds all of
	// its kind. A reply holds the rest of its kind.
	Folded int

	// Least is the severity below which a summary counts findings instead of listing them; zero: it
	// lists all.
	Least rules.Severity
	// Since is the slot of the summary before a summary, or, of the first, a day before it.
	Since time.Time
	// Silenced is how many alerts a summary leaves out because they are silenced. Its report still
	// shows them.
	Silenced int

	// Thread is the receipt of the message that first announced these alerts. For KindJoined and
	// KindSeenLate it is that of an open message about their cause. Zero: there is none, as for
	// KindNew.
	Thread Receipt
	// Rest are the alerts announced in Thread that still fire after this message, the worst first.
	// Nil: all have ended.
	Rest []Item

	// PossibleDuplicate says that an earlier run may have sent the same message: it ended, or lost
	// the answer, between sending and recording. The message must say so.
	PossibleDuplicate bool
	// InsteadOf is the receiver that could not be notified, if this message goes to its fallback.
	InsteadOf string
}

// Pages reports whether the message may disturb somebody. A message of KindJoined does if an alert
// is worse than what was announced, or is about another object.
func (m *Message) Pages() bool {
	switch m.Kind {
	case KindNew, KindWorse, KindStillFiring:
		return true
	case KindJoined:
		return slices.ContainsFunc(m.Items, func(i Item) bool {
			return i.Alert.Severity > i.Was.Severity || i.Another
		})
	}
	return false
}

// Severity returns the highest severity of the items that fire.
func (m *Message) Severity() rules.Severity {
	worst := rules.None
	for _, i := range m.Items {
		if i.Episode.Fires() {
			worst = max(worst, i.Alert.Severity)
		}
	}
	return worst
}

// Alerts returns the alerts of the message that have ended and that fire now, for receivers that
// know each alert by its key: an event must say what its alert is now, whatever the kind of the
// message, because messages of a run are sorted by kind. An alert of which an earlier episode has
// ended, and that fires again, is in neither.
func (m *Message) Alerts() (ended, firing []Item) {
	done := map[rules.Key]bool{} // a message may have two episodes of one alert
	for _, i := range m.Items {
		fires := i.Alert.Fires()
		if done[i.Key] || fires && !i.Episode.Fires() {
			continue
		}
		done[i.Key] = true
		if fires {
			firing = append(firing, i)
		} else {
			ended = append(ended, i)
		}
	}
	return ended, firing
}

// Item is one alert in a message.
type Item struct {
	Key rules.Key
	// Alert is as in the state. But its cause is the one that its message has, except in a summary:
	// it may be a node that went down shortly after the alert was found.
	Alert rules.Alert
	// Episode is what the message is about: the alert's last episode, or an earlier one for
	// KindResolved and KindSeenLate.
	Episode rules.Episode
	// Was is what the receiver was sent about this episode before; zero: nothing. If Thread is an
	// open message about the cause, it is what the receiver was sent about that: the highest
	// severity, and the message's receipt.
	Was Notified
	// Another is set for KindJoined if many objects can share the cause, such as a rule, and this
	// object was not announced yet.
	Another bool
}
