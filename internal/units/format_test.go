package units

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFormat(t *testing.T) {
	tests := []struct {
		unit Unit
		v    float64
		want string
	}{
		{Bytes, 0, "0 B"},
		{Bytes, 512, "512 B"},
		{Bytes, 1023, "1023 B"},
		{Bytes, 1024, "1 KiB"},
		{Bytes, 60.4 * gib, "60.4 GiB"},
		{Bytes, 64 * gib, "64 GiB"},
		{Bytes, 1010.4 * mib, "1010 MiB"}, // all digits before the point are kept
		{Bytes, 1023.4 * mib, "1023 MiB"},
		{Bytes, 1023.9 * mib, "1 GiB"},
		{Bytes, 1e30, "867361737988 EiB"},
		{DecBytes, 64.85e9, "64.8 GB"}, // in binary, 64.85 is a little less
		{DecBytes, 999.4e6, "999 MB"},
		{DecBytes, 999.6e6, "1 GB"},
		{BytesPerSecond, 12.34e6, "12.3 MB/s"},
		{BinBytesPerSecond, 12.34 * mib, "12.3 MiB/s"},
		{BitsPerSecond, 1e9, "1 Gb/s"},

		{Percent, 94, "94 %"},
		{Percent, 94.24, "94.2 %"},
		{Percent, 94.03, "94 %"},
		{Percent, 0.1234, "0.123 %"},
		{PercentUnit, .942, "94.2 %"},
		{PercentUnit, .07, "7 %"}, // 0.07 × 100 is 7.000000000000001
		{PercentUnit, 12.5, "1250 %"},
		{PercentUnit, math.MaxFloat64, "1.8e+310 %"},
		{PercentUnit, -1.7e308, "−1.7e+310 %"},
		{None, 1.7e308, "1.7e+308"},

		{Cores, .25, "0.25 cores"},
		{Cores, 1, "1 core"},
		{Cores, 1.5, "1.5 cores"},
		{Cores, .0004, "0.0004 cores"},
		{Cores, 1440, "1440 cores"},

		{Short, 0, "0"},
		{Short, 1, "1"},
		{Short, 999, "999"},
		{Short, 999.6, "1 K"},
		{Short, 12345, "12.3 K"},
		{Short, 4e6, "4 Mil"},
		{Short, 1.5e9, "1.5 Bil"},
		{Short, 7e12, "7 Tri"},
		{None, 12345, "12345"},
		{None, 12345.6, "12346"},
		{None, 1.234e15, "1.23e+15"},
		{None, 1e-7, "1e-07"},
		{RequestsPerSecond, 250, "250 req/s"},
		{RequestsPerSecond, 12345, "12.3 K req/s"},
		{OpsPerSecond, 1.5e6, "1.5 M ops/s"},

		{Seconds, 0, "0 s"},
		{Seconds, 1.5, "1.5 s"},
		{Seconds, 12.34e-3, "12.3 ms"},
		{Seconds, 999.6e-6, "1 ms"},
		{Seconds, 4.2e-5, "42 µs"},
		{Seconds, 59.94, "59.9 s"},
		{Seconds, 59.96, "1 min"},
		{Seconds, 60, "1 min"},
		{Seconds, 90, "1 min 30 s"},
		{Seconds, 3599.4, "59 min 59 s"},
		{Seconds, 3599.6, "1 h"},
		{Seconds, 12000, "3 h 20 min"},
		{Seconds, 12029, "3 h 20 min"},
		{Seconds, 86399, "24 h"},
		{Seconds, 47*hour + 40*minute, "47 h 40 min"},
		{Seconds, 2 * day, "2 d"},
		{Duration, 2*day + 4*hour + 29*minute, "2 d 4 h"},
		{Duration, 400 * day, "400 d"},
		{Duration, 1e18, "11574074074074 d"},
		{Duration, 1e300, "1.16e+295 d"},
		{Milliseconds, 250, "250 ms"},
		{Milliseconds, 90000, "1 min 30 s"},
		{Microseconds, 250, "250 µs"},

		{Bytes, -1.5 * gib, "−1.5 GiB"},
		{Seconds, -90, "−1 min 30 s"},
		{Short, math.Copysign(0, -1), "0"},
		{Bytes, nan, "–"},
		{Bytes, inf, "+∞"},
		{Seconds, -inf, "−∞"},
		{Unit(200), 1234, "1234"},
	}
	for _, tt := range tests {
		if got := tt.unit.Format(tt.v); got != tt.want {
			t.Errorf("%s: Format(%v) = %q, want %q", tt.unit, tt.v, got, tt.want)
		}
	}
}

