// Package alerts turns the panels of a snapshot into what rules.Advance reads: it says what each
// alert is known by from one slot to the next, and whether what an alert is about is still there.
package alerts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Window is the time that the panels were asked for, and how much one answer may hold.
type Window struct {
	End   time.Time // the newest time that was asked for
	Range time.Duration
	// of one answer; answers about pods and claims have room for a large cluster at least
	MaxSeries int
}

// Evaluate settles the panels, as Settle does, and returns what their alerting rules came to.
//
// It asks q, by the labels that the source has, which workloads and claims there are where a panel
// has alerts of such objects. The evaluation is good also where an error is returned: without
// owners, pods are known by their names, and no alert of theirs ends.
func Evaluate(
	ctx context.Context, q snapshot.Querier, panels []snapshot.Panel, nodes snapshot.Nodes,
	w Window,
) (rules.Evaluation, error) {
	silent := fellSilent(panels)
	own, err := owners{nodes: nodes}, error(nil)
	if silent || slices.ContainsFunc(panels, isOf("pod")) {
		own, err = loadOwners(ctx, q, nodes, w)
	}
	if silent || slices.ContainsFunc(panels, isOf("persistentvolumeclaim")) {
		own.loadClaims(ctx, q, w)
	}
	objects := own.objects()
	if silent {
		settle(panels, &own, &objects)
	}
	now := evaluate(panels, &own)
	now.Objects = objects
	if err == nil {
		return now, own.claimsErr
	}
	isPod := func(identity series.Labels) bool { return identity.Get("workload") != "" }
	for i := range now.Rules {
		if slices.ContainsFunc(now.Rules[i].Series, isPod) {
			now.Rules[i].Data = min(now.Rules[i].Data, rules.DataPartial)
		}
	}
	return now, fmt.Errorf("alerts of pods go by the pods' names: %w", err)
}

// Settle changes the panels' findings of series that ended while their alert fired: where the
// object is still there, or may be, the series has no data (NO DATA). The end of a series is not
// the end of its object. Settle asks q only where there is such a finding. Evaluate includes it.
func Settle(ctx context.Context, q snapshot.Querier, panels []snapshot.Panel, nodes snapshot.Nodes,
	w Window) {
	if !fellSilent(panels) {
		return
	}
	own, _ := loadOwners(ctx, q, nodes, w) // of what could not be asked nothing is gone
	own.loadClaims(ctx, q, w)
	objects := own.objects()
	settle(panels, &own, &objects)
}

// settle gives findings of series that fell silent the status NoData where their objects are not
// gone.
func settle(panels []snapshot.Panel, own *owners, objects *rules.Objects) {
	for i := range panels {
		panels[i].Keep(endedFiring, func(row snapshot.Row) bool {
			is := objects.Presence(identityOf(row.Labels, row.NodeAdded, own))
			return is == rules.IsThere || is == rules.PresenceUnknown
		})
	}
}

// fellSilent reports whether a series of the panels ended while its alert fired.
func fellSilent(panels []snapshot.Panel) bool {
	return slices.ContainsFunc(panels, func(p snapshot.Panel) bool {
		return slices.ContainsFunc(p.Findings, endedFiring)
	})
}

// endedFiring reports whether a series ended while its alert fired.
func endedFiring(f snapshot.Finding) bool { return f.Status == rules.Gone && f.Streak != nil }

// isOf returns whether a panel has an alerting rule and series with a label.
func isOf(label string) func(snapshot.Panel) bool {
	return func(p snapshot.Panel) bool {
		return slices.ContainsFunc(p.Spec.Rules, rules.Rule.IsAlert) &&
			slices.ContainsFunc(p.Rows, func(r snapshot.Row) bool {
				return r.Labels.Get(label) != ""
			})
	}
}

// evaluate returns what the alerting rules of all panels came to, but for the objects that are
// there.
func evaluate(panels []snapshot.Panel, own *owners) rules.Evaluation {
	now := rules.Evaluation{Configured: []rules.RuleID{}}
	for i := range panels {
		p := &panels[i]
		known := identitiesOf(p, own)
		for _, r := range p.Spec.Rules {
			if !r.IsAlert() {
				continue
			}
			id := rules.RuleID{Panel: p.Spec.Name, Rule: r.Name}
			now.Configured = append(now.Configured, id)
			if p.Spec.Optional && p.Data == snapshot.DataAbsent {
				continue // not every cluster has such metrics: nothing is missed
			}
			now.Rules = append(now.Rules, resultOf(p, r, known))
		}
	}
	return now
}

