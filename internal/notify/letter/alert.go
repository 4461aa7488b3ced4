package letter

import (
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

// The marks that a line begins with.
const (
	redMark   = "🔴"
	amberMark = "🟠"
	greyMark  = "⚪"
	greenMark = "✅"
	testMark  = "🧪"
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

// alert is an item of a message with what the report knows of its panel.
type alert struct {
	*notify.Item
	f     report.Finding  // its episode as the report says it
	panel *snapshot.Panel // nil where the report no longer has it
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

// subject is what the figure is: "memory".
func (a alert) subject() string { return outside.Line(a.f.Subject) }

// short is the series and its subject where there is little room: "ip-10-0-1-12 memory".
func (a alert) short() string {
	return a.w.what(a.w.limits.middle(a.name(), 48), a.w.limits.Clip(a.subject(), 24))
}

func (a alert) name() string { return outside.Line(a.Alert.Name) }

// events returns what the samples of the alert's panel count, nil where they count no events.
func (a alert) events() *panel.Events {
	if a.panel == nil {
		return nil
	}
	return a.panel.Spec.Events
}

// number says how many events the alert is of, "" where it is of none.
func (a alert) number() string {
	if a.f.Number != "" && a.f.Recurs {
		return fillText(a.w.EventsWithin, a.f.Number, a.w.duration(a.events().Within))
	}
	return a.f.Number
}

// newest says when the newest event was: "last 09:12".
func (a alert) newest() Line {
	return fill(a.w.Happened(a.f.One && !a.f.Recurs, a.f.Before), a.w.clock(a.f.Event))
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

// said is an alert in one breath: "ip-10-0-1-12 memory 94 % > 90 %".
func (a alert) said(name string) string {
	if a.Alert.Streak.Bouts > 0 {
		return spaced(a.w.what(name, a.subject()), a.w.Flaps)
	}
	if n := a.number(); n != "" {
		return a.w.what(name, n)
	}
	if a.f.Value == "" {
		return a.w.what(name, a.subject())
	}
	return spaced(a.w.what(name, a.subject()), a.f.Value, a.f.Beyond())
}

// since says since when an episode goes on: "since 02:52 (18 min)".
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

// resolved says how an episode that has ended was: "resolved at 03:20 after 28 min, peak 96 %".
func (a alert) resolved() Line {
	if n := a.number(); n != "" {
		return join(", ", text(n), a.newest(), text(a.end()))
	}
	return join(", ", fill(a.w.ResolvedAfter, a.w.clock(a.Episode.Last), text(a.lasted())),
		text(a.peak()), text(a.end()))
}

// lasted is how long the episode was; of one that may have begun before anybody saw it, at least
// how long.
func (a alert) lasted() string {
	lasted := a.w.duration(a.Episode.Lasted())
	if a.Episode.Open {
		return fillText(a.w.AtLeast, lasted)
	}
	return lasted
}

// was says from when to when an episode went that has ended.
func (a alert) was() Line {
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

// peak names the figure furthest beyond the limit, "" of a condition.
func (a alert) peak() string {
	if a.f.Peak == "" || math.IsNaN(float64(a.Episode.Peak)) {
		return ""
	}
	format := a.w.Peak
	if a.rule.Direction == rules.Below {
		format = a.w.Lowest
	}
	return fillText(format, a.f.Peak)
}

// end says why an episode has ended, where that is not because its samples are well again.
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

// used says what a ratio is of, and where it is heading: "60.4 of 64 GiB, +9 GiB in 1 h".
func (a alert) used() Line {
	if a.panel == nil || a.f.Value == "" || a.events() != nil {
		return nil
	}
	var changed string
	if by, in := a.change(); in > 0 {
		unit := a.unit()
		if c, capacity := a.panel.Spec.Capacity, float64(a.Alert.Capacity); c != nil &&
			capacity > 0 && !math.IsInf(capacity, 0) {
			by, unit = a.panel.Spec.Share(by)*capacity, c.Unit
		}
		changed = fillText(a.w.ChangedIn, signed(a.w.Figure(unit.Format(math.Abs(by))), by),
			a.w.duration(in))
	}
	return join(", ", text(a.f.Used), text(changed))
}

// details is what was asked about the alert: what takes most of it, or one fact such as its limit.
func (a alert) details() []Line {
	found := a.w.d.Details[a.Key]
	if len(found) == 0 {
		return nil
	}
	said := strings.Join(found[:min(len(found), listedDetails)], ", ")
	if a.panel == nil || a.panel.Spec.Detail == nil || a.panel.Spec.Detail.Ranks() {
		said = fillText(a.w.TopOf, said)
	}
	return []Line{text(said)}
}

// leastChange is the least change worth telling, as a share of the value.
const leastChange = 0.01

// change is by how much the series moved in the last hour, or in the window where that is shorter;
// 0, 0 where it is not drawn or hardly moved.
func (a alert) change() (float64, time.Duration) {
	ln := a.panel.Line(a.rule.Ref, series.FromMap(a.Alert.Labels))
	if ln == nil || math.Abs(ln.Change.By) < leastChange*math.Abs(ln.Stats.Last) {
		return 0, 0
	}
	return ln.Change.By, ln.Change.In
}

// brief is an alert as a line of a list: "🔴 ip-10-0-1-12 memory 94 %, since 02:52 (18 min)".
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
	return join(" ", text(markOf(a.Alert.Severity)), join(", ", text(spaced(a.short(), a.f.Value)),
		a.since()))
}

func signed(figure string, v float64) string {
	if v < 0 {
		return "−" + figure
	}
	return "+" + figure
}

// spaced joins what there is with spaces.
func spaced(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), " ")
}

// writer puts one delivery into words.
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

func (w *writer) what(name, subject string) string { return fillText(w.What, name, subject) }

// clock is a moment: the hour alone where it lies within a day before the slot.
func (w *writer) clock(t time.Time) Line { return w.at(t, !words.IsRecent(t, w.report.Info.Slot)) }

// moment is a day and an hour.
func (w *writer) moment(t time.Time) Line { return w.at(t, true) }

func (w *writer) at(t time.Time, day bool) Line {
	local := t.In(w.report.Info.Zone)
	said := w.Clock(local)
	if day {
		said = w.Date(local) + " " + said
	}
	return Line{{Text: said, At: t, Day: day}}
}

func (w *writer) duration(d time.Duration) string {
	return w.Figure(units.Span(d))
}

// severity is its word.
func (w *writer) severity(s rules.Severity) string {
	if s == rules.Critical {
		return w.Critical
	}
	return w.Warning
}
