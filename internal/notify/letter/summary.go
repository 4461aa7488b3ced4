package letter

import (
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

// summary returns the letter about the whole report.
func (w *writer) summary() Letter {
	r := w.report
	when := w.Date(r.Info.Slot.In(r.Info.Zone)) + " " + w.Clock(r.Info.Slot.In(r.Info.Zone)) + " " +
		words.Zone(r.Info.Slot.In(r.Info.Zone))
	l := Letter{
		Title: w.pushNamed(w.verdict(), outside.Line(r.Info.Title), func(title string) string {
			return title + " · " + when
		}),
	}
	var nodes Line
	if r.NodesTotal > 0 {
		nodes = text(fillText(w.NodesMeasured, words.Thousands(r.NodesMeasured),
			words.Thousands(r.NodesTotal)))
	}
	if counts := join(" · ", w.count(r.Critical, w.Critical), w.count(r.Warning, w.Warning),
		w.count(r.NoData, w.NoData),
		w.count(r.Pending, w.Pending), nodes); len(counts) > 0 {
		l.Lines = append(l.Lines, counts)
	}
	if since := w.blindNow(); since != nil {
		l.Lines = append(l.Lines, join(" ", text(redMark), since))
	}
	found := w.present()
	if len(found) == 0 && r.Worst() != rules.None {
		// all findings are below the receiver's severity
		l.Lines = append(l.Lines, text(w.NoneOfThese))
	} else if len(found) == 0 {
		l.Lines = append(l.Lines, sentences(r.Headline, blindWhy)...)
	}
	l.Lines = append(l.Lines, listed(found, listedFindings, w.MoreFindings, w.finding)...)
	if r.Worst() != rules.None || len(found) > 0 { // the headline is about a finding
		if figures := r.Figures(); figures != "" {
			l.Lines = append(l.Lines, text(figures))
		}
	}
	if len(r.Failures) > 0 {
		var titles []string
		for _, f := range r.Failures {
			titles = append(titles, f.Title)
		}
		l.Lines = append(l.Lines,
			join(" ", text(greyMark), text(fillText(w.NamedFinding, w.Failed, w.FirstOf(titles)))))
	}
	l.Lines = append(l.Lines, listed(r.Blind, listedBlind, w.AndMore, func(b string) Line {
		return join(" ", text(greyMark), text(fillText(w.BlindFor, b)))
	})...)
	var shares []Line
	for _, s := range r.Fleet() {
		shares = append(shares, text(spaced(s.Word, s.Text)))
	}
	if len(shares) > 0 {
		l.Lines = append(l.Lines, fill(w.FleetShares, join(" · ", shares...)))
	}
	if history := w.history(); len(history) > 0 {
		l.Lines = append(l.Lines, history)
	}
	return l
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
