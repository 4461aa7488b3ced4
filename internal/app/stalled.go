package app

import (
	"context"
	"errors"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/state"
)

// stalled reports whether a file did not answer. That is not an error in the configuration: a run
// that delivers goes on, and people are notified.
func stalled(err error) bool {
	var e *disk.StalledError
	return errors.As(err, &e)
}

// failingStore is a store that cannot be reached.
type failingStore struct{ why error }

// Load implements state.Store.
func (l failingStore) Load(context.Context, state.Key) (state.Doc, state.Version, error) {
	return state.Doc{}, "", l.why
}

// Save implements state.Store.
func (l failingStore) Save(context.Context, state.Key, state.Doc,
	state.Version) (state.Version, error) {
	return "", l.why
}

// failingReceiver is a receiver that cannot be reached.
type failingReceiver struct{ why error }

// Notify implements notify.Notifier.
func (l failingReceiver) Notify(context.Context, notify.Delivery) (notify.Receipt, error) {
	return notify.Receipt{}, &notify.RefusedError{Err: l.why}
}
