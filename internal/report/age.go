package report

import (
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// Known is what is remembered of a report's alerts. A report that is told of it says how old each
// one is.
type Known struct {
	Memory rules.Memory     // advanced to the report's slot
	Now    rules.Evaluation // what it was advanced by: it says which alert a finding is of
}

// Age is how old the alert of a finding is, by what is remembered of it. The zero value is of what
// is no alert that fires, or of an alert that is not remembered.
type Age struct {
	New bool // this slot is the first that found it
	// the first sample beyond the limit, also where it lies before the report's window
	Since time.Time
	// the number of calendar days on which it was so, in the report's zone: 1 on the first
	Day int
}

// findingID knows a rule's judgement of one series.
type findingID struct {
	panel, rule string
	labels      uint64
}

// agesOf returns the ages of the alerts that fire, nil where nothing is remembered of this slot: no
// state, or one that a newer slot has advanced.
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
				New: in.Known.Memory.New(e), Since: e.Since,
				Day: 1 + day(in.Slot, in.Zone) - day(e.Since, in.Zone),
			}
		}
	}
	return ages
}

// day is the number of t's day in a zone, counted from some day on.
func day(t time.Time, zone *time.Location) int {
	y, m, d := t.In(zone).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// age is the word for how old a finding's alert is, and the name of its style: NEW; from the second
// day on which one it is; else since when, where the finding does not say that itself, because its
// window or its streak begins later.
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
