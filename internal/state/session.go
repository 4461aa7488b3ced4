package state

import (
	"context"
	"errors"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
)

// Session is one run's hold on a document: the alerts are advanced to its slot, on whatever version of the document is the newest. It
// is the notify.Book of the run.
type Session struct{}

var _ notify.Book = (*Session)(nil)

// Open loads the document of k for the run. Where that fails, the session remembers nothing, writes nothing, and Lost says why.
func Open(ctx context.Context, store Store, k Key, run string, now rules.Evaluation, slot time.Time) *Session {
	return &Session{}
}

// Lost returns why the document could not be read, nil where it was.
func (s *Session) Lost() error { return nil }

// Change implements notify.Book.
func (s *Session) Change(ctx context.Context, f func(*notify.Page) error) error {
	return errors.New("not implemented")
}
