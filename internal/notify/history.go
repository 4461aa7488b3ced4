package notify

import (
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// History is what happened to the checks in a period that ends at the summary's slot.
type History struct {
	Since time.Time // start of the period; zero: the previous summary
	First bool      // the very first check was made at Since
	// NoCheckYet says that no check was ever made, so that none was missed.
	NoCheckYet     bool
	Ran, Scheduled int    // checks that were made, of those that were scheduled
	Blind          []Span // when nothing could be seen, oldest first
	// Alerts counts the alerts of another report's checks. Nil: the summary counts its own.
	Alerts *AlertCount

	memory rules.Memory // what Alerts counts
	begin  time.Time    // from when on
}

// AlertCount counts episodes of alerts.
type AlertCount struct {
	Fired  int // all episodes
	Firing int // ongoing episodes
	New    int // episodes that began in the period
}

// Span is a period of time.
type Span struct{ From, To time.Time }

// Schedule returns the scheduled times from one time on and before another, oldest first.
type Schedule func(from, before time.Time) []time.Time

// HistoryOf returns what a summary at slot says about the checks of another report. page is the
// state of that report. before is the slot of the previous summary if made is set, and otherwise
// the slot at which it was scheduled.
func HistoryOf(page Page, schedule Schedule, before time.Time, made bool, slot time.Time) *History {
	begin, first := knownSince(page, before)
	h := &History{First: first, memory: page.Memory, begin: begin}
	h.Alerts = h.countAlerts(nil)
	if !made || begin.After(before) {
		h.Since = begin
	}
	if page.Memory.Slot.IsZero() {
		h.NoCheckYet = true // what has not begun has missed nothing
		return h
	}
	countRuns(h, schedule(begin, slot), page.Memory, slot)
	return h
}

// OwnHistory returns what a summary at slot says about its own missed runs: of the times scheduled
// since the previous summary, only this one ran. It returns nil if none was missed, or if this is
// the first run of all.
func OwnHistory(page Page, schedule Schedule, before time.Time, made bool,
	slot time.Time) *History {
	if len(page.Ledger.Receivers) == 0 {
		return nil
	}
	h := &History{Ran: 1, Scheduled: 1}
	if !made {
		before, _ = knownSince(page, time.Time{})
		h.Since = before
	}
	h.Scheduled += len(schedule(before.Add(1), slot))
	if h.Scheduled == h.Ran {
		return nil
	}
	return h
}

// knownSince returns from, or a later time if the report is remembered only since then: memory is
// limited, or the report began at that time (first). first is not set for a report that was never
// evaluated.
func knownSince(page Page, from time.Time) (at time.Time, first bool) {
	if since := page.Memory.KnownSince(); since.After(from) {
		from = since
	}
	if began := firstSlot(page); began.After(from) {
		return began, true
	}
	return from, false
}

// firstSlot returns the first slot of a report that is remembered: the oldest check, or the oldest
// First of a receiver, which is remembered longer. It returns zero if there is neither.
func firstSlot(page Page) time.Time {
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

// countRuns counts which of the scheduled slots were run. A slot that was not run, or that saw
// nothing, is a hole up to the next slot.
func countRuns(h *History, scheduled []time.Time, m rules.Memory, slot time.Time) {
	quality := map[int64]rules.Quality{}
	slots, data := m.Checked(time.Time{}, slot)
	for i, at := range slots {
		quality[at.Unix()] = data[i]
	}
	for i, at := range scheduled {
		next := slot
		if i+1 < len(scheduled) {
			next = scheduled[i+1]
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

// matching returns the history as a receiver with these matchers sees it: its alerts alone count.
func (h *History) matching(ms rules.Matchers) *History {
	if h == nil || h.Alerts == nil || len(ms) == 0 {
		return h
	}
	part := *h
	part.Alerts = h.countAlerts(ms)
	return &part
}

// countAlerts counts the matching episodes since a time, including those that began before and went
// on.
func (h *History) countAlerts(ms rules.Matchers) *AlertCount {
	n := &AlertCount{}
	for _, a := range h.memory.Alerts {
		if a.IsBlindness() {
			continue // Blind says it
		}
		for _, e := range a.Episodes {
			severity := e.Worst
			if e.Fires() {
				severity = a.Severity
			}
			if !e.Fires() && !e.Ended.After(h.begin) || !a.MatchedBy(ms, severity) {
				continue
			}
			n.Fired++
			if e.Fires() {
				n.Firing++
			}
			if e.Since.After(h.begin) {
				n.New++
			}
		}
	}
	return n
}
