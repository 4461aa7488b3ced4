package letter

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// TestEventsHaveTimes checks that messages on kills say how many and when, and not how long the
// count of the last hour was above 0.
func TestEventsHaveTimes(t *testing.T) {
	counted := map[words.Language]words.Counted{
		words.English: {One: "%s OOM kill", Many: "%s OOM kills"},
		words.Korean:  {One: "OOM 종료 %s회", Many: "OOM 종료 %s회"},
	}
	at := slot.Add(-8 * time.Minute) // 03:02
	for _, c := range []struct {
		name     string
		n        rules.Number
		episode  rules.Episode
		resolved bool
		want     map[words.Language][]string
	}{
		{"one", 1, rules.Episode{
			Since: at, Last: slot, Event: at,
		}, false, map[words.Language][]string{
			words.English: {"p 1 OOM kill", "\nat 03:02\n"},
			words.Korean:  {"p OOM 종료 1회", "03:02"},
		}},
		{"two", 2, rules.Episode{
			Since: at, Last: slot, Event: at,
		}, false, map[words.Language][]string{
			words.English: {"p 2 OOM kills", "last 03:02"}, words.Korean: {
				"p OOM 종료 2회", "마지막 03:02",
			},
		}},
		{"before the window", 1, rules.Episode{
			Since: at, Last: slot, Open: true,
		}, false, map[words.Language][]string{
			words.English: {"before 03:02"}, words.Korean: {"03:02 이전"},
		}},
		{"time and again", 1, rules.Episode{
			Since: slot.Add(-9 * time.Hour), Last: slot, Event: at, Peak: 2,
		}, false, map[words.Language][]string{
			words.English: {"p up to 2 OOM kills in 1 h", "last 03:02"}, words.Korean: {
				"1시간당 최대 OOM 종료 2회", "마지막 03:02",
			},
		}},
		{"resolved", 0, rules.Episode{
			Since: at.Add(-time.Hour), Last: at.Add(-time.Minute), Event: at.Add(-time.Hour),
			Peak: 2, Ended: slot,
		}, true, map[words.Language][]string{
			words.English: {"resolved", "2 OOM kills, last 02:02"},
			words.Korean:  {"OOM 종료 2회, 마지막 02:02"},
		}},
	} {
		for l, want := range c.want {
			t.Run(c.name+" "+string(l), func(t *testing.T) {
				p := snapshot.Panel{Data: snapshot.DataComplete, Spec: panel.Spec{
					Name: "oom", Title: "Kills", Subject: "kills",
					Queries: []panel.Query{{Unit: units.Short}},
					Rules:   []rules.Rule{{Name: "Killed", Critical: rules.At(0)}},
					Events:  &panel.Events{Within: time.Hour, Said: counted[l]},
				}}
				c.episode.Worst = rules.Critical
				a := rules.Alert{
					Panel: "oom", Rule: "Killed", Name: "p", Severity: rules.Critical, Value: c.n,
					Episodes: []rules.Episode{c.episode},
				}
				m := &notify.Message{
					Kind: notify.KindNew, Items: []notify.Item{
						{Key: "k", Alert: a, Episode: c.episode},
					},
				}
				if c.resolved {
					m.Kind = notify.KindResolved
				}
				w := newWriter(notify.Delivery{
					Report: report.Build(report.Info{Slot: slot, Zone: seoul(t), Language: l},
						[]snapshot.Panel{p}), Message: m,
				}, limits)
				told := w.firing()
				if c.resolved {
					told = w.ended()
				}
				got := said(told)
				for _, s := range want {
					if !strings.Contains(got, s) {
						t.Errorf("got\n%s\nwant %q in it", got, s)
					}
				}
				for _, s := range []string{"min)", "≥", "at least", "since"} {
					if strings.Contains(got, s) {
						t.Errorf("got\n%s\nwant no %q in it", got, s)
					}
				}
			})
		}
	}
}
