package report

import (
	"fmt"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// absence is data that is missing, as a sentence.
type absence struct {
	said   string
	title  string       // of the panel; "" if it is not about one
	source panel.Source // of all missing metrics; "" if there are several or it is unknown
}

// HintOf returns how to get the metrics that a panel lacks: the panel's own hint, or what promsnap
// knows about the first of them, which it knows only in English.
func HintOf(p *snapshot.Panel, l words.Language) string {
	if p.Spec.Hint != "" || len(p.Missing) == 0 || l == words.Korean {
		return p.Spec.Hint
	}
	g, err := metrics.Load()
	if err != nil {
		return "" // the report is about the cluster
	}
	return g.Hint(p.Missing[0])
}

// sourceOf returns the source of metrics, "" if they have several or it is unknown.
func sourceOf(metrics []string) panel.Source {
	var source panel.Source
	for i, m := range metrics {
		s := panel.SourceOf(m)
		if i > 0 && s != source {
			return ""
		}
		source = s
	}
	return source
}

// countNodes counts the measured nodes.
func (r *Report) countNodes() {
	for _, n := range r.Info.Nodes {
		if n.Kind == snapshot.VirtualNode { // no machine to measure
			continue
		}
		r.NodesTotal++
		if n.Exporter {
			r.NodesMeasured++
		}
	}
}

// addBlind says what data is missing, unless a group says it.
func (r *Report) addBlind() {
	covered := r.covered()
	var without, windows []string
	for _, n := range r.Info.Nodes {
		switch {
		case n.Kind == snapshot.VirtualNode, n.Exporter, covered[n.Name]:
		case n.Kind == snapshot.WindowsNode:
			windows = append(windows, n.Name)
		case r.groupOf(panel.NodeExporter, n.Cluster) == nil:
			without = append(without, n.Name)
		}
	}
	if len(without) > 0 {
		r.Blind = append(r.Blind, r.words.withoutExporter(without))
	}
	if len(windows) > 0 {
		r.Blind = append(r.Blind, r.words.named(r.words.WindowsNodes, windows))
	}
	titles := r.absentTitles()
	if r.NodesTotal == 0 && r.Info.Board == nil && !r.Info.Question && !r.onlyRules() &&
		len(r.Failures) < len(r.Panels) && len(titles[panel.KubeStateMetrics]) < 2 {
		r.Blind = append(r.Blind, r.words.NoNodes)
	}
	r.addAbsent(titles)
}

// absentTitles returns the panels without data because nothing of their source is there.
func (r *Report) absentTitles() map[panel.Source][]string {
	titles := map[panel.Source][]string{}
	for _, a := range r.absent {
		if r.missing(a.source) {
			titles[a.source] = append(titles[a.source], a.title)
		}
	}
	return titles
}

// addAbsent says what panels have no data. The panels of a source that does not exist at all share
// a line.
func (r *Report) addAbsent(titles map[panel.Source][]string) {
	said := map[panel.Source]bool{}
	for _, a := range r.absent {
		of := titles[a.source]
		g := r.groupOf(a.source, "")
		switch {
		case len(of) > 0 && g != nil:
			g.addBlind(a.title)
		case len(of) < 2:
			r.Blind = append(r.Blind, a.said)
		case !said[a.source]:
			said[a.source] = true
			r.Blind = append(r.Blind, fmt.Sprintf(r.words.NamedFinding, a.source,
				fmt.Sprintf(r.words.NoDataFor, r.words.first(of, groupPanels))))
		}
	}
}

// missing reports whether nothing of a source is there. If only some of its metrics are missing,
// the source is not.
func (r *Report) missing(source panel.Source) bool {
	switch source {
	case panel.NodeExporter:
		return r.NodesTotal > 0 && r.NodesMeasured == 0
	case panel.KubeStateMetrics:
		return r.NodesTotal == 0 || r.groupOf(source, "") != nil
	}
	return r.groupOf(source, "") != nil
}

// groupOf returns the group of a source that is gone, nil if there is none that fires. Without a
// cluster, it is the first of all clusters.
func (r *Report) groupOf(source panel.Source, cluster string) *Group {
	for i := range r.Groups {
		g := &r.Groups[i]
		if g.Cause.Kind == rules.CauseSource && g.Cause.Name == string(source) &&
			(cluster == "" || g.Cause.Cluster == cluster) && g.Worst().Status != rules.Pending {
			return g
		}
	}
	return nil
}

// covered returns the nodes that are down, by their names as readers see them.
func (r *Report) covered() map[string]bool {
	names := map[string]bool{}
	for i := range r.Groups {
		g := &r.Groups[i]
		if g.Cause.Kind != rules.CauseNode || g.Worst().Status == rules.Pending {
			continue
		}
		for _, f := range g.Findings {
			names[f.Node] = true
		}
	}
	return names
}
