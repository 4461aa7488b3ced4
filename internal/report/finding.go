package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// Finding is the worst result of all rules for one series, as text and figures.
type Finding struct {
	Panel, Title string // the panel's name and title
	Subject      string // what the value is: "memory"
	Name         string // the series
	Node         string // the node of the series, "" if unknown
	Rule         string
	Runbook      string // a link for the person on call; may be empty

	// Breach, NoData or Pending; OK or Gone if the streak has ended
	Status   rules.Status
	Severity rules.Severity

	// "94 %", "90 %"; Value is "" for NoData and for conditions
	Value, Limit string
	// "60.4 of 64 GiB", or what the panel's detail query says: "limit 28 GiB"; "" if unknown
	Used string
	// the largest users: "shop/checkout-7d9f 22 GiB"; nil without a detail query
	Details []string
	Said    string // what the annotations of its alerting rule say; from outside
	// what changed on its object before it began, and then its events, each the newest first: "14
	// min before: image of shop/checkout 1.41 → 1.42"; nil if nothing did or nobody looked
	Changes []string
	Cause   rules.Cause // what it has in common with other findings
	Noun    words.Noun  // what the series is about, as a thing that can be counted

	// when the streak began, or the time of the last sample (NoData); zero if unknown
	Since time.Time
	// whether the streak may have begun before Since, the start of the window
	Open     bool
	Lasted   time.Duration // of the streak
	Seen     int           // number of samples in the streak, of Expected
	Expected int
	Bouts    int       // how often a flapping condition held; else 0
	Share    float64   // share of the samples in which a flapping condition held
	Until    time.Time // when the streak ended
	Number   string    // the number of events, such as "3 restarts"; "" if the panel counts none
	// the time of the newest event, or, if Before is true, a time after all events
	Event  time.Time
	Before bool
	One    bool // whether Number is one event
	// whether events happened for longer than one sample counts; Number is then the highest count
	Recurs bool
	Peak   string // the value furthest from the limit in the streak
	PeakAt time.Time
	Age    Age // of the alert
	Trend  snapshot.Trend
	// of a rule that judges when a limit is reached: "reaches 85 % within 6 days". Value is then
	// "within 6 days", Limit "7 days".
	Reaches string
	// the same with the newest value: "71 % now, reaches 85 % in about 5 days (1.4 GiB a day)"; ""
	// without a forecast
	Foreseen string
	// when its series reaches the limit of its panel's forecasts, or why that is not known: "no
	// forecast: it does not grow"; "" if nobody asked
	Forecast   string
	Sentence   string // "ip-10-0-1-12 memory 94 % (60.4 of 64 GiB) since 02:10"
	aim        *aim   // of a rule that judges when it is reached; else nil
	direction  rules.Direction
	reduce     rules.Reduce
	need       time.Duration // how long a Pending must last to become an alert
	within     time.Duration // the time past which one sample counts events
	number     float64       // number of events at the newest sample
	values     []float64     // on the panel's grid; nil if the series is not drawn
	limit      float64
	value      float64 // of the newest sample, or the peak of a streak that has ended
	unit       units.Unit
	labels     series.Labels
	silent     []string // titles of the other panels that have no data of the node
	panelOrder int
	milder     bool     // Since may be when it went beyond a milder limit than Limit
	last       *Finding // what fired when the data stopped (NoData); nil if nothing did
}

// hasLimit reports whether the limit is worth showing. A limit of 0 is not if values above it are
// bad: any value shows that.
func (f *Finding) hasLimit() bool {
	return f.Limit != "" && (f.limit != 0 || f.direction != rules.Above)
}

// Beyond returns the limit as text after the value: "> 90 %"; "" if it is not worth showing.
func (f *Finding) Beyond() string {
	switch {
	case !f.hasLimit() || f.aim != nil:
		return ""
	case f.direction == rules.Below:
		return "< " + f.Limit
	}
	return "> " + f.Limit
}

// dropFigures removes the figures of a condition, which say no more than its subject.
func (f *Finding) dropFigures() {
	f.Value, f.Limit, f.Peak = "", "", ""
	if f.last != nil {
		f.last.dropFigures()
	}
}

// Sighting returns in how many of how many scrapes a streak was seen, scaled to at most ten, and
// whether that is clearly less than all.
func (f *Finding) Sighting() (seen, of int, less bool) {
	return rules.Sighting{Seen: f.Seen, Expected: f.Expected}.InTen()
}

