package dashboard

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/promsnap/promsnap/internal/promapi"
)

// health is what the queries so far say about the server. Once it is unreachable, no further query
// is sent.
type health struct {
	mu       sync.Mutex
	answered bool
	failed   int // queries that took long to fail, while none was answered
	down     error
}

// maxFailed is how many queries may take long to fail while none is answered. Each is tried several
// times or waited for, so hundreds of them would use up the time of the run.
const maxFailed = 10

// ask sends a query if the server is reachable. A panic becomes an error of this query.
func (h *health) ask(ctx context.Context, client *promapi.Client, q query) (a answer) {
	a.grid = q.grid()
	if a.err = h.why(); a.err != nil {
		return a
	}
	defer func() {
		if r := recover(); r != nil {
			a = answer{grid: q.grid(), err: internalError(r)}
		}
	}()
	a = fetch(ctx, client, q)
	if a.err != nil {
		a.series, a.total = nil, 0
	}
	switch {
	case a.err != nil && ctx.Err() != nil:
		a.err = stopped(ctx, a.err)
	default:
		h.learn(a.err)
	}
	return a
}

// why returns why the server is unreachable, nil if it is not.
func (h *health) why() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.down
}

func (h *health) learn(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.answered = true
	case h.down == nil:
		h.down = unreachable(err, h.answered)
		if h.failed += slow(err); h.down == nil && h.failed >= maxFailed && !h.answered {
			h.down = err
		}
	}
}

// slow returns 1 for an error that comes after several tries or a long wait, else 0.
func slow(err error) int {
	var e *promapi.Error
	if errors.As(err, &e) {
		switch e.Kind {
		case promapi.KindNetwork, promapi.KindTimeout, promapi.KindGaveUp, promapi.KindBusy:
			return 1
		}
	}
	return 0
}

func internalError(panicked any) error {
	return fmt.Errorf("internal error (please report it): %v", panicked)
}
