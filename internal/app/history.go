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

// firstHistory is how far back a summary looks if it has no schedule and no earlier summary.
const firstHistory = 24 * time.Hour

// history returns what a summary says about the checks since the previous summary: those of the
// report in history_from, or otherwise the summary's own missed runs. own is the summary's own
// state. Nil: nothing to say.
func (t *recipients) history(ctx context.Context, r config.Report, slot time.Time,
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
		return nil, fmt.Errorf("reading the state of %s, so the summary cannot say how its checks "+
			"went: %w", r.HistoryFrom, err)
	}
	checks := slices.IndexFunc(t.cfg.Reports, func(c config.Report) bool {
		return c.Name == r.HistoryFrom
	})
	return notify.HistoryOf(doc.Page, t.cfg.Reports[checks].Schedule.Between, before, made,
		slot), nil
}

// summaryBefore returns the slot of the previous summary if it is remembered, and otherwise the
// time at which it was scheduled. made reports which.
func summaryBefore(r config.Report, slot time.Time, own notify.Page) (at time.Time, made bool) {
	if slots, _ := own.Memory.Checked(time.Time{}, slot); len(slots) > 0 {
		return slots[len(slots)-1], true
	}
	if r.Schedule != nil {
		return r.Schedule.Last(slot.Add(-1)), false
	}
	return slot.Add(-firstHistory), false
}
