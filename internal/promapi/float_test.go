package promapi

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sameAsParseFloat compares quickValue with strconv. It returns whether quickValue accepted the
// text.
func sameAsParseFloat(t interface{ Fatalf(string, ...any) }, text string) bool {
	got, n := quickValue([]byte(text + `"` + strings.Repeat(" ", window)))
	if n == 0 {
		return false
	}
	want, err := strconv.ParseFloat(text[:min(n, len(text))], 64)
	if n != len(text) || err != nil || math.Float64bits(got) != math.Float64bits(want) {
		t.Fatalf("%s: read %d bytes as %v (%x), strconv %v (%x), %v", text, n, got,
			math.Float64bits(got), want, math.Float64bits(want), err)
	}
	return true
}

func TestQuickValue(t *testing.T) {
	tests := []struct {
		text string
		took bool
	}{
		{"0", true}, {"-0", true}, {"7", true}, {"12345678", true}, {"123456789", true}, {
			"1234567890123456", true,
		},
		{"9007199254740991", true}, {"9007199254740992", true}, {"9007199254740993", true}, {
			"9999999999999999999", true,
		},
		{"0.1", true}, {"0.30000000000000004", true}, {"-0.8234567890123456", true},
		{"0.000001234567890123", true}, {"0.0000000000000000001", true}, {
			"0.00000000000000000001", false,
		},
		{"0.0024087591240875912", true}, {"-0.0024087591240875912", true}, {"-0.0", true}, {
			"1.0024087591240875912", false,
		},
		{"1.7976931348623157", true}, {"922337203685477580.7", true},
		{"0.9999999999999999999", true}, {"0.999999999999999999", true},
		{"18446744073709551615", false}, {"5.", false}, {".5", false}, {"", false}, {"-", false},
		{"--1", false}, {"NaN", false}, {"+1", false},
		{strings.Repeat("1", 60), false}, {"1." + strings.Repeat("1", 60), false}, {"1:", false},
		{"1/", false},
	}
	for _, tt := range tests {
		if strings.HasSuffix(tt.text, ":") || strings.HasSuffix(tt.text, "/") {
			if _, n := quickValue([]byte(tt.text + `"` + strings.Repeat(" ", window))); n != 1 {
				t.Errorf("%s: read %d bytes, want the digit alone", tt.text, n)
			}
			continue
		}
		if took := sameAsParseFloat(t, tt.text); took != tt.took {
			t.Errorf("%q: took it: %v, want %v", tt.text, took, tt.took)
		}
	}
}

func TestQuickValueRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.Uint64Range(0, 9_999_999_999_999_999_999).Draw(t, "mantissa")
		text := strconv.FormatUint(m, 10)
		point := rapid.IntRange(0, len(text)).Draw(t, "point")
		if point > 0 {
			text = strings.TrimSuffix(text[:point]+"."+text[point:], ".")
		}
		if !sameAsParseFloat(t, text) {
			t.Fatalf("%s: got no number, want the one of ParseFloat", text)
		}
	})
	// As servers format numbers: with the fewest digits that give the same value.
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "value")
		sameAsParseFloat(t, strconv.FormatFloat(f, 'f', -1, 64))
		sameAsParseFloat(t, fmt.Sprintf("%.3f", f))
	})
}

// TestDecimalTies checks numbers halfway between two floats, where rounding is hardest.
func TestDecimalTies(t *testing.T) {
	for shift := range 10 {
		for low := range uint64(16) {
			m := (uint64(1)<<53+low)<<shift | uint64(1)<<shift>>1
			for k := range maxDigits + 1 {
				for _, near := range []uint64{m - 1, m, m + 1} {
					want, err := strconv.ParseFloat(fmt.Sprintf("%de-%d", near, k), 64)
					if got := decimal(near, k); err != nil || got != want {
						t.Fatalf("%d / 10^%d: got %v, want %v", near, k, got, want)
					}
				}
			}
		}
	}
}

func FuzzQuickValue(f *testing.F) {
	for _, s := range []string{
		"0", "-1.5", "0.8234567890123456", "9007199254740993", "1e9", "12345678901234567.89",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxNumber || strings.Trim(text, "-.0123456789") != "" {
			return
		}
		if strings.Count(text, ".") > 1 || strings.Contains(strings.TrimPrefix(text, "-"), "-") {
			return
		}
		sameAsParseFloat(t, text)
	})
}
