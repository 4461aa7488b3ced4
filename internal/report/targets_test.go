package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/targets"
	"github.com/promsnap/promsnap/internal/words"
)

func TestTargetsOf(t *testing.T) {
	slot := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		language words.Language
		most     int
		want     []string
	}{
		{words.English, 20, []string{
			"38 of 68 targets up, 30 down, 5 vanished within 24 h",
			"shop/api 0/27 27 down", "node-exporter 37/40 3 down, 1 vanished",
			"import 0/0 4 vanished", "prometheus 1/1 ",
			"node-exporter 10.0.1.12:9100 on ip-10-0-1-12 | connection refused | is the exporter " +
				"running on this node? | last scrape 08:58",
			"node-exporter 10.0.2.30:9100 on ip-10-0-2-30 | context deadline exceeded | the " +
				"scrape takes longer than scrape_timeout 10s, or a firewall drops it | last " +
				"scrape 08:58",
			"node-exporter 10.0.2.31:9100 on ip-10-0-2-31 | the exporter has a bad day |  | last " +
				"scrape 08:58",
			"shop/api 10.64.3.10:8080, 26 more  | HTTP 401 Unauthorized | the job needs " +
				"credentials (authorization or basic_auth) | last scrape 08:58",
			"node-exporter 10.0.3.41:9100 on ip-10-0-3-41 06:00", "import shop/import × 4  13:00",
			"2 targets of virtual nodes are left out, because nobody can scrape them",
			"7 other targets were replaced, or their nodes left the cluster",
			"left out 0 0 0",
		}},
		{words.Korean, 1, []string{
			"대상 68개 중 38개 정상, 30개 응답 없음, 5개 사라짐(최근 24시간)",
			"shop/api 0/27 27개 응답 없음",
			"node-exporter 10.0.1.12:9100 노드 ip-10-0-1-12 | 연결 거부됨(connection refused) | 이 " +
				"노드에서 익스포터가 실행 중인지 확인하세요 | 마지막 수집 08:58",
			"node-exporter 10.0.3.41:9100 노드 ip-10-0-3-41 06:00",
			"가상 노드의 대상 2개는 수집할 수 없어 제외함",
			"그 밖의 대상 7개는 교체되었거나 노드가 클러스터에서 제거됨", "left out 3 3 1",
		}},
	} {
		in := report.Info{Language: tt.language, Zone: time.UTC, Slot: slot}
		got := said(report.TargetsOf(reporttest.Scraped(slot), in, tt.most))
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s, at most %d (-want +got):\n%s", tt.language, tt.most, d)
		}
	}
}

// said returns everything that a list says.
func said(s *report.Targets) []string {
	out := []string{s.Sum}
	for _, j := range s.Jobs {
		out = append(out, j.Shown+" "+j.Share+" "+j.Counts)
	}
	for _, d := range s.Down {
		out = append(out, d.ShownJob+" "+d.Shown+" "+
			strings.Join([]string{d.On, d.Trouble, d.Advice, d.Last}, " | "))
	}
	for _, v := range s.Vanished {
		out = append(out, v.ShownJob+" "+v.Shown+" "+v.On+" "+v.Seen)
	}
	out = append(out, s.Notes...)
	return append(out, "left out "+strings.Join([]string{
		words.Thousands(s.JobsLeft), words.Thousands(s.DownLeft), words.Thousands(s.VanishedLeft),
	}, " "))
}

// Every trouble has words in every language, and advice unless nothing is known.
func TestEveryTroubleHasWords(t *testing.T) {
	for _, l := range words.Languages() {
		for _, code := range targets.Codes() {
			x := targets.Target{
				Health: promapi.HealthDown, Error: "odd",
				Trouble: targets.Trouble{Code: code, Arg: "503"},
			}
			trouble, advice := report.TroubleOf(&x, l)
			known := code != targets.Other && code != targets.Unknown
			if trouble == "" || strings.Contains(trouble+advice, "%") || (advice != "") != known {
				t.Errorf("%s: got %q, %q; want words, and advice: %v", code, trouble, advice, known)
			}
		}
	}
	if trouble, advice := report.TroubleOf(&targets.Target{Health: promapi.HealthUp},
		words.English); trouble+advice != "" {
		t.Errorf("up: got %q, %q; want nothing", trouble, advice)
	}
}
