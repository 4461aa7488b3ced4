// Package notify says what a delivery is and what a receiver promises. The receivers are its subpackages.
package notify

import (
	"context"

	"github.com/promsnap/promsnap/internal/report"
)

// Delivery is one report on its way to one receiver.
type Delivery struct {
	Report *report.Report
	Files  []report.File // index.html, report.json and a PNG for each panel
}

// Receipt is what a receiver gave back.
type Receipt struct {
	Location string // where a person finds what was delivered: a path or a link
}

// Notifier is a receiver. Notify either delivers all of d or fails and leaves what was there before; the same delivery twice is the
// same as once.
type Notifier interface {
	Notify(ctx context.Context, d Delivery) (Receipt, error)
}
