package app

import (
	"net/http"

	"github.com/promsnap/promsnap/internal/state"
)

// idler can close the connections that it keeps open for the next request.
type idler interface{ CloseIdleConnections() }

// Close closes idle connections. A process that runs once does not need it. A Lambda function that
// stays warm does: otherwise connections pile up, and after minutes without a run, the next one
// would write to connections that the other side has closed.
func (a *App) Close() {
	a.source.client.CloseIdleConnections()
	if to, ok := a.to.(idler); ok {
		to.CloseIdleConnections()
	}
	http.DefaultClient.CloseIdleConnections() // of Slack, webhooks and heartbeats
}

// CloseIdleConnections implements idler.
func (t *recipients) CloseIdleConnections() {
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
