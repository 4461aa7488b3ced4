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

// Nodes is the identity table: which node a series is of. A series may say it by its label node, by
// the address or the name of the host in instance, or by the pod of its exporter. The zero value
// knows no node.
type Nodes struct {
	list  []Node
	index map[nodeKey]int   // by name: the place in list
	known map[nodeKey]*stay // by name, in lower case: every node of the window
	// by the first part of a name: the name; "" where several nodes share it
	short   map[nodeKey]string
	byKey   map[nodeKey][]holder // what an instance says → whose it was, the first of them first
	kinds   map[nodeKey]NodeKind // by name: of those that are not ordinary by their marks
	exports map[nodeKey][]string // by name: the instances of its exporters
	doubled []string             // nodes that several exporters report now, with their instances
	strange []string             // hosts that report now and are none of the nodes
	shared  []string             // instances behind which several hosts answer in turn
	podNet  map[nodeKey]bool     // by name: its exporter is a pod with an address of its own
	// by name: nodes that the window still shows and the cluster no longer has
	departed map[nodeKey]bool
	current  map[string]bool    // by cluster: kube-state-metrics says now which nodes there are
	detail   map[nodeKey]string // by name: its type and zone
	several  bool               // there are several clusters
	lost     []Lost             // targets that are silent and of whose objects no other tells
	// the answers were only a part: nobody is gone, and nobody lacks anything
	partial bool
	cluster string // the source's own label for clusters, which series of user panels have
}

func newNodes() Nodes {
	return Nodes{
		index: map[nodeKey]int{}, known: map[nodeKey]*stay{}, short: map[nodeKey]string{},
		byKey: map[nodeKey][]holder{},
		kinds: map[nodeKey]NodeKind{}, exports: map[nodeKey][]string{}, podNet: map[nodeKey]bool{},
		departed: map[nodeKey]bool{}, current: map[string]bool{}, detail: map[nodeKey]string{},
	}
}

// nodeKey is a name or an address within one cluster; the label cluster is empty in a Prometheus of
// a single cluster.
type nodeKey struct{ cluster, id string }

// stay is what a window shows of a node.
type stay struct {
	name string
	last time.Time
}

// holder is a node that an address belongs to from a time on.
type holder struct {
	name string
	from time.Time
}

// NodeKind is what a node is made for, as far as that decides what can be measured.
type NodeKind string

// The kinds of nodes. An ordinary one runs whatever it is told to.
const (
	OrdinaryNode NodeKind = ""
	WindowsNode  NodeKind = "windows" // runs windows_exporter, never node_exporter
	// stands for a service that runs pods: there is no machine behind it, and no kubelet to scrape
	VirtualNode   NodeKind = "virtual"
	AutopilotNode NodeKind = "autopilot" // of GKE, where nobody may run what node_exporter needs
)

// All returns the nodes of the cluster by name: those that kube_node_info knows or, while
// kube-state-metrics is silent, those that it knew last. Of several clusters the cluster is part of
// the name.
func (n Nodes) All() []Node {
	all := slices.Clone(n.list)
	for i := range all {
		all[i].Name = n.Shown(all[i].Cluster, all[i].Name)
	}
	return all
}

// Has reports whether a cluster has a node of a name, as kube-state-metrics says or said last.
func (n Nodes) Has(cluster, name string) bool {
	_, ok := n.index[nodeKey{cluster, name}]
	return ok
}

// Shown is how people are told a name: of several clusters, with the cluster that it is of.
func (n Nodes) Shown(cluster, name string) string {
	if !n.several || cluster == "" || name == "" {
		return name
	}
	return cluster + "/" + name
}

// Current reports whether kube-state-metrics says now which nodes the cluster has. While it is
// silent, or only a part of what it says is known, no node is gone.
func (n Nodes) Current(cluster string) bool { return n.current[cluster] && !n.partial }

// Silent reports whether kube-state-metrics told of the cluster's nodes within the window and no
// longer does, or a part of it does not: what it knew alone may still be there.
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

