package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/fired"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// firedTime is how long a report waits for what the server's own rules say.
const firedTime = time.Minute

var errFired = errors.New("asking for the alerts of the server's rules took too long; set a " +
	"longer --timeout")

// fired finds out which alerts of the server's own rules fired. What it cannot find out is a note.
// A report that only tells what changed has no place for it, and neither has one without a panel of
// these alerts.
func (s *Source) fired(ctx context.Context, r config.Report,
	o snapshot.Options) (*fired.Fired, []snapshot.Note) {
	if ctx.Err() != nil || r.Send == config.SendChanges || !readsAlerts(r) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, min(firedTime, s.o.Timeout/4), errFired)
	defer cancel()
	manager, err := s.alertmanager(ctx)
	if err != nil {
		return nil, []snapshot.Note{snapshot.NoteOf(snapshot.NoteFiredUnknown, err)}
	}
	f, notes, err := fired.Ask(ctx, s.client, manager, fired.Options{
		End: o.End(), Range: o.Range, ScrapeInterval: o.ScrapeInterval, MaxSeries: o.MaxSeries,
	})
	if err != nil {
		notes = append(notes, snapshot.NoteOf(snapshot.NoteFiredUnknown, err))
	}
	return f, notes
}

// readsAlerts reports whether a panel of the report is about the alerts of the server's own rules.
func readsAlerts(r config.Report) bool {
	for _, p := range r.Panels {
		for _, q := range p.Queries {
			if strings.Contains(q.Expr, "ALERTS{") {
				return true
			}
		}
	}
	return false
}

// alertmanager returns the Alertmanager of the configuration, nil if it has none.
func (s *Source) alertmanager(ctx context.Context) (fired.Manager, error) {
	a := s.cfg.Prometheus.Alertmanager
	if a == nil {
		return nil, nil
	}
	base, err := url.Parse(a.URL)
	if err != nil {
		return nil, fmt.Errorf("prometheus.alertmanager.url: %w", err)
	}
	transport, err := promapi.Transport(ctx, a.HTTP.Client(), a.HTTP)
	if err != nil {
		return nil, fmt.Errorf("prometheus.alertmanager.http_config: %w", err)
	}
	return promapi.New(base, transport, promapi.Options{
		QueryTimeout: s.cfg.Prometheus.Timeout, UserAgent: "promsnap/" + s.o.Version, Now: s.o.Now,
		FollowRedirects: a.HTTP.Client().FollowRedirects,
	})
}
