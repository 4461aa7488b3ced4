package notify

import (
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// History is what became of the checks of a time that ends at the summary's slot.
type History struct {
	Since time.Time // when that time begins; zero: with the summary before
	First bool      // the very first check was made at Since
	// NoCheckYet says that no check was ever made, and so none was missed.
	NoCheckYet     bool
	Ran, Scheduled int    // checks that were made, of those that were due
	Blind          []Span // when nothing could be seen, the oldest first
	// Alerts are those of the checks, where another report makes them. Nil: those that the summary
	// itself knows of.
	Alerts *AlertCount
}

// AlertCount counts the times that alerts fired.
type AlertCount struct {
	Fired  int // in all
	Firing int // of these, that go on
}

// Span is a time.
type Span struct{ From, To time.Time }

// Schedule returns the times at which checks are due from one time on and before another, the oldest
// first.
type Schedule func(from, before time.Time) []time.Time

// HistoryOf returns what a summary at slot says of the checks of another report, of which page is
// all that is remembered. before is the slot of the summary before; where none was made, when it
// would have been.
func HistoryOf(page Page, due Schedule, before time.Time, made bool, slot time.Time) *History {
	begin, first := knownSince(page, before)
	h := &History{Alerts: fired(page.Memory, begin), First: first}
	if !made || begin.After(before) {
		h.Since = begin
	}
	if page.Memory.Slot.IsZero() {
		h.NoCheckYet = true // what has not begun has missed nothing
		return h
	}
	count(h, due(begin, slot), page.Memory, slot)
	return h
}

// OwnHistory returns what a summary at slot says that is the only check: of the times at which it
// was due since the one before, this is the one that was kept. Nil where it is the only one, or the
// first of all.
func OwnHistory(page Page, due Schedule, before time.Time, made bool, slot time.Time) *History {
	if len(page.Ledger.Receivers) == 0 {
		return nil
	}
	h := &History{Ran: 1, Scheduled: 1}
	if !made {
		before, _ = knownSince(page, time.Time{})
		h.Since = before
	}
	h.Scheduled += len(due(before.Add(1), slot))
	if h.Scheduled == h.Ran {
		return nil
	}
	return h
}

// knownSince returns a time, or a later one from which on a report is remembered: memory does not
// last longer, or the report began then, which is the first that is true of what was never
// evaluated before. A report that was never evaluated is remembered well.
func knownSince(page Page, from time.Time) (at time.Time, first bool) {
	if since := page.Memory.KnownSince(); since.After(from) {
		from = since
	}
	if began := begun(page); began.After(from) {
		return began, true
	}
	return from, false
}

// begun returns the first slot of a report that is remembered: the oldest check, or when a receiver
// was met first, which is remembered longer. Zero where there is neither.
func begun(page Page) time.Time {
	var first time.Time
	if rows := page.Memory.Checks; len(rows) > 0 {
		first = rows[0].From
	}
	for _, e := range page.Ledger.Receivers {
		if first.IsZero() || e.First.Before(first) {
			first = e.First
		}
	}
	return first
}

// count adds up which of the slots that were due were made. One that was not, or that saw nothing,
// is a hole up to the next.
func count(h *History, due []time.Time, m rules.Memory, slot time.Time) {
	quality := map[int64]rules.Quality{}
	slots, data := m.Checked(time.Time{}, slot)
	for i, at := range slots {
		quality[at.Unix()] = data[i]
	}
	for i, at := range due {
		next := slot
		if i+1 < len(due) {
			next = due[i+1]
		}
		seen, made := quality[at.Unix()]
		h.Scheduled++
		if made {
			h.Ran++
		}
		last := len(h.Blind) - 1
		switch {
		case made && seen != rules.DataFailed:
		case last >= 0 && h.Blind[last].To.Equal(at):
			h.Blind[last].To = next
		default:
			h.Blind = append(h.Blind, Span{From: at, To: next})
		}
	}
}

// fired counts how often alerts fired since a time, from then on or from before.
func fired(m rules.Memory, since time.Time) *AlertCount {
	n := &AlertCount{}
	for _, a := range m.Alerts {
		if a.IsBlindness() {
			continue // the holes say it
		}
		for _, e := range a.Episodes {
			switch {
			case e.Fires():
				n.Fired, n.Firing = n.Fired+1, n.Firing+1
			case e.Ended.After(since):
				n.Fired++
			}
		}
	}
	return n
}
