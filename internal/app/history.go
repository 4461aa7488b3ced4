package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/state"
)

// firstHistory is how far back a summary looks that has neither a schedule nor one before it.
const firstHistory = 24 * time.Hour

// history is what a summary says of the checks behind it: those of the report that it names in
// history_from, else its own, where some were missed. Own is what the summary itself remembers.
// Nil: there is nothing to say.
func (t *teller) history(ctx context.Context, r config.Report, slot time.Time,
	own notify.Page) (*notify.History, error) {
	before, made := summaryBefore(r, slot, own)
	switch {
	case r.Send != config.SendSummary || r.HistoryFrom == "" && r.Schedule == nil:
		return nil, nil
	case r.HistoryFrom == "":
		return notify.OwnHistory(own, r.Schedule.Between, before, made, slot), nil
	}
	ctx, cancel := t.stateTime(ctx)
	defer cancel()
	doc, _, err := t.store.Load(ctx, state.Key{Cluster: t.cfg.Cluster, Report: r.HistoryFrom})
	if err != nil {
		return nil, fmt.Errorf("the summary says nothing of the checks of %s: reading their "+
			"state: %w", r.HistoryFrom, err)
	}
	checks := slices.IndexFunc(t.cfg.Reports, func(c config.Report) bool {
		return c.Name == r.HistoryFrom
	})
	return notify.HistoryOf(doc.Page, t.cfg.Reports[checks].Schedule.Between, before, made,
		slot), nil
}

// summaryBefore is the slot of the summary before, as far as it is remembered, else when it was
// due.
func summaryBefore(r config.Report, slot time.Time, own notify.Page) (at time.Time, made bool) {
	if slots, _ := own.Memory.Checked(time.Time{}, slot); len(slots) > 0 {
		return slots[len(slots)-1], true
	}
	if r.Schedule != nil {
		return r.Schedule.Last(slot.Add(-1)), false
	}
	return slot.Add(-firstHistory), false
}