// ClusterOf returns the cluster of a series, whose label of it may have the source's own name.
func (n Nodes) ClusterOf(ls series.Labels) string {
	if n.cluster == oneCluster {
		return ""
	}
	if v := ls.Get(clusterLabel); v != "" || n.cluster == "" {
		return v
	}
	return ls.Get(n.cluster)
}

// Of returns the name of the node that a series is of, "" where its labels do not say. Of an
// address that changed hands it is the last.
func (n Nodes) Of(ls series.Labels) string {
	if v := ls.Get("node"); v != "" {
		return v
	}
	if hs := n.holders(ls); len(hs) > 0 {
		return hs[len(hs)-1].name
	}
	return ""
}

// holders are the nodes that the instance of a series belonged to, the first of them first.
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

// Departed reports that the node of a series left the cluster within the window: a node that an
// autoscaler took away is silent for good reason.
func (n Nodes) Departed(ls series.Labels, node string) bool {
	return n.departed[nodeKey{n.ClusterOf(ls), node}]
}

// named returns the labels that a legend names a series by: its node's name together with what is
// known of the node.
func (n Nodes) named(format string, ls series.Labels, node string) series.Labels {
	if detail := n.detail[nodeKey{n.ClusterOf(ls), node}]; detail != "" &&
		strings.Contains(format, "node") {
		return ls.With("node", node+" ("+detail+")")
	}
	return ls
}

const (
	nodeInfoQuery = `max by (cluster, node, internal_ip) (kube_node_info)`
	// nodesInRangeQuery and exportersQuery find all of a window; their argument is the step.
	nodesInRangeQuery = `max by (cluster, node, internal_ip) (last_over_time(kube_node_info[%s]))`
	exportersQuery    = `max by (cluster, node, instance, nodename, namespace, pod) (last_over_time(node_uname_info[%s]))`
	reportsQuery      = `max by (cluster, node, instance, nodename, namespace, pod) (node_uname_info)`
	// hostPodsQuery finds the pods of exporters whose instance says nothing of the node: by their
	// names, and by their addresses.
	hostPodsQuery = `max by (cluster, node, namespace, pod, pod_ip) (kube_pod_info{node!=""}` +
		` and on (cluster, namespace, pod) group by (cluster, namespace, pod) (node_uname_info{node="",pod!=""})` +
		` or kube_pod_info{node!="",pod_ip!=""} and on (cluster, pod_ip)` +
		` label_replace(node_uname_info{node=""}, "pod_ip", "$1", "instance", "\\[?(.+?)\\]?(:\\d+)?"))`
	// heldQuery finds when addresses changed hands; its argument are the addresses.
	heldQuery = `max by (cluster, node, internal_ip) (kube_node_info{internal_ip=~"%s"})`
)

var virtualName = regexp.MustCompile(`^(?:` + panel.VirtualNames + `)$`)

// The bounds of what the table asks for.
const (
	// leastWindow is how far back a name is known, also where a report looks back less: a name must
	// not change with every gap. While kube-state-metrics is silent it is silentWindow.
	leastWindow  = 3 * time.Hour
	silentWindow = 24 * time.Hour
	// windowSteps is by how many steps the window is seen. Who left before kube-state-metrics fell
	// silent is known by finer ones.
	windowSteps = 60
	silentSteps = 288
	// maxIdentities is the most series of one answer about nodes: 5,000 nodes of which each is
	// scraped by two jobs and was rolled twice.
	maxIdentities = 20_000
	// maxHandOvers is of how many addresses it is looked up when they changed hands.
	maxHandOvers = 50
)

// keepLost keeps the nodes that a lost target told of at its end.
func (n *Nodes) keepLost() {
	for _, l := range n.lost {
		for name, ip := range l.nodes {
			if _, ok := n.index[nodeKey{l.Cluster, name}]; !ok {
				n.add(l.Cluster, Node{Name: name, InternalIP: ip})
				n.know(l.Cluster, name, l.Last)
				n.hold(l.Cluster, ip, name)
			}
		}
	}
}

