package report_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// A window of an hour does not show when an older streak began, but the state of the alerts does.
func TestSinceOfTheState(t *testing.T) {
	slot := time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC)
	from, to := slot.Add(-time.Hour), slot
	id := rules.RuleID{Panel: "memory", Rule: "MemoryHigh"}
	labels := series.FromPairs("node", "n1")
	for _, tc := range []struct {
		name     string
		severity rules.Severity
		status   rules.Status
		known    *rules.Episode // in the state; nil: there is none
		want     string
		headline string
	}{
		{
			"no state", rules.Warning, rules.Breach, nil,
			"n1 memory 94 % for at least 1 h", "above 90 % for at least 1 h",
		},
		{
			"the state saw it begin", rules.Warning, rules.Breach,
			&rules.Episode{Since: slot.Add(-5 * time.Hour), Last: from},
			"n1 memory 94 % since 22:00", "above 90 % since 22:00",
		},
		{
			"the state's first slot did not either", rules.Warning, rules.Breach,
			&rules.Episode{Since: slot.Add(-5 * time.Hour), Open: true, Last: from},
			"n1 memory 94 % for at least 5 h", "above 90 % for at least 5 h",
		},
		{
			"it may have begun as a warning", rules.Critical, rules.Breach,
			&rules.Episode{Since: slot.Add(-5 * time.Hour), Last: from},
			"n1 memory 94 % since 22:00", "n1 memory 94 % since 22:00",
		},
		{
			"without data since", rules.Warning, rules.NoData,
			&rules.Episode{Since: slot.Add(-5 * time.Hour), Last: from},
			"n1 memory 94 % since 22:00; no data since 03:00", "no data since 03:00",
		},
	} {
		f := rules.Finding{
			Rule: "MemoryHigh", Labels: labels, Status: tc.status, Severity: tc.severity,
			Value: 0.94, Limit: 0.9, Newest: to,
			Streak: &rules.Streak{
				From: from, To: to, Open: true, Peak: 0.95, PeakAt: to, Limit: 0.9,
				Severity: tc.severity, Seen: 61, Expected: 61,
			},
		}
		panels := []snapshot.Panel{{
			Spec: panel.Spec{
				Name: "memory", Title: "Memory", Subject: "memory",
				Queries: []panel.Query{{Unit: units.PercentUnit}},
				Rules: []rules.Rule{{
					Name: "MemoryHigh", Warning: rules.At(0.8), Critical: rules.At(0.9),
				}},
			},
			Grid: series.Grid{Start: from, Step: time.Minute, Len: 61}, Total: 1,
			Data:     snapshot.DataComplete,
			Findings: []snapshot.Finding{{Finding: f, Name: "n1", Capacity: math.NaN()}},
		}}
		in := report.Info{Slot: slot, Range: time.Hour}
		if tc.known != nil {
			k := rules.KeyOf(id, labels)
			in.Known = &report.Known{
				Memory: rules.Memory{Slot: slot, Alerts: map[rules.Key]rules.Alert{
					k: {Panel: id.Panel, Rule: id.Rule, Episodes: []rules.Episode{*tc.known}},
				}},
				Now: rules.Evaluation{Rules: []rules.RuleResult{{
					ID: id, Findings: []rules.Judged{{Finding: f, Identity: labels}},
				}}},
			}
		}
		r := report.Build(in, panels)
		if got := r.Findings[0].Sentence; got != tc.want {
			t.Errorf("%s: got the sentence %q, want %q", tc.name, got, tc.want)
		}
		if !strings.Contains(r.Headline, tc.headline) {
			t.Errorf("%s: got the headline %q, want in it %q", tc.name, r.Headline, tc.headline)
		}
	}
}
