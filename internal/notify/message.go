package notify

import (
	"fmt"

	"github.com/promsnap/promsnap/internal/rules"
)

// Kind is what a message says of its alerts. The order is that in which the messages of a slot are
// sent.
type Kind uint8

// The kinds. The zero value is none.
const (
	KindNone        Kind = iota
	KindNew              // fires, and this receiver has not been told: a new message
	KindWorse            // was a warning, is critical
	KindNoData           // fires still, as far as one knows: its series is silent
	KindBetter           // was critical, is a warning
	KindSeenLate         // fired and ended before this receiver could be told
	KindResolved         // is over; Alert's episode says how it ended
	KindStillFiring      // goes on, repeat_interval after it was last told
	KindAllClear         // nothing fires any more of what this receiver was told of; no items
	KindSummary          // everything that fires, and what has ended since the last summary
	KindTest             // a test of the receiver; no items
)

var kindNames = [...]string{
	KindNone: "none", KindNew: "new", KindWorse: "worse", KindNoData: "no_data",
	KindBetter: "better", KindSeenLate: "seen_late",
	KindResolved: "resolved", KindStillFiring: "still_firing", KindAllClear: "all_clear",
	KindSummary: "summary", KindTest: "test",
}

// String is the kind in a word: new, worse, no_data, better, seen_late, resolved, still_firing,
// all_clear, summary, test.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("%d", uint8(k))
}

// Pages tells whether a message of this kind is to disturb somebody.
func (k Kind) Pages() bool { return k == KindNew || k == KindWorse || k == KindStillFiring }

// Message is what a receiver is told in one go: alerts of one group about which there is the same
// to say. That promsnap can see nothing (rules.BlindKey) is a message of its own, except in a
// summary.
type Message struct {
	Kind Kind
	// the values of the receiver's GroupBy labels, in its order; nil of several groups, a summary
	// and the like
	Group []string
	Items []Item // the worst first
	// Folded is how many messages this one stands for, because there were more than the receiver's
	// limits allow. 0: it is one of its own.
	Folded int

	// Least is the severity below which a summary counts findings and does not list them; zero: it
	// lists all.
	Least rules.Severity
	// Silenced is how many alerts a summary would count, were they not silenced: its report still
	// shows them.
	Silenced int

	// Thread is the receipt of the message that told of these alerts first; zero where there is
	// none (KindNew, KindSeenLate).
	Thread Receipt
	// Remaining is how many alerts that were told under Thread still fire after this message. 0:
	// all that it told of is over.
	Remaining int

	// PossibleDuplicate says that a run before this one may have told the same: it ended, or lost
	// the answer, between sending and writing down that it had sent. The reader must be told so.
	PossibleDuplicate bool
	// InsteadOf names the receiver that could not be told, where this is its fallback.
	InsteadOf string
}

// Severity returns the gravest severity of the items that fire.
func (m *Message) Severity() rules.Severity {
	worst := rules.None
	for _, i := range m.Items {
		if i.Episode.Fires() {
			worst = max(worst, i.Alert.Severity)
		}
	}
	return worst
}

// Item is one alert of a message.
type Item struct {
	Key   rules.Key
	Alert rules.Alert
	// Episode is the one that the message is about: the alert's last, or, of KindResolved and
	// KindSeenLate, one before it.
	Episode rules.Episode
	// Was is what the receiver was told before of this episode; zero where nothing.
	Was Notified
}
