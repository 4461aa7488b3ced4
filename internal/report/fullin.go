package report

import (
	"fmt"
	"math"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// aim is the limit that a rule with FullIn waits for.
type aim struct {
	words.Aim
	value float64
	said  string // that it is reached, and when
}

// aimed fills in when the series of a finding of a rule with FullIn reaches its limit.
func (w wording) aimed(f *Finding, p *snapshot.Panel) {
	found := p.ForecastOf(p.Spec.Rule(f.Rule).Ref, f.labels)
	f.aim = &aim{Aim: w.aim(p, found), value: math.NaN()}
	switch {
	case found != nil:
		f.aim.value = found.Limit
	case p.Spec.Forecast != nil:
		f.aim.value = p.Spec.Forecast.Limit
	}
	f.Used, f.Trend = "", snapshot.Steady
	if f.Value != "" {
		f.Reaches = w.Reaches(f.aim.Aim, f.Value, true)
	}
	f.aim.said = f.Reaches
}

// compared returns a value of a rule and the limit that it is compared with. Those of a rule with
// FullIn are times.
func (w wording) compared(p *snapshot.Panel, rule rules.Rule,
	v, limit float64) (value, against string) {
	if rule.FullIn {
		return w.WithinDays(v), w.Period(limit)
	}
	return w.against(p.Spec.UnitOf(rule.Ref), v, limit)
}

// peak returns the worst value of a streak. Of a rule with FullIn it is "" once the limit was
// reached: then nothing was soonest.
func (w wording) peak(p *snapshot.Panel, rule rules.Rule, v float64) string {
	if rule.FullIn && v == 0 {
		return ""
	}
	peak, _ := w.compared(p, rule, v, math.NaN())
	return peak
}

// isForecast returns the sentence of a finding of a rule with FullIn: "ip-10-0-1-12 disk reaches 85
// % within 6 days; forecast since 02:10".
func (w wording) isForecast(what string, f *Finding, in Info) string {
	s := what
	if f.aim.said != "" {
		s = fmt.Sprintf(w.Breach, what, f.aim.said)
	}
	switch {
	case f.Open && f.Lasted > 0:
		return fmt.Sprintf(w.Foresight.ForecastAtLeast, s, w.duration(f.Lasted))
	case f.Open || f.Since.IsZero():
		return s
	}
	return fmt.Sprintf(w.Foresight.ForecastSince, s, w.clock(f.Since, in))
}

// wasForecast returns the sentence of such a finding that has ended: "ip-10-0-1-12 disk was
// forecast from 02:10 to 09:00 to reach 85 % within 7 days".
func (w wording) wasForecast(what string, f *Finding, in Info) string {
	s := w.WasToReach(f.aim.Aim, what, w.span(f, in), f.limit)
	if f.Peak != "" {
		s += ", " + fmt.Sprintf(w.Foresight.Soonest, f.Peak)
	}
	if f.Status == rules.Gone {
		s += w.AndGone
	}
	return s
}

// aimOf returns what findings of a rule with FullIn have in common: "disk reaches 85 % within 7
// days".
func (w wording) aimOf(f *Finding) string {
	say := &w.Foresight
	within := fmt.Sprintf(say.Within, f.Limit)
	switch {
	case f.aim.Full:
		return fmt.Sprintf(say.GroupFills, f.Subject, within)
	case f.aim.Below:
		return fmt.Sprintf(say.GroupFallsTo, f.Subject, within, f.aim.Limit)
	}
	return fmt.Sprintf(say.GroupReaches, f.Subject, within, f.aim.Limit)
}

// AimOf returns what findings of a rule with FullIn have in common, within the limit of f: "disk
// reaches 85 % within 7 days".
func (r *Report) AimOf(f *Finding) string { return r.words.aimOf(f) }

// forecastOf returns when the series of a finding reaches the limit of its panel's forecasts, or
// why that is not known, "" if nobody asked. If the rule itself judges that, the finding's sentence
// says it.
func (r *Report) forecastOf(p *snapshot.Panel, f *Finding) string {
	if f.Status != rules.Breach && f.Status != rules.Pending || p.History == nil {
		return ""
	}
	found := p.ForecastOf(p.Spec.Rule(f.Rule).Ref, f.labels)
	if found == nil || found.Why != "" && !isFull(p, found) {
		return ""
	}
	fill := r.words.fill(p, found, r.Info)
	switch {
	case f.aim == nil && found.Why == forecast.Reached && found.Limit == f.limit:
		return "" // the finding says it
	case f.aim == nil:
		return fill.Short
	case found.Why == "", found.Why == forecast.Reached:
		f.aim.said, f.Used = fill.Sentence, fill.Used
		f.Foreseen = r.words.foreseen(p, f, found, r.Info)
	}
	return ""
}

// foreseen returns the newest value of a series and its forecast in one line: "71 % now, reaches 85
// % in about 5 days (1.4 GiB a day)". It returns "" without a forecast.
func (w wording) foreseen(p *snapshot.Panel, f *Finding, found *snapshot.Forecast,
	in Info) string {
	if found.Why != "" {
		return ""
	}
	level := found.Level
	if ln := p.Line(p.Spec.Rule(f.Rule).Ref, f.labels); ln != nil && series.Finite(ln.Stats.Last) {
		level = ln.Stats.Last
	}
	_, when := w.about(found.Days, in)
	return fmt.Sprintf(w.Foresight.Foreseen, w.Figure(p.Spec.Unit().FormatBrief(level)),
		w.Reaches(w.aim(p, found), when, true), w.amount(p, found.Capacity, found.Rate))
}

// Outlook returns when the series of a finding reaches the limit of its panel's forecasts, or why
// that is not known, "" if the other figures of the finding say it.
func (f *Finding) Outlook() string {
	if f.aim != nil && f.aim.said != f.Reaches {
		return f.aim.said
	}
	return f.Forecast
}

// withForecast adds to a sentence when the series reaches its limit.
func (w wording) withForecast(s string, f *Finding) string {
	if f.Forecast == "" {
		return s
	}
	return fmt.Sprintf(w.AndAlso, s, f.Forecast)
}
