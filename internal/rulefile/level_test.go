package rulefile

import (
	"testing"

	"pgregory.net/rapid"
)

func TestWithLevel(t *testing.T) {
	for _, c := range []struct {
		expr  string
		level float64
		want  string
	}{
		{"a > 0.9", 0.95, "a > 0.95"},
		{"0.9 < a # full\n", 1, "1 < a # full\n"},
		{"a\n  > 15 * 60\n", 1800, "a\n  > 1800\n"},
		{"(a > (90 / 100)) and on (x) b > 5", 0.5, "(a > 0.5) and on (x) b > 5"},
		{"a < -1 unless b", -2.5, "a < -2.5 unless b"},
		{"é{x=\"한\"} > 1", 2, ""},
		{`a{x="한"} > 1 and b`, 2, `a{x="한"} > 2 and b`},
		{"a > 1e9", 2e15, "a > 2e+15"},
		{"a > 1", 1e-6, "a > 1e-06"},
		{"a > b", 1, ""},
		{"a >", 1, ""},
	} {
		got, ok := WithLevel(c.expr, c.level)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("WithLevel(%q, %v): got %q, %v, want %q", c.expr, c.level, got, ok, c.want)
		}
	}
}

// What WithLevel writes compares the same vector with the new number.
func TestWithLevelIsCompared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expr := rapid.SampledFrom([]string{
			"a > 0.9", "-1 >= a", "(a + b) < 15 * 60", "(a > 1) and b > 2 unless c", "a * 2 <= (-3)",
			"sum by (x) (rate(a[5m])) == 1", `a{x="한 > 1"} != 1`,
		}).Draw(t, "expr")
		level := rapid.Float64().Draw(t, "level")
		text, ok := WithLevel(expr, level)
		got, also := Compare(text)
		want, _ := Compare(expr)
		want.Level = level
		if !ok || !also || got != want {
			t.Fatalf("%s with %v: got %q, compared as %+v, want %+v", expr, level, text, got, want)
		}
	})
}
