package report

import (
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// Matching returns the report of the findings that match: its counts, groups and headline are of
// them. What failed or is not seen stays, because it may hide any finding. So do OK and the figures
// of the whole fleet, which are about no finding.
func (r *Report) Matching(ms rules.Matchers) *Report {
	part, identities := *r, r.identities()
	part.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool {
		object := identities[findingID{f.Panel, f.Rule, f.labels.Hash()}]
		return !ms.MatchFinding(rules.RuleID{Panel: f.Panel, Rule: f.Rule}, f.Severity, f.labels,
			object)
	})
	part.Critical, part.Warning, part.Pending = 0, 0, 0
	for i := range r.Findings {
		if r.Findings[i].Status == rules.NoData {
			part.NoData--
		}
	}
	for i := range part.Findings {
		part.count(&part.Findings[i])
	}
	part.Only = ms.String()
	part.addGroups()
	part.Headline = part.words.headline(&part)
	return &part
}

// identities returns the labels of the objects that the findings of alerting rules are about.
func (r *Report) identities() map[findingID]series.Labels {
	if r.Info.Known == nil {
		return nil
	}
	out := map[findingID]series.Labels{}
	for _, of := range r.Info.Known.Now.Rules {
		for _, f := range of.Findings {
			out[findingID{of.ID.Panel, of.ID.Rule, f.Labels.Hash()}] = f.Identity
		}
	}
	return out
}
