// Package state keeps one small JSON document for each cluster and report between runs: what fires,
// what each receiver was last sent, and the silences. A document that is corrupt, newer or
// unreachable is an error of its own kind, and is not overwritten; messages are sent anyway. Every
// store passes the contract in state/statetest.
package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/promsnap/promsnap/internal/notify"
)

// Schema is the version of the document that this program reads and writes. A new field raises it,
// because an older program would lose the field when it writes the document.
const Schema = 2

// Key names a document.
type Key struct{ Cluster, Report string }

func (k Key) String() string { return k.Cluster + "/" + k.Report }

// Doc is what is stored. The zero value is no document. Encode sets Schema, Cluster and Report.
type Doc struct {
	Schema  int    `json:"schema"`
	Cluster string `json:"cluster"`
	Report  string `json:"report"`
	// Run and Serial say which run wrote the document, and which of its writes it was. After a lost
	// answer they show whether the write succeeded.
	Run    string `json:"run"`
	Serial uint64 `json:"serial"`
	notify.Page
}

// Version identifies the content of a document in a store, such as S3's ETag. "" is the version of
// a missing document.
type Version string

// Store keeps documents. It may be used by several goroutines and several programs at once.
//
// Errors wrap ErrConflict, *CorruptError, *NewerError or, from ByClock, *AheadError. Every other
// error says that the store could not be reached, and what to do. No error shows a secret.
type Store interface {
	// Load returns the document, upgraded to Schema, and its version; for a missing document the
	// zero Doc and "". With a *CorruptError or a *NewerError it returns the version of the stored
	// document, so that `promsnap state reset` can replace it.
	Load(ctx context.Context, k Key) (Doc, Version, error)
	// Save writes the document if the stored version is v ("": none is stored), and returns the new
	// version. If it is not, the error is ErrConflict. Of two saves with one v, one fails. After
	// any other error the document may be written or not, but never in part.
	Save(ctx context.Context, k Key, d Doc, v Version) (Version, error)
}

// ErrConflict says that somebody else has written the document since it was loaded.
var ErrConflict = errors.New("the state was written by another run in the meantime")

// CorruptError says that a document exists and cannot be read. It stays as it is.
type CorruptError struct {
	Key Key
	Err error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("the state of %s cannot be read and was left as it is: %v; inspect it, "+
		"then run `promsnap state reset %s` to start over", e.Key, e.Err, e.Key.Report)
}

// Unwrap returns what is wrong with the document.
func (e *CorruptError) Unwrap() error { return e.Err }

// NewerError says that a document was written by a newer promsnap. It stays as it is.
type NewerError struct {
	Key    Key
	Schema int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the state of %s has schema version %d, and this promsnap knows versions "+
		"up to %d; it was left as it is: run the newer promsnap, or `promsnap state reset %s` to "+
		"start over",
		e.Key, e.Schema, Schema, e.Key.Report)
}
