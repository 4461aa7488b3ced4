package report

import (
	"cmp"
	"fmt"

	"github.com/promsnap/promsnap/internal/rules"
)

// What a message says beside the report's own sentences.

// WhyBlind says why the report could see nothing: what the first panel that failed says of it, else
// the first thing that does not exist; "" where it saw something. The advice is what to do, ""
// where the error says it.
func (r *Report) WhyBlind() (why, advice string) {
	switch {
	case r.OnlyPart():
		return fmt.Sprintf(r.words.OnlyPart, r.Partial), r.words.PartAdvice
	case r.Checks() > r.NoData:
		return "", ""
	case len(r.Failures) > 0:
		return r.Failures[0].Error, ""
	case len(r.Blind) > 0:
		return r.Blind[len(r.Blind)-1], r.words.BlindAdvice
	}
	return "", r.words.BlindAdvice
}

// blindness is the sentence of promsnap's own alert (rules.BlindKey): "No data from prod-seoul
// since 02:10".
func (r *Report) blindness(a rules.Alert) string {
	e, part := a.Now(), a.SeesPart()
	w, in := r.words, r.Info
	cluster, from := cmp.Or(in.Cluster, in.Title), w.clock(e.Since, in)
	switch {
	case e.Fires() && part:
		return fmt.Sprintf(w.SeesPart, cluster, from)
	case e.Fires():
		return fmt.Sprintf(w.CannotSee, cluster, from)
	}
	return fmt.Sprintf(w.SeesAgain, cluster, fmt.Sprintf(w.Between, from, w.clock(e.Last, in)))
}

// QueryURL returns where a panel's query can be looked at on Prometheus' own page; "" where that is
// not known.
func (r *Report) QueryURL(panel string) string {
	for i := range r.Panels {
		if p := &r.Panels[i]; p.Spec.Name == panel && p.Expr(0) != "" {
			return graphURL(r.Info.ExternalURL, p)
		}
	}
	return ""
}
