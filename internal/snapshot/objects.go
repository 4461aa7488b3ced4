package snapshot

import (
	"maps"
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
)

// Objects returns the nodes that exist, for alerts, and the labels that name their cluster. It
// leaves out workloads and claims, which the table does not know.
func (n Nodes) Objects() rules.Objects {
	out := rules.Objects{
		Nodes: rules.Known{
			Objects:  map[rules.Object]rules.Presence{},
			Clusters: map[string]rules.Presence{},
			Others:   rules.PresenceUnknown,
		},
		Hosts: rules.Known{
			Objects: map[rules.Object]rules.Presence{},
			Others:  rules.PresenceUntracked, // a host may be outside the cluster
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
			out.Nodes.Clusters[cluster] = rules.Absent
		}
	}
	for k := range n.index {
		out.Nodes.Objects[rules.Object{Cluster: k.cluster, Name: k.id}] = n.presence(k)
	}
	for k := range n.departed {
		out.Nodes.Objects[rules.Object{Cluster: k.cluster, Name: k.id}] = n.presence(k)
	}
	for k, hs := range n.byKey { // an address belongs to its last node
		presence := rules.PresenceUntracked // several hosts answer in turn
		if name := hs[len(hs)-1].name; name != "" {
			presence = n.presence(nodeKey{k.cluster, name})
		}
		out.Hosts.Objects[rules.Object{Cluster: k.cluster, Name: k.id}] = presence
	}
	return out
}

// presence returns whether a node exists, according to kube-state-metrics.
func (n Nodes) presence(k nodeKey) rules.Presence {
	_, listed := n.index[k]
	switch {
	case !n.Current(k.cluster):
		return rules.PresenceUnknown
	case listed:
		return rules.Present
	case n.Complete(k.cluster), n.departed[k]:
		return rules.Absent
	}
	return rules.PresenceUnknown
}

// Clusters returns the clusters in the table, sorted.
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
