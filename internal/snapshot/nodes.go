package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// Nodes is the identity table: which node a series is of. A series may say it by its label node, by the address or the name of the host in
// instance, or by the pod of its exporter. The zero value knows no node.
type Nodes struct {
	list     []Node
	index    map[nodeKey]int      // by name: the place in list
	known    map[nodeKey]*stay    // by name, in lower case: every node of the window
	short    map[nodeKey]string   // by the first part of a name: the name; "" where several nodes share it
	byKey    map[nodeKey][]holder // what an instance says → whose it was, the first of them first
	kinds    map[nodeKey]NodeKind // by name: of those that are not ordinary by their marks
	exports  map[nodeKey][]string // by name: the instances of its exporters
	doubled  []string             // nodes that several exporters report now, with their instances
	strange  []string             // hosts that report now and are none of the nodes
	shared   []string             // instances behind which several hosts answer in turn
	podNet   map[nodeKey]bool     // by name: its exporter is a pod with an address of its own
	departed map[nodeKey]bool     // by name: nodes that the window still shows and the cluster no longer has
	current  map[string]bool      // by cluster: kube-state-metrics says now which nodes there are
	detail   map[nodeKey]string   // by name: its type and zone
	several  bool                 // there are several clusters
	lost     []Lost               // targets that are silent and of whose objects no other tells
	partial  bool                 // the answers were only a part: nobody is gone, and nobody lacks anything
	cluster  string               // the source's own label for clusters, which series of user panels have
}

// spelt returns a name or an address in the one way that the table knows it by: in lower case, and an address of IPv6 in its short form.
func spelt(id string) string {
	if strings.Contains(id, ":") {
		if a, err := netip.ParseAddr(id); err == nil {
			return a.Unmap().String()
		}
	}
	return strings.ToLower(id)
}

// nodeKey is a name or an address within one cluster; the label cluster is empty in a Prometheus of a single cluster.
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
	OrdinaryNode  NodeKind = ""
	WindowsNode   NodeKind = "windows"   // runs windows_exporter, never node_exporter
	VirtualNode   NodeKind = "virtual"   // stands for a service that runs pods: there is no machine behind it, and no kubelet to scrape
	AutopilotNode NodeKind = "autopilot" // of GKE, where nobody may run what node_exporter needs
)

// All returns the nodes of the cluster by name: those that kube_node_info knows or, while kube-state-metrics is silent, those that it
// knew last. Of several clusters the cluster is part of the name.
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

// Current reports whether kube-state-metrics says now which nodes the cluster has. While it is silent, or only a part of what it says is
// known, no node is gone.
func (n Nodes) Current(cluster string) bool { return n.current[cluster] && !n.partial }

// Silent reports whether kube-state-metrics told of the cluster's nodes within the window and no longer does, or a part of it does not:
// what it knew alone may still be there.
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

// Of returns the name of the node that a series is of, "" where its labels do not say. Of an address that changed hands it is the last.
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
	for _, id := range []string{instance, host(instance)} {
		if hs := n.byKey[nodeKey{cluster, spelt(id)}]; len(hs) > 0 {
			return hs
		}
	}
	return nil
}

// Departed reports that the node of a series left the cluster within the window: a node that an autoscaler took away is silent for good
// reason.
func (n Nodes) Departed(ls series.Labels, node string) bool {
	return n.departed[nodeKey{n.ClusterOf(ls), node}]
}

