package main

import (
	"errors"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/notify"
)

// The verdicts of an invocation. docs/lambda.md and the alarms of deploy/lambda/template.yaml use
// them.
const (
	verdictOK = "ok" // all queries and deliveries succeeded
	// verdictFailed: a query or a delivery failed, or promsnap itself; the rest was delivered.
	verdictFailed  = "failed"
	verdictRefused = "refused" // the event or the configuration is wrong: nothing was done
)

// result is the answer of an invocation. It has no links, because a signed link is a secret.
type result struct {
	Verdict string         `json:"verdict"`
	Error   string         `json:"error,omitempty"`
	Reports []reportResult `json:"reports,omitempty"`
	*planned
}

type reportResult struct {
	app.Brief
	Incomplete string   `json:"incomplete,omitempty"`
	Failures   []string `json:"failures,omitempty"` // failed panels, each with its error
	Delivered  []string `json:"delivered,omitempty"`
}

// verdict returns the verdict of one report, for the log. A report that another run is sending is
// not done yet.
func (r reportResult) verdict() string {
	if r.Error != "" || len(r.Failures) > 0 || r.ClaimedBy != "" {
		return verdictFailed
	}
	return verdictOK
}

// tryAgain is an error after which a retry of the same event may help. The retry does not repeat
// messages that were sent, and marks a message whose answer was lost as a possible duplicate.
type tryAgain struct{ err error }

func (e *tryAgain) Error() string { return e.err.Error() + " (worth another try)" }

// Unwrap returns the cause.
func (e *tryAgain) Unwrap() error { return e.err }

// refuse returns the result of an invocation that failed before anything was done.
func refuse(err error) (result, error) {
	if passing(err) {
		return result{}, &tryAgain{err}
	}
	return result{Verdict: verdictRefused, Error: err.Error()}, nil
}

// resultOf returns the result of a run. The error says that a retry may help: a receiver may be
// reachable later, or another run was sending.
func resultOf(o app.Outcome) (result, error) {
	out := result{Verdict: verdictOK}
	if o.Failed() {
		out.Verdict = verdictFailed
	}
	var again []error
	for _, res := range o.Results {
		r := res.Report
		one := reportResult{Brief: res.Brief(), Incomplete: r.Incomplete()}
		for _, f := range r.Failures {
			one.Failures = append(one.Failures, f.Panel+": "+f.Error)
		}
		for _, s := range res.Sent {
			switch {
			case s.Err == nil:
				one.Delivered = append(one.Delivered, s.Receiver)
			case undelivered(s.Err):
				again = append(again, s.Err)
			}
		}
		if c := res.ClaimedBy; c != nil {
			again = append(again,
				errors.New("report "+r.Info.Name+": another run is sending, until "+
					c.Until.UTC().Format(time.RFC3339)))
		}
		out.Reports = append(out.Reports, one)
	}
	if len(again) > 0 {
		return out, &tryAgain{errors.Join(again...)}
	}
	return out, nil
}

// passing reports whether a retry may help after an error before anything was done, such as AWS
// being unreachable or a sandbox without free file descriptors. Such an error says so itself.
func passing(err error) bool {
	var known interface{ Temporary() bool }
	return errors.As(err, &known) && known.Temporary()
}

// undelivered reports whether a retry may deliver what a receiver did not get.
func undelivered(err error) bool {
	var refused *notify.RefusedError
	return err != nil && !errors.As(err, &refused)
}

// oneLine returns an error as one line for the log.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
