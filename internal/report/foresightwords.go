package report

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// fill returns the forecast of a series as text.
func (w wording) fill(p *snapshot.Panel, f *snapshot.Forecast, in Info) Fill {
	out := Fill{
		Panel: p.Spec.Name, Title: p.Spec.Title, Subject: cmp.Or(p.Spec.Subject, p.Spec.Title),
		Ref: f.Ref, Of: f, Name: f.Name, Node: f.Node, Days: math.NaN(),
		Level: w.Figure(p.Spec.Unit().FormatBrief(f.Level)),
	}
	if c := p.Spec.Capacity; c != nil && series.Finite(f.Capacity) {
		out.Used = w.Figure(c.Unit.FormatOf(p.Spec.Share(f.Level)*f.Capacity, f.Capacity))
	}
	if f.Why != "" {
		out.Short = w.withoutForecast(p, f, in)
		out.Sentence = out.Short
		return out
	}
	out.Days, out.At = f.Days, in.Slot.Add(days(f.Days))
	out.Sure = f.Sure*24 <= horizonOf(p).Hours()
	out.In = w.until(f.Days, f.Lo, f.Hi, in)
	out.Short = w.Reaches(w.aim(p, f), out.In, out.Sure)
	out.Rate = fmt.Sprintf(w.Foresight.ADay, w.amount(p, f.Capacity, f.Rate))
	out.Growth = w.growth(p, f, out.Rate, in)
	out.Sentence = fmt.Sprintf(w.NamedFinding, out.Short, out.Growth)
	out.Explained = w.explained(p, f, out.Rate, in)
	return out
}

// days returns a number of days as a duration, at most a century.
func days(n float64) time.Duration {
	const most = 36_500
	return time.Duration(math.Min(n, most) * 24 * float64(time.Hour))
}

// furthestEnd is the end of an interval in days from which on it is not said.
const furthestEnd = 60

// until returns when a limit is reached, as people say it: "in about 5 days (3–8)".
func (w wording) until(n, lo, hi float64, in Info) string {
	f := &w.Foresight
	whole, named := w.about(n, in)
	first, last := min(nights(lo, in), whole), max(nights(hi, in), whole)
	switch {
	case whole >= fewDays:
		return fmt.Sprintf(f.OfWeeks, named,
			w.between(max(inWeeks(first), 1), inWeeks(last), furthestEnd/7))
	case whole >= 2:
		return fmt.Sprintf(f.OfDays, named, w.between(first, last, furthestEnd))
	case whole == 0 && last == 1:
		return f.TodayOrTomorrow
	case last <= 1:
		return named
	case first == 0:
		return fmt.Sprintf(f.NamedWithin, named, strconv.Itoa(last))
	}
	return fmt.Sprintf(f.NamedOfDays, named, w.between(first, last, furthestEnd))
}

// fewDays is the number of days from which on people count in weeks.
const fewDays = 14

// inWeeks returns a number of days in whole weeks.
func inWeeks(days int) int { return (2*days + 7) / 14 }

// nights returns how many nights there are until a limit is reached, in the zone of the report if
// it is soon.
func nights(n float64, in Info) int {
	if n >= 1.5 {
		return int(math.Round(math.Min(n, 2*furthestEnd)))
	}
	return day(in.Slot.Add(days(n)), in.Zone) - day(in.Slot, in.Zone)
}

// about returns when something is without saying how sure that is: "in about 5 days". whole is the
// number of nights.
func (w wording) about(n float64, in Info) (whole int, said string) {
	switch whole = nights(n, in); {
	case whole <= 0:
		return 0, w.Foresight.Today
	case whole == 1:
		return whole, w.Foresight.Tomorrow
	case whole >= fewDays:
		return whole, fmt.Sprintf(w.Foresight.InWeeks, strconv.Itoa(inWeeks(whole)))
	}
	return whole, fmt.Sprintf(w.Foresight.InDays, strconv.Itoa(whole))
}

