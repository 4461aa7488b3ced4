package state

import (
	"context"
	"fmt"
	"time"
)

// clocksDiffer is how far the clocks of two machines that run one report may be apart.
const clocksDiffer = 10 * time.Minute

// AheadError says that a document is of a slot that has not come yet: this machine's clock is
// wrong, or that of an earlier run was. It stays as it is.
type AheadError struct {
	Key       Key
	Slot, Now time.Time
}

func (e *AheadError) Error() string {
	return fmt.Sprintf("the state of %s is of %s, and here it is %s; it was left as it is: set "+
		"this machine's clock right or, if it is, `promsnap state reset %s` to begin anew",
		e.Key, e.Slot.UTC().Format(time.RFC3339), e.Now.UTC().Format(time.RFC3339), e.Key.Report)
}

// ByClock is a store that holds its documents against the wall clock, Now. To a document of next
// year every run until then is an old one, of which nobody is told: to Load it is an *AheadError.
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
	if now := s.Now(); doc.Memory.Slot.Sub(now) > clocksDiffer {
		return Doc{}, version, &AheadError{Key: k, Slot: doc.Memory.Slot, Now: now}
	}
	return doc, version, nil
}