func TestFormatBrief(t *testing.T) {
	for _, tt := range []struct {
		unit Unit
		v    float64
		want string
	}{
		{PercentUnit, 3.97e-7, "< 0.001 %"},
		{PercentUnit, 1e-5, "0.001 %"},
		{PercentUnit, 0, "0 %"},
		{PercentUnit, .942, "94.2 %"},
		{PercentUnit, -3.97e-7, "−0.0000397 %"},
		{PercentUnit, nan, "–"},
		{Percent, 3.97e-5, "< 0.001 %"},
		{Percent, .001, "0.001 %"},
		{Cores, .00001, "0.00001 cores"},
		{Seconds, 1e-9, "1 ns"},
	} {
		if got := tt.unit.FormatBrief(tt.v); got != tt.want {
			t.Errorf("%s: FormatBrief(%v) = %q, want %q", tt.unit, tt.v, got, tt.want)
		}
	}
}

func TestFormatAgainst(t *testing.T) {
	tests := []struct {
		unit           Unit
		v, limit       float64
		value, against string
	}{
		{PercentUnit, .94, .90, "94 %", "90 %"},
		{PercentUnit, .90, .90, "90 %", "90 %"},
		{PercentUnit, .9004, .90, "90.04 %", "90 %"},
		{PercentUnit, .8996, .90, "89.96 %", "90 %"},
		{PercentUnit, .900001, .90, "90.0001 %", "90 %"},
		{PercentUnit, .90000001, .90, "90 %", "90 %"}, // at most six digits
		{Bytes, 24.01 * gib, 24 * gib, "24.01 GiB", "24 GiB"},
		{Bytes, 1023.9 * mib, gib, "1023.9 MiB", "1 GiB"},
		{Seconds, 3601, 3600, "1 h 1 s", "1 h"},
		// a duration of a minute or more shows no fractions of a second
		{Seconds, 60.04, 60, "1 min", "1 min"},
		{Short, 12349, 12345, "12.349 K", "12.345 K"},
		{Short, nan, 5, "–", "5"},
		{Short, 5, nan, "5", "–"},
		{Short, inf, 5, "+∞", "5"},
	}
	for _, tt := range tests {
		value, against := tt.unit.FormatAgainst(tt.v, tt.limit)
		if value != tt.value || against != tt.against {
			t.Errorf("%s: FormatAgainst(%v, %v) = %q, %q; want %q, %q", tt.unit, tt.v, tt.limit,
				value, against, tt.value, tt.against)
		}
	}
}

func TestFormatOf(t *testing.T) {
	tests := []struct {
		unit        Unit
		part, whole float64
		want        string
	}{
		{Bytes, 60.4 * gib, 64 * gib, "60.4 of 64 GiB"},
		{Bytes, 0, 64 * gib, "0 of 64 GiB"},
		{Bytes, 512 * mib, 64 * gib, "0.5 of 64 GiB"},
		{Bytes, 4 * mib, 64 * gib, "4 MiB of 64 GiB"},
		{Bytes, 1500 * gib, 1000 * gib, "1500 of 1000 GiB"},
		{Bytes, 63.999 * gib, 64 * gib, "64 of 64 GiB"},
		{Bytes, gib / 2, 1023.9 * mib, "0.5 of 1 GiB"},
		{Cores, .9, 1, "0.9 of 1 core"},
		{Cores, 3.5, 4, "3.5 of 4 cores"},
		{Percent, 30, 100, "30 of 100 %"},
		{None, 40, 42, "40 of 42"},
		{Seconds, 1200, 3 * hour, "20 min of 3 h"},
		{Bytes, gib, nan, "1 GiB"},
		{Bytes, nan, gib, "– of 1 GiB"},
		{Bytes, gib, inf, "1 GiB of +∞"},
		{Bytes, gib, 0, "1 GiB of 0 B"},
		{Bytes, -gib, 64 * gib, "−1 GiB of 64 GiB"},
	}
	for _, tt := range tests {
		if got := tt.unit.FormatOf(tt.part, tt.whole); got != tt.want {
			t.Errorf("%s: FormatOf(%v, %v) = %q, want %q", tt.unit, tt.part, tt.whole, got, tt.want)
		}
	}
}

