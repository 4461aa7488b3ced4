package slack

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/words"
)

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
