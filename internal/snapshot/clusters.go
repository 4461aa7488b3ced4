package snapshot

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// clusterNames are labels known to distinguish clusters instead of cluster, the best first.
var clusterNames = []string{
	"k8s_cluster", "k8s_cluster_name", "kubernetes_cluster", "kubernetes_cluster_name",
	"kube_cluster", "kube_cluster_name",
	"cluster_name", "clusterName", "clustername", "eks_cluster", "gke_cluster", "aks_cluster",
	"managed_cluster", "exported_cluster",
	"cluster_id", "clusterID", "clusterId", "k8s_cluster_id",
}

// mostCopies bounds how many series of duplicate objects are compared pairwise. The query asks for
// five objects, but a server that returns more must not cause quadratic memory use.
const mostCopies = 100

// labelChecks is the number of times in a window at which labels are checked.
const labelChecks = 13

// Clusters is what is known about the label that distinguishes clusters.
type Clusters struct {
	Label  string   // "" if cluster distinguishes them or there is one cluster
	Values []string // the first values of Label, at least two
	// Twice names an object that exists more than once at a time although no label distinguishes
	// the clusters. Zero: none.
	Twice Note
}

// findClusters looks for clusters that a label other than cluster distinguishes. Pairs of
// Prometheus servers and replicas or shards of kube-state-metrics do not count.
func findClusters(ctx context.Context, q Querier, at time.Time,
	window time.Duration) (Clusters, error) {
	step := max((window / (labelChecks - 1)).Truncate(time.Minute), time.Minute)
	grid := panel.PlanGrid(at, window, step)
	found, err := clustersByName(ctx, q, grid)
	if err != nil || found.Label != "" {
		return found, err
	}
	for _, kind := range twins {
		found, err := kind.find(ctx, q, grid)
		if err != nil || found.Label != "" || !found.Twice.IsZero() {
			return found, err
		}
	}
	return Clusters{}, nil
}

// clustersByName returns the first of clusterNames that has several values at one time within one
// value of cluster, if each of its values lies within one value of cluster.
func clustersByName(ctx context.Context, q Querier, grid series.Grid) (Clusters, error) {
	type group struct {
		labels series.Labels
		at     []float64
	}
	var groups []group
	query := promapi.Query{
		Grid: grid, Expr: fmt.Sprintf(`count by (cluster, %s) (%s)`,
			strings.Join(clusterNames, ", "), stable("kube_node_info")),
	}
	_, err := q.Range(ctx, query, func(s series.Series) error {
		groups = append(groups, group{s.Labels.Clone(), slices.Clone(s.Values)})
		return nil
	})
	if err != nil {
		return Clusters{}, fmt.Errorf("finding the cluster label: %w", err)
	}
	for _, name := range clusterNames {
		values, of, several, nested := map[string]bool{}, map[string]string{}, false, true
		for i, g := range groups {
			v := g.labels.Get(name)
			if v == "" {
				continue
			}
			values[v] = true
			cluster, seen := of[v]
			nested = nested && (!seen || cluster == g.labels.Get(clusterLabel))
			of[v] = g.labels.Get(clusterLabel)
			for _, o := range groups[:i] {
				several = several || o.labels.Get(name) != "" && o.labels.Get(name) != v &&
					o.labels.Get(clusterLabel) == of[v] && atOnce(g.at, o.at)
			}
		}
		if several && nested {
			return Clusters{Label: name, Values: slices.Sorted(maps.Keys(values))}, nil
		}
	}
	return Clusters{}, nil
}

// atOnce reports whether two series have a sample at the same time.
func atOnce(a, b []float64) bool {
	for i := range min(len(a), len(b)) {
		if !math.IsNaN(a[i]) && !math.IsNaN(b[i]) {
			return true
		}
	}
	return false
}

// twin describes how to notice a kind of object that exists twice at a time.
type twin struct {
	word  string   // "node"
	note  string   // the code of the note about it
	info  string   // the selector of its series
	by    string   // the labels that identify it
	name  []string // the same without cluster, in the order of its name
	proof []string // labels whose values are equal in all copies of one object
}

