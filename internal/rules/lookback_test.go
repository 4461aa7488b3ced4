package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// The window is the hour from 15:00 to 16:00, in which every sample is above 90. The past is asked
// every five minutes.
func TestLookBack(t *testing.T) {
	window := Streak{
		From: start.Add(5 * time.Hour), To: start.Add(6 * time.Hour), Open: true, Peak: 95,
		PeakAt: start.Add(5 * time.Hour), Limit: 90, Severity: Warning, Seen: 61, Expected: 61,
	}
	rule := Rule{Name: "High", Warning: At(90), For: 15 * time.Minute}
	both := Rule{Name: "Both", Warning: At(70), Critical: At(90), For: 15 * time.Minute}
	low := Rule{Name: "Low", Direction: Below, Warning: At(90), For: 15 * time.Minute}
	for _, tc := range []struct {
		name string
		rule Rule
		past string // from 10:00, a sample each five minutes; 12 are an hour
		want string
	}{
		{"it began within the past", rule, "24x80 36x92 13x95", "12:00 well 11:55 peak 95"},
		{"it was there all the time", rule, "60x92 13x95", "10:00 open peak 95"},
		{"the first samples are missing", rule, "2x. 58x92 13x95", "10:10 open peak 95"},
		{"the source began then", rule, "24x. 36x92 13x95", "12:00 open peak 95"},
		{"the series began then", rule, "others 24x. 36x92 13x95", "12:00 peak 95"},
		{
			"a hole does not end it", rule, "24x80 12x92 6x. 18x92 13x95",
			"12:00 well 11:55 peak 95, seen 211 of 241",
		},
		{"a sample within the limit does", rule, "24x80 12x92 80 23x92 13x95",
			"13:05 well 13:00 peak 95"},
		{"it was within the limit just before", rule, "59x92 80 13x95",
			"15:00 well 14:55 peak 95"},
		{"before a hole too", rule, "24x80 36x. 13x95", "15:00 well 11:55 peak 95"},
		{"a hole ended an earlier one", rule, "56x. 92 3x. 13x95", "unchanged"},
		{"only the limit of the streak counts", both, "92 80 91 57x92 13x95",
			"10:10 peak 95"},
		{"it has no samples before", rule, "60x. 13x95", "unchanged"},
		{"only others have samples before", rule, "others 60x. 13x95", "15:00 peak 95"},
		{"the peak was before", rule, "24x80 12x92 97 23x92 13x95", "12:00 well 11:55 peak 97"},
		{
			"in the window the coarse samples do not count", rule, "24x80 36x92 13x80",
			"12:00 well 11:55 peak 95",
		},
		{"no answer", rule, "", "unchanged"},
		{"below", low, "24x99 36x88 13x85", "12:00 well 11:55 peak 85"},
	} {
		g := series.Grid{Start: start, Step: 5 * time.Minute, Len: 73}
		window := window
		if tc.rule.Direction == Below {
			window.Peak = 85
		}
		text, others := strings.CutPrefix(tc.past, "others ")
		past := Past{Values: samples(t, text), Grid: g, Since: start}
		if first := slices.IndexFunc(past.Values, series.Finite); !others {
			past.Since = g.At(max(first, 0))
		}
		got := LookBack(tc.rule, &window, past, time.Minute)
		if !window.From.Equal(start.Add(5*time.Hour)) || window.Seen != 61 {
			t.Errorf("%s: got a changed streak %+v, want another one", tc.name, window)
		}
		said := "unchanged"
		if got != &window {
			said = got.From.Format("15:04")
			if got.Open {
				said += " open"
			}
			if !got.Well.IsZero() {
				said += " well " + got.Well.Format("15:04")
			}
			said += fmt.Sprint(" peak ", got.Peak)
			if got.Seen != got.Expected {
				said += fmt.Sprintf(", seen %d of %d", got.Seen, got.Expected)
			}
			if !got.To.Equal(window.To) {
				t.Errorf("%s: got the end %v, want %v", tc.name, got.To, window.To)
			}
		}
		if said != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, said, tc.want)
		}
	}
}

// A condition that came and went before the window too did so since then.
func TestLookBackAtACondition(t *testing.T) {
	rule := Rule{Name: "NotReady", Warning: At(0), Condition: true, Flaps: true}
	long := samples(t, "60x0 3x1 9x0 3x1 9x0 3x1 9x0 3x1 9x0 3x1 9x0")
	g := grid(len(long))
	at := series.Grid{Start: g.At(84), Step: time.Minute, Len: len(long) - 84}
	s := Judge(rule, series.Series{Values: long[84:]}, at).Streak
	if s == nil || s.Bouts != 3 || !s.Open {
		t.Fatalf("got the streak %+v, want three bouts from the start of the window", s)
	}
	got := LookBack(rule, s, Past{Values: long, Grid: g}, time.Minute)
	if !got.From.Equal(g.At(60)) || got.Open || got.Bouts != 5 || got.Beyond != 15 {
		t.Errorf("got %d bouts in %d samples from %v, open %v; want 5 in 15 from %v, not open",
			got.Bouts, got.Beyond, got.From, got.Open, g.At(60))
	}
	// the first sample before the window has no condition
	from := series.Grid{Start: g.At(83), Step: time.Minute, Len: len(long) - 83}
	got = LookBack(rule, s, Past{Values: long[83:], Grid: from}, time.Minute)
	if !got.From.Equal(s.From) || got.Open || got.Bouts != s.Bouts {
		t.Errorf("calm before the window: got %d bouts from %v, open %v; want %d from %v, not open",
			got.Bouts, got.From, got.Open, s.Bouts, s.From)
	}
	if got := LookBack(rule, s, Past{Values: long[84:], Grid: at}, time.Minute); got != s {
		t.Errorf("without more samples: got %+v, want the streak itself", got)
	}
}
