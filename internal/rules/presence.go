package rules

import "github.com/promsnap/promsnap/internal/series"

// Presence is whether an object still exists, according to a source other than the rule's own
// query, such as kube-state-metrics.
type Presence uint8

// The answers.
const (
	// PresenceUntracked means that no source knows such objects: the rule's NoDataPolicy decides.
	PresenceUntracked Presence = iota
	// PresenceUnknown means that the source should know, but some or all of it is silent. The
	// object must not be treated as gone.
	PresenceUnknown
	Present
	Absent
)

// Object is the object of an alert within one cluster: a workload, a claim, a node or a host. The
// cluster is empty if a Prometheus has only one, and the namespace is empty for objects without
// one.
type Object struct{ Cluster, Namespace, Name string }

// Objects are the objects that exist at a slot. The zero value knows none: every answer is
// PresenceUntracked.
//
// It lists the objects instead of answering for the known alerts, because Advance asks about every
// alert that it remembers, and another run may have written that memory after the slot was
// evaluated.
type Objects struct {
	// ClusterLabels are the labels that may name the cluster of an identity; the first one present
	// counts. If empty, all objects are of one cluster.
	ClusterLabels []string

	Workloads Known // identities with the label workload
	Claims    Known // with persistentvolumeclaim and namespace
	Nodes     Known // with node
	Hosts     Known // with instance, by series.HostID of it, with or without its port
}

// Known is what is known about the objects of one kind.
type Known struct {
	Objects  map[Object]Presence
	Clusters map[string]Presence // of every other object of a cluster
	Others   Presence            // of every object of every other cluster
}

// Presence returns whether the object with this identity is still there.
func (o *Objects) Presence(identity series.Labels) Presence {
	object := Object{Cluster: o.clusterOf(identity), Namespace: identity.Get("namespace")}
	workload, claim, node := identity.Get("workload"), identity.Get("persistentvolumeclaim"),
		identity.Get("node")
	switch {
	case workload != "":
		object.Name = workload
		return o.Workloads.presence(object)
	case claim != "" && object.Namespace != "":
		object.Name = claim
		return o.Claims.presence(object)
	case node != "":
		return o.Nodes.presence(Object{Cluster: object.Cluster, Name: node})
	}
	return o.ofHost(object.Cluster, identity.Get("instance"))
}

// ofHost returns the presence of the host of an instance, which the source names with or without a
// port.
func (o *Objects) ofHost(cluster, instance string) Presence {
	if instance == "" {
		return PresenceUntracked
	}
	withPort := Object{Cluster: cluster, Name: series.HostID(instance)}
	if p, ok := o.Hosts.Objects[withPort]; ok {
		return p
	}
	return o.Hosts.presence(Object{Cluster: cluster, Name: series.HostID(series.Host(instance))})
}

func (o *Objects) clusterOf(identity series.Labels) string {
	for _, label := range o.ClusterLabels {
		if v := identity.Get(label); v != "" {
			return v
		}
	}
	return ""
}

func (k *Known) presence(o Object) Presence {
	if p, ok := k.Objects[o]; ok {
		return p
	}
	if p, ok := k.Clusters[o.Cluster]; ok {
		return p
	}
	return k.Others
}
