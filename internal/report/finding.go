package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Finding is what a reader is told of one series: the gravest judgement of all of its rules, in
// words and figures.
type Finding struct {
	Panel, Title string // the panel's name and title
	Subject      string // what the figure is: "memory"
	Name         string // the series
	Node         string // the node that it belongs to, "" where that is not known
	Rule         string
	Runbook      string // a link for whoever is called; may be empty

	// Breach, NoData or Pending; OK and Gone of what was beyond its limit and is no more
	Status   rules.Status
	Severity rules.Severity

	// "94 %", "90 %"; Value is "" where it says nothing: of NoData, and of conditions
	Value, Limit string
	// "60.4 of 64 GiB", or what the panel's detail says of it: "limit 28 GiB"; "" where nothing is
	// known
	Used string
	// what takes most of it: "shop/checkout-7d9f 22 GiB"; nil where that was not asked
	Details []string

	// when the streak began, or when the last sample came (NoData); zero where that is not known
	Since time.Time
	// the streak may have begun before Since, which is where the window begins
	Open     bool
	Lasted   time.Duration // of the streak
	Seen     int           // samples of the streak, of Expected
	Expected int
	Bouts    int       // how often a condition held that comes and goes; else 0
	Share    float64   // of the samples in which it held, then
	Until    time.Time // of what has ended: when
	Number   string    // of a panel that counts events: how many, "3 restarts"; else ""
	// the newest of them, or, where Before is true, a time before which all were
	Event  time.Time
	Before bool
	One    bool // Number is of one event
	// there were some for longer than one sample counts: Number is the most that one did
	Recurs     bool
	Peak       string // of the streak: the value furthest beyond the limit
	PeakAt     time.Time
	Age        Age // of its alert
	Trend      snapshot.Trend
	Sentence   string // "ip-10-0-1-12 memory 94 % (60.4 of 64 GiB) since 02:10"
	direction  rules.Direction
	reduce     rules.Reduce
	need       time.Duration // how long a Pending must last
	within     time.Duration // what one sample counts the events of
	number     float64       // of events, at the newest sample
	values     []float64     // on the panel's grid; nil where the series is not drawn
	limit      float64
	labels     uint64 // the hash of the series'
	panelOrder int
	last       *Finding // of NoData: what fired when the data ended; nil where nothing did
}

// hasLimit reports whether the limit is worth naming. One of 0 is not, where any figure above it
// says so itself.
func (f *Finding) hasLimit() bool {
	return f.Limit != "" && (f.limit != 0 || f.direction != rules.Above)
}

// Beyond is the limit as it stands behind the value: "> 90 %"; "" where it is not worth naming.
func (f *Finding) Beyond() string {
	switch {
	case !f.hasLimit():
		return ""
	case f.direction == rules.Below:
		return "< " + f.Limit
	}
	return "> " + f.Limit
}

// ofState takes out the figures of a condition, which say no more than its subject does.
func (f *Finding) ofState() {
	f.Value, f.Limit, f.Peak = "", "", ""
	if f.last != nil {
		f.last.ofState()
	}
}

// Sighting returns in how many scrapes of how many a streak was seen, in at most ten, and whether
// that is notably less than all.
func (f *Finding) Sighting() (seen, of int, less bool) {
	return rules.Sighting{Seen: f.Seen, Expected: f.Expected}.InTen()
}

// Shown is the value as tables show it: of what has ended its peak.
func (f *Finding) Shown() string {
	if f.Past() {
		return f.Peak
	}
	return f.Value
}

// Past tells a finding that has ended.
func (f *Finding) Past() bool { return f.Status == rules.OK || f.Status == rules.Gone }

// gravity orders what findings say: the larger, the worse.
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

// sortByGravity puts the worst first. Among equals the panels' order decides, which is an editor's,
// then the rank within the panel.
func sortByGravity(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(gravity(b.Status, b.Severity), gravity(a.Status, a.Severity)),
			cmp.Compare(a.panelOrder, b.panelOrder))
	})
}

// findingsOf appends to out one finding for each series of p that has something to say, the gravest
// of its rules.
func (w wording) findingsOf(out []Finding, p *snapshot.Panel) []Finding {
	bySeries := map[uint64]int{}
	for i := range p.Findings {
		f, ok := w.tell(p, &p.Findings[i])
		if !ok {
			continue
		}
		if p.Spec.Rule(f.Rule).Holds() {
			f.ofState()
		}
		key := p.Findings[i].Key()
		at, seen := bySeries[key]
		switch {
		case !seen:
			bySeries[key] = len(out)
			out = append(out, f)
		case tellsMore(&f, &out[at]):
			out[at] = f
		}
	}
	return out
}

// tellsMore says whether a is to be shown instead of b, both of one series: the graver, then the
// alert, which knows since when.
func tellsMore(a, b *Finding) bool {
	if ga, gb := gravity(a.Status, a.Severity), gravity(b.Status, b.Severity); ga != gb {
		return ga > gb
	}
	return a.reduce == "" && b.reduce != ""
}

