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

// clusterLabel is the label that the built-in queries group clusters by.
const clusterLabel = "cluster"

// exportedPrefix is what Prometheus puts before a metric's own label where the scrape lacks
// honor_labels and the target has a label of that name too.
const exportedPrefix = "exported_"

// Mapping says which labels of a source hold what the built-in queries ask for. The zero value is a
// source whose labels have the usual names. User panels are not mapped: their author knows the
// labels.
type Mapping struct {
	// Cluster is the label that tells clusters apart; "" is cluster. Answers carry it as cluster.
	Cluster string
	// exported holds, by the first word of a metric's name, the labels that a scrape without
	// honor_labels has moved to exported_….
	exported map[string][]string
}

// Querier returns q with the mapping put into every query and taken out of every answer.
func (m Mapping) Querier(q Querier) Querier {
	if m.cluster() == clusterLabel && len(m.exported) == 0 {
		return q
	}
	return mapped{q, m}
}

// cluster is the label of the source that tells clusters apart.
func (m Mapping) cluster() string {
	if m.Cluster == "" {
		return clusterLabel
	}
	return m.Cluster
}

// Exported returns the labels of a metric that the source holds under exported_….
func (m Mapping) Exported(metric string) []string {
	family, _, _ := strings.Cut(metric, "_")
	return m.exported[family]
}

// mapped asks a source by its own labels.
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

// read returns the labels of an answer under the names of the built-in queries.
func (m Mapping) read(ls series.Labels) series.Labels {
	own := m.cluster()
	if own == clusterLabel || ls.Get(own) == "" {
		return ls
	}
	return ls.With(own, "").With(clusterLabel, ls.Get(own))
}

// rewrite returns a query by the labels of the source.
func (m Mapping) rewrite(expr string) (string, error) {
	tree, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		return "", fmt.Errorf("reading the query: %w", err)
	}
	tree, _ = m.rewriteExpr(tree)
	return tree.String(), nil
}

// rewriteExpr rewrites an expression. The labels that it returns are those that are still to be
// restored, which only an instant vector can be: of a range of samples, the function around it is.
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

// rename puts the source's label in the place of cluster.
func (m Mapping) rename(names []string) {
	for i, name := range names {
		if name == clusterLabel {
			names[i] = m.cluster()
		}
	}
}

// rewriteSelector rewrites the matchers of a selector and returns the labels that its series hold
// under exported_….
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

// restored returns e with the labels of the objects in the place of those of the target that was
// scraped. Where a series has no exported_ label its own stays, so that a source of both kinds is
// read rightly. The target's labels are kept under another name: two servers that federate the same
// objects would otherwise be one label set, which is an error.
func restored(e parser.Expr, exported []string) parser.Expr {
	for _, label := range exported {
		e = labelReplace(e, "scraped_"+label, label)
		e = labelReplace(e, label, exportedPrefix+label)
	}
	return e
}

// labelReplace is label_replace(e, to, "$1", from, "(.+)").
func labelReplace(e parser.Expr, to, from string) parser.Expr {
	text := func(s string) parser.Expr { return &parser.StringLiteral{Val: s} }
	return &parser.Call{
		Func: parser.Functions["label_replace"],
		Args: parser.Expressions{e, text(to), text("$1"), text(from), text("(.+)")},
	}
}

// honoredMetrics are those by which a scrape without honor_labels is noticed.
const honoredMetrics = "kube_node_info|kube_pod_info|kube_pod_status_phase|kube_pod_container_status_restarts_total|" +
	"kube_pod_container_resource_limits|kube_pod_container_resource_requests|" +
	"container_memory_working_set_bytes|container_cpu_usage_seconds_total|kubelet_volume_stats_available_bytes|" +
	"node_uname_info|node_memory_MemTotal_bytes|node_filesystem_size_bytes|up"

// honoredLabels are names that a target's label may share with an object's.
var honoredLabels = []string{"namespace", "pod", "container", "node", "instance", "job"}

// exportedQuery finds the metrics that have labels under exported_…. It is cheap where no series
// has such a label.
func exportedQuery() string {
	var parts []string
	for _, label := range honoredLabels {
		parts = append(parts,
			fmt.Sprintf(`label_replace(group by (__name__) ({__name__=~"%s",%s%s!=""}), "label", "%s", "", "")`,
				honoredMetrics, exportedPrefix, label, label))
	}
	return strings.Join(parts, " or ")
}

// Exported is a source of metrics that is scraped without honor_labels.
type Exported struct {
	Source string   // the first word of its metrics: "kube"
	Labels []string // that stand under exported_…, without that prefix
}

// findExported asks which sources are scraped without honor_labels.
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

// sources are what brings the metrics that begin with a word.
var sources = map[string]string{
	"kube": "kube-state-metrics", "node": "node_exporter", "container": "cAdvisor",
	"kubelet": "the kubelet", "up": "up",
}

// FindMapping asks how the source names the labels of what the built-in queries ask for: whether it
// is scraped without honor_labels, and whether a label other than cluster tells clusters apart,
// unless clusterLabel says it. The notes are for the reader. Where an error is returned the mapping
// is what is known without asking.
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
			continue // it goes with another source, such as a federated server's
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

// ClusterLabel returns the label that tells clusters apart in place of cluster, "" where there is
// none.
func (m Mapping) ClusterLabel() string {
	if m.Cluster == oneCluster {
		return ""
	}
	return m.Cluster
}
