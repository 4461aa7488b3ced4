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

// clusterNames are labels that are known to tell clusters apart in the place of cluster, the best
// first.
var clusterNames = []string{
	"k8s_cluster", "k8s_cluster_name", "kubernetes_cluster", "kubernetes_cluster_name",
	"kube_cluster", "kube_cluster_name",
	"cluster_name", "clusterName", "clustername", "eks_cluster", "gke_cluster", "aks_cluster",
	"managed_cluster", "exported_cluster",
	"cluster_id", "clusterID", "clusterId", "k8s_cluster_id",
}

// mostCopies bounds how many series of objects that are there twice are compared, each with each.
// Five objects are asked for; a server that answers with others must not cost memory by the square
// of them.
const mostCopies = 100

// looks is how many times of a window are looked at for what is odd about labels.
const looks = 13

// Clusters is what is known of the label that tells clusters apart.
type Clusters struct {
	Label  string   // "" where cluster does, or where there is one cluster
	Values []string // of Label, the first of them; they are at least two
	// Twice says which object is there more than once at a time, where no label tells the clusters
	// apart. Zero: none.
	Twice Note
}

// findClusters looks for clusters that a label other than cluster tells apart. Prometheus servers
// of a pair, and replicas and shards of kube-state-metrics, are none.
func findClusters(ctx context.Context, q Querier, at time.Time,
	window time.Duration) (Clusters, error) {
	step := max((window / (looks - 1)).Truncate(time.Minute), time.Minute)
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
// value of cluster, if it tells apart all that cluster does.
func clustersByName(ctx context.Context, q Querier, grid series.Grid) (Clusters, error) {
	type group struct {
		labels series.Labels
		at     []float64
	}
	var groups []group
	query := promapi.Query{
		Grid: grid, Expr: fmt.Sprintf(`count by (cluster, %s) (%s)`,
			strings.Join(clusterNames, ", "), settled("kube_node_info")),
	}
	_, err := q.Range(ctx, query, func(s series.Series) error {
		groups = append(groups, group{s.Labels.Clone(), slices.Clone(s.Values)})
		return nil
	})
	if err != nil {
		return Clusters{}, fmt.Errorf("looking for the label of the clusters: %w", err)
	}
	for _, name := range clusterNames {
		values, of, several, whole := map[string]bool{}, map[string]string{}, false, true
		for i, g := range groups {
			v := g.labels.Get(name)
			if v == "" {
				continue
			}
			values[v] = true
			cluster, seen := of[v]
			whole = whole && (!seen || cluster == g.labels.Get(clusterLabel))
			of[v] = g.labels.Get(clusterLabel)
			for _, o := range groups[:i] {
				several = several || o.labels.Get(name) != "" && o.labels.Get(name) != v &&
					o.labels.Get(clusterLabel) == of[v] && atOnce(g.at, o.at)
			}
		}
		if several && whole {
			return Clusters{Label: name, Values: slices.Sorted(maps.Keys(values))}, nil
		}
	}
	return Clusters{}, nil
}

// atOnce reports whether two series have a sample at one time.
func atOnce(a, b []float64) bool {
	for i := range min(len(a), len(b)) {
		if !math.IsNaN(a[i]) && !math.IsNaN(b[i]) {
			return true
		}
	}
	return false
}

// twin is how an object that is there twice at a time is noticed.
type twin struct {
	word  string   // "node"
	note  string   // the code of the note on one
	info  string   // the selector of its series
	by    string   // what it is known by
	name  []string // the same, in the order of its name
	proof []string // labels that two copies of one object share
}

// Pods of StatefulSets have the same names in every cluster; others cannot be the same by chance.
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

// facts are figures that two copies of one object share, with what the object is known by.
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

// targetLabels are those that tell replicas of kube-state-metrics apart, and not clusters.
var targetLabels = []string{
	"__name__", "instance", "job", "namespace", "pod", "container", "service", "endpoint", "node",
	"uid", "pod_template_hash",
	"metrics_path", "created_by_name", "app_kubernetes_io_version", "helm_sh_chart",
}

// settled selects the series that were there ten minutes ago too. What is made anew under its old
// name is there twice for a moment: until each of several servers has scraped it, and without a
// staleness marker for five minutes.
func settled(selector string) string { return selector + ` and ` + selector + ` offset 10m` }

// settledFigure selects those whose value is what it was ten minutes ago.
func settledFigure(selector string) string { return selector + ` == ` + selector + ` offset 10m` }

// tellsApart reports whether a label may tell clusters apart. The name of a replica is made for two
// that say the same.
func tellsApart(label string) bool {
	return !slices.Contains(targetLabels, label) && !strings.Contains(label, "replica") &&
		!strings.HasPrefix(label, exportedPrefix)
}

// find looks for objects of one kind that are there twice at a time and differ.
func (k twin) find(ctx context.Context, q Querier, grid series.Grid) (Clusters, error) {
	newest := -1
	counted := promapi.Query{
		Grid: grid, Expr: fmt.Sprintf(`count(count by (%s) (%s) > 1)`, k.by, settled(k.info)),
	}
	_, err := q.Range(ctx, counted, func(s series.Series) error {
		newest = series.Newest(s.Values)
		return nil
	})
	if err != nil {
		return Clusters{}, fmt.Errorf("looking for a %s that is there twice: %w", k.word, err)
	}
	if newest < 0 {
		return Clusters{}, nil
	}
	at := series.Grid{Start: grid.At(newest), Step: grid.Step, Len: 1}
	var all []series.Labels
	err = eachLabels(ctx, q, at,
		fmt.Sprintf(`%[2]s and on (%[1]s) topk(5, count by (%[1]s) (%[2]s) > 1)`, k.by,
			settled(k.info)), func(ls series.Labels) {
			if len(all) < mostCopies {
				all = append(all, ls)
			}
		})
	if err != nil {
		return Clusters{}, fmt.Errorf("looking at a %s that is there twice: %w", k.word, err)
	}
	return k.compare(ctx, q, at, all)
}

// compare looks for a label that tells the copies of an object apart which are none.
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
					slices.Contains(k.proof, l.Name) || !tellsApart(l.Name) {
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

// pairs are two series of one object each.
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

// separates reports whether what differs between two copies of an object differs by a label alone:
// no two series of one value of it disagree, and every value of it lies in one cluster. Where the
// copies have the same labels, their figures tell whether they are copies.
func (k twin) separates(ctx context.Context, q Querier, at series.Grid, pairs [][2]series.Labels,
	name string, proven bool) (bool, error) {
	apart := false
	for _, p := range pairs {
		for _, label := range k.proof {
			if a, b := p[0].Get(label), p[1].Get(label); a != b && a != "" && b != "" {
				if p[0].Get(name) == p[1].Get(name) {
					return false, nil
				}
				apart = true
			}
		}
	}
	if proven && !apart {
		return false, nil
	}
	count := func(expr string) (n int, err error) {
		err = eachLabels(ctx, q, at, expr, func(series.Labels) { n++ })
		if err != nil {
			err = fmt.Errorf("looking at the label %s: %w", name, err)
		}
		return n, err
	}
	by := grouped(name)
	for _, f := range facts {
		if apart {
			break
		}
		n, err := count(fmt.Sprintf(`count((max by (%[1]s) (%[3]s) != min by (%[1]s) (%[3]s))`+
			` unless on (%[1]s) (max by (%[1]s, %[2]s) (%[3]s) != min by (%[1]s, %[2]s) (%[3]s)))`,
			f.by, by, settledFigure(f.metric)))
		if err != nil {
			return false, err
		}
		apart = n > 0
	}
	if !apart {
		return false, nil
	}
	n, err := count(fmt.Sprintf(`count(count by (%[1]s) (group by (cluster, %[1]s) (%[2]s)) > 1)`,
		by, settled(k.info)))
	return n == 0, err
}

// grouped is a label's name as it stands in a grouping. Prometheus before 3 knows no other names
// than those without quotes.
func grouped(name string) string {
	if model.LegacyValidation.IsValidLabelName(name) {
		return name
	}
	return strconv.Quote(name)
}
