package letter

import (
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/words"
)

// history says what has been since the last summary: "4 alerts, all resolved · 285 of 288 checks
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

// span is a time from when to when, with the days where one of them needs its.
func (w *writer) span(s notify.Span) Line {
	if now := w.report.Info.Slot; words.IsRecent(s.From, now) && words.IsRecent(s.To, now) {
		return fill(w.Between, w.clock(s.From), w.clock(s.To))
	}
	return fill(w.Between, w.moment(s.From), w.moment(s.To))
}

// noCheck reports whether checks were due and none ran: nobody knows what fired meanwhile. It is no
// fault on the first morning, when there was no summary before.
func (w *writer) noCheck() bool {
	h := w.d.History
	return h != nil && h.Ran == 0 && (h.Scheduled > 0 || h.NoCheckYet && h.Since.IsZero())
}

// alertsSince counts the alerts since the last summary, or since the time from which on something
// is known; those of the checks, where another report makes them.
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
		return nil // that there was none is more than anybody knows
	case count.Fired == 0 && len(silenced) > 0:
		// the report shows them: none is what cannot be said
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

// silenced counts the alerts that the summary would count, were they not silenced; "" where it
// counts those of other checks, or there is none.
func (w *writer) silenced() string {
	if h := w.d.History; w.message.Silenced == 0 || h != nil && h.Alerts != nil {
		return ""
	}
	return w.AlertsSilenced.Of(w.message.Silenced)
}

// ownAlerts counts the alerts that the summary itself holds.
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
