package slack

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

// A summary is green only if the checks behind it saw everything too.
func TestTheMarkOfASummaryKnowsItsHistory(t *testing.T) {
	gap := []notify.Span{{From: slot.Add(-time.Hour), To: slot.Add(-45 * time.Minute)}}
	for _, tc := range []struct {
		history *notify.History
		mark    string
	}{
		{nil, "✅"},
		{&notify.History{Ran: 288, Scheduled: 288, Alerts: &notify.AlertCount{}}, "✅"},
		{&notify.History{Ran: 285, Scheduled: 288, Blind: gap, Alerts: &notify.AlertCount{}}, "⚪"},
		{&notify.History{Scheduled: 288, Blind: gap, Alerts: &notify.AlertCount{}}, "🔴"},
		{
			&notify.History{
				NoCheckYet: true, Since: slot.Add(-24 * time.Hour), Alerts: &notify.AlertCount{},
			}, "⚪",
		},
		{&notify.History{NoCheckYet: true, Alerts: &notify.AlertCount{}}, "🔴"},
	} {
		d := notifytest.NewCluster(0, words.English).Delivery(t, notify.KindSummary)
		d.History, d.Report.Blind = tc.history, nil
		if got := Drafts(options(t), d)[0].Text; !strings.HasPrefix(got, tc.mark) {
			t.Errorf("%+v: got %s, want another mark", tc.history, got)
		}
	}
}

// A receiver of critical alerts gets the number of warnings, but no list of them.
func TestASummaryOfCriticalAlerts(t *testing.T) {
	w := notifytest.NewCluster(7, words.English)
	d := w.Delivery(t, notify.KindSummary)
	all := Drafts(options(t), d)[0].Text
	d.Message.Least = rules.Critical
	got := Drafts(options(t), d)[0].Text
	if !strings.Contains(all, "on 7 of 42 nodes") || !strings.Contains(got, "and 2 more") ||
		strings.Contains(got, "🟠") || !strings.Contains(got, "warning") {
		t.Errorf("of all\n%s\nof critical alerts\ngot %s, want the number of warnings", all, got)
	}
	d = notifytest.NewCluster(1, words.English).Delivery(t, notify.KindSummary)
	d.Message.Least = rules.Critical + 1
	const want = "No finding is severe enough for this receiver."
	if got := Drafts(options(t), d)[0].Text; !strings.Contains(got, want) {
		t.Errorf("of nothing: got\n%s\nwant %q in it", got, want)
	}
}

// Alerts that are too many to be remembered are counted in messages that page.
func TestMoreAlertsThanAreRemembered(t *testing.T) {
	for kind, want := range map[notify.Kind]bool{
		notify.KindNew: true, notify.KindStillFiring: true, notify.KindResolved: false,
	} {
		d := notifytest.NewCluster(7, words.English).Delivery(t, kind)
		d.Memory.Overflow = 199
		got := Drafts(options(t), d)[0].Text
		if strings.Contains(got,
			"199 more alerts are firing; only the report lists them.") != want {
			t.Errorf("%s: got %s\nwant the count of 199 more alerts in it: %v", kind, got, want)
		}
	}
}

