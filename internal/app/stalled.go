package app

import (
	"context"
	"errors"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/state"
)

// stalled reports whether a file did not answer. That is no error of the configuration: a run that
// delivers goes on, and people are told.
func stalled(err error) bool {
	var e *disk.StalledError
	return errors.As(err, &e)
}

// lostStore is the store of a state to which there is no way.
type lostStore struct{ why error }

// Load implements state.Store.
func (l lostStore) Load(context.Context, state.Key) (state.Doc, state.Version, error) {
	return state.Doc{}, "", l.why
}

// Save implements state.Store.
func (l lostStore) Save(context.Context, state.Key, state.Doc,
	state.Version) (state.Version, error) {
	return "", l.why
}

// lostReceiver is a receiver to which there is no way.
type lostReceiver struct{ why error }

// Notify implements notify.Notifier.
func (l lostReceiver) Notify(context.Context, notify.Delivery) (notify.Receipt, error) {
	return notify.Receipt{}, &notify.RefusedError{Err: l.why}
}
