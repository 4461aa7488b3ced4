package chart

import (
	"bytes"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// ofQueries assigns a query to each series of a panel, as a snapshot would.
func ofQueries(p *snapshot.Panel, refs ...string) {
	for i := range p.Rows {
		p.Rows[i].Ref = refs[i]
	}
	for i := range p.Lines {
		p.Lines[i].Ref = refs[i]
	}
	for i := range p.Findings {
		p.Findings[i].Ref = p.Spec.Query(p.Spec.Rule(p.Findings[i].Rule).Ref).Ref
	}
}

// usedOfLimit has two queries: the use of pods, which a rule judges, and their limits, which no
// rule judges although they are above it.
func usedOfLimit() *snapshot.Panel {
	g := gridTo(slotTime, 361, 4*time.Minute)
	names := []string{
		"shop/cart (used)", "shop/checkout (used)", "shop/cart (limit)", "shop/checkout (limit)",
	}
	values := [][]float64{
		wander(71, g.Len, 6.1*gib, 0.5*gib, 0.1*gib), wander(72, g.Len, 3*gib, 0.4*gib, 0.1*gib),
		constantly(8*gib, g.Len), constantly(4*gib, g.Len),
	}
	for i := 300; i < g.Len; i++ {
		values[0][i] = 7.4*gib + float64(i%5)*0.02*gib
	}
	p := panelOf("Memory of pods and their limits", units.Bytes, g, 8, names, values)
	p.Spec.Queries = []panel.Query{
		{Ref: "used", Unit: units.Bytes}, {Ref: "limit", Unit: units.Bytes},
	}
	p.Spec.Rules = []rules.Rule{
		{Name: "PodMemory", Ref: "used", Warning: rules.At(7 * gib), For: 15 * time.Minute},
	}
	breach(p, 0, rules.Warning, 7*gib, g.At(300))
	ofQueries(p, "used", "used", "limit", "limit")
	return p
}

// severalUnits are figures of a fleet in different units. One is beyond its own limit, which would
// not fit any other.
func severalUnits() *snapshot.Panel {
	g := gridTo(slotTime, 361, 4*time.Minute)
	names := []string{"memory", "nodes", "traffic"}
	values := [][]float64{
		wander(81, g.Len, 0.95, 0.01, 0.004), constantly(42, g.Len),
		wander(83, g.Len, 3.2e8, 9e7, 1e7),
	}
	p := panelOf("The fleet", units.PercentUnit, g, 8, names, values)
	p.Spec.Kind = panel.Stat
	p.Spec.Queries = []panel.Query{
		{Ref: "A", Unit: units.PercentUnit}, {Ref: "B", Unit: units.Short}, {
			Ref: "C", Unit: units.BytesPerSecond,
		},
	}
	p.Spec.Rules = []rules.Rule{
		{Name: "FleetMemory", Warning: rules.At(0.8), Critical: rules.At(0.9)},
	}
	breach(p, 0, rules.Critical, 0.9, g.At(330))
	ofQueries(p, "A", "B", "C")
	return p
}

// TestALimitIsOfItsQuery checks that a limit colours only the series of the query that its rule
// judges.
func TestALimitIsOfItsQuery(t *testing.T) {
	for _, kind := range []panel.Kind{panel.Stat, panel.Bars, panel.Heatmap} {
		judged, other := as(kind, usedOfLimit()), as(kind, usedOfLimit())
		for _, p := range []*snapshot.Panel{judged, other} {
			// the limits alone, which are above the rule's
			p.Lines, p.Rows, p.Findings = p.Lines[2:], p.Rows[2:], nil
		}
		other.Spec.Rules[0].Ref = "limit"
		var drawn [2][]byte
		for i, p := range []*snapshot.Panel{judged, other} {
			svg, err := SVG(p, Options{Zone: seoul()})
			if err != nil {
				t.Fatal(err)
			}
			drawn[i] = svg
		}
		if bytes.Equal(drawn[0], drawn[1]) {
			t.Errorf("%s: with and without the judged series the colours are the same, want "+
				"them to differ", kind)
		}
	}
}
