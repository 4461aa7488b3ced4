package snapshot

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// kindsQuery finds the nodes that are not ordinary; its argument is the window. A virtual kubelet
// identifies itself in its version, its provider or its taint.
const kindsQuery = `label_replace(group by (cluster, node) (last_over_time(` +
	`kube_node_info{os_image=~"(?i).*windows.*"}[%[1]s])), "kind", "windows", "", "")` +
	` or label_replace(group by (cluster, node) (last_over_time(` +
	`kube_node_info{kubelet_version=~"(?i).*(-vk-|virtual-?kubelet|eklet|kwok).*|fake"}[%[1]s])` +
	` or last_over_time(kube_node_info{provider_id=~"(?i)(.*virtual-?kubelet|kwok|azure-aci|` +
	`.*/fargate-).*"}[%[1]s])` +
	` or last_over_time(kube_node_spec_taint{key=~"virtual-(kubelet|node)[.].+/.+|.+/eklet|` +
	`azure[.]com/aci|eks[.]amazonaws[.]com/compute-type|kwok[.]x-k8s[.]io/.+"}[%[1]s])),` +
	` "kind", "virtual", "", "")`

// LoadNodes queries which nodes exist at a time and which existed within the range that ends then.
// known are the nodes from the Kubernetes API, if it was queried. Without them and without
// kube-state-metrics the table has no nodes. The notes say what is unknown because one of the other
// queries failed.
func LoadNodes(ctx context.Context, q Querier, at time.Time, rng time.Duration,
	known ...Node) (Nodes, []Note, error) {
	l := &nodeLoader{
		q: q, at: at, now: series.Grid{Start: at, Step: time.Minute, Len: 1},
		window: max(rng, leastWindow), n: newNodes(),
	}
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
	l.grid = panel.PlanGrid(at, l.window, l.step)
	l.loadKinds(ctx)
	l.loadSources(ctx)
	l.loadWindow(ctx)
	exporters, err := l.loadExporters(ctx)
	if err == nil {
		exporters, err = l.loadReports(ctx, exporters)
	}
	if err == nil {
		err = l.findLostExporters(ctx, exporters)
	}
	l.n.mergeKnown(known, exporters)
	l.n.fillShort()
	l.assignNodes(ctx, exporters)
	if err != nil {
		l.note(NoteExportersUnknown, err)
		for i := range l.n.list {
			l.n.list[i].Exporter = true // a failed query does not make an exporter missing
		}
	}
	if !l.partial.IsZero() {
		l.notes = append(l.notes, l.partial)
		l.n.partial = true
		clear(l.n.departed)
		l.n.strange = nil
		for i := range l.n.list {
			l.n.list[i].Exporter = true // it may be in the missing part of the answer
		}
	}
	l.n.finish()
	return l.n, l.notes, nil
}

// nodeLoader loads the table.
type nodeLoader struct {
	q      Querier
	at     time.Time
	now    series.Grid // only at
	window time.Duration
	step   time.Duration
	grid   series.Grid
	n      Nodes
	notes  []Note
	// partial is set if an answer was incomplete, with what the server said about the first one.
	partial Note
}

func (l *nodeLoader) note(code string, err error) { l.notes = append(l.notes, NoteOf(code, err)) }

// each runs a query on a grid and calls f for every series that has a sample, with copied labels.
func (l *nodeLoader) each(ctx context.Context, g series.Grid, expr string,
	f func(series.Labels, []float64)) error {
	meta, err := l.q.Range(ctx, promapi.Query{Expr: expr, Grid: g, Limit: maxIdentities},
		func(s series.Series) error {
			if series.Newest(s.Values) >= 0 {
				f(s.Labels.Clone(), s.Values)
			}
			return nil
		})
	if meta.Partial && l.partial.IsZero() {
		l.partial = NoteOf(NoteNodesPartSilent)
		if len(meta.Warnings) > 0 {
			l.partial = NoteOf(NoteNodesPartSaid, outside.Line(meta.Warnings[0]))
		}
	}
	return err
}