// inTurn returns the holders of an address, one after the other, those that left before the one
// that is there. Of several that are there at once, the address is that of a machine and not of a
// virtual node.
func (n *Nodes) inTurn(cluster string, hs []holder) []holder {
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

// kindOf is what a node is made for, by its marks or its name.
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

// count takes note of nodes that several exporters report, and of hosts that are no nodes.
func (n *Nodes) count(now map[nodeKey][]string) {
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

// holderAt is whose an address is after a time.
func holderAt(hs []holder, after time.Time) holder {
	found := hs[0]
	for _, h := range hs {
		if !h.from.After(after) {
			found = h
		}
	}
	return found
}

// add appends a node of now to the list.
func (n *Nodes) add(cluster string, node Node) {
	n.index[nodeKey{cluster, node.Name}] = len(n.list)
	node.Cluster = cluster
	n.list = append(n.list, node)
}

// know takes note of a node of the window.
func (n *Nodes) know(cluster, name string, seen time.Time) {
	k := nodeKey{cluster, strings.ToLower(name)}
	s := n.known[k]
	if s == nil {
		s = &stay{name: name}
		n.known[k] = s
	}
	if seen.After(s.last) {
		s.last = seen
	}
}

// shorten makes the table of first parts. A node that left gives way to one that is there.
func (n *Nodes) shorten() {
	for _, departed := range []bool{false, true} {
		mine := map[nodeKey]string{}
		for k, s := range n.known {
			if n.departed[nodeKey{k.cluster, s.name}] != departed {
				continue
			}
			first := nodeKey{k.cluster, firstPart(s.name)}
			if other, taken := mine[first]; taken && other != s.name {
				mine[first] = ""
			} else if !taken {
				mine[first] = s.name
			}
		}
		for k, name := range mine {
			if _, taken := n.short[k]; !taken {
				n.short[k] = name
			}
		}
	}
}

// hold gives an id to a node, unless somebody has it.
func (n *Nodes) hold(cluster, id, name string) {
	k := nodeKey{cluster, series.HostID(id)}
	if id != "" && len(n.byKey[k]) == 0 {
		n.byKey[k] = []holder{{name: name}}
	}
}

// holdInstance gives the instance of an exporter to its node; of an instance that changed hands,
// from when on.
func (n *Nodes) holdInstance(cluster, instance string, e *exporter) {
	k := nodeKey{cluster, series.HostID(instance)}
	hs := n.byKey[k]
	switch {
	case len(hs) == 0:
		// Where the address itself changed hands, that is known to the minute.
		if at := n.byKey[nodeKey{cluster, series.HostID(series.Host(instance))}]; len(at) > 1 {
			n.byKey[k] = at
			return
		}
		n.byKey[k] = []holder{{e.name, time.Time{}}}
	case !slices.ContainsFunc(hs, func(h holder) bool { return h.name == e.name }):
		n.byKey[k] = append(slices.Clone(hs), holder{e.name, e.first})
	}
}

// finish sorts the list, and makes every node's name one of its ids.
func (n *Nodes) finish() {
	for k, s := range n.known {
		n.hold(k.cluster, s.name, s.name)
	}
	for i := range n.list {
		node := &n.list[i]
		node.Kind = n.kindOf(nodeKey{node.Cluster, node.Name})
		if node.Exporter && node.Kind == VirtualNode {
			node.Kind = OrdinaryNode // there is a machine behind it, whatever it is called
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

// part is what of a series belongs to one node.
type part struct {
	node     string
	from, to int // samples of the grid, to not among them
}

// parts divides a series among the nodes that its address belonged to. Most have one part.
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
		first := 0 // of the grid after h.from
		for first < g.Len && !g.At(first).After(h.from) {
			first++
		}
		last := &out[len(out)-1]
		if first <= last.from {
			last.node = h.name // the one before left before the grid begins
			continue
		}
		last.to = min(last.to, first)
		if first < g.Len {
			out = append(out, part{h.name, first, g.Len})
		}
	}
	return out
}
