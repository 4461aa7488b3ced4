package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/fired"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/words"
)

// TestFired checks every sentence about what the server's own rules say.
func TestFired(t *testing.T) {
	many := &fired.Fired{Step: time.Minute, NeverIn: 24 * time.Hour}
	for i := range 70 {
		name := string(rune('A'+i%26)) + strings.Repeat("x", i/26)
		many.Alerts = append(many.Alerts, fired.Alert{Name: name, Times: 1})
		many.Never = append(many.Never, name)
	}
	for _, tt := range []struct {
		name     string
		of       *fired.Fired
		language words.Language
		want     string
	}{
		{"a day", reporttest.Fired(), words.English, `
What fired: 3 alerts fired, 4 h 10 min in all; noisiest KubePodCrashLooping 31×; 2 never fired in 15 d; 22 rules fail, 1 group takes longer than its interval, 1 group is not evaluated any more, 1 group left out evaluations
KubePodCrashLooping warning 31× 2 h 2
KubeNodeNotReady critical 2× 2 h 10 min 1
<script>alert(1)</script>  1× 0 s 0
a:b: fails: many-to-many <b> (/etc/r.yml · usage)
slo: takes 41 s, every 30 s (/etc/r.yml)
old: not evaluated since Sat 21 Nov 09:00, every 1 min (/etc/r.yml)
slo: left out 12 evaluations (/etc/r.yml)
21 more
2 never fired in 15 d: EtcdNoLeader KubeAPIDown
All objects of an alert count together, to a precision of 2 min. Left out are alerts for information and those that always fire. The health of the rules is that at the time of the run.`},
		{"in Korean", reporttest.Fired(), words.Korean, `
발생한 알림: 알림 3개 발생, 합계 4시간 10분; 가장 잦은 알림 KubePodCrashLooping 31회; 15일 동안 한 번도 발생하지 않은 알림 2개; 실패한 규칙 22개, 평가가 주기보다 오래 걸리는 그룹 1개, 더 이상 평가되지 않는 그룹 1개, 평가를 건너뛴 그룹 1개
KubePodCrashLooping warning 31회 2시간 2
KubeNodeNotReady critical 2회 2시간 10분 1
<script>alert(1)</script>  1회 0초 0
a:b: 실패: many-to-many <b> (/etc/r.yml · usage)
slo: 평가에 41초 소요, 주기 30초 (/etc/r.yml)
old: 11월 21일 (토) 09:00 이후 평가되지 않음, 주기 1분 (/etc/r.yml)
slo: 평가 12회 건너뜀 (/etc/r.yml)
21 more
15일 동안 한 번도 발생하지 않은 알림 2개: EtcdNoLeader KubeAPIDown
한 알림의 모든 대상을 합쳐서 세며 정밀도는 2분입니다. 정보용 알림과 항상 발생하는 알림은 제외합니다. 규칙의 상태는 실행 시점의 상태입니다.`},
		{"an Alertmanager", reporttest.FiringNow(), words.English, `
What fired: 4 alerts fire now (1 silenced or inhibited)
DiskFull page Sat 21 Nov 09:00 3
Other warning  1
An Alertmanager only knows what fires now. What fired before, how often and for how long is unknown.`},
		{"nothing", &fired.Fired{
			Step: time.Minute, Rules: &fired.Rules{Groups: 1, Alerting: 2},
		}, words.English, `
What fired: no alert fired
All objects of an alert count together, to a precision of 1 min. Left out are alerts for information and those that always fire. The health of the rules is that at the time of the run.`},
		{"no list of rules", &fired.Fired{Step: time.Minute}, words.English, `
What fired: no alert fired
All objects of an alert count together, to a precision of 1 min. Left out are alerts for information and those that always fire. This server does not list its rules, so their health is unknown.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := report.Build(report.Info{
				Slot: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Language: tt.language,
				Fired: tt.of,
			}, nil)
			if got := "\n" + textOf(r); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
	r := report.Build(report.Info{Fired: many}, nil).Fired
	if len(r.Alerts) != 20 || r.AlertsLeft != 50 || len(r.Never) != 60 || r.NeverLeft != 10 {
		t.Errorf("got %d alerts, %d left, %d never, %d left, want 20, 50, 60 and 10", len(r.Alerts),
			r.AlertsLeft, len(r.Never), r.NeverLeft)
	}
	if lines := report.Build(report.Info{}, nil).FiredLines(); lines != nil {
		t.Errorf("got %q for a report where nobody looked, want nothing", lines)
	}
}

// textOf returns everything that a report says about what fired.
func textOf(r *report.Report) string {
	lines, f := r.FiredLines(), r.Fired
	for _, a := range f.Alerts {
		line := a.Shown + " " + a.Level + " " + a.Often + " " + a.For + " " + a.Firing
		if f.Of.Manager {
			line = a.Shown + " " + a.Level + " " + a.Began + " " + a.Firing
		}
		lines = append(lines, line)
	}
	for _, x := range f.Faults {
		lines = append(lines, x.Name+": "+x.What+" ("+x.Where+")")
	}
	if f.FaultsLeft > 0 {
		lines = append(lines, words.Thousands(f.FaultsLeft)+" more")
	}
	if f.NeverHead != "" {
		lines = append(lines, f.NeverHead+": "+strings.Join(f.Never, " "))
	}
	return strings.Join(append(lines, f.Basis), "\n")
}
