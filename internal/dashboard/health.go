package dashboard

import (
	"context"
	"fmt"
	"sync"

	"github.com/promsnap/promsnap/internal/promapi"
)

// health is what the queries so far say about the server. Once it is unreachable, no further query
// is sent.
type health struct {
	mu       sync.Mutex
	answered bool
	down     error
}

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
	if err == nil {
		h.answered = true
	} else if h.down == nil {
		h.down = unreachable(err, h.answered)
	}
}

func internalError(panicked any) error {
	return fmt.Errorf("internal error (please report it): %v", panicked)
}
