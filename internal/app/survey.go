package app

import (
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

// Survey is what a Prometheus has, for somebody who begins.
type Survey struct {
	Server    string // "Prometheus 3.15.0"
	At        string // its URL, or its Service in the cluster
	Exporters []Exporter
	Label     string   // that tells clusters apart, where it is not cluster
	Clusters  []string // the values of that label, sorted; empty where there is none
	// the one that the nodes of the Kubernetes API are in; "" where that is not known
	Own    string
	Scrape time.Duration // how often most targets are scraped; 0 where that is not known
}

// Exporter is a source of metrics, and how many of its objects there are.
type Exporter struct {
	Name, Metric, Of string // of what Count counts: "nodes"
	Count            int    // 0: it is not there
}

// exporters bring what the built-in panels ask for.
var exporters = []Exporter{
	{Name: "kube-state-metrics", Metric: "kube_node_info", Of: "nodes"},
	{Name: "node_exporter", Metric: "node_uname_info", Of: "nodes"},
	{
		Name: "cAdvisor", Metric: "container_memory_working_set_bytes",
		Of: "containers and their cgroups",
	},
	{Name: "kubelet volume statistics", Metric: "kubelet_volume_stats_used_bytes", Of: "volumes"},
}

// Survey asks which exporters, labels and scrape interval there are.
func (from *Source) Survey(ctx context.Context) (Survey, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, from.o.Timeout, errTimeout)
	defer cancel()
	server, err := from.client.Server(ctx)
	if down := promapi.Unreachable(err); down != nil {
		return Survey{}, down
	}
	s := Survey{Server: server.Name(), At: from.at}
	for _, e := range exporters {
		n, err := from.number(ctx, fmt.Sprintf("count(%s)", e.Metric))
		if err != nil {
			return Survey{}, fmt.Errorf("looking for %s: %w", e.Name, err)
		}
		e.Count = int(n)
		s.Exporters = append(s.Exporters, e)
	}
	if err := from.findClusters(ctx, &s); err != nil {
		return Survey{}, fmt.Errorf("looking for the label cluster: %w", err)
	}
	scrapes, err := from.number(ctx, fmt.Sprintf("quantile(0.5, count_over_time(up[%s]))",
		model.Duration(scrapeWindow)))
	if err != nil {
		return Survey{}, fmt.Errorf("looking for the scrape interval: %w", err)
	}
	s.Scrape = snapshot.ScrapeInterval(scrapeWindow, scrapes)
	return s, nil
}

// number is the only sample that a query has now, 0 where it has none.
func (from *Source) number(ctx context.Context, expr string) (float64, error) {
	value := 0.0
	err := from.now(ctx, expr, func(_ series.Labels, v float64) { value = v })
	return value, err
}

// now runs a query at the newest time that a run asks for.
func (from *Source) now(ctx context.Context, expr string, each func(series.Labels, float64)) error {
	return from.nowBy(ctx, from.client, expr, each)
}

// end is the newest time that a run asks for.
func (from *Source) end() time.Time {
	o := snapshot.Options{Slot: from.o.Slot, QueryOffset: from.cfg.Prometheus.QueryOffset}
	return o.End()
}

// nowBy is now by the labels of a source.
func (from *Source) nowBy(ctx context.Context, q snapshot.Querier, expr string,
	each func(series.Labels, float64)) error {
	grid := series.Grid{Start: from.end(), Step: time.Minute, Len: 1}
	_, err := q.Range(ctx, promapi.Query{Expr: expr, Grid: grid}, func(s series.Series) error {
		if v := s.Values[0]; !math.IsNaN(v) {
			each(s.Labels, v)
		}
		return nil
	})
	return err
}

// findClusters finds the label that tells clusters apart and its values, and among them the one
// whose nodes are those that the Kubernetes API lists.
func (from *Source) findClusters(ctx context.Context, s *Survey) error {
	mapping, _, err := snapshot.FindMapping(ctx, from.client, from.end(), time.Hour,
		from.cfg.Prometheus.ClusterLabel)
	if err != nil {
		return err
	}
	if name := model.LabelName(mapping.Cluster); name != "" &&
		!model.LegacyValidation.IsValidLabelName(string(name)) {
		mapping.Cluster = "" // a matcher of it would not be PromQL to every server
	}
	s.Label = mapping.ClusterLabel()
	source := mapping.Querier(from.client)
	names := map[string]bool{}
	for _, n := range from.listNodes(ctx).nodes {
		names[n.Name] = true
	}
	own := map[string]int{} // nodes by cluster
	err = from.nowBy(ctx, source, `max by (cluster, node) (kube_node_info)`,
		func(ls series.Labels, _ float64) {
			if names[ls.Get("node")] {
				own[ls.Clone().Get("cluster")]++
			}
		})
	if err != nil {
		return err
	}
	found := map[string]bool{}
	err = from.nowBy(ctx, source, `count by (cluster) (up{cluster!=""})`,
		func(ls series.Labels, _ float64) { found[ls.Clone().Get("cluster")] = true })
	s.Clusters = slices.Sorted(maps.Keys(found))
	most := 0
	for _, cluster := range slices.Sorted(maps.Keys(own)) {
		if own[cluster] > most {
			s.Own, most = cluster, own[cluster]
		}
	}
	return err
}

// scrapeWindow is the time within which a target's samples are counted.
const scrapeWindow = 10 * time.Minute

// Panels takes the snapshot of every report and returns its panels, in the reports' order. Nothing
// is drawn, judged or remembered.
func (from *Source) Panels(ctx context.Context) [][]snapshot.Panel {
	ctx, cancel := context.WithTimeoutCause(ctx, from.o.Timeout, errTimeout)
	defer cancel()
	server, _ := from.client.Server(ctx)
	return from.panels(ctx, server)
}

// panels takes the snapshot of every report.
func (from *Source) panels(ctx context.Context, server promapi.Server) [][]snapshot.Panel {
	nodes := from.listNodes(ctx)
	var out [][]snapshot.Panel
	for _, r := range from.cfg.Reports {
		out = append(out, from.snapshot(ctx, r, server, nodes).panels)
	}
	return out
}
