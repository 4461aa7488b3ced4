package change

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// world is a seeded set of series as real ones behave: a rhythm of hours and weekdays, noise with a
// memory, peaks, holes, days of outage and weeks of slow growth. Every other one has a step.
type world struct {
	floor  Floor
	size   float64 // of a step, in floors
	noise  float64 // in floors
	rhythm float64 // of a day, in floors
}

// planted is a series with what was done to it.
type planted struct {
	values []float64
	step   float64 // 0: none
	ago    float64 // hours
	weeks  int     // of data
}

func (w world) series(r *rand.Rand, g series.Grid) planted {
	p := planted{values: make([]float64, g.Len), weeks: 4}
	base := 20 + 40*r.Float64()
	floor := w.floor.By
	if w.floor.Factor > 0 {
		floor = base * (w.floor.Factor - 1)
	}
	rhythm := w.rhythm * floor * r.Float64()
	quietWeekend := r.Float64() < 0.5
	// red is noise with a memory of about four hours, and slow one of about a day
	var red, slow float64
	if r.IntN(2) == 0 {
		p.ago = 14 + r.Float64()*5*24 // the day's median has moved
		p.step = w.size * floor
		if r.IntN(2) == 0 && base-p.step > 1 {
			p.step = -p.step
		}
		if p.step < 0 && w.floor.Factor > 0 { // down by the same factor
			p.step = base/(1+w.size*(w.floor.Factor-1)) - base
			rhythm *= (base + p.step) / base
		}
	}
	outage := -1.0
	if r.IntN(3) == 0 {
		outage = float64(1+r.IntN(27)) * 24
	}
	growth := floor * 0.3 / (28 * 24) * r.Float64()
	hole, holeEnd := -1.0, -1.0
	if r.IntN(3) == 0 {
		hole = r.Float64() * 27 * 24
		holeEnd = hole + 1 + r.Float64()*10
	}
	for i := range p.values {
		t := g.At(i)
		ago := g.End().Sub(t).Hours()
		red = 0.78*red + 0.62*r.NormFloat64()
		slow = 0.96*slow + 0.28*r.NormFloat64()
		v := base - growth*ago + w.noise*floor*(0.8*red+0.6*slow)
		s := math.Sin(2 * math.Pi * (float64(t.Hour()) - 9) / 24)
		if d := t.Weekday(); quietWeekend && (d == time.Saturday || d == time.Sunday) {
			s = -1
		}
		v += rhythm * s
		if r.IntN(200) == 0 { // a peak
			v += 3 * floor
		}
		if ago < p.ago {
			v += p.step
		}
		if ago >= outage && ago < outage+24 && outage > 0 && (ago > p.ago+48 || p.step == 0) {
			v = 0
		}
		if ago >= hole && ago < holeEnd {
			v = math.NaN()
		}
		p.values[i] = v
	}
	return p
}

// score counts the series of a world whose change was found, missed or invented.
func score(t *testing.T, w world, n int, seed uint64) (precision, recall, begin float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 16))
	var found, missed, invented, near int
	for range n {
		end := slot.Add(time.Duration(r.IntN(14*24)) * time.Hour)
		g := series.Grid{Start: end.Add(-671 * time.Hour), Step: time.Hour, Len: 672}
		p := w.series(r, g)
		c, ok := Of(p.values, g, w.floor, nil)
		switch {
		case ok && p.step != 0 && (c.To > c.From) == (p.step > 0):
			found++
			if math.Abs(end.Sub(c.Begin).Hours()-p.ago) <= 2 {
				near++
			}
		case ok:
			invented++
		case p.step != 0:
			missed++
		}
	}
	return float64(found) / float64(found+invented), float64(found) / float64(found+missed),
		float64(near) / float64(found)
}

// Steps of twice the floor are found, whatever the noise and the rhythm, and nothing else is.
func TestPlanted(t *testing.T) {
	share, rate := Floor{By: 5}, Floor{Factor: 1.5}
	t.Log("floor   size noise rhythm  precision recall  begin within 2 h")
	for i, w := range []world{
		{share, 2, 0.05, 0}, {share, 2, 0.1, 1}, {share, 2, 0.2, 2}, {share, 2, 0.3, 2},
		{share, 2, 0.2, 6}, {share, 4, 0.4, 4}, {share, 3, 0.2, 0},
		{rate, 2, 0.05, 0.3}, {rate, 2, 0.1, 0.5}, {rate, 2, 0.2, 1}, {rate, 4, 0.4, 1},
	} {
		precision, recall, begin := score(t, w, 600, uint64(i))
		text := fmt.Sprintf("%-7s %4v %5v %6v  %8.1f%% %5.1f%%  %4.1f%%",
			map[bool]string{true: "5", false: "x 1.5"}[w.floor.By > 0], w.size, w.noise, w.rhythm,
			100*precision, 100*recall, 100*begin)
		t.Log(text)
		if precision < 0.9 || recall < 0.9 {
			t.Errorf("want at least 90 %% of both: %s", text)
		}
	}
}
