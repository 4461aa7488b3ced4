package snapshot

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// lateness is how long work may take to finish after its context has ended.
const lateness = 2 * time.Second

// inTime returns what do returns. If do has not returned two seconds after ctx ended, inTime
// abandons it and returns false: do goes on, so it must share no data with the caller.
func inTime[T any](ctx context.Context, do func() T) (T, bool) {
	done := make(chan T, 1)
	go func() { done <- do() }()
	select {
	case v := <-done:
		return v, true
	case <-ctx.Done():
	}
	late := time.NewTimer(lateness)
	defer late.Stop()
	select {
	case v := <-done:
		return v, true
	case <-late.C:
		var none T
		return none, false
	}
}

// punctual is a Querier whose Range returns at most two seconds after its context has ended, also
// if the server's client ignores that.
type punctual struct{ Querier }

// Range implements Querier. A panic is an error. It starts no query after ctx has ended.
func (q punctual) Range(ctx context.Context, query promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	type answer struct {
		meta promapi.Meta
		err  error
	}
	stopped := func() error { return fmt.Errorf("%w (%w)", errStopped, context.Cause(ctx)) }
	if ctx.Err() != nil {
		return promapi.Meta{}, stopped()
	}
	var mu sync.Mutex // held by each
	abandoned := false
	a, ok := inTime(ctx, func() (a answer) {
		defer func() {
			if r := recover(); r != nil {
				a.err = &panicError{value: r, stack: debug.Stack()}
			}
		}()
		a.meta, a.err = q.Querier.Range(ctx, query, func(s series.Series) error {
			mu.Lock()
			defer mu.Unlock()
			if abandoned {
				return errStopped
			}
			return each(s)
		})
		return a
	})
	if !ok {
		mu.Lock()
		defer mu.Unlock()
		abandoned = true
		return promapi.Meta{}, stopped()
	}
	return a.meta, a.err
}
