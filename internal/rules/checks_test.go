package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestChecked(t *testing.T) {
	var m Memory
	failed := map[int]bool{20: true, 25: true, 50: true}
	for _, n := range []int{0, 5, 10, 15, 20, 25, 30, 40, 45, 50, 50, 55} {
		m = Advance(m, Evaluation{Rules: []RuleResult{{}, {}}}, minute(n)) // a first try
		if !failed[n] {
			m = Advance(m, Evaluation{
				Rules: []RuleResult{{Data: DataComplete}, {Data: DataFailed}},
			}, minute(n))
		}
		// A failed retry does not undo what was seen.
		m = Advance(m, Evaluation{Rules: []RuleResult{{}, {}}}, minute(n))
	}
	slots, data := m.Checked(minute(5), minute(55))
	var got []string
	for i := range slots {
		got = append(got, fmt.Sprint(int(slots[i].Sub(start).Minutes()), ":", data[i]))
	}
	if got, want := strings.Join(got, " "),
		"5:2 10:2 15:2 20:0 25:0 30:2 40:2 45:2 50:0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for n := 60; n < 4*24*60; n += 5 {
		m = Advance(m, Evaluation{}, minute(n))
	}
	if len(m.Checks) != 1 || m.Checks[0].Every != 5*time.Minute {
		t.Errorf("days of checks: got %d rows, want 1: %+v", len(m.Checks), m.Checks)
	}
	for n := range 2000 {
		m = Advance(m, Evaluation{Rules: []RuleResult{{Data: Quality(n % 2)}}}, minute(4*24*60+n))
	}
	if n := len(m.Checks); n < maxChecks-1 || n > maxChecks {
		t.Errorf("got %d rows, want %d or %d", n, maxChecks-1, maxChecks)
	}
}
