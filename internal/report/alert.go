package report

import (
	"cmp"
	"math"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// FindingOf says an alert as the report says its findings, whether or not its series is in this answer: also one that is resolved, that is
// silent, or whose panel failed, and promsnap's own. Its sentence is not in the report's counts.
func (r *Report) FindingOf(a rules.Alert) Finding {
	p := &snapshot.Panel{Spec: snapshot.Spec{Name: a.Panel, Title: a.Rule}}
	for i := range r.Panels {
		if r.Panels[i].Spec.Name == a.Panel {
			p = &r.Panels[i]
		}
	}
	found := judged(a)
	f, _ := r.words.tell(p, &found)
	switch {
	case p.IsState():
		f.ofState()
	case math.IsNaN(found.Value) && !f.Past():
		f.Value, f.Limit = "", ""
	}
	f.Sentence = r.words.sentence(&f, r.Info)
	if a.IsBlindness() {
		f.Sentence = r.blindness(a)
	}
	return f
}

// InFull is a finding's sentence with its limit and where it is heading: "ip-10-0-1-12 memory 94 %, above 90 % since 02:10, rising".
func (r *Report) InFull(f *Finding) string { return r.words.worst(f, r.Info) }

// judged is what an alert's rule found, as far as the alert remembers it.
func judged(a rules.Alert) snapshot.Finding {
	e := a.Now()
	streak := &rules.Streak{
		Seen: a.Streak.Seen, Expected: a.Streak.Expected, Bouts: a.Streak.Bouts, Beyond: a.Streak.Beyond,
		From: e.Since, To: e.Last, Open: e.Open, Peak: float64(e.Peak), PeakAt: e.PeakAt, Limit: float64(a.Limit), Severity: e.Worst,
	}
	f := snapshot.Finding{Name: printable(a.Name), Capacity: float64(a.Capacity), Finding: rules.Finding{
		Rule: a.Rule, Labels: series.FromMap(a.Labels), Status: rules.Breach, Severity: a.Severity, Value: float64(a.Value), Limit: float64(a.Limit),
		Streak: streak,
	}}
	f.Name = cmp.Or(f.Name, a.Rule)
	if f.Capacity <= 0 || math.IsInf(f.Capacity, 0) {
		f.Capacity = math.NaN()
	}
	switch {
	case !a.Fires() && e.End == rules.Vanished:
		f.Status, f.Streak, f.Earlier = rules.Gone, nil, streak
	case !a.Fires():
		f.Status, f.Streak, f.Earlier = rules.OK, nil, streak
	case !a.Silent.IsZero():
		f.Status, f.Newest = rules.NoData, a.Silent
	}
	return f
}
