// Package notify decides what each receiver is sent, and sends it: first to archives, then to
// people. It compares the alerts with what each receiver was last sent. The receivers are its
// subpackages; each of them passes the contract in notify/notifytest.
package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// Delivery is one thing that is delivered to one receiver. It is read only, and may be delivered
// again after an error.
type Delivery struct {
	Report *report.Report
	// Files are index.html, report.json and a PNG for each panel. They are empty if the report
	// could not be drawn, or if nobody needs them; people are notified anyway.
	Files []report.File
	// Message is the message to send. Nil for a receiver that archives (RoleArchive) or mirrors
	// (RoleMirror).
	Message *Message
	// Archived has the receipts of the archives for this report, in the configuration's order.
	// Readers find the report there.
	Archived []Receipt
	// Pictures are links to the report's pictures in an archive, by file name, without a login.
	Pictures map[string]string
	// Unarchived lists the archives that do not have this report, as "receiver: why".
	Unarchived []string
	// Memory has every alert that fires or ended lately, whoever was notified of it. Mirrors pass
	// it on.
	Memory rules.Memory
	// MemoryLost is why it is unknown what was sent before. The message may be a repetition and
	// must say so. "": it is known.
	MemoryLost string
	// Unwritten says that the message could not be recorded before it was sent, so the next run may
	// repeat it. It is also set if the memory is lost, because such a run writes nothing.
	Unwritten bool
	// Details are the answers of the panels' detail queries about firing alerts, such as the pods
	// that use most of a node. Each is part of a line, the largest first: "shop/checkout-7d9f 22
	// GiB". Nil: nothing was queried.
	Details map[rules.Key][]string
	// Changes are what changed on the objects of firing alerts before they began; see
	// report.Finding.Changes. Nil: nobody looked.
	Changes map[rules.Key][]string
	// History is what a summary says about the checks behind it. Nil: unknown.
	History *History
	// Interval is the time between two runs of the report, the longest if it varies. 0: unknown.
	Interval time.Duration
	// Run is what the run did before this delivery.
	Run Run
}

// Run is what a run has done so far.
type Run struct {
	Took      time.Duration // since the run began
	Delivered int           // successful deliveries
	Failed    int           // failed deliveries
}

// Receipt is what a receiver returned. It is kept until the alert ends, and never holds a secret.
type Receipt struct {
	// Location is where a person finds what was delivered: a path or a link.
	Location string    `json:"location,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`  // when the link stops working; zero: never
	Channel  string    `json:"channel,omitempty"` // the receiver's own ID: Slack's channel ID
	// ID is the receiver's own ID of the message: Slack's ts, an e-mail's Message-ID.
	ID string `json:"id,omitempty"`
	// Subject is that of an e-mail. Replies have the same one.
	Subject string `json:"subject,omitempty"`
}

// Notifier is a receiver. Notify delivers all of d, or returns an error. It returns when ctx ends,
// at the latest.
//
// Delivering the same thing again is no error. A receiver that keeps files (RoleArchive) keeps them
// once. One that notifies people notifies them again; Deliver remembers what was sent.
//
// Notify does not retry: Deliver does, depending on the error. A RetryError says that nothing was
// delivered and a retry may help. A RefusedError says that nothing was delivered and a retry would
// not help. After any other error, such as a lost answer, it is unknown; Deliver then sets
// Message.PossibleDuplicate when it retries. No error and no receipt shows a secret.
//
// Notify returns the receipt of the message to which later replies belong. For a reply that is
// Message.Thread, unless the thread is gone.
type Notifier interface {
	Notify(ctx context.Context, d Delivery) (Receipt, error)
}

// Linker is an archive that can link the pictures of a report.
type Linker interface {
	// Links returns links to the pictures of a report that was delivered, by file name. They work
	// without a login, as long as the link in the receipt.
	Links(ctx context.Context, d Delivery) (map[string]string, error)
}

// RetryError says that nothing was delivered and that a retry may help.
type RetryError struct {
	After time.Duration // how long the receiver asked to wait (Retry-After); 0: it did not ask
	Err   error
}

func (e *RetryError) Error() string {
	if e.After > 0 {
		return fmt.Sprintf("%v (asked to wait %s)", e.Err, e.After)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// RefusedError says that nothing was delivered and that a retry would not help: a wrong token, a
// channel that does not exist.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// LateError says that nothing was delivered because no time was left. Another run may have more.
type LateError struct{ Err error }

func (e *LateError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *LateError) Unwrap() error { return e.Err }

// Role says when a receiver is called, and with what.
type Role uint8

// The roles.
const (
	// RoleChanges notifies people of what is new, worse, better, resolved or repeated, and sends
	// nothing if nothing changed. The zero value.
	RoleChanges Role = iota
	// RoleSummary sends people a summary of each slot, and never pages.
	RoleSummary
	// RoleArchive keeps the files of each slot, before any message is sent.
	RoleArchive
	// RoleArchiveOnChange keeps the files of the slots in which a message is sent.
	RoleArchiveOnChange
	// RoleMirror gets the report and all alerts on every run, for systems that compare by
	// themselves: Alertmanager, Pushgateway, a webhook.
	RoleMirror
)

func (r Role) archives() bool { return r == RoleArchive || r == RoleArchiveOnChange }
func (r Role) notifies() bool { return r == RoleChanges || r == RoleSummary }

// Receiver is a Notifier and what it wants to receive.
type Receiver struct {
	Name     string // in the configuration and in the ledger
	Notifier Notifier
	Role     Role

	// Matchers choose the alerts that the receiver is notified of, and what summaries and programs
	// see of the report; empty: all. What a receiver was notified of is followed to its end, even
	// if it no longer matches.
	Matchers     rules.Matchers
	MinSeverity  rules.Severity // alerts below it are not sent; zero: all are sent
	SendResolved bool
	// AllClear adds a message when the last alert that the receiver was notified of has ended.
	AllClear       bool
	RepeatInterval time.Duration // after which a firing alert is sent again; 0: never
	// GroupBy are the labels whose values the alerts of one message share; also alertname, severity
	// and panel. Nil: the alerts of one message share their cause (rules.Cause).
	GroupBy []string
	Limits  Limits // of the messages of one run
	// Attaches reports whether messages of a kind have the files of the report, which is then drawn
	// also if no archive keeps it. Nil: none.
	Attaches func(Kind) bool
	// Muted reports whether the receiver wants no message at a slot (mute_time_intervals). After
	// the mute it gets what still fires, and the ends of alerts that it was notified of, but not
	// alerts that fired and ended meanwhile. Nil: never.
	Muted func(slot time.Time) bool
	// Fallback gets the messages if this receiver fails. Nil: none.
	Fallback *Fallback
}

// Fallback is a receiver that replaces another one that fails.
type Fallback struct {
	Name     string
	Notifier Notifier
	Limits   Limits // as of a Receiver
}
