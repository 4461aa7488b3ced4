package snapshot_test

import (
	"context"
	"errors"
	"strings"
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
