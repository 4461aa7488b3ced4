package alerts

import (
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// setCauses sets the cause of every finding: what explains it, else its own rule.
func setCauses(panels []snapshot.Panel) {
	for i := range panels {
		p := &panels[i]
		for j := range p.Findings {
			f := &p.Findings[j]
			f.Cause = rules.CauseOf(rules.RuleID{Panel: p.Spec.Name, Rule: f.Rule})
		}
	}
}
