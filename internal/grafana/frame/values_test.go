package frame_test

import (
	"math"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

func TestFormatNumber(t *testing.T) {
	tenths := 1.0
	for f, want := range map[float64]string{
		0: "0", math.Copysign(0, -1): "0", 1: "1", -1.5: "-1.5", 1e21: "1e+21",
		123456789012345680000: "123456789012345680000",
		0.000001:              "0.000001", 0.0000001: "1e-7", 1.5e-10: "1.5e-10",
		math.Inf(1): "Infinity", math.Inf(-1): "-Infinity",
		math.NaN(): "NaN", 0.1 + tenths/5: "0.30000000000000004",
	} {
		if got := frame.FormatNumber(f); got != want {
			t.Errorf("FormatNumber(%v) = %q, want %q", f, got, want)
		}
	}
}

// A null in a column of numbers is no NaN, and takes no more room than a number.
func TestNull(t *testing.T) {
	v := frame.Numbers([]float64{1, frame.NullNumber(), math.NaN()})
	for i, want := range []struct{ null, number bool }{
		{false, true}, {true, false}, {false, true},
	} {
		if _, ok := v.At(i).Number(); v.At(i).IsNull() != want.null || ok != want.number {
			t.Errorf("value %d: got null %t and number %t, want %v", i, v.At(i).IsNull(), ok, want)
		}
	}
	mixed := frame.Mixed(
		frame.Num(1),
		frame.Value{},
		frame.Text("a"),
		frame.Bool(true),
		frame.Num(math.NaN()),
	)
	for i, want := range []string{"1", "", "a", "true", "NaN"} {
		if got := mixed.At(i).String(); got != want {
			t.Errorf("value %d: got %q, want %q", i, got, want)
		}
	}
	if !mixed.At(1).IsNull() || !mixed.At(99).IsNull() || !mixed.At(-1).IsNull() {
		t.Errorf("values 1, 99 and -1: got %q, %q and %q; want null", mixed.At(1), mixed.At(99),
			mixed.At(-1))
	}
}
