package letter

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// The marks at the start of a line.
const (
	redMark    = "🔴"
	amberMark  = "🟠"
	yellowMark = "🟡" // a figure of a dashboard is yellow; it is no finding
	greyMark   = "⚪"
	greenMark  = "✅"
	testMark   = "🧪"
)

func markOf(s rules.Severity) string {
	switch s {
	case rules.Critical:
		return redMark
	case rules.Warning:
		return amberMark
	}
	return greyMark
}

// alert is an item of a message with its panel in the report.
type alert struct {
	*notify.Item
	f     report.Finding  // its episode as a finding of the report
	panel *snapshot.Panel // nil if the report no longer has it
	rule  rules.Rule
	w     *writer
}

func (w *writer) alert(i *notify.Item) alert {
	a := alert{Item: i, f: w.report.FindingOf(i.Alert, i.Episode), w: w}
	for j := range w.report.Panels {
		if p := &w.report.Panels[j]; p.Spec.Name == i.Alert.Panel {
			a.panel = p
			if k := slices.IndexFunc(p.Spec.Rules, func(r rules.Rule) bool {
				return r.Name == i.Alert.Rule
			}); k >= 0 {
				a.rule = p.Spec.Rules[k]
			}
		}
	}
	return a
}

// subject is what the value is: "memory".
func (a alert) subject() string { return outside.Line(a.f.Subject) }

// short returns the series and its subject in little space: "ip-10-0-1-12 memory".
func (a alert) short() string {
	return a.w.what(a.w.limits.middle(a.name(), 48), a.w.limits.Clip(a.subject(), 24))
}

func (a alert) name() string { return outside.Line(a.Alert.Name) }

// events returns what the alert's panel counts, or nil if it counts no events.
func (a alert) events() *panel.Events {
	if a.panel == nil {
		return nil
	}
	return a.panel.Spec.Events
}

// number returns the number of events, or "" if the panel counts none.
func (a alert) number() string {
	if a.f.Number != "" && a.f.Recurs {
		return fillText(a.w.EventsWithin, a.f.Number, a.w.duration(a.events().Within))
	}
	return a.f.Number
}

// newest returns when the newest event was: "last 09:12".
func (a alert) newest() Line {
	return fill(a.w.Happened(a.f.One && !a.f.Recurs, a.f.Before), a.w.clock(a.f.Event))
}

// noun returns what the alert is about.
func (a alert) noun() words.Noun {
	if slices.ContainsFunc(a.w.report.Info.Nodes, func(n snapshot.Node) bool {
		return n.Name == a.Alert.Name
	}) {
		return words.ANode
	}
	return a.f.Noun
}

func (a alert) unit() units.Unit {
	if a.panel == nil {
		return units.None
	}
	return a.panel.Spec.UnitOf(a.rule.Ref)
}

func (a alert) side() string {
	if a.rule.Direction == rules.Below {
		return "<"
	}
	return ">"
}

// headline returns an alert in the fewest words: "ip-10-0-1-12 memory 94 % > 90 %".
func (a alert) headline(name string) string {
	if a.Alert.Streak.Bouts > 0 {
		return spaced(a.w.what(name, a.subject()), a.w.Flaps)
	}
	if n := a.number(); n != "" {
		return a.w.what(name, n)
	}
	if a.f.Value == "" {
		return a.w.what(name, a.subject())
	}
	return spaced(a.w.what(name, a.subject()), a.said(), a.f.Beyond())
}

// said is the value in a sentence: "94 %", or when it reaches a limit.
func (a alert) said() string { return cmp.Or(a.f.Reaches, a.f.Value) }

// since returns when an ongoing episode began: "since 02:52 (18 min)".
func (a alert) since() Line {
	e, w := a.Episode, a.w
	if a.number() != "" {
		return a.newest()
	}
	if f := a.Alert.Streak; f.Bouts > 0 && f.Seen > 0 {
		share := w.Figure(
			units.PercentUnit.Format(math.Round(float64(100*f.Beyond)/float64(f.Seen)) / 100))
		return join(", ", fill(w.Since, w.clock(e.Since)),
			fill(w.OffAndOn, text(share), text(w.duration(e.Lasted()))))
	}
	since := a.unbroken()
	if seen, of, less := a.Alert.Streak.InTen(); less {
		since = fill(w.SeenIn, since, text(words.Thousands(seen)), text(words.Thousands(of)))
	}
	return since
}

