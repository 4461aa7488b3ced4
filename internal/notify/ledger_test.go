package notify

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// An alert that joins an open message after the all clear is followed by another all clear.
func TestAllClearAfterAnAlertThatJoined(t *testing.T) {
	a := caused("Down", "x", rules.Critical, 20, nodeX)
	b := caused("Silent", "x", rules.Critical, 5, nodeX)
	r := Receiver{AllClear: true, SendResolved: true, Limits: Limits{Messages: 10}}
	e := announcing([]rules.Alert{a})
	e.Alarmed = false // the all clear was sent, and the end of a could not be
	for _, m := range newDecider(pageOf(over(a), b), slot).decide(r, e).messages {
		e.record(m, slot, m.Thread)
	}
	want := "resolved node,,,x: Silent@x (under 1, 0 remain)\nall_clear"
	if got := describe(newDecider(pageOf(over(a), over(b)), slot).decide(r, e)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// An alert about another object of a rule joins no message that is older than a day, however often
// that was repeated. An alert of a node that is down does.
func TestOldMessagesAreNotJoined(t *testing.T) {
	r := Receiver{SendResolved: true, Limits: Limits{Messages: 10}}
	r.RepeatInterval = 4 * time.Hour
	hot := func(node string) rules.Alert {
		return caused("Hot", node, rules.Critical, 0, rules.Cause{})
	}
	down := caused("Down", "x", rules.Critical, 0, nodeX)
	silent := caused("Silent", "x", rules.Critical, 0, nodeX)
	for _, c := range []struct {
		was, now rules.Alert
		hours    int
		want     string
	}{
		{hot("x"), hot("y"), 24, "joined Hot: Hot@y (under 1, 2 remain)"},
		{hot("x"), hot("y"), 25, "new Hot: Hot@y"},
		{hot("x"), over(hot("y")), 25, "seen_late Hot: Hot@y"},
		{down, silent, 25, "joined node,,,x: Silent@x (under 1, 2 remain)"},
	} {
		e := Entry{First: before(10000)}
		begin := slot.Add(-time.Duration(c.hours) * time.Hour)
		c.was.Episodes[0].Since, c.was.Episodes[0].Found = begin, begin
		for hour := range c.hours {
			at := begin.Add(time.Duration(hour) * time.Hour)
			for _, m := range newDecider(pageOf(c.was), at).decide(r, e).messages {
				e.record(m, at, Receipt{ID: "1"})
			}
		}
		quiet := r
		quiet.RepeatInterval = 0
		got := describe(newDecider(pageOf(c.was, c.now), slot).decide(quiet, e))
		if got != c.want {
			t.Errorf("%s after %d hours: got %s, want %s", c.now.Name, c.hours, got, c.want)
		}
	}
}
