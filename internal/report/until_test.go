package report

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/words"
)

// TestUntil checks when a limit is reached, as people say it, at nine in the morning in Seoul.
func TestUntil(t *testing.T) {
	in := Info{
		Slot: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
		Zone: time.FixedZone("KST", 9*60*60),
	}
	for _, c := range []struct {
		days, lo, hi    float64
		english, korean string
	}{
		{0.2, 0.1, 0.4, "today", "오늘"},
		{0.5, 0.3, 0.8, "today or tomorrow", "오늘이나 내일"},
		{0.6, 0.3, 3, "today (within 3 days)", "오늘(3일 이내)"},
		{0.9, 0.5, 1.4, "tomorrow", "내일"},
		{1.2, 0.3, 2.6, "tomorrow (within 3 days)", "내일(3일 이내)"},
		{1.4, 0.8, 2.6, "tomorrow (1–3 days)", "내일(1~3일)"},
		{1.6, 0.9, 2.4, "in about 2 days (1–2)", "약 2일 후(1~2일)"},
		{5, 3, 8, "in about 5 days (3–8)", "약 5일 후(3~8일)"},
		{5, 3, 200, "in about 5 days (3 or more)", "약 5일 후(최소 3일)"},
		{5, 3, math.MaxFloat64, "in about 5 days (3 or more)", "약 5일 후(최소 3일)"},
		{13.4, 8, 21, "in about 13 days (8–21)", "약 13일 후(8~21일)"},
		{20, 12, 33, "in about 3 weeks (2–5)", "약 3주 후(2~5주)"},
		{27, 16, 90, "in about 4 weeks (2 or more)", "약 4주 후(최소 2주)"},
	} {
		for l, want := range map[words.Language]string{
			words.English: c.english, words.Korean: c.korean,
		} {
			if got := wordingIn(l).until(c.days, c.lo, c.hi, in); got != want {
				t.Errorf("%v days (%v to %v) in %s: got %q, want %q", c.days, c.lo, c.hi, l, got,
					want)
			}
		}
	}
}
