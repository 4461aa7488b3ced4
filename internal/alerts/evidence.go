package alerts

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// evidence is the answers to further queries about the causes of findings. The zero value knows
// nothing.
type evidence struct {
	targets []target                // that do not answer now
	podOn   map[rules.Object]string // by pod: its node, for pods of nodes that are down
}

// target is a scrape target that does not answer.
type target struct {
	cluster, job string
	node         string // "" if unknown
	host         bool   // it is the node's own and not that of a pod with its own address
	exporter     bool   // it is the node's node_exporter
	pod          rules.Object
}

const (
	// downQuery finds the targets that do not answer.
	downQuery = `max by (cluster, job, instance, node, namespace, pod) (up) == 0`
	// podsOnQuery finds the pods of some nodes, also if kube-state-metrics fell silent with them.
	podsOnQuery = `group by (cluster, namespace, pod, node) (last_over_time(kube_pod_info{%s}[1h]))`
)

// mostNamed is the most nodes that podsOnQuery names; for more, it returns the pods of all nodes.
const mostNamed = 50

// loadEvidence asks for what the findings need to find their causes. It asks nothing for a healthy
// cluster. If a query fails, fewer causes are found.
func loadEvidence(ctx context.Context, q snapshot.Querier, panels []snapshot.Panel, own *owners,
	w Window) evidence {
	var seen evidence
	if slices.ContainsFunc(panels, aboutSilence) {
		seen.targets = loadTargets(ctx, q, own, w)
	}
	down := downNodes(panels, own.nodes, seen)
	if len(down) == 0 || !anyActive(panels, "pod") && len(seen.targets) == 0 {
		return seen
	}
	seen.podOn = loadPodsOn(ctx, q, own, down, w)
	for i := range seen.targets {
		t := &seen.targets[i]
		if node, ok := seen.podOn[t.pod]; ok && t.node == "" {
			t.node = node
		}
	}
	return seen
}

// aboutSilence reports whether a panel has a finding that targets which do not answer may explain.
func aboutSilence(p snapshot.Panel) bool {
	return slices.ContainsFunc(p.Findings, func(f snapshot.Finding) bool {
		return isActive(&f.Finding) && (p.Spec.Without != "" || f.Status == rules.NoData ||
			f.Labels.Get("condition") != "" || subjectOf(&p).targets)
	})
}

// anyActive reports whether a finding of the panels is about an object with the label.
func anyActive(panels []snapshot.Panel, label string) bool {
	return slices.ContainsFunc(panels, func(p snapshot.Panel) bool {
		return slices.ContainsFunc(p.Findings, func(f snapshot.Finding) bool {
			return isActive(&f.Finding) && f.Labels.Get(label) != ""
		})
	})
}

// loadTargets asks which targets do not answer. An incomplete answer shows nothing, because the
// targets of a job that it lacks may answer.
func loadTargets(ctx context.Context, q snapshot.Querier, own *owners, w Window) []target {
	var out []target
	query := promapi.Query{Expr: downQuery, Grid: now(w), Limit: max(w.MaxSeries, mostPods)}
	meta, err := q.Range(ctx, query, func(s series.Series) error {
		host := own.nodes.HostOf(s.Labels)
		t := target{
			cluster: own.nodes.ClusterOf(s.Labels), job: s.Labels.Get("job"),
			node: own.nodes.Of(s.Labels), host: host != "",
			exporter: own.nodes.IsExporter(s.Labels),
			pod:      own.object(s.Labels, s.Labels.Get("pod")),
		}
		if host != "" {
			t.node = host
		}
		out = append(out, t)
		return nil
	})
	if err != nil || meta.Partial {
		return nil
	}
	return out
}

// now is the grid of the end of a window.
func now(w Window) series.Grid { return series.Grid{Start: w.End, Step: time.Minute, Len: 1} }

// loadPodsOn asks which pods are on the nodes.
func loadPodsOn(ctx context.Context, q snapshot.Querier, own *owners, nodes map[place]time.Time,
	w Window) map[rules.Object]string {
	var names []string
	for node := range nodes {
		names = append(names, regexp.QuoteMeta(node.name))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	matcher := ""
	if len(names) <= mostNamed {
		matcher = fmt.Sprintf("node=~%q", strings.Join(names, "|"))
	}
	out := map[rules.Object]string{}
	query := promapi.Query{
		Expr: fmt.Sprintf(podsOnQuery, matcher), Grid: now(w), Limit: max(w.MaxSeries, mostPods),
	}
	_, err := q.Range(ctx, query, func(s series.Series) error {
		node := s.Labels.Get("node")
		if _, ok := nodes[place{own.nodes.ClusterOf(s.Labels), node}]; ok {
			out[own.object(s.Labels, s.Labels.Get("pod"))] = node
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return out
}
