package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// exporter is a series of node_uname_info with the times at which it was seen.
type exporter struct {
	labels      series.Labels
	first       time.Time // just before its first sample; zero if that is before the window
	last        time.Time // of its newest sample, accurate to the window's step
	reports     bool      // it has a sample at the end of the window
	name        string    // of its node; "" if unknown
	byFirstPart bool      // its name matches only by the first part of the host's name
}

// overlaps reports whether two exporters on different hosts existed at the same time.
func (e *exporter) overlaps(o *exporter) bool {
	a, b := series.HostID(series.Host(e.labels.Get("instance"))),
		series.HostID(series.Host(o.labels.Get("instance")))
	return a != b && e.first.Before(o.last) && o.first.Before(e.last)
}

// loadReports marks the exporters that report now and adds those that appeared after the window's
// last step.
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
			exporters[i].reports = true // a failed query does not make an exporter silent
		}
	}
	return exporters, err
}

// loadExporters loads every node_exporter of the window.
func (l *nodeLoader) loadExporters(ctx context.Context) ([]exporter, error) {
	var out []exporter
	err := l.each(ctx, l.grid, fmt.Sprintf(exportersQuery, model.Duration(l.step)),
		func(ls series.Labels, values []float64) {
			out = append(out, exporter{
				labels: ls, first: l.begin(values, l.grid), last: l.grid.At(series.Newest(values)),
			})
		})
	var many *promapi.LimitError
	if errors.As(err, &many) { // too many come and go: load the current ones only
		out = nil
		err = l.each(ctx, l.now, fmt.Sprintf(exportersQuery, model.Duration(l.step)),
			func(ls series.Labels, _ []float64) {
				out = append(out, exporter{labels: ls, last: l.at})
			})
	}
	slices.SortStableFunc(out, func(a, b exporter) int { return a.first.Compare(b.first) })
	return out, err
}