// between returns a range of days or weeks: "3–8".
func (w wording) between(first, last, most int) string {
	switch {
	case last > most:
		return fmt.Sprintf(w.Foresight.OrMore, strconv.Itoa(first))
	case first == last:
		return strconv.Itoa(first)
	}
	return fmt.Sprintf(w.Between, strconv.Itoa(first), strconv.Itoa(last))
}

// aim returns the limit of a forecast as text, that of the panel if it is nil.
func (w wording) aim(p *snapshot.Panel, f *snapshot.Forecast) words.Aim {
	of := p.Spec.Forecast
	if of == nil {
		return words.Aim{Full: true}
	}
	limit := of.Limit
	if f != nil {
		limit = f.Limit
	}
	return words.Aim{
		Limit: w.Figure(p.Spec.Unit().Format(limit)), Below: of.Below, Full: p.Spec.FillsUp(),
	}
}

// amount returns a part of a series: of its capacity, if it has one.
func (w wording) amount(p *snapshot.Panel, capacity, v float64) string {
	v = math.Abs(v)
	if c := p.Spec.Capacity; c != nil && series.Finite(capacity) && capacity > 0 {
		return w.Figure(c.Unit.Format(p.Spec.Share(v) * capacity))
	}
	return w.Figure(p.Spec.Unit().Format(v))
}

// growth returns how fast a series grows, and how sure that is.
func (w wording) growth(p *snapshot.Panel, f *snapshot.Forecast, rate string, in Info) string {
	switch {
	case f.Stepped:
		return fmt.Sprintf(w.Foresight.SinceStep, rate, w.onDay(f.Since, in))
	case w.aim(p, f).Below:
		return fmt.Sprintf(w.Foresight.Lower, rate, strconv.Itoa(f.Grew), strconv.Itoa(f.Weeks))
	}
	return fmt.Sprintf(w.Foresight.Higher, rate, strconv.Itoa(f.Grew), strconv.Itoa(f.Weeks))
}

// kubeletCleans is the share of a node's disk at which the kubelet begins to delete images.
const kubeletCleans = 0.85

// isCleaned reports whether the kubelet frees space at the limit of a forecast.
func isCleaned(p *snapshot.Panel, f *snapshot.Forecast) bool {
	return p.Spec.Measure == panel.NodeDisk && p.Spec.Share(f.Limit) == kubeletCleans
}

// explained returns how a forecast was made, in one line.
func (w wording) explained(p *snapshot.Panel, f *snapshot.Forecast, rate string, in Info) string {
	say := &w.Foresight
	aim := w.aim(p, f)
	left := w.amount(p, f.Capacity, f.Limit-f.Level)
	counted, step := say.HighsRise, say.StepRise
	if aim.Below {
		counted, step = say.LowsFall, say.StepFall
	}
	s := fmt.Sprintf(counted, strconv.Itoa(f.Grew), strconv.Itoa(f.Weeks), rate, left, aim.Limit)
	if f.Stepped {
		s = fmt.Sprintf(step, w.onDay(f.Since, in), rate, left, aim.Limit)
	}
	_, planned := w.about(f.Days, in)
	if _, slow := w.about(f.Sure, in); slow != planned && f.Sure > f.Days {
		s += " " + fmt.Sprintf(say.Slower, slow)
	}
	first, last := nights(f.Lo, in), nights(f.Hi, in)
	if last > 1 {
		s += " " + fmt.Sprintf(say.Interval, w.between(first, last, furthestEnd))
	}
	if had := p.History.Had; had > 0 && had < forecast.History-24*time.Hour {
		s += " " + fmt.Sprintf(say.HistoryOnly, w.Foresight.Days.Of(int(had.Hours()/24)))
	}
	if isCleaned(p, f) {
		s += " " + say.KubeletCleans
	}
	return s
}

