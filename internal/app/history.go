package app

import (
	"context"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

// firstHistory is how far back a summary looks that has neither a schedule nor one before it.
const firstHistory = 24 * time.Hour

// history is what a summary says of the checks behind it: those of the report that it names in history_from, else its own, where some were
// missed. Own is what the summary itself remembers. Nil: there is nothing to say.
func (t *teller) history(ctx context.Context, r config.Report, slot time.Time, own notify.Page) (*notify.History, error) {
	switch {
	case r.Send != config.SendSummary:
		return nil, nil
	case r.HistoryFrom == "":
		return missed(r, slot, own), nil
	}
	ctx, cancel := t.stateTime(ctx)
	defer cancel()
	doc, _, err := t.store.Load(ctx, state.Key{Cluster: t.cfg.Cluster, Report: r.HistoryFrom})
	if err != nil {
		return nil, fmt.Errorf("the summary says nothing of the checks of %s: reading their state: %w", r.HistoryFrom, err)
	}
	from, told := lastSummary(r, slot, own)
	begin, first := known(doc.Page, from)
	h := &notify.History{Alerts: fired(doc.Memory, begin), First: first}
	if !told || begin.After(from) {
		h.Since = begin
	}
	if doc.Memory.Slot.IsZero() {
		h.NoCheckYet = true // what has not begun has missed nothing
		return h, nil
	}
	for _, checks := range t.cfg.Reports {
		if checks.Name == r.HistoryFrom {
			count(h, checks.Schedule.Between(begin, slot), doc.Memory, slot)
		}
	}
	return h, nil
}

// lastSummary is the slot of the summary before, as far as it is remembered, else when it was due.
func lastSummary(r config.Report, slot time.Time, own notify.Page) (at time.Time, made bool) {
	if slots, _ := own.Memory.Checked(time.Time{}, slot); len(slots) > 0 {
		return slots[len(slots)-1], true
	}
	if r.Schedule != nil {
		return r.Schedule.Last(slot.Add(-1)), false
	}
	return slot.Add(-firstHistory), false
}

// missed is the history of a summary that has none but its own: of the times at which it was due since the one before, this is the one that
// was kept. Nil where it is the only one, or the first of all.
func missed(r config.Report, slot time.Time, own notify.Page) *notify.History {
	if r.Schedule == nil || len(own.Ledger.Receivers) == 0 {
		return nil
	}
	h := &notify.History{Ran: 1, Due: 1}
	last, made := lastSummary(r, slot, own)
	if !made {
		last, _ = known(own, time.Time{})
		h.Since = last
	}
	h.Due += len(r.Schedule.Between(last.Add(1), slot))
	if h.Due == h.Ran {
		return nil
	}
	return h
}

// known returns a time, or a later one from which on a report is remembered: memory does not last longer, or the report began then, which
// is the first that is true of what was never evaluated before. A report that was never evaluated is remembered well.
func known(page notify.Page, from time.Time) (at time.Time, first bool) {
	if since := page.Memory.KnownSince(); since.After(from) {
		from = since
	}
	if began := begun(page); began.After(from) {
		return began, true
	}
	return from, false
}

// begun returns the first slot of a report that is remembered: the oldest check, or when a receiver was met first, which is remembered
// longer. Zero where there is neither.
func begun(page notify.Page) time.Time {
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

// count adds up which of the slots that were due were made. One that was not, or that saw nothing, is a hole up to the next.
func count(h *notify.History, due []time.Time, m rules.Memory, slot time.Time) {
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
		h.Due++
		if made {
			h.Ran++
		}
		last := len(h.Blind) - 1
		switch {
		case made && seen != rules.DataFailed:
		case last >= 0 && h.Blind[last].To.Equal(at):
			h.Blind[last].To = next
		default:
			h.Blind = append(h.Blind, notify.Span{From: at, To: next})
		}
	}
}

// fired counts how often alerts fired since a time, from then on or from before.
func fired(m rules.Memory, since time.Time) *notify.AlertCount {
	n := &notify.AlertCount{}
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
