package app

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// Result is the result of one report.
type Result struct {
	Report    *report.Report
	Receipt   notify.Receipt // where it was written
	Sent      []notify.Sent  // to Receivers
	Drafts    []Draft        // of a DryRun
	ClaimedBy *notify.Claim  // of another run that is sending; this one sent nothing
	Notes     []string       // what did not work, but does not make the run a failure
	// Err says that the report could not be drawn or delivered, or that what was sent could not be
	// recorded.
	Err   error
	blind bool // PromsnapBlind fires
	// blindSince is since when; zero: it does not fire
	blindSince time.Time
}

// Outcome is the result of a run: one Result for each report, in their order.
type Outcome struct{ Results []Result }

// failed reports whether a query or a delivery failed, every answer was incomplete, or
// PromsnapBlind fires.
func (r *Result) failed() bool {
	return r.Err != nil || len(r.Report.Failures) > 0 || r.blind || r.Report.AllPartial() ||
		len(r.Report.BlindClusters) > 0
}

// Failed reports whether a query or a delivery failed, every answer was incomplete, or
// PromsnapBlind fires.
func (o Outcome) Failed() bool {
	return slices.ContainsFunc(o.Results, func(r Result) bool { return r.failed() })
}

// Worst returns the highest severity that fires in any report.
func (o Outcome) Worst() rules.Severity {
	worst := rules.None
	for _, r := range o.Results {
		worst = max(worst, r.Report.Worst())
	}
	return worst
}

// UnknownReportError says that a requested report is not in the configuration.
type UnknownReportError struct {
	Name string
	Have []string
}

func (e *UnknownReportError) Error() string {
	return fmt.Sprintf("no report %q in the configuration; %s", e.Name, instead(e.Name, e.Have))
}

// instead returns what may be meant by a name that the configuration does not have.
func instead(name string, have []string) string {
	if near := config.Nearest(name, have); near != "" {
		return "did you mean " + near + "?"
	}
	return "it has " + cmp.Or(strings.Join(have, ", "), "none")
}

// Draft is a message that a dry run did not send.
type Draft struct {
	Receiver string
	Kind     notify.Kind // KindNone if it is for a program
	Step     string      // how it would be sent: post, reply, broadcast, edit, thread
	Text     string      // as a person reads it; "" if it is for a program
	// File is a file beside the report: blocks for Slack's Block Kit Builder, or the body that
	// would be posted.
	File string
	// Pictures are files beside the report: the pictures that are uploaded with the message.
	Pictures []string
}
