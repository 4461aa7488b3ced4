// Package alerts turns the panels of a snapshot into the rules.Evaluation that rules.Advance reads.
// It decides how each alert is identified from one slot to the next and whether its object still
// exists.
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

// Window is the time range of the panels and the limit for one answer.
type Window struct {
	End   time.Time // the newest time of the queries
	Range time.Duration
	// for one answer; answers about pods and claims always have room for a large cluster
	MaxSeries int
}

// Evaluate settles the panels like Settle and returns the result of their alerting rules.
//
// If a panel has alerts about pods or claims, Evaluate asks q which workloads and claims exist, by
// the labels that the source has. The evaluation is usable even if an error is returned: without
// owners, pods are identified by their names and none of their alerts end.
func Evaluate(
	ctx context.Context, q snapshot.Querier, panels []snapshot.Panel, nodes snapshot.Nodes,
	w Window,
) (rules.Evaluation, error) {
	ended := anyEndedFiring(panels)
	own, err := owners{nodes: nodes}, error(nil)
	if ended || slices.ContainsFunc(panels, hasAlertsOn("pod")) {
		own, err = loadOwners(ctx, q, nodes, w)
	}
	if ended || slices.ContainsFunc(panels, hasAlertsOn("persistentvolumeclaim")) {
		own.loadClaims(ctx, q, w)
	}
	objects := own.objects()
	if ended {
		settle(panels, &own, &objects)
	}
	setCauses(panels, &own, loadEvidence(ctx, q, panels, &own, w))
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
	return now, fmt.Errorf("identifying alerts by pod name instead of workload: %w", err)
}

// Settle corrects the findings of series that ended while their alert fired. If the object still
// exists, or may exist, the status becomes NoData, because the end of a series is not the end of
// its object. Settle also sets the cause of every finding. It queries q only if there are findings
// that need it. Evaluate includes it.
func Settle(ctx context.Context, q snapshot.Querier, panels []snapshot.Panel, nodes snapshot.Nodes,
	w Window) {
	own, ended := owners{nodes: nodes}, anyEndedFiring(panels)
	if ended || anyActive(panels, "pod") {
		own, _ = loadOwners(ctx, q, nodes, w) // after an error no workload counts as gone
	}
	if ended {
		own.loadClaims(ctx, q, w)
		objects := own.objects()
		settle(panels, &own, &objects)
	}
	setCauses(panels, &own, loadEvidence(ctx, q, panels, &own, w))
}

// settle sets the status of ended findings to NoData unless their objects are gone.
func settle(panels []snapshot.Panel, own *owners, objects *rules.Objects) {
	for i := range panels {
		about := subjectOf(&panels[i])
		panels[i].Keep(endedFiring, func(row snapshot.Row) bool {
			presence := objects.Presence(identityOf(row.Labels, row.NodeAdded, about, own))
			return presence == rules.Present || presence == rules.PresenceUnknown
		})
	}
}

// anyEndedFiring reports whether a series of the panels ended while its alert fired.
func anyEndedFiring(panels []snapshot.Panel) bool {
	return slices.ContainsFunc(panels, func(p snapshot.Panel) bool {
		return slices.ContainsFunc(p.Findings, endedFiring)
	})
}

// endedFiring reports whether a series ended while its alert fired.
func endedFiring(f snapshot.Finding) bool { return f.Status == rules.Gone && f.Streak != nil }

// hasAlertsOn returns a function that reports whether a panel has an alerting rule and a series
// with the label.
func hasAlertsOn(label string) func(snapshot.Panel) bool {
	return func(p snapshot.Panel) bool {
		return slices.ContainsFunc(p.Spec.Rules, rules.Rule.IsAlert) &&
			slices.ContainsFunc(p.Rows, func(r snapshot.Row) bool {
				return r.Labels.Get(label) != ""
			})
	}
}

// evaluate returns the result of the alerting rules of all panels, without Objects.
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
				continue // not every cluster has these metrics
			}
			now.Rules = append(now.Rules, resultOf(p, r, known))
		}
	}
	return now
}

// identities are the alert identities of a panel's series.
type identities struct {
	all map[string][]series.Labels // by query, in the order of its rows
	of  map[uint64]series.Labels   // by the series' Row.Key
}

// identitiesOf returns the alert identities of a panel's series.
func identitiesOf(p *snapshot.Panel, own *owners) identities {
	out := identities{map[string][]series.Labels{}, make(map[uint64]series.Labels, len(p.Rows))}
	about := subjectOf(p)
	for i := range p.Rows {
		row := &p.Rows[i]
		identity := identityOf(row.Labels, row.NodeAdded, about, own)
		out.all[row.Ref] = append(out.all[row.Ref], identity)
		out.of[row.Key()] = identity
	}
	return out
}

