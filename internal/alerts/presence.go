package alerts

import (
	"github.com/promsnap/promsnap/internal/rules"
)

// objects returns which objects of alerts are there, as kube-state-metrics says.
func (o *owners) objects() rules.Objects {
	out := o.nodes.Objects()
	out.Workloads, out.Claims = o.workloads(), o.presentClaims()
	return out
}

// workloads returns which workloads are there: those that have a pod. The others are gone, unless
// pods may be missing in the answer.
func (o *owners) workloads() rules.Known {
	out := rules.Known{Objects: o.live, Clusters: map[string]rules.Presence{}, Others: rules.IsGone}
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

// presentClaims returns which claims are there. The others of a cluster are gone where
// kube-state-metrics tells of claims there. The kubelet falls silent of a claim also where it is
// the kubelet that does not answer.
func (o *owners) presentClaims() rules.Known {
	out := rules.Known{
		Objects: o.claims, Clusters: map[string]rules.Presence{}, Others: rules.NobodyKnows,
	}
	if o.claimsErr != nil {
		out.Others = rules.PresenceUnknown
		return out
	}
	for claim := range o.claims {
		out.Clusters[claim.Cluster] = rules.IsGone
	}
	for _, cluster := range o.nodes.Clusters() {
		if o.nodes.Silent(cluster) {
			out.Clusters[cluster] = rules.PresenceUnknown
		}
	}
	return out
}
