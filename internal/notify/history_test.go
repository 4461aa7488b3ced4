package notify

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// Of alerts each time counts that one fired, since the summary before or on from then. That nothing
// could be seen is no alert.
func TestHistoryCountsAlerts(t *testing.T) {
	nine := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	at := func(hours, minutes int) time.Time {
		return nine.Add(time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
	}
	over := func(hours int) rules.Episode {
		return rules.Episode{
			Since: at(-hours-1, 0), Last: at(-hours, 0), Ended: at(-hours, 10),
			End: rules.Recovered,
		}
	}
	m := rules.Memory{Alerts: map[rules.Key]rules.Alert{
		"a": {
			Panel: "p", Rule: "r", Episodes: []rules.Episode{over(30), over(10), over(5)},
		},
		"b": {
			Panel: "p", Rule: "r", Episodes: []rules.Episode{over(20), {Since: at(-2, 0)}},
		},
		"c":            {Panel: "p", Rule: "r", Episodes: []rules.Episode{over(40)}},
		rules.BlindKey: {Rule: rules.BlindName, Episodes: []rules.Episode{over(3)}},
	}}
	if got, want := *countAlerts(m, at(-24, 0)), (AlertCount{Fired: 4, Firing: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