// A summary describes the checks since the previous one: their alerts, if another report makes
// them, and since when they are known.
func TestHistory(t *testing.T) {
	gap := []notify.Span{
		{From: slot.Add(-16 * time.Hour), To: slot.Add(-15*time.Hour - 45*time.Minute)},
	}
	since := slot.Add(-48 * time.Hour)
	for name, tc := range map[string]struct {
		history         *notify.History
		english, korean string // the alerts since then, and the checks that were missed
	}{
		"the summary's own": {nil, "since the last summary: 7 new", "지난 요약 이후: 신규 7건"},
		"of another report": {
			&notify.History{
				Ran: 285, Scheduled: 288, Blind: gap, Alerts: &notify.AlertCount{Fired: 4, New: 3},
			},
			"since the last summary: 3 new, 4 resolved | 285 of 288 checks ran, no data 11:10–11:25",
			"지난 요약 이후: 신규 3건, 해소 4건 | 점검 288회 중 285회 실행, 데이터 공백 11:10~11:25",
		},
		"where some go on": {
			&notify.History{Ran: 2, Scheduled: 2, Alerts: &notify.AlertCount{Fired: 4, Firing: 1}},
			"since the last summary: 3 resolved", "지난 요약 이후: 해소 3건",
		},
		"where all go on": {
			&notify.History{Ran: 2, Scheduled: 2, Alerts: &notify.AlertCount{Fired: 4, Firing: 4}},
			"since the last summary: nothing new", "지난 요약 이후: 새 알림 없음",
		},
		"without alerts": {
			&notify.History{Ran: 2, Scheduled: 2, Alerts: &notify.AlertCount{}},
			"no alerts since the last summary", "지난 요약 이후 알림 없음",
		},
		"not as far back": {
			&notify.History{
				Ran: 2, Scheduled: 2, Since: since, Alerts: &notify.AlertCount{Fired: 1, New: 1},
			},
			"since Fri 20 Nov 03:10: 1 new, 1 resolved", "11월 20일 (금) 03:10 이후: 신규 1건, 해소 1건",
		},
		"not as far back, calm": {
			&notify.History{Ran: 2, Scheduled: 2, Since: since, Alerts: &notify.AlertCount{}},
			"no alerts since Fri 20 Nov 03:10", "11월 20일 (금) 03:10 이후 알림 없음",
		},
		"over a day": {
			&notify.History{
				Ran: 144, Scheduled: 288, Blind: []notify.Span{
					{From: slot.Add(-24 * time.Hour), To: slot.Add(-12 * time.Hour)},
				}, Alerts: &notify.AlertCount{},
			},
			"no alerts since the last summary | 144 of 288 checks ran, no data Sat 21 Nov 03:10–" +
				"Sat 21 Nov 15:10",
			"지난 요약 이후 알림 없음 | 점검 288회 중 144회 실행, 데이터 공백 11월 21일 (토) 03:10~11월 21일 " +
				"(토) 15:10",
		},
		"no check at all": {
			&notify.History{
				Scheduled: 288, Blind: []notify.Span{{From: slot.Add(-24 * time.Hour), To: slot}},
				Alerts: &notify.AlertCount{},
			},
			" | 0 of 288 checks ran, no data Sat 21 Nov 03:10–Sun 22 Nov 03:10",
			" | 점검 288회 중 0회 실행, 데이터 공백 11월 21일 (토) 03:10~11월 22일 (일) 03:10",
		},
		"the first morning": {
			&notify.History{
				Ran: 28, Scheduled: 28, Since: slot.Add(-140 * time.Minute), First: true,
				Alerts: &notify.AlertCount{},
			}, "no alerts since 00:50, when checks began", "점검을 시작한 00:50 이후 알림 없음",
		},
		"the first alert": {
			&notify.History{
				Ran: 28, Scheduled: 28, Since: slot.Add(-140 * time.Minute), First: true,
				Alerts: &notify.AlertCount{Fired: 1, New: 1},
			}, "since 00:50, when checks began: 1 alert, 1 resolved",
			"점검을 시작한 00:50 이후: 알림 1건, 해소 1건",
		},
		"before the first check": {
			&notify.History{
				NoCheckYet: true, Since: slot.Add(-24 * time.Hour), Alerts: &notify.AlertCount{},
			}, "no check has run yet", "아직 실행된 점검이 없음",
		},
		"summaries that were not": {
			&notify.History{Ran: 1, Scheduled: 3}, "since the last summary: 7 new | 1 of 3 checks ran",
			"지난 요약 이후: 신규 7건 | 점검 3회 중 1회 실행",
		},
	} {
		for _, l := range words.Languages() {
			d := notifytest.NewCluster(7, l).Delivery(t, notify.KindSummary)
			d.History = tc.history
			want, when := tc.english, "\nSun 22 Nov 03:10 KST"
			if l == words.Korean {
				want, when = tc.korean, "\n11월 22일 (일) 03:10 KST"
			}
			alerts, checks, _ := strings.Cut(want, " | ")
			if alerts != "" {
				alerts = " · " + alerts
			}
			got := Drafts(options(t), d)[0].Text
			if !strings.Contains(got, when+alerts+"\n") {
				t.Errorf("%s in %s: got\n%s\nwant the alerts %q", name, l, got, alerts)
			}
			if checks != "" && !strings.Contains(got, "\n"+checks+"\n") ||
				checks == "" && (strings.Contains(got, "checks ran") || strings.Contains(got, "회 실행")) {
				t.Errorf("%s in %s: got\n%s\nwant the checks %q", name, l, got, checks)
			}
		}
	}
}

// A daily summary calls the one before it yesterday's.
func TestADailySummaryIsSinceYesterday(t *testing.T) {
	d := notifytest.NewCluster(7, words.English).Delivery(t, notify.KindSummary)
	d.Interval = 24 * time.Hour
	const want = " · since yesterday: 7 new\n"
	if got := Drafts(options(t), d)[0].Text; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant %q in it", got, want)
	}
}

// Silenced alerts are still among the summary's findings, so it must not say that there were no
// alerts.
func TestASummaryCountsSilencedAlerts(t *testing.T) {
	for _, tc := range []struct {
		items, silenced int
		history         *notify.History
		want            string
	}{
		{0, 0, nil, "no alerts since the last summary"},
		{0, 1, nil, "1 alert is silenced"},
		{1, 2, nil, "since the last summary: 1 new, 2 alerts are silenced"},
		{
			0, 1, &notify.History{Ran: 2, Scheduled: 2, Alerts: &notify.AlertCount{}},
			"no alerts since the last summary",
		},
	} {
		d := notifytest.NewCluster(7, words.English).Delivery(t, notify.KindSummary)
		d.History, d.Message.Silenced = tc.history, tc.silenced
		d.Message.Items = d.Message.Items[:tc.items]
		if got := Drafts(options(t), d)[0].Text; !strings.Contains(got, " · "+tc.want+"\n") {
			t.Errorf("%+v: no line %q in\n%s", tc, tc.want, got)
		}
	}
}
