package board_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/dashboards"
)

// source answers every question of a variable with something likely.
type source struct{}

func (source) LabelNames(context.Context, string) ([]string, error) {
	return []string{"instance", "job"}, nil
}

func (source) LabelValues(_ context.Context, label, _ string) ([]string, error) {
	return []string{label + "-1", label + ".two", "argocd"}, nil
}

func (source) Query(context.Context, string) ([]grafana.Sample, error) {
	return []grafana.Sample{{
		Labels: series.FromPairs("namespace", "n", "strimzi_io_cluster", "my",
			"pod_name", "my-kafka-0", "topic", "t", "partition", "0", "mountpoint", "/"),
		Value: 3, Time: now,
	}}, nil
}

// madeUp returns answers to the queries of a panel: some series with holes, and in odd ones
// infinities and series without a number.
func madeUp(p *grafana.Planned, r *rand.Rand, odd bool) []board.Answer {
	var out []board.Answer
	for _, q := range p.Queries {
		if q.Problem != "" {
			continue
		}
		a := board.Answer{Ref: q.Ref, Grid: series.Grid{Start: now, Step: time.Minute, Len: 1}}
		if !q.Instant {
			a.Grid.Step = max(q.Step, time.Second)
			a.Grid.Len = min(int(p.Range/a.Grid.Step)+1, 60)
			a.Grid.Start = now.Add(-a.Grid.Range())
		}
		for i := range 4 {
			s := series.Series{
				Labels: series.FromPairs("instance", string(rune('a'+i)), "job", "j", "le",
					[]string{"0.1", "0.5", "1", "+Inf"}[i], "device", "sda", "namespace", "n",
					"pod", "pod-"+string(rune('a'+i)), "container", "c", "node", "node-1",
					"mountpoint", "/", "persistentvolumeclaim", "data", "interface", "eth0"),
				Values: make([]float64, a.Grid.Len),
			}
			for k := range s.Values {
				s.Values[k] = r.Float64() * math.Pow(10, float64(r.IntN(9)))
				switch {
				case odd && r.IntN(5) == 0:
					s.Values[k] = []float64{
						math.Inf(1), math.Inf(-1), math.MaxFloat64, math.Copysign(0, -1), -5e-324,
					}[r.IntN(5)]
				case r.IntN(20) == 0, odd && i == 2:
					s.Values[k] = math.NaN()
				}
			}
			a.Series = append(a.Series, s)
		}
		out = append(out, a)
	}
	return out
}

// kindsOf are the kinds of views, by the type that a panel is drawn as.
var kindsOf = map[string]board.Kind{
	"timeseries": board.GraphKind, "stat": board.TilesKind, "gauge": board.TilesKind,
	"bargauge": board.BarsKind, "piechart": board.BarsKind, "barchart": board.BarsKind,
	"table": board.TableKind, "heatmap": board.HeatKind, "histogram": board.HistogramKind,
	"state-timeline": board.StatesKind, "status-history": board.StatesKind,
	"text": board.TextKind,
}

// Every panel of real dashboards gives a view of its kind, and one with data if it has answers.
func TestRealDashboards(t *testing.T) {
	kinds := map[board.Kind]int{}
	notes := map[board.Code]int{}
	empty, all := 0, 0
	for name, data := range dashboards.Files(t) {
		for i, p := range plan(t, data) {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			check(t, board.Show(&p, madeUp(&p, r, true), setting))
			v := board.Show(&p, madeUp(&p, r, false), setting)
			check(t, v)
			if want := kindsOf[p.Panel.Type]; v.Kind != want {
				t.Errorf("%s: panel %q: got kind %s, want %s", name, p.Title, v.Kind, want)
			}
			all++
			kinds[v.Kind]++
			for _, n := range v.Notes {
				notes[n.Code]++
				if n.Code == board.NoteDetail || n.Code == board.NoteStep {
					t.Logf("%s: panel %q: %s %s", name, p.Title, n.Code, n.Text)
				}
			}
			if v.Empty && len(p.Queries) > 0 {
				empty++
				t.Logf("%s: panel %q of type %s is empty: %v", name, p.Title, p.Panel.Type,
					v.Notes)
			}
		}
	}
	t.Logf("%d panels: kinds %v, notes %v, %d are empty", all, kinds, notes, empty)
	if empty > 0 {
		t.Errorf("%d of %d panels are empty, want none: all have answers", empty, all)
	}
}

func plan(t testing.TB, data []byte) []grafana.Planned {
	t.Helper()
	b, err := grafana.Decode(data)
	if err != nil {
		t.Fatalf("decoding: %v", err)
	}
	w := grafana.Window{From: now.Add(-time.Hour), To: now}
	v, err := b.Resolve(t.Context(), source{}, nil, w)
	if err != nil {
		t.Fatalf("resolving: %v", err)
	}
	return b.Plan(v, grafana.Request{Width: 1000}).Panels
}
