package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// Nodes is the identity table: which node a series is of. kube-prometheus-stack's node_exporter has no label node, and the community
// chart's cAdvisor puts the node's name into instance. The zero value knows no node.
type Nodes struct {
	list     []Node
	byKey    map[nodeKey]string // what an instance or a label can say → the node's name
	departed map[nodeKey]bool   // by name: nodes that the range still shows and the cluster no longer has
	detail   map[nodeKey]string // by name: its type and zone
}

// nodeKey is a name or an address within one cluster; the label cluster is empty in a Prometheus of a single cluster.
type nodeKey struct{ cluster, id string }

// All returns the nodes that kube_node_info knows, by name.
func (n Nodes) All() []Node { return n.list }

// Of returns the name of the node that a series is of, "" where its labels do not say.
func (n Nodes) Of(ls series.Labels) string {
	if v := ls.Get("node"); v != "" {
		return v
	}
	return n.byKey[nodeKey{ls.Get("cluster"), host(ls.Get("instance"))}]
}

// Departed tells that the node of a series left the cluster within the range: a node that an autoscaler took away is silent for good
// reason.
func (n Nodes) Departed(ls series.Labels, node string) bool {
	return n.departed[nodeKey{ls.Get("cluster"), node}]
}

// named returns the labels that a legend names a series by: its node's name together with what is known of the node.
func (n Nodes) named(format string, ls series.Labels, node string) series.Labels {
	if detail := n.detail[nodeKey{ls.Get("cluster"), node}]; detail != "" && strings.Contains(format, "node") {
		return ls.With("node", node+" ("+detail+")")
	}
	return ls
}

const (
	nodeInfoQuery  = `max by (cluster, node, internal_ip) (kube_node_info)`
	nodeUnameQuery = `max by (cluster, node, instance, nodename) (node_uname_info)`
	honorQuery     = `count(kube_pod_info{exported_namespace!=""})`
)

// nodesInRangeQuery finds every node of a range; its argument is the range.
const nodesInRangeQuery = `max by (cluster, node, internal_ip) (last_over_time(kube_node_info[%s]))`

// LoadNodes asks Prometheus which nodes there are at a time, and which there were within the range that ends then. known are those that
// the Kubernetes API told of, if it was asked; a cluster without them and without kube-state-metrics gives a table without nodes. The
// notes say what is odd about the labels, and what is not known because a query beside that for the nodes failed.
func LoadNodes(ctx context.Context, q Querier, at time.Time, rng time.Duration, known ...Node) (Nodes, []string, error) {
	n := Nodes{byKey: map[nodeKey]string{}, departed: map[nodeKey]bool{}, detail: map[nodeKey]string{}}
	index := map[nodeKey]int{}
	grid := series.Grid{Start: at, Step: time.Minute, Len: 1}
	err := eachLabels(ctx, q, grid, nodeInfoQuery, func(ls series.Labels) {
		k := nodeKey{ls.Get("cluster"), ls.Get("node")}
		if _, ok := index[k]; ok || k.id == "" {
			return
		}
		index[k] = len(n.list)
		n.list = append(n.list, Node{Name: k.id, InternalIP: ls.Get("internal_ip")})
		n.byKey[k] = k.id
		if ip := ls.Get("internal_ip"); ip != "" {
			n.byKey[nodeKey{k.cluster, ip}] = k.id
		}
	})
	if err != nil {
		return Nodes{}, nil, fmt.Errorf("asking for the nodes (kube_node_info): %w", err)
	}
	var notes []string
	if len(n.list) > 0 { // otherwise kube-state-metrics is silent, which says nothing about its nodes
		err = eachLabels(ctx, q, grid, fmt.Sprintf(nodesInRangeQuery, model.Duration(rng)), n.meetDeparted)
		if err != nil {
			notes = append(notes, fmt.Sprintf("which nodes left within the range is not known, and their silence reads as no data: %v", err))
		}
	}
	var exporters []series.Labels
	err = eachLabels(ctx, q, grid, nodeUnameQuery, func(ls series.Labels) {
		exporters = append(exporters, ls)
	})
	n.meetKnown(known, exporters, index)
	for _, ls := range exporters {
		n.meetExporter(ls, index)
	}
	if err != nil {
		notes = append(notes, fmt.Sprintf("which nodes have a node_exporter is not known (node_uname_info): %v", err))
		for i := range n.list {
			n.list[i].Exporter = true // none is said to lack what nobody could ask for
		}
	}
	slices.SortStableFunc(n.list, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })

	err = eachLabels(ctx, q, grid, honorQuery, func(series.Labels) {
		notes = append(notes, "kube-state-metrics is scraped without honor_labels: its namespace and pod are in exported_namespace and exported_pod, and the container panels read the exporter's own pod; set honor_labels: true in that scrape job")
	})
	if err != nil {
		notes = append(notes, fmt.Sprintf("whether kube-state-metrics is scraped without honor_labels is not known (kube_pod_info): %v", err))
	}
	return n, notes, nil
}

