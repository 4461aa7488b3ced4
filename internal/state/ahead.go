package state

import (
	"context"
	"fmt"
	"time"
)

// maxClockSkew is how far the clocks of two machines that run one report may differ.
const maxClockSkew = 10 * time.Minute

// AheadError says that a document is for a slot in the future: this machine's clock is wrong, or
// that of an earlier run was. The document stays as it is.
type AheadError struct {
	Key       Key
	Slot, Now time.Time
}

func (e *AheadError) Error() string {
	return fmt.Sprintf("the state of %s is for %s, but it is %s here; it was left as it is: "+
		"correct this machine's clock or, if it is right, run `promsnap state reset %s` to start "+
		"over",
		e.Key, e.Slot.UTC().Format(time.RFC3339), e.Now.UTC().Format(time.RFC3339), e.Key.Report)
}

// ByClock is a store that compares documents with the wall clock, Now. For Load a document of a
// future slot is an *AheadError: otherwise every run until that slot would count as outdated and
// send nothing.
type ByClock struct {
	Store
	Now func() time.Time
}

// Load implements Store.
func (s ByClock) Load(ctx context.Context, k Key) (Doc, Version, error) {
	doc, version, err := s.Store.Load(ctx, k)
	if err != nil {
		return doc, version, err
	}
	if now := s.Now(); doc.Memory.Slot.Sub(now) > maxClockSkew {
		return Doc{}, version, &AheadError{Key: k, Slot: doc.Memory.Slot, Now: now}
	}
	return doc, version, nil
}
