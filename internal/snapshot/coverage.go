package snapshot

import (
	"cmp"
	"context"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// coverage is when a node existed, and when it had a series of Spec.Without.
type coverage struct {
	nodeKey
	labels      series.Labels
	exists, has []bool
}

// askedCoverage is the answer to the queries of a panel with Spec.Without.
type askedCoverage struct {
	nodes        map[nodeKey]*coverage
	meta, others promapi.Meta // of Query and of Without
}

// askCoverage queries which nodes exist and which of them have a series of Spec.Without. As in
// every other panel, the identity table assigns the series to nodes.
func (p *Panel) askCoverage(ctx context.Context, q Querier, v panel.Vars,
	o Options) (out askedCoverage, err error) {
	out.nodes = map[nodeKey]*coverage{}
	out.meta, err = q.Range(ctx, promapi.Query{Expr: p.Exprs[0], Grid: p.Grid, Limit: o.MaxSeries},
		func(s series.Series) error {
			k := nodeKey{s.Labels.Get(clusterLabel), s.Labels.Get("node")}
			if out.nodes[k] == nil {
				out.nodes[k] = &coverage{
					k, s.Labels.Clone(), make([]bool, p.Grid.Len), make([]bool, p.Grid.Len),
				}
			}
			mark(out.nodes[k].exists, s.Values, part{to: p.Grid.Len})
			return nil
		})
	if err != nil {
		return out, err
	}
	// A node may have several series, including some that came and went.
	query := promapi.Query{
		Expr: panel.Expand(p.Spec.Without, v), Grid: p.Grid, Limit: max(o.MaxSeries, maxIdentities),
	}
	out.others, err = q.Range(ctx, query, func(s series.Series) error {
		for _, part := range o.Nodes.parts(s.Labels, p.Grid) {
			if n := out.nodes[nodeKey{s.Labels.Get(clusterLabel), part.node}]; n != nil {
				mark(n.has, s.Values, part)
			}
		}
		return nil
	})
	return out, err
}

// askWithout takes a panel with Spec.Without.
func (p *Panel) askWithout(ctx context.Context, q Querier, v panel.Vars, o Options) error {
	asked, err := p.askCoverage(ctx, q, v, o)
	if err != nil {
		return err
	}
	p.readMeta(asked.meta)
	p.Exprs[0] = asked.meta.Expr + " # without a node of " + asked.others.Expr
	if asked.others.Partial {
		p.markPartial(asked.others)
	}
	if len(asked.nodes) == 0 && !p.Partial.IsZero() {
		return nil
	}
	if len(asked.nodes) == 0 {
		return p.explainEmpty(ctx, q, v)
	}
	f, err := newFold(&p.Spec, p.Grid, o.Nodes, nil)
	if err != nil {
		return err
	}
	f.pool = o.pool
	p.Remarks = append(p.Remarks, f.addCoverage(asked.nodes)...)
	f.into(p)
	p.dropPartialJudgements()
	if p.Total > 0 {
		p.judgeAge(f.oldest())
	}
	p.askRemarks(ctx, q, v)
	return nil
}

// mark records the samples in a part of values.
func mark(at []bool, values []float64, p part) {
	for i := p.from; i < min(p.to, len(values)); i++ {
		at[i] = at[i] || !math.IsNaN(values[i])
	}
}

// addCoverage adds a row for every node. If no node of a cluster has the series, that has one cause
// and gets one row for all nodes. The remarks list the nodes left out.
func (f *fold) addCoverage(nodes map[nodeKey]*coverage) (remarks []Note) {
	left := map[NodeKind][]string{}
	byCluster := map[string][]*coverage{}
	for k, n := range nodes {
		kind := f.nodes.kindOf(k)
		if kind != OrdinaryNode && !slices.Contains(n.has, true) {
			left[kind] = append(left[kind], f.nodes.Shown(k.cluster, k.id))
		}
		if kind != WindowsNode && kind != VirtualNode || slices.Contains(n.has, true) {
			byCluster[k.cluster] = append(byCluster[k.cluster], n)
		}
	}
	for cluster, all := range byCluster {
		f.addClusterCoverage(cluster, all)
	}
	for _, r := range []struct {
		code string
		of   []string
	}{
		{NoteWindowsNodes, left[WindowsNode]}, {NoteAutopilotNodes, left[AutopilotNode]},
		{NoteDoubledNodes, f.nodes.doubled}, {NoteStrangeHosts, f.nodes.strange}, {
			NoteSharedTargets, f.nodes.shared,
		},
	} {
		if len(r.of) > 0 {
			remarks = append(remarks, listNote(r.code, r.of))
		}
	}
	return remarks
}

// addClusterCoverage adds the rows of one cluster. GKE Autopilot nodes cannot have what other nodes
// have, so they only count if no node has it.
func (f *fold) addClusterCoverage(cluster string, all []*coverage) {
	slices.SortFunc(all, func(a, b *coverage) int { return cmp.Compare(a.id, b.id) })
	none, of := nans(f.grid.Len), make([]int, f.grid.Len)
	newest := -1 // the newest step at which no node has it
	for i := range none {
		has := 0
		for _, n := range all {
			if n.exists[i] {
				of[i]++
			}
			if n.exists[i] && n.has[i] {
				has++
			}
		}
		switch {
		case of[i] > 1 && has == 0:
			none[i], newest = 1, i
		case of[i] > 0:
			none[i] = 0
		}
	}
	for _, n := range all {
		values, shown := nans(f.grid.Len), slices.Contains(n.has, true)
		autopilot := f.nodes.kindOf(n.nodeKey) == AutopilotNode
		for i := range values {
			switch {
			case !n.exists[i]:
			case n.has[i] || none[i] == 1 || autopilot:
				values[i] = 0
			default:
				values[i], shown = 1, true
			}
		}
		if shown {
			f.addPart(series.Series{Labels: n.labels, Values: values}, n.id, false)
		}
	}
	if newest < 0 {
		return
	}
	labels := series.FromPairs(clusterLabel, cluster)
	if cluster == "" {
		labels = series.Labels{}
	}
	name := legend(f.spec.WithoutAll, labels.With("value", strconv.Itoa(of[newest])))
	f.addNamed(identified{Series: series.Series{Labels: labels, Values: none}, asked: labels},
		short(f.nodes.Shown(cluster, name)))
}

// mostVirtual is the most virtual nodes that a query names. Nodes with a usual name need not be
// named.
const mostVirtual = 100

// virtual returns regular expressions for the virtual nodes and for their kubelets' targets, for
// use in a double-quoted string. If a node has one pod, its address is the pod's, but with the
// kubelet's port it is the kubelet's.
func (n Nodes) virtual() panel.Virtual {
	var names, targets []string
	for i := range n.list {
		node := &n.list[i]
		if node.Kind != VirtualNode || len(names) == mostVirtual {
			continue
		}
		name := quoted(regexp.QuoteMeta(node.Name))
		names = append(names, name)
		targets = append(targets, name+`(:[0-9]+)?`)
		if ip := node.InternalIP; ip != "" {
			targets = append(targets, quoted(`\[?`+regexp.QuoteMeta(ip)+`\]?:10250`))
		}
	}
	return panel.Virtual{Nodes: strings.Join(names, "|"), Targets: strings.Join(targets, "|")}
}
