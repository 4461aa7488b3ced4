package app

import (
	"context"
	"errors"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/sizing"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// sizingTime is how long a report waits for the comparison of requests with use.
const sizingTime = 2 * time.Minute

var errSizing = errors.New("measuring took too long; measure with promsnap sizing, which may " +
	"take longer")

// sizing compares what workloads request with what they use. What it cannot find out is a note.
func (s *Source) sizing(ctx context.Context, r config.Report,
	o snapshot.Options) (*sizing.Advice, []snapshot.Note) {
	if r.Sizing == nil || ctx.Err() != nil {
		return nil, nil // the report says why the run was cut short
	}
	ctx, cancel := context.WithTimeoutCause(ctx, min(sizingTime, s.o.Timeout/4), errSizing)
	defer cancel()
	a, notes, err := sizing.Measure(ctx, o.Mapping.Querier(s.client), s.sizingOptions(*r.Sizing, o))
	if err != nil {
		return nil, []snapshot.Note{snapshot.NoteOf(snapshot.NoteSizingUnknown, err)}
	}
	if len(a.Rows) == 0 {
		return nil, notes // nothing has requests, or nothing reports them
	}
	return a, notes
}

// sizingOptions returns what is measured.
func (s *Source) sizingOptions(c config.Sizing, o snapshot.Options) sizing.Options {
	return sizing.Options{
		End: o.End(), Window: c.Window, Headroom: c.Headroom,
		Cost:           sizing.Cost{CPUHour: c.CPUHour, MemoryGiBHour: c.MemoryGiBHour},
		ScrapeInterval: o.ScrapeInterval, MaxSeries: o.MaxSeries,
	}
}

// SizingOptions are the settings of Sizing that a report does not have.
type SizingOptions struct {
	config.Sizing
	Cluster   string // only the one with this cluster label; "": all
	Namespace string // only this one; "": all
	// Progress is called before each query with how many are done, of how many.
	Progress func(done, of int)
}

// Sizing compares what the workloads of a configuration's cluster request with what they use.
func Sizing(ctx context.Context, cfg *config.Config, o Options,
	so SizingOptions) (*sizing.Advice, []snapshot.Note, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	s, err := Open(ctx, cfg, o)
	if err != nil {
		return nil, nil, err
	}
	p := cfg.Prometheus
	so.Window = max(so.Window, time.Hour)
	at := snapshot.Options{
		Slot: o.Slot, QueryOffset: p.QueryOffset, ScrapeInterval: p.ScrapeInterval,
		MaxSeries: p.MaxSeries,
	}
	mapping, notes, err := snapshot.FindMapping(ctx, s.client, at.End(), time.Hour, p.ClusterLabel)
	if err != nil {
		return nil, nil, err
	}
	options := s.sizingOptions(so.Sizing, at)
	options.Cluster, options.Namespace, options.Progress = so.Cluster, so.Namespace, so.Progress
	a, more, err := sizing.Measure(ctx, mapping.Querier(s.client), options)
	return a, append(notes, more...), err
}
