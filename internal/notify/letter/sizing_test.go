package letter

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/sizing"
	"github.com/promsnap/promsnap/internal/words"
)

// A summary has one line about requests, unless there is no advice or the receiver gets a part.
func TestSummaryOfSizing(t *testing.T) {
	for _, tc := range []struct {
		name     string
		advice   *sizing.Advice
		language words.Language
		part     bool
		want     string
	}{
		{"advice", reporttest.Advice(), words.English, false, "Requests against use: CPU: 12 " +
			"workloads request 355 cores more than needed · memory: 1 workload " +
			"requests 768 MiB too little"},
		{"Korean", reporttest.Advice(), words.Korean, false, "요청량과 사용량: CPU: 워크로드 12개: " +
			"필요보다 355코어 많이 요청 · 메모리: "},
		{"part", reporttest.Advice(), words.English, true, ""},
		{"no advice", &sizing.Advice{}, words.English, false, ""},
		{"not measured", nil, words.English, false, ""},
	} {
		r := report.Build(report.Info{Slot: slot, Sizing: tc.advice, Language: tc.language}, nil)
		if tc.part {
			r.Only = `namespace="shop"`
		}
		got := said(Compose(notify.Delivery{
			Report: r, Message: &notify.Message{Kind: notify.KindSummary},
		}, limits))
		if tc.want == "" && strings.Contains(got, "Requests") {
			t.Errorf("%s: got\n%s\nwant no line about requests", tc.name, got)
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: got\n%s\nwant %q", tc.name, got, tc.want)
		}
	}
}