// meetDeparted takes note of a node that the range still shows. What a node of today is known by stays today's node's.
func (n *Nodes) meetDeparted(ls series.Labels) {
	cluster, name := ls.Get("cluster"), ls.Get("node")
	if _, ok := n.byKey[nodeKey{cluster, name}]; ok || name == "" {
		return
	}
	n.departed[nodeKey{cluster, name}] = true
	for _, id := range []string{name, ls.Get("internal_ip")} {
		if _, taken := n.byKey[nodeKey{cluster, id}]; !taken && id != "" {
			n.byKey[nodeKey{cluster, id}] = name
		}
	}
}

// meetKnown takes over what the Kubernetes API knows of the nodes. It does not say which label cluster they have in a Prometheus of
// several clusters: there each one is found by its name and its address, and those of which Prometheus has never heard are left out.
func (n *Nodes) meetKnown(known []Node, exporters []series.Labels, index map[nodeKey]int) {
	clusters := map[string]bool{}
	for k := range index {
		clusters[k.cluster] = true
	}
	for _, ls := range exporters {
		clusters[ls.Get("cluster")] = true
	}
	if len(clusters) == 0 {
		clusters[""] = true
	}
	for _, k := range known {
		for cluster := range clusters {
			key := nodeKey{cluster, k.Name}
			i, ok := index[key]
			switch {
			case !ok && len(clusters) > 1,
				ok && len(clusters) > 1 && n.list[i].InternalIP != k.InternalIP:
				continue
			case !ok:
				i = len(n.list)
				n.list, index[key] = append(n.list, Node{}), i
				n.byKey[key] = k.Name
				delete(n.departed, key)
				if ip := (nodeKey{cluster, k.InternalIP}); k.InternalIP != "" && n.byKey[ip] == "" {
					n.byKey[ip] = k.Name
				}
			}
			k.InternalIP = cmp.Or(k.InternalIP, n.list[i].InternalIP)
			n.list[i] = k
			if detail := k.Detail(); detail != "" {
				n.detail[key] = detail
			}
		}
	}
}

// meetExporter joins one node_exporter to its node: by its label node, by its address, or by the host's name, whole or up to the
// first dot.
func (n *Nodes) meetExporter(ls series.Labels, index map[nodeKey]int) {
	cluster, at := ls.Get("cluster"), host(ls.Get("instance"))
	name := n.byKey[nodeKey{cluster, ls.Get("node")}]
	if name == "" {
		name = n.byKey[nodeKey{cluster, at}]
	}
	if name == "" {
		name = n.byKey[nodeKey{cluster, ls.Get("nodename")}]
	}
	if name == "" {
		short, _, _ := strings.Cut(ls.Get("nodename"), ".")
		name = n.byKey[nodeKey{cluster, short}]
	}
	if name == "" { // no kube-state-metrics, or a host outside the cluster: its own name is better than its address
		if nodename := ls.Get("nodename"); nodename != "" && at != "" {
			n.byKey[nodeKey{cluster, at}] = nodename
		}
		return
	}
	if at != "" {
		n.byKey[nodeKey{cluster, at}] = name
	}
	if i, ok := index[nodeKey{cluster, name}]; ok {
		n.list[i].Exporter = true
	}
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
