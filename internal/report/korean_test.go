package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

func TestKoreanSummary(t *testing.T) {
	got := reporttest.Korean(t).Summary()
	want := []string{
		"위험 ip-10-0-1-12 메모리 95.7% (61.2 / 64 GiB), 04:38부터",
		"경고 ip-10-0-1-17 메모리 93.8% (15 / 16코어), 24시간 이상 지속",
		"데이터 없음 ip-10-0-1-21 메모리: 04:24부터 데이터 없음",
		"해소 ip-10-0-1-23 메모리: 19:02~20:28 95% 초과, 최고 96%",
		"실패 broken: …",
		"위험 3, 경고 2, 데이터 없음 2, 실패 2; 노드 40/42",
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("got no line %q, want one", line)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(got, "\n"))
	}
}

func TestKoreanHeadlines(t *testing.T) {
	above := rules.Rule{Name: "a", Critical: rules.At(0.9), For: 15 * time.Minute}
	below := rules.Rule{
		Name: "a", Direction: rules.Below, Critical: rules.At(0.9), For: 15 * time.Minute,
	}
	for _, c := range []struct {
		want string
		rule rules.Rule
		v    float64
		open bool
	}{
		{"ip-1 memory 94% (60.2 / 64 GiB), 02:10부터 90% 초과", above, 0.94, false},
		{"ip-1 memory 94% (60.2 / 64 GiB), 6시간 50분 이상 90% 초과 지속", above, 0.94, true},
		{"ip-1 memory 80% (51.2 / 64 GiB), 02:10부터 90% 미만", below, 0.8, false},
		{"ip-1 memory 80% (51.2 / 64 GiB), 6시간 50분 이상 90% 미만 지속", below, 0.8, true},
	} {
		streak := &rules.Streak{
			From: reporttest.Slot.Add(-6*time.Hour - 50*time.Minute), To: reporttest.Slot,
			Open: c.open, Peak: c.v, Limit: 0.9,
		}
		r := reportOf(t, words.Korean, c.rule, rules.Finding{
			Status: rules.Breach, Severity: rules.Critical, Value: c.v, Limit: 0.9, Streak: streak,
		})
		if r.Headline != c.want {
			t.Errorf("got  %s\nwant %s", r.Headline, c.want)
		}
	}
	if r := report.Build(report.Info{Language: words.Korean}, nil); r.Headline != "수행된 점검이 없습니다." {
		t.Errorf("without panels: got %q, want that nothing was checked", r.Headline)
	}
}
