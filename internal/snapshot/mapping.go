package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// clusterLabel is the label that built-in queries group clusters by.
const clusterLabel = "cluster"

// exportedPrefix is what Prometheus puts before a metric's own label if the target has a label of
// the same name and the scrape lacks honor_labels.
const exportedPrefix = "exported_"

// Mapping says which labels of a source hold what the built-in queries ask for. The zero value is
// for a source with the usual label names. User panels are not mapped, because their author knows
// the labels.
type Mapping struct {
	// Cluster is the label that distinguishes clusters; "" is cluster. Answers have it renamed to
	// cluster.
	Cluster string
	// exported holds, by the first word of a metric's name, the labels that a scrape without
	// honor_labels renamed to exported_….
	exported map[string][]string
}

// Querier returns q with the mapping applied to every query and reversed in every answer.
func (m Mapping) Querier(q Querier) Querier {
	if m.cluster() == clusterLabel && len(m.exported) == 0 {
		return q
	}
	return mapped{q, m}
}

// cluster returns the source's cluster label.
func (m Mapping) cluster() string {
	if m.Cluster == "" {
		return clusterLabel
	}
	return m.Cluster
}

// Exported returns the labels of a metric that the source has as exported_….
func (m Mapping) Exported(metric string) []string {
	family, _, _ := strings.Cut(metric, "_")
	return m.exported[family]
}

// mapped queries a source by its own labels.
type mapped struct {
	Querier
	m Mapping
}

// Range implements Querier.
func (q mapped) Range(ctx context.Context, query promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	expr, err := q.m.rewrite(query.Expr)
	if err != nil {
		return promapi.Meta{Grid: query.Grid}, err
	}
	query.Expr = expr
	return q.Querier.Range(ctx, query, func(s series.Series) error {
		s.Labels = q.m.read(s.Labels)
		return each(s)
	})
}

// read renames the labels of an answer to those of the built-in queries.
func (m Mapping) read(ls series.Labels) series.Labels {
	own := m.cluster()
	if own == clusterLabel || ls.Get(own) == "" {
		return ls
	}
	return ls.With(own, "").With(clusterLabel, ls.Get(own))
}

// rewrite returns a query with the labels of the source.
func (m Mapping) rewrite(expr string) (string, error) {
	tree, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		return "", fmt.Errorf("reading the query: %w", err)
	}
	tree, _ = m.rewriteExpr(tree)
	return tree.String(), nil
}

// rewriteExpr rewrites an expression. It returns the labels still to be restored. Only an instant
// vector can be restored, so for a range vector the function around it is.
func (m Mapping) rewriteExpr(e parser.Expr) (parser.Expr, []string) {
	switch n := e.(type) {
	case *parser.VectorSelector:
		exported := m.rewriteSelector(n)
		return restored(n, exported), nil
	case *parser.MatrixSelector:
		return n, m.rewriteSelector(n.VectorSelector.(*parser.VectorSelector))
	case *parser.AggregateExpr:
		n.Expr, _ = m.rewriteExpr(n.Expr)
		m.rename(n.Grouping)
	case *parser.BinaryExpr:
		n.LHS, _ = m.rewriteExpr(n.LHS)
		n.RHS, _ = m.rewriteExpr(n.RHS)
		if n.VectorMatching != nil {
			m.rename(n.VectorMatching.MatchingLabels)
			m.rename(n.VectorMatching.Include)
		}
	case *parser.Call:
		var exported []string
		for i := range n.Args {
			var more []string
			n.Args[i], more = m.rewriteExpr(n.Args[i])
			exported = append(exported, more...)
			if s, ok := n.Args[i].(*parser.StringLiteral); ok &&
				strings.HasPrefix(n.Func.Name, "label_") && s.Val == clusterLabel {
				s.Val = m.cluster()
			}
		}
		return restored(n, exported), nil
	case *parser.ParenExpr:
		n.Expr, _ = m.rewriteExpr(n.Expr)
	case *parser.UnaryExpr:
		n.Expr, _ = m.rewriteExpr(n.Expr)
	case *parser.SubqueryExpr:
		n.Expr, _ = m.rewriteExpr(n.Expr)
	}
	return e, nil
}

// rename replaces cluster with the source's label.
func (m Mapping) rename(names []string) {
	for i, name := range names {
		if name == clusterLabel {
			names[i] = m.cluster()
		}
	}
}

// rewriteSelector rewrites the matchers of a selector and returns the labels that its series have
// as exported_….
func (m Mapping) rewriteSelector(s *parser.VectorSelector) []string {
	var exported []string
	for _, matcher := range s.LabelMatchers {
		if matcher.Name == model.MetricNameLabel && matcher.Type == labels.MatchEqual {
			exported = m.Exported(matcher.Value)
		}
	}
	for i, matcher := range s.LabelMatchers {
		name := matcher.Name
		switch {
		case name == clusterLabel:
			name = m.cluster()
		case slices.Contains(exported, name):
			name = exportedPrefix + name
		}
		if name != matcher.Name {
			s.LabelMatchers[i] = labels.MustNewMatcher(matcher.Type, name, matcher.Value)
		}
	}
	return exported
}