// Pods of StatefulSets have the same names in every cluster. Names of other pods do not coincide.
var twins = []twin{
	{
		word: "node", note: NoteNodeTwice, info: `kube_node_info`, by: "cluster, node",
		name:  []string{"node"},
		proof: []string{"system_uuid", "internal_ip", "provider_id", "pod_cidr"},
	},
	{
		word: "pod", note: NotePodTwice, info: `kube_pod_info{pod=~".+-0"}`,
		by: "cluster, namespace, pod", name: []string{"namespace", "pod"},
		proof: []string{"uid"},
	},
}

// facts are metrics whose value is equal in all copies of one object, with the labels that identify
// the object.
var facts = []struct{ by, metric string }{
	{"cluster, instance", `node_memory_MemTotal_bytes`},
	{"cluster, node", `kube_node_status_capacity{resource="memory"}`},
	{"cluster, node", `kube_node_created`},
	{"cluster, namespace, pod", `kube_pod_created{pod=~".+-0"}`},
	{
		"cluster, namespace, pod, container, resource",
		`kube_pod_container_resource_limits{pod=~".+-0"}`,
	},
}

// targetLabels distinguish replicas of kube-state-metrics rather than clusters.
var targetLabels = []string{
	"__name__", "instance", "job", "namespace", "pod", "container", "service", "endpoint", "node",
	"uid", "pod_template_hash",
	"metrics_path", "created_by_name", "app_kubernetes_io_version", "helm_sh_chart",
}

// stable selects the series that also existed ten minutes ago. An object that is recreated under
// its old name exists twice for a moment: until each of several servers has scraped it, and for
// five minutes if there is no staleness marker.
func stable(selector string) string { return selector + ` and ` + selector + ` offset 10m` }

// stableFigure selects the series whose value is the same as ten minutes ago.
func stableFigure(selector string) string { return selector + ` == ` + selector + ` offset 10m` }

// mayBeCluster reports whether a label may distinguish clusters. A replica label distinguishes
// sources of the same data.
func mayBeCluster(label string) bool {
	return !slices.Contains(targetLabels, label) && !strings.Contains(label, "replica") &&
		!strings.HasPrefix(label, exportedPrefix)
}

// find looks for objects of one kind that exist twice at a time and differ.
func (k twin) find(ctx context.Context, q Querier, grid series.Grid) (Clusters, error) {
	newest := -1
	counted := promapi.Query{
		Grid: grid, Expr: fmt.Sprintf(`count(count by (%s) (%s) > 1)`, k.by, stable(k.info)),
	}
	_, err := q.Range(ctx, counted, func(s series.Series) error {
		newest = series.Newest(s.Values)
		return nil
	})
	if err != nil {
		return Clusters{}, fmt.Errorf("finding a duplicate %s: %w", k.word, err)
	}
	if newest < 0 {
		return Clusters{}, nil
	}
	at := series.Grid{Start: grid.At(newest), Step: grid.Step, Len: 1}
	var all []series.Labels
	err = eachLabels(ctx, q, at,
		fmt.Sprintf(`%[2]s and on (%[1]s) topk(5, count by (%[1]s) (%[2]s) > 1)`, k.by,
			stable(k.info)), func(ls series.Labels) {
			if len(all) < mostCopies {
				all = append(all, ls)
			}
		})
	if err != nil {
		return Clusters{}, fmt.Errorf("comparing duplicates of a %s: %w", k.word, err)
	}
	return k.compare(ctx, q, at, all)
}

