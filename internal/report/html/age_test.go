package html

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
)

// TestAges checks that days are counted in the report's zone: nine in the morning in Seoul is
// midnight in UTC.
func TestAges(t *testing.T) {
	in, panels := reporttest.Aged(t)
	page := func(in report.Info) string {
		var got []string
		for _, row := range all(classed(pageOf(t, report.Build(in, panels)), "found")[0], "tr") {
			if cells := all(row, "td"); len(cells) > 0 {
				words := []string{text(cells[0]), text(cells[1]), text(cells[2])}
				got = append(got, strings.Join(strings.Fields(strings.Join(words, " "))[:3], " "))
			}
		}
		return strings.Join(got, "\n")
	}
	want := strings.Join([]string{
		"critical NEW ip-10-0-1-12", "critical DAY 2", "critical since 01:00", "warning DAY 3",
		"warning ip-10-0-1-19 /dev/nvme0n1p1",
		"no data ip-10-0-1-21", "ended ip-10-0-1-23 CPU", "ended ip-10-0-1-15 memory",
	}, "\n")
	if got := page(in); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	in.Zone = time.UTC
	if got := page(in); !strings.Contains(got, "critical DAY 3\ncritical DAY 2\nwarning DAY "+
		"4\nwarning DAY 2") {
		t.Errorf("in UTC: got\n%s\nwant in it critical DAY 3 and 2, then warning DAY 4 and 2", got)
	}
}

// Without state of this slot, no report shows the age of its alerts.
func TestNoAges(t *testing.T) {
	in, panels := reporttest.Aged(t)
	later := *in.Known
	later.Memory = rules.Advance(later.Memory, rules.Evaluation{},
		reporttest.Slot.Add(5*time.Minute))
	for name, k := range map[string]*report.Known{"no state": nil, "a newer slot": &later} {
		in.Known = k
		r := report.Build(in, panels)
		if slices.ContainsFunc(r.Findings, func(f report.Finding) bool {
			return f.Age != report.Age{}
		}) {
			t.Errorf("%s: got an age of an alert, want none", name)
		}
		page := string(files(t, r)["index.html"])
		if strings.Contains(page, `class="age`) || strings.Contains(page, "rows aged") {
			t.Errorf("%s: got a column for the age, want none", name)
		}
	}
}

// A slot that runs again, with the state that its first run left, gives the same bytes.
func TestAgesOfASlotThatIsRunAgain(t *testing.T) {
	in, panels := reporttest.Aged(t)
	once := files(t, report.Build(in, panels))
	again := *in.Known
	again.Memory = rules.Advance(again.Memory, again.Now, reporttest.Slot)
	in.Known = &again
	for name, body := range files(t, report.Build(in, panels)) {
		if string(body) != string(once[name]) {
			t.Errorf("%s: got other bytes in the second run, want the same", name)
		}
	}
}
