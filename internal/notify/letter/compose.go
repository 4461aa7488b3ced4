package letter

import (
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

// How many alerts and findings a message lists before it only counts the rest.
const (
	listedAlerts   = 5
	listedCauses   = 10
	listedSubjects = 6
	listedEnds     = 10
	listedBlind    = 3
	listedDetails  = 3
	listedSpans    = 3
)

// Compose returns the letter of a delivery's message.
func Compose(d notify.Delivery, limits Limits) Letter {
	w := newWriter(d, limits)
	l := w.letter()
	if w.message.Kind != notify.KindSummary { // a summary has its zone with its own time
		l.Lines = w.zoned(l.Lines)
	}
	l.Lines = append(l.Lines, w.notices()...)
	l.Commands = w.nextSteps()
	l.Links = append(l.Links, w.links()...)
	if w.message.Pages() {
		l.Severity = w.message.Severity()
	}
	return limits.fit(l)
}

// Edited returns the new text of the message that first reported the alerts: all of them are
// resolved, or some still fire.
func Edited(d notify.Delivery, limits Limits) Letter {
	w := newWriter(d, limits)
	l := w.edited()
	l.Lines, l.Links = w.zoned(l.Lines), w.links()
	return limits.fit(l)
}

// Details returns what a letter leaves out, for the thread below it: the fleet, the rest of a list,
// the failures, the command to run it again, and the pictures of the worst findings. It has no
// title. It is empty if HasDetails is false.
func Details(d notify.Delivery, limits Limits) Letter {
	if !HasDetails(d.Message.Kind) {
		return Letter{}
	}
	w := newWriter(d, limits)
	l := w.details()
	l.Pictures = w.pictures()
	return limits.fit(l)
}

// HasDetails reports whether messages of a kind have details.
func HasDetails(k notify.Kind) bool {
	return k == notify.KindNew || k == notify.KindSeenLate || k == notify.KindSummary
}

// Expiry returns until when the letter's link to the report works, or nil if it does not expire.
// Details has the same line.
func Expiry(d notify.Delivery, limits Limits) []Line { return newWriter(d, limits).linkUntil() }

// letter returns the letter about the alerts, or about the report.
func (w *writer) letter() Letter {
	switch w.message.Kind {
	case notify.KindSummary:
		return w.summary()
	case notify.KindAllClear:
		return Letter{Title: w.push(greenMark, w.AllClear)}
	case notify.KindTest:
		return Letter{Title: w.push(testMark, w.TestTitle), Lines: []Line{text(w.TestMessage)}}
	case notify.KindResolved, notify.KindSeenLate:
		return w.ended()
	}
	return w.firing()
}

// push returns a first line: the mark, the cluster and the text.
func (w *writer) push(mark, what string) string {
	return w.limits.Clip(spaced(mark, outside.Line(w.report.Info.Cluster), what), w.limits.Title)
}

// pushNamed is push for a text with a name in it. If the line is too long, the name is shortened
// first, then the cluster.
func (w *writer) pushNamed(mark, name string, say func(name string) string) string {
	const shortest = 12
	cluster := outside.Line(w.report.Info.Cluster)
	s := spaced(mark, cluster, say(name))
	if excess := w.limits.Size(s) - w.limits.Title; excess > 0 {
		name = w.limits.middle(name, max(w.limits.Size(name)-excess, shortest))
		s = spaced(mark, cluster, say(name))
	}
	if excess := w.limits.Size(s) - w.limits.Title; excess > 0 {
		s = spaced(mark, w.limits.middle(cluster, max(w.limits.Size(cluster)-excess, shortest)),
			say(name))
	}
	return w.limits.Clip(s, w.limits.Title)
}

// titled returns a letter whose first line has a name in it. If the first line had to shorten the
// text, the next line repeats it in full.
func (w *writer) titled(mark, name string, say func(name string) string) Letter {
	l := Letter{Title: w.pushNamed(mark, name, say)}
	if full := say(name); !strings.HasSuffix(l.Title, full) {
		l.Lines = append(l.Lines, text(full))
	}
	return l
}

// firing returns the letter of alerts that fire.
func (w *writer) firing() Letter {
	as := w.alerts(w.message.Items)
	if as[0].Alert.IsBlindness() {
		return as[0].blind()
	}
	cs := w.causesOf(as)
	if len(cs) == 1 {
		return cs[0].letter()
	}
	return w.digest(cs, as)
}

func (w *writer) alerts(items []notify.Item) []alert {
	as := make([]alert, len(items))
	for i := range items {
		as[i] = w.alert(&items[i])
	}
	return as
}

// before returns the earlier severity of an alert, if the message is about a change.
func (w *writer) before(a alert) Line {
	switch w.message.Kind {
	case notify.KindWorse, notify.KindBetter:
		if a.Was.Severity != rules.None {
			return text(fillText(w.WasBefore, w.severity(a.Was.Severity)))
		}
	}
	return nil
}

// leastLimit returns the limit that all alerts of a rule are above (or below): "> 80 %" if some are
// critical at 90 % and some are warnings at 80 %.
func leastLimit(as []alert) string {
	for _, a := range as {
		if a.f.Beyond() == "" || a.f.Value == "" {
			return ""
		}
	}
	best := mildest(as)
	return best.side() + " " + best.w.Figure(best.unit().Format(float64(best.Alert.Limit)))
}

// mildest returns the alert of a rule with the limit that is crossed first.
func mildest(as []alert) alert {
	best := as[0]
	for _, a := range as {
		if d := float64(a.Alert.Limit - best.Alert.Limit); a.rule.Direction == rules.Below &&
			d > 0 || a.rule.Direction == rules.Above && d < 0 {
			best = a
		}
	}
	return best
}

// ruleNames returns the names of the alerts' rules without duplicates.
func (w *writer) ruleNames(as []alert) string {
	var names []string
	for _, a := range as {
		if n := outside.Line(a.Alert.Rule); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return w.firstFew(names, listedDetails)
}

// listed returns one line for each of the first, and the number of the others.
func listed[T any](all []T, most int, more words.Counted, say func(T) Line) []Line {
	shown := all
	if len(all) > most {
		shown = all[:most]
	}
	var lines []Line
	for _, x := range shown {
		lines = append(lines, say(x))
	}
	if rest := len(all) - len(shown); rest > 0 {
		lines = append(lines, text(more.Of(rest)))
	}
	return lines
}

// notices returns what a reader must know about the message itself.
func (w *writer) notices() []Line {
	var out []Line
	say := func(s string) { out = append(out, text(s)) }
	m := w.message
	if m.PossibleDuplicate {
		say(w.PossibleDuplicate)
	}
	if w.d.MemoryLost != "" {
		say(fillText(w.MemoryLost, w.d.MemoryLost))
	}
	if w.d.Unwritten {
		say(w.Unwritten)
	}
	for _, lacks := range w.d.Unarchived {
		say(fillText(w.Unarchived, lacks))
	}
	if m.InsteadOf != "" {
		say(fillText(w.InsteadOf, m.InsteadOf))
	}
	if n := w.d.Memory.Overflow; n > 0 && m.Pages() {
		say(w.Overflow.Of(n))
	}
	if part := w.report.Partial; part != "" && m.Kind != notify.KindSummary && len(m.Items) > 0 &&
		!m.Items[0].Alert.IsBlindness() {
		say(fillText(w.AnswersIncomplete, part))
	}
	if why := w.report.Incomplete(); why != "" && m.Kind != notify.KindTest {
		say(fillText(w.Incomplete, why))
	}
	if r, ok := w.archived(); ok && !w.limits.links(r.Location) && m.Kind != notify.KindTest {
		at := text(r.Location)
		at[0].Whole = true
		out = append(out, fill(w.ReportAt, at))
	}
	return out
}

// archived returns where a reader finds the report: the first link, else the first location.
func (w *writer) archived() (notify.Receipt, bool) {
	for _, links := range []bool{true, false} {
		for _, r := range w.d.Archived {
			if r.Location != "" && (w.limits.links(r.Location) || !links) {
				return r, true
			}
		}
	}
	return notify.Receipt{}, false
}

// links returns the link to the report and, if all alerts are of one rule, those to its query and
// its runbook.
func (w *writer) links() []Link {
	as := w.alerts(w.message.Items)
	if len(as) == 0 || len(w.causesOf(as)) > 1 || w.message.Kind == notify.KindSummary {
		return w.linked("", "")
	}
	return w.linked(w.report.QueryURL(as[0].Alert.Panel), as[0].f.Runbook)
}

// linked returns the links to the report, a query and a runbook that exist.
func (w *writer) linked(query, runbook string) []Link {
	var out []Link
	if r, ok := w.archived(); ok && w.limits.links(r.Location) {
		out = append(out, Link{"report", w.OpenReport, r.Location})
	}
	if w.limits.links(query) {
		out = append(out, Link{"query", w.ShowQuery, query})
	}
	if w.limits.links(runbook) {
		out = append(out, Link{"runbook", w.Runbook, runbook})
	}
	return out
}
