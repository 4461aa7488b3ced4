package app

import (
	"context"
	"errors"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/targets"
)

// targetsTime is how long a report waits for the list of targets.
const targetsTime = time.Minute

var errTargets = errors.New("listing the targets took too long; list them with promsnap targets, " +
	"which may take longer")

// targets lists what the server scrapes, for a report that asks for it. The note says why it could
// not.
func (s *Source) targets(ctx context.Context, r config.Report,
	o snapshot.Options) (*targets.List, []snapshot.Note) {
	if !r.Targets || ctx.Err() != nil {
		return nil, nil // the report says why the run was cut short
	}
	ctx, cancel := context.WithTimeoutCause(ctx, min(targetsTime, s.o.Timeout/4), errTargets)
	defer cancel()
	list, err := targets.Take(ctx, s.client, o.Mapping.Querier(s.client), targets.Options{
		End: o.End(), Range: r.Range, Nodes: o.Nodes, MaxSeries: o.MaxSeries,
	})
	if err != nil {
		return nil, []snapshot.Note{snapshot.NoteOf(snapshot.NoteTargetsUnknown, err)}
	}
	return list, nil
}

// Targets lists what the server scrapes: of the jobs that keep accepts, with those that vanished
// within a range.
func (s *Source) Targets(ctx context.Context, rng time.Duration,
	keep func(job string) bool) (*targets.List, error) {
	p := s.cfg.Prometheus
	end := s.End()
	// Without the labels and the nodes, the targets are known all the same.
	mapping, _, err := snapshot.FindMapping(ctx, s.client, end, rng, p.ClusterLabel)
	if down := promapi.Unreachable(err); down != nil {
		return nil, down
	}
	q := mapping.Querier(s.client)
	nodes, _, err := snapshot.LoadNodes(ctx, q, end, rng)
	if down := promapi.Unreachable(err); down != nil {
		return nil, down
	}
	return targets.Take(ctx, s.client, q, targets.Options{
		End: end, Range: rng, Nodes: nodes, Keep: keep, MaxSeries: p.MaxSeries,
	})
}
