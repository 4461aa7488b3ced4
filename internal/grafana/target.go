package grafana

import (
	"slices"
	"strings"
)

// readTargets reads the queries of a panel in any format except v2.
func (p *Panel) readTargets(o object) {
	for _, t := range o.objects("targets", maxTargets) {
		p.addTarget(t, t.datasource("datasource"), t.yes("hide"))
	}
	p.nameTargets()
}

// addTarget adds one query. A target that shows another panel's answers goes into reuses instead.
func (p *Panel) addTarget(t object, ds Datasource, hide bool) {
	if !ds.given() || p.Datasource.Name == ofDashboard {
		ds = p.Datasource
	}
	if ds.Name == mixed { // and the target does not name its own
		ds = Datasource{}
	}
	if ds.Name == ofDashboard && t.has("panelId") {
		p.reuses = append(p.reuses,
			reused{panel: t.id("panelId"), transforms: t.yes("withTransforms")})
		return
	}
	target := Target{
		RefID:      short(t.text("refId"), 40),
		Expr:       strings.TrimSpace(t.text("expr")),
		Legend:     t.text("legendFormat"),
		Instant:    t.yes("instant"),
		Range:      t.yes("range"),
		Format:     t.text("format"),
		Interval:   t.text("interval"),
		Factor:     max(t.integer("intervalFactor"), 1),
		Hide:       hide,
		Datasource: ds,
	}
	p.Targets = append(p.Targets, target)
}

// nameTargets gives every target a RefID that no other has, as Grafana does.
func (p *Panel) nameTargets() {
	used := map[string]bool{}
	for i := range p.Targets {
		t := &p.Targets[i]
		if t.RefID == "" || used[t.RefID] {
			t.RefID = p.freeRef(used)
		}
		used[t.RefID] = true
	}
}

// freeRef returns the first of A to Z, AA, AB and so on that no target has.
func (p *Panel) freeRef(used map[string]bool) string {
	for n := 0; ; n++ {
		ref := string(rune('A' + n%26))
		if n >= 26 {
			ref = string(rune('A'+(n/26-1)%26)) + ref
		}
		taken := slices.ContainsFunc(p.Targets, func(t Target) bool { return t.RefID == ref })
		if !used[ref] && !taken {
			return ref
		}
	}
}