// tell puts one judgement into words and figures; false where there is nothing to say: an end that
// is normal, a rule without a limit.
func (w wording) tell(p *snapshot.Panel, sf *snapshot.Finding) (Finding, bool) {
	rule := p.Spec.Rule(sf.Rule)
	u := p.Spec.UnitOf(rule.Ref)
	f := Finding{
		Panel: p.Spec.Name, Title: p.Spec.Title, Subject: cmp.Or(p.Spec.Subject, p.Spec.Title),
		Name: sf.Name, Node: sf.Node,
		Rule: sf.Rule, Runbook: rule.RunbookURL, Status: sf.Status, Severity: sf.Severity,
		direction: rule.Direction, reduce: rule.Reduce, need: rule.For, limit: sf.Limit,
		labels: sf.Labels.Hash(),
	}
	if line := p.Line(sf.Ref, sf.Labels); line != nil {
		f.values = line.Values
		if p.Spec.Events == nil { // a count of an hour does not head anywhere
			f.Trend = line.Climbs.Trend(sf.Limit)
		}
	}
	f.Value, f.Limit = w.against(u, sf.Value, sf.Limit)
	if math.IsNaN(sf.Limit) {
		f.Limit = ""
	}
	if c := p.Spec.Capacity; c != nil && !math.IsNaN(sf.Capacity) && !math.IsNaN(sf.Value) {
		f.Used = w.Figure(c.Unit.FormatOf(p.Spec.Share(sf.Value)*sf.Capacity, sf.Capacity))
	}
	if d := p.Spec.Detail; d != nil {
		f.Details = w.details(p, sf)
		if !d.Ranks() { // one fact, and no list of what takes most
			f.Used, f.Details = cmp.Or(f.Used, strings.Join(f.Details, ", ")), nil
		}
	}
	f.number = sf.Value
	switch sf.Status {
	case rules.Breach, rules.Pending:
		f.streak(p, sf.Streak, w)
	case rules.NoData:
		if sf.Streak != nil {
			last := f
			last.streak(p, sf.Streak, w)
			if step := p.Grid.Step; step > 0 { // what was not seen after it is said apart
				last.Expected = int(sf.Streak.Lasted()/step) + 1
			}
			f.last = &last
		}
		f.Since, f.Value, f.Limit, f.Used, f.Trend = sf.Newest, "", "", "", snapshot.Steady
	case rules.OK, rules.Gone:
		over := sf.Earlier
		if s := sf.Streak; s != nil && (over == nil || s.Severity >= over.Severity) {
			over = s // it fired when its object ended
		}
		if over == nil {
			return Finding{}, false
		}
		f.ended(p, over, w)
	default:
		return Finding{}, false
	}
	return f, true
}

// streak takes over the streak that goes on.
func (f *Finding) streak(p *snapshot.Panel, s *rules.Streak, w wording) {
	if s == nil {
		return // a verdict
	}
	f.Since, f.Open, f.Lasted = s.From, s.Open, s.Lasted()
	f.Seen, f.Expected, f.Bouts = s.Seen, s.Expected, s.Bouts
	if s.Bouts > 0 && s.Seen > 0 {
		f.Share = float64(s.Beyond) / float64(s.Seen)
	}
	f.Peak, f.PeakAt = w.Figure(p.Spec.UnitOf(p.Spec.Rule(f.Rule).Ref).Format(s.Peak)), s.PeakAt
	f.events(p, s)
}

// events takes over how many events a streak is of and when the newest was, in place of a figure
// and of how long it was above 0.
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

// ended takes over a streak that has ended: its peak against the limit of then, instead of the
// value of now.
func (f *Finding) ended(p *snapshot.Panel, s *rules.Streak, w wording) {
	f.streak(p, s, w)
	f.Severity, f.Until, f.limit = s.Severity, s.To, s.Limit
	f.Peak, f.Limit = w.against(p.Spec.UnitOf(p.Spec.Rule(f.Rule).Ref), s.Peak, s.Limit)
	f.Used, f.Trend = "", snapshot.Steady
}

// joinSilentNodes makes one finding of a node's silence in several panels: "ip-10-0-1-17 memory,
// CPU, disk: no data". It overwrites fs: in an outage there are tens of thousands.
func joinSilentNodes(fs []Finding) []Finding {
	first := map[string]int{}
	out := fs[:0]
	for i, f := range fs {
		f.panelOrder = i
		if f.Status == rules.NoData && f.Node != "" && f.last == nil {
			// what fired stays one by one
			f.Name = f.Node
			if at, seen := first[f.Node]; seen {
				out[at].alsoSilent(f)
				continue
			}
			first[f.Node] = len(out)
		}
		out = append(out, f)
	}
	return out
}

// alsoSilent adds what another panel has lost of the same node. Since is the time from which all of
// them are silent.
func (f *Finding) alsoSilent(o Finding) {
	if !slices.Contains(strings.Split(f.Subject, ", "), o.Subject) {
		f.Subject += ", " + o.Subject
	}
	if o.Since.After(f.Since) {
		f.Since = o.Since
	}
	if f.Age == (Age{}) {
		f.Age = o.Age
	}
}

// FailureOf says why a panel has no answer.
func (r *Report) FailureOf(p *snapshot.Panel) Failure { return r.words.failureOf(p) }

// failureOf says why a panel has no answer.
func (w wording) failureOf(p *snapshot.Panel) Failure {
	f := Failure{Panel: p.Spec.Name, Title: p.Spec.Title, Error: w.NoAnswer}
	if p.Failure != nil {
		f.Error = printable(p.Failure.Error())
	}
	return f
}
