package snapshot

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// exporterStep is how far apart the queries for earlier exporters are: every one joins all pods.
const exporterStep = 6 * time.Hour

// withEarlierExporters returns the identity table with the addresses that exporters had in the last
// four weeks, if exporters are pods with their own addresses. These change with every restart, and
// the table covers only the range of the report. An error leaves it as it is: the history of a node
// then begins with its exporter.
func (n Nodes) withEarlierExporters(ctx context.Context, q Querier, o Options) Nodes {
	if len(n.podNet) == 0 {
		return n
	}
	g := panel.PlanGrid(o.End(), forecast.History, exporterStep)
	held := map[nodeKey][]holder{} // by address
	_, err := q.Range(ctx, promapi.Query{
		Expr: hostPodsQuery, Grid: g, Limit: max(o.MaxSeries, maxIdentities),
	}, func(s series.Series) error {
		ls := s.Labels.Clone()
		cluster, node, ip := ls.Get(clusterLabel), ls.Get("node"), series.HostID(ls.Get("pod_ip"))
		first := slices.IndexFunc(s.Values, series.Finite)
		if ip == "" || first < 0 || !n.podNet[nodeKey{cluster, node}] {
			return nil
		}
		k := nodeKey{cluster, ip}
		held[k] = append(held[k], holder{node, g.At(first - 1)})
		return nil
	})
	if err != nil {
		return n
	}
	ports := n.exporterPorts()
	n.byKey, n.exports = maps.Clone(n.byKey), maps.Clone(n.exports)
	for k, hs := range held {
		slices.SortFunc(hs, func(a, b holder) int {
			return cmp.Or(a.from.Compare(b.from), strings.Compare(a.name, b.name))
		})
		hs = slices.CompactFunc(hs, func(a, b holder) bool { return a.name == b.name })
		for _, port := range ports {
			instance := net.JoinHostPort(k.id, port)
			n.byKey[nodeKey{k.cluster, series.HostID(instance)}] = hs
			for _, h := range hs {
				of := nodeKey{k.cluster, h.name}
				if !slices.Contains(n.exports[of], instance) {
					n.exports[of] = append(slices.Clip(n.exports[of]), instance)
				}
			}
		}
	}
	return n
}

// exporterPorts returns the ports of the exporters that are pods with their own addresses.
func (n Nodes) exporterPorts() []string {
	var ports []string
	for k := range n.podNet {
		for _, instance := range n.exports[k] {
			if _, port, err := net.SplitHostPort(instance); err == nil &&
				!slices.Contains(ports, port) {
				ports = append(ports, port)
			}
		}
	}
	return ports
}
