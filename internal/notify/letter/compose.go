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
	listedFindings = 8
	listedEnds     = 10
	listedBlind    = 3
	listedDetails  = 3
	listedSpans    = 3
)

// Compose returns the letter of a delivery's message.
func Compose(d notify.Delivery, limits Limits) Letter {
	w := newWriter(d, limits)
	l := w.letter()
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
	l.Links = w.links()
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
	if len(as) == 1 {
		return w.one(as[0])
	}
	l := Letter{Title: w.pushMany(as), Lines: w.folded()}
	l.Lines = append(l.Lines, join(" · ", append([]Line{text(w.ruleNames(as))}, w.tally(as)...)...))
	l.Lines = append(l.Lines, listed(as, listedAlerts, w.AndMore, alert.brief)...)
	return l
}

func (w *writer) alerts(items []notify.Item) []alert {
	as := make([]alert, len(items))
	for i := range items {
		as[i] = w.alert(&items[i])
	}
	return as
}

// one returns the letter of a single alert that fires.
func (w *writer) one(a alert) Letter {
	mark, say := markOf(a.Alert.Severity), a.headline
	silent := w.message.Kind == notify.KindNoData
	if silent {
		mark, say = greyMark, func(name string) string {
			return fillText(w.Silent, w.what(name, a.subject()))
		}
	}
	l := w.titled(mark, a.name(), say)
	facts := []Line{text(a.Alert.Rule), text(w.severity(a.Alert.Severity)), w.before(a)}
	if silent {
		facts = append(facts, a.since(), fill(w.NoDataSince, w.clock(a.Alert.Silent)))
	} else {
		facts = append(facts, a.since())
	}
	l.Lines = append(l.Lines, join(" · ", facts...))
	if silent {
		return l
	}
	if used := a.used(); len(used) > 0 {
		l.Lines = append(l.Lines, used)
	}
	l.Lines = append(l.Lines, a.details()...)
	return l
}

// before returns the earlier state of an alert, if the message is about a change.
func (w *writer) before(a alert) Line {
	switch w.message.Kind {
	case notify.KindWorse, notify.KindBetter:
		if a.Was.Severity != rules.None {
			return text(fillText(w.WasBefore, w.severity(a.Was.Severity)))
		}
	case notify.KindStillFiring:
		return text(w.StillFiring)
	}
	return nil
}

// folded returns that the message is about many groups, and where the rest is.
func (w *writer) folded() []Line {
	if w.message.Folded == 0 {
		return nil
	}
	said := w.OneForTheRest
	if _, ok := w.archived(); ok {
		said = spaced(said, w.ReportHasAll)
	}
	return []Line{text(said)}
}

// ofGroups prepends the number of groups, if the message is about many.
func (w *writer) ofGroups(what string) string {
	if n := w.message.Folded; n > 0 {
		return fillText(w.NamedFinding, w.MoreGroups.Of(n), what)
	}
	return what
}

// pushMany returns the first line of several alerts: "🔴 prod-seoul memory > 90 % on 12 nodes".
func (w *writer) pushMany(as []alert) string {
	mark := markOf(w.message.Severity())
	if w.message.Kind == notify.KindNoData {
		mark = greyMark
	}
	if !w.oneRule(as) {
		return w.push(mark, w.ofGroups(w.Alerts.Of(len(as))))
	}
	limit := mildest(as)
	return w.pushNamed(mark, as[0].subject(), func(subject string) string {
		if w.message.Kind == notify.KindNoData {
			subject, limit = subject+":", w.NoData
		}
		if w.message.Folded > 0 {
			return w.ofGroups(spaced(subject, limit))
		}
		return strings.Join(strings.Fields(fillText(w.OnMany, subject, limit, w.things(as))), " ")
	})
}

func (w *writer) oneRule(as []alert) bool {
	return !slices.ContainsFunc(as, func(a alert) bool { return a.Alert.ID() != as[0].Alert.ID() })
}

// things counts what the alerts are about: nodes if all are nodes, else series.
func (w *writer) things(as []alert) string {
	nodes := map[string]bool{}
	for _, n := range w.report.Info.Nodes {
		nodes[n.Name] = true
	}
	if slices.ContainsFunc(as, func(a alert) bool { return !nodes[a.Alert.Name] }) {
		return w.SomeSeries.Of(len(as))
	}
	return w.SomeNodes.Of(len(as))
}

