// Package state keeps one small JSON document for each cluster and report between runs: what fires,
// what each receiver was last told, and the silences. Memory is never silence: a document that is
// corrupt, newer or unreachable is an error of its own kind, and is not overwritten. The contract
// that every store passes is state/statetest.
package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/promsnap/promsnap/internal/notify"
)

// Schema is the version of the document that this program reads and writes. A field that is added
// raises it: an older program must not write a document in which it would lose something.
const Schema = 2

// Key names a document.
type Key struct{ Cluster, Report string }

func (k Key) String() string { return k.Cluster + "/" + k.Report }

// Doc is what is kept. The zero value is no document; Encode fills in Schema, Cluster and Report.
type Doc struct {
	Schema  int    `json:"schema"`
	Cluster string `json:"cluster"`
	Report  string `json:"report"`
	// Run and Serial tell who wrote the document, and that it was this very writing of his: a store
	// whose answer was lost cannot say.
	Run    string `json:"run"`
	Serial uint64 `json:"serial"`
	notify.Page
}

// Version is a store's own mark of what a document holds, such as S3's ETag. "" is that of a
// document that is not there.
type Version string

// Store keeps documents. A Store may be used from several goroutines and by several programs at
// once.
//
// Errors wrap ErrConflict, *CorruptError, *NewerError or, of ByClock, *AheadError; every other
// error says that the store could not be reached, and what to do. No error shows a secret.
type Store interface {
	// Load returns the document, upgraded to Schema, and its version; the zero Doc and the version
	// "" where there is none. With a *CorruptError or a *NewerError it returns the version of what
	// is there, so that `promsnap state reset` can replace it.
	Load(ctx context.Context, k Key) (Doc, Version, error)
	// Save writes the document where its version is still v, "" being that of none, and returns the
	// new version. ErrConflict: it is not. Two saves with one v: one of them fails. After any other
	// error the document may be written or not, and is never half written.
	Save(ctx context.Context, k Key, d Doc, v Version) (Version, error)
}

// ErrConflict says that somebody else has written the document since it was loaded.
var ErrConflict = errors.New("the state was written by another run in the meantime")

// CorruptError says that a document is there and cannot be read. It stays as it is.
type CorruptError struct {
	Key Key
	Err error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("the state of %s cannot be read and was left as it is: %v; look at it, "+
		"then `promsnap state reset %s` to begin anew", e.Key, e.Err, e.Key.Report)
}

// Unwrap returns what is wrong with the document.
func (e *CorruptError) Unwrap() error { return e.Err }

// NewerError says that a document was written by a newer promsnap. It stays as it is.
type NewerError struct {
	Key    Key
	Schema int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the state of %s has schema version %d, and this promsnap knows up to %d; "+
		"it was left as it is: run the newer promsnap, or `promsnap state reset %s` to begin anew",
		e.Key, e.Schema, Schema, e.Key.Report)
}
