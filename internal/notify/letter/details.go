package letter

import (
	"fmt"
	"strings"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// The highest numbers in the thread below a message.
const (
	threadFindings = 15
	threadFailures = 5
	threadClauses  = 3  // of an error: the request, what went wrong, what to do
	threadLine     = 90 // of a finding
)

// details returns the first reply in a message's thread: the fleet, what the message left out, the
// failures, and the command to run it again.
func (w *writer) details() Letter {
	var l Letter
	var rest []Line
	if w.message.Kind == notify.KindSummary {
		l.Lines = append(l.Lines, w.fleetBars()...)
		rest = listed(w.unlisted(), threadFindings, w.MoreFindings, w.shortFinding)
	} else {
		rest = listed(w.unlistedAlerts(), threadFindings, w.AndMore, func(a alert) Line {
			return w.limits.Cut(a.brief(), threadLine)
		})
	}
	if len(rest) > 0 {
		l = l.with(Line{{Text: w.FurtherFindings, Bold: true}}).with(rest...)
	}
	l.Lines = append(l.Lines, w.failures()...)
	l.Lines = append(l.Lines, w.linkUntil()...)
	if cmd := w.report.Info.Command; cmd != "" {
		if lines := w.commands(outside.Line(cmd)); len(lines) > 0 {
			l.Commands = []Commands{{w.RunAgain, lines}}
		} else {
			l.Lines = append(l.Lines, Line{{Text: w.RunAgain, Bold: true}}, text(w.CommandTooLong))
		}
	}
	return l
}

// unlistedAlerts returns the alerts that the message itself does not list one by one.
func (w *writer) unlistedAlerts() []alert {
	as := w.alerts(w.message.Items)
	cs := w.causesOf(as)
	switch late := w.message.Kind == notify.KindSeenLate; {
	case len(as) == 1 || as[0].Alert.IsBlindness():
		return nil
	case len(cs) > 1 && !late:
		var out []alert
		for i, c := range cs {
			if i >= listedCauses || len(c.alerts) > 1 {
				out = append(out, c.alerts...)
			}
		}
		return out
	case late && len(cs) == 1 && cs[0].together():
		return as
	case late:
		return as[min(len(as), listedEnds):]
	}
	return cs[0].unlisted()
}

// unlisted returns the alerts of a cause of several that its message does not list one by one.
func (c cause) unlisted() []alert {
	var out []alert
	switch c.of.Kind {
	case rules.CauseNode: // its message has a line for each rule
		for i, same := range c.byRule() {
			if i >= listedAlerts || len(same.alerts) > 1 {
				out = append(out, same.alerts...)
			}
		}
		return out
	case rules.CauseSource: // its message has the names of nodes
		named := 0
		for _, a := range c.alerts {
			if a.Alert.Identity["node"] != "" {
				if named++; named <= listedDetails {
					continue
				}
			}
			out = append(out, a)
		}
		return out
	}
	return c.alerts[min(len(c.alerts), listedAlerts):]
}

// unlisted returns the findings that a summary does not list one by one: those behind a line, and
// those of the groups that it only counts.
func (w *writer) unlisted() []*report.Finding {
	var out []*report.Finding
	for i, g := range w.groups() {
		if i >= listedCauses || len(g.Findings) > 1 {
			out = append(out, g.Findings...)
		}
	}
	return out
}

// barWidth is the number of characters in a bar of the fleet.
const barWidth = 20

// fleetBars returns the shares of the whole fleet as bars of text.
func (w *writer) fleetBars() []Line {
	shares := w.report.Fleet()
	if len(shares) == 0 {
		return nil
	}
	lines := []Line{{{Text: w.Fleet, Bold: true}}}
	for _, s := range shares {
		full := int(min(max(s.Ratio, 0), 1)*barWidth + 0.5)
		bar := strings.Repeat("█", full) + strings.Repeat("░", barWidth-full)
		what := spaced(s.Word, s.Text)
		if s.Used != "" {
			what += fmt.Sprintf(w.Used, s.Used)
		}
		lines = append(lines, text(bar+" "+what))
	}
	return lines
}

// present returns the report's findings that have not ended and that the receiver's severity
// includes.
func (w *writer) present() []*report.Finding {
	var out []*report.Finding
	for i := range w.report.Findings {
		if f := &w.report.Findings[i]; !f.Past() &&
			(f.Status != rules.Breach || f.Severity >= w.message.Least) {
			out = append(out, f)
		}
	}
	return out
}

func (w *writer) finding(f *report.Finding) Line {
	mark := greyMark
	if f.Status == rules.Breach {
		mark = markOf(f.Severity)
	}
	return join(" ", text(mark), text(f.Sentence))
}

func (w *writer) shortFinding(f *report.Finding) Line {
	return w.limits.Cut(w.finding(f), threadLine)
}

// failures returns the panels without an answer. Panels with the same error, often all of them,
// share one entry with what to do.
func (w *writer) failures() []Line {
	groups := w.report.FailureGroups()
	if len(groups) == 0 {
		return nil
	}
	lines := []Line{{{Text: w.FailuresHead, Bold: true}}}
	for _, g := range groups[:min(len(groups), threadFailures)] {
		clauses, titles := sentences(g.Error, threadClauses), text(w.FirstOf(g.Titles))
		if len(clauses) == 1 {
			lines = append(lines, fill(w.NamedFinding, titles, clauses[0]))
			continue
		}
		lines = append(append(lines, titles), clauses...)
	}
	if rest := len(groups) - threadFailures; rest > 0 {
		lines = append(lines, text(w.AndMore.Of(rest)))
	}
	return lines
}

// linkUntil returns until when the link to the report works, if it expires.
func (w *writer) linkUntil() []Line {
	if r, ok := w.archived(); ok && w.limits.links(r.Location) && !r.Expires.IsZero() {
		return []Line{fill(w.LinkUntil, w.moment(r.Expires))}
	}
	return nil
}
