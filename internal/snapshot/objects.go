package snapshot

import (
	"maps"
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
)

// Objects returns which nodes there are, for alerts, and which label names their cluster. It says
// nothing of workloads and claims, which the table does not know.
func (n Nodes) Objects() rules.Objects {
	out := rules.Objects{
		Nodes: rules.Known{
			Objects:  map[rules.Object]rules.Presence{},
			Clusters: map[string]rules.Presence{},
			Others:   rules.PresenceUnknown,
		},
		Hosts: rules.Known{
			Objects: map[rules.Object]rules.Presence{},
			Others:  rules.NobodyKnows, // a host may be outside the cluster
		},
	}
	switch n.cluster {
	case oneCluster:
	case "":
		out.ClusterLabels = []string{clusterLabel}
	default:
		out.ClusterLabels = []string{clusterLabel, n.cluster}
	}
	for _, cluster := range n.Clusters() {
		if n.Complete(cluster) {
			out.Nodes.Clusters[cluster] = rules.IsGone
		}
	}
	for k := range n.index {
		out.Nodes.Objects[rules.Object{Cluster: k.cluster, Name: k.id}] = n.presence(k)
	}
	for k := range n.departed {
		out.Nodes.Objects[rules.Object{Cluster: k.cluster, Name: k.id}] = n.presence(k)
	}
	for k, hs := range n.byKey { // an address that changed hands is the last one's
		is := rules.NobodyKnows // several hosts answer at it in turn
		if name := hs[len(hs)-1].name; name != "" {
			is = n.presence(nodeKey{k.cluster, name})
		}
		out.Hosts.Objects[rules.Object{Cluster: k.cluster, Name: k.id}] = is
	}
	return out
}

// presence reports whether a node is there, as kube-state-metrics says.
func (n Nodes) presence(k nodeKey) rules.Presence {
	_, there := n.index[k]
	switch {
	case !n.Current(k.cluster):
		return rules.PresenceUnknown
	case there:
		return rules.IsThere
	case n.Complete(k.cluster), n.departed[k]:
		return rules.IsGone
	}
	return rules.PresenceUnknown
}

// Clusters returns the clusters that the table knows of, sorted.
func (n Nodes) Clusters() []string {
	all := maps.Clone(n.current)
	if all == nil {
		all = map[string]bool{}
	}
	for k := range n.known {
		all[k.cluster] = true
	}
	for _, l := range n.lost {
		all[l.Cluster] = true
	}
	return slices.Sorted(maps.Keys(all))
}
