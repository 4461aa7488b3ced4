// Package notify decides what each receiver is told, and tells it: archives first, then people,
// each compared with what it was last told. The receivers are its subpackages; notify/notifytest is
// the contract that every one of them passes.
package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// Delivery is one thing on its way to one receiver. It is read only, and may be delivered again
// after an error.
type Delivery struct {
	Report *report.Report
	// Files are index.html, report.json and a PNG for each panel; none where the report could not
	// be drawn, which is no reason not to tell people.
	Files []report.File
	// Message is what is to be told. Nil for a receiver that archives (RoleArchive) or mirrors
	// (RoleMirror).
	Message *Message
	// Archived is what the archives gave back for this report, in the configuration's order: where
	// a reader finds it.
	Archived []Receipt
	// Unarchived is which archives do not have this report, and why: "receiver: why".
	Unarchived []string
	// Memory is every alert that fires or has ended lately, whoever was told of it. A mirror hands
	// it on.
	Memory rules.Memory
	// MemoryLost says why it is not known what was told before, so that this may be a repetition,
	// and the reader must be told so. "": it is known.
	MemoryLost string
	// Unwritten says that this could not be written down before it was told, so that the next run
	// may repeat it. So it is of a run whose memory is lost, which writes nothing.
	Unwritten bool
	// Details are the answers of the panels' detail queries about alerts that fire, such as the
	// pods that take most of a node, each a line's part, the largest first: "shop/checkout-7d9f 22
	// GiB". Nil: nobody asked.
	Details map[rules.Key][]string
	// History is what a summary says of the checks behind it. Nil: not known.
	History *History
	// Interval is the time between two runs of the report, the longest where they are not evenly
	// apart. 0: not known.
	Interval time.Duration
	// Run is what became of the run before this delivery.
	Run Run
}

// Run is what became of a run so far.
type Run struct {
	Took      time.Duration // since the run began
	Delivered int           // things that receivers were given
	Failed    int           // things that they could not be given
}

// Receipt is what a receiver gave back. It is kept until the alert is over, and never holds a
// secret.
type Receipt struct {
	// where a person finds what was delivered: a path or a link
	Location string    `json:"location,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`  // when the link stops working; zero: it does not
	Channel  string    `json:"channel,omitempty"` // in the receiver's own terms: Slack's channel ID
	// of the message, in the receiver's own terms: Slack's ts
	ID string `json:"id,omitempty"`
}

// Notifier is a receiver. Notify delivers all of d, or returns an error. It returns no later than
// ctx ends.
//
// The same delivery again is no error. A receiver that keeps what it is given (RoleArchive) keeps
// it once; one that tells people tells them again, which is why Deliver is the one that remembers.
//
// Notify does not try again: Deliver does, and goes by the error. RetryError: nothing was
// delivered, and it may be later. RefusedError: nothing was delivered, nor would it be. Any other:
// not known, such as an answer that was lost; what is then delivered again has
// Message.PossibleDuplicate. No error and no receipt shows a secret.
//
// The receipt is of the message that replies belong under from then on: of one that replied to
// Message.Thread it is that of the thread, unless the thread is gone.
type Notifier interface {
	Notify(ctx context.Context, d Delivery) (Receipt, error)
}

// RetryError says that nothing was delivered and that it is worth another try.
type RetryError struct {
	After time.Duration // how long the receiver asked to wait, from Retry-After; 0: it did not say
	Err   error
}

func (e *RetryError) Error() string {
	if e.After > 0 {
		return fmt.Sprintf("%v (asked to wait %s)", e.Err, e.After)
	}
	return e.Err.Error()
}

// Unwrap returns what went wrong.
func (e *RetryError) Unwrap() error { return e.Err }

// RefusedError says that nothing was delivered and that trying again would not help: a wrong token,
// a channel that does not exist.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *RefusedError) Unwrap() error { return e.Err }

// LateError says that nothing was delivered because no time was left for it. Another run may have
// more.
type LateError struct{ Err error }

func (e *LateError) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *LateError) Unwrap() error { return e.Err }

// Role is when a receiver is called, and with what.
type Role uint8

// The roles.
const (
	// RoleChanges tells people what is new, worse, better, over or still so: nothing where nothing
	// is. The zero value.
	RoleChanges Role = iota
	// RoleSummary tells people once each slot what there is, and never pages.
	RoleSummary
	// RoleArchive keeps the files of each slot, before anybody is told.
	RoleArchive
	// RoleArchiveOnChange keeps the files of the slots in which somebody is told something.
	RoleArchiveOnChange
	// RoleMirror is handed the report and all alerts on every run, for systems that compare by
	// themselves: Alertmanager, Pushgateway, a webhook.
	RoleMirror
)

func (r Role) archives() bool { return r == RoleArchive || r == RoleArchiveOnChange }
func (r Role) tells() bool    { return r == RoleChanges || r == RoleSummary }

// Receiver is a Notifier and what it wants to be told.
type Receiver struct {
	Name     string // in the configuration; the ledger knows it by this
	Notifier Notifier
	Role     Role

	MinSeverity  rules.Severity // alerts below are not told; zero: all are
	SendResolved bool
	// one more message when the last of the alerts that it was told of is over
	AllClear       bool
	RepeatInterval time.Duration // an alert that goes on is told again after this long; 0: never
	// GroupBy are the labels whose values alerts of one message share; also alertname, severity and
	// panel. Nil: alertname.
	GroupBy []string
	Limits  Limits // of the messages of one run
	// Muted tells whether the receiver wants no message at a slot (mute_time_intervals). What still
	// fires is told when that is over, and the end of what it was told of; what came and went is
	// not. Nil: never.
	Muted func(slot time.Time) bool
	// Fallback is told instead where this one cannot be. Nil: nobody.
	Fallback *Fallback
}

// Fallback is the receiver that stands in for another one.
type Fallback struct {
	Name     string
	Notifier Notifier
	Limits   Limits // as of a Receiver
}
