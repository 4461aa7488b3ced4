package dashboard

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

const (
	maxSeries = 1000    // that are kept of one panel
	maxValues = 400_000 // that are kept of one answer
	maxRead   = 100_000 // series of one answer that are read and counted
	maxReason = 600     // characters of a failure
)

// answer is the answer to a query, without the series that were left out.
type answer struct {
	grid   series.Grid
	series []ranked // in the server's order
	total  int
	more   bool // there are more than total series
	notes  []string
	err    error
}

// values returns how many values the answer holds.
func (a *answer) values() int { return len(a.series) * a.grid.Len }

// ranked is a series with what decides whether it is kept.
type ranked struct {
	series.Series
	peak float64 // its highest finite value; -Inf without one
	at   int     // its place in the server's answer
}

// better puts the series to keep first: higher peaks, and among equals the first by labels.
func better(a, b ranked) int {
	return cmp.Or(cmp.Compare(b.peak, a.peak), a.Labels.Compare(b.Labels), cmp.Compare(a.at, b.at))
}

// top keeps the series with the highest peaks of an answer while it arrives. It is a heap with the
// worst of them first.
type top struct {
	most  int
	kept  []ranked
	total int
}

// Len implements heap.Interface.
func (t *top) Len() int { return len(t.kept) }

// Less implements heap.Interface.
func (t *top) Less(i, j int) bool { return better(t.kept[i], t.kept[j]) > 0 }

// Swap implements heap.Interface.
func (t *top) Swap(i, j int) { t.kept[i], t.kept[j] = t.kept[j], t.kept[i] }

// Push implements heap.Interface.
func (t *top) Push(x any) { t.kept = append(t.kept, x.(ranked)) }

// Pop implements heap.Interface.
func (t *top) Pop() any {
	last := t.kept[len(t.kept)-1]
	t.kept = t.kept[:len(t.kept)-1]
	return last
}

// add adds a series whose labels and values the caller uses again.
func (t *top) add(labels series.Labels, values []float64) {
	s := ranked{
		Series: series.Series{Labels: labels, Values: values}, peak: peak(values), at: t.total,
	}
	t.total++
	if len(t.kept) < t.most {
		s.Labels, s.Values = labels.Clone(), slices.Clone(values)
		heap.Push(t, s)
		return
	}
	if worst := &t.kept[0]; better(s, *worst) < 0 {
		s.Labels, s.Values = labels.Clone(), append(worst.Values[:0], values...)
		*worst = s
		heap.Fix(t, 0)
	}
}

// peak returns the highest finite value.
func peak(values []float64) float64 {
	high := math.Inf(-1)
	for _, v := range values {
		if v > high && !math.IsInf(v, 1) {
			high = v
		}
	}
	return high
}

// inOrder returns the kept series in the server's order.
func (t *top) inOrder() []ranked {
	slices.SortFunc(t.kept, func(a, b ranked) int { return cmp.Compare(a.at, b.at) })
	return t.kept
}

// fetch sends a query and reads the answer.
func fetch(ctx context.Context, client *promapi.Client, q query) answer {
	kept := &top{most: min(maxSeries, max(maxValues/q.points, 1))}
	var meta promapi.Meta
	var err error
	a := answer{grid: q.grid()}
	if q.instant {
		meta, err = client.Vector(ctx, promapi.Instant{
			Expr: q.expr, Time: a.grid.Start, Limit: maxRead,
		}, func() { *kept = top{most: kept.most} }, func(s promapi.Sample) {
			kept.add(s.Labels, []float64{s.Value})
		})
	} else {
		meta, err = client.Range(ctx, promapi.Query{Expr: q.expr, Grid: a.grid, Limit: maxRead},
			func(s series.Series) error { kept.add(s.Labels, s.Values); return nil })
		a.grid = meta.Grid
	}
	var many *promapi.LimitError
	if errors.As(err, &many) {
		a.more, err = true, nil
	}
	a.series, a.total, a.err = kept.inOrder(), kept.total, err
	for _, warning := range meta.Warnings {
		a.notes = append(a.notes, "the server warned: "+outside.Line(warning))
	}
	if meta.Partial && len(meta.Warnings) == 0 {
		a.notes = append(a.notes, "the server said that its answer is incomplete")
	}
	return a
}
