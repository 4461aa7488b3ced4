package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/report"
)

// Mapped is the run of one cluster of a plan.
type Mapped struct {
	Cluster string
	Result  Result // Report is nil if the cluster could not be queried at all
	Err     error  // why, or why its part could not be written
	Took    time.Duration
	Done    int // how many clusters are done, this one included, of Of
	Of      int
}

// Failed reports whether the run of the cluster failed.
func (m *Mapped) Failed() bool { return m.Err != nil || m.Result.failed() }

// MapAll runs the clusters of a plan, so many at a time, and calls each after each of them, never
// concurrently. Each cluster has the whole timeout of the options. When Options.Stop is closed,
// runs end early and no more begin; the clusters that are left have no part.
func (f *Fleet) MapAll(ctx context.Context, p fleet.Plan, parallel int, each func(Mapped)) {
	members, _ := f.Members(ctx) // once; Map says why one is not there
	known := map[string]Member{}
	for _, m := range members {
		known[m.Name] = m
	}
	var group errgroup.Group
	group.SetLimit(max(parallel, 1))
	done := make(chan Mapped)
	go func() {
		defer close(done)
		for _, c := range p.Clusters {
			group.Go(func() error {
				if f.stopped(ctx) {
					return nil
				}
				began := f.o.Now()
				mapped := Mapped{Cluster: c.Name}
				if m, found := known[c.Name]; found {
					mapped.Result, mapped.Err = f.mapMember(ctx, p, m)
				} else {
					mapped.Result, mapped.Err = f.Map(ctx, p, c.Name)
				}
				mapped.Took = f.o.Now().Sub(began)
				done <- mapped
				return nil
			})
		}
		_ = group.Wait()
	}()
	n := 0
	for m := range done {
		n++
		m.Done, m.Of = n, len(p.Clusters)
		each(m)
	}
}

// stopped reports whether no more runs must begin.
func (f *Fleet) stopped(ctx context.Context) bool {
	select {
	case <-f.o.Stop:
		return true
	default:
		return ctx.Err() != nil
	}
}

// Share returns the clusters of a plan that one of several workers runs: worker of workers. A plan
// with more clusters than workers gives each several.
func Share(p fleet.Plan, worker, workers int) []string {
	var out []string
	for i, c := range p.Clusters {
		if i%workers == worker {
			out = append(out, c.Name)
		}
	}
	return out
}

// nowhere builds the report of a cluster without receivers of its own, whose part is all that is
// kept of it.
type nowhere struct{ writer }

func (nowhere) check(*config.Config, Options) error { return nil }

func (n nowhere) open(context.Context, *config.Config, Options, error) (deliverer, error) {
	return n, nil
}

func (nowhere) deliver(_ context.Context, r judgedReport) Result {
	return Result{Report: report.Build(r.info, r.panels)}
}
