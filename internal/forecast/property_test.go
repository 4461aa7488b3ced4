package forecast

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

// disk draws a disk of 14 to 28 days: it grows by a steady amount, with a rhythm of the day, noise,
// a rotation each night and perhaps a clean-up.
func disk(t *rapid.T) []float64 {
	n := rapid.IntRange(14, 28).Draw(t, "days")
	from := rapid.Float64Range(0.1, 0.8).Draw(t, "level")
	rate := rapid.Float64Range(-0.002, 0.015).Draw(t, "rate")
	swing := rapid.Float64Range(0, 0.03).Draw(t, "swing")
	logs := rapid.Float64Range(0, 0.05).Draw(t, "logs")
	noise := rapid.Float64Range(0, 0.004).Draw(t, "noise")
	cleaned := rapid.Float64Range(-1, 28).Draw(t, "cleaned")
	seed := rapid.Uint64().Draw(t, "seed")
	return shape(n, func(before float64) float64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		v := from - rate*before + swing*math.Sin(before*2*math.Pi) +
			logs*(1-math.Mod(before+0.3, 1)) + noise*float64(seed>>40)/(1<<24)
		if before > cleaned && cleaned > 0 {
			v += 0.2
		}
		return v
	})
}

// same reports whether two forecasts say the same but for rounding, with amounts of b times as
// large as those of a.
func same(a, b Forecast, times float64) bool {
	near := func(x, y float64) bool {
		return math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-6*max(math.Abs(x), math.Abs(y))
	}
	return a.Why == b.Why && near(a.Level*times, b.Level) && near(a.Rate*times, b.Rate) &&
		near(a.Days, b.Days) && near(a.Lo, b.Lo) && near(a.Hi, b.Hi) && near(a.Sure, b.Sure) &&
		a.Grew == b.Grew && a.Weeks == b.Weeks && a.Stepped == b.Stepped
}

func TestUnitsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values, aim := disk(t), Aim{Limit: 0.85, For: time.Hour}
		g := hourly(len(values) / 24)
		// a power of two changes no digit, so that no value crosses a threshold by rounding
		times := math.Ldexp(1, rapid.IntRange(-40, 60).Draw(t, "times"))
		scaled := slices.Clone(values)
		for i := range scaled {
			scaled[i] *= times
		}
		want := Of(values, g, aim)
		aim.Limit *= times
		if got := Of(scaled, g, aim); !same(want, got, times) {
			t.Fatalf("scaled by %g:\ngot  %+v\nwant %+v", times, got, want)
		}
	})
}

func TestTheDayDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values, aim := disk(t), Aim{Limit: 0.85}
		g := hourly(len(values) / 24)
		want := Of(values, g, aim)
		by := time.Duration(rapid.IntRange(-5000, 5000).Draw(t, "days")) * day
		g.Start = g.Start.Add(by)
		got := Of(values, g, aim)
		if got.Since = got.Since.Add(-by); !same(want, got, 1) || !got.Since.Equal(want.Since) {
			t.Fatalf("shifted by %v:\ngot  %+v\nwant %+v", by, got, want)
		}
	})
}

// What is older than the newest 28 days does not matter either.
func TestOnlyTheHistoryCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values, aim := disk(t), Aim{Limit: 0.85}
		for len(values) < 28*24 {
			values = append([]float64{values[0]}, values...)
		}
		want := Of(values, hourly(28), aim)
		older := rapid.IntRange(1, 100).Draw(t, "older")
		g := hourly(28)
		g.Start, g.Len = g.At(-older), g.Len+older
		got := Of(append(make([]float64, older), values...), g, aim)
		if !same(want, got, 1) || !got.Since.Equal(want.Since) {
			t.Fatalf("with %d more samples:\ngot  %+v\nwant %+v", older, got, want)
		}
	})
}

// The level changes every four hours here, so that a hole hides no level of its own.
func TestShortHolesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rough := disk(t)
		n := len(rough)
		values := make([]float64, n)
		for i := range values {
			values[i] = rough[n-1-(n-1-i)/4*4]
		}
		aim, g := Aim{Limit: 0.85}, hourly(n/24)
		want := Of(values, g, aim)
		holed := slices.Clone(values)
		for i := 1 + rapid.IntRange(0, 3).Draw(t, "from"); i < n-1; {
			size := rapid.IntRange(1, 2).Draw(t, "hole")
			for j := i; j < min(i+size, n-1); j++ {
				holed[j] = math.NaN()
			}
			i += size + rapid.IntRange(2, 100).Draw(t, "apart")
		}
		if got := Of(holed, g, aim); !same(want, got, 1) {
			t.Fatalf("with holes:\ngot  %+v\nwant %+v", got, want)
		}
	})
}

