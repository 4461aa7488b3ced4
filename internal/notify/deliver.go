package notify

import (
	"context"
	"errors"
	"time"

	"github.com/promsnap/promsnap/internal/report"
)

// Request is one report of one slot to be delivered.
type Request struct {
	Report    *report.Report
	Receivers []Receiver
	// Render draws the report. It is called once, and only where somebody gets the files.
	Render func(ctx context.Context) ([]report.File, error)

	Run   string    // this run, in the claim: unlike every other run
	Until time.Time // the run's own deadline: nothing is sent in the last CommitTime before it
	// Now is the wall clock, to hold against Until alone.
	Now func() time.Time
	// MemoryLost says why Book remembers nothing, "" where it does.
	MemoryLost string
}

// CommitTime is kept back at the end of a run for writing down what was sent.
const CommitTime = 5 * time.Second

// Outcome is what a delivery came to.
type Outcome struct {
	StoodBack *Claim // another run is telling people: nothing was sent. Nil: this one did
	Sent      []Sent // in the order of sending
}

// Sent is one call of a receiver.
type Sent struct {
	Receiver string
	Kind     Kind // KindNone of an archive or a mirror
	Items    int
	Receipt  Receipt
	Err      error // nil: delivered
}

// Deliver hands the report to every archive, then tells every receiver what it does not know yet. All are tried; the error joins what
// went wrong.
func Deliver(ctx context.Context, book Book, rq Request) (Outcome, error) {
	return Outcome{}, errors.New("not implemented")
}
