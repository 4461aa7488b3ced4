package letter

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/fired"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
)

// A summary has one line about what the server's own rules say, unless the receiver gets a part.
func TestSummaryOfWhatFired(t *testing.T) {
	for _, tc := range []struct {
		name string
		of   *fired.Fired
		part bool
		want string
	}{
		{"a day", reporttest.Fired(), false, "What fired: 3 alerts fired, 4 h 10 min in all; " +
			"noisiest KubePodCrashLooping 31×; 2 never fired in 15 d; 22 rules fail"},
		{"an Alertmanager", reporttest.FiringNow(), false, "What fired: 4 alerts fire now"},
		{"part", reporttest.Fired(), true, ""},
		{"nobody looked", nil, false, ""},
	} {
		r := report.Build(report.Info{Slot: slot, Fired: tc.of}, nil)
		if tc.part {
			r.Only = `namespace="shop"`
		}
		got := said(Compose(notify.Delivery{
			Report: r, Message: &notify.Message{Kind: notify.KindSummary},
		}, limits))
		if tc.want == "" && strings.Contains(got, "What fired") {
			t.Errorf("%s: got\n%s\nwant no line about what fired", tc.name, got)
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: got\n%s\nwant %q", tc.name, got, tc.want)
		}
	}
}