// Shown returns the value for a table: the peak if the finding has ended.
func (f *Finding) Shown() string {
	if f.Past() {
		return f.Peak
	}
	return f.Value
}

// Past reports whether the finding has ended.
func (f *Finding) Past() bool { return f.Status == rules.OK || f.Status == rules.Gone }

// gravity orders findings: the larger, the worse.
func gravity(st rules.Status, sev rules.Severity) int {
	switch st {
	case rules.Breach:
		return 30 + int(sev)
	case rules.NoData:
		return 20 + int(sev)
	case rules.Pending:
		return 10 + int(sev)
	}
	return int(sev)
}

// sortByGravity sorts the worst first. Equal findings keep the order of the panels, then the rank
// within the panel.
func sortByGravity(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(gravity(b.Status, b.Severity), gravity(a.Status, a.Severity)),
			cmp.Compare(a.panelOrder, b.panelOrder))
	})
}

// findingsOf appends to out one finding for each series of p that has one: the worst of all its
// rules.
func (r *Report) findingsOf(out []Finding, p *snapshot.Panel) []Finding {
	bySeries := map[uint64]int{}
	for i := range p.Findings {
		f, ok := r.words.finding(p, &p.Findings[i])
		if !ok {
			continue
		}
		f.Noun = nounOf(f.labels, f.Node, r.pods[p.Spec.Name])
		if p.Spec.Rule(f.Rule).Holds() {
			f.dropFigures()
		}
		key := p.Findings[i].Key()
		at, seen := bySeries[key]
		switch {
		case !seen:
			bySeries[key] = len(out)
			out = append(out, f)
		case outranks(&f, &out[at]):
			out[at] = f
		}
	}
	return out
}

// outranks reports whether a is shown instead of b for the same series: the worse one, else the
// alert, which has a start time.
func outranks(a, b *Finding) bool {
	if ga, gb := gravity(a.Status, a.Severity), gravity(b.Status, b.Severity); ga != gb {
		return ga > gb
	}
	return a.reduce == "" && b.reduce != ""
}

// finding makes the Finding of a result. It returns false if there is nothing to show: a normal
// end, or a rule without a limit.
func (w wording) finding(p *snapshot.Panel, sf *snapshot.Finding) (Finding, bool) {
	rule := p.Spec.Rule(sf.Rule)
	f := Finding{
		Panel: p.Spec.Name, Title: p.Spec.Title, Subject: cmp.Or(p.Spec.Subject, p.Spec.Title),
		Name: sf.Name, Node: sf.Node,
		Rule: sf.Rule, Runbook: rule.RunbookURL, Status: sf.Status, Severity: sf.Severity,
		direction: rule.Direction, reduce: rule.Reduce, need: rule.For, limit: sf.Limit,
		labels: sf.Labels, Cause: sf.Cause,
	}
	if line := p.Line(sf.Ref, sf.Labels); line != nil {
		f.values = line.Values
		if p.Spec.Events == nil { // a number of events in an hour has no trend
			f.Trend = line.Climbs.Trend(sf.Limit)
		}
	}
	f.Value, f.Limit = w.compared(p, rule, sf.Value, sf.Limit)
	if math.IsNaN(sf.Limit) {
		f.Limit = ""
	}
	if c := p.Spec.Capacity; c != nil && !math.IsNaN(sf.Capacity) && !math.IsNaN(sf.Value) {
		f.Used = w.Figure(c.Unit.FormatOf(p.Spec.Share(sf.Value)*sf.Capacity, sf.Capacity))
	}
	if d := p.Spec.Detail; d != nil {
		f.Details = w.details(p, sf)
		if !d.Ranks() { // one fact instead of the largest users
			f.Used, f.Details = cmp.Or(f.Used, strings.Join(f.Details, ", ")), nil
		}
	}
	f.number, f.value, f.unit = sf.Value, sf.Value, p.Spec.UnitOf(rule.Ref)
	if rule.FullIn {
		w.aimed(&f, p)
	}
	switch sf.Status {
	case rules.Breach, rules.Pending:
		f.streak(p, sf.Streak, w)
	case rules.NoData:
		if sf.Streak != nil {
			last := f
			last.streak(p, sf.Streak, w)
			// The silence after the streak is reported separately. The grid of a fleet's panel is
			// coarser than the one that the streak was seen on.
			if step := p.Grid.Step; step > 0 {
				last.Expected = max(int(sf.Streak.Lasted()/step)+1, last.Seen)
			}
			f.last = &last
		}
		f.Since, f.Value, f.Limit, f.Used, f.Trend = sf.Newest, "", "", "", snapshot.Steady
	case rules.OK, rules.Gone:
		past := sf.Earlier
		if s := sf.Streak; s != nil && (past == nil || s.Severity >= past.Severity) {
			past = s // it fired when its object ended
		}
		if past == nil {
			return Finding{}, false
		}
		f.ended(p, past, w)
	default:
		return Finding{}, false
	}
	return f, true
}

