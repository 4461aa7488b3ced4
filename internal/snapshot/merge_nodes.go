package snapshot

import (
	"fmt"
	"maps"
	"slices"
)

// MergeNodes merges the node tables of several parts. Each cluster may be in only one part, because
// the owner of an address would be ambiguous otherwise; nodes without a cluster count as one
// cluster. Merged panels name their nodes as in the merged table.
//
// For the clusters of a part with an incomplete table, kube-state-metrics counts as silent, so none
// of their nodes are gone. Other clusters are unaffected.
func MergeNodes(parts ...Nodes) (Nodes, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}
	all := newNodes()
	of := map[string]int{} // by cluster: the part
	for i, n := range parts {
		clusters := n.Clusters()
		for k := range n.byKey {
			clusters = append(clusters, k.cluster)
		}
		for _, cluster := range clusters {
			if other, known := of[cluster]; known && other != i {
				return Nodes{}, fmt.Errorf("merging the node tables: two parts have the cluster %q",
					cluster)
			}
			of[cluster] = i
		}
		all.addTable(n)
		if i == 0 {
			all.cluster = n.cluster
		} else if all.cluster != n.cluster {
			all.cluster = "" // only the cluster label is common to all
		}
	}
	slices.SortFunc(all.lost, compareLost)
	slices.Sort(all.doubled)
	slices.Sort(all.strange)
	slices.Sort(all.shared)
	all.finish()
	all.several = true
	return all, nil
}

// addTable adds the table of other clusters.
func (n *Nodes) addTable(o Nodes) {
	for _, node := range o.list {
		n.add(node.Cluster, node)
	}
	maps.Copy(n.known, o.known)
	maps.Copy(n.short, o.short)
	maps.Copy(n.byKey, o.byKey)
	maps.Copy(n.kinds, o.kinds)
	maps.Copy(n.exports, o.exports)
	maps.Copy(n.podNet, o.podNet)
	maps.Copy(n.departed, o.departed)
	maps.Copy(n.detail, o.detail)
	if !o.partial {
		maps.Copy(n.current, o.current)
	}
	n.doubled = append(n.doubled, o.doubled...)
	n.strange = append(n.strange, o.strange...)
	n.shared = append(n.shared, o.shared...)
	n.lost = append(n.lost, o.lost...)
}
