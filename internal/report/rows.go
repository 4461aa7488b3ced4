package report

import (
	"fmt"
	"math"
	"regexp"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// beforeUnit matches the space between a number and its unit, where a line must not break.
var beforeUnit = regexp.MustCompile(`(\d) (%|(?:h|min|s|d|[KMGTPE]i?B|cores)\b)`)

// Joined returns a sentence in which no line breaks between a number and its unit.
func Joined(sentence string) string { return beforeUnit.ReplaceAllString(sentence, "$1\u00a0$2") }

// FindingRow is a finding as the cells of a table row.
type FindingRow struct {
	Finding *Finding

	Class, State      string // as a style's name, and as text
	AgeWord, AgeClass string // of the alert: "NEW"; "" if the other cells show it
	Value             string // the peak if the finding has ended
	Limit             string // "" if it is not worth showing
	Lasted, Since     string
	Trend             string
	Top               string // the largest users: "top: shop/checkout-7d9f 22 GiB"
	Course            Course
}

// Course is the samples of a series and its limit.
type Course struct {
	Values []float64 // nil if the series is not drawn
	Limit  float64   // NaN without a limit
	Below  bool      // whether values below the limit are bad
	Zero   bool      // whether the course starts at zero, so that a steady series looks steady
}

// Extremes thins the values to at most n: the largest finite value of each part, or the smallest
// where values below the limit are bad. A part without values is NaN.
func (c Course) Extremes(n int) []float64 {
	n = min(n, len(c.Values))
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
		for _, v := range c.Values[i*len(c.Values)/n : (i+1)*len(c.Values)/n] {
			if series.Finite(v) && (math.IsNaN(out[i]) || (v > out[i]) != c.Below) {
				out[i] = v
			}
		}
	}
	return out
}

// Aged reports whether the report knows the ages of its alerts.
func (r *Report) Aged() bool { return r.ages != nil }

// FindingRow returns the table row of a finding.
func (r *Report) FindingRow(f *Finding) FindingRow {
	w := r.words
	v := FindingRow{
		Finding: f, Class: classOf(f.Status, f.Severity), State: w.state(f), Value: f.Shown(),
		Trend:  w.trend(f.Trend),
		Course: Course{Values: f.values, Limit: f.limit, Below: f.direction == rules.Below},
	}
	if f.aim != nil {
		v.Course.Limit, v.Course.Below = f.aim.value, f.aim.Below
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
	case f.reduce != "" && f.Value == "": // a condition that holds at the end
	case f.reduce != "":
		v.Lasted = w.Reduced(string(f.reduce))
	case f.Status == rules.NoData && !f.Since.IsZero():
		v.Lasted, v.Since = w.duration(r.Info.Slot.Sub(f.Since)), r.since(f)
	case !f.Since.IsZero():
		v.Lasted, v.Since = w.duration(f.Lasted), r.since(f)
	}
	return v
}

// NoFindings returns the text for an empty list of findings. It claims no more than the headline
// does.
func (r *Report) NoFindings() string { return r.words.noFindings(r) }

// atLeast returns how long a streak that may have begun before the window has lasted: "≥ 24 h". It
// returns "" for a single sample.
func (w wording) atLeast(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return "≥ " + w.duration(d)
}

func (r *Report) since(f *Finding) string {
	return fmt.Sprintf(r.words.Since, r.words.clock(f.Since, r.Info))
}
