package letter

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// cause is the alerts of a message that have one cause, the worst first.
type cause struct {
	of     rules.Cause
	alerts []alert
	w      *writer
}

// causesOf groups alerts by cause, in the order of the first alert of each.
func (w *writer) causesOf(as []alert) []cause {
	var out []cause
	at := map[rules.Cause]int{}
	for _, a := range as {
		of := causeOf(a.Alert)
		i, known := at[of]
		if !known {
			i = len(out)
			at[of] = i
			out = append(out, cause{of: of, w: w})
		}
		out[i].alerts = append(out[i].alerts, a)
	}
	return out
}

// causeOf returns the cause of an alert: its rule if it has none.
func causeOf(a rules.Alert) rules.Cause {
	if a.Cause == (rules.Cause{}) {
		return rules.CauseOf(a.ID())
	}
	return a.Cause
}

func (c cause) worst() alert { return c.alerts[0] }

// alone reports whether the cause is one alert whose own name says most. The name of a workload
// says more than that of its pod.
func (c cause) alone() bool {
	if len(c.alerts) > 1 {
		return false
	}
	switch c.of.Kind {
	case rules.CauseNode:
		return c.of.Name != ""
	case rules.CauseWorkload: // a target has the labels of its pod, but may be about its node
		return !strings.Contains(c.worst().Alert.Name, c.of.Name)
	}
	return c.of.Kind == rules.CauseRule
}

// many reports whether the cause is of several alerts of one rule.
func (c cause) many() bool { return c.of.Kind == rules.CauseRule && len(c.alerts) > 1 }

// silent reports whether no alert of the cause has data.
func (c cause) silent() bool {
	return !slices.ContainsFunc(c.alerts, func(a alert) bool { return a.Alert.Silent.IsZero() })
}

func (c cause) mark() string {
	if c.silent() {
		return greyMark
	}
	worst := rules.None
	for _, a := range c.alerts {
		if a.Episode.Fires() {
			worst = max(worst, a.Alert.Severity)
		}
	}
	return markOf(worst)
}

// first returns the alert that began first. Alerts that count events come last, because they have
// no beginning.
func (c cause) first() alert {
	return slices.MinFunc(c.alerts, func(a, b alert) int {
		if ea, eb := a.events() != nil, b.events() != nil; ea != eb {
			if ea {
				return 1
			}
			return -1
		}
		return a.Episode.Since.Compare(b.Episode.Since)
	})
}

// letter returns the letter about a cause that fires: what is wrong, since when and how bad, what
// changed, the list, and the rule.
func (c cause) letter() Letter {
	w, a := c.w, c.worst()
	l := w.titled(c.mark(), c.name(), func(name string) string { return w.lead(c.what(name)) })
	if len(c.alerts) == 1 && c.of.Kind != rules.CauseSource {
		l.Lines = append(l.Lines,
			join(" · ", w.before(a), a.since(), c.silence(), a.used(), text(a.fact())))
	} else {
		l.Lines = append(l.Lines, join(" · ", c.first().since(), text(c.tally())))
	}
	l = l.with(c.changes()...).with(c.list()...).with(c.unseen()).with(c.details()...)
	if len(c.alerts) == 1 {
		return l.with(join(" · ", text(w.severity(a.Alert.Severity)), text(a.Alert.Rule)))
	}
	return l.with(text(w.ruleNames(c.alerts)))
}

// tally counts the alerts by severity if there are several. If all are alike, the title counts
// them.
func (c cause) tally() string {
	worst := c.worst().Alert.Severity
	switch alike := !slices.ContainsFunc(c.alerts, func(a alert) bool {
		return a.Alert.Severity != worst
	}); {
	case len(c.alerts) == 1:
		return ""
	case alike:
		return c.w.severity(worst)
	}
	return c.w.tally(c.alerts)
}

// silence returns since when a single alert has no data.
func (c cause) silence() Line {
	if silent := c.worst().Alert.Silent; !silent.IsZero() {
		return fill(c.w.NoDataSince, c.w.clock(silent))
	}
	return nil
}

// listedChanges is how many changes a message shows.
const listedChanges = 2

