package alerts

import (
	"github.com/promsnap/promsnap/internal/rules"
)

// objects returns the objects that exist according to kube-state-metrics.
func (o *owners) objects() rules.Objects {
	out := o.nodes.Objects()
	out.Workloads, out.Claims = o.workloads(), o.presentClaims()
	return out
}

// workloads returns the workloads that have a pod. The others are gone, unless the answer may lack
// pods.
func (o *owners) workloads() rules.Known {
	out := rules.Known{Objects: o.live, Clusters: map[string]rules.Presence{}, Others: rules.Absent}
	if len(o.live) == 0 || o.partial {
		out.Others = rules.PresenceUnknown
	}
	for _, cluster := range o.nodes.Clusters() {
		if o.nodes.Lacks(cluster) {
			out.Clusters[cluster] = rules.PresenceUnknown
		}
	}
	return out
}

// presentClaims returns the claims that exist. The other claims of a cluster are gone if
// kube-state-metrics reports any claims there. The kubelet's silence is no evidence, because a
// failed kubelet stops reporting claims too.
func (o *owners) presentClaims() rules.Known {
	out := rules.Known{
		Objects: o.claims, Clusters: map[string]rules.Presence{}, Others: rules.PresenceUntracked,
	}
	if o.claimsErr != nil {
		out.Others = rules.PresenceUnknown
		return out
	}
	for claim := range o.claims {
		out.Clusters[claim.Cluster] = rules.Absent
	}
	for _, cluster := range o.nodes.Clusters() {
		if o.nodes.Silent(cluster) {
			out.Clusters[cluster] = rules.PresenceUnknown
		}
	}
	return out
}
