package report

import (
	"cmp"
	"math"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// FindingOf returns an episode of an alert as a finding. The series need not be in this report: the
// episode may be resolved or silent, its panel may have failed, or the alert may be promsnap's own.
// The finding is not in the report's counts.
func (r *Report) FindingOf(a rules.Alert, e rules.Episode) Finding {
	p, known := &snapshot.Panel{Spec: panel.Spec{Name: a.Panel, Title: a.Rule}}, false
	for i := range r.Panels {
		if r.Panels[i].Spec.Name == a.Panel {
			p, known = &r.Panels[i], true
		}
	}
	found := resultOf(a, e)
	found.Ref = p.Spec.Rule(a.Rule).Ref
	f, _ := r.words.finding(p, &found)
	f.Noun = nounOf(f.labels, f.Node, r.pods[a.Panel])
	switch {
	case !known || p.Spec.Rule(a.Rule).Holds():
		// a number without its unit means nothing
		f.dropFigures()
	case math.IsNaN(found.Value) && !f.Past():
		f.Value, f.Limit = "", ""
	}
	f.Forecast = r.forecastOf(p, &f)
	r.annotate(&f)
	f.Sentence = r.words.sentence(&f, r.Info)
	if a.IsBlindness() {
		f.Sentence, f.Runbook = r.blindness(a), rules.RunbookURL(rules.BlindName)
	}
	return f
}

// InFull returns a finding's sentence with its limit and trend: "ip-10-0-1-12 memory 94 %, above 90
// % since 02:10, rising".
func (r *Report) InFull(f *Finding) string { return r.words.worst(f, r.Info) }

// resultOf rebuilds the result of an alert's rule from what the alert remembers.
func resultOf(a rules.Alert, e rules.Episode) snapshot.Finding {
	streak := &rules.Streak{
		Event: e.Event, Seen: a.Streak.Seen, Expected: a.Streak.Expected, Bouts: a.Streak.Bouts,
		Beyond: a.Streak.Beyond,
		From:   e.Since, To: e.Last, Open: e.Open, Peak: float64(e.Peak), PeakAt: e.PeakAt,
		Limit: float64(a.Limit), Severity: e.Worst,
	}
	f := snapshot.Finding{Name: printable(a.Name), Node: a.Labels["node"], Capacity: float64(
		a.Capacity), Finding: rules.Finding{
		Rule: a.Rule, Labels: series.FromMap(a.Labels), Status: rules.Breach, Severity: a.Severity,
		Value: float64(a.Value), Limit: float64(a.Limit),
		Streak: streak, Cause: a.Cause,
	}}
	f.Name = cmp.Or(f.Name, a.Rule)
	if f.Capacity <= 0 || math.IsInf(f.Capacity, 0) {
		f.Capacity = math.NaN()
	}
	switch {
	case !e.Fires() && e.End == rules.Vanished:
		f.Status, f.Streak, f.Earlier = rules.Gone, nil, streak
	case !e.Fires():
		f.Status, f.Streak, f.Earlier = rules.OK, nil, streak
	case !a.Silent.IsZero():
		f.Status, f.Newest = rules.NoData, a.Silent
	}
	return f
}
