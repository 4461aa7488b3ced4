package snapshot

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// jobKey is a scrape job of a cluster.
type jobKey struct{ cluster, job string }

// lostTargets holds the targets that disappeared without a replacement, by their jobs. Nil: none.
type lostTargets struct {
	grid series.Grid
	of   map[jobKey][]Lost
	n    map[jobKey][]float64 // number of targets of a job
	seen map[jobKey]bool
}

// askLostTargets queries the number of targets of the jobs that lost some. It queries nothing if
// the panel has no Spec.Targets or no target is lost.
func (p *Panel) askLostTargets(ctx context.Context, q Querier, v panel.Vars,
	o Options) (*lostTargets, error) {
	if p.Spec.Targets == "" || !slices.ContainsFunc(o.Nodes.lost, func(l Lost) bool {
		return l.Left
	}) {
		return nil, nil
	}
	out := &lostTargets{
		grid: p.Grid, of: map[jobKey][]Lost{}, n: map[jobKey][]float64{}, seen: map[jobKey]bool{},
	}
	for _, l := range o.Nodes.lost {
		if k := (jobKey{l.Cluster, l.Job}); l.Left {
			out.of[k] = append(out.of[k], l)
		}
	}
	query := promapi.Query{Expr: panel.Expand(p.Spec.Targets, v), Grid: p.Grid, Limit: o.MaxSeries}
	_, err := q.Range(ctx, query, func(s series.Series) error {
		if k := jobOf(s.Labels); out.of[k] != nil {
			out.n[jobKey{k.cluster, k.job}] = slices.Clone(s.Values)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("counting the targets: %w", err)
	}
	return out, nil
}

func jobOf(ls series.Labels) jobKey { return jobKey{ls.Get(clusterLabel), ls.Get("job")} }

// adding returns a function that adds a series of the panel, counting lost targets of its job.
func (l *lostTargets) adding(f *fold) func(series.Series) {
	if l == nil {
		return f.add
	}
	return func(s series.Series) {
		k := jobOf(s.Labels)
		if l.of[k] != nil {
			l.seen[k] = true
			s.Values = l.share(k, s.Values)
		}
		f.add(s)
	}
}

// share returns the mean of a job's targets, with lost targets counted as 0.
func (l *lostTargets) share(k jobKey, mean []float64) []float64 {
	out := make([]float64, l.grid.Len)
	for i := range out {
		n, gone := 0.0, 0.0
		if l.n[k] != nil && !math.IsNaN(l.n[k][i]) {
			n = l.n[k][i]
		}
		for _, t := range l.of[k] {
			if l.grid.At(i).After(t.Last) {
				gone++
			}
		}
		switch {
		case gone == 0 && mean == nil:
			out[i] = math.NaN()
		case gone == 0:
			out[i] = mean[i]
		case n == 0:
			out[i] = 0
		default:
			out[i] = mean[i] * n / (n + gone)
		}
	}
	return out
}

// finish adds the jobs without any target left in the range, and returns a remark that lists the
// lost targets.
func (l *lostTargets) finish(f *fold) (remarks []Note) {
	if l == nil {
		return nil
	}
	var names []string
	for k, ts := range l.of {
		for _, t := range ts {
			names = append(names, f.nodes.Shown(t.Cluster, t.Job+" "+t.Instance))
		}
		if !l.seen[k] {
			ls := series.FromPairs("job", k.job)
			if k.cluster != "" {
				ls = series.FromPairs(clusterLabel, k.cluster, "job", k.job)
			}
			f.add(series.Series{Labels: ls, Values: l.share(k, nil)})
		}
	}
	return []Note{listNote(NoteTargetsLeft, names)}
}
