package snapshot_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

func TestStoppedRun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := snapshot.Take(ctx, fake{}, []panel.Spec{{Queries: []panel.Query{{Expr: "a"}}}},
		snapshot.Options{Slot: slot, Range: time.Hour})[0]
	if failed(p) != snapshot.FailureStopped || p.Data != snapshot.DataFailed {
		t.Errorf("got failure %v, data %v; want stopped, failed", p.Failure, p.Data)
	}
}

// hung is a server that never answers one query, even after the context ends.
type hung struct {
	fake
	end chan struct{} // closed to let the query end
}

func (d hung) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	if q.Expr == "hung" {
		<-d.end
	}
	return d.fake.Range(ctx, q, each)
}

// A panel that ignores the end of the run fails shortly after it, and so does a panel waiting
// behind it; finished panels are unaffected.
func TestRunDoesNotWaitForHungQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timedOut := errors.New("the run's minute has passed")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, timedOut)
		defer cancel()
		d := hung{
			fake{answers: map[string][]series.Series{"good": {constant(1)}, "hung": {constant(1)}}},
			make(chan struct{}),
		}
		specs := []panel.Spec{
			{Queries: []panel.Query{{Expr: "good"}}}, {Queries: []panel.Query{{Expr: "hung"}}},
			{Queries: []panel.Query{{Expr: "hung"}}}, {Queries: []panel.Query{{Expr: "good"}}},
		}
		began := time.Now()
		panels := snapshot.Take(ctx, d, specs, snapshot.Options{
			Slot: slot, Range: time.Hour, Concurrency: 2,
		})
		if took := time.Since(began); took < time.Minute || took > time.Minute+5*time.Second {
			t.Errorf("Take took %v, want between 1m and 1m5s", took)
		}
		if panels[0].Failure != nil || panels[0].Total != 1 {
			t.Errorf("good panel: got %+v, want one series and no failure", panels[0])
		}
		for _, p := range panels[1:3] {
			if failed(p) != snapshot.FailureStopped ||
				!strings.Contains(p.Failure.Message, timedOut.Error()) ||
				p.Data != snapshot.DataFailed || p.Exprs[0] != "hung" {
				t.Errorf("hung panel: got %v, data %v; want stopped: %v", p.Failure, p.Data,
					timedOut)
			}
		}
		if failed(panels[3]) != snapshot.FailureStopped {
			t.Errorf("waiting panel: got %v, want stopped", panels[3].Failure)
		}
		close(d.end) // the abandoned queries write nothing that is read
	})
}

// panicky is a server whose answers panic.
type panicky struct{ fake }

func (panicky) Range(context.Context, promapi.Query,
	func(series.Series) error) (promapi.Meta, error) {
	panic("index out of range")
}

func TestPanicCostsOnePanel(t *testing.T) {
	var reported *snapshot.Fault
	o := snapshot.Options{Slot: slot, Range: time.Hour, Progress: func(e snapshot.Event) {
		reported = e.Fault
	}}
	p := snapshot.Take(context.Background(), panicky{}, []panel.Spec{
		{Name: "a", Queries: []panel.Query{{Expr: "a"}}},
	}, o)[0]
	if failed(p) != snapshot.FailureFault || p.Data != snapshot.DataFailed || p.Spec.Name != "a" {
		t.Errorf("got %+v, want the panel a with a fault", p)
	}
	if reported == nil || reported.Panic != "index out of range" ||
		!strings.Contains(string(reported.Stack), "panicky") {
		t.Errorf("got the fault %+v, want the panic with its stack", reported)
	}
}

// lateHung answers the panels and the query about nodes, and never one for a history.
type lateHung struct {
	*history
	end    chan struct{} // closed to let the queries end
	folded *atomic.Int64 // series that were accepted after that
}

func (d lateHung) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	meta, err := d.history.Range(ctx, q, each)
	if q.Grid.Step == time.Hour {
		<-d.end
		if err := each(constant(1)); err == nil {
			d.folded.Add(1)
		}
	}
	return meta, err
}

// A query for a history that ignores the end of its time costs the report that history, and no
// time.
func TestHistoryDoesNotWaitForHungQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timedOut := errors.New("the two minutes of histories have passed")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Minute, timedOut)
		defer cancel()
		server := &history{series: map[string]func(time.Duration) float64{"a": grows(0.8)}}
		o := options(time.Hour)
		o.Concurrency = 1 // the others wait for the first
		panels := snapshot.Take(ctx, server, []panel.Spec{disk, disk, disk}, o)
		d := lateHung{server, make(chan struct{}), new(atomic.Int64)}
		began := time.Now()
		snapshot.TakeHistory(ctx, d, panels, o, nil)
		if took := time.Since(began); took < 2*time.Minute || took > 2*time.Minute+5*time.Second {
			t.Errorf("TakeHistory took %v, want between 2m and 2m5s", took)
		}
		for i, p := range panels {
			if p.History != nil || len(p.Notes) != 1 ||
				p.Notes[0].Code != snapshot.NoteHistoryUnknown ||
				!strings.Contains(strings.Join(p.Notes[0].Args, " "), timedOut.Error()) {
				t.Errorf("panel %d: got the history %v and the notes %v, want one that says %q", i,
					p.History, p.Notes, timedOut)
			}
		}
		close(d.end)
		synctest.Wait()
		if n := d.folded.Load(); n > 0 {
			t.Errorf("got %d series of abandoned queries folded, want none", n)
		}
	})
}

// A panic of the client in a query for a history costs that history.
func TestPanicCostsOneHistory(t *testing.T) {
	var reported *snapshot.Fault
	o := options(time.Hour)
	server := &history{series: map[string]func(time.Duration) float64{"a": grows(0.8)}}
	panels := snapshot.Take(t.Context(), server, []panel.Spec{disk}, o)
	o.Progress = func(e snapshot.Event) { reported = e.Fault }
	snapshot.TakeHistory(t.Context(), panicky{}, panels, o, nil)
	if panels[0].History != nil || len(panels[0].Notes) != 1 {
		t.Errorf("got the history %v and the notes %v, want one note", panels[0].History,
			panels[0].Notes)
	}
	if reported == nil || reported.Panic != "index out of range" ||
		!strings.Contains(string(reported.Stack), "panicky") {
		t.Errorf("got the fault %+v, want the panic with its stack", reported)
	}
}