// resultOf returns the result of one alerting rule of a panel.
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
	from := p.Grid
	if r.FullIn {
		// Without all of the history, a series without a finding may be one that is not known.
		if p.History == nil || p.History.Partial {
			out.Data = min(out.Data, rules.DataPartial)
		}
		if from = (series.Grid{}); p.History != nil {
			from = p.History.Grid
			for _, key := range p.History.Unjudged {
				out.Unjudged = append(out.Unjudged, known.of[key])
			}
		}
	}
	if from.Len > 0 {
		out.From, out.Through = from.Start, from.End()
	}
	if p.AbsentOf(r.Name) != nil {
		// The rule's query has no series; those of the other queries do not matter to it.
		out.Data = rules.DataFailed
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

// judgement identifies the result of a rule for one series.
type judgement struct {
	rules.RuleID
	series uint64 // the hash of its labels
}

func judgementOf(p *snapshot.Panel, f *snapshot.Finding) judgement {
	return judgement{rules.RuleID{Panel: p.Spec.Name, Rule: f.Rule}, f.Labels.Hash()}
}

// keysOf returns the alert of each finding.
func keysOf(now rules.Evaluation) map[judgement]rules.Key {
	keys := map[judgement]rules.Key{}
	for _, r := range now.Rules {
		for _, f := range r.Findings {
			keys[judgement{r.ID, f.Labels.Hash()}] = rules.KeyOf(r.ID, f.Identity)
		}
	}
	return keys
}

// LookBack finds out when the alerts of now began that may have begun before the window of their
// panel, unless the memory has that from an earlier slot. A slot that runs again looks back again.
// See snapshot.LookBack.
func LookBack(ctx context.Context, q snapshot.Querier, panels []snapshot.Panel,
	now rules.Evaluation, m rules.Memory, o snapshot.Options) {
	keys := keysOf(now)
	snapshot.LookBack(ctx, q, panels, o, func(p *snapshot.Panel, f *snapshot.Finding) bool {
		a, known := m.Alerts[keys[judgementOf(p, f)]]
		if !known || !a.Now().Found.Before(o.Slot) {
			return false
		}
		e, farthest := a.Now(), p.Grid.End().Add(-snapshot.LookBackRange)
		if !e.Fires() { // the coarser steps of the past could jump over its end
			return e.Last.After(farthest)
		}
		return e.Since.Before(f.Streak.From) && (!e.Open || !e.Since.After(farthest))
	})
	streaks := map[judgement]*rules.Streak{}
	for i := range panels {
		for j := range panels[i].Findings {
			f := &panels[i].Findings[j]
			if f.Streak != nil {
				streaks[judgementOf(&panels[i], f)] = f.Streak
			}
		}
	}
	for _, r := range now.Rules {
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Streak != nil {
				f.Streak = streaks[judgement{r.ID, f.Labels.Hash()}]
			}
		}
	}
}

// Begins returns a function that returns since when the alert of a finding in now fires, according
// to the memory, and whether it may have begun earlier. The time is zero if the memory does not
// know the alert.
func Begins(now rules.Evaluation,
	m rules.Memory) func(*snapshot.Panel, *snapshot.Finding) (since time.Time, open bool) {
	keys := keysOf(now)
	return func(p *snapshot.Panel, f *snapshot.Finding) (time.Time, bool) {
		a, known := m.Alerts[keys[judgementOf(p, f)]]
		if !known || !a.Fires() {
			return time.Time{}, false
		}
		return a.Now().Since, a.Now().Open
	}
}

// Lines returns, for each alert in now, what say says about its finding, such as the answers of the
// panel's detail query. If an alert has several series, such as the pods of a workload, the worst
// one with something to say counts.
func Lines(
	panels []snapshot.Panel, now rules.Evaluation,
	say func(*snapshot.Panel, *snapshot.Finding) []string,
) map[rules.Key][]string {
	keys, out := keysOf(now), map[rules.Key][]string{}
	for i := range panels {
		p := &panels[i]
		for j := range p.Findings {
			f := &p.Findings[j]
			k, ok := keys[judgementOf(p, f)]
			if _, known := out[k]; !ok || known {
				continue
			}
			if lines := say(p, f); len(lines) > 0 {
				out[k] = lines
			}
		}
	}
	return out
}

// quality converts the state of an answer. Absent metrics show nothing about their objects, so the
// data counts as failed.
func quality(d snapshot.Data) rules.Quality {
	switch d {
	case snapshot.DataComplete:
		return rules.DataComplete
	case snapshot.DataPartial:
		return rules.DataPartial
	}
	return rules.DataFailed
}

// Lasts returns the For of each rule of the panels.
func Lasts(panels []snapshot.Panel) map[rules.RuleID]time.Duration {
	lasts := map[rules.RuleID]time.Duration{}
	for i := range panels {
		for _, r := range panels[i].Spec.Rules {
			lasts[rules.RuleID{Panel: panels[i].Spec.Name, Rule: r.Name}] = r.For
		}
	}
	return lasts
}
