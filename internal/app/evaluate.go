package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// evaluate is what the alerting rules of a report came to. Where nobody can say whose the pods are, their names do, and nothing is over
// on their account: the error says so.
func (a *App) evaluate(t taken) (rules.Evaluation, error) {
	now := evaluate(t.panels, t.nodes, t.own)
	if t.ownersErr == nil {
		return now, t.own.claimsErr
	}
	for i := range now.Rules {
		if slices.ContainsFunc(now.Rules[i].Series, func(ls series.Labels) bool { return ls.Get("workload") != "" }) {
			now.Rules[i].Data = min(now.Rules[i].Data, rules.DataPartial)
		}
	}
	return now, fmt.Errorf("alerts of pods go by the pods' names: %w", t.ownersErr)
}

// findOwners asks whose the pods are, where alerts are told of or a pod with an alert has vanished. What fired when it fell silent and is
// still there, or may be, has no data: that its own series ended is not its end.
func (a *App) findOwners(ctx context.Context, r config.Report, t *taken) {
	vanished := false
	for i := range t.panels {
		vanished = vanished || slices.ContainsFunc(t.panels[i].Findings, fellSilent)
	}
	if a.o.Mode != WriteFiles && slices.ContainsFunc(t.panels, ofPods) || vanished {
		t.own, t.ownersErr = loadOwners(ctx, t.source, t.end, r.Range, a.cfg.Prometheus.MaxSeries)
		t.own.nodes = t.nodes
	}
	if a.o.Mode != WriteFiles && slices.ContainsFunc(t.panels, ofClaims) || vanished {
		t.own.nodes = t.nodes
		t.own.loadClaims(ctx, t.source, t.end, a.cfg.Prometheus.MaxSeries)
	}
	if !vanished {
		return
	}
	for i := range t.panels {
		t.panels[i].Keep(fellSilent, func(row snapshot.Row) bool {
			is := presence(identityOf(row.Labels, row.NodeAdded, t.own), t.nodes, t.own)
			return is == rules.IsThere || is == rules.PresenceUnknown
		})
	}
}

// fellSilent reports whether a series ended while its alert fired.
func fellSilent(f snapshot.Finding) bool { return f.Status == rules.Gone && f.Streak != nil }

// ofClaims reports whether a panel has an alerting rule and series of persistent volume claims.
func ofClaims(p snapshot.Panel) bool {
	return slices.ContainsFunc(p.Spec.Rules, rules.Rule.IsAlert) &&
		slices.ContainsFunc(p.Rows, func(r snapshot.Row) bool { return r.Labels.Get("persistentvolumeclaim") != "" })
}

// ofPods tells whether a panel has an alerting rule and series of pods.
func ofPods(p snapshot.Panel) bool {
	return slices.ContainsFunc(p.Spec.Rules, rules.Rule.IsAlert) &&
		slices.ContainsFunc(p.Rows, func(r snapshot.Row) bool { return r.Labels.Get("pod") != "" })
}

// evaluate is what the alerting rules of all panels came to, for rules.Advance.
func evaluate(panels []snapshot.Panel, nodes snapshot.Nodes, own owners) rules.Evaluation {
	now := rules.Evaluation{
		Configured: []rules.RuleID{},
		Exists:     func(identity series.Labels) rules.Presence { return presence(identity, nodes, own) },
	}
	for i := range panels {
		p := &panels[i]
		alerts := slices.DeleteFunc(slices.Clone(p.Spec.Rules), func(r rules.Rule) bool { return !r.IsAlert() })
		if len(alerts) == 0 {
			continue
		}
		identities, all := make(map[uint64]series.Labels, len(p.Rows)), make([]series.Labels, len(p.Rows))
		for j, row := range p.Rows {
			all[j] = identityOf(row.Labels, row.NodeAdded, own)
			identities[row.Labels.Hash()] = all[j]
		}
		for _, r := range alerts {
			id := rules.RuleID{Panel: p.Spec.Name, Rule: r.Name}
			now.Configured = append(now.Configured, id)
			if p.Spec.Optional && p.Data == snapshot.DataAbsent {
				continue // not every cluster has such metrics: nothing is missed
			}
			result := rules.RuleResult{
				ID: id, Direction: r.Direction, NoData: r.NoData, KeepFiringFor: cmp.Or(r.KeepFiringFor, rules.DefaultKeepFiringFor), BadNewsOnly: p.Spec.EmptyIsOK && !p.Spec.WellToo,
				Data: quality(p.Data), Old: p.Old, NeedsAll: r.NeedsAll, Series: all,
			}
			if p.Grid.Len > 0 {
				result.From, result.Through = p.Grid.Start, p.Grid.End()
			}
			for _, f := range p.Findings {
				if f.Rule == r.Name {
					result.Findings = append(result.Findings, rules.Judged{
						Finding: f.Finding, Identity: identities[f.Labels.Hash()], Name: f.Name, Capacity: f.Capacity,
					})
				}
			}
			now.Rules = append(now.Rules, result)
		}
	}
	return now
}

// detailsOf are the answers of the panels' detail queries, by alert. Of the series of one alert, such as the pods of a workload, the worst
// speaks for it.
func detailsOf(panels []snapshot.Panel, now rules.Evaluation) map[rules.Key][]string {
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
	for _, p := range panels {
		for _, f := range p.Findings {
			k, ok := keys[judgement{rules.RuleID{Panel: p.Spec.Name, Rule: f.Rule}, f.Labels.Hash()}]
			if _, known := out[k]; ok && !known && len(f.Details) > 0 {
				out[k] = f.Details
			}
		}
	}
	return out
}

// quality is how much of an answer rules may rely on. Metrics that are absent say nothing of what they were of.
func quality(d snapshot.Data) rules.Quality {
	switch d {
	case snapshot.DataComplete:
		return rules.DataComplete
	case snapshot.DataPartial:
		return rules.DataPartial
	}
	return rules.DataFailed
}

// passing are the labels of a pod's series that change when the pod is replaced by another one of its workload.
var passing = []string{"pod", "node", "instance", "uid", "id", "name", "image", "image_id", "container_id", "pod_ip", "host_ip"}

// identityOf is what an alert is known by from one slot to the next. A pod's series is known by its workload, so that a rollout is not news;
// and no series by a node's name that only kube-state-metrics knows.
func identityOf(ls series.Labels, nodeAdded bool, own owners) series.Labels {
	workload := own.workload(ls)
	out := make(series.Labels, 0, len(ls))
	for _, l := range ls {
		if workload != "" && slices.Contains(passing, l.Name) || nodeAdded && l.Name == "node" {
			continue
		}
		out = append(out, l)
	}
	if workload != "" {
		out = out.With("workload", workload)
	}
	return out
}

// presence asks kube-state-metrics whether the workload, the claim or the node behind an identity is still there. Of what is neither it knows nothing.
func presence(identity series.Labels, nodes snapshot.Nodes, own owners) rules.Presence {
	if identity.Get("workload") != "" {
		return own.presence(identity)
	}
	if identity.Get("persistentvolumeclaim") != "" && identity.Get("namespace") != "" {
		return own.presenceOfClaim(identity)
	}
	name := nodes.Of(identity)
	switch {
	case name == "":
		return rules.NobodyKnows
	case !nodes.Current(nodes.ClusterOf(identity)):
		return rules.PresenceUnknown
	case nodes.Has(nodes.ClusterOf(identity), name):
		return rules.IsThere
	case !nodes.Complete(nodes.ClusterOf(identity)) && !nodes.Departed(identity, name):
		return rules.PresenceUnknown
	}
	return rules.IsGone
}
