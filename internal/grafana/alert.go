package grafana

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
)

// AlertRules returns the alert of a legacy graph as rules of its queries, and what differs. Grafana
// has no severity here, so the limits become those of a warning. A graph without an alert has no
// rules.
func (p *Panel) AlertRules() (all []rules.Rule, differs []string) {
	if p.Alert == nil {
		return nil, nil
	}
	for i, c := range p.Alert.Conditions {
		if i > 0 && c.Operator != "or" {
			return nil, []string{
				"its alert is left out, because all of several conditions must hold",
			}
		}
	}
	hold, ok := ParseInterval(p.Alert.For)
	if !ok {
		hold = 0
	}
	policy := rules.AlertOnNoData
	if s := p.Alert.NoData; s == "ok" || s == "keep_state" {
		policy = rules.ResolveOnNoData
	}
	for _, c := range p.Alert.Conditions {
		limits, why := c.limits()
		if !p.sends(c.RefID) {
			limits, why = nil, fmt.Sprintf("query %s is not sent", short(c.RefID, 20))
		}
		if why != "" {
			differs = append(differs, "a condition of its alert is left out: "+why)
		}
		if c.Reducer != "last" && len(limits) > 0 {
			differs = append(differs,
				fmt.Sprintf("its alert judges every sample, and not the %s of %s",
					short(c.Reducer, 20), short(c.From, 20)))
		}
		for _, l := range limits {
			r := rules.Rule{
				Ref: c.RefID, Direction: l.side, Warning: rules.At(l.value), For: hold,
				NoData: policy,
			}
			r.Name = cmp.Or(p.Alert.Name, p.Title, "alert")
			if n := len(all); n > 0 {
				r.Name = fmt.Sprintf("%s (%d)", r.Name, n+1)
			}
			all = append(all, r)
		}
	}
	return all, differs
}

// sends reports whether a query of the panel is sent, judged by the file alone.
func (p *Panel) sends(ref string) bool {
	return slices.ContainsFunc(p.Targets, func(t Target) bool {
		return t.RefID == ref && !t.Hide && t.Expr != ""
	})
}

// limit is one side of a condition.
type limit struct {
	side  rules.Direction
	value float64
}

// limits returns the limits of a condition, or why it has none.
func (c AlertCondition) limits() ([]limit, string) {
	need := map[string]int{"gt": 1, "lt": 1, "outside_range": 2}[c.Type]
	switch {
	case need == 0:
		return nil, fmt.Sprintf("%s is not known", short(c.Type, 20))
	case len(c.Params) < need:
		return nil, "it has no limit"
	case c.Type == "gt":
		return []limit{{rules.Above, c.Params[0]}}, ""
	case c.Type == "lt":
		return []limit{{rules.Below, c.Params[0]}}, ""
	}
	low, high := min(c.Params[0], c.Params[1]), max(c.Params[0], c.Params[1])
	return []limit{{rules.Below, low}, {rules.Above, high}}, ""
}
