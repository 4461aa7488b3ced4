package main

import (
	"errors"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/notify"
)

// The verdicts of an invocation. docs/lambda.md and the alarms of deploy/lambda/template.yaml go by
// them.
const (
	verdictOK = "ok" // everything was asked for, and everybody told
	// a query or a delivery failed, or promsnap itself; what worked was delivered
	verdictFailed  = "failed"
	verdictRefused = "refused" // the event or the configuration is wrong: nothing was done
)

// result is what an invocation answers. It has no links: those that are signed are keys.
type result struct {
	Verdict string         `json:"verdict"`
	Error   string         `json:"error,omitempty"`
	Reports []reportResult `json:"reports,omitempty"`
}

type reportResult struct {
	app.Brief
	Incomplete string   `json:"incomplete,omitempty"`
	Failures   []string `json:"failures,omitempty"` // panels that failed, each with its error
	Delivered  []string `json:"delivered,omitempty"`
}

// verdict is that of one report, for the log. One that another run tells of is not done yet.
func (r reportResult) verdict() string {
	if r.Error != "" || len(r.Failures) > 0 || r.ClaimedBy != "" {
		return verdictFailed
	}
	return verdictOK
}

// tryAgain is an error of the handler's: the same event again may do what this one did not. Who was
// told is not told again by it, and a message whose answer was lost is marked as a possible
// duplicate.
type tryAgain struct{ err error }

func (e *tryAgain) Error() string { return e.err.Error() + " (worth another try)" }

// Unwrap returns what went wrong.
func (e *tryAgain) Unwrap() error { return e.err }

// refuse answers what went wrong before anything was done.
func refuse(err error) (result, error) {
	if passing(err) {
		return result{}, &tryAgain{err}
	}
	return result{Verdict: verdictRefused, Error: err.Error()}, nil
}

// resultOf is what the outcome comes to. The error says that another try may help: somebody could
// not be told who may be later, or another run was telling people.
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
				errors.New("report "+r.Info.Name+": another run is telling people, until "+
					c.Until.UTC().Format(time.RFC3339)))
		}
		out.Reports = append(out.Reports, one)
	}
	if len(again) > 0 {
		return out, &tryAgain{errors.Join(again...)}
	}
	return out, nil
}

// passing tells whether what went wrong before anything was done may be over at another try: AWS
// that could not be asked, a sandbox without files to open. Such an error says so itself.
func passing(err error) bool {
	var known interface{ Temporary() bool }
	return errors.As(err, &known) && known.Temporary()
}

// undelivered tells whether what a receiver could not be given may reach it at another try.
func undelivered(err error) bool {
	var refused *notify.RefusedError
	return err != nil && !errors.As(err, &refused)
}

// oneLine is an error for a line of a log.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