// hasThreeDigits excludes numbers so small that a float64 holds them with fewer digits.
func hasThreeDigits(v float64) bool { return v == 0 || math.Abs(v) > 1e-290 }

// TestFormatReadsBack checks that the output of Format reads back as the same number to three
// digits, or to the smaller part of a duration.
func TestFormatReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom(all()).Draw(t, "unit")
		v := rapid.OneOf(
			rapid.Float64Range(-1e6, 1e6),
			rapid.Custom(func(t *rapid.T) float64 {
				return rapid.Float64Range(-10, 10).Draw(t,
					"mantissa") * math.Pow10(rapid.IntRange(-280, 280).Draw(t, "exponent"))
			}),
		).Filter(hasThreeDigits).Draw(t, "v")
		text := u.Format(v)
		got, err := u.ParseValue(text)
		if err != nil {
			t.Fatalf("Format(%v) = %q, want it readable: %v", v, text, err)
		}
		within := 0.00501 * math.Abs(v)
		if u.row().ticks == clock && math.Abs(v*u.row().per) >= minute {
			within = math.Abs(v) / 47 // 1 d 0.5 h is 1 d
		}
		if math.Abs(got-v) > within {
			t.Fatalf("Format(%v) = %q, which is %v, want it within %v", v, text, got, within)
		}
		again, err := u.ParseValue(u.Format(got))
		if err != nil || math.Abs(again-got) > 1e-9*math.Abs(got) {
			t.Fatalf("%v is written as %q and then as %q, want the same: %v", v, text,
				u.Format(got), err)
		}
	})
}

func TestFormatKeepsTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom(all()).Draw(t, "unit")
		v := rapid.Float64Range(0, 1e15).Filter(hasThreeDigits).Draw(t, "v")
		w := v * rapid.Float64Range(1, 1.01).Draw(t, "factor")
		small, err := u.ParseValue(u.Format(v))
		if err != nil {
			t.Fatal(err)
		}
		large, err := u.ParseValue(u.Format(w))
		if err != nil {
			t.Fatal(err)
		}
		if small > large {
			t.Fatalf("%v is written as %s and %v as %s, want the same order", v, u.Format(v), w,
				u.Format(w))
		}
	})
}

func FuzzFormat(f *testing.F) {
	f.Add(uint8(Bytes), 1023.9*mib, float64(gib))
	f.Add(uint8(Seconds), 59.96, nan)
	f.Add(uint8(PercentUnit), math.MaxFloat64, -inf)
	f.Add(uint8(255), math.SmallestNonzeroFloat64, 0.0)
	f.Fuzz(func(t *testing.T, unit uint8, v, w float64) {
		u := Unit(unit)
		value, against := u.FormatAgainst(v, w)
		for _, text := range []string{u.Format(v), u.FormatOf(v, w), value, against} {
			if text == "" || len(text) > 100 || !utf8.ValidString(text) {
				t.Errorf("%s of %v and %v: %q, want short valid UTF-8", u, v, w, text)
			}
			for _, raw := range []string{"NaN", "Inf", "-0 "} {
				if strings.Contains(text, raw) {
					t.Errorf("%s of %v and %v: %q, want no %q in it", u, v, w, text, raw)
				}
			}
		}
	})
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 500 * time.Millisecond: "500 ms",
		90*time.Second + 300*time.Millisecond: "1 min 30 s", 24 * time.Hour: "24 h",
		25*time.Hour + 30*time.Minute: "25 h 30 min", 48 * time.Hour: "2 d",
		49*time.Hour + 20*time.Minute: "2 d 1 h",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}
