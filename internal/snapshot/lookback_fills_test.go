package snapshot

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// A rate of the first two samples is too low, so it must not end a streak that is as old as the
// data.
func TestPastWithoutHalfFilledRanges(t *testing.T) {
	begin := time.Date(2026, 3, 9, 16, 0, 0, 0, time.UTC)
	s := sought{first: map[string]time.Time{"a": begin}, fills: 4 * time.Minute}
	line := &Past{Grid: series.Grid{Start: begin, Step: 2 * time.Minute, Len: 4}}
	line.Values = []float64{0.95, 0.5, 0.5, 0.95}
	got := s.pastOf(line, "a", rules.Above, 0.9)
	for i, want := range []bool{true, false, true, true} {
		if has := series.Finite(got.Values[i]); has != want {
			t.Errorf("sample %d: got %v, want it kept: %v", i, got.Values[i], want)
		}
	}
	if line.Values[1] != 0.5 {
		t.Errorf("got %v in the line, want 0.5: the picture shows what was measured",
			line.Values[1])
	}
}