// mildest returns the limit that all alerts of a rule are above (or below): "> 80 %" if some are
// critical at 90 % and some are warnings at 80 %.
func mildest(as []alert) string {
	best := as[0]
	for _, a := range as {
		if a.f.Beyond() == "" || a.f.Value == "" {
			return ""
		}
		if d := float64(a.Alert.Limit - best.Alert.Limit); a.rule.Direction == rules.Below &&
			d > 0 || a.rule.Direction == rules.Above && d < 0 {
			best = a
		}
	}
	return best.side() + " " + best.w.Figure(best.unit().Format(float64(best.Alert.Limit)))
}

// ruleNames returns the names of the alerts' rules without duplicates.
func (w *writer) ruleNames(as []alert) string {
	var names []string
	for _, a := range as {
		if n := outside.Line(a.Alert.Rule); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if rest := len(names) - listedDetails; rest > 0 {
		return strings.Join(names[:listedDetails], ", ") + " " + w.AndMore.Of(rest)
	}
	return strings.Join(names, ", ")
}

// tally counts alerts by severity.
func (w *writer) tally(as []alert) []Line {
	count := map[rules.Severity]int{}
	for _, a := range as {
		count[a.Alert.Severity]++
	}
	return []Line{
		w.count(count[rules.Critical], w.Critical), w.count(count[rules.Warning], w.Warning),
	}
}

func (w *writer) count(n int, of string) Line {
	if n == 0 {
		return nil
	}
	return text(fillText(w.Count, words.Thousands(n), of))
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

// ended returns the letter of alerts that are resolved.
func (w *writer) ended() Letter {
	as := w.alerts(w.message.Items)
	late := w.message.Kind == notify.KindSeenLate
	if as[0].Alert.IsBlindness() {
		return as[0].dataBack(late)
	}
	say := alert.resolved
	if late {
		say = alert.span
	}
	var l Letter
	if len(as) == 1 {
		a := as[0]
		l = w.titled(greenMark, a.name(), func(name string) string {
			return fillText(w.Resolved, w.what(name, a.subject()))
		})
		l.Lines = append(l.Lines, join(" · ", text(a.Alert.Rule), text(w.severity(a.Episode.Worst)),
			say(a)))
	} else {
		l.Title = w.push(greenMark, w.ofGroups(w.SomeResolved.Of(len(as))))
		l.Lines = append(l.Lines, w.folded()...)
		l.Lines = append(l.Lines, text(w.ruleNames(as)))
		l.Lines = append(l.Lines, listed(as, listedEnds, w.AndMore, func(a alert) Line {
			return fill(w.NamedFinding, text(a.short()), say(a))
		})...)
	}
	if late {
		l.Lines = append(l.Lines, text(w.SeenLate.Of(len(as))))
	} else if n := len(w.message.Rest); n > 0 {
		l.Lines = append(l.Lines, text(w.StillFire.Of(n)))
	}
	return l
}

// edited returns that all alerts of a message are resolved, or how many still fire.
func (w *writer) edited() Letter {
	if len(w.message.Rest) == 0 {
		l := w.ended()
		if !w.message.Items[0].Alert.IsBlindness() { // other alerts may still fire
			l.Lines = append(l.Lines, text(w.AllResolved.All))
		}
		return l
	}
	as, firing := w.alerts(w.message.Items), w.alerts(w.message.Rest)
	worst := rules.None
	for _, a := range firing {
		worst = max(worst, a.Alert.Severity)
	}
	what := text(w.ruleNames(as)).String()
	if w.oneRule(as) {
		what = as[0].subject()
	}
	l := Letter{Title: w.pushNamed(markOf(worst), what, func(what string) string {
		return fillText(w.NamedFinding, what, w.StillFire.Of(len(firing)))
	})}
	l.Lines = append(l.Lines, text(w.ruleNames(as)))
	l.Lines = append(l.Lines, listed(firing, listedAlerts, w.AndMore, alert.brief)...)
	return l
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
	if len(as) == 0 || !w.oneRule(as) || w.message.Kind == notify.KindSummary {
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