// named returns the labels that a legend names a series by: its node's name together with what is known of the node.
func (n Nodes) named(format string, ls series.Labels, node string) series.Labels {
	if detail := n.detail[nodeKey{n.ClusterOf(ls), node}]; detail != "" && strings.Contains(format, "node") {
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
	// hostPodsQuery finds the pods of exporters whose instance says nothing of the node: by their names, and by their addresses.
	hostPodsQuery = `max by (cluster, node, namespace, pod, pod_ip) (kube_pod_info{node!=""}` +
		` and on (cluster, namespace, pod) group by (cluster, namespace, pod) (node_uname_info{node="",pod!=""})` +
		` or kube_pod_info{node!="",pod_ip!=""} and on (cluster, pod_ip)` +
		` label_replace(node_uname_info{node=""}, "pod_ip", "$1", "instance", "\\[?(.+?)\\]?(:\\d+)?"))`
	// heldQuery finds when addresses changed hands; its argument are the addresses.
	heldQuery = `max by (cluster, node, internal_ip) (kube_node_info{internal_ip=~"%s"})`
)

// kindsQuery finds the nodes that are not ordinary; its argument is the window. A virtual kubelet says what it is in its version, its
// provider or its taint.
const kindsQuery = `label_replace(group by (cluster, node) (last_over_time(kube_node_info{os_image=~"(?i).*windows.*"}[%[1]s])), "kind", "windows", "", "")` +
	` or label_replace(group by (cluster, node) (last_over_time(kube_node_info{kubelet_version=~"(?i).*(-vk-|virtual-?kubelet|eklet|kwok).*|fake"}[%[1]s])` +
	` or last_over_time(kube_node_info{provider_id=~"(?i)(.*virtual-?kubelet|kwok|azure-aci|.*/fargate-).*"}[%[1]s])` +
	` or last_over_time(kube_node_spec_taint{key=~"virtual-(kubelet|node)[.].+/.+|.+/eklet|azure[.]com/aci|eks[.]amazonaws[.]com/compute-type|kwok[.]x-k8s[.]io/.+"}[%[1]s])),` +
	` "kind", "virtual", "", "")`

// virtualNames are names that are given to virtual nodes alone.
const virtualNames = `fargate-.*|virtual-node-.*|virtual-kubelet.*`

var virtualName = regexp.MustCompile(`^(?:` + virtualNames + `)$`)

// The bounds of what the table asks for.
const (
	// leastWindow is how far back a name is known, also where a report looks back less: a name must not change with every gap. While
	// kube-state-metrics is silent it is silentWindow.
	leastWindow  = 3 * time.Hour
	silentWindow = 24 * time.Hour
	// windowSteps is by how many steps the window is seen. Who left before kube-state-metrics fell silent is known by finer ones.
	windowSteps = 60
	silentSteps = 288
	// maxIdentities is the most series of one answer about nodes: 5,000 nodes of which each is scraped by two jobs and was rolled twice.
	maxIdentities = 20_000
	// maxHandOvers is of how many addresses it is looked up when they changed hands.
	maxHandOvers = 50
)

// exporter is one series of node_uname_info with the times at which it was seen.
type exporter struct {
	labels  series.Labels
	first   time.Time // before its first sample; the zero time where that is before the window
	last    time.Time // of its newest sample, up to the window's step
	reports bool      // at its end
	name    string    // of its node; "" where that is not known
	alike   bool      // its name is known by the first part of the host's name alone
}

// beside reports whether two exporters at different hosts were there at one time.
func (e *exporter) beside(o *exporter) bool {
	a, b := spelt(host(e.labels.Get("instance"))), spelt(host(o.labels.Get("instance")))
	return a != b && e.first.Before(o.last) && o.first.Before(e.last)
}

// LoadNodes asks Prometheus which nodes there are at a time, and which there were within the range that ends then. known are those that
// the Kubernetes API told of, if it was asked; a cluster without them and without kube-state-metrics gives a table without nodes. The
// notes say what is not known because a query beside that for the nodes failed.
func LoadNodes(ctx context.Context, q Querier, at time.Time, rng time.Duration, known ...Node) (Nodes, []string, error) {
	l := &nodeLoader{q: q, at: at, now: series.Grid{Start: at, Step: time.Minute, Len: 1}, window: max(rng, leastWindow), n: Nodes{
		index: map[nodeKey]int{}, known: map[nodeKey]*stay{}, short: map[nodeKey]string{}, byKey: map[nodeKey][]holder{},
		kinds: map[nodeKey]NodeKind{}, exports: map[nodeKey][]string{}, podNet: map[nodeKey]bool{}, departed: map[nodeKey]bool{}, current: map[string]bool{}, detail: map[nodeKey]string{},
	}}
	if m, ok := q.(mapped); ok && m.m.cluster() != clusterLabel {
		l.n.cluster = m.m.cluster()
	}
	if err := l.loadNow(ctx); err != nil {
		return Nodes{}, nil, err
	}
	steps := time.Duration(windowSteps)
	if len(l.n.list) == 0 {
		l.window, steps = max(rng, silentWindow), silentSteps
	}
	l.step = max((l.window / steps).Truncate(time.Minute), time.Minute)
	l.grid = PlanGrid(at, l.window, l.step)
	l.loadKinds(ctx)
	l.loadSources(ctx)
	l.loadWindow(ctx)
	exporters, err := l.loadExporters(ctx)
	if err == nil {
		exporters, err = l.loadReports(ctx, exporters)
	}
	if err == nil {
		err = l.loseExporters(ctx, exporters)
	}
	l.n.meetKnown(known, exporters)
	l.n.shorten()
	l.place(ctx, exporters)
	if err != nil {
		l.note("which nodes have a node_exporter is not known (node_uname_info): %v", err)
		for i := range l.n.list {
			l.n.list[i].Exporter = true // none is said to lack what nobody could ask for
		}
	}
	if l.partial != "" {
		l.note("which nodes left, and which have a node_exporter, is not known: %s", l.partial)
		l.n.partial = true
		clear(l.n.departed)
		l.n.strange = nil
		for i := range l.n.list {
			l.n.list[i].Exporter = true // what is missing may be in the other part
		}
	}
	l.n.finish()
	return l.n, l.notes, nil
}

// nodeLoader makes the table.
type nodeLoader struct {
	q      Querier
	at     time.Time
	now    series.Grid // at alone
	window time.Duration
	step   time.Duration
	grid   series.Grid
	n      Nodes
	notes  []string
	// partial is what the server says of the first answer that was only a part.
	partial string
}

func (l *nodeLoader) note(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

// each runs a query on a grid and hands on every series that has a sample; the labels are copied.
func (l *nodeLoader) each(ctx context.Context, g series.Grid, expr string, f func(series.Labels, []float64)) error {
	meta, err := l.q.Range(ctx, promapi.Query{Expr: expr, Grid: g, Limit: maxIdentities}, func(s series.Series) error {
		if series.Newest(s.Values) >= 0 {
			f(s.Labels.Clone(), s.Values)
		}
		return nil
	})
	if meta.Partial && l.partial == "" {
		l.partial = "the answers are only a part"
		if len(meta.Warnings) > 0 {
			l.partial += ": " + printable(meta.Warnings[0])
		}
	}
	return err
}

// loadNow asks for the nodes of now.
func (l *nodeLoader) loadNow(ctx context.Context) error {
	n := &l.n
	err := l.each(ctx, l.now, nodeInfoQuery, func(ls series.Labels, _ []float64) {
		k := nodeKey{ls.Get("cluster"), ls.Get("node")}
		if _, ok := n.index[k]; ok || k.id == "" {
			return
		}
		n.current[k.cluster] = true
		n.add(k.cluster, Node{Name: k.id, InternalIP: ls.Get("internal_ip")})
		n.hold(k.cluster, ls.Get("internal_ip"), k.id)
		n.know(k.cluster, k.id, l.at)
	})
	if err != nil {
		return fmt.Errorf("asking for the nodes (kube_node_info): %w", err)
	}
	return nil
}

// loadWindow asks for the nodes of the window. That it fails costs a note.
func (l *nodeLoader) loadWindow(ctx context.Context) {
	n := &l.n
	held := map[nodeKey][]holder{}
	last := map[string]time.Time{} // by cluster: when kube-state-metrics was last heard
	addresses := map[nodeKey]string{}
	err := l.each(ctx, l.grid, fmt.Sprintf(nodesInRangeQuery, model.Duration(l.step)), func(ls series.Labels, values []float64) {
		cluster, name, ip := ls.Get("cluster"), ls.Get("node"), ls.Get("internal_ip")
		if name == "" {
			return
		}
		seen := l.grid.At(series.Newest(values))
		n.know(cluster, name, seen)
		if seen.After(last[cluster]) {
			last[cluster] = seen
		}
		if ip != "" {
			addresses[nodeKey{cluster, name}] = ip
			k := nodeKey{cluster, spelt(ip)}
			held[k] = append(held[k], holder{name, l.begin(values, l.grid)})
		}
	})
	if err != nil {
		l.note("which nodes left within the range is not known, and their silence reads as no data: %v", err)
		return
	}
	l.refine(ctx, held)
	for k, hs := range held {
		n.byKey[k] = n.inTurn(k.cluster, hs)
	}
	n.keepLost()
	for k, s := range n.known {
		if _, ok := n.index[nodeKey{k.cluster, s.name}]; ok {
			continue
		}
		switch {
		case n.current[k.cluster]:
			n.departed[nodeKey{k.cluster, s.name}] = true
		case !s.last.Before(last[k.cluster].Add(-l.step)): // silence says nothing of the nodes: these are as they were known last
			n.add(k.cluster, Node{Name: s.name, InternalIP: addresses[nodeKey{k.cluster, s.name}]})
		default:
			n.departed[nodeKey{k.cluster, s.name}] = true
		}
	}
}

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

// inTurn returns the holders of an address, one after the other, those that left before the one that is there. Of several that are there at
// once, the address is that of a machine and not of a virtual node.
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

// begin is the time after which the first sample of values lies; the zero time where that is the window's begin.
func (l *nodeLoader) begin(values []float64, g series.Grid) time.Time {
	for i, v := range values {
		if !math.IsNaN(v) {
			if i == 0 {
				break
			}
			return g.At(i - 1)
		}
	}
	return time.Time{}
}

// refine looks up to the minute when addresses changed hands. Where that fails the window's step does.
func (l *nodeLoader) refine(ctx context.Context, held map[nodeKey][]holder) {
	var quotedIPs []string
	for k, hs := range held {
		if slices.ContainsFunc(hs, func(h holder) bool { return h.name != hs[0].name }) {
			quotedIPs = append(quotedIPs, quoted(regexp.QuoteMeta(k.id)))
		}
	}
	if len(quotedIPs) == 0 {
		return
	}
	slices.Sort(quotedIPs)
	quotedIPs = slices.Compact(quotedIPs)
	quotedIPs = quotedIPs[:min(len(quotedIPs), maxHandOvers)]
	step := max(l.window/5000, time.Minute).Round(time.Second)
	grid := PlanGrid(l.at, l.window, step)
	fine := map[nodeKey][]holder{}
	err := l.each(ctx, grid, fmt.Sprintf(heldQuery, strings.Join(quotedIPs, "|")), func(ls series.Labels, values []float64) {
		k := nodeKey{ls.Get("cluster"), spelt(ls.Get("internal_ip"))}
		fine[k] = append(fine[k], holder{ls.Get("node"), l.begin(values, grid)})
	})
	if err != nil {
		return
	}
	for k, hs := range fine {
		if len(hs) >= len(held[k]) { // otherwise one was there for less than a step
			held[k] = hs
		}
	}
}

// loadKinds asks which nodes are not ordinary. That it fails costs a note.
func (l *nodeLoader) loadKinds(ctx context.Context) {
	err := l.each(ctx, l.now, fmt.Sprintf(kindsQuery, model.Duration(l.window)), func(ls series.Labels, _ []float64) {
		l.n.kinds[nodeKey{ls.Get("cluster"), ls.Get("node")}] = NodeKind(ls.Get("kind"))
	})
	if err != nil {
		l.note("which nodes are virtual or of Windows is known by their names alone: %v", err)
	}
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

// loadReports marks the exporters that report now, and adds those that are newer than the last step of the window.
func (l *nodeLoader) loadReports(ctx context.Context, exporters []exporter) ([]exporter, error) {
	type key struct{ cluster, node, instance, nodename string }
	of := func(ls series.Labels) key {
		return key{ls.Get("cluster"), ls.Get("node"), ls.Get("instance"), ls.Get("nodename")}
	}
	at := map[key]int{}
	for i := range exporters {
		at[of(exporters[i].labels)] = i
	}
	err := l.each(ctx, l.now, reportsQuery, func(ls series.Labels, _ []float64) {
		i, known := at[of(ls)]
		if !known {
			i = len(exporters)
			at[of(ls)] = i
			exporters = append(exporters, exporter{labels: ls, first: l.grid.End(), last: l.at})
		}
		exporters[i].reports = true
	})
	if err != nil {
		for i := range exporters {
			exporters[i].reports = true // none is said to be silent because nobody could ask
		}
	}
	return exporters, err
}

// loadExporters asks for every node_exporter of the window.
func (l *nodeLoader) loadExporters(ctx context.Context) ([]exporter, error) {
	var out []exporter
	err := l.each(ctx, l.grid, fmt.Sprintf(exportersQuery, model.Duration(l.step)), func(ls series.Labels, values []float64) {
		out = append(out, exporter{labels: ls, first: l.begin(values, l.grid), last: l.grid.At(series.Newest(values))})
	})
	var many *promapi.LimitError
	if errors.As(err, &many) { // exporters that come and go; those of now do
		out = nil
		err = l.each(ctx, l.now, fmt.Sprintf(exportersQuery, model.Duration(l.step)), func(ls series.Labels, _ []float64) {
			out = append(out, exporter{labels: ls, last: l.at})
		})
	}
	slices.SortStableFunc(out, func(a, b exporter) int { return a.first.Compare(b.first) })
	return out, err
}

// place joins every exporter to its node.
func (l *nodeLoader) place(ctx context.Context, exporters []exporter) {
	n := &l.n
	lost := false
	for i := range exporters {
		e := &exporters[i]
		e.name = n.nodeOf(e)
		lost = lost || e.name == ""
	}
	if lost && len(n.known) > 0 {
		l.placeByPods(ctx, exporters)
	}
	parted(exporters)
	silent := !slices.ContainsFunc(exporters, func(e exporter) bool { return e.reports })
	shared := l.sharedInstances(exporters)
	hosts := map[nodeKey]map[string]bool{} // the nodes that exporters at one host are of
	now := map[nodeKey][]string{}          // the instances that report a node now
	for i := range exporters {
		e := &exporters[i]
		instance := e.labels.Get("instance")
		if e.name == "" || instance == "" {
			continue
		}
		cluster := e.labels.Get("cluster")
		if at := (nodeKey{cluster, spelt(instance)}); shared[at] {
			n.byKey[at] = []holder{{}}
			continue
		}
		k := nodeKey{cluster, spelt(host(instance))}
		if hosts[k] == nil {
			hosts[k] = map[string]bool{}
		}
		hosts[k][e.name] = true
		n.holdInstance(cluster, instance, e)
		// Where nobody reports, and kube-state-metrics does not either, it is not the exporters that are missing.
		if i, ok := n.index[nodeKey{cluster, e.name}]; ok && (e.reports || silent && !n.current[cluster]) {
			n.list[i].Exporter = true
		}
		of := nodeKey{cluster, e.name}
		if e.reports && !slices.Contains(now[of], instance) {
			now[of] = append(now[of], instance)
		}
		if !slices.Contains(n.exports[of], instance) {
			n.exports[of] = append(n.exports[of], instance)
		}
	}
	n.count(now)
	for i := range exporters { // a host through which several nodes are reached is none of theirs
		e := &exporters[i]
		k := nodeKey{e.labels.Get("cluster"), spelt(host(e.labels.Get("instance")))}
		if len(hosts[k]) == 1 && len(n.byKey[k]) == 0 && k.id != "" {
			n.hold(k.cluster, k.id, e.name)
		}
	}
}

// sharedInstances finds the instances behind which several hosts answer in turn, such as a Service: what they measure is of no one node.
func (l *nodeLoader) sharedInstances(exporters []exporter) map[nodeKey]bool {
	at, out := map[nodeKey][]*exporter{}, map[nodeKey]bool{}
	for i := range exporters {
		e := &exporters[i]
		k := nodeKey{e.labels.Get("cluster"), spelt(e.labels.Get("instance"))}
		if out[k] || k.id == "" || e.labels.Get("nodename") == "" {
			continue
		}
		for _, o := range at[k] {
			from, to := l.grid.Start, e.last
			for _, first := range []time.Time{e.first, o.first} {
				if first.After(from) {
					from = first
				}
			}
			if o.last.Before(to) {
				to = o.last
			}
			// A host that takes over an address is seen beside the one before for a step or two.
			if o.labels.Get("nodename") != e.labels.Get("nodename") && to.Sub(from) > 3*l.step {
				out[k] = true
				l.n.shared = append(l.n.shared, e.labels.Get("instance"))
				break
			}
		}
		at[k] = append(at[k], e)
	}
	return out
}

// parted names the exporters whose nodes are not known: those outside the cluster, and all where there is no kube-state-metrics. The host's
// own name is better than its address. Hosts of one name at one time, such as machines made of one image, are told apart by their address.
// A host whose name is only like a node's is not that node where another host, of another name, is.
func parted(exporters []exporter) {
	type key struct{ cluster, name string }
	nodes, hosts := map[key][]*exporter{}, map[key][]*exporter{}
	for i := range exporters {
		if e := &exporters[i]; e.name != "" && !e.alike {
			k := key{e.labels.Get("cluster"), e.name}
			nodes[k] = append(nodes[k], e)
		}
	}
	for i := range exporters {
		e := &exporters[i]
		own := e.labels.Get("nodename")
		if e.alike && slices.ContainsFunc(nodes[key{e.labels.Get("cluster"), e.name}], func(o *exporter) bool {
			return e.beside(o) && !strings.EqualFold(o.labels.Get("nodename"), own)
		}) {
			e.name = ""
		}
		if e.name == "" {
			e.name = own
			k := key{e.labels.Get("cluster"), own}
			hosts[k] = append(hosts[k], e)
		}
	}
	for k, all := range hosts {
		several := false
		for _, e := range all {
			several = several || slices.ContainsFunc(all, e.beside)
		}
		for _, e := range all {
			if several && k.name != "" {
				e.name = k.name + " (" + host(e.labels.Get("instance")) + ")"
			}
		}
	}
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

// placeByPods joins the exporters that run as pods with addresses of their own: kube-state-metrics knows which node a pod is on.
func (l *nodeLoader) placeByPods(ctx context.Context, exporters []exporter) {
	type podKey struct{ cluster, namespace, pod string }
	byPod, byIP := map[podKey]string{}, map[nodeKey]string{}
	// Every step of a look is a join of all pods: so few that a pod of some length is seen.
	grid := PlanGrid(l.at, l.window, max((l.window/(looks-1)).Truncate(time.Minute), time.Minute))
	err := l.each(ctx, grid, hostPodsQuery, func(ls series.Labels, _ []float64) {
		cluster, node := ls.Get("cluster"), ls.Get("node")
		byPod[podKey{cluster, ls.Get("namespace"), ls.Get("pod")}] = node
		if ip := ls.Get("pod_ip"); ip != "" {
			byIP[nodeKey{cluster, spelt(ip)}] = node
		}
	})
	if err != nil {
		l.note("which nodes the pods of node_exporter are on is not known (kube_pod_info): %v", err)
		return
	}
	for i := range exporters {
		e := &exporters[i]
		if e.name != "" {
			continue
		}
		cluster := e.labels.Get("cluster")
		if e.name = byIP[nodeKey{cluster, spelt(host(e.labels.Get("instance")))}]; e.name == "" {
			e.name = byPod[podKey{cluster, e.labels.Get("namespace"), e.labels.Get("pod")}]
		}
		if e.name != "" {
			l.n.podNet[nodeKey{cluster, e.name}] = true
		}
	}
}

// nodeOf returns the node of an exporter: by its label node, by its address or the host's name in instance, or by the name that the host
// gives itself; "" where none of them is a node's.
func (n *Nodes) nodeOf(e *exporter) string {
	cluster, at := e.labels.Get("cluster"), host(e.labels.Get("instance"))
	if name := n.knownAs(cluster, e.labels.Get("node")); name != "" {
		return name
	}
	nodename := e.labels.Get("nodename")
	own := n.alike(cluster, nodename)
	if hs := n.byKey[nodeKey{cluster, spelt(at)}]; len(hs) > 0 {
		last := hs[len(hs)-1].name
		for _, h := range hs { // an address that changed hands: the host's own name says whose it is
			if h.name == own {
				return n.renamed(e, own, last)
			}
		}
		return n.renamed(e, holderAt(hs, e.first).name, last)
	}
	if _, err := netip.ParseAddr(at); err != nil {
		if name := n.alike(cluster, at); name != "" {
			return name
		}
	}
	e.alike = own != "" && !strings.EqualFold(own, nodename)
	return own
}

// renamed returns the name of an exporter's node, or the one that its address belongs to last where the node left and the exporter did not:
// the machine was registered under another name.
func (n *Nodes) renamed(e *exporter, name, last string) string {
	if e.reports && n.departed[nodeKey{e.labels.Get("cluster"), name}] {
		return last
	}
	return name
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

// knownAs returns a node's name by the same name in any case, "" where there is none.
func (n *Nodes) knownAs(cluster, name string) string {
	if s := n.known[nodeKey{cluster, strings.ToLower(name)}]; s != nil && name != "" {
		return s.name
	}
	return ""
}

// alike returns the node whose name is that of a host: whole, or one of them the first part of the other, or both of the same first part,
// where no other node has that.
func (n *Nodes) alike(cluster, hostname string) string {
	if hostname == "" {
		return ""
	}
	if name := n.knownAs(cluster, hostname); name != "" {
		return name
	}
	return n.short[nodeKey{cluster, firstPart(hostname)}]
}

// firstPart is a host's name up to its first dot, in lower case.
func firstPart(name string) string {
	first, _, _ := strings.Cut(strings.ToLower(name), ".")
	return first
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
	k := nodeKey{cluster, spelt(id)}
	if id != "" && len(n.byKey[k]) == 0 {
		n.byKey[k] = []holder{{name: name}}
	}
}

// holdInstance gives the instance of an exporter to its node; of an instance that changed hands, from when on.
func (n *Nodes) holdInstance(cluster, instance string, e *exporter) {
	k := nodeKey{cluster, spelt(instance)}
	hs := n.byKey[k]
	switch {
	case len(hs) == 0:
		// Where the address itself changed hands, that is known to the minute.
		if at := n.byKey[nodeKey{cluster, spelt(host(instance))}]; len(at) > 1 {
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

// meetKnown takes over what the Kubernetes API knows of the nodes. It does not say which label cluster they have in a Prometheus of
// several clusters: there each one is found by its name and its address, and those of which Prometheus has never heard are left out.
func (n *Nodes) meetKnown(known []Node, exporters []exporter) {
	clusters := map[string]bool{}
	for k := range n.index {
		clusters[k.cluster] = true
	}
	for _, e := range exporters {
		clusters[e.labels.Get("cluster")] = true
	}
	if len(clusters) == 0 {
		clusters[""] = true
	}
	for _, k := range known {
		for cluster := range clusters {
			key := nodeKey{cluster, k.Name}
			i, ok := n.index[key]
			switch {
			case !ok && len(clusters) > 1,
				ok && len(clusters) > 1 && n.list[i].InternalIP != k.InternalIP:
				continue
			case !ok:
				i = len(n.list)
				n.add(cluster, Node{Name: k.Name})
				n.know(cluster, k.Name, time.Time{})
				delete(n.departed, key)
				n.hold(cluster, k.InternalIP, k.Name)
			}
			was := n.list[i]
			n.list[i] = k
			n.list[i].InternalIP = cmp.Or(k.InternalIP, was.InternalIP)
			n.list[i].Cluster = cluster
			if detail := k.Detail(); detail != "" {
				n.detail[key] = detail
			}
		}
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

// eachLabels runs a query at one time and hands on the label set of every series, copied.
func eachLabels(ctx context.Context, q Querier, g series.Grid, expr string, f func(series.Labels)) error {
	_, err := q.Range(ctx, promapi.Query{Expr: expr, Grid: g}, func(s series.Series) error {
		if series.Newest(s.Values) >= 0 {
			f(s.Labels.Clone())
		}
		return nil
	})
	return err
}
