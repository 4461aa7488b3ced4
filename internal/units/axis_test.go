package units

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAxis(t *testing.T) {
	tests := []struct {
		name   string
		unit   Unit
		lo, hi float64
		ticks  int
		want   string // the labels
	}{
		{"memory", Bytes, 0, 60.4 * gib, 6, "0 GiB, 16 GiB, 32 GiB, 48 GiB, 64 GiB"},
		{
			"just one of the next prefix", Bytes, 0, gib,
			6, "0 MiB, 256 MiB, 512 MiB, 768 MiB, 1 GiB",
		},
		{
			"just one of the next prefix, of a rate", BytesPerSecond, 0, 0.97e9, 3,
			"0 MB/s, 500 MB/s, 1 GB/s",
		},
		{
			"just one of the next prefix, below zero", BytesPerSecond, -1e9, 0, 3,
			"−1 GB/s, −500 MB/s, 0 MB/s",
		},
		{"just a second", Seconds, 0, 1, 5, "0 ms, 250 ms, 500 ms, 750 ms, 1 s"},
		{"quarters", Bytes, 0, 1.9 * gib, 6, "0 GiB, 0.5 GiB, 1.0 GiB, 1.5 GiB, 2.0 GiB"},
		{
			"close together, far from zero", Bytes, gib, 1.01 * gib, 6,
			"1024 MiB, 1028 MiB, 1032 MiB, 1036 MiB",
		},
		{"few bytes", Bytes, 0, 3, 6, "0 B, 1 B, 2 B, 3 B"},
		{"decimal bytes", DecBytes, 0, 60e9, 6, "0 GB, 20 GB, 40 GB, 60 GB"},
		{
			"a rate", BytesPerSecond, 1.51e6, 1.6e6, 6, "1.50 MB/s, 1.52 MB/s, 1.54 MB/s, 1.56 " +
				"MB/s, 1.58 MB/s, 1.60 MB/s",
		},
		{
			"a rate in thousandths", BytesPerSecond, 1.521e6, 1.529e6, 5,
			"1520.0 kB/s, 1522.5 kB/s, 1525.0 kB/s, 1527.5 kB/s, 1530.0 kB/s",
		},
		{"a ratio", PercentUnit, 0, .94, 6, "0 %, 20 %, 40 %, 60 %, 80 %, 100 %"},
		{
			"a bound that is a tick but for rounding", PercentUnit, .07, .14,
			8, "7 %, 8 %, 9 %, 10 %, 11 %, 12 %, 13 %, 14 %",
		},
		{"cores", Cores, 0, 4, 5, "0 cores, 1 core, 2 cores, 3 cores, 4 cores"},
		{
			"parts of a core", Cores, 0, 1.2, 6, "0 cores, 0.25 cores, 0.50 cores, 0.75 cores, " +
				"1.00 cores, 1.25 cores",
		},
		{"a count", Short, 0, 1000, 5, "0, 250, 500, 750, 1000"},
		{"a large count", Short, 0, 12345, 6, "0 K, 2.5 K, 5.0 K, 7.5 K, 10.0 K, 12.5 K"},
		{"both sides of zero", Short, -3, 7, 6, "−5.0, −2.5, 0, 2.5, 5.0, 7.5"},
		{"below zero", Bytes, -3e9, 0, 5, "−3 GiB, −2 GiB, −1 GiB, 0 GiB"},
		{"milliseconds", Seconds, 0, .3, 6, "0 ms, 100 ms, 200 ms, 300 ms"},
		{"seconds", Seconds, 0, 40, 6, "0 s, 10 s, 20 s, 30 s, 40 s"},
		{"minutes", Milliseconds, 0, 100e3, 6, "0 s, 30 s, 1 min, 1 min 30 s, 2 min"},
		{"hours", Seconds, 0, 3 * hour, 7, "0 s, 30 min, 1 h, 1 h 30 min, 2 h, 2 h 30 min, 3 h"},
		{"days", Duration, 10 * day, 21 * day, 6, "10 d, 15 d, 20 d, 25 d"},
		{
			"below and above a minute, in parts of a second", Seconds, 59, 61, 5,
			"59.0 s, 59.5 s, 60.0 s, 60.5 s, 61.0 s",
		},
		{"both sides of zero in time", Seconds, -300, 300, 6, "−5 min, 0 s, 5 min"},

		{"flat", Short, 5, 5, 6, "4.50, 4.75, 5.00, 5.25, 5.50"},
		{"flat but for rounding", None, .3, .1 + .2, 6, "0.26, 0.28, 0.30, 0.32, 0.34"},
		{"flat at zero", PercentUnit, 0, 0, 6, "0 %, 20 %, 40 %, 60 %, 80 %, 100 %"},
		{"upside down", Short, 3, 0, 6, "0, 1, 2, 3"},
		{"no room", Short, -1, 1, 0, "−1, 0, 1"},
		{"NaN", Short, nan, 7, 3, "0, 0.5, 1.0"},
		{"infinite", Short, 0, inf, 3, "0, 0.5, 1.0"},
		{"beyond sense", Short, 0, math.MaxFloat64, 3, "0, 0.5, 1.0"},
		{"huge", None, 0, 1e300, 6, "0, 2e+299, 4e+299, 6e+299, 8e+299, 1e+300"},
		{"tiny", None, 0, 1e-299, 6, "0, 2e-300, 4e-300, 6e-300, 8e-300, 1e-299"},
		{"smaller than tiny", None, 0, math.SmallestNonzeroFloat64, 3, "0, 0.5, 1.0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := tt.unit.Axis(tt.lo, tt.hi, tt.ticks)
			if got := strings.Join(a.Labels, ", "); got != tt.want {
				t.Errorf("%s from %v to %v:\n got %s\nwant %s", tt.unit, tt.lo, tt.hi, got, tt.want)
			}
		})
	}
}

