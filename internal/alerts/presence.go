package alerts

import (
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// presence reports whether the workload, the claim or the node behind an identity is still there, as
// kube-state-metrics says. Of what is none of them it knows nothing.
func presence(identity series.Labels, own owners) rules.Presence {
	nodes := own.nodes
	if identity.Get("workload") != "" {
		return own.ofWorkload(identity)
	}
	if identity.Get("persistentvolumeclaim") != "" && identity.Get("namespace") != "" {
		return own.ofClaim(identity)
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

// ofWorkload reports whether a workload has a pod.
func (o owners) ofWorkload(identity series.Labels) rules.Presence {
	switch {
	case o.live[o.object(identity, identity.Get("workload"))]:
		return rules.IsThere
	case len(o.live) == 0 || o.partial || o.nodes.Lacks(o.nodes.ClusterOf(identity)):
		return rules.PresenceUnknown
	}
	return rules.IsGone
}

// ofClaim reports whether a claim is there. The kubelet falls silent of it also where it is the kubelet
// that does not answer.
func (o owners) ofClaim(identity series.Labels) rules.Presence {
	cluster := o.nodes.ClusterOf(identity)
	known := false // kube-state-metrics tells of claims
	for k := range o.claims {
		known = known || k.cluster == cluster
	}
	switch {
	case o.claims[o.object(identity, identity.Get("persistentvolumeclaim"))]:
		return rules.IsThere
	case o.claimsErr != nil || o.nodes.Silent(cluster):
		return rules.PresenceUnknown
	case !known:
		return rules.NobodyKnows
	}
	return rules.IsGone
}
