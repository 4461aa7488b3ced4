package snapshot

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// Nodes is the identity table, which maps a series to its node: by its node label, by the address
// or host name in instance, or by the pod of its exporter. The zero value knows no node.
type Nodes struct {
	list  []Node
	index map[nodeKey]int        // by name: the index in list
	known map[nodeKey]*knownNode // by name, in lower case: every node of the window
	// by the first part of a name: the name; "" if several nodes share it
	short   map[nodeKey]string
	byKey   map[nodeKey][]holder // by instance or address: its nodes in order of time
	kinds   map[nodeKey]NodeKind // by name: nodes whose metrics mark them as not ordinary
	exports map[nodeKey][]string // by name: the instances of its exporters
	doubled []string             // nodes that several exporters report now, with the instances
	strange []string             // hosts that report now but are not nodes
	shared  []string             // instances behind which several hosts answer in turn
	podNet  map[nodeKey]bool     // by name: its exporter is a pod with its own address
	// by name: nodes in the window that the cluster no longer has
	departed map[nodeKey]bool
	current  map[string]bool    // by cluster: kube-state-metrics reports nodes now
	detail   map[nodeKey]string // by name: its type and zone
	several  bool               // there are several clusters
	lost     []Lost             // silent targets whose objects no other target reports
	// the answers were incomplete: no node counts as gone or as lacking something
	partial bool
	cluster string // the source's own cluster label, which series of user panels have
}

func newNodes() Nodes {
	return Nodes{
		index: map[nodeKey]int{}, known: map[nodeKey]*knownNode{}, short: map[nodeKey]string{},
		byKey: map[nodeKey][]holder{},
		kinds: map[nodeKey]NodeKind{}, exports: map[nodeKey][]string{}, podNet: map[nodeKey]bool{},
		departed: map[nodeKey]bool{}, current: map[string]bool{}, detail: map[nodeKey]string{},
	}
}

// nodeKey is a name or an address within one cluster. The cluster is empty if a Prometheus has only
// one.
type nodeKey struct{ cluster, id string }

// knownNode is what a window shows of a node.
type knownNode struct {
	name string
	last time.Time
}

// holder is a node that has an address from a time on.
type holder struct {
	name string
	from time.Time
}

// NodeKind is the kind of a node, which decides what can be measured.
type NodeKind string

// The kinds of nodes. An ordinary node runs any workload.
const (
	OrdinaryNode NodeKind = ""
	WindowsNode  NodeKind = "windows" // runs windows_exporter, never node_exporter
	// represents a service that runs pods, without a machine or a kubelet to scrape
	VirtualNode   NodeKind = "virtual"
	AutopilotNode NodeKind = "autopilot" // of GKE Autopilot, which forbids what node_exporter needs
)

// All returns the nodes of the cluster by name: those that kube_node_info reports or, while
// kube-state-metrics is silent, those that it reported last. If there are several clusters, names
// include the cluster.
func (n Nodes) All() []Node {
	all := slices.Clone(n.list)
	for i := range all {
		all[i].Name = n.Shown(all[i].Cluster, all[i].Name)
	}
	return all
}

// Has reports whether a cluster has a node with this name, according to the latest report of
// kube-state-metrics.
func (n Nodes) Has(cluster, name string) bool {
	_, ok := n.index[nodeKey{cluster, name}]
	return ok
}

// HasExporter reports whether node_exporter reports a node now, and whether the table knows that.
// It does not if it lacks the node.
func (n Nodes) HasExporter(cluster, name string) (has, known bool) {
	i, ok := n.index[nodeKey{cluster, name}]
	return ok && n.list[i].Exporter, ok
}

// Shown returns a name as readers see it: with its cluster if there are several.
func (n Nodes) Shown(cluster, name string) string {
	if !n.several || cluster == "" || name == "" {
		return name
	}
	return cluster + "/" + name
}

// Current reports whether kube-state-metrics reports the cluster's nodes now and completely.
// Otherwise no node is gone.
func (n Nodes) Current(cluster string) bool { return n.current[cluster] && !n.partial }

// Silent reports whether kube-state-metrics, or a part of it, reported the cluster's nodes within
// the window but no longer does. The objects that only it knew may still exist.
func (n Nodes) Silent(cluster string) bool {
	if n.Complete(cluster) {
		return false
	}
	for k := range n.known {
		if k.cluster == cluster {
			return true
		}
	}
	return false
}

// ClusterOf returns the cluster of a series, whose cluster label may have the source's own name.
func (n Nodes) ClusterOf(ls series.Labels) string {
	if n.cluster == oneCluster {
		return ""
	}
	if v := ls.Get(clusterLabel); v != "" || n.cluster == "" {
		return v
	}
	return ls.Get(n.cluster)
}

// Of returns the name of a series' node, "" if its labels do not identify one. If an address had
// several nodes, the last one counts.
func (n Nodes) Of(ls series.Labels) string {
	if v := ls.Get("node"); v != "" {
		return v
	}
	if hs := n.holders(ls); len(hs) > 0 {
		return hs[len(hs)-1].name
	}
	return ""
}

