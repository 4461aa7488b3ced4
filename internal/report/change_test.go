package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// changed builds the report of one finding with changes before it. The alert is known since a time,
// unless that is zero.
func changed(l words.Language, b changelog.Before, since time.Time) *report.Report {
	id, labels := rules.RuleID{Panel: "kills", Rule: "OOM"}, series.FromPairs("pod", "p")
	slot := time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC)
	f := rules.Finding{
		Rule: id.Rule, Labels: labels, Status: rules.Breach, Severity: rules.Critical, Value: 1,
		Streak: &rules.Streak{From: b.Begin, To: slot, Open: b.Open},
	}
	in := report.Info{
		Slot: slot, Range: time.Hour, Language: l,
		Changes: map[changelog.Key]changelog.Before{{RuleID: id, Series: labels.Hash()}: b},
	}
	if !since.IsZero() {
		k := rules.KeyOf(id, labels)
		in.Known = &report.Known{
			Memory: rules.Memory{Slot: slot, Alerts: map[rules.Key]rules.Alert{
				k: {Panel: id.Panel, Rule: id.Rule, Episodes: []rules.Episode{{Since: since}}},
			}},
			Now: rules.Evaluation{Rules: []rules.RuleResult{{
				ID: id, Findings: []rules.Judged{{Finding: f, Identity: labels}},
			}}},
		}
	}
	return report.Build(in, []snapshot.Panel{{
		Spec: panel.Spec{
			Name: id.Panel, Queries: []panel.Query{{}},
			Rules: []rules.Rule{{Name: id.Rule, Critical: rules.At(0)}},
		},
		Data: snapshot.DataComplete, Findings: []snapshot.Finding{{Finding: f, Name: "p"}},
	}})
}

func TestChangesInWords(t *testing.T) {
	begin := time.Date(2026, 11, 29, 2, 14, 0, 0, time.UTC)
	at := func(minutes int, c changelog.Change) changelog.Change {
		c.At = begin.Add(-time.Duration(minutes) * time.Minute)
		return c
	}
	web := changelog.Change{Object: "shop/web"}
	of := func(kind changelog.Kind, more ...string) changelog.Change {
		c := web
		c.Kind = kind
		for i, to := range []*string{&c.From, &c.To, &c.Resource, &c.Container} {
			if i < len(more) {
				*to = more[i]
			}
		}
		return c
	}
	all := []changelog.Change{
		at(-1, of(changelog.Image, "1.41", "1.42")),
		at(14, of(changelog.Image, "7", "8", "", "mesh")),
		at(75, of(changelog.Limit, "2 GiB", "512 MiB", "memory")),
		at(75, of(changelog.Request, "0.5 cores", "1 core", "cpu")),
		at(75, of(changelog.Replicas, "3", "5")),
		at(75, of(changelog.Spec)), at(75, of(changelog.Created)), at(75, of(changelog.Joined)),
		at(75, of(changelog.Cordoned)), at(75, of(changelog.Uncordoned)), at(75, of(changelog.Rebooted)),
		at(75, of(changelog.Restarted)),
		at(75, changelog.Change{Kind: changelog.Happened, Object: "n1", Reason: "SystemOOM", Count: 2}),
	}
	for l, want := range map[words.Language][]string{
		words.English: {
			"at the same time: image of shop/web 1.41 → 1.42",
			"14 min before: image of shop/web (mesh) 7 → 8",
			"1 h 15 min before: memory limit of shop/web 2 GiB → 512 MiB",
			"1 h 15 min before: CPU request of shop/web 0.5 cores → 1 core",
			"1 h 15 min before: replicas of shop/web 3 → 5",
			"1 h 15 min before: spec of shop/web changed",
			"1 h 15 min before: shop/web created",
			"1 h 15 min before: shop/web joined the cluster",
			"1 h 15 min before: shop/web cordoned",
			"1 h 15 min before: shop/web uncordoned",
			"1 h 15 min before: shop/web rebooted",
			"1 h 15 min before: shop/web restarted",
			"1 h 15 min before: SystemOOM 2× of n1",
		},
		words.Korean: {
			"시작과 동시에: shop/web 이미지 1.41 → 1.42",
			"시작 14분 전: shop/web (mesh) 이미지 7 → 8",
			"시작 1시간 15분 전: shop/web 메모리 제한 2 GiB → 512 MiB",
			"시작 1시간 15분 전: shop/web CPU 요청량 0.5코어 → 1코어",
			"시작 1시간 15분 전: shop/web 레플리카 3 → 5",
			"시작 1시간 15분 전: shop/web 설정(spec) 변경",
			"시작 1시간 15분 전: shop/web 생성",
			"시작 1시간 15분 전: shop/web 노드 추가",
			"시작 1시간 15분 전: shop/web 스케줄링 차단(cordon)",
			"시작 1시간 15분 전: shop/web 스케줄링 차단 해제(uncordon)",
			"시작 1시간 15분 전: shop/web 재부팅",
			"시작 1시간 15분 전: shop/web 재시작",
			"시작 1시간 15분 전: n1 SystemOOM 2회",
		},
	} {
		r := changed(l, changelog.Before{Begin: begin, Changes: all}, time.Time{})
		if diff := cmp.Diff(want, r.Findings[0].Changes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", l, diff)
		}
	}
}

// A change is "before" only if the beginning is known. What came after it is left out.
func TestChangesBeforeAnUnknownBeginning(t *testing.T) {
	window := time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC)
	ago := func(minutes int) time.Time { return window.Add(-time.Duration(minutes) * time.Minute) }
	b := changelog.Before{Begin: window, Open: true, Changes: []changelog.Change{
		{Kind: changelog.Rebooted, Object: "n1", At: ago(20)},
		{Kind: changelog.Cordoned, Object: "n1", At: ago(50)},
	}}
	for _, tc := range []struct {
		name  string
		since time.Time
		want  []string
	}{
		{"no state", time.Time{}, []string{"at 01:40: n1 rebooted", "at 01:10: n1 cordoned"}},
		{"the state saw it begin", ago(40), []string{"10 min before: n1 cordoned"}},
		{"before all changes", ago(400), nil},
	} {
		r := changed(words.English, b, tc.since)
		if diff := cmp.Diff(tc.want, r.Findings[0].Changes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}