func genBound() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Float64Range(0, 1),
		rapid.Float64Range(-1e4, 1e12),
		rapid.Float64Range(-1e300, 1e300),
		rapid.SampledFrom([]float64{0, 1, 60, 3600, 1024, gib, 1e-300, 5e-324, 1e300, -1e300}),
		rapid.Custom(func(t *rapid.T) float64 {
			return rapid.Float64Range(-10, 10).Draw(t, "mantissa") * math.Pow10(rapid.IntRange(-310,
				299).Draw(t, "exponent"))
		}),
	)
}

func TestAxisKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom(all()).Draw(t, "unit")
		lo, hi := genBound().Draw(t, "lo"), genBound().Draw(t, "hi")
		if rapid.Bool().Draw(t, "close together") {
			hi = lo * (1 + rapid.Float64Range(0, 1e-3).Draw(t, "share"))
		}
		most := rapid.IntRange(-1, 120).Draw(t, "ticks")
		checkAxis(t, u, lo, hi, most)
	})
}

func FuzzAxis(f *testing.F) {
	f.Add(uint8(Bytes), 0.0, 60.4*gib, 6)
	f.Add(uint8(Seconds), -1e300, 1e300, 100)
	f.Add(uint8(None), nan, inf, -1)
	f.Fuzz(func(t *testing.T, unit uint8, lo, hi float64, most int) {
		checkAxis(t, Unit(unit), lo, hi, most)
	})
}

// checkAxis checks what Axis promises for any input.
func checkAxis(t interface {
	Fatalf(format string, args ...any)
}, u Unit, lo, hi float64, most int) {
	a := u.Axis(lo, hi, most)
	room := min(max(most, 3), 100)
	if n := len(a.Ticks); n < 2 || n > room || n != len(a.Labels) {
		t.Fatalf("%s %v to %v: %d ticks and %d labels, want 2 to %d of both", u, lo, hi,
			n, len(a.Labels), room)
	}
	r := u.row()
	if !(a.Lo < a.Hi) || !isFinite(a.Lo) || !isFinite(a.Hi) {
		t.Fatalf("%s %v to %v: the axis goes from %v to %v, want ascending and finite", u, lo, hi,
			a.Lo, a.Hi)
	}
	if r.drawable(lo) && r.drawable(hi) && (a.Lo > min(lo, hi) || a.Hi < max(lo, hi)) {
		t.Fatalf("%s: %v to %v, the axis goes from %v to %v, want it to enclose them", u, lo, hi,
			a.Lo, a.Hi)
	}
	for i, v := range a.Ticks {
		if v < a.Lo || v > a.Hi || i > 0 && v <= a.Ticks[i-1] {
			t.Fatalf("%s: ticks %v, want them ascending within %v to %v", u, a.Ticks, a.Lo, a.Hi)
		}
		if slices.Contains(a.Labels[:i], a.Labels[i]) {
			t.Fatalf("%s: two ticks of %v are both %q, want distinct labels", u, a.Ticks,
				a.Labels[i])
		}
	}
	// At most one step on each side is empty.
	if every := a.Ticks[1] - a.Ticks[0]; lo != hi &&
		math.Abs(hi-lo) > 1e-5*max(math.Abs(lo), math.Abs(hi)) &&
		math.Abs(lo)+math.Abs(hi) > 1e-290 &&
		r.drawable(lo) && r.drawable(hi) && (min(lo, hi)-a.Lo > 1.001*every ||
		a.Hi-max(lo, hi) > 1.001*every) {
		t.Fatalf("%s: %v to %v, got ticks %v, want at most one empty step on each side", u, lo, hi,
			a.Ticks)
	}
}

// TestAxisLabelsAreTrue checks that a label reads back as the value of its tick.
func TestAxisLabelsAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom(all()).Draw(t, "unit")
		lo := rapid.Float64Range(-1e6, 1e9).Draw(t, "lo")
		hi := lo + rapid.Float64Range(1e-3, 1e9).Draw(t, "length")
		a := u.Axis(lo, hi, 8)
		every := a.Ticks[1] - a.Ticks[0]
		for i, label := range a.Labels {
			v, err := u.ParseValue(label)
			if err != nil {
				t.Fatalf("label %q: %v, want a number", label, err)
			}
			if math.Abs(v-a.Ticks[i]) > every/500 {
				t.Fatalf("tick %v is labelled %q, which is %v, want it within %v", a.Ticks[i],
					label, v, every/500)
			}
		}
	})
}
