package units

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseValue(t *testing.T) {
	tests := []struct {
		unit Unit
		text string
		want float64
	}{
		{Bytes, "24GiB", 24 * gib},
		{Bytes, " 24 GiB ", 24 * gib},
		{Bytes, "24Gi", 24 * gib},
		{Bytes, "24GB", 24e9},
		{Bytes, "24G", 24e9},
		{Bytes, "1.5kB", 1500},
		{Bytes, "5E", 5e18},
		{Bytes, "5e3", 5000},
		{Bytes, "1e3MiB", 1000 * mib},
		{Bytes, "1024", 1024},
		{Bytes, "100B", 100},
		{DecBytes, "1GiB", gib},
		{BytesPerSecond, "12MB/s", 12e6},
		{BytesPerSecond, "12M", 12e6},
		{BinBytesPerSecond, "12MiB/s", 12 * mib},
		{BitsPerSecond, "100Mb/s", 100e6},
		{BitsPerSecond, "1 Gbit/s", 1e9},
		{Percent, "92%", 92},
		{Percent, "92", 92},
		{PercentUnit, "92%", .92},
		{PercentUnit, "92 %", .92},
		{PercentUnit, "0.92", .92},
		{PercentUnit, ".92", .92},
		{PercentUnit, "1.5", 1.5},
		{PercentUnit, "9200%", 92},
		{PercentUnit, "57%", .57}, // 57 × 0.01 is 0.5700000000000001
		{Cores, "1.5", 1.5},
		{Cores, "500m", .5},
		{Cores, "300m", .3},
		{Cores, "1 core", 1},
		{Cores, "2cores", 2},
		{Seconds, "15m", 900},
		{Seconds, "1h30m", 5400},
		{Seconds, "1 h 30 min", 5400},
		{Seconds, "250ms", .25},
		{Seconds, "1y", 365 * 86400},
		{Seconds, "2w1d", 15 * 86400},
		{Seconds, "90", 90},
		{Seconds, "-1h30m", -5400},
		{Milliseconds, "250", 250},
		{Milliseconds, "250ms", 250},
		{Milliseconds, "1.5s", 1500},
		{Microseconds, "250us", 250},
		{Microseconds, "250µs", 250},
		{Duration, "1d", 86400},
		{Short, "1500", 1500},
		{Short, "1.5K", 1500},
		{Short, "1.5k", 1500},
		{Short, "4M", 4e6},
		{Short, "4Mil", 4e6},
		{None, "-3.5", -3.5},
		{None, "−3.5", -3.5},
		{None, "+3.5", 3.5},
		{RequestsPerSecond, "1.5K", 1500},
		{RequestsPerSecond, "1.5 K req/s", 1500},
		{RequestsPerSecond, "100 req/s", 100},
	}
	for _, tt := range tests {
		if got, err := tt.unit.ParseValue(tt.text); err != nil || got != tt.want {
			t.Errorf("%s: ParseValue(%q) = %v, %v; want %v", tt.unit, tt.text, got, err, tt.want)
		}
	}
}

func TestParseValueErrors(t *testing.T) {
	tests := []struct {
		unit       Unit
		text, want string
	}{
		{
			PercentUnit, "24GiB",
			`"24GiB" does not fit the unit percentunit; write a percentage such as 92% or a ratio such as 0.92`,
		},
		{
			PercentUnit, "92",
			`"92" without a % sign is 9200 %; write a percentage such as 92% or a ratio such as 0.92`,
		},
		{
			Bytes, "92%",
			`"92%" does not fit the unit bytes; write bytes such as 24GiB, 24GB or 1024`,
		},
		{Bytes, "24gib", `"24gib" does not fit the unit bytes;`},
		{Bytes, "12MB/s", `"12MB/s" does not fit the unit bytes;`},
		{Bytes, "24GiB 3", `"24GiB 3" does not fit the unit bytes;`},
		{Bytes, "", `an empty value; write bytes such as`},
		{Bytes, "  ", `an empty value; write bytes such as`},
		{Bytes, "GiB", `"GiB" is not a number;`},
		{Bytes, "--3", `"--3" is not a number;`},
		{Bytes, "1,5GiB", `"1,5GiB" does not fit the unit bytes;`},
		{Bytes, "1_000", `"1_000" does not fit the unit bytes;`},
		{None, "NaN", `"NaN" is not a number; write a number such as 1.5`},
		{None, "Inf", `"Inf" is not a number;`},
		{None, "0x10", `"0x10" does not fit the unit none;`},
		{None, "1.2.3", `"1.2.3" does not fit the unit none;`},
		{None, "1e400", `"1e400" is too large;`},
		{Bytes, "1e300EiB", `"1e300EiB" is too large;`},
		{Duration, "1e305y", `"1e305y" is too large;`},
		{None, "1.5K", `"1.5K" does not fit the unit none;`},
		{Short, "500m", `"500m" does not fit the unit short;`},
		{
			Cores, "500 millicores",
			`"500 millicores" does not fit the unit cores; write cores such as 1.5 or 500m`,
		},
		{
			Seconds, "30m1h",
			`"30m1h" is not a duration; write a duration such as 15m or 1h30m, or seconds`,
		},
		{Seconds, "5m5m", `"5m5m" is not a duration;`},
		{Seconds, "5m5min", `"5m5min" is not a duration;`},
		{Seconds, "5m5", `"5m5" is not a duration;`},
		{Seconds, "5 parsecs", `"5 parsecs" is not a duration;`},
		{Seconds, "5M", `"5M" is not a duration;`},
		{
			None, strings.Repeat("9", 65), `"` + strings.Repeat("9", 40) +
				`…" is too long for a value;`,
		},
	}
	for _, tt := range tests {
		got, err := tt.unit.ParseValue(tt.text)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || got != 0 {
			t.Errorf("%s: ParseValue(%q) = %v, %v\nwant %s", tt.unit, tt.text, got, err, tt.want)
		}
	}
}