func TestWhatFallsIsNeverForecast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "days")
		v, seed := 0.84, rapid.Uint64().Draw(t, "seed")
		most := rapid.Float64Range(0, 0.01).Draw(t, "most")
		values := shape(n, func(float64) float64 {
			seed = seed*6364136223846793005 + 1442695040888963407
			if v -= most * float64(seed>>40) / (1 << 24); seed>>36&15 == 0 {
				return math.NaN()
			}
			return v
		})
		hold := time.Duration(rapid.IntRange(0, 30).Draw(t, "for")) * time.Hour
		got := Of(values, hourly(n), Aim{Limit: 0.85, For: hold})
		if got.Why == "" {
			t.Fatalf("got a forecast of a series that falls: %+v", got)
		}
		for i := range values {
			values[i] = 1 - values[i]
		}
		got = Of(values, hourly(n), Aim{Limit: 0.15, Below: true, For: hold})
		if got.Why == "" {
			t.Fatalf("got a forecast below the limit of a series that rises: %+v", got)
		}
	})
}

// An aim below is an aim above of what is left, where that is as large at most.
func TestBelowMirrorsAbove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(14, 28).Draw(t, "days")
		rate := rapid.Float64Range(0.001, 0.02).Draw(t, "rate")
		used := shape(n, func(b float64) float64 { return 0.6 - rate*b + 0.01*math.Sin(b*6) })
		left := make([]float64, len(used))
		for i, v := range used {
			left[i] = 1 - v
		}
		above := Of(used, hourly(n), Aim{Limit: 0.85})
		below := Of(left, hourly(n), Aim{Limit: 0.15, Below: true})
		below.Level = 1 - below.Level
		if !same(above, below, 1) {
			t.Fatalf("got  %+v\nwant %+v", below, above)
		}
	})
}

// Samples of five minutes say what samples of an hour say.
func TestFinerSteps(t *testing.T) {
	at := func(before float64) float64 { return grows(before) + 0.02*math.Sin(before*2*math.Pi) }
	want := Of(shape(28, at), hourly(28), Aim{Limit: 0.85})
	for _, step := range []time.Duration{30 * time.Minute, 5 * time.Minute, 7 * time.Minute} {
		n := int(History / step)
		values := make([]float64, n)
		for i := range values {
			values[i] = at((time.Duration(n-1-i) * step).Hours() / 24)
		}
		g := series.Grid{Start: slot.Add(-time.Duration(n-1) * step), Step: step, Len: n}
		got := Of(values, g, Aim{Limit: 0.85})
		if got.Why != "" || math.Abs(got.Days-want.Days) > 0.1 {
			t.Errorf("step %v: got %+v, want %.2f days", step, got, want.Days)
		}
	}
}

func FuzzOf(f *testing.F) {
	bytes := func(values []float64) []byte {
		var b []byte
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	f.Add(bytes(shape(28, grows)), int64(time.Hour), 700, 0.85, false, int64(0))
	f.Add(bytes(shape(15, grows)), int64(time.Hour), 15*24, 0.1, true, int64(time.Hour))
	daily := make([]float64, 28)
	for i := range daily {
		daily[i] = 1e307 * float64(i) / 2
	}
	f.Add(bytes(daily), int64(day), 28, 1.5e308, false, int64(0))
	for i := range daily {
		daily[i] = math.SmallestNonzeroFloat64 * float64(i)
	}
	f.Add(bytes(daily), int64(day), 28, 30*math.SmallestNonzeroFloat64, false, int64(0))
	f.Add(bytes([]float64{1e308, -1e308, math.Inf(1)}), int64(day/2), 3, 1e308, false, int64(day))
	f.Add(bytes([]float64{0}), int64(0), -1, 0.0, true, int64(-1))
	f.Fuzz(func(t *testing.T, raw []byte, step int64, n int, limit float64, below bool, hold int64) {
		values := make([]float64, len(raw)/8)
		for i := range values {
			values[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		}
		g := series.Grid{Start: slot, Step: time.Duration(step), Len: n}
		got := Of(values, g, Aim{Limit: limit, Below: below, For: time.Duration(hold)})
		if got.Why == "" && !(0 < got.Lo && got.Lo <= got.Days && got.Days <= got.Hi &&
			got.Days <= got.Sure && got.Hi <= math.MaxFloat64 && got.Sure <= math.MaxFloat64) {
			t.Fatalf("got %+v, want 0 < Lo <= Days <= Hi, Days <= Sure and all finite", got)
		}
		if got.Why != "" && got.Why != Reached && !(math.IsNaN(got.Days) && math.IsNaN(got.Sure)) {
			t.Fatalf("got days without a forecast: %+v", got)
		}
	})
}
