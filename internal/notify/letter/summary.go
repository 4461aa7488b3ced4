package letter

import (
	"cmp"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// summary returns the letter about the whole report: the state in the first line, what happened
// since the last summary, one line for each cause, what is not seen, and how full the fleet is.
func (w *writer) summary() Letter {
	r := w.report
	l := Letter{
		Title: w.pushNamed(w.verdict(), outside.Line(r.Info.Title), func(title string) string {
			if s := w.state(); s != "" {
				return fillText(w.NamedFinding, title, s)
			}
			return title
		}),
	}
	slot := r.Info.Slot.In(r.Info.Zone)
	when := spaced(w.Date(slot), w.Clock(slot), words.Zone(slot))
	only := Line(nil)
	if r.Only != "" {
		only = text(fillText(w.OnlyMatching, r.Only))
	}
	groups := w.groups()
	l.Lines = append(l.Lines, join(" · ", text(when), w.measured(groups), w.alertsSince(), only))
	switch {
	case len(groups) > 0:
	case r.Worst() != rules.None: // all findings are below the receiver's severity
		l.Lines = append(l.Lines, text(w.NoneOfThese))
	case w.verdict() != greenMark || r.Info.Board != nil:
		l.Lines = append(l.Lines, sentences(r.Headline, blindWhy)...)
	}
	l.Lines = append(l.Lines, w.clusters()...)
	l.Lines = append(l.Lines, listed(groups, listedCauses, w.AndMore, w.group)...)
	if r.Worst() != rules.None || len(groups) > 0 { // the headline is about a finding
		if figures := r.Figures(); figures != "" {
			l.Lines = append(l.Lines, text(figures))
		}
	}
	if w.blindNow() == nil { // the headline says it
		l = l.with(w.unseen())
	}
	l = l.with(w.fleet(), w.checks())
	l.Lines = append(l.Lines, w.fills()...)
	l.Lines = append(l.Lines, w.moves()...)
	return l.with(w.fired(), w.sizing())
}

// listedClusters is how many clusters of a fleet a summary names.
const listedClusters = 5

// clusters returns the worst clusters of a fleet that are not OK, a line each.
func (w *writer) clusters() []Line {
	var bad []report.ClusterRow
	for _, c := range w.report.Clusters() {
		if c.IsBlind() || c.Verdict != report.VerdictOK {
			bad = append(bad, c)
		}
	}
	return listed(bad, listedClusters, w.AndMore, func(c report.ClusterRow) Line {
		mark := map[report.Verdict]string{
			report.VerdictCritical: redMark, report.VerdictWarning: amberMark,
		}[c.Verdict]
		if c.IsBlind() || mark == "" {
			mark = greyMark
		}
		return text(mark + " " + outside.Line(c.Name) + ": " +
			outside.Clip(outside.Line(cmp.Or(c.Blind, c.Headline)), mostClusterText))
	})
}

// mostClusterText is how many characters a line about a cluster has after its name.
const mostClusterText = 200

// measured returns how many nodes were measured, for a summary that finds nothing wrong. It shows
// that promsnap did look.
func (w *writer) measured(groups []report.Group) Line {
	r := w.report
	if r.NodesTotal == 0 || len(groups) > 0 || r.Worst() != rules.None {
		return nil
	}
	return text(fillText(w.NodesMeasured, words.Thousands(r.NodesMeasured),
		words.Thousands(r.NodesTotal)))
}

// state returns the state of the report in the fewest words: "3 critical, 4 warnings". It returns
// "" if the headline says it.
func (w *writer) state() string {
	r := w.report
	switch since := w.blindNow(); {
	case since != nil:
		return since.String()
	case w.noCheck():
		return w.NoCheckRan
	case r.Worst() != rules.None:
		return w.bySeverity(r.Critical, r.Warning)
	case w.verdict() == greenMark && r.Info.Board == nil:
		return w.Good
	case r.Verdict() == report.VerdictPending:
		return fillText(w.Count, words.Thousands(r.Pending), w.Pending)
	case r.Verdict() == report.VerdictNoData:
		return w.DataMissing
	}
	switch red, yellow, _ := r.BeyondCounts(); {
	case red > 0:
		return fillText(w.Count, words.Thousands(red), w.Red)
	case yellow > 0:
		return fillText(w.Count, words.Thousands(yellow), w.Yellow)
	}
	return ""
}

// groups returns the report's groups of findings, without those below the receiver's severity.
func (w *writer) groups() []report.Group {
	var out []report.Group
	for _, g := range w.report.Groups {
		all := len(g.Findings)
		g.Findings = slices.DeleteFunc(slices.Clone(g.Findings), func(f *report.Finding) bool {
			return f.Status == rules.Breach && f.Severity < w.message.Least
		})
		if len(g.Findings) == 0 {
			continue
		}
		if n := len(g.Findings); n < all {
			g.Sentence = g.Worst().Sentence
			if n > 1 {
				g.Sentence += ", " + w.AndMore.Of(n-1)
			}
		}
		out = append(out, g)
	}
	return out
}

// group returns a group of findings as a line.
func (w *writer) group(g report.Group) Line {
	f := g.Worst()
	mark := greyMark
	if f.Status == rules.Breach {
		mark = markOf(f.Severity)
	}
	trend := ""
	if len(g.Findings) == 1 && f.Trend == snapshot.Rising {
		trend = w.Rising
	}
	return join(" ", text(mark), join(", ", text(g.Sentence), text(trend)))
}

// unseen returns what the report does not see, in one line, or nil if it sees everything.
func (w *writer) unseen() Line {
	r := w.report
	var missing []string
	if len(r.Failures) > 0 {
		var titles []string
		for _, f := range r.Failures {
			titles = append(titles, f.Title)
		}
		missing = append(missing, fillText(w.NamedFinding, w.Failed, w.FirstOf(titles)))
	}
	missing = append(missing, r.Blind...)
	if len(missing) == 0 {
		return nil
	}
	shown := missing[:min(len(missing), listedBlind)]
	said := strings.Join(shown, "; ")
	for len(shown) > 1 && w.limits.Size(said) > w.limits.Line-blindRoom {
		shown = shown[:len(shown)-1]
		said = strings.Join(shown, "; ")
	}
	if rest := len(missing) - len(shown); rest > 0 {
		said += "; " + w.AndMore.Of(rest)
	}
	return join(" ", text(greyMark), text(fillText(w.BlindFor, said)))
}

// blindRoom is the room for the other words of the line about missing data.
const blindRoom = 40

// fleet returns how full the fleet is.
func (w *writer) fleet() Line {
	var shares []Line
	for _, s := range w.report.Fleet() {
		shares = append(shares, text(spaced(s.Word, s.Text)))
	}
	if len(shares) == 0 {
		return nil
	}
	return fill(w.FleetShares, join(" · ", shares...))
}

// fired returns what the server's own rules say. A part of the report has no line of it.
func (w *writer) fired() Line {
	lines := w.report.FiredLines()
	if len(lines) == 0 || w.report.Only != "" {
		return nil
	}
	return text(outside.Clip(lines[0], w.limits.Line))
}

// sizing returns what the requests of workloads come to. A part of the report has no line of it,
// because the advice is about the whole fleet.
func (w *writer) sizing() Line {
	r := w.report
	if r.Sizing == nil || r.Only != "" || r.Sizing.Line() == "" {
		return nil
	}
	return text(fillText(w.NamedFinding, w.Sizing.Title, r.Sizing.Line()))
}

// verdict returns the mark of a summary. It is green only if the summary and the checks before it
// had all data, no value is above or below its limit, and no figure of a dashboard is coloured.
func (w *writer) verdict() string {
	r := w.report
	switch {
	case w.blindNow() != nil || w.noCheck():
		return redMark
	case r.Worst() != rules.None:
		return markOf(r.Worst())
	case len(w.blindSpans()) > 0 || w.d.History != nil && w.d.History.NoCheckYet ||
		r.Verdict() != report.VerdictOK:
		return greyMark
	}
	switch red, yellow, _ := r.BeyondCounts(); {
	case red > 0:
		return amberMark
	case yellow > 0:
		return yellowMark
	}
	return greenMark
}
