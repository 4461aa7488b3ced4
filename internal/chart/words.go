package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// speech is the language and the zone in which a picture writes words and times.
type speech struct {
	*words.Words
	zone  *time.Location
	brief bool // for a phone
}

func (o Options) speech() speech { return speech{words.In(o.Language), o.Zone, o.Phone} }

// value returns a figure in s's language.
func (s speech) value(u units.Unit, v float64) string { return s.Figure(u.Format(v)) }

// values translates the labels of an axis in place.
func (s speech) values(labels []string) {
	for i, l := range labels {
		labels[i] = s.Figure(l)
	}
}

// limit returns the name of a limit: "critical 90 %".
func (s speech) limit(l limit, u units.Unit) string {
	return s.severity(l.severity) + " " + s.value(u, l.value)
}

func (s speech) severity(of rules.Severity) string {
	if of == rules.Warning {
		return s.Warning
	}
	return s.Critical
}

// either returns nodes for a panel of nodes, else series.
func either[T any](data *snapshot.Panel, nodes, series T) T {
	if data.OfNodes() {
		return nodes
	}
	return series
}

// rest returns the name of n series that are drawn as one: "other 33 nodes".
func (s speech) rest(data *snapshot.Panel, n int) string {
	return either(data, s.OtherNodes, s.OtherSeries).Of(n)
}

// caveats returns what a reader must know before trusting the picture.
func (s speech) caveats(data *snapshot.Panel) []string {
	var out []string
	if data.Data == snapshot.DataPartial {
		out = append(out, s.PartialData)
	}
	for _, l := range data.Lines {
		if slices.ContainsFunc(l.Values, func(v float64) bool { return math.IsInf(v, 0) }) {
			return append(out, s.InfiniteNotDrawn)
		}
	}
	return out
}

// scope returns how many series are drawn and for which time: "12 of 42 nodes · 24 h to Sun 22 Nov
// 2026 09:00 KST".
func (s speech) scope(data *snapshot.Panel, drawn int) string {
	when := fmt.Sprintf(s.Moment, s.Stamp(data.Grid.End().In(s.zone)))
	if span := data.Grid.Range(); span > 0 {
		when = fmt.Sprintf(s.Window, s.span(span), s.Stamp(data.Grid.End().In(s.zone)))
	}
	total := max(data.Total, len(data.Lines))
	if drawn == 0 {
		return when
	}
	count := either(data, s.SomeNodes, s.SomeSeries).Of(total)
	if drawn < total {
		count = fmt.Sprintf(s.Some, words.Thousands(drawn), count)
	}
	return count + " · " + when
}

// span returns a range of time: 24 h, 1 h 30 min, 7 d.
func (s speech) span(d time.Duration) string { return s.Figure(units.Span(d)) }

// own returns a panel's own range, or "" if it has none.
func (s speech) own(of board.Window) string {
	if of == (board.Window{}) {
		return ""
	}
	ago := ""
	if of.Shift != 0 {
		ago = s.span(of.Shift)
	}
	return s.OwnRange(s.span(of.Range), ago)
}

// moment returns a time, with its day if that is not the day of the newest sample. In little space
// it has no day within the day before that.
func (s speech) moment(t time.Time, g series.Grid) string {
	t, end := t.In(s.zone), g.End().In(s.zone)
	if s.brief && words.IsRecent(t, end) {
		return s.Clock(t)
	}
	if t.YearDay() == end.YearDay() && t.Year() == end.Year() {
		return s.Clock(t)
	}
	return s.AxisDate(t) + " " + s.Clock(t)
}

// finding returns what is wrong, with the severity in words because not everybody sees colours:
// "critical: ip-10-0-1-12" and " 94 % > 90 % since 02:10, and 2 more".
func (s speech) finding(data *snapshot.Panel, f *snapshot.Finding) (name, rest string) {
	name = f.Name
	switch {
	case f.Status == rules.NoData && f.Newest.IsZero():
		rest = s.NoData
	case f.Status == rules.NoData:
		rest = fmt.Sprintf(s.NoDataSince, s.moment(f.Newest, data.Grid))
	default:
		name = fmt.Sprintf(s.NamedFinding, s.severity(f.Severity), f.Name)
		if rest = s.breach(data, f); data.Spec.Rule(f.Rule).FullIn {
			break // when it is full matters, and not since when that is so
		}
		switch streak := f.Streak; {
		case streak == nil || streak.From.IsZero():
		case data.Spec.Events != nil:
			rest = s.dated(data, f.Value, streak)
		case streak.Open: // it began before the window
			rest = fmt.Sprintf(s.BreachAtLeast, rest, s.span(streak.Lasted()))
		default:
			rest = fmt.Sprintf(s.BreachSince, rest, s.moment(streak.From, data.Grid))
		}
	}
	more := -1
	for _, other := range data.Findings {
		if other.Status == rules.Breach || other.Status == rules.NoData {
			more++
		}
	}
	rest = strings.TrimSpace(rest)
	if more > 0 && !s.brief { // a picture for a phone names the others at their lines
		rest += s.AlsoFound.Of(more)
	}
	if strings.HasPrefix(rest, ",") {
		return name, rest
	}
	return name, " " + rest
}

