package alerts

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Alerts of series that are not about a Kubernetes object end as their rule says, because no source
// can ever report that the object is gone.
func TestAlertsOfUnknownObjectsEndByTheirRule(t *testing.T) {
	begin := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	topic := series.FromPairs("topic", "orders")
	for name, badNews := range map[string]bool{"no_data: resolve": false, "empty_is_ok": true} {
		t.Run(name, func(t *testing.T) {
			spec := panel.Spec{
				Name: "lag", EmptyIsOK: badNews, Rules: []rules.Rule{
					{Name: "Lag", Warning: rules.At(0), NoData: rules.ResolveOnNoData},
				},
			}
			grid := series.Grid{Start: begin.Add(-time.Hour), Step: time.Minute, Len: 61}
			fires := snapshot.Finding{Name: "orders", Finding: rules.Finding{
				Rule: "Lag", Labels: topic, Status: rules.Breach, Severity: rules.Warning, Value: 1,
				Streak: &rules.Streak{
					From: begin.Add(-time.Minute), To: begin, Severity: rules.Warning, Seen: 2,
					Expected: 2,
				},
			}}
			at := func(slot time.Time, findings ...snapshot.Finding) rules.Evaluation {
				g := grid
				g.Start = slot.Add(-time.Hour)
				p := snapshot.Panel{
					Spec: spec, Grid: g, Data: snapshot.DataComplete, Findings: findings,
				}
				for _, f := range findings {
					p.Rows = append(p.Rows, snapshot.Row{Labels: f.Labels})
				}
				return evaluate([]snapshot.Panel{p}, &owners{})
			}
			m := rules.Advance(rules.Memory{}, at(begin, fires), begin)
			later := begin.Add(2 * time.Hour)
			m = rules.Advance(m, at(later), later)
			for k, a := range m.Alerts {
				if a.Fires() {
					t.Errorf("%s still fires two hours after its series ended, want it ended", k)
				}
			}
			if len(m.Alerts) != 1 {
				t.Errorf("got %d alerts, want 1", len(m.Alerts))
			}
		})
	}
}

// A server that answers in full but with old samples does not make promsnap blind.
func TestOldSamplesAreNoBlindness(t *testing.T) {
	begin := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	var m rules.Memory
	for n := range 3 {
		slot := begin.Add(time.Duration(n) * 5 * time.Minute)
		p := snapshot.Panel{
			Spec: panel.Spec{
				Name: "job", Rules: []rules.Rule{{Name: "Late", Warning: rules.At(1)}},
			},
			Grid: series.Grid{Start: slot.Add(-time.Hour), Step: time.Minute, Len: 61},
			Data: snapshot.DataPartial, Old: true,
		}
		m = rules.Advance(m, evaluate([]snapshot.Panel{p}, &owners{}), slot)
	}
	if m.Blind() {
		t.Errorf("got the blind alert %+v, want none", m.Alerts[rules.BlindKey])
	}
}