// restored returns e with the labels of the objects instead of those of the scraped target. A
// series without an exported_ label keeps its own, so a mixed source is read correctly. The
// target's labels are kept under another name: otherwise two servers that federate the same objects
// would give duplicate label sets, which is an error.
func restored(e parser.Expr, exported []string) parser.Expr {
	for _, label := range exported {
		e = labelReplace(e, "scraped_"+label, label)
		e = labelReplace(e, label, exportedPrefix+label)
	}
	return e
}

// labelReplace returns label_replace(e, to, "$1", from, "(.+)").
func labelReplace(e parser.Expr, to, from string) parser.Expr {
	text := func(s string) parser.Expr { return &parser.StringLiteral{Val: s} }
	return &parser.Call{
		Func: parser.Functions["label_replace"],
		Args: parser.Expressions{e, text(to), text("$1"), text(from), text("(.+)")},
	}
}

// honoredMetrics are metrics that reveal a scrape without honor_labels.
const honoredMetrics = "kube_node_info|kube_pod_info|kube_pod_status_phase|" +
	"kube_pod_container_status_restarts_total|" +
	"kube_pod_container_resource_limits|kube_pod_container_resource_requests|" +
	"container_memory_working_set_bytes|container_cpu_usage_seconds_total|" +
	"kubelet_volume_stats_available_bytes|" +
	"node_uname_info|node_memory_MemTotal_bytes|node_filesystem_size_bytes|up"

// honoredLabels are label names that a target may share with an object.
var honoredLabels = []string{"namespace", "pod", "container", "node", "instance", "job"}

// exportedQuery finds the metrics that have exported_… labels. It is cheap if no series has such a
// label.
func exportedQuery() string {
	var parts []string
	for _, label := range honoredLabels {
		parts = append(parts,
			fmt.Sprintf(`label_replace(group by (__name__) ({__name__=~"%s",%s%s!=""}),`+
				` "label", "%s", "", "")`,
				honoredMetrics, exportedPrefix, label, label))
	}
	return strings.Join(parts, " or ")
}

// Exported is a source of metrics that is scraped without honor_labels.
type Exported struct {
	Source string   // the first word of its metrics: "kube"
	Labels []string // the labels named exported_…, without that prefix
}

// findExported finds the sources that are scraped without honor_labels.
func (m *Mapping) findExported(ctx context.Context, q Querier, at time.Time) ([]Exported, error) {
	grid := series.Grid{Start: at, Step: time.Minute, Len: 1}
	found := map[string][]string{}
	err := eachLabels(ctx, q, grid, exportedQuery(), func(ls series.Labels) {
		family, _, _ := strings.Cut(ls.Get(model.MetricNameLabel), "_")
		if label := ls.Get("label"); family != "" && !slices.Contains(found[family], label) {
			found[family] = append(found[family], label)
		}
	})
	if err != nil {
		return nil, err
	}
	var out []Exported
	for _, family := range slices.Sorted(maps.Keys(found)) {
		slices.SortFunc(found[family], func(a, b string) int {
			return slices.Index(honoredLabels, a) - slices.Index(honoredLabels, b)
		})
		out = append(out, Exported{family, found[family]})
	}
	if len(found) > 0 {
		m.exported = found
	}
	return out, nil
}

// sources names the origin of metrics by their first word.
var sources = map[string]string{
	"kube": "kube-state-metrics", "node": "node_exporter", "container": "cAdvisor",
	"kubelet": "the kubelet", "up": "up",
}

// FindMapping finds out how the source names the labels of the built-in queries: whether it is
// scraped without honor_labels and, unless clusterLabel is set, whether a label other than cluster
// distinguishes clusters. The notes are for the reader. If it returns an error, the mapping holds
// only clusterLabel.
func FindMapping(
	ctx context.Context, q Querier, at time.Time, rng time.Duration, clusterLabel string,
) (Mapping, []Note, error) {
	m := Mapping{Cluster: clusterLabel}
	var notes []Note
	exported, err := m.findExported(ctx, q, at)
	if err != nil {
		return m, nil, err
	}
	for _, e := range exported {
		if e.Source == "up" {
			continue // up comes with another source, such as a federated server
		}
		var names []string
		for _, label := range e.Labels {
			names = append(names, exportedPrefix+label)
		}
		notes = append(notes,
			NoteOf(NoteNotHonored, cmp.Or(sources[e.Source], e.Source)).with(names...))
	}
	if clusterLabel != "" {
		return m, notes, nil
	}
	value, have, err := halfLabelled(ctx, m.Querier(q), at, max(rng, leastWindow))
	if len(have) > 0 {
		m.Cluster = oneCluster
		return m, append(notes, NoteOf(NoteClusterHalf, short(value)).with(have...)), nil
	}
	if err != nil {
		notes = append(notes, NoteOf(NoteLabelsUnknown, err))
	}
	found, err := findClusters(ctx, m.Querier(q), at, max(rng, leastWindow))
	switch {
	case err != nil:
		notes = append(notes, NoteOf(NoteLabelsUnknown, err))
	case found.Label != "":
		m.Cluster = found.Label
		notes = append(notes, listNote(NoteClusterLabel, found.Values, short(found.Label)))
	case !found.Twice.IsZero():
		notes = append(notes, found.Twice)
	}
	return m, notes, nil
}

// ClusterLabel returns the label that distinguishes clusters instead of cluster, "" if there is
// none.
func (m Mapping) ClusterLabel() string {
	if m.Cluster == oneCluster {
		return ""
	}
	return m.Cluster
}
