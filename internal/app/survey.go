package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Survey is what a Prometheus has, for a first configuration.
type Survey struct {
	Server    string // "Prometheus 3.15.0"
	At        string // its URL, or its Service in the cluster
	Exporters []Exporter
	Label     string   // the label that tells clusters apart, if it is not cluster
	Clusters  []string // the values of that label, sorted; empty if there are none
	// Own is the cluster of the nodes that the Kubernetes API lists; "" if that is unknown.
	Own string
	// External is the cluster in Prometheus' external labels; "" if it has none.
	External string
	Scrape   time.Duration // how often most targets are scraped; 0 if that is unknown
}

// Exporter is a source of metrics, and how many objects it has.
type Exporter struct {
	Name, Metric, Of string // Of is what Count counts: "nodes"
	Count            int    // 0: the exporter is missing
}

// exporters provide the metrics of the built-in panels.
var exporters = []Exporter{
	{Name: "kube-state-metrics", Metric: "kube_node_info", Of: "nodes"},
	{Name: "node_exporter", Metric: "node_uname_info", Of: "nodes"},
	{
		Name: "cAdvisor", Metric: "container_memory_working_set_bytes",
		Of: "containers and their cgroups",
	},
	{Name: "kubelet volume statistics", Metric: "kubelet_volume_stats_used_bytes", Of: "volumes"},
}

// Survey finds the exporters, the labels and the scrape interval.
func (from *Source) Survey(ctx context.Context) (Survey, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, from.o.Timeout, errTimeout)
	defer cancel()
	server, err := from.client.Server(ctx)
	if down := promapi.Unreachable(err); down != nil {
		return Survey{}, down
	}
	s := Survey{Server: server.Name(), At: from.at}
	for _, e := range exporters {
		n, err := from.scalar(ctx, fmt.Sprintf("count(%s)", e.Metric))
		if err != nil {
			return Survey{}, fmt.Errorf("looking for %s: %w", e.Name, err)
		}
		e.Count = int(n)
		s.Exporters = append(s.Exporters, e)
	}
	if err := from.findClusters(ctx, &s); err != nil {
		return Survey{}, fmt.Errorf("looking for the label cluster: %w", err)
	}
	label := cmp.Or(s.Label, "cluster")
	// An error is ignored here: it is only a name, and the user may write another one.
	s.External, _ = from.client.ExternalLabel(ctx, label)
	scrapes, err := from.scalar(ctx, fmt.Sprintf("quantile(0.5, count_over_time(up[%s]))",
		model.Duration(scrapeWindow)))
	if err != nil {
		return Survey{}, fmt.Errorf("looking for the scrape interval: %w", err)
	}
	s.Scrape = snapshot.ScrapeInterval(scrapeWindow, scrapes)
	return s, nil
}

// scalar returns the only sample of an instant query, 0 if there is none.
func (from *Source) scalar(ctx context.Context, expr string) (float64, error) {
	value := 0.0
	err := from.now(ctx, expr, func(_ series.Labels, v float64) { value = v })
	return value, err
}

// now runs a query at the newest time that a run queries.
func (from *Source) now(ctx context.Context, expr string, each func(series.Labels, float64)) error {
	return from.instantBy(ctx, from.client, expr, each)
}

// instantBy is now with another Querier, such as one that maps labels.
func (from *Source) instantBy(ctx context.Context, q snapshot.Querier, expr string,
	each func(series.Labels, float64)) error {
	grid := series.Grid{Start: from.End(), Step: time.Minute, Len: 1}
	_, err := q.Range(ctx, promapi.Query{Expr: expr, Grid: grid}, func(s series.Series) error {
		if v := s.Values[0]; !math.IsNaN(v) {
			each(s.Labels, v)
		}
		return nil
	})
	return err
}

// findClusters finds the label that tells clusters apart, its values, and which cluster has the
// nodes that the Kubernetes API lists.
func (from *Source) findClusters(ctx context.Context, s *Survey) error {
	mapping, _, err := snapshot.FindMapping(ctx, from.client, from.End(), time.Hour,
		from.cfg.Prometheus.ClusterLabel)
	if err != nil {
		return err
	}
	if name := model.LabelName(mapping.Cluster); name != "" &&
		!model.LegacyValidation.IsValidLabelName(string(name)) {
		mapping.Cluster = "" // not every server accepts a matcher of it as PromQL
	}
	s.Label = mapping.ClusterLabel()
	source := mapping.Querier(from.client)
	names := map[string]bool{}
	for _, n := range from.listNodes(ctx).nodes {
		names[n.Name] = true
	}
	own := map[string]int{} // nodes by cluster
	err = from.instantBy(ctx, source, `max by (cluster, node) (kube_node_info)`,
		func(ls series.Labels, _ float64) {
			if names[ls.Get("node")] {
				own[ls.Clone().Get("cluster")]++
			}
		})
	if err != nil {
		return err
	}
	found := map[string]bool{}
	err = from.instantBy(ctx, source, `count by (cluster) (up{cluster!=""})`,
		func(ls series.Labels, _ float64) { found[ls.Clone().Get("cluster")] = true })
	s.Clusters = slices.Sorted(maps.Keys(found))
	timeout := 0
	for _, cluster := range slices.Sorted(maps.Keys(own)) {
		if own[cluster] > timeout {
			s.Own, timeout = cluster, own[cluster]
		}
	}
	return err
}

// scrapeWindow is the time in which the samples of a target are counted.
const scrapeWindow = 10 * time.Minute

// Panels takes the snapshot of every report and returns the panels, in the order of the reports. It
// draws, judges and records nothing.
func (from *Source) Panels(ctx context.Context) [][]snapshot.Panel {
	ctx, cancel := context.WithTimeoutCause(ctx, from.o.Timeout, errTimeout)
	defer cancel()
	server, _ := from.client.Server(ctx)
	var out [][]snapshot.Panel
	for _, r := range from.snapshots(ctx, server) {
		out = append(out, r.panels)
	}
	return out
}

// snapshots takes the snapshot of every report.
func (from *Source) snapshots(ctx context.Context, server promapi.Server) []reportSnapshot {
	nodes := from.listNodes(ctx)
	var out []reportSnapshot
	for _, r := range from.cfg.Reports {
		out = append(out, from.snapshot(ctx, r, server, nodes))
	}
	return out
}