// changes returns what changed before the alerts began. A change says how long before its own alert
// it was, so only those of alerts that began with the first fit the time that the message says.
func (c cause) changes() []Line {
	var out []Line
	first := c.first().Episode.Since
	for _, a := range c.alerts {
		if a.Episode.Since.Sub(first).Abs() >= sameTime {
			continue
		}
		for _, s := range c.w.d.Changes[a.Key] {
			same := func(ln Line) bool { return ln.String() == text(s).String() }
			if len(out) < listedChanges && !slices.ContainsFunc(out, same) {
				out = append(out, text(s))
			}
		}
	}
	return out
}

// list returns the alerts of a cause of several, the worst first.
func (c cause) list() []Line {
	w := c.w
	switch {
	case c.of.Kind == rules.CauseSource:
		if c.nodes() == 0 {
			return nil
		}
		var names []string
		for _, a := range c.alerts {
			if n := a.Alert.Identity["node"]; n != "" {
				names = append(names, w.limits.middle(outside.Line(n), longName))
			}
		}
		return []Line{text(w.firstFew(names, listedDetails))}
	case c.of.Kind == rules.CauseNode && len(c.alerts) > 1:
		return listed(c.byRule(), listedAlerts, w.AndMore, func(same cause) Line {
			if len(same.alerts) == 1 {
				return c.row(same.worst())
			}
			return join(" ", text(same.mark()), text(same.what(same.name())))
		})
	case c.of.Kind == rules.CauseWorkload && len(c.alerts) == 1:
		return []Line{text(c.worst().name())} // its title has the workload
	case len(c.alerts) == 1:
		return nil
	}
	return listed(c.alerts, listedAlerts, w.AndMore, c.row)
}

// byRule returns the alerts of a cause by rule.
func (c cause) byRule() []cause {
	same := slices.Clone(c.alerts)
	for i := range same {
		item := *same[i].Item
		item.Alert.Cause = rules.CauseOf(item.Alert.ID())
		same[i].Item = &item
	}
	return c.w.causesOf(same)
}

// unseen returns what has no data because of a node or a source.
func (c cause) unseen() Line {
	var subjects []string
	add := func(s string) {
		if s != "" && !slices.Contains(subjects, s) {
			subjects = append(subjects, s)
		}
	}
	r := c.w.report
	if g := c.group(); g != nil {
		for _, f := range g.Findings {
			if f.Status != rules.NoData {
				continue
			}
			for s := range strings.SplitSeq(f.Subject, ", ") {
				add(outside.Line(s))
			}
		}
	}
	for i := range r.Panels {
		p := &r.Panels[i]
		if c.of.Kind == rules.CauseSource && p.Data == snapshot.DataAbsent && !p.Spec.Optional &&
			slices.ContainsFunc(p.Missing, func(metric string) bool {
				return string(panel.SourceOf(metric)) == c.of.Name
			}) {
			add(outside.Line(cmp.Or(p.Spec.Subject, p.Spec.Title)))
		}
	}
	if len(subjects) == 0 || c.of.Kind != rules.CauseNode && c.of.Kind != rules.CauseSource {
		return nil
	}
	return text(fillText(c.w.BlindFor, c.w.firstFew(subjects, listedSubjects)))
}

// longName is the room for a name in a list.
const longName = 48

// sameTime is how far apart two beginnings may be to count as one.
const sameTime = 5 * time.Minute

// row returns an alert as a line of its cause's list, without what the title says:
// "🔴 ip-10-0-1-12 94.4 % (60.4 of 64 GiB), +9 GiB in 1 h".
func (c cause) row(a alert) Line {
	w := c.w
	what := text(a.short())
	switch name := a.name(); {
	case c.many():
		what = text(w.limits.middle(name, longName))
	case c.of.Kind == rules.CauseNode:
		rest, _ := strings.CutPrefix(name, c.name())
		what = text(spaced(strings.TrimSpace(rest), w.limits.Clip(a.subject(), 24)))
	}
	if !a.Alert.Silent.IsZero() {
		return join(" ", text(greyMark), fill(w.SilentSince, what, w.clock(a.Alert.Silent)))
	}
	value, since := a.said(), Line(nil)
	if a.f.Used != "" && value != "" {
		value += fillText(w.Used, a.f.Used)
	}
	if n := a.number(); n != "" {
		value, since = n, a.newest()
	} else if a.Episode.Since.Sub(c.first().Episode.Since) >= sameTime {
		since = fill(w.Since, w.clock(a.Episode.Since))
	}
	said := join(" ", what, text(value))
	if a.f.Foreseen != "" {
		said = fill(w.NamedFinding, what, text(a.f.Foreseen))
	}
	return join(" ", text(markOf(a.Alert.Severity)), join(", ", said, text(a.changed()), since))
}

