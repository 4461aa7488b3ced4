package letter

import (
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/words"
)

// checks returns which checks did not run and when there was no data: "285 of 288 checks ran, no
// data 02:10–02:25". It returns nil if nothing was missed.
func (w *writer) checks() Line {
	h := w.d.History
	var ran, blind Line
	if h != nil && !h.NoCheckYet && h.Ran < h.Scheduled {
		ran = text(fillText(w.ChecksMade, words.Thousands(h.Ran), words.Thousands(h.Scheduled)))
	}
	if spans := listed(w.blindSpans(), listedSpans, w.AndMore, func(s notify.Span) Line {
		return w.span(s)
	}); len(spans) > 0 {
		blind = fill(w.BlindBetween, join(", ", spans...))
	}
	return join(", ", ran, blind)
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

// alertsSince counts the alerts since the last summary, or since the history begins: "since
// yesterday: 3 new, 2 resolved". If another report makes the checks, it counts their alerts.
func (w *writer) alertsSince() Line {
	count, h := w.ownAlerts(), w.d.History
	if h != nil && h.Alerts != nil {
		count = *h.Alerts
	}
	if h != nil && h.NoCheckYet {
		return text(w.NoCheckYet)
	}
	if count.Fired == 0 && (w.blindNow() != nil || w.noCheck()) {
		if h != nil && h.First {
			return fill(w.ChecksBegan, w.clock(h.Since))
		}
		return nil // nobody knows that there were none
	}
	var said []Line
	first := h != nil && h.First // all of them are new to a reader
	switch gone := count.Fired - count.Firing; {
	case count.Fired == 0 && w.silenced() == "":
		return fill(w.NoAlertsSince, w.since())
	case count.New == 0 && gone == 0 && count.Fired > 0 && !first:
		said = append(said, text(w.NothingNew))
	default:
		if first {
			said = append(said, text(w.Alerts.Of(count.Fired)))
		}
		if count.New > 0 && !first {
			said = append(said, text(w.SomeNew.Of(count.New)))
		}
		if gone > 0 {
			said = append(said, text(w.SomeGone.Of(gone)))
		}
	}
	if s := w.silenced(); s != "" {
		// the report shows them, so "no alerts" would be wrong
		said = append(said, text(s))
	}
	if count.Fired == 0 {
		return join(", ", said...)
	}
	return fill(w.SinceThen, w.since(), join(", ", said...))
}

// since returns since when a summary counts alerts: "yesterday", "the last summary", or a time.
func (w *writer) since() Line {
	h := w.d.History
	switch {
	case h != nil && h.First:
		return fill(w.FirstCheck, w.clock(h.Since))
	case h != nil && !h.Since.IsZero():
		return w.clock(h.Since)
	case w.d.Interval > 20*time.Hour && w.d.Interval < 28*time.Hour:
		return text(w.Yesterday)
	}
	return text(w.LastSummary)
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
		if i.Episode.Since.After(w.message.Since) {
			n.New++
		}
	}
	return n
}
