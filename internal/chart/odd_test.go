package chart

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/testdata/race"
)

// oddPanels are unusual panels. Each must become a picture.
func oddPanels() map[string]*snapshot.Panel {
	nan, inf := math.NaN(), math.Inf(1)
	hour := gridTo(slotTime, 61, time.Minute)
	one := func(u units.Unit, g series.Grid, values ...float64) *snapshot.Panel {
		return panelOf("Odd", u, g, 12, []string{"one"}, [][]float64{values})
	}
	repeat := func(v float64, n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = v
		}
		return out
	}
	many := func(n, top int) *snapshot.Panel {
		var names []string
		var values [][]float64
		for i := range n {
			names = append(names, strings.Repeat("n", i%7+1))
			values = append(values, wander(uint64(i), 61, float64(i), 1, 1))
		}
		return panelOf("Many", units.Short, hour, top, names, values)
	}
	gapped := repeat(5, 61)
	for i := range gapped {
		if i%2 == 1 {
			gapped[i] = nan
		}
	}
	limited := func(u units.Unit, w, c float64, d rules.Direction,
		values ...float64) *snapshot.Panel {
		p := one(u, gridTo(slotTime, len(values), time.Minute), values...)
		p.Spec.Rules = []rules.Rule{
			{Name: "r", Direction: d, Warning: rules.At(w), Critical: rules.At(c)},
		}
		return p
	}
	long := strings.Repeat("very-long-name-", 13) + "end-x"
	named := one(units.Bytes, hour, repeat(gib, 61)...)
	named.Spec.Title, named.Lines[0].Name = long, long
	breach(named, 0, rules.Critical, gib/2, slotTime)
	failed := one(units.Bytes, hour)
	failed.Spec.Title = "Node memory used"
	failed.Lines, failed.Rows = nil, nil
	failed.Failure = snapshot.FailureOf(errors.New("query node-memory: the server answered 503 " +
		"(timeout): " + strings.Repeat("query timed out in expression evaluation ", 12)))
	absent := one(units.Bytes, hour)
	absent.Spec.Title = "Volumes"
	absent.Lines, absent.Missing, absent.Data = nil, []string{
		"kubelet_volume_stats_available_bytes",
	}, snapshot.DataAbsent
	absent.Spec.Hint = "The kubelet reports volumes; scrape it with the chart's kubelet job."
	good := one(units.Bytes, hour)
	good.Lines, good.Spec.EmptyIsOK = nil, true

	return map[string]*snapshot.Panel{
		"zero panel":     {},
		"failed":         failed,
		"absent":         absent,
		"empty and good": good,
		"no samples":     one(units.Bytes, hour),
		"all NaN":        one(units.Bytes, hour, repeat(nan, 61)...),
		"all Inf":        one(units.Bytes, hour, repeat(inf, 61)...),
		"one sample":     one(units.Bytes, gridTo(slotTime, 1, time.Minute), gib),
		"one sample in a gap": one(units.Bytes, hour,
			append(append(repeat(nan, 30), gib), repeat(nan, 30)...)...),
		"flat":               one(units.Cores, hour, repeat(3.5, 61)...),
		"flat zero":          one(units.PercentUnit, hour, repeat(0, 61)...),
		"flat negative":      one(units.None, hour, repeat(-3.5, 61)...),
		"some Inf":           one(units.None, hour, 1, 2, inf, 3, -inf, 4, nan, 5, 6),
		"huge":               one(units.None, hour, math.MaxFloat64, -math.MaxFloat64, 1),
		"tiny":               one(units.None, hour, 5e-324, 1e-310, 0),
		"negative":           one(units.Bytes, hour, -gib, -2*gib, gib),
		"every other sample": one(units.None, hour, gapped...),
		"no step":            one(units.None, series.Grid{Start: slotTime, Len: 3}, 1, 2, 3),
		"negative step": one(units.None, series.Grid{
			Start: slotTime, Len: 3, Step: -time.Minute,
		}, 1, 2, 3),
		"no time":     one(units.None, series.Grid{}, 1, 2, 3),
		"grid longer": one(units.None, gridTo(slotTime, 5000, time.Minute), 1, 2, 3),
		"grid shorter": one(units.None, gridTo(slotTime, 2, time.Minute),
			repeat(1, 61)...),
		"five minutes": one(units.None, gridTo(slotTime, 21, 15*time.Second),
			wander(1, 21, 5, 2, 1)...),
		"thirty days": one(units.Bytes, gridTo(slotTime, 8641, 5*time.Minute),
			wander(1, 8641, 5*gib, gib, gib)...),
		"a century": one(units.None, gridTo(slotTime, 100, 365*day),
			wander(1, 100, 5, 2, 1)...),
		"far future": one(units.None, series.Grid{
			Start: time.Unix(1<<40, 0), Step: time.Hour, Len: 24,
		}, wander(1, 24, 5, 2, 1)...),
		"1 series of 1000": many(1000, 1),
		"1000 lines":       many(1000, 1000),
		"200 runes":        named,
		"limits above": limited(units.PercentUnit, 0.8, 0.9, rules.Above, 0.01, 0.02,
			0.015),
		"limits near each other": limited(units.PercentUnit, 0.9, 0.9001, rules.Above, 0.7, 0.72,
			0.71),
		"limits below":           limited(units.PercentUnit, 0.99, 0.5, rules.Below, 1, 0.98, 1),
		"limits of another sign": limited(units.None, -8, -9, rules.Below, 1, 2, 1),
		"limits not finite":      limited(units.None, inf, nan, rules.Above, 1, 2, 1),
		"restarts":               limited(units.Short, 2.5, 5.5, rules.Above, 0, 0, 0, 0),
	}
}

