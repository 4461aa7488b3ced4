package report_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

func TestFindingOfAnAlert(t *testing.T) {
	panels := []snapshot.Panel{
		{Spec: panel.Spec{
			Name: "node-memory", Title: "Memory", Subject: "memory",
			Queries:  []panel.Query{{Unit: units.PercentUnit}},
			Capacity: &panel.Capacity{Unit: units.Bytes},
			Rules: []rules.Rule{
				{
					Name: "NodeMemoryHigh", Warning: rules.At(.8), Critical: rules.At(.9),
					RunbookURL: "https://runbooks.example.com/m",
				},
			},
		}},
		{Spec: panel.Spec{
			Name: "node-pressure", Title: "Pressure", Subject: "memory pressure",
			Rules: []rules.Rule{{Name: "NodePressure", Critical: rules.At(0), Condition: true}},
		}},
	}
	panels = append(panels, snapshot.Failed([]panel.Spec{
		{
			Name: "container-oom", Title: "Kills", Subject: "kills",
			Queries: []panel.Query{{Unit: units.Short}},
			Rules:   []rules.Rule{{Name: "OOMKilled", Critical: rules.At(0)}},
			Events: &panel.Events{
				Within: time.Hour, Said: words.Counted{One: "%s OOM kill", Many: "%s OOM kills"},
			},
		},
		{
			Name: "queue", Title: "Queue", Subject: "jobs waiting",
			Queries: []panel.Query{{Unit: units.Short}}, Rules: []rules.Rule{
				{Name: "Waiting", Critical: rules.At(0)},
			},
		},
	}, errors.New("the server is gone"))...)
	since := reporttest.Slot.Add(-18 * time.Minute)
	on := rules.Episode{
		Since: since, Last: reporttest.Slot, Worst: rules.Critical, Peak: .96,
		PeakAt: since.Add(time.Minute),
	}
	over := on
	over.Last, over.Ended, over.End = reporttest.Slot.Add(-time.Minute), reporttest.Slot,
		rules.Recovered
	gone := over
	gone.End = rules.Vanished
	memory := func(e rules.Episode) rules.Alert {
		return rules.Alert{
			Panel: "node-memory", Rule: "NodeMemoryHigh", Name: "ip-10-0-1-12",
			Labels: map[string]string{"node": "ip-10-0-1-12"}, Severity: rules.Critical,
			Value: .94, Limit: .9, Capacity: 64 << 30, Episodes: []rules.Episode{e},
		}
	}
	silent, small, removed := memory(on), memory(on), memory(on)
	silent.Silent = reporttest.Slot.Add(-time.Minute)
	hardly, flapping := memory(on), memory(on)
	hardly.Streak = rules.Sighting{Seen: 72, Expected: 240}
	flapping.Panel, flapping.Rule, flapping.Value, flapping.Streak = "node-pressure",
		"NodePressure", 0, rules.Sighting{Seen: 18, Expected: 18, Bouts: 3, Beyond: 9}
	flapping.Severity, flapping.Limit = rules.Warning, 0
	flapped := flapping
	flapped.Episodes = []rules.Episode{over}
	small.Capacity, small.Value = rules.Number(math.NaN()), rules.Number(math.NaN())
	removed.Panel = "no-longer-there"
	pressure := rules.Alert{
		Panel: "node-pressure", Rule: "NodePressure", Name: "ip-10-0-1-12",
		Severity: rules.Critical, Value: 1, Episodes: []rules.Episode{on},
	}
	kills := rules.Alert{
		Panel: "container-oom", Rule: "OOMKilled", Name: "shop/cart", Severity: rules.Critical,
		Value: 3, Episodes: []rules.Episode{on},
	}
	kills.Episodes[0].Event = reporttest.Slot.Add(-8 * time.Minute)
	one := rules.Alert{
		Panel: "queue", Rule: "Waiting", Name: "shop", Severity: rules.Critical, Value: 1,
		Episodes: []rules.Episode{on},
	}
	queue := rules.Alert{
		Panel: "queue", Rule: "Waiting", Name: "shop", Severity: rules.Critical, Value: 3,
		Episodes: []rules.Episode{on},
	}
	blind := rules.Alert{
		Rule: rules.BlindName, Name: "promsnap", Severity: rules.Critical, Value: 1,
		Episodes: []rules.Episode{on},
	}
	sees := blind
	sees.Episodes = []rules.Episode{over}
	for _, tc := range []struct {
		name         string
		alert        rules.Alert
		value, short string
		long         string
	}{
		{
			"fires", memory(on), "94 %", "ip-10-0-1-12 memory 94 % (60.2 of 64 GiB) since 23:42",
			"ip-10-0-1-12 memory 94 % (60.2 of 64 GiB), above 90 % since 23:42",
		},
		{
			"silent", silent, "", "ip-10-0-1-12 memory 94 % (60.2 of 64 GiB) since 23:42; no " +
				"data since 23:59", "",
		},
		{
			"hardly seen", hardly, "94 %", "ip-10-0-1-12 memory 94 % (60.2 of 64 GiB) since " +
				"23:42, seen in 3 of 10 scrapes",
			"ip-10-0-1-12 memory 94 % (60.2 of 64 GiB), above 90 % since 23:42, seen in 3 of 10 " +
				"scrapes",
		},
		{
			"comes and goes", flapping, "", "ip-10-0-1-12 memory pressure off and on since " +
				"23:42, 50 % of 18 min",
			"ip-10-0-1-12 memory pressure off and on since 23:42, 50 % of 18 min",
		},
		{
			"came and went", flapped, "",
			"ip-10-0-1-12 memory pressure was off and on from 23:42 to 23:59", "",
		},
		{
			"over", memory(over), "94 %", "ip-10-0-1-12 memory was above 90 % from 23:42 to " +
				"23:59, peak 96 %", "",
		},
		{
			"gone", memory(gone), "94 %", "ip-10-0-1-12 memory was above 90 % from 23:42 to " +
				"23:59, peak 96 %; it no longer exists", "",
		},
		{"without figures", small, "", "ip-10-0-1-12 memory since 23:42", ""},
		{"panel removed", removed, "", "ip-10-0-1-12 NodeMemoryHigh since 23:42", ""},
		{
			"blind", blind, "", "No data from prod-seoul since 23:42",
			"No data from prod-seoul since 23:42",
		},
		{"sees again", sees, "", "Data from prod-seoul is back (gap: 23:42–23:59)", ""},
		{"kills, and the panel failed", kills, "3", "shop/cart 3 OOM kills, last 23:52", ""},
		{"a count, and the panel failed", queue, "3", "shop jobs waiting 3 since 23:42", ""},
		{"one, which no rule calls a condition", one, "1", "shop jobs waiting 1 since 23:42", ""},
		{"condition", pressure, "", "ip-10-0-1-12 memory pressure since 23:42", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := report.Build(report.Info{
				Cluster: "prod-seoul", Name: "check", Slot: reporttest.Slot,
			}, panels)
			f := r.FindingOf(tc.alert, tc.alert.Now())
			if f.Sentence != tc.short || f.Value != tc.value ||
				tc.long != "" && r.InFull(&f) != tc.long {
				t.Errorf("got %q, %q, %q, want %q, %q, %q", f.Value, f.Sentence, r.InFull(&f),
					tc.value, tc.short, tc.long)
			}
			korean := report.Build(report.Info{
				Cluster: "prod-seoul", Name: "check", Slot: reporttest.Slot, Language: words.Korean,
			}, panels)
			if k := korean.FindingOf(tc.alert, tc.alert.Now()); k.Sentence == f.Sentence {
				t.Errorf("in Korean: got %q as in English, want a translation", k.Sentence)
			}
		})
	}
}

// An alert that has ended is still about a node if the report has no list of nodes.
func TestTheNounOfAnAlert(t *testing.T) {
	r := report.Build(reporttest.Info(t, nil), nil)
	for label, want := range map[string]words.Noun{
		"node": words.ANode, "persistentvolumeclaim": words.AVolume, "zone": words.ASeries,
	} {
		a := rules.Alert{
			Panel: "p", Rule: "R", Name: "n1", Labels: map[string]string{label: "n1"},
			Episodes: []rules.Episode{{Since: reporttest.Slot, Ended: reporttest.Slot}},
		}
		if got := r.FindingOf(a, a.Now()).Noun; got != want {
			t.Errorf("an alert with the label %s: got %v, want %v", label, got, want)
		}
	}
}
