package alerts

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// A rule only sees the series of its own query. Series of the other queries do not end its alerts.
func TestRuleSeesItsOwnQuery(t *testing.T) {
	n1, n2 := series.FromPairs("node", "n1"), series.FromPairs("node", "n2")
	p := snapshot.Panel{
		Spec: panel.Spec{
			Name: "memory", Queries: []panel.Query{{Ref: "used"}, {Ref: "limit"}, {Ref: "none"}},
			Rules: []rules.Rule{
				{Name: "High", Warning: rules.At(1)},
				{Name: "NoRoom", Ref: "limit", Warning: rules.At(1)},
				{Name: "Blind", Ref: "none", Warning: rules.At(1)},
			},
		},
		Data: snapshot.DataComplete, Absent: []snapshot.Absence{{Ref: "none"}},
		Rows: []snapshot.Row{
			{Ref: "used", Labels: n1}, {Ref: "used", Labels: n2}, {Ref: "limit", Labels: n2},
		},
		Findings: []snapshot.Finding{
			{Ref: "used", Finding: rules.Finding{Rule: "High", Labels: n2, Status: rules.Breach}},
			{
				Ref: "limit", Finding: rules.Finding{
					Rule: "NoRoom", Labels: n2, Status: rules.Breach,
				},
			},
		},
	}
	got := evaluate([]snapshot.Panel{p}, &owners{})
	for i, want := range []struct {
		series []series.Labels
		found  int
		data   rules.Quality
	}{
		{[]series.Labels{n1, n2}, 1, rules.DataComplete},
		{[]series.Labels{n2}, 1, rules.DataComplete},
		{nil, 0, rules.DataFailed},
	} {
		r := got.Rules[i]
		if !cmp.Equal(r.Series, want.series) || len(r.Findings) != want.found ||
			r.Data != want.data {
			t.Errorf("%s: got series %v, %d findings, data %v; want %v, %d, %v", r.ID, r.Series,
				len(r.Findings), r.Data, want.series, want.found, want.data)
		}
		for _, f := range r.Findings {
			if !cmp.Equal(f.Identity, n2) {
				t.Errorf("%s: got a finding of %v, want %v", r.ID, f.Identity, n2)
			}
		}
	}
}