// identities are what the series of a panel are known by.
type identities struct {
	all map[string][]series.Labels // by query, in the order of its rows
	of  map[uint64]series.Labels   // by the series' Row.Key
}

// identitiesOf returns what the series of a panel are known by.
func identitiesOf(p *snapshot.Panel, own *owners) identities {
	out := identities{map[string][]series.Labels{}, make(map[uint64]series.Labels, len(p.Rows))}
	for i := range p.Rows {
		row := &p.Rows[i]
		identity := identityOf(row.Labels, row.NodeAdded, own)
		out.all[row.Ref] = append(out.all[row.Ref], identity)
		out.of[row.Key()] = identity
	}
	return out
}

// resultOf returns what an alerting rule of a panel came to.
func resultOf(p *snapshot.Panel, r rules.Rule, known identities) rules.RuleResult {
	out := rules.RuleResult{
		ID:            rules.RuleID{Panel: p.Spec.Name, Rule: r.Name},
		Direction:     r.Direction,
		NoData:        r.NoData,
		KeepFiringFor: cmp.Or(r.KeepFiringFor, rules.DefaultKeepFiringFor),
		BadNewsOnly:   p.Spec.EmptyIsOK && !p.Spec.WellToo,
		NeedsAll:      r.NeedsAll,
		Data:          quality(p.Data),
		Old:           p.Old,
		Series:        known.all[p.Spec.Query(r.Ref).Ref],
	}
	if p.AbsentOf(r.Name) != nil {
		// the other queries' series say nothing of what this rule judges
		out.Data = rules.DataFailed
	}
	if p.Grid.Len > 0 {
		out.From, out.Through = p.Grid.Start, p.Grid.End()
	}
	for i := range p.Findings {
		if f := &p.Findings[i]; f.Rule == r.Name {
			out.Findings = append(out.Findings, rules.Judged{
				Finding: f.Finding, Identity: known.of[f.Key()], Name: f.Name, Capacity: f.Capacity,
			})
		}
	}
	return out
}

// Details returns the answers of the panels' detail queries by alert, in the words of say; now is
// the panels' evaluation. Of the series of one alert, such as the pods of a workload, the worst
// speaks for it.
func Details(
	panels []snapshot.Panel, now rules.Evaluation,
	say func(*snapshot.Panel, *snapshot.Finding) []string,
) map[rules.Key][]string {
	type judgement struct {
		rules.RuleID
		series uint64
	}
	keys := map[judgement]rules.Key{}
	for _, r := range now.Rules {
		for _, f := range r.Findings {
			keys[judgement{r.ID, f.Labels.Hash()}] = rules.KeyOf(r.ID, f.Identity)
		}
	}
	out := map[rules.Key][]string{}
	for i := range panels {
		p := &panels[i]
		for j := range p.Findings {
			f := &p.Findings[j]
			k, ok := keys[judgement{
				rules.RuleID{Panel: p.Spec.Name, Rule: f.Rule}, f.Labels.Hash(),
			}]
			if _, known := out[k]; ok && !known && len(f.Details) > 0 {
				out[k] = say(p, f)
			}
		}
	}
	return out
}

// quality returns how much of an answer rules may rely on. Metrics that are absent say nothing of
// what they were of.
func quality(d snapshot.Data) rules.Quality {
	switch d {
	case snapshot.DataComplete:
		return rules.DataComplete
	case snapshot.DataPartial:
		return rules.DataPartial
	}
	return rules.DataFailed
}

// Lasts returns how long each rule of the panels must have held before it fires.
func Lasts(panels []snapshot.Panel) map[rules.RuleID]time.Duration {
	lasts := map[rules.RuleID]time.Duration{}
	for i := range panels {
		for _, r := range panels[i].Spec.Rules {
			lasts[rules.RuleID{Panel: panels[i].Spec.Name, Rule: r.Name}] = r.For
		}
	}
	return lasts
}