// compare looks for a label that distinguishes objects which only seem to be copies of one.
func (k twin) compare(ctx context.Context, q Querier, at series.Grid,
	all []series.Labels) (Clusters, error) {
	differ, candidates := map[string]bool{}, map[string]map[string]bool{}
	pairs := k.pairs(all)
	for _, p := range pairs {
		for _, label := range k.proof {
			if a, b := p[0].Get(label), p[1].Get(label); a != b && a != "" && b != "" {
				differ[label] = true
			}
		}
		for _, side := range p {
			for _, l := range side {
				if a, b := p[0].Get(l.Name), p[1].Get(l.Name); a == b ||
					slices.Contains(k.proof, l.Name) || !mayBeCluster(l.Name) {
					continue
				}
				if candidates[l.Name] == nil {
					candidates[l.Name] = map[string]bool{}
				}
				candidates[l.Name][l.Value] = true
			}
		}
	}
	names := slices.SortedFunc(maps.Keys(candidates), func(a, b string) int {
		if ca, cb := strings.Contains(strings.ToLower(a), "cluster"),
			strings.Contains(strings.ToLower(b), "cluster"); ca != cb {
			if ca {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		separates, err := k.separates(ctx, q, at, pairs, name, len(differ) > 0)
		if err != nil {
			return Clusters{}, err
		}
		if separates {
			return Clusters{Label: name, Values: slices.Sorted(maps.Keys(candidates[name]))}, nil
		}
	}
	if len(differ) == 0 {
		return Clusters{}, nil
	}
	in := slices.Sorted(maps.Keys(differ))
	for _, p := range pairs {
		if p[0].Get(in[0]) != p[1].Get(in[0]) {
			var name []string
			for _, label := range k.name {
				name = append(name, p[0].Get(label))
			}
			return Clusters{Twice: NoteOf(k.note, short(strings.Join(name, "/"))).with(in...)}, nil
		}
	}
	return Clusters{}, nil
}

// pairs returns all pairs of series of the same object.
func (k twin) pairs(all []series.Labels) [][2]series.Labels {
	var out [][2]series.Labels
	for i, a := range all {
		for _, b := range all[:i] {
			same := a.Get(clusterLabel) == b.Get(clusterLabel)
			for _, label := range k.name {
				same = same && a.Get(label) == b.Get(label)
			}
			if same {
				out = append(out, [2]series.Labels{b, a})
			}
		}
	}
	return out
}

// separates reports whether a label alone explains how two seeming copies differ: no two series
// with the same value of it disagree, and every value lies in one cluster. If the copies have the
// same labels, their facts decide whether they are copies.
func (k twin) separates(ctx context.Context, q Querier, at series.Grid, pairs [][2]series.Labels,
	name string, proven bool) (bool, error) {
	distinct := false
	for _, p := range pairs {
		for _, label := range k.proof {
			if a, b := p[0].Get(label), p[1].Get(label); a != b && a != "" && b != "" {
				if p[0].Get(name) == p[1].Get(name) {
					return false, nil
				}
				distinct = true
			}
		}
	}
	if proven && !distinct {
		return false, nil
	}
	count := func(expr string) (n int, err error) {
		err = eachLabels(ctx, q, at, expr, func(series.Labels) { n++ })
		if err != nil {
			err = fmt.Errorf("checking the label %s: %w", name, err)
		}
		return n, err
	}
	by := grouped(name)
	for _, f := range facts {
		if distinct {
			break
		}
		n, err := count(fmt.Sprintf(`count((max by (%[1]s) (%[3]s) != min by (%[1]s) (%[3]s))`+
			` unless on (%[1]s) (max by (%[1]s, %[2]s) (%[3]s) != min by (%[1]s, %[2]s) (%[3]s)))`,
			f.by, by, stableFigure(f.metric)))
		if err != nil {
			return false, err
		}
		distinct = n > 0
	}
	if !distinct {
		return false, nil
	}
	n, err := count(fmt.Sprintf(`count(count by (%[1]s) (group by (cluster, %[1]s) (%[2]s)) > 1)`,
		by, stable(k.info)))
	return n == 0, err
}

// grouped returns a label's name as written in a grouping. Prometheus before version 3 does not
// accept quoted names.
func grouped(name string) string {
	if model.LegacyValidation.IsValidLabelName(name) {
		return name
	}
	return strconv.Quote(name)
}
