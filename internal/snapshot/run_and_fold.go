package snapshot

import (
	"runtime/debug"
	"slices"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// A batch is passed on once it has batchSeries series or batchSamples samples. There are at most
// batches of them, which bounds the memory between decoding and folding.
const (
	batchSeries  = 32
	batchSamples = 16_384
	batches      = 3
)

// batch holds series copied out of the client's buffers, which the client reuses for the next
// series.
type batch struct {
	labels []series.Labels
	values []float64 // of all series, one after the other
	points int       // of each series
}

// runAndFold runs a query and folds its answer in a separate goroutine, so that folding does not
// add to the decoding time, which dominates for a large panel. It returns when both are done. A
// panic in add becomes an error.
func runAndFold(run func(each func(series.Series) error) (promapi.Meta, error),
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
				for range full { // keep the decoder from waiting for a free batch
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
	defer func() { // even if run panics, wait for add before returning
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
