package change

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

// drawn is a series of a world, of any length up to five weeks.
func drawn(t *rapid.T) (planted, series.Grid, Floor) {
	w := world{
		floor: Floor{By: 4}, size: rapid.Float64Range(0.5, 4).Draw(t, "size"),
		noise:  rapid.Float64Range(0, 1).Draw(t, "noise"),
		rhythm: rapid.Float64Range(0, 4).Draw(t, "rhythm"),
	}
	n := rapid.IntRange(24, 35*24).Draw(t, "hours")
	end := slot.Add(time.Duration(rapid.IntRange(0, 400*24).Draw(t, "slot")) * time.Hour)
	g := series.Grid{
		Start: end.Add(-time.Duration(n-1) * time.Hour), Step: time.Hour, Len: n,
	}
	seed := rapid.Uint64().Draw(t, "seed")
	return w.series(rand.New(rand.NewPCG(seed, 1)), g), g, w.floor
}

// The unit, the sign, and whole weeks change nothing. Nor do samples that are older than 28 days.
func TestOfProperties(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		p, g, floor := drawn(t)
		zone := rapid.SampledFrom([]*time.Location{nil, berlin}).Draw(t, "zone")
		want, wantOK := Of(p.values, g, floor, zone)

		scale := rapid.SampledFrom([]float64{1. / 1024, -1, 4, -1 << 30}).Draw(t, "scale")
		scaled := make([]float64, len(p.values))
		for i, v := range p.values {
			scaled[i] = scale * v
		}
		got, ok := Of(scaled, g, Floor{By: math.Abs(scale) * floor.By}, zone)
		back := got
		back.From, back.To = got.From/scale, got.To/scale
		back.Low, back.High = got.Low/scale, got.High/scale
		if scale < 0 {
			back.Low, back.High = back.High, back.Low
		}
		if ok != wantOK || !same(back, want) {
			t.Fatalf("scaled by %v: got %+v, %v, want %+v, %v", scale, back, ok, want, wantOK)
		}

		if zone == nil {
			shift := time.Duration(rapid.IntRange(1, 60).Draw(t, "weeks")) * 7 * 24 * time.Hour
			later := g
			later.Start = g.Start.Add(shift)
			got, ok := Of(p.values, later, floor, zone)
			if ok {
				got.Begin = got.Begin.Add(-shift)
			}
			if ok != wantOK || !same(got, want) {
				t.Fatalf("later by %v: got %+v, %v, want %+v, %v", shift, got, ok, want, wantOK)
			}
			if cut := g.Len - 28*24; cut > 0 {
				g.Start, g.Len = g.At(cut), 28*24
				got, ok := Of(p.values[cut:], g, floor, zone)
				if ok != wantOK || !same(got, want) {
					t.Fatalf("28 days of it: got %+v, %v, want %+v, %v", got, ok, want, wantOK)
				}
			}
		}
		if wantOK && !want.New {
			check(t, want, g, floor)
		}
	})
}

// check fails if a change contradicts itself.
func check(t interface{ Fatalf(string, ...any) }, c Change, g series.Grid, floor Floor) {
	switch {
	case math.Abs(c.To-c.From) < floor.By:
		t.Fatalf("less than the floor %v: %+v", floor.By, c)
	case !(c.Low <= c.From && c.From <= c.High):
		t.Fatalf("the usual level is not within its range: %+v", c)
	case c.Begin.Before(g.End().Add(-10*24*time.Hour)) || c.Begin.After(g.End()):
		t.Fatalf("it begins outside the newest ten days of %v: %+v", g.End(), c)
	case c.Weeks < 0 || c.Weeks > weeks:
		t.Fatalf("it compares %d weeks: %+v", c.Weeks, c)
	}
}

// same reports whether two changes are equal, where NaN equals NaN.
func same(a, b Change) bool {
	eq := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
	return eq(a.From, b.From) && eq(a.To, b.To) && eq(a.Low, b.Low) && eq(a.High, b.High) &&
		a.Begin.Equal(b.Begin) && a.Weeks == b.Weeks && a.New == b.New
}

// Holes of up to ten hours of each day change neither what changed nor when, unless they hide the
// very hour.
func TestHoles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ago := rapid.Float64Range(30, 6*24).Draw(t, "ago")
		values := level(month, func(_ time.Time, a float64) float64 {
			if a < ago {
				return 0.6
			}
			return 0.4
		})
		for d := range days {
			at := rapid.IntRange(0, 23).Draw(t, "hole")
			n := rapid.IntRange(0, 10).Draw(t, "length")
			for i := d*24 + at; i < min(d*24+at+n, d*24+24); i++ {
				off := math.Mod(month.End().Sub(month.At(i)).Hours()-ago+7*24, 24)
				if off > 1 && off < 23 && i < len(values)-6 {
					values[i] = math.NaN()
				}
			}
		}
		got := text(Of(values, month, Floor{By: 0.05}, nil))
		begin := month.End().Add(-time.Duration(math.Ceil(ago)-1) * time.Hour)
		want := "0.4 to 0.6, usual 0.4 to 0.4 in 3 weeks, since " + begin.Format("01-02T15")
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// FuzzOf feeds any samples on any grid: it must not panic, and what it says must not contradict
// itself.
func FuzzOf(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), int64(0), int64(3600), true)
	f.Add(make([]byte, 8*700), int64(1_760_000_000), int64(3600), false)
	f.Add(make([]byte, 3000), int64(1_743_300_000), int64(1), true)
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, start, step int64, local bool) {
		values := make([]float64, 0, 8*len(data))
		for len(data) >= 2 {
			if n := int(data[0]) % 32; data[0] > 200 && len(data) >= 9 {
				values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(data[1:])))
				data = data[9:]
			} else { // a level for some hours
				for range n {
					values = append(values, float64(data[1])-20)
				}
				data = data[2:]
			}
		}
		g := series.Grid{
			Start: time.Unix(start%1e11, 0), Step: time.Duration(step%1e6) * time.Second,
			Len: len(values),
		}
		in := zone
		if !local {
			in = nil
		}
		if c, ok := Of(values, g, Floor{By: 3}, in); ok && !c.New {
			check(t, c, g, Floor{By: 3})
		}
	})
}

// BenchmarkOf is 5,000 series of four weeks.
func BenchmarkOf(b *testing.B) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	w := world{Floor{By: 5}, 2, 0.2, 2}
	r := rand.New(rand.NewPCG(1, 1))
	var all [50][]float64
	for i := range all {
		all[i] = w.series(r, month).values
	}
	for name, zone := range map[string]*time.Location{"UTC": nil, "Berlin": berlin} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				for i := range 5000 {
					Of(all[i%len(all)], month, w.floor, zone)
				}
			}
		})
	}
}
