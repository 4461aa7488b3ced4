package notify

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// Every episode of an alert counts if it fired since the previous summary. That nothing could be
// seen is not an alert.
func TestHistoryCountsAlerts(t *testing.T) {
	nine := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	at := func(hours, minutes int) time.Time {
		return nine.Add(time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
	}
	ended := func(hours int) rules.Episode {
		return rules.Episode{
			Since: at(-hours-1, 0), Last: at(-hours, 0), Ended: at(-hours, 10),
			End: rules.Recovered,
		}
	}
	m := rules.Memory{Alerts: map[rules.Key]rules.Alert{
		"a": {
			Panel: "p", Rule: "r", Episodes: []rules.Episode{ended(30), ended(10), ended(5)},
		},
		"b": {
			Panel: "p", Rule: "r", Episodes: []rules.Episode{ended(23), {Since: at(-2, 0)}},
		},
		"c":            {Panel: "p", Rule: "r", Episodes: []rules.Episode{ended(40)}},
		rules.BlindKey: {Rule: rules.BlindName, Episodes: []rules.Episode{ended(3)}},
	}}
	h := History{memory: m, begin: at(-24, 0)}
	if got, want := *h.countAlerts(nil), (AlertCount{Fired: 4, Firing: 1, New: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
