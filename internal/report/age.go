package report

import (
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// Known is the state of a report's alerts. With it, a report shows how old each alert is.
type Known struct {
	Memory rules.Memory     // the state after the report's slot; zero: lost, so no ages are shown
	Now    rules.Evaluation // the evaluation of the slot, which maps findings to alerts
}

// Age is the age of a finding's alert. The zero value means that no alert fires, or that the state
// does not have it.
type Age struct {
	New bool // whether this slot is the first with the alert
	// the first sample above or below the limit, which may be before the report's window
	Since time.Time
	Open  bool // whether the alert may have begun before Since
	// the number of calendar days so far in the report's zone: 1 on the first day
	Day int
}

// findingID identifies the result of a rule for one series.
type findingID struct {
	panel, rule string
	labels      uint64
}

// agesOf returns the ages of the firing alerts. It returns nil without state, or if a newer slot
// has advanced the state.
func agesOf(in Info) map[findingID]Age {
	if in.Known == nil || !in.Known.Memory.Slot.Equal(in.Slot) {
		return nil
	}
	ages := map[findingID]Age{}
	for _, r := range in.Known.Now.Rules {
		for _, f := range r.Findings {
			a, known := in.Known.Memory.Alerts[rules.KeyOf(r.ID, f.Identity)]
			if !known || !a.Fires() || f.Status != rules.Breach && f.Status != rules.NoData {
				continue
			}
			e := a.Now()
			ages[findingID{r.ID.Panel, r.ID.Rule, f.Labels.Hash()}] = Age{
				New: in.Known.Memory.New(e), Since: e.Since, Open: e.Open,
				Day: 1 + day(in.Slot, in.Zone) - day(e.Since, in.Zone),
			}
		}
	}
	return ages
}

// day returns the number of t's day in a zone, counted from a fixed day.
func day(t time.Time, zone *time.Location) int {
	y, m, d := t.In(zone).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// beginAs moves the beginning of a streak that may have begun before the window to that of its
// alert, which earlier slots saw.
func (f *Finding) beginAs(a Age, rule rules.Rule) {
	if f.last != nil {
		f.last.beginAs(a, rule)
	}
	if !f.Open || a.Since.IsZero() || !a.Since.Before(f.Since) {
		return
	}
	f.Lasted += f.Since.Sub(a.Since)
	f.Since, f.Open = a.Since, a.Open
	f.milder = f.Severity == rules.Critical && rule.Warning.Set
}

// age returns the age of a finding's alert as text, and its style: NEW in the first slot, and from
// the second day on the number of the day. In between it returns the start time, if the finding
// does not show it because its window or streak begins later.
func (w wording) age(f *Finding, in Info) (word, class string) {
	switch a := f.Age; {
	case a == Age{}:
		return "", ""
	case a.New:
		return w.New, "new"
	case a.Day > 1:
		return fmt.Sprintf(w.DayN, fmt.Sprint(a.Day)), "days"
	case f.Open || !a.Since.Equal(f.Since):
		return fmt.Sprintf(w.Since, w.clock(a.Since, in)), "today"
	}
	return "", ""
}
