package letter

import (
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/words"
)

// history returns what happened since the last summary: "4 alerts, all resolved · 285 of 288 checks
// ran, no data 02:10–02:25".
func (w *writer) history() Line {
	h := w.d.History
	var checks, blind Line
	alerts := w.alertsSince()
	switch {
	case h == nil:
	case h.NoCheckYet:
		return text(w.NoCheckYet)
	default:
		checks = text(fillText(w.ChecksMade, words.Thousands(h.Ran), words.Thousands(h.Scheduled)))
	}
	if h != nil && h.First && len(alerts) == 0 {
		alerts = fill(w.ChecksBegan, w.clock(h.Since))
	}
	if spans := listed(w.blindSpans(), listedSpans, w.AndMore, func(s notify.Span) Line {
		return w.span(s)
	}); len(spans) > 0 {
		blind = fill(w.BlindBetween, join(", ", spans...))
	}
	return join(" · ", alerts, join(", ", checks, blind))
}

// span returns from when to when, with the days if one of the times needs its day.
func (w *writer) span(s notify.Span) Line {
	if now := w.report.Info.Slot; words.IsRecent(s.From, now) && words.IsRecent(s.To, now) {
		return fill(w.Between, w.clock(s.From), w.clock(s.To))
	}
	return fill(w.Between, w.moment(s.From), w.moment(s.To))
}

// noCheck reports whether checks were scheduled and none ran, so that nobody knows what fired. The
// first summary is no such case.
func (w *writer) noCheck() bool {
	h := w.d.History
	return h != nil && h.Ran == 0 && (h.Scheduled > 0 || h.NoCheckYet && h.Since.IsZero())
}

// alertsSince counts the alerts since the last summary, or since the history begins. If another
// report makes the checks, it counts their alerts.
func (w *writer) alertsSince() Line {
	count, since := w.ownAlerts(), Line(nil)
	if h := w.d.History; h != nil {
		if h.Alerts != nil {
			count = *h.Alerts
		}
		if !h.Since.IsZero() {
			since = w.clock(h.Since)
		}
		if h.First {
			since = fill(w.FirstCheck, since)
		}
	}
	rest := w.AllResolved.Of(count.Fired)
	switch {
	case count.Firing > 0 && count.Firing == count.Fired:
		rest = w.AllFiring.Of(count.Fired)
	case count.Firing > 0:
		rest = w.StillFire.Of(count.Firing)
	}
	fired := w.Alerts.Of(count.Fired)
	silenced := w.silenced()
	if len(silenced) > 0 && count.Fired > 0 {
		rest += ", " + silenced
	}
	switch {
	case count.Fired == 0 && (w.blindNow() != nil || w.noCheck()):
		return nil // nobody knows that there were none
	case count.Fired == 0 && len(silenced) > 0:
		// the report shows them, so "no alerts" would be wrong
		return text(silenced)
	case count.Fired == 0 && len(since) > 0:
		return fill(w.NoAlertsSince, since)
	case count.Fired == 0:
		return text(w.NoAlerts)
	case len(since) > 0:
		return fill(w.SinceThen, since, text(fired), text(rest))
	}
	return text(fillText(w.SinceSummary, fired, rest))
}

// silenced counts the silenced alerts that the summary would count otherwise. It returns "" if
// there are none, or if the summary counts the alerts of other checks.
func (w *writer) silenced() string {
	if h := w.d.History; w.message.Silenced == 0 || h != nil && h.Alerts != nil {
		return ""
	}
	return w.AlertsSilenced.Of(w.message.Silenced)
}

// ownAlerts counts the alerts of the summary itself.
func (w *writer) ownAlerts() notify.AlertCount {
	var n notify.AlertCount
	for _, i := range ofRules(w.message.Items) {
		n.Fired++
		if i.Episode.Fires() {
			n.Firing++
		}
	}
	return n
}
