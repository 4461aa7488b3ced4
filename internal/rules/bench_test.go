package rules

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// day returns 720 samples that go up and down and stay below 90.
func day() (series.Series, series.Grid) {
	values := make([]float64, 720)
	for i := range values {
		values[i] = 60 + 25*math.Sin(float64(i)/40) + float64(i*37%11)/3
	}
	return series.Series{Labels: series.FromPairs("node", "a"), Values: values}, series.Grid{
		Start: start, Step: 2 * time.Minute, Len: len(values),
	}
}

var benched = map[string]Rule{
	"alert":   {Warning: At(95), Critical: At(98), For: 15 * time.Minute},
	"average": {Warning: At(95), Reduce: Avg},
	"p95":     {Warning: At(95), Reduce: P95},
}

func BenchmarkJudge(b *testing.B) {
	s, g := day()
	for name, r := range benched {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if f := Judge(r, s, g); f.Status != OK {
					b.Fatalf("got %s, want OK", brief(f))
				}
			}
		})
	}
}

func TestJudgeAllocatesNothingWithoutStreaks(t *testing.T) {
	s, g := day()
	for name, r := range benched {
		if allocs := testing.AllocsPerRun(10, func() { Judge(r, s, g) }); allocs != 0 {
			t.Errorf("%s: got %v allocations, want none", name, allocs)
		}
	}
}