func (a alert) unbroken() Line {
	e, w := a.Episode, a.w
	switch {
	case e.Open:
		return fill(w.ForAtLeast, text(w.duration(e.Lasted())))
	case e.Lasted() < time.Second:
		return fill(w.Since, w.clock(e.Since))
	}
	return fill(w.SinceFor, w.clock(e.Since), text(w.duration(e.Lasted())))
}

// resolved returns how an episode ended: "resolved at 03:20 after 28 min, peak 96 %".
func (a alert) resolved() Line {
	if n := a.number(); n != "" {
		return join(", ", text(n), a.newest(), text(a.end()))
	}
	return join(", ", fill(a.w.ResolvedAfter, a.w.clock(a.Episode.Last), text(a.lasted())),
		text(a.peak()), text(a.end()))
}

// lasted returns how long the episode was, or at least how long if it may have begun before the
// window.
func (a alert) lasted() string {
	lasted := a.w.duration(a.Episode.Lasted())
	if a.Episode.Open {
		return fillText(a.w.AtLeast, lasted)
	}
	return lasted
}

// span returns from when to when an episode went that has ended.
func (a alert) span() Line {
	if a.number() != "" {
		return a.resolved()
	}
	e, w := a.Episode, a.w
	when := fill(w.Between, w.clock(e.Since), w.clock(e.Last))
	if e.Open {
		when = fill(w.Until, w.clock(e.Last))
	}
	return join(", ", when, text(a.lasted()), text(a.peak()), text(a.end()))
}

// peak returns the value furthest from the limit, or "" for a condition.
func (a alert) peak() string {
	if a.f.Peak == "" || math.IsNaN(float64(a.Episode.Peak)) {
		return ""
	}
	format := a.w.Peak
	if a.rule.Direction == rules.Below {
		format = a.w.Lowest
	}
	if a.rule.FullIn {
		format = a.w.Foresight.Soonest
	}
	return fillText(format, a.f.Peak)
}

// end returns why an episode ended, unless its value returned to normal.
func (a alert) end() string {
	switch a.Episode.End {
	case rules.Vanished:
		return a.w.NoLongerThere
	case rules.Forgotten:
		return a.w.SilentForLong
	case rules.Removed:
		return a.w.RuleRemoved
	}
	return ""
}

// used returns what a ratio is of and whether it gets worse: "60.4 of 64 GiB, rising, +9 GiB in
// 1 h".
func (a alert) used() Line {
	if a.f.Value == "" || a.events() != nil || a.Alert.Streak.Bouts > 0 {
		return nil
	}
	return join(", ", text(a.f.Used), text(a.trend()), text(a.changed()), text(a.f.Foreseen))
}

// trend returns whether the value rises or falls, or "" if its series is not drawn.
func (a alert) trend() string {
	switch {
	case a.panel == nil || a.rule.FullIn || a.drawn() == nil:
		return ""
	case a.f.Trend == snapshot.Rising:
		return a.w.Rising
	case a.f.Trend == snapshot.Falling:
		return a.w.Falling
	case a.changed() != "":
		return ""
	}
	return a.w.Steady
}

// changed returns how much a value changed: "+9 GiB in 1 h", or "" if it hardly did.
func (a alert) changed() string {
	if a.panel == nil || a.f.Value == "" || a.events() != nil {
		return ""
	}
	by, in := a.change()
	if in <= 0 {
		return ""
	}
	unit := a.unit()
	if c, capacity := a.panel.Spec.Capacity, float64(a.Alert.Capacity); c != nil &&
		capacity > 0 && !math.IsInf(capacity, 0) {
		by, unit = a.panel.Spec.Share(by)*capacity, c.Unit
	}
	return fillText(a.w.ChangedIn, signed(a.w.Figure(unit.Format(math.Abs(by))), by),
		a.w.duration(in))
}

// details returns the largest users, if the detail query asks for them.
func (a alert) details() []Line {
	if said := a.detail(); said != "" && a.ranks() {
		return []Line{text(fillText(a.w.TopOf, said, a.subject()))}
	}
	return nil
}

// fact returns what the alert's rule says about it, or the result of a detail query that asks for
// one fact, such as the limit.
func (a alert) fact() string {
	if a.f.Said != "" {
		return outside.Line(a.f.Said)
	}
	if said := a.detail(); !a.ranks() && (a.f.Value == "" || said != a.f.Used) {
		return said
	}
	return ""
}