// holders returns the nodes that the instance of a series belonged to, in order of time.
func (n Nodes) holders(ls series.Labels) []holder {
	instance := ls.Get("instance")
	if instance == "" {
		return nil
	}
	cluster := n.ClusterOf(ls)
	for _, id := range []string{instance, series.Host(instance)} {
		if hs := n.byKey[nodeKey{cluster, series.HostID(id)}]; len(hs) > 0 {
			return hs
		}
	}
	return nil
}

// Instances returns the instances of a node's exporters.
func (n Nodes) Instances(cluster, node string) []string { return n.exports[nodeKey{cluster, node}] }

// Departed reports whether the node of a series left the cluster within the window. A node that an
// autoscaler removed is expected to be silent.
func (n Nodes) Departed(ls series.Labels, node string) bool {
	return n.departed[nodeKey{n.ClusterOf(ls), node}]
}

// legendLabels returns the labels for a series' legend, in which the node's name includes its
// details.
func (n Nodes) legendLabels(format string, ls series.Labels, node string) series.Labels {
	if detail := n.detail[nodeKey{n.ClusterOf(ls), node}]; detail != "" &&
		strings.Contains(format, "node") {
		return ls.With("node", node+" ("+detail+")")
	}
	return ls
}

const (
	nodeInfoQuery = `max by (cluster, node, internal_ip) (kube_node_info)`
	// nodesInRangeQuery and exportersQuery cover a window; their argument is the step.
	nodesInRangeQuery = `max by (cluster, node, internal_ip) (last_over_time(kube_node_info[%s]))`
	exportersQuery    = `max by (cluster, node, instance, nodename, namespace, pod)` +
		` (last_over_time(node_uname_info[%s]))`
	reportsQuery = `max by (cluster, node, instance, nodename, namespace, pod)` +
		` (node_uname_info)`
	// hostPodsQuery finds the pods of exporters whose instance does not identify the node, by
	// name and by address.
	hostPodsQuery = `max by (cluster, node, namespace, pod, pod_ip) (kube_pod_info{node!=""}` +
		` and on (cluster, namespace, pod) group by (cluster, namespace, pod)` +
		` (node_uname_info{node="",pod!=""})` +
		` or kube_pod_info{node!="",pod_ip!=""} and on (cluster, pod_ip)` +
		` label_replace(node_uname_info{node=""}, "pod_ip", "$1",` +
		` "instance", "\\[?(.+?)\\]?(:\\d+)?"))`
	// heldQuery finds when addresses moved between nodes; its argument is the addresses.
	heldQuery = `max by (cluster, node, internal_ip) (kube_node_info{internal_ip=~"%s"})`
)

var virtualName = regexp.MustCompile(`^(?:` + panel.VirtualNames + `)$`)

// The bounds of what the table asks for.
const (
	// leastWindow is how far back names are known even if a report covers less, so that a name does
	// not change with every gap. While kube-state-metrics is silent it is silentWindow.
	leastWindow  = 3 * time.Hour
	silentWindow = 24 * time.Hour
	// windowSteps is the number of steps in the window. While kube-state-metrics is silent,
	// silentSteps are finer, to see which nodes left before it fell silent.
	windowSteps = 60
	silentSteps = 288
	// maxIdentities is the most series in one answer about nodes: 5,000 nodes, each scraped by two
	// jobs and replaced twice.
	maxIdentities = 20_000
	// maxMoved is the most addresses for which the time of a move is queried.
	maxMoved = 50
)

// keepLost keeps the nodes that lost targets reported at their end.
func (n *Nodes) keepLost() {
	for _, l := range n.lost {
		for name, ip := range l.nodes {
			if _, ok := n.index[nodeKey{l.Cluster, name}]; !ok {
				n.add(l.Cluster, Node{Name: name, InternalIP: ip})
				n.record(l.Cluster, name, l.Last)
				n.assign(l.Cluster, ip, name)
			}
		}
	}
}

// inTimeOrder returns the holders of an address in order: those that left, then the current one. If
// several are current, a machine takes precedence over a virtual node.
func (n *Nodes) inTimeOrder(cluster string, hs []holder) []holder {
	turn := func(h holder) int {
		k := nodeKey{cluster, h.name}
		switch _, now := n.index[k]; {
		case !now:
			return 0
		case n.kindOf(k) == VirtualNode:
			return 2
		}
		return 1
	}
	slices.SortFunc(hs, func(a, b holder) int {
		return cmp.Or(turn(a)-turn(b), a.from.Compare(b.from), strings.Compare(a.name, b.name))
	})
	var out []holder
	for _, h := range hs {
		out = append(out, h)
		if turn(h) > 0 {
			break
		}
	}
	return out
}

// kindOf returns the kind of a node, by its metrics or its name.
func (n *Nodes) kindOf(k nodeKey) NodeKind {
	switch kind := n.kinds[k]; {
	case kind != OrdinaryNode:
		return kind
	case virtualName.MatchString(k.id):
		return VirtualNode
	case strings.HasPrefix(k.id, "gk3-"):
		return AutopilotNode
	}
	return OrdinaryNode
}