func TestOddInput(t *testing.T) {
	race.SkipSerial(t)
	for name, p := range oddPanels() {
		t.Run(name, func(t *testing.T) {
			for _, kind := range panel.Kinds() {
				for _, o := range []Options{{Width: 600}, {Width: 320, Height: 80, Dark: true}} {
					if w := decode(t, inTime(t, as(kind, p), o)).Bounds().Dx(); w != o.Width {
						t.Errorf("%s: the picture is %d pixels wide, want %d", kind, w, o.Width)
					}
				}
			}
		})
	}
}

func TestOddOptions(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want int
	}{
		{Options{}, 1000}, {Options{Width: -5, Height: -5, Scale: math.NaN()}, 320}, {
			Options{Width: 9999, Height: 9999, Scale: -1}, 2000,
		},
	} {
		if got := decode(t, inTime(t, nodeMemory(5, time.Hour), c.o)).Bounds().Dx(); got != c.want {
			t.Errorf("%+v: %d pixels wide, want %d", c.o, got, c.want)
		}
	}
}

// inTime draws a panel and fails the test if that hangs.
func inTime(t *testing.T, p *snapshot.Panel, o Options) []byte {
	t.Helper()
	type result struct {
		file []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		file, err := PNG(p, o)
		done <- result{file, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			t.Fatal(r.err)
		}
		return r.file
	case <-time.After(2 * time.Minute):
		t.Fatal("drawing takes more than two minutes, want a picture")
		return nil
	}
}

func TestNoPanel(t *testing.T) {
	if _, err := PNG(nil, Options{}); err == nil {
		t.Error("no error for a nil panel, want one")
	}
}

// TestManyHoles draws the most samples that a server sends with every other one missing in all
// lines. Each kind must be drawn in time and fit into a page.
func TestManyHoles(t *testing.T) {
	race.SkipSerial(t)
	const n = 11_000
	var names []string
	var values [][]float64
	for i := range 20 {
		v := wander(uint64(i), n, 100, 50, 30)
		for j := i % 2; j < n; j += 2 {
			v[j] = math.NaN()
		}
		names, values = append(names, "series"), append(values, v)
	}
	p := panelOf("Holes", units.None, gridTo(slotTime, n, time.Minute), 12, names, values)
	p.References = []snapshot.ReferenceLine{{Name: "limit", Values: values[0]}}
	for _, kind := range panel.Kinds() {
		inTime(t, as(kind, p), Options{Scale: 2})
		doc, err := SVG(as(kind, p), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(doc) > 4<<20 {
			t.Errorf("as %s, the document has %d bytes, want at most 4 MiB", kind, len(doc))
		}
	}
}
