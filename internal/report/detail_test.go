package report_test

import (
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// TestDetailIsAListOrAFact checks that a detail query gives a list of the largest users, or one
// fact if its legend has no label.
func TestDetailIsAListOrAFact(t *testing.T) {
	for legend, want := range map[string]string{
		"{{pod}}": "spark/exec-7/executor 3 OOM kills, last 08:12; top: limit 28 GiB",
		"limit":   "spark/exec-7/executor 3 OOM kills (limit 28 GiB), last 08:12",
	} {
		a, nodes := reporttest.Fleet(42)
		panels := reporttest.Take(a, reporttest.Specs())
		for i := range panels {
			if p := &panels[i]; p.Spec.Subject == "OOM kills" {
				p.Spec.Detail = &panel.Detail{Legend: legend, Unit: units.Bytes}
				for j := range p.Findings {
					p.Findings[j].Details = []snapshot.Part{{Name: "limit", Value: 28 << 30}}
				}
			}
		}
		r := report.Build(reporttest.Info(t, nodes), panels)
		found, said := false, ""
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Subject == "OOM kills" {
				got := r.InFull(f)
				found = found || got == want
				said += " " + got
			}
		}
		if !found {
			t.Errorf("legend %q: got %s, want %q among them", legend, said, want)
		}
	}
}
