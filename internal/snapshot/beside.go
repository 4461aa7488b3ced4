package snapshot

import (
	"runtime/debug"
	"slices"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// A batch changes hands when it has batchSeries series or batchSamples samples, and there are as
// many as batches: what is between decoding and folding is bounded.
const (
	batchSeries  = 32
	batchSamples = 16_384
	batches      = 3
)

// batch is series copied out of the client's buffers, which the next series overwrites.
type batch struct {
	labels []series.Labels
	values []float64 // of all, one after the other
	points int       // of each
}

// beside runs a query and folds its answer in a goroutine of its own: decoding is most of a large
// panel's time, and what folding takes need not come on top. It returns when both are done. A panic
// in add is one of the caller.
func beside(run func(each func(series.Series) error) (promapi.Meta, error),
	add func(series.Series)) (promapi.Meta, error) {
	full, free := make(chan *batch, batches), make(chan *batch, batches)
	for range batches {
		free <- &batch{}
	}
	fault := make(chan *panicError, 1)
	go func() {
		defer close(fault)
		defer func() {
			if r := recover(); r != nil {
				fault <- &panicError{value: r, stack: debug.Stack()}
				for range full { // the decoder must not wait for hands that never come back
					free <- &batch{}
				}
			}
		}()
		for b := range full {
			for i, ls := range b.labels {
				add(series.Series{Labels: ls, Values: b.values[i*b.points : (i+1)*b.points]})
			}
			b.labels, b.values = b.labels[:0], b.values[:0]
			free <- b
		}
	}()
	closed := false
	finish := func() {
		if !closed {
			closed = true
			close(full)
		}
	}
	defer func() { // also where run panics: add is done before the caller goes on
		finish()
		for range fault {
		}
	}()
	now := <-free
	meta, err := run(func(s series.Series) error {
		now.points = len(s.Values)
		if cap(now.values) == 0 {
			now.labels = make([]series.Labels, 0, batchSeries)
			now.values = make([]float64, 0, min(batchSeries*now.points, batchSamples+now.points))
		}
		now.labels = append(now.labels, slices.Clone(s.Labels))
		now.values = append(now.values, s.Values...)
		if len(now.labels) == batchSeries || len(now.values) >= batchSamples {
			full <- now
			now = <-free
		}
		return nil
	})
	full <- now
	finish()
	if f := <-fault; f != nil {
		return meta, f
	}
	return meta, err
}
