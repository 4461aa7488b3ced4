package report

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// Group is the findings of one cause, which a reader sees as one line with a list behind it.
type Group struct {
	Cause    rules.Cause // the zero Cause is of one finding only
	Findings []*Finding  // at least one, the worst first; none has ended
	Sentence string      // of one finding its own, else what they have in common

	// Objects is how many things the findings are about, such as 41 nodes, and Of how many there
	// are of them; 0: unknown. A group of a node or a workload counts its findings.
	Noun        words.Noun
	Objects, Of int

	Critical, Warning, NoData, Pending int // numbers of findings

	// Since is when the first of them began, zero if unknown. If Open is true, it may have been
	// before Since, the start of the window.
	Since time.Time
	Open  bool

	// Blind are the titles of the panels that have no data because a source is gone.
	Blind []string
}

// Worst returns the worst finding of the group.
func (g *Group) Worst() *Finding { return g.Findings[0] }

// Alone reports whether the sentence of the group is that of its only finding.
func (g *Group) Alone() bool {
	return len(g.Findings) == 1 && g.Sentence == g.Worst().Sentence
}

// grouping finds out what the findings of groups have in common.
type grouping struct {
	wording
	in       Info
	panels   map[string]*snapshot.Panel
	pods     map[string]bool // as in Report
	nodes    map[string]int  // by cluster: how many nodes can have an exporter
	clusters bool            // there are several
	lacks    bool            // the report lacks findings of others, as Report.Only says
	known    map[thingsKey]int
}

// thingsKey is what thingsIn counted.
type thingsKey struct {
	panel, cluster string
	noun           words.Noun
}

// addGroups groups the findings that have not ended by cause, in the order of the worst finding of
// each group. The findings are sorted, the worst first. It also says what data is missing.
func (r *Report) addGroups() {
	r.Groups, r.Blind = nil, nil
	w := grouping{
		wording: r.words, in: r.Info, panels: map[string]*snapshot.Panel{}, nodes: map[string]int{},
		pods: r.pods, known: map[thingsKey]int{}, lacks: r.Only != "",
	}
	for i := range r.Panels {
		w.panels[r.Panels[i].Spec.Name] = &r.Panels[i]
	}
	for _, n := range r.Info.Nodes {
		if n.Kind != snapshot.VirtualNode && n.Kind != snapshot.WindowsNode {
			w.nodes[n.Cluster]++
		}
		w.clusters = w.clusters || n.Cluster != r.Info.Nodes[0].Cluster
	}
	at := map[rules.Cause]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Past() {
			continue
		}
		k, known := at[f.Cause]
		if !known || f.Cause == (rules.Cause{}) {
			k = len(r.Groups)
			at[f.Cause] = k
			r.Groups = append(r.Groups, Group{Cause: f.Cause})
		}
		r.Groups[k].Findings = append(r.Groups[k].Findings, f)
	}
	r.addBlind()
	for i := range r.Groups {
		g := &r.Groups[i]
		w.count(g)
		g.Sentence = w.group(g)
	}
}

// count fills in the numbers of the group and when it began.
func (w grouping) count(g *Group) {
	g.Noun = g.Worst().Noun
	for _, f := range g.Findings {
		switch {
		case f.Status == rules.Breach && f.Severity == rules.Critical:
			g.Critical++
		case f.Status == rules.Breach:
			g.Warning++
		case f.Status == rules.NoData:
			g.NoData++
		default:
			g.Pending++
		}
		if f.Noun != g.Noun {
			g.Noun = words.ASeries
		}
		if !f.Since.IsZero() && (g.Since.IsZero() || f.Since.Before(g.Since)) {
			g.Since, g.Open = f.Since, f.Open
		}
	}
	g.Objects = things(g.Noun, g.Findings)
	switch g.Cause.Kind {
	case rules.CauseRule:
		if !w.lacks { // others may have the rest
			g.Of = w.all(g.Worst().Panel, g.Cause.Cluster, g.Noun)
		}
	case rules.CauseSource:
		w.countSource(g)
	}
}

// countSource lists the panels without data and counts the nodes without node_exporter. A finding
// about no node is about all of them.
func (w grouping) countSource(g *Group) {
	for _, f := range g.Findings {
		if f.Status == rules.NoData {
			g.addBlind(append([]string{f.Title}, f.silent...)...)
		}
	}
	if g.Cause.Name != string(panel.NodeExporter) {
		return
	}
	g.Noun, g.Of = words.ANode, w.nodes[g.Cause.Cluster]
	names := namesOf(g.Findings, words.ANode)
	g.Objects = len(names)
	if slices.ContainsFunc(g.Findings, func(f *Finding) bool {
		p := w.panels[f.Panel]
		return f.Node == "" && p != nil && p.Spec.Without != ""
	}) {
		g.Objects = max(g.Of, g.Objects-1)
	} else if slices.Contains(names, "") {
		g.Objects--
	}
}

// addBlind adds titles of panels that have no data, each once.
func (g *Group) addBlind(titles ...string) {
	for _, t := range titles {
		if !slices.Contains(g.Blind, t) {
			g.Blind = append(g.Blind, t)
		}
	}
}

// all returns how many things of a kind a panel has in a cluster, 0 if that is unknown: a panel
// may have only series that are beyond their limits, or no label that tells clusters apart.
func (w grouping) all(panel, cluster string, noun words.Noun) int {
	k := thingsKey{panel, cluster, noun}
	n, ok := w.known[k]
	if p := w.panels[panel]; !ok && p != nil && noun != words.ASeries &&
		(!p.Spec.EmptyIsOK || p.Spec.WellToo) {
		n = thingsIn(p, cluster, noun, w.pods[panel])
	}
	w.known[k] = n
	return n
}

func thingsIn(p *snapshot.Panel, cluster string, noun words.Noun, pods bool) int {
	n, nodes := 0, map[string]bool{}
	for i := range p.Rows {
		row := &p.Rows[i]
		if cluster != "" && row.Labels.Get("cluster") != cluster ||
			nounOf(row.Labels, row.Node, pods) != noun || nodes[row.Node] {
			continue
		}
		n++
		if noun == words.ANode {
			nodes[row.Node] = true
		}
	}
	if cluster == "" {
		n += p.LeftOut
	}
	return n
}

// nounOf returns what a series is about, by its labels and its node. pods says whether its labels
// pod and container do, and are not those of an exporter.
func nounOf(ls series.Labels, node string, pods bool) words.Noun {
	has := func(name string) bool { return ls.Get(name) != "" }
	switch {
	case pods && has("container"):
		return words.AContainer
	case pods && has("pod"):
		return words.APod
	case has("workload"), has("deployment"), has("statefulset"), has("daemonset"):
		return words.AWorkload
	case has("persistentvolumeclaim"):
		return words.AVolume
	case has("metrics_path"):
		return words.ATarget
	case node != "":
		return words.ANode
	case has("instance"):
		return words.ATarget
	case has("job"):
		return words.AJob
	case has("alertname"):
		return words.AnAlert
	}
	return words.ASeries
}
