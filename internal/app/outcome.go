package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// Result is what one report came to.
type Result struct {
	Report    *report.Report
	Receipt   notify.Receipt // where it was written
	Sent      []notify.Sent  // to Receivers
	Drafts    []Draft        // of a DryRun
	ClaimedBy *notify.Claim  // another run is telling people, and this one left it at that
	Notes     []string       // what did not work and is no reason to call the run failed
	// the report could not be rendered or delivered, or what was told could not be remembered
	Err   error
	blind bool // nothing, or only a part, could be seen, now or for so long that people are told
}

// Outcome is what a run came to, one Result for each report in their order.
type Outcome struct{ Results []Result }

// failed reports whether a query or a delivery failed, or not everything could be seen.
func (r *Result) failed() bool {
	return r.Err != nil || len(r.Report.Failures) > 0 || r.blind || r.Report.OnlyPart()
}

// Failed reports whether a query or a delivery failed, or not everything could be seen.
func (o Outcome) Failed() bool {
	return slices.ContainsFunc(o.Results, func(r Result) bool { return r.failed() })
}

// Worst returns the gravest severity that fires in any report.
func (o Outcome) Worst() rules.Severity {
	worst := rules.None
	for _, r := range o.Results {
		worst = max(worst, r.Report.Worst())
	}
	return worst
}

// UnknownReportError says that a report was asked for which the configuration does not have.
type UnknownReportError struct {
	Name string
	Have []string
}

func (e *UnknownReportError) Error() string {
	return fmt.Sprintf("no report %q in the configuration; it has %s", e.Name,
		strings.Join(e.Have, ", "))
}

// Draft is a message that a dry run did not send.
type Draft struct {
	Receiver string
	Kind     notify.Kind // KindNone of what a program would be posted
	Step     string      // how it would go out: post, reply, broadcast, edit, thread
	Text     string      // as a person reads it; "" of what a program would be posted
	// beside the report: its blocks for Slack's Block Kit Builder, or what would be posted
	File string
}
