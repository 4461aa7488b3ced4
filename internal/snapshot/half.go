package snapshot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// oneCluster is a label that no series has. Used instead of cluster, it puts all series into one
// cluster.
const oneCluster = "promsnap_one_cluster"

// clusterBySource finds the cluster values of each kind of source.
const clusterBySource = `label_replace(count by (cluster) (kube_node_info), "source",` +
	` "kube-state-metrics", "", "")` +
	` or label_replace(count by (cluster) (node_uname_info), "source", "node_exporter", "", "")` +
	` or label_replace(count by (cluster) (machine_memory_bytes), "source", "cAdvisor", "", "")`

// sameNodes counts the nodes that both kube-state-metrics and another source report, whatever their
// cluster.
const sameNodes = `count(kube_node_info and on (node)` +
	` (label_replace(group by (nodename) (node_uname_info), "node", "$1", "nodename", "(.+)")` +
	` or group by (node) (machine_memory_bytes))` +
	` or kube_node_info and on (internal_ip)` +
	` label_replace(group by (instance) (node_uname_info or machine_memory_bytes),` +
	` "internal_ip", "$1", "instance", "(.+?)(:[0-9]+)?"))`

// halfLabelled looks for a single cluster in which only some sources have the cluster label, such
// as those that an agent writes. It returns the label's value and the sources that have it, or
// nothing if there is no such cluster.
func halfLabelled(ctx context.Context, q Querier, at time.Time,
	window time.Duration) (string, []string, error) {
	step := max((window / (labelChecks - 1)).Truncate(time.Minute), time.Minute)
	grid := panel.PlanGrid(at, window, step)
	of := map[string]map[string]bool{} // by the value of cluster: the sources
	seen := map[string]bool{}
	both := false
	meta, err := q.Range(ctx, promapi.Query{Grid: grid, Expr: clusterBySource},
		func(s series.Series) error {
			cluster, source := s.Labels.Get(clusterLabel), s.Labels.Get("source")
			if of[cluster] == nil {
				of[cluster] = map[string]bool{}
			}
			of[cluster][source] = true
			both = both || seen[source]
			seen[source] = true
			return nil
		})
	if err != nil {
		return "", nil, fmt.Errorf("looking for sources without the label cluster: %w", err)
	}
	if meta.Partial || both || len(of) != 2 || len(of[""]) == 0 {
		return "", nil, nil
	}
	same := false
	_, err = q.Range(ctx, promapi.Query{Grid: grid, Expr: sameNodes}, func(series.Series) error {
		same = true
		return nil
	})
	if err != nil {
		return "", nil, fmt.Errorf("looking for nodes with and without the label cluster: %w", err)
	}
	if !same {
		return "", nil, nil
	}
	delete(of, "")
	for cluster, sources := range of {
		return cluster, slices.Sorted(maps.Keys(sources)), nil
	}
	return "", nil, nil
}
