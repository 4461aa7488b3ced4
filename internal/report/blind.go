package report

import (
	"cmp"
	"fmt"

	"github.com/promsnap/promsnap/internal/rules"
)

// Texts of messages that are not in the report.

// WhyBlind returns why the report has no data: the error of the first panel that failed, else the
// first thing that does not exist. It returns "" if there is data. advice is what to do, or "" if
// the error says it.
func (r *Report) WhyBlind() (why, advice string) {
	switch {
	case r.AllPartial():
		return fmt.Sprintf(r.words.AnswersIncomplete, r.Partial), r.words.PartAdvice
	case r.Checks() > r.NoData:
		return "", ""
	case len(r.Failures) > 0:
		return r.Failures[0].Error, ""
	case len(r.Blind) > 0:
		return r.Blind[len(r.Blind)-1], r.words.BlindAdvice
	}
	return "", r.words.BlindAdvice
}

// blindness returns the sentence of promsnap's own alert (rules.BlindKey): "No data from prod-seoul
// since 02:10".
func (r *Report) blindness(a rules.Alert) string {
	e, part := a.Now(), a.SeesPart()
	w, in := r.words, r.Info
	cluster, from := cmp.Or(in.Cluster, in.Title), w.clock(e.Since, in)
	switch {
	case e.Fires() && part:
		return fmt.Sprintf(w.PartialDataFrom, cluster, from)
	case e.Fires():
		return fmt.Sprintf(w.NoDataFrom, cluster, from)
	}
	return fmt.Sprintf(w.DataBack, cluster, fmt.Sprintf(w.Between, from, w.clock(e.Last, in)))
}

// QueryURL returns the address of a panel's query in Prometheus, or "" if it is unknown.
func (r *Report) QueryURL(panel string) string {
	for i := range r.Panels {
		if p := &r.Panels[i]; p.Spec.Name == panel && p.Expr(0) != "" {
			return graphURL(r.Info.ExternalURL, p)
		}
	}
	return ""
}
