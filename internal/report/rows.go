package report

import (
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// FindingRow is a finding as the cells of a table say it.
type FindingRow struct {
	Finding *Finding

	Class, State      string // as a style's name, and in a word
	AgeWord, AgeClass string // of its alert: "NEW"; "" where the other cells say it
	Value             string // of what has ended: its peak
	Limit             string // "" where it is 0, and any figure above says so itself
	Lasted, Since     string
	Trend             string
	Top               string // what takes most of it: "top: shop/checkout-7d9f 22 GiB"
	Course            Course
}

// Course is a series' samples and the limit that they are judged by.
type Course struct {
	Values []float64 // nil where the series is not drawn
	Limit  float64   // NaN where there is none
	Below  bool      // the limit is the least that is good
}

// Aged reports whether the report knows how old its alerts are.
func (r *Report) Aged() bool { return r.ages != nil }

// FindingRow says one of the report's findings.
func (r *Report) FindingRow(f *Finding) FindingRow {
	w := r.words
	v := FindingRow{
		Finding: f, Class: classOf(f.Status, f.Severity), State: w.state(f), Value: f.Shown(),
		Trend:  w.trend(f.Trend),
		Course: Course{f.values, f.limit, f.direction == rules.Below},
	}
	v.AgeWord, v.AgeClass = w.age(f, r.Info)
	if f.hasLimit() {
		v.Limit = f.Limit
	}
	if len(f.Details) > 0 {
		v.Top = fmt.Sprintf(w.Top, f.Details[0])
	}
	if f.Past() {
		v.Class = "ended"
	}
	switch {
	case f.Number != "":
		v.Since = w.newest(f, r.Info)
	case f.Past() && f.Open:
		v.Lasted, v.Since = w.atLeast(f.Lasted), fmt.Sprintf(w.Until, w.clock(f.Until, r.Info))
	case f.Past():
		v.Lasted, v.Since = w.duration(f.Lasted), fmt.Sprintf(w.Between, w.clock(f.Since, r.Info),
			w.clock(f.Until, r.Info))
	case f.Open:
		v.Lasted = w.atLeast(f.Lasted)
	case f.reduce != "":
		v.Lasted = w.Reduced(string(f.reduce))
	case f.Status == rules.NoData && !f.Since.IsZero():
		v.Lasted, v.Since = w.duration(r.Info.Slot.Sub(f.Since)), r.since(f)
	case !f.Since.IsZero():
		v.Lasted, v.Since = w.duration(f.Lasted), r.since(f)
	}
	return v
}

// NoFindings says in the place of the findings that there are none, and never more than the
// headline does.
func (r *Report) NoFindings() string { return r.words.noFindings(r) }

// atLeast is how long what may have begun before the window has lasted: "≥ 24 h". Of a single
// sample nothing is known.
func (w wording) atLeast(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return "≥ " + w.duration(d)
}

func (r *Report) since(f *Finding) string {
	return fmt.Sprintf(r.words.Since, r.words.clock(f.Since, r.Info))
}
