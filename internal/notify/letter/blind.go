package letter

import (
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
)

// blindWhy is the highest number of lines for the error of a report without data: the address, what
// went wrong, and what to do.
const blindWhy = 3

// blind returns the letter of promsnap's own alert: since when there is no data, why, and what to
// do.
func (a alert) blind() Letter {
	w := a.w
	format, means := w.NoDataFrom, w.BlindMeans
	if a.Alert.SeesPart() {
		format, means = w.PartialDataFrom, w.PartMeans
	}
	l := w.ofCluster(redMark, func(cluster string) string {
		return w.lead(fillText(format, cluster, w.stamp(a.Episode.Since)))
	})
	why, advice := w.report.WhyBlind()
	l.Lines = append(l.Lines, sentences(why, blindWhy)...)
	l.Lines = append(l.Lines, text(advice), text(means), join(" · ",
		text(w.severity(a.Alert.Severity)), text(a.Alert.Rule),
		text(w.duration(a.Episode.Lasted()))))
	l.Lines = slices.DeleteFunc(l.Lines, func(ln Line) bool { return ln.String() == "" })
	return l
}

// dataBack returns the letter for the end of promsnap's own alert.
func (a alert) dataBack(late bool) Letter {
	w, e := a.w, a.Episode
	l := w.ofCluster(greenMark, func(cluster string) string {
		return fillText(w.DataBack, cluster,
			fill(w.Between, w.clock(e.Since), w.clock(e.Last)).String())
	})
	l.Lines = append(l.Lines, text(w.BlindHeals), join(" · ", text(w.severity(e.Worst)),
		text(a.Alert.Rule), text(w.duration(e.Lasted()))))
	if late {
		l.Lines = append(l.Lines, text(w.SeenLate.Of(1)))
	}
	return l
}

// ofCluster returns a letter whose first line is about the cluster. If the first line had to
// shorten the cluster's name, the next line repeats it in full.
func (w *writer) ofCluster(mark string, say func(cluster string) string) Letter {
	cluster := outside.Line(w.report.Info.Cluster)
	full := say(cluster)
	s := spaced(mark, full)
	excess := w.limits.Size(s) - w.limits.Title
	if excess <= 0 {
		return Letter{Title: s}
	}
	const shortest = 8
	return Letter{
		Title: w.limits.Clip(spaced(mark,
			say(w.limits.middle(cluster, max(w.limits.Size(cluster)-excess, shortest)))),
			w.limits.Title), Lines: []Line{text(full)},
	}
}

// sentences returns the clauses of an error, one on each line: what went wrong, and after each
// semicolon what to do.
func sentences(s string, most int) []Line {
	var out []Line
	for _, part := range strings.SplitN(s, "; ", most) {
		out = append(out, text(part))
	}
	return out
}

// blindNow returns since when there is no data if the summary's own report has none, else nil.
func (w *writer) blindNow() Line {
	for _, i := range w.message.Items {
		if i.Alert.IsBlindness() && i.Episode.Fires() {
			format := w.NoDataSince
			if i.Alert.SeesPart() {
				format = w.PartialDataSince
			}
			return fill(format, text(w.stamp(i.Episode.Since)))
		}
	}
	return nil
}

// blindSpans returns the times without data: those of the checks in the history, else of the
// summary itself.
func (w *writer) blindSpans() []notify.Span {
	if h := w.d.History; h != nil && (h.Alerts != nil || len(h.Blind) > 0) {
		return h.Blind
	}
	var spans []notify.Span
	for _, i := range w.message.Items {
		if i.Alert.IsBlindness() && !i.Episode.Fires() {
			spans = append(spans, notify.Span{From: i.Episode.Since, To: i.Episode.Last})
		}
	}
	return spans
}

// ofRules returns the items that are alerts of rules. Only they are counted in a summary.
func ofRules(items []notify.Item) []notify.Item {
	return slices.DeleteFunc(slices.Clone(items), func(i notify.Item) bool {
		return i.Key == rules.BlindKey
	})
}
