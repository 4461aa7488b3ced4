package backtest

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/race"
)

// repeated returns a month of so many nodes with the same samples, over and over. The third day is
// at 95 %.
func repeated(nodes int, samples ...float64) *past {
	p := month()
	values := make([]float64, p.grid.Len)
	for i := range values {
		values[i] = samples[i%len(samples)]
		if day := i / (24 * 12); day == 2 {
			values[i] = 0.95
		}
	}
	for n := range nodes {
		p.series = append(p.series, series.Series{
			Labels: series.FromPairs("node", fmt.Sprintf("n%d", n)), Values: values,
		})
	}
	return p
}

// What is kept of a history is bounded, whatever its samples are. If it does not fit, every level
// has what one pass counted.
func TestWhatIsKeptIsBounded(t *testing.T) {
	race.SkipSerial(t)
	hole := math.NaN()
	overridden := disk(diskHigh)
	overridden.Overrides = []panel.Override{{Warning: rules.At(0.30)}}
	for _, tt := range []struct {
		name      string
		past      *past
		spec      panel.Spec
		about     bool
		stretches int // at most
		alerts    int
	}{
		{
			name: "a hole after each sample", past: repeated(1000, 0.40, hole), spec: disk(diskHigh),
			stretches: 2000, alerts: 1000,
		},
		{
			name: "short and long holes", past: repeated(1000, 0.40, hole, 0.4, hole, hole, hole),
			spec: disk(diskHigh), stretches: 1000 * 30 * 24 * 2, alerts: 1000,
		},
		{
			name: "a long hole after each sample", past: repeated(1600, 0.40, hole, hole, hole),
			spec: disk(diskHigh), about: true, alerts: 1600,
		},
		{
			name: "an override that all samples are beyond", past: repeated(400, 0.40),
			spec: overridden, about: true, alerts: 400,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := newPlan(tt.spec, "", monthly())
			if err != nil {
				t.Fatal(err)
			}
			e := loaded(t, p, tt.past, []float64{0.80}, mostPoints)
			stretches, kept := 0, 0
			for _, s := range e.tracks {
				stretches, kept = stretches+len(s.present), kept+len(s.values)
			}
			if stretches > tt.stretches || kept > mostKept {
				t.Errorf("got %d stretches and %d samples kept, want at most %d and %d", stretches,
					kept, tt.stretches, mostKept)
			}
			got := e.try(context.Background(), e.objects(), 0, 0, nil)
			if got.About != tt.about || got.Alerts != tt.alerts {
				t.Errorf("got %d alerts, about: %v; want %d, %v", got.Alerts, got.About, tt.alerts,
					tt.about)
			}
		})
	}
}
