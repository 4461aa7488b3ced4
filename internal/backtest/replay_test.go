package backtest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The slots in which an alert only lasts are left out, but no peak is, wherever it is.
func TestReplaySeesEveryPeak(t *testing.T) {
	const begins, last, peak = 20, 7 * 16, 89
	rule := rules.Rule{Name: "High", Warning: rules.At(80), For: 5 * time.Minute}
	for _, minutes := range []int{1, 4, 7, 8, 16} { // between slots; a window has 16 samples
		var slots []time.Time
		for at := 0; at <= last; at += minutes {
			slots = append(slots, start.Add(time.Duration(at)*time.Minute))
		}
		for at := begins; at <= last; at++ {
			values := slices.Repeat([]float64{85}, last+1)
			copy(values, make([]float64, begins))
			values[at] = peak
			p := &plan{
				rule: rule, severity: rules.Warning, pages: 2, step: time.Minute,
				keep: 10 * time.Minute, rng: 15 * time.Minute,
				fors: []time.Duration{rule.For}, asked: 1, spec: wide(rule),
				o: Options{Query: snapshot.Options{Slot: start.Add(last * time.Minute)}},
			}
			if err := p.schedule(slots); err != nil {
				t.Fatal(err)
			}
			e := loaded(t, p, &past{
				grid: series.Grid{Start: start, Step: p.step, Len: len(values)},
				series: []series.Series{{
					Labels: series.FromPairs("node", "n1"), Values: values,
				}},
			}, []float64{80}, 400)
			want := start.Add(time.Duration(at) * time.Minute)
			got := slices.Concat(slices.Collect(maps.Values(replayed(e, rule, false)))...)
			if len(got) != 1 || got[0].Peak != peak || !got[0].PeakAt.Equal(want) {
				t.Errorf("a slot every %d minutes: got %+v, want one episode with a peak of %d "+
					"at %v", minutes, got, peak, want)
			}
		}
	}
}