// alike returns what findings of one rule and severity have in common, in little space: "critical:
// 41 nodes" and " > 90 % since 01:58". It returns false if they differ, as with limits of their
// own, or there is only one.
func (s speech) alike(data *snapshot.Panel, f *snapshot.Finding) (name, rest string, ok bool) {
	first, open, n := f.Streak, false, 0
	limit := math.Float64bits(f.Limit) // so that NaN is equal to NaN
	for i := range data.Findings {
		o := &data.Findings[i]
		switch {
		case o.Status != rules.Breach && o.Status != rules.NoData:
			continue
		case o.Rule != f.Rule || o.Severity != f.Severity || o.Status != rules.Breach ||
			o.Ref != f.Ref || math.Float64bits(o.Limit) != limit || o.Streak == nil ||
			o.Streak.Bouts > 0:
			return "", "", false
		case o.Streak.From.Before(first.From):
			first = o.Streak
		}
		open = open || o.Streak.Open
		n++
	}
	if n < 2 || data.Spec.Events != nil || data.Spec.Rule(f.Rule).FullIn {
		return "", "", false
	}
	name = fmt.Sprintf(s.NamedFinding, s.severity(f.Severity),
		either(data, s.SomeNodes, s.SomeSeries).Of(n))
	if rule := data.Spec.Rule(f.Rule); !rule.Holds() && !math.IsNaN(f.Limit) {
		sign := ">"
		if rule.Direction == rules.Below {
			sign = "<"
		}
		rest = sign + " " + s.value(data.Spec.UnitOf(f.Ref), f.Limit)
	}
	if open { // one of them began before the window
		rest = fmt.Sprintf(s.BreachAtLeast, rest, s.span(first.Lasted()))
	} else {
		rest = fmt.Sprintf(s.BreachSince, rest, s.moment(first.From, data.Grid))
	}
	if rest = strings.TrimSpace(rest); !strings.HasPrefix(rest, ",") {
		rest = " " + rest
	}
	return name, rest, true
}

// past returns the worst breach that has ended: "ip-10-0-1-12 was above 90 % from 02:10 to 03:40,
// peak 94 %".
func (s speech) past(data *snapshot.Panel) string {
	for _, f := range data.Findings {
		was := f.Earlier
		if was == nil || data.Spec.Rule(f.Rule).FullIn {
			continue
		}
		when := fmt.Sprintf(s.FromUntil, s.moment(was.From, data.Grid), s.moment(was.To, data.Grid))
		if was.Open { // it began before the window
			when = fmt.Sprintf(s.Until, s.moment(was.To, data.Grid))
		}
		above, peak := s.WasAbove, s.Peak
		rule := data.Spec.Rule(f.Rule)
		below := rule.Direction == rules.Below
		if below {
			above, peak = s.WasBelow, s.Lowest
		}
		value, against := data.Spec.UnitOf(f.Ref).FormatAgainst(was.Peak, was.Limit)
		switch {
		case data.Spec.Events != nil:
			return f.Name + " " + s.dated(data, was.Peak, was)
		case rule.Holds():
			return fmt.Sprintf(s.WasSo, f.Name, when)
		case was.Limit == 0 && !below:
			above = fmt.Sprintf(s.WasSo, f.Name, when)
		default:
			above = fmt.Sprintf(above, f.Name, s.Figure(against), when)
		}
		return above + ", " + fmt.Sprintf(peak, s.Figure(value))
	}
	return ""
}

// dated returns the number of events and their time: "3 OOM kills, last 09:12".
func (s speech) dated(data *snapshot.Panel, n float64, streak *rules.Streak) string {
	what, within := data.Spec.Number(n), data.Spec.Events.Within
	at, before := streak.Dated(within)
	recurs := streak.Lasted() >= within
	if recurs && !before {
		what = fmt.Sprintf(s.EventsWithin, data.Spec.Number(streak.Peak), s.span(within))
	}
	return what + ", " + fmt.Sprintf(s.Happened(math.Round(n) == 1 && !recurs, before),
		s.moment(at, data.Grid))
}

// reaches says when a series of a query reaches the limit of the panel's forecasts: "85 % in ~5 d".
func (s speech) reaches(data *snapshot.Panel, ref string, days float64) string {
	limit := math.NaN()
	if f := data.Spec.Forecast; f != nil {
		limit = f.Limit
	}
	return s.limitIn(data.Spec.UnitOf(ref), limit, days)
}

// limitIn says in how many days a limit is reached.
func (s speech) limitIn(u units.Unit, limit, days float64) string {
	const most = 36_500 // a century
	left := time.Duration(min(days, most) * float64(day))
	if left >= 2*day {
		left = left.Round(day)
	} else {
		left = max(left.Round(time.Hour), time.Hour)
	}
	return fmt.Sprintf(s.ReachedIn, s.value(u, limit), s.span(left))
}

// breach compares a figure with its limit: "94 % > 90 %", or "p95 94 % > 90 %" for a verdict. A
// limit of zero is omitted: "2", not "2 > 0".
func (s speech) breach(data *snapshot.Panel, f *snapshot.Finding) string {
	sign, figure := ">", ""
	rule := data.Spec.Rule(f.Rule)
	if rule.Holds() {
		return "" // the subject says it
	}
	if rule.FullIn {
		return s.reaches(data, f.Ref, f.Value/day.Seconds())
	}
	if rule.Direction == rules.Below {
		sign = "<"
	}
	if !rule.IsAlert() {
		figure = s.Reduced(string(rule.Reduce)) + " "
	}
	if math.IsNaN(f.Limit) || f.Limit == 0 && sign == ">" {
		return figure + s.value(data.Spec.UnitOf(f.Ref), f.Value)
	}
	value, against := data.Spec.UnitOf(f.Ref).FormatAgainst(f.Value, f.Limit)
	return figure + s.Figure(value) + " " + sign + " " + s.Figure(against)
}
