package alerts

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// kube answers like the kube-state-metrics of one cluster, with pods of the workloads in live and
// gone.
type kube struct {
	live, gone []string
	err        error
	asked      *int
}

// Range implements snapshot.Querier.
func (k kube) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	*k.asked++
	if k.err != nil || !strings.Contains(q.Expr, "kube_pod_owner") {
		return promapi.Meta{}, k.err
	}
	for phase, names := range [][]string{k.gone, k.live} {
		for _, name := range names {
			ls := series.FromPairs("namespace", "shop", "pod", name+"-0", "owner_kind",
				"StatefulSet", "owner_name", name)
			if err := each(
				series.Series{Labels: ls, Values: []float64{float64(phase)}}); err != nil {
				return promapi.Meta{}, err
			}
		}
	}
	return promapi.Meta{}, nil
}

// Present implements snapshot.Querier.
func (k kube) Present(context.Context, []string, time.Time, time.Time) (map[string]bool, error) {
	return nil, k.err
}

// A series that ended while its alert fired either has a gone object or no data. Without such a
// series only Evaluate queries, because it also needs the workloads of pods. A series without data
// may be explained by targets that do not answer, which is one more query.
func TestSettle(t *testing.T) {
	down := errors.New("connection refused")
	fired, calm := &rules.Streak{Severity: rules.Warning}, (*rules.Streak)(nil)
	for _, tt := range []struct {
		name      string
		streak    *rules.Streak
		kube      kube
		want      rules.Status
		settled   int // queries of Settle
		evaluated int // and of Evaluate
		err       error
	}{
		{
			name: "calm when it ended", streak: calm, kube: kube{gone: []string{"db"}},
			want: rules.Gone, evaluated: 1,
		},
		{
			name: "its workload exists", streak: fired, kube: kube{live: []string{"db"}},
			want: rules.NoData, settled: 3, evaluated: 3,
		},
		{
			name: "its workload is gone", streak: fired, kube: kube{
				live: []string{"web"}, gone: []string{"db"},
			}, want: rules.Gone, settled: 2, evaluated: 2,
		},
		{
			name: "nobody answers", streak: fired, kube: kube{err: down}, want: rules.NoData,
			settled: 3, evaluated: 3, err: down,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			tt.kube.asked = &asked
			w := Window{End: time.Unix(1_760_000_000, 0), Range: time.Hour}
			panels := endedPanel(tt.streak)
			Settle(t.Context(), tt.kube, panels, snapshot.Nodes{}, w)
			if got := panels[0].Findings[0].Status; got != tt.want ||
				panels[0].Rows[0].Status != tt.want {
				t.Errorf("Settle: got the finding %v and its row %v, want %v", got,
					panels[0].Rows[0].Status, tt.want)
			}
			if asked != tt.settled {
				t.Errorf("Settle: got %d queries, want %d", asked, tt.settled)
			}

			asked = 0
			panels = endedPanel(tt.streak)
			now, err := Evaluate(t.Context(), tt.kube, panels, snapshot.Nodes{}, w)
			if !errors.Is(err, tt.err) {
				t.Errorf("Evaluate: got the error %v, want %v", err, tt.err)
			}
			if asked != tt.evaluated {
				t.Errorf("Evaluate: got %d queries, want %d", asked, tt.evaluated)
			}
			if got := panels[0].Findings[0].Status; got != tt.want {
				t.Errorf("Evaluate: got the finding %v, want %v", got, tt.want)
			}
			if got := now.Rules[0].Findings[0].Status; got != tt.want {
				t.Errorf("Evaluate: got the finding %v in the result, want %v", got, tt.want)
			}
			quality := rules.DataComplete
			if tt.err != nil {
				// no pod alert ends without known owners
				quality = rules.DataPartial
			}
			if got := now.Rules[0].Data; got != quality {
				t.Errorf("Evaluate: got data %v, want %v", got, quality)
			}
		})
	}
}

// endedPanel returns a panel with one pod's series that ended with the given streak.
func endedPanel(streak *rules.Streak) []snapshot.Panel {
	ls := series.FromPairs("namespace", "shop", "pod", "db-0")
	return []snapshot.Panel{{
		Spec: panel.Spec{Name: "memory", Rules: []rules.Rule{{Name: "High", Warning: rules.At(1)}}},
		Data: snapshot.DataComplete,
		Rows: []snapshot.Row{{Labels: ls, Status: rules.Gone}},
		Findings: []snapshot.Finding{
			{
				Finding: rules.Finding{
					Rule: "High", Labels: ls, Status: rules.Gone, Severity: rules.Warning,
					Streak: streak,
				},
			},
		},
	}}
}
