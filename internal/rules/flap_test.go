package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

func TestJudgeFlaps(t *testing.T) {
	ready := Rule{Critical: At(0), For: 5 * time.Minute, Flaps: true}
	of := func(times int, text string) string { return strings.Repeat(text+" ", times) }
	tests := []struct {
		name, samples string
		rule          Rule
		want          string
	}{
		{"four of eight minutes, while it holds", "10x0 " + of(5, "4x1 4x0") + "2x1", ready,
			"breach warning 1/0 now[warning 10:10-10:51 peak 1 at 10:10 6 bouts of 22 in 42]"},
		{"four of eight minutes, while it does not", "10x0 " + of(5, "4x1 4x0"), ready,
			"breach warning 0/0 now[warning 10:10-10:45 peak 1 at 10:10 5 bouts of 20 in 40]"},
		{"from the third time on", "10x0 " + of(2, "4x1 4x0") + "1", ready,
			"breach warning 1/0 now[warning 10:10-10:26 peak 1 at 10:10 3 bouts of 9 in 17]"},
		{"not the second", "10x0 " + of(2, "4x1 4x0"), ready, "ok 0/0"},
		{
			"a rule without Flaps does not flap", "10x0 " + of(5, "4x1 4x0"),
			Rule{Critical: At(0), For: 5 * time.Minute}, "ok 0/0",
		},
		{"slower, three times in an hour", "10x0 " + of(3, "3x1 20x0"), ready,
			"breach warning 0/0 now[warning 10:10-10:58 peak 1 at 10:10 3 bouts of 9 in 69]"},
		{"once an hour is no flapping", of(4, "3x1 57x0"), ready, "ok 0/0"},
		{"a sample now and then is no flapping", of(6, "1 19x0"), ready, "ok 0/0"},
		{"longer than for, it fires as usual", "10x0 " + of(3, "4x1 4x0") + "6x1", ready,
			"breach critical 1/0 now[critical 10:34-10:39 peak 1 at 10:34]"},
		{"and flaps again", "10x0 " + of(3, "4x1 4x0") + "6x1 4x0", ready,
			"breach warning 0/0 now[warning 10:10-10:39 peak 1 at 10:10 4 bouts of 18 in 34] " +
				"earlier[critical 10:34-10:39 peak 1 at 10:34]"},
		{"still, 29 minutes later", of(3, "4x1 4x0") + "25x0", ready,
			"breach warning 0/0 now[warning 10:00-10:19 open peak 1 at 10:00 3 bouts of 12 in 49]"},
		{"it stops after half an hour", of(3, "4x1 4x0") + "26x0", ready,
			"ok 0/0 earlier[warning 10:00-10:19 open peak 1 at 10:00 3 bouts of 12 in 20]"},
		{"it stopped, and then it held once", of(3, "4x1 4x0") + "40x0 1", ready,
			"pending critical 1/0 now[critical 11:04-11:04 peak 1 at 11:04] earlier[warning " +
				"10:00-10:19 open peak 1 at 10:00 3 bouts of 12 in 20]"},
		{"a hole does not end a bout", "4x1 4x. 4x1 4x. 4x1", Rule{
			Critical: At(0), For: 30 * time.Minute, Flaps: true,
		},
			"pending critical 1/0 now[critical 10:00-10:19 open peak 1 at 10:00 seen 12 of 20]"},
		{"as last known, and then no data", "10x0 " + of(5, "4x1 4x0") + "10x.", ready,
			"no_data warning 0/0 now[warning 10:10-10:45 peak 1 at 10:10 5 bouts of 20 in 40]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			values := samples(t, tt.samples)
			if got := brief(Judge(tt.rule, series.Series{Values: values},
				grid(len(values)))); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.samples, got, tt.want)
			}
		})
	}
}