// detail returns the result of the detail query.
func (a alert) detail() string {
	found := a.w.d.Details[a.Key]
	return strings.Join(found[:min(len(found), listedDetails)], ", ")
}

// ranks reports whether the details of the alert are the largest users.
func (a alert) ranks() bool {
	return a.panel == nil || a.panel.Spec.Detail == nil || a.panel.Spec.Detail.Ranks()
}

// drawn returns the alert's series if the report draws it, else nil.
func (a alert) drawn() *snapshot.Line {
	return a.panel.Line(a.rule.Ref, series.FromMap(a.Alert.Labels))
}

// leastChange is the smallest change that is shown, as a share of the value.
const leastChange = 0.01

// change returns how much the series changed in the last hour, or in a shorter window. It returns
// 0, 0 if the series is not drawn or hardly changed.
func (a alert) change() (float64, time.Duration) {
	ln := a.drawn()
	if ln == nil || math.Abs(ln.Change.By) < leastChange*math.Abs(ln.Stats.Last) {
		return 0, 0
	}
	return ln.Change.By, ln.Change.In
}

// brief returns an alert as a line of a list: "🔴 ip-10-0-1-12 memory 94 %, since 02:52 (18 min)".
func (a alert) brief() Line {
	w := a.w
	what := text(a.short())
	switch {
	case !a.Episode.Fires():
		return join(" ", text(greenMark), fill(w.NamedFinding, what, a.resolved()))
	case !a.Alert.Silent.IsZero():
		return join(" ", text(greyMark), fill(w.SilentSince, what, w.clock(a.Alert.Silent)))
	}
	if n := a.number(); n != "" {
		return join(" ", text(markOf(a.Alert.Severity)),
			join(", ", text(w.what(w.limits.middle(a.name(), 48), n)), a.since()))
	}
	return join(" ", text(markOf(a.Alert.Severity)), join(", ", text(spaced(a.short(), a.said())),
		a.since()))
}

func signed(figure string, v float64) string {
	if v < 0 {
		return "−" + figure
	}
	return "+" + figure
}

// spaced joins the texts that are not empty with spaces.
func spaced(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), " ")
}

// writer writes the letter of one delivery.
type writer struct {
	*words.Words
	d       notify.Delivery
	message *notify.Message
	report  *report.Report
	limits  Limits
}

func newWriter(d notify.Delivery, l Limits) *writer {
	return &writer{words.In(d.Report.Info.Language), d, d.Message, d.Report, l}
}

func (w *writer) what(name, subject string) string { return w.About(name, subject) }

// clock returns a time: the time of day if it is within a day before the slot, else with the day.
func (w *writer) clock(t time.Time) Line { return w.at(t, !words.IsRecent(t, w.report.Info.Slot)) }

// moment returns a day and a time of day.
func (w *writer) moment(t time.Time) Line { return w.at(t, true) }

func (w *writer) at(t time.Time, day bool) Line {
	local := t.In(w.report.Info.Zone)
	said := w.Clock(local)
	if day {
		said = w.Date(local) + " " + said
	}
	return Line{{Text: said, At: t, Day: day}}
}

// stamp returns a time with its zone, for a first line.
func (w *writer) stamp(t time.Time) string {
	return w.clock(t).String() + " " + words.Zone(t.In(w.report.Info.Zone))
}

// zoned adds the zone to the first time in the lines, and its day if that is not the report's. The
// other times are read like it.
func (w *writer) zoned(lines []Line) []Line {
	zone := w.report.Info.Zone
	for _, ln := range lines {
		for i := range ln {
			if ln[i].At.IsZero() {
				continue
			}
			at, now := ln[i].At.In(zone), w.report.Info.Slot.In(zone)
			today := at.YearDay() == now.YearDay() && at.Year() == now.Year()
			ln[i] = w.at(at, ln[i].Day || !today)[0]
			ln[i].Text += " " + words.Zone(at)
			return lines
		}
	}
	return lines
}

func (w *writer) duration(d time.Duration) string {
	return w.Figure(units.Span(d))
}

// severity returns the name of a severity.
func (w *writer) severity(s rules.Severity) string {
	if s == rules.Critical {
		return w.Critical
	}
	return w.Warning
}