// withoutForecast returns why a series has no forecast, "" if a reader does not ask. That it will
// not fill soon, or is full already, is an answer and not the lack of one.
func (w wording) withoutForecast(p *snapshot.Panel, f *snapshot.Forecast, in Info) string {
	why := w.reason(p, f, in)
	if isAnswer(f.Why) || why == "" {
		return why
	}
	return fmt.Sprintf(w.Foresight.NoForecast, why)
}

// leastHistory is how much history a forecast needs. It also has too little of a longer one with
// many gaps.
const leastHistory = 14 * 24 * time.Hour

// reason returns why a series has no forecast, "" if a reader does not ask.
func (w wording) reason(p *snapshot.Panel, f *snapshot.Forecast, in Info) string {
	say := &w.Foresight
	flat, unsteady := say.NotRising, say.UnsteadyHigher
	if w.aim(p, f).Below {
		flat, unsteady = say.NotFalling, say.UnsteadyLower
	}
	switch f.Why {
	case forecast.Reached:
		return w.reached(p, f)
	case forecast.TooShort:
		if f.Stepped || in.Slot.Sub(f.Since) > leastHistory+24*time.Hour { // its first day is short
			return say.Gaps
		}
		return say.TooShort
	case forecast.Cycle:
		return fmt.Sprintf(say.Cycle, w.onDay(f.Since, in))
	case forecast.TooEarly:
		return fmt.Sprintf(say.TooEarly, w.onDay(f.Since, in))
	case forecast.Flat:
		return flat
	case forecast.Unsteady:
		return fmt.Sprintf(unsteady, strconv.Itoa(f.Grew), strconv.Itoa(f.Weeks))
	case forecast.LevelOff:
		return say.Stopped
	case forecast.TooFar:
		return w.tooFar(p, f, in)
	}
	return ""
}

// reached returns that a series is already beyond its limit.
func (w wording) reached(p *snapshot.Panel, f *snapshot.Forecast) string {
	s := w.Already(w.aim(p, f))
	if isCleaned(p, f) {
		return fmt.Sprintf(w.Foresight.WhereCleaned, s)
	}
	return s
}

// tooFar returns that a limit is further away than the history is long, "" if it is no limit.
func (w wording) tooFar(p *snapshot.Panel, f *snapshot.Forecast, in Info) string {
	if f.Since.IsZero() || !series.Finite(f.Rate) {
		return ""
	}
	// A step may have been in the day before the first that counts.
	counted := min(math.Round(in.Slot.Sub(f.Since).Hours()/24), forecast.History.Hours()/24,
		math.Floor(math.Abs((f.Limit-f.Level)/f.Rate)))
	return fmt.Sprintf(w.Foresight.TooFar,
		fmt.Sprintf(w.Foresight.ADay, w.amount(p, f.Capacity, f.Rate)),
		w.Foresight.Days.Of(int(counted)))
}

// dayName returns a day of the past: today, yesterday, a weekday of the last six days, or a date.
func (w wording) dayName(t time.Time, in Info) (name string, plain bool) {
	f := &w.Foresight
	switch ago := day(in.Slot, in.Zone) - day(t, in.Zone); {
	case ago == 0:
		return f.Today, true
	case ago == 1:
		return f.Yesterday, true
	case ago > 1 && ago < 7:
		return f.Weekdays[t.In(in.Zone).Weekday()], false
	}
	return w.Date(t.In(in.Zone)), false
}

// onDay returns on which day something was: "on Tuesday", "yesterday".
func (w wording) onDay(t time.Time, in Info) string {
	name, plain := w.dayName(t, in)
	if plain {
		return name
	}
	return fmt.Sprintf(w.Foresight.OnDay, name)
}

// sinceDay returns since when something is so: "Tuesday 10:00", or only the time of day if that was
// today.
func (w wording) sinceDay(t time.Time, in Info) string {
	clock := w.Clock(t.In(in.Zone))
	if day(t, in.Zone) == day(in.Slot, in.Zone) {
		return clock
	}
	name, _ := w.dayName(t, in)
	return name + " " + clock
}

