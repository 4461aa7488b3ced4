package rules

import "github.com/promsnap/promsnap/internal/series"

// Presence says whether an object is still there, as somebody else than the rule's own query knows,
// such as kube-state-metrics.
type Presence uint8

// The answers.
const (
	// NobodyKnows says that no source knows such objects: the rule's NoDataPolicy decides.
	NobodyKnows Presence = iota
	// PresenceUnknown says that the source should know, but all or a part of it is silent: nothing
	// is gone.
	PresenceUnknown
	IsThere
	IsGone
)

// Object is what an alert may be about, within one cluster: a workload, a claim, a node or a host.
// The cluster is empty in a Prometheus of a single cluster, and the namespace of what has none.
type Object struct{ Cluster, Namespace, Name string }

// Objects says which objects are there at a slot. The zero value knows none: NobodyKnows.
//
// It is plain data. It holds which objects there are, and not the answers for alerts that are known
// beforehand, because Advance asks about every alert that it remembers, and another run may have
// written that memory after the slot was evaluated.
type Objects struct {
	// ClusterLabels are the labels that may name the cluster of an identity: the first that it has.
	// None: all are of one cluster.
	ClusterLabels []string

	Workloads Known // identities with the label workload
	Claims    Known // with persistentvolumeclaim and namespace
	Nodes     Known // with node
	Hosts     Known // with instance, by series.HostID of all of it, or of it without its port
}

// Known is what is known of the objects of one kind.
type Known struct {
	Objects  map[Object]Presence
	Clusters map[string]Presence // of every other object of a cluster
	Others   Presence            // of every object of every other cluster
}

// Presence returns whether the object with this identity is still there.
func (o *Objects) Presence(identity series.Labels) Presence {
	at := Object{Cluster: o.clusterOf(identity), Namespace: identity.Get("namespace")}
	workload, claim, node := identity.Get("workload"), identity.Get("persistentvolumeclaim"),
		identity.Get("node")
	switch {
	case workload != "":
		at.Name = workload
		return o.Workloads.presence(at)
	case claim != "" && at.Namespace != "":
		at.Name = claim
		return o.Claims.presence(at)
	case node != "":
		return o.Nodes.presence(Object{Cluster: at.Cluster, Name: node})
	}
	return o.ofHost(at.Cluster, identity.Get("instance"))
}

// ofHost returns the presence of the host that an instance is of, which it names with or without a
// port.
func (o *Objects) ofHost(cluster, instance string) Presence {
	if instance == "" {
		return NobodyKnows
	}
	whole := Object{Cluster: cluster, Name: series.HostID(instance)}
	if p, ok := o.Hosts.Objects[whole]; ok {
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
