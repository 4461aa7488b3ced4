package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
)

// Session is one run's hold on a document: its alerts are advanced to the run's slot, whatever
// version of the document is the newest. It is the notify.Book of the run, and not for several
// goroutines at once.
type Session struct {
	store Store
	key   Key
	run   string
	now   rules.Evaluation
	slot  time.Time

	doc     Doc
	version Version
	dirty   bool // doc is not what is stored: a change has failed
	lost    error
	last    time.Time // the slot of the document as it was opened
}

var _ notify.Book = (*Session)(nil)

// maxConflicts is how often one change is begun again because another run was quicker.
const maxConflicts = 20

// Open loads the document of k for a run, whose name is unlike every other's. Where that fails, the
// session remembers nothing and writes nothing, so that what is there stays as it is, and Lost says
// why.
//
// A command that only changes silences opens it with the zero Evaluation and slot.
func Open(ctx context.Context, store Store, k Key, run string, now rules.Evaluation,
	slot time.Time) *Session {
	s := &Session{store: store, key: k, run: run, now: now, slot: slot}
	if s.last, s.lost = s.load(ctx); s.lost != nil {
		s.doc = Doc{Page: notify.Page{Memory: rules.Advance(rules.Memory{}, now, slot)}}
	}
	return s
}

// Lost returns why the document could not be read, nil where it was.
func (s *Session) Lost() error { return s.lost }

// Last returns the newest slot that was remembered before this run; zero: there was none.
func (s *Session) Last() time.Time { return s.last }

// Page returns what is remembered, with the alerts of this slot. It is only to be read, until the
// next Change.
func (s *Session) Page() notify.Page { return s.doc.Page }

// load reads the newest version, of which it returns the slot, and advances its alerts.
func (s *Session) load(ctx context.Context) (time.Time, error) {
	doc, version, err := s.store.Load(ctx, s.key)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the state of %s: %w", s.key, err)
	}
	stored := doc.Memory.Slot
	doc.Memory = rules.Advance(doc.Memory, s.now, s.slot)
	s.doc, s.version, s.dirty = doc, version, false
	return stored, nil
}

// Change implements notify.Book. A conflict loads what the other run has written, and f is called
// again. Where it is this very run that has written, the store's answer was lost, and all is well.
func (s *Session) Change(ctx context.Context, f func(*notify.Page) error) error {
	if s.lost != nil {
		return f(&s.doc.Page)
	}
	for range maxConflicts {
		if s.dirty {
			if _, err := s.load(ctx); err != nil {
				return err
			}
		}
		s.dirty = true
		if err := f(&s.doc.Page); err != nil {
			return err
		}
		s.doc.Run, s.doc.Serial = s.run, s.doc.Serial+1
		serial := s.doc.Serial
		version, err := s.store.Save(ctx, s.key, s.doc, s.version)
		if err == nil {
			s.version, s.dirty = version, false
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return fmt.Errorf("writing the state of %s: %w", s.key, err)
		}
		if _, err := s.load(ctx); err != nil {
			return fmt.Errorf("%w: %w", notify.ErrOvertaken, err)
		}
		if s.doc.Run == s.run && s.doc.Serial == serial {
			return nil
		}
	}
	return fmt.Errorf("writing the state of %s: %w, %d times in a row", s.key, ErrConflict,
		maxConflicts)
}