// noteUnusual records nodes that several exporters report and hosts that are not nodes.
func (n *Nodes) noteUnusual(now map[nodeKey][]string) {
	for k, instances := range now {
		_, node := n.index[k]
		switch {
		case node && len(instances) > 1:
			slices.Sort(instances)
			n.doubled = append(n.doubled, k.id+" ("+strings.Join(instances, ", ")+")")
		case !node && n.current[k.cluster]:
			n.strange = append(n.strange, k.id)
		}
	}
	slices.Sort(n.doubled)
	slices.Sort(n.strange)
}

// holderAt returns the holder of an address after a time.
func holderAt(hs []holder, after time.Time) holder {
	found := hs[0]
	for _, h := range hs {
		if !h.from.After(after) {
			found = h
		}
	}
	return found
}

// add appends a current node to the list.
func (n *Nodes) add(cluster string, node Node) {
	n.index[nodeKey{cluster, node.Name}] = len(n.list)
	node.Cluster = cluster
	n.list = append(n.list, node)
}

// record records a node of the window.
func (n *Nodes) record(cluster, name string, seen time.Time) {
	k := nodeKey{cluster, strings.ToLower(name)}
	s := n.known[k]
	if s == nil {
		s = &knownNode{name: name}
		n.known[k] = s
	}
	if seen.After(s.last) {
		s.last = seen
	}
}

// fillShort fills the table of first parts. Current nodes take precedence over departed ones.
func (n *Nodes) fillShort() {
	for _, departed := range []bool{false, true} {
		mine := map[nodeKey]string{}
		for k, s := range n.known {
			if n.departed[nodeKey{k.cluster, s.name}] != departed {
				continue
			}
			first := nodeKey{k.cluster, firstPart(s.name)}
			if other, exists := mine[first]; exists && other != s.name {
				mine[first] = ""
			} else if !exists {
				mine[first] = s.name
			}
		}
		for k, name := range mine {
			if _, exists := n.short[k]; !exists {
				n.short[k] = name
			}
		}
	}
}

// assign assigns an id to a node unless it already has one.
func (n *Nodes) assign(cluster, id, name string) {
	k := nodeKey{cluster, series.HostID(id)}
	if id != "" && len(n.byKey[k]) == 0 {
		n.byKey[k] = []holder{{name: name}}
	}
}

// assignInstance assigns the instance of an exporter to its node. If it belonged to another node
// before, the exporter's first sample is when it moved.
func (n *Nodes) assignInstance(cluster, instance string, e *exporter) {
	k := nodeKey{cluster, series.HostID(instance)}
	hs := n.byKey[k]
	switch {
	case len(hs) == 0:
		// If the address itself moved, that time is known to the minute.
		if at := n.byKey[nodeKey{cluster, series.HostID(series.Host(instance))}]; len(at) > 1 {
			n.byKey[k] = at
			return
		}
		n.byKey[k] = []holder{{e.name, time.Time{}}}
	case !slices.ContainsFunc(hs, func(h holder) bool { return h.name == e.name }):
		n.byKey[k] = append(slices.Clone(hs), holder{e.name, e.first})
	}
}

// finish sorts the list, sets the kinds, and makes every node's name one of its ids.
func (n *Nodes) finish() {
	for k, s := range n.known {
		n.assign(k.cluster, s.name, s.name)
	}
	for i := range n.list {
		node := &n.list[i]
		node.Kind = n.kindOf(nodeKey{node.Cluster, node.Name})
		if node.Exporter && node.Kind == VirtualNode {
			node.Kind = OrdinaryNode // an exporter means a machine, whatever its name
		}
	}
	clusters := map[string]bool{}
	for k := range n.byKey {
		if k.cluster != "" {
			clusters[k.cluster] = true
		}
	}
	n.several = len(clusters) > 1
	slices.SortStableFunc(n.list, func(a, b Node) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Cluster, b.Cluster))
	})
	clear(n.index)
	for i := range n.list {
		n.index[nodeKey{n.list[i].Cluster, n.list[i].Name}] = i
	}
}

// part is the range of a series that belongs to one node.
type part struct {
	node     string
	from, to int // indices of the grid, excluding to
}

// parts divides a series among the nodes that its address belonged to. Most series have one part.
func (n Nodes) parts(ls series.Labels, g series.Grid) []part {
	if node := ls.Get("node"); node != "" {
		return []part{{node, 0, g.Len}}
	}
	hs := n.holders(ls)
	if len(hs) == 0 {
		return []part{{"", 0, g.Len}}
	}
	out := []part{{hs[0].name, 0, g.Len}}
	for _, h := range hs[1:] {
		first := 0 // the first index after h.from
		for first < g.Len && !g.At(first).After(h.from) {
			first++
		}
		last := &out[len(out)-1]
		if first <= last.from {
			last.node = h.name // the previous node left before the grid begins
			continue
		}
		last.to = min(last.to, first)
		if first < g.Len {
			out = append(out, part{h.name, first, g.Len})
		}
	}
	return out
}