// move returns a change of a level as text.
func (w wording) move(p *snapshot.Panel, m *snapshot.Moved, up bool, in Info) Move {
	say := &w.Foresight
	out := Move{
		Panel: p.Spec.Name, Title: p.Spec.Title, Subject: cmp.Or(p.Spec.Subject, p.Spec.Title),
		Of: m, Name: m.Name, Node: m.Node, Up: up, New: m.New, Since: m.Begin, Week: m.Week,
		Before: m.Before,
	}
	unit := p.Spec.Unit()
	if c := p.Spec.Capacity; c != nil && series.Finite(m.Capacity) {
		unit = c.Unit
	}
	amount := math.Abs(m.Amount)
	if !up {
		amount = -amount
	}
	out.Amount = Figure{signed(w.Figure(unit.Format(math.Abs(amount))), amount), amount}
	since := w.sinceDay(m.Begin, in)
	out.SinceDay = fmt.Sprintf(w.Since, since)
	about := w.About(m.Name, out.Subject)
	if m.New {
		out.To = w.levels(p.Spec.Unit(), m.To)[0]
		out.Short = fmt.Sprintf(say.ShortNew, about, out.To)
		out.Sentence = fmt.Sprintf(say.NewSince, m.Name, out.Subject, out.To, since)
		return out
	}
	levels := w.levels(p.Spec.Unit(), m.From, m.To, m.Low, m.High)
	out.From, out.To = levels[0], levels[1]
	out.Short = fmt.Sprintf(say.ShortMove, about, withoutUnit(out.From, out.To), out.To,
		out.Amount.Text)
	format, of := say.Rose, fmt.Sprintf(say.Of, m.Name, out.Subject)
	if !up {
		format = say.Fell
	}
	if m.Name == words.Unlabelled {
		of = out.Subject
	}
	s := fmt.Sprintf(format, of, withoutUnit(out.From, out.To), out.To, since)
	switch m.Weeks {
	case 0:
		out.Sentence = fmt.Sprintf(say.OneDay, s)
	case 1:
		out.Sentence = fmt.Sprintf(say.OneWeek, s)
	default:
		out.Usual = levels[2]
		if levels[3] != levels[2] {
			out.Usual = fmt.Sprintf(w.Between, withoutUnit(levels[2], levels[3]), levels[3])
		}
		// the day that ends at the slot is mostly the day of its middle
		middle := in.Slot.Add(-12 * time.Hour).In(in.Zone)
		out.Sentence = fmt.Sprintf(say.Usual, s, say.Weekdays[middle.Weekday()], out.Usual)
	}
	return out
}

// signed puts the sign of v before a figure.
func signed(figure string, v float64) string {
	if v < 0 {
		return "−" + figure
	}
	return "+" + figure
}

// wholePercent is the least difference of two shares that are shown in whole percent.
const wholePercent = 0.02

// levels returns levels as text. Shares that are far enough apart are whole percentages.
func (w wording) levels(u units.Unit, vs ...float64) []string {
	per := map[units.Unit]float64{units.PercentUnit: 100, units.Percent: 1}[u]
	whole := per > 0 && len(vs) > 1 && math.Abs(vs[0]-vs[1])*per >= 100*wholePercent
	out := make([]string, len(vs))
	for i, v := range vs {
		if whole {
			v = math.Round(v*per) / per
		}
		out[i] = w.Figure(u.FormatBrief(v))
	}
	return out
}

// withoutUnit returns a figure without its unit if it is the same as that of the figure after it:
// "41" before "63 %".
func withoutUnit(figure, next string) string {
	unit := next[strings.LastIndexAny(next, "0123456789")+1:]
	if short, ok := strings.CutSuffix(figure, unit); ok {
		if _, err := strconv.ParseFloat(short, 64); err == nil {
			return short
		}
	}
	return figure
}
