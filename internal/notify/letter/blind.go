package letter

import (
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
)

// blindWhy is how many lines the error of a blind report takes at most: an address and what went
// wrong, and what to do.
const blindWhy = 3

// blind is the letter of promsnap's own alert: since when it can see nothing, why, and what to do.
func (a alert) blind() Letter {
	w := a.w
	format, means := w.CannotSee, w.BlindMeans
	if a.Alert.SeesPart() {
		format, means = w.SeesPart, w.PartMeans
	}
	l := w.ofCluster(redMark, func(cluster string) string {
		return fillText(format, cluster, w.clock(a.Episode.Since).String())
	})
	l.Lines = append(l.Lines, join(" · ", text(a.Alert.Rule), text(w.severity(a.Alert.Severity)),
		w.before(a), a.since()))
	why, advice := w.report.WhyBlind()
	l.Lines = append(l.Lines, sentences(why, blindWhy)...)
	l.Lines = append(l.Lines, text(advice), text(means))
	l.Lines = slices.DeleteFunc(l.Lines, func(ln Line) bool { return ln.String() == "" })
	return l
}

// seesAgain is the letter of its end.
func (a alert) seesAgain(late bool) Letter {
	w, e := a.w, a.Episode
	l := w.ofCluster(greenMark, func(cluster string) string {
		return fillText(w.SeesAgain, cluster,
			fill(w.Between, w.clock(e.Since), w.clock(e.Last)).String())
	})
	l.Lines = append(l.Lines, join(" · ", text(a.Alert.Rule), text(w.severity(e.Worst)),
		text(w.duration(e.Lasted()))), text(w.BlindHeals))
	if late {
		l.Lines = append(l.Lines, text(w.SeenLate.Of(1)))
	}
	return l
}

// ofCluster is a letter that begins with what there is to say of the whole cluster, whose name
// stands once more in full below where the first line had to shorten it.
func (w *writer) ofCluster(mark string, say func(cluster string) string) Letter {
	cluster := outside.Line(w.report.Info.Cluster)
	whole := say(cluster)
	s := spaced(mark, whole)
	over := w.limits.Size(s) - w.limits.Title
	if over <= 0 {
		return Letter{Title: s}
	}
	const shortest = 8
	return Letter{
		Title: w.limits.Clip(spaced(mark,
			say(w.limits.middle(cluster, max(w.limits.Size(cluster)-over, shortest)))),
			w.limits.Title), Lines: []Line{text(whole)},
	}
}

// sentences are the clauses of an error, a line each: what went wrong, and after each semicolon
// what to do.
func sentences(s string, most int) []Line {
	var out []Line
	for _, part := range strings.SplitN(s, "; ", most) {
		out = append(out, text(part))
	}
	return out
}

// blindNow says since when nothing can be seen, where a summary's own checks are blind; nil where
// they are not.
func (w *writer) blindNow() Line {
	for _, i := range w.message.Items {
		if i.Alert.IsBlindness() && i.Episode.Fires() {
			format := w.CannotSee
			if i.Alert.SeesPart() {
				format = w.SeesPart
			}
			return fill(format, text(outside.Line(w.report.Info.Cluster)), w.clock(i.Episode.Since))
		}
	}
	return nil
}

// blindSpans are the times of which a summary says that nothing could be seen: of the checks that
// it looks back on, else of its own.
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

// ofRules are the items that are alerts of rules: what a summary counts.
func ofRules(items []notify.Item) []notify.Item {
	return slices.DeleteFunc(slices.Clone(items), func(i notify.Item) bool {
		return i.Key == rules.BlindKey
	})
}
