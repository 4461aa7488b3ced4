package letter

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
)

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
	if cs := w.causesOf(as); len(cs) == 1 {
		l = cs[0].resolved(say)
	} else {
		l = Letter{Title: w.push(greenMark, w.SomeResolved.Of(len(as)))}
		l = l.with(listed(as, listedEnds, w.AndMore, func(a alert) Line {
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

// resolved returns the letter of the ended alerts of one cause. Alerts that ended together share a
// line.
func (c cause) resolved(say func(alert) Line) Letter {
	w := c.w
	l := w.titled(greenMark, c.name(), c.over)
	switch worst := c.worst(); {
	case len(c.alerts) == 1:
		return l.with(join(" · ", say(worst), text(w.severity(worst.Episode.Worst)),
			text(worst.Alert.Rule)))
	case c.together():
		var names []string
		for _, a := range c.alerts {
			if n := w.limits.middle(a.name(), longName); !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
		l.Lines = append(l.Lines, say(c.first()))
		if c.of.Kind != rules.CauseNode {
			l.Lines = append(l.Lines, text(w.firstFew(names, listedDetails)))
		}
	default:
		l = l.with(listed(c.alerts, listedEnds, w.AndMore, func(a alert) Line {
			return fill(w.NamedFinding, text(a.short()), say(a))
		})...)
	}
	return l.with(text(w.ruleNames(c.alerts)))
}

// together reports whether all alerts recovered at about the same time and count no events.
func (c cause) together() bool {
	first := c.worst().Episode
	return !slices.ContainsFunc(c.alerts, func(a alert) bool {
		e := a.Episode
		return a.events() != nil || e.End != rules.Recovered && e.End != rules.Passed ||
			e.Last.Sub(first.Last).Abs() >= time.Minute
	})
}

// over returns that the cause is over, given its name: "memory resolved on 12 nodes", "ip-10-0-1-17
// is up again". While other alerts of the cause fire, it only says what is resolved.
func (c cause) over(name string) string {
	w := c.w
	recovered := !slices.ContainsFunc(c.alerts, func(a alert) bool {
		return a.Episode.End != rules.Recovered && a.Episode.End != rules.Passed
	})
	back := recovered && !c.fires()
	switch {
	case c.alone():
		return fillText(w.Resolved, w.what(name, c.worst().subject()))
	case c.crowd() && c.nodes() == 0 && len(c.alerts) == 1:
		return fillText(w.Resolved, w.what(c.worst().name(), c.worst().subject()))
	case c.crowd() && c.nodes() == 0:
		return c.inCluster(fillText(w.ResolvedOn, c.subjects(), c.objects()))
	case c.crowd():
		return c.inCluster(fillText(w.Resolved, w.SomeNodes.Of(c.nodes())))
	case c.of.Kind == rules.CauseNode && back:
		return fillText(w.NodeUp, name)
	case c.of.Kind == rules.CauseSource && (back || recovered && c.onlyNodes()):
		return c.inCluster(c.source(name, w.SourceBack, w.SourceBackOn))
	case c.many():
		return c.inCluster(fillText(w.ResolvedOn, name, c.objects()))
	case c.of.Kind == rules.CauseSource:
		return c.inCluster(fillText(w.Resolved, w.what(name, c.subjects())))
	case c.of.Kind == rules.CauseWorkload, c.of.Kind == rules.CauseNode:
		return fillText(w.Resolved, w.what(name, c.subjects()))
	}
	return fillText(w.Resolved, name)
}

// fires reports whether an alert of the cause still fires, in the message or not.
func (c cause) fires() bool {
	for _, a := range c.w.d.Memory.Alerts {
		if a.Fires() && causeOf(a) == c.of {
			return true
		}
	}
	return slices.ContainsFunc(slices.Concat(c.w.message.Items, c.w.message.Rest),
		func(i notify.Item) bool { return i.Episode.Fires() && causeOf(i.Alert) == c.of })
}

// onlyNodes reports whether each alert says that one node lacks the source. Then the source is back
// on these nodes, whatever other nodes lack.
func (c cause) onlyNodes() bool {
	return !slices.ContainsFunc(c.alerts, func(a alert) bool {
		return a.panel == nil || a.panel.Spec.Without == "" || a.Alert.Identity["node"] == ""
	})
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
	left := w.causesOf(firing)
	what := w.ruleNames(as)
	all := w.causesOf(append(as, firing...))
	if len(all) == 1 && all[0].of.Kind == rules.CauseRule {
		what = all[0].inCluster(all[0].worst().subject())
	} else if len(all) == 1 && all[0].of.Kind == rules.CauseSource {
		what = all[0].inCluster(all[0].name())
	} else if len(all) == 1 && !all[0].crowd() {
		what = all[0].name()
	}
	l := Letter{Title: w.pushNamed(markOf(worst), what, func(what string) string {
		return fillText(w.NamedFinding, what, w.StillFire.Of(len(firing)))
	})}
	if len(left) == 1 {
		return l.with(listed(firing, listedAlerts, w.AndMore, alert.brief)...)
	}
	return l.with(listed(left, listedCauses, w.AndMore, cause.line)...)
}
