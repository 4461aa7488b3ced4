package series

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"testing"
)

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1.5: "1.5", 1e21: "1e+21", 0.1: "0.1", 68719476736: "68719476736",
		math.Inf(1): `"+Inf"`, math.Inf(-1): `"-Inf"`,
		math.MaxFloat64: "1.7976931348623157e+308", math.SmallestNonzeroFloat64: "5e-324",
		1e-9: "1e-09", -0.5: "-0.5",
	} {
		got, err := json.Marshal(Number(v))
		if err != nil || string(got) != want {
			t.Errorf("%v: got %s (error %v), want %s", v, got, err, want)
		}
		var back Number
		if err := json.Unmarshal(got, &back); err != nil || float64(back) != v {
			t.Errorf("%s: got %v (error %v), want %v", got, back, err, v)
		}
	}
	if got, _ := json.Marshal([]Number{Number(math.NaN())}); string(got) != "[null]" {
		t.Errorf("NaN: got %s, want [null]", got)
	}
	for _, ns := range [][]Number{
		nil, {}, {1.5}, {Number(math.NaN()), Number(math.Inf(-1)), -0.25, 1e21, 1e-9},
	} {
		want, _ := json.Marshal(ns)
		if got, err := json.Marshal(Numbers(ns)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("a list: got %s (error %v), want %s", got, err, want)
		}
	}
	var back []Number
	if err := json.Unmarshal([]byte("[null]"), &back); err != nil || !math.IsNaN(float64(back[0])) {
		t.Errorf("null: got %v (error %v), want NaN", back, err)
	}
	if err := json.Unmarshal([]byte(`["Infinity"]`), &back); err == nil {
		t.Errorf("another string: got %v, want an error", back)
	}
}

func TestFinite(t *testing.T) {
	for v, want := range map[float64]bool{
		0: true, -1.5: true, math.MaxFloat64: true, math.Inf(1): false, math.Inf(-1): false,
	} {
		if got := Finite(v); got != want {
			t.Errorf("Finite(%v): got %v, want %v", v, got, want)
		}
	}
	if Finite(math.NaN()) {
		t.Error("Finite(NaN): got true, want false")
	}
}

func TestIsGap(t *testing.T) {
	values := slices.Clone([]float64{math.NaN(), NotANumber(), 0, math.Inf(1)})
	want := []bool{true, false, false, false}
	for i, w := range want {
		if got := IsGap(values[i]); got != w {
			t.Errorf("IsGap(%v), value %d: got %v, want %v", values[i], i, got, w)
		}
	}
	if !math.IsNaN(NotANumber()) {
		t.Error("NotANumber: got a number, want a NaN")
	}
}