// assignNodes assigns every exporter to its node.
func (l *nodeLoader) assignNodes(ctx context.Context, exporters []exporter) {
	n := &l.n
	unknown := false
	for i := range exporters {
		e := &exporters[i]
		e.name = n.nodeOf(e)
		unknown = unknown || e.name == ""
	}
	if unknown && len(n.known) > 0 {
		l.assignByPods(ctx, exporters)
	}
	nameHosts(exporters)
	silent := !slices.ContainsFunc(exporters, func(e exporter) bool { return e.reports })
	shared := l.sharedInstances(exporters)
	hosts := map[nodeKey]map[string]bool{} // by host: the nodes of the exporters there
	now := map[nodeKey][]string{}          // by node: the instances that report now
	for i := range exporters {
		e := &exporters[i]
		instance := e.labels.Get("instance")
		if e.name == "" || instance == "" {
			continue
		}
		cluster := e.labels.Get("cluster")
		if at := (nodeKey{cluster, series.HostID(instance)}); shared[at] {
			n.byKey[at] = []holder{{}}
			continue
		}
		k := nodeKey{cluster, series.HostID(series.Host(instance))}
		if hosts[k] == nil {
			hosts[k] = map[string]bool{}
		}
		hosts[k][e.name] = true
		n.assignInstance(cluster, instance, e)
		// If no exporter reports and kube-state-metrics is silent too, the exporters are not what
		// is missing.
		if i, ok := n.index[nodeKey{cluster, e.name}]; ok &&
			(e.reports || silent && !n.current[cluster]) {
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
	n.noteUnusual(now)
	for i := range exporters { // a host that reaches several nodes belongs to none of them
		e := &exporters[i]
		k := nodeKey{e.labels.Get("cluster"), series.HostID(series.Host(e.labels.Get("instance")))}
		if len(hosts[k]) == 1 && len(n.byKey[k]) == 0 && k.id != "" {
			n.assign(k.cluster, k.id, e.name)
		}
	}
}

// sharedInstances finds the instances behind which several hosts answer in turn, such as a Service.
// Their samples belong to no single node.
func (l *nodeLoader) sharedInstances(exporters []exporter) map[nodeKey]bool {
	at, out := map[nodeKey][]*exporter{}, map[nodeKey]bool{}
	for i := range exporters {
		e := &exporters[i]
		k := nodeKey{e.labels.Get("cluster"), series.HostID(e.labels.Get("instance"))}
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
			// A host that takes over an address overlaps with the previous one for a step or two.
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

// nameHosts names the exporters without a known node: those outside the cluster, and all of them if
// there is no kube-state-metrics. It prefers the host's own name to its address. Hosts that share a
// name at one time, such as machines made from one image, get their address appended. A host that
// matches a node only by the first part of its name is not that node if another host with another
// name is.
func nameHosts(exporters []exporter) {
	type key struct{ cluster, name string }
	nodes, hosts := map[key][]*exporter{}, map[key][]*exporter{}
	for i := range exporters {
		if e := &exporters[i]; e.name != "" && !e.byFirstPart {
			k := key{e.labels.Get("cluster"), e.name}
			nodes[k] = append(nodes[k], e)
		}
	}
	for i := range exporters {
		e := &exporters[i]
		own := e.labels.Get("nodename")
		if e.byFirstPart && slices.ContainsFunc(nodes[key{e.labels.Get("cluster"), e.name}],
			func(o *exporter) bool {
				return e.overlaps(o) && !strings.EqualFold(o.labels.Get("nodename"), own)
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
			several = several || slices.ContainsFunc(all, e.overlaps)
		}
		for _, e := range all {
			if several && k.name != "" {
				e.name = k.name + " (" + series.Host(e.labels.Get("instance")) + ")"
			}
		}
	}
}

// assignByPods assigns exporters that run as pods with their own addresses, by the nodes that
// kube-state-metrics reports for the pods.
func (l *nodeLoader) assignByPods(ctx context.Context, exporters []exporter) {
	type podKey struct{ cluster, namespace, pod string }
	byPod, byIP := map[podKey]string{}, map[nodeKey]string{}
	// Every step joins all pods, so there are only as many as it takes to see a longer-lived pod.
	grid := panel.PlanGrid(l.at, l.window, max((l.window/(labelChecks-1)).Truncate(time.Minute),
		time.Minute))
	err := l.each(ctx, grid, hostPodsQuery, func(ls series.Labels, _ []float64) {
		cluster, node := ls.Get("cluster"), ls.Get("node")
		byPod[podKey{cluster, ls.Get("namespace"), ls.Get("pod")}] = node
		if ip := ls.Get("pod_ip"); ip != "" {
			byIP[nodeKey{cluster, series.HostID(ip)}] = node
		}
	})
	if err != nil {
		l.note(NoteExporterPodsUnknown, err)
		return
	}
	for i := range exporters {
		e := &exporters[i]
		if e.name != "" {
			continue
		}
		cluster := e.labels.Get("cluster")
		if e.name = byIP[nodeKey{cluster, series.HostID(
			series.Host(e.labels.Get("instance")))}]; e.name == "" {
			e.name = byPod[podKey{cluster, e.labels.Get("namespace"), e.labels.Get("pod")}]
		}
		if e.name != "" {
			l.n.podNet[nodeKey{cluster, e.name}] = true
		}
	}
}

// nodeOf returns the node of an exporter: by its node label, by the address or host name in
// instance, or by the host's own name; "" if none of them is a node.
func (n *Nodes) nodeOf(e *exporter) string {
	cluster, at := e.labels.Get("cluster"), series.Host(e.labels.Get("instance"))
	if name := n.byName(cluster, e.labels.Get("node")); name != "" {
		return name
	}
	nodename := e.labels.Get("nodename")
	own := n.byHostname(cluster, nodename)
	if hs := n.byKey[nodeKey{cluster, series.HostID(at)}]; len(hs) > 0 {
		last := hs[len(hs)-1].name
		for _, h := range hs {
			// several nodes had the address: the host's own name decides
			if h.name == own {
				return n.renamed(e, own, last)
			}
		}
		return n.renamed(e, holderAt(hs, e.first).name, last)
	}
	if _, err := netip.ParseAddr(at); err != nil {
		if name := n.byHostname(cluster, at); name != "" {
			return name
		}
	}
	e.byFirstPart = own != "" && !strings.EqualFold(own, nodename)
	return own
}

// renamed returns the name of an exporter's node. If the node left but the exporter still reports,
// the machine was registered under another name, which is that of the address's last node.
func (n *Nodes) renamed(e *exporter, name, last string) string {
	if e.reports && n.departed[nodeKey{e.labels.Get("cluster"), name}] {
		return last
	}
	return name
}

// byName returns the node with this name in any case, "" if there is none.
func (n *Nodes) byName(cluster, name string) string {
	if s := n.known[nodeKey{cluster, strings.ToLower(name)}]; s != nil && name != "" {
		return s.name
	}
	return ""
}

// byHostname returns the node that a host name denotes: the same name, or one with the same first
// part if no other node has that first part.
func (n *Nodes) byHostname(cluster, hostname string) string {
	if hostname == "" {
		return ""
	}
	if name := n.byName(cluster, hostname); name != "" {
		return name
	}
	return n.short[nodeKey{cluster, firstPart(hostname)}]
}

// firstPart returns a host name up to its first dot, in lower case.
func firstPart(name string) string {
	first, _, _ := strings.Cut(strings.ToLower(name), ".")
	return first
}

// mergeKnown adds what the Kubernetes API knows about the nodes. The API does not know the cluster
// label. If Prometheus has several clusters, nodes are matched by name and address, and those that
// Prometheus does not know are left out.
func (n *Nodes) mergeKnown(known []Node, exporters []exporter) {
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
				n.record(cluster, k.Name, time.Time{})
				delete(n.departed, key)
				n.assign(cluster, k.InternalIP, k.Name)
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
