package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
)

// Session is one run's access to a document. It advances the document's alerts to the run's slot,
// whatever version of the document is the newest. It is the notify.Book of the run, and must not be
// used by several goroutines at once.
type Session struct {
	store Store
	key   Key
	run   string
	now   rules.Evaluation
	slot  time.Time

	doc     Doc
	version Version
	dirty   bool // doc differs from the stored document: a change failed
	lost    error
	last    time.Time // the slot of the document when it was opened
}

var _ notify.Book = (*Session)(nil)

// maxConflicts is how often one change is tried because another run wrote first.
const maxConflicts = 20

// Open loads the document of k for a run with a unique name. If that fails, the session remembers
// nothing and writes nothing, so that the stored document stays as it is, and Lost returns the
// error.
//
// A command that only changes silences uses the zero Evaluation and slot.
func Open(ctx context.Context, store Store, k Key, run string, now rules.Evaluation,
	slot time.Time) *Session {
	s := &Session{store: store, key: k, run: run, now: now, slot: slot}
	if s.last, s.lost = s.load(ctx); s.lost != nil {
		s.doc = Doc{Page: notify.Page{Memory: rules.Advance(rules.Memory{}, now, slot)}}
	}
	return s
}

// Lost returns why the document could not be read; nil if it was.
func (s *Session) Lost() error { return s.lost }

// Last returns the newest slot that was remembered before this run; zero: none.
func (s *Session) Last() time.Time { return s.last }

// Page returns what is remembered, with the alerts of this slot. Do not change it, and use it only
// until the next Change.
func (s *Session) Page() notify.Page { return s.doc.Page }

// load reads the newest version, advances its alerts, and returns its slot.
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

// Change implements notify.Book. After a conflict it loads what was written and calls f again. If
// this run wrote it, the answer of the store was lost, and the change is done.
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
