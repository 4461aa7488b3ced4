package slack

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

// A summary is green only where the checks behind it saw everything too.
func TestTheMarkOfASummaryKnowsItsHistory(t *testing.T) {
	gap := []notify.Span{{From: slot.Add(-time.Hour), To: slot.Add(-45 * time.Minute)}}
	for _, tc := range []struct {
		history *notify.History
		mark    string
	}{
		{nil, greenMark},
		{&notify.History{Ran: 288, Due: 288, Alerts: &notify.AlertCount{}}, greenMark},
		{&notify.History{Ran: 285, Due: 288, Blind: gap, Alerts: &notify.AlertCount{}}, greyMark},
		{&notify.History{Due: 288, Blind: gap, Alerts: &notify.AlertCount{}}, redMark},
	} {
		d := cluster(0, words.English).delivery(t, notify.KindSummary)
		d.History, d.Report.Blind = tc.history, nil
		if got := Drafts(options(t), d)[0].Text; !strings.HasPrefix(got, tc.mark) {
			t.Errorf("%+v: %s", tc.history, got)
		}
	}
}

// Who wants to know of what is critical alone is told how many warnings there are, and not which.
func TestASummaryOfWhatIsCritical(t *testing.T) {
	w := cluster(7, words.English)
	d := w.delivery(t, notify.KindSummary)
	all := Drafts(options(t), d)[0].Text
	d.Message.Least = rules.Critical
	got := Drafts(options(t), d)[0].Text
	if !strings.Contains(all, amberMark) || strings.Contains(got, amberMark) || !strings.Contains(got, redMark) || !strings.Contains(got, "warning") {
		t.Errorf("of all\n%s\nof what is critical\n%s", all, got)
	}
	d = cluster(1, words.English).delivery(t, notify.KindSummary)
	d.Message.Least = rules.Critical + 1
	if got := Drafts(options(t), d)[0].Text; !strings.Contains(got, "nothing as grave as is told here") {
		t.Errorf("of nothing\n%s", got)
	}
}

// Alerts that are more than can be remembered are counted where people are called.
func TestMoreAlertsThanAreRemembered(t *testing.T) {
	for kind, want := range map[notify.Kind]bool{notify.KindNew: true, notify.KindStillFiring: true, notify.KindResolved: false} {
		d := cluster(7, words.English).delivery(t, kind)
		d.Memory.Overflow = 199
		got := Drafts(options(t), d)[0].Text
		if strings.Contains(got, "199 more alerts fire than can be told one by one; they are in the report.") != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

// What a summary says of the time before it: of the checks' alerts, where another report makes them, and since when it knows.
func TestHistory(t *testing.T) {
	gap := []notify.Span{{From: slot.Add(-16 * time.Hour), To: slot.Add(-15*time.Hour - 45*time.Minute)}}
	since := slot.Add(-48 * time.Hour)
	for name, tc := range map[string]struct {
		history *notify.History
		english string
		korean  string
	}{
		"the summary's own":       {nil, "Since the last summary 7 alerts, 7 still fire", "지난 요약 이후 알림 7건, 7건 지속 중"},
		"of another report":       {&notify.History{Ran: 285, Due: 288, Blind: gap, Alerts: &notify.AlertCount{Fired: 4}}, "Since the last summary 4 alerts, all resolved · checks 285/288, blind 11:10–11:25", "지난 요약 이후 알림 4건, 모두 해소 · 점검 285/288, 관측 공백 11:10~11:25"},
		"where some go on":        {&notify.History{Ran: 2, Due: 2, Alerts: &notify.AlertCount{Fired: 4, Firing: 1}}, "Since the last summary 4 alerts, 1 still fires · checks 2/2", "지난 요약 이후 알림 4건, 1건 지속 중 · 점검 2/2"},
		"without alerts":          {&notify.History{Ran: 2, Due: 2, Alerts: &notify.AlertCount{}}, "No alerts since the last summary · checks 2/2", "지난 요약 이후 알림 없음 · 점검 2/2"},
		"not as far back":         {&notify.History{Ran: 2, Due: 2, Since: since, Alerts: &notify.AlertCount{Fired: 1}}, "Since Fri 20 Nov 03:10 1 alert, all resolved · checks 2/2", "11월 20일 (금) 03:10 이후 알림 1건, 모두 해소 · 점검 2/2"},
		"not as far back, calm":   {&notify.History{Ran: 2, Due: 2, Since: since, Alerts: &notify.AlertCount{}}, "No alerts since Fri 20 Nov 03:10 · checks 2/2", "11월 20일 (금) 03:10 이후 알림 없음 · 점검 2/2"},
		"over a day":              {&notify.History{Ran: 144, Due: 288, Blind: []notify.Span{{From: slot.Add(-24 * time.Hour), To: slot.Add(-12 * time.Hour)}}, Alerts: &notify.AlertCount{}}, "No alerts since the last summary · checks 144/288, blind Sat 21 Nov 03:10–Sat 21 Nov 15:10", "지난 요약 이후 알림 없음 · 점검 144/288, 관측 공백 11월 21일 (토) 03:10~11월 21일 (토) 15:10"},
		"no check at all":         {&notify.History{Due: 288, Blind: []notify.Span{{From: slot.Add(-24 * time.Hour), To: slot}}, Alerts: &notify.AlertCount{}}, "checks 0/288, blind Sat 21 Nov 03:10–Sun 22 Nov 03:10", "점검 0/288, 관측 공백 11월 21일 (토) 03:10~11월 22일 (일) 03:10"},
		"summaries that were not": {&notify.History{Ran: 1, Due: 3}, "Since the last summary 7 alerts, 7 still fire · checks 1/3", "지난 요약 이후 알림 7건, 7건 지속 중 · 점검 1/3"},
	} {
		for _, l := range words.Languages() {
			d := cluster(7, l).delivery(t, notify.KindSummary)
			d.History = tc.history
			want := tc.english
			if l == words.Korean {
				want = tc.korean
			}
			if got := Drafts(options(t), d)[0].Text; !strings.Contains(got, "\n"+want+"\n") {
				t.Errorf("%s in %s: no line %q in\n%s", name, l, want, got)
			}
		}
	}
}