// TestParseValueReadsItsAdvice checks that every unit reads the examples in its own errors.
func TestParseValueReadsItsAdvice(t *testing.T) {
	for _, u := range all() {
		for _, word := range strings.Fields(strings.ReplaceAll(u.row().write, ",", "")) {
			if word[0] < '0' || word[0] > '9' {
				continue
			}
			if _, err := u.ParseValue(word); err != nil {
				t.Errorf("%s: ParseValue(%q): %v, want no error", u, word, err)
			}
		}
	}
}

func FuzzParseValue(f *testing.F) {
	for _, seed := range []string{
		"24GiB", "92%", "1h30m", "500m", "−1.5 K req/s", "1e", "1e+", ".", "5 µs", "\xff", "9e999",
		"∞",
	} {
		f.Add(uint8(Bytes), seed)
		f.Add(uint8(Seconds), seed)
	}
	f.Fuzz(func(t *testing.T, unit uint8, text string) {
		u := Unit(unit)
		v, err := u.ParseValue(text)
		if err != nil {
			if len(err.Error()) > 500 || !utf8.ValidString(err.Error()) || v != 0 {
				t.Fatalf("ParseValue(%q) = %v, %q; want 0 and a short error", text, v, err)
			}
			return
		}
		if !isFinite(v) {
			t.Fatalf("ParseValue(%q) = %v, want a finite number", text, v)
		}
		if math.Abs(v) > 1e300 || v != 0 && math.Abs(v) < 1e-280 {
			return // three digits of these may overflow a float64
		}
		if _, err := u.ParseValue(u.Format(v)); err != nil {
			t.Fatalf("%q is %v, written as %q, want it readable: %v", text, v, u.Format(v), err)
		}
	})
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func TestText(t *testing.T) {
	for _, tc := range []struct {
		unit Unit
		v    float64
		want string
	}{
		{PercentUnit, .84, "84%"},
		{PercentUnit, .999, "99.9%"},
		{PercentUnit, 1.0 / 3, "0.3333333333333333"},
		{Percent, 84, "84%"},
		{Bytes, 24 * gib, "24GiB"},
		{Bytes, 1.5 * gib, "1.5GiB"},
		{DecBytes, 24e9, "24GB"},
		{BytesPerSecond, 12e6, "12MB/s"},
		{Cores, 1.5, "1.5"},
		{Cores, 1, "1"},
		{Seconds, 12000, "3h20m"},
		{Seconds, -0.25, "-250ms"},
		{Milliseconds, 250, "250ms"},
		{Short, 1500, "1.5K"},
		{Short, 4e6, "4Mil"},
		{None, 1234567, "1234567"},
		{None, 0, "0"},
	} {
		got := tc.unit.Text(tc.v)
		if got != tc.want {
			t.Errorf("%s: Text(%v) = %q, want %q", tc.unit, tc.v, got, tc.want)
		}
		if back, err := tc.unit.ParseValue(got); err != nil ||
			math.Abs(back-tc.v) > 1e-12*math.Abs(tc.v) {
			t.Errorf("%s: ParseValue(%q) = %v, %v; want %v", tc.unit, got, back, err, tc.v)
		}
	}
}

// Text of any number in any unit is read back as that number.
func TestTextIsReadBack(t *testing.T) {
	for u := range Unit(len(table)) {
		for _, v := range []float64{0, 1, -1, .07, .842, 1.0 / 7, 37, 1023, 86399, 1e6 / 3, 5e12} {
			if most := u.row().most; most > 0 && v > most {
				continue // such a ratio is a mistake, which ParseValue refuses
			}
			text := u.Text(v)
			if back, err := u.ParseValue(text); err != nil || math.Abs(back-v) > 1e-12*math.Abs(v) {
				t.Errorf("%s: Text(%v) = %q, which is read as %v, %v", u, v, text, back, err)
			}
		}
	}
}
