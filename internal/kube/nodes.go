package kube

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
)

const (
	// nodePage is the number of nodes in one page, half of kubectl's. A node in long use lists 50
	// images, 11 KB of names. Decoding takes several times as much memory.
	nodePage = 250
	// maxNodes bounds the list. Kubernetes itself supports 5,000 nodes.
	maxNodes = 20_000
	// maxTaints, maxConditions and maxLabel bound the data of one node.
	maxTaints     = 20
	maxConditions = 50
	maxLabel      = 100
)

// poolLabels are the labels that node provisioners use for the group of a node. The first label
// that a node has counts.
var poolLabels = []string{
	"karpenter.sh/nodepool",
	"karpenter.sh/provisioner-name", // before Karpenter 0.32
	"eks.amazonaws.com/nodegroup",
	"alpha.eksctl.io/nodegroup-name",
	"cloud.google.com/gke-nodepool",
	"kubernetes.azure.com/agentpool",
	"agentpool", // older AKS
	"doks.digitalocean.com/node-pool",
	"kops.k8s.io/instancegroup",
	"node.cluster.x-k8s.io/pool",
}

// Nodes returns the nodes of the cluster, sorted by name. It reads them in pages and keeps little
// of each. A note says if there are more than maxNodes.
func (c *Cluster) Nodes(ctx context.Context) ([]snapshot.Node, []snapshot.Note, error) {
	var nodes []snapshot.Node
	a := access{verb: "list", resource: "nodes"}
	for next := ""; ; {
		var page corev1.NodeList
		if err := c.list(ctx, a, metav1.ListOptions{Limit: nodePage, Continue: next},
			&page); err != nil {
			return nil, nil, err
		}
		nodes = slices.Grow(nodes, len(page.Items)+int(remaining(&page)))
		for i := range page.Items {
			nodes = append(nodes, nodeOf(&page.Items[i]))
		}
		if next = page.Continue; next == "" {
			break
		}
		if len(nodes) >= maxNodes {
			return nodes, []snapshot.Note{snapshot.NoteOf(snapshot.NoteNodesCut, maxNodes)}, nil
		}
	}
	slices.SortFunc(nodes, func(a, b snapshot.Node) int { return strings.Compare(a.Name, b.Name) })
	return nodes, nil, nil
}

// remaining returns the number of nodes after a page, according to the API server.
func remaining(page *corev1.NodeList) int64 {
	if n := page.RemainingItemCount; n != nil {
		return min(max(*n, 0), maxNodes)
	}
	return 0
}

// nodeOf returns what a report can show of a node. Its strings are copies, because others would
// keep the whole page in memory.
func nodeOf(n *corev1.Node) snapshot.Node {
	out := snapshot.Node{
		Name: strings.Clone(n.Name), InternalIP: strings.Clone(internalIP(n)), Known: true,
		InstanceType: label(n, "node.kubernetes.io/instance-type",
			"beta.kubernetes.io/instance-type"),
		Zone: label(n, "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"),
		Pool: label(n, poolLabels...), Kubelet: clip(n.Status.NodeInfo.KubeletVersion),
		Created:  n.CreationTimestamp.UTC(),
		Cordoned: n.Spec.Unschedulable, Capacity: resourcesOf(n.Status.Capacity),
		Allocatable: resourcesOf(n.Status.Allocatable),
	}
	for _, t := range n.Spec.Taints[:min(len(n.Spec.Taints), maxTaints)] {
		out.Taints = append(out.Taints, clip(t.ToString()))
	}
	for _, cond := range n.Status.Conditions[:min(len(n.Status.Conditions), maxConditions)] {
		if wrong := panel.WrongCondition(string(cond.Type), string(cond.Status)); wrong != "" {
			out.Conditions = append(out.Conditions, clip(wrong))
		}
	}
	slices.Sort(out.Conditions)
	return out
}

// internalIP returns the internal IP address of a node, or "".
func internalIP(n *corev1.Node) string {
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return a.Address
		}
	}
	return ""
}

// label returns the value of the first label that a node has.
func label(n *corev1.Node, names ...string) string {
	for _, name := range names {
		if v := n.Labels[name]; v != "" {
			return clip(v)
		}
	}
	return ""
}

// clip returns a copy of s, cut to a bounded length.
func clip(s string) string { return strings.Clone(outside.Clip(s, maxLabel)) }

// resourcesOf converts a list of resources.
func resourcesOf(list corev1.ResourceList) snapshot.Resources {
	return snapshot.Resources{
		CPU: list.Cpu().AsApproximateFloat64(), Memory: list.Memory().AsApproximateFloat64(),
		Storage: list.StorageEphemeral().AsApproximateFloat64(),
		Pods:    list.Pods().AsApproximateFloat64(),
	}
}
