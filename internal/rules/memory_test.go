package rules

import (
	"math"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/series"
)

func TestKeyOf(t *testing.T) {
	id := RuleID{"node-memory", "NodeMemoryHigh"}
	if got, want := KeyOf(id, series.FromPairs("node", "a")),
		Key(`node-memory/NodeMemoryHigh{node="a"}`); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	a, b := KeyOf(id, series.FromPairs("node", strings.Repeat("x", 900)+"a")), KeyOf(id,
		series.FromPairs("node", strings.Repeat("x", 900)+"b"))
	if a == b || len(a) > maxKey || len(b) > maxKey {
		t.Errorf("got %s and %s, want two different keys of at most %d bytes", a, b, maxKey)
	}
}

func TestNumberReadsWhatItWrites(t *testing.T) {
	for _, want := range []float64{0, -1.5, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)} {
		text, err := Number(want).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var got Number
		if err := got.UnmarshalJSON(text); err != nil ||
			float64(got) != want && !(math.IsNaN(float64(got)) && math.IsNaN(want)) {
			t.Errorf("%s: got %v (error %v), want %v", text, got, err, want)
		}
	}
	var n Number
	if err := n.UnmarshalJSON([]byte(`"many"`)); err == nil {
		t.Errorf("a word was read as the number %v, want an error", n)
	}
}