// loadNow loads the current nodes.
func (l *nodeLoader) loadNow(ctx context.Context) error {
	n := &l.n
	err := l.each(ctx, l.now, nodeInfoQuery, func(ls series.Labels, _ []float64) {
		k := nodeKey{ls.Get("cluster"), ls.Get("node")}
		if _, ok := n.index[k]; ok || k.id == "" {
			return
		}
		n.current[k.cluster] = true
		n.add(k.cluster, Node{Name: k.id, InternalIP: ls.Get("internal_ip")})
		n.assign(k.cluster, ls.Get("internal_ip"), k.id)
		n.record(k.cluster, k.id, l.at)
	})
	if err != nil {
		return fmt.Errorf("querying the nodes (kube_node_info): %w", err)
	}
	return nil
}

// loadWindow loads the nodes of the window. A failure adds a note.
func (l *nodeLoader) loadWindow(ctx context.Context) {
	n := &l.n
	held := map[nodeKey][]holder{}
	last := map[string]time.Time{} // by cluster: the newest sample of kube-state-metrics
	addresses := map[nodeKey]string{}
	err := l.each(ctx, l.grid, fmt.Sprintf(nodesInRangeQuery, model.Duration(l.step)),
		func(ls series.Labels, values []float64) {
			cluster, name, ip := ls.Get("cluster"), ls.Get("node"), ls.Get("internal_ip")
			if name == "" {
				return
			}
			seen := l.grid.At(series.Newest(values))
			n.record(cluster, name, seen)
			if seen.After(last[cluster]) {
				last[cluster] = seen
			}
			if ip != "" {
				addresses[nodeKey{cluster, name}] = ip
				k := nodeKey{cluster, series.HostID(ip)}
				held[k] = append(held[k], holder{name, l.begin(values, l.grid)})
			}
		})
	if err != nil {
		l.note(NoteDeparturesUnknown, err)
		return
	}
	l.refine(ctx, held)
	for k, hs := range held {
		n.byKey[k] = n.inTimeOrder(k.cluster, hs)
	}
	n.keepLost()
	for k, s := range n.known {
		if _, ok := n.index[nodeKey{k.cluster, s.name}]; ok {
			continue
		}
		switch {
		case n.current[k.cluster]:
			n.departed[nodeKey{k.cluster, s.name}] = true
		case !s.last.Before(last[k.cluster].Add(-l.step)):
			// kube-state-metrics is silent: keep the nodes that it reported last
			n.add(k.cluster, Node{Name: s.name, InternalIP: addresses[nodeKey{k.cluster, s.name}]})
		default:
			n.departed[nodeKey{k.cluster, s.name}] = true
		}
	}
}

// begin returns the time just before the first sample of values, or the zero time if that is the
// start of the window.
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

// refine finds to the minute when addresses moved between nodes. If that fails, the window's step
// remains the accuracy.
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
	quotedIPs = quotedIPs[:min(len(quotedIPs), maxMoved)]
	step := max(l.window/5000, time.Minute).Round(time.Second)
	grid := panel.PlanGrid(l.at, l.window, step)
	fine := map[nodeKey][]holder{}
	err := l.each(ctx, grid, fmt.Sprintf(heldQuery, strings.Join(quotedIPs, "|")),
		func(ls series.Labels, values []float64) {
			k := nodeKey{ls.Get("cluster"), series.HostID(ls.Get("internal_ip"))}
			fine[k] = append(fine[k], holder{ls.Get("node"), l.begin(values, grid)})
		})
	if err != nil {
		return
	}
	for k, hs := range fine {
		if len(hs) >= len(held[k]) { // otherwise a holder shorter than a step is missing
			held[k] = hs
		}
	}
}

// loadKinds loads the nodes that are not ordinary. A failure adds a note.
func (l *nodeLoader) loadKinds(ctx context.Context) {
	err := l.each(ctx, l.now, fmt.Sprintf(kindsQuery, model.Duration(l.window)),
		func(ls series.Labels, _ []float64) {
			l.n.kinds[nodeKey{ls.Get("cluster"), ls.Get("node")}] = NodeKind(ls.Get("kind"))
		})
	if err != nil {
		l.note(NoteNodeKindsUnknown, err)
	}
}

// eachLabels runs a query at one time and calls f with the copied labels of every series.
func eachLabels(ctx context.Context, q Querier, g series.Grid, expr string,
	f func(series.Labels)) error {
	_, err := q.Range(ctx, promapi.Query{Expr: expr, Grid: g}, func(s series.Series) error {
		if series.Newest(s.Values) >= 0 {
			f(s.Labels.Clone())
		}
		return nil
	})
	return err
}
