package app

import (
	"net/http"

	"github.com/promsnap/promsnap/internal/state"
)

// idler keeps connections open for its next request.
type idler interface{ CloseIdleConnections() }

// Close closes the connections that the parts keep open for a request that will not come. A process
// that runs once needs none of it; in a function that is warm every run would leave its own behind,
// and the next one, after minutes in which the process stood still, would write to connections that
// the other side has closed long ago.
func (a *App) Close() {
	a.source.client.CloseIdleConnections()
	if to, ok := a.to.(idler); ok {
		to.CloseIdleConnections()
	}
	http.DefaultClient.CloseIdleConnections() // Slack's, webhooks' and heartbeats'
}

// CloseIdleConnections implements idler.
func (t *teller) CloseIdleConnections() {
	store := t.store
	if clock, ok := store.(state.ByClock); ok {
		store = clock.Store
	}
	if s, ok := store.(idler); ok {
		s.CloseIdleConnections()
	}
	for _, r := range t.receivers {
		if r.idle != nil {
			r.idle.CloseIdleConnections()
		}
	}
}
