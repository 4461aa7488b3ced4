package snapshot

import (
	"fmt"
	"maps"
	"slices"
)

// MergeNodes returns the table of all nodes from those of several parts. A cluster is in one part
// alone: of two that have nodes of one, or whose nodes have no cluster, nobody could say whose an
// address is. The parts of panels name their nodes as this table shows them.
//
// A part of which not all is known says of its own clusters that kube-state-metrics is silent
// there: no node of them is gone. The others are as they were.
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
				return Nodes{}, fmt.Errorf("merging the tables of nodes: two of them have the "+
					"cluster %q", cluster)
			}
			of[cluster] = i
		}
		all.take(n)
		if i == 0 {
			all.cluster = n.cluster
		} else if all.cluster != n.cluster {
			all.cluster = "" // the label cluster alone, which all have
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

// take adds what another table knows of other clusters.
func (n *Nodes) take(o Nodes) {
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