// streak fills in an ongoing streak.
func (f *Finding) streak(p *snapshot.Panel, s *rules.Streak, w wording) {
	if s == nil {
		return // a verdict has no streak
	}
	f.Since, f.Open, f.Lasted = s.From, s.Open, s.Lasted()
	f.Seen, f.Expected, f.Bouts = s.Seen, s.Expected, s.Bouts
	if s.Bouts > 0 && s.Seen > 0 {
		f.Share = float64(s.Beyond) / float64(s.Seen)
	}
	f.Peak = w.peak(p, p.Spec.Rule(f.Rule), s.Peak)
	f.PeakAt = s.PeakAt
	f.events(p, s)
}

// events fills in the number of events and the time of the newest, instead of a value and the time
// above 0.
func (f *Finding) events(p *snapshot.Panel, s *rules.Streak) {
	e := p.Spec.Events
	if e == nil {
		return
	}
	f.within, f.Recurs = e.Within, s.Lasted() >= e.Within
	n := f.number
	if f.Recurs || f.Past() {
		n = s.Peak
	}
	f.Number, f.One = p.Spec.Number(n), math.Round(n) == 1
	f.Event, f.Before = s.Dated(e.Within)
}

// ended fills in a streak that has ended: its peak and the limit at that time, instead of the
// current value.
func (f *Finding) ended(p *snapshot.Panel, s *rules.Streak, w wording) {
	f.streak(p, s, w)
	f.Severity, f.Until, f.limit, f.value = s.Severity, s.To, s.Limit, s.Peak
	f.Peak, f.Limit = w.compared(p, p.Spec.Rule(f.Rule), s.Peak, s.Limit)
	if f.aim != nil {
		f.Peak = w.peak(p, p.Spec.Rule(f.Rule), s.Peak)
	}
	f.Used, f.Trend = "", snapshot.Steady
}

// mergeSilentNodes merges the silence of a node in several panels into one finding if it has one
// cause: "ip-10-0-1-17 memory, CPU, disk: no data". It overwrites fs, because an outage has tens of
// thousands of findings.
func mergeSilentNodes(fs []Finding) []Finding {
	type silence struct {
		node string
		rules.Cause
	}
	first := map[silence]int{}
	out := fs[:0]
	for i, f := range fs {
		f.panelOrder = i
		if f.Status == rules.NoData && f.Node != "" && f.last == nil {
			// alerts that fired stay separate
			f.Name = f.Node
			of := silence{f.Node, f.Cause}
			if at, seen := first[of]; seen {
				out[at].addSilence(f)
				continue
			}
			first[of] = len(out)
		}
		out = append(out, f)
	}
	return out
}

// addSilence adds the silence of the same node in another panel. Since becomes the time from which
// all of them are silent.
func (f *Finding) addSilence(o Finding) {
	if !slices.Contains(strings.Split(f.Subject, ", "), o.Subject) {
		f.Subject += ", " + o.Subject
	}
	f.silent = append(f.silent, o.Title)
	if o.Since.After(f.Since) {
		f.Since = o.Since
	}
	if f.Age == (Age{}) {
		f.Age = o.Age
	}
}

// FailureOf returns why a panel has no answer.
func (r *Report) FailureOf(p *snapshot.Panel) Failure { return r.words.failureOf(p) }

// failureOf returns why a panel has no answer.
func (w wording) failureOf(p *snapshot.Panel) Failure {
	f := Failure{Panel: p.Spec.Name, Title: p.Spec.Title, Error: w.NoAnswer}
	if p.Failure != nil {
		f.Error = printable(p.Failure.Error())
	}
	return f
}