// details returns the largest users of the worst alert that has some.
func (c cause) details() []Line {
	if len(c.alerts) == 1 {
		return c.worst().details()
	}
	for _, a := range c.alerts {
		if said := a.detail(); said != "" && a.ranks() {
			return []Line{text(fillText(c.w.TopOn, a.name(), said, a.subject()))}
		}
	}
	return nil
}

// line returns a cause as a line of a digest: "🔴 memory > 90 % on 12 nodes, since 02:52 (18 min);
// worst ip-10-0-1-12 94.4 %".
func (c cause) line() Line {
	w := c.w
	if c.alone() {
		return c.worst().brief()
	}
	what := join(", ", text(c.what(w.limits.middle(c.name(), longName))), c.first().since())
	if a := c.worst(); c.many() && a.f.Value != "" {
		what = fill(w.WithWorst, what,
			text(spaced(w.limits.middle(a.name(), longName), a.f.Value)))
	}
	return join(" ", text(c.mark()), what)
}

// digest returns the letter about several causes, one line for each.
func (w *writer) digest(cs []cause, as []alert) Letter {
	mark := markOf(w.message.Severity())
	if w.message.Kind == notify.KindNoData {
		mark = greyMark
	}
	l := Letter{Title: w.push(mark, w.lead(w.counted(as)))}
	for _, c := range cs[:min(len(cs), listedCauses)] {
		l.Lines = append(l.Lines, c.lineAndChange()...)
	}
	if rest := len(cs) - listedCauses; rest > 0 {
		l.Lines = append(l.Lines, text(w.AndMore.Of(rest)))
	}
	return l
}

// lineAndChange returns a cause as a line of a digest with the newest change before it. If both do
// not fit into one line, the change has its own.
func (c cause) lineAndChange() []Line {
	ln, changes := c.line(), c.changes()
	if len(changes) == 0 {
		return []Line{ln}
	}
	if both := join("; ", ln, changes[0]); c.w.limits.Size(both.String()) <= c.w.limits.Line {
		return []Line{both}
	}
	return []Line{ln, changes[0]}
}

// counted returns how many alerts there are: "12 alerts: 3 critical, 9 warnings".
func (w *writer) counted(as []alert) string {
	n := w.Alerts.Of(len(as))
	if w.message.Folded > 0 && w.message.Thread != (notify.Receipt{}) {
		n = w.MoreAlerts.Of(len(as))
	}
	return fillText(w.NamedFinding, n, w.tally(as))
}

// tally counts alerts by severity: "3 critical, 9 warnings".
func (w *writer) tally(as []alert) string {
	count := map[rules.Severity]int{}
	for _, a := range as {
		count[a.Alert.Severity]++
	}
	return w.bySeverity(count[rules.Critical], count[rules.Warning])
}

// bySeverity returns numbers of critical findings and of warnings: "3 critical, 9 warnings".
func (w *writer) bySeverity(critical, warnings int) string {
	var out []string
	for _, c := range []struct {
		n  int
		of words.Counted
	}{{critical, w.CriticalOf}, {warnings, w.WarningsOf}} {
		if c.n > 0 {
			out = append(out, c.of.Of(c.n))
		}
	}
	return strings.Join(out, ", ")
}

// lead puts before a title what kind of message it is, unless it is about new alerts.
func (w *writer) lead(what string) string {
	switch w.message.Kind {
	case notify.KindWorse:
		return fillText(w.NowWorse, what)
	case notify.KindBetter:
		return fillText(w.NowBetter, what)
	case notify.KindStillFiring:
		return fillText(w.Still, what)
	case notify.KindJoined:
		return fillText(w.Also, what)
	}
	return what
}

// firstFew returns the first names of a list and the number of the others.
func (w *writer) firstFew(names []string, most int) string {
	if rest := len(names) - most; rest > 0 {
		return strings.Join(names[:most], ", ") + " " + w.AndMore.Of(rest)
	}
	return strings.Join(names, ", ")
}
