package report

import (
	"time"

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
	// are in the panel of the worst finding; 0: unknown. A group of a node or a workload counts
	// its findings.
	Noun        words.Noun
	Objects, Of int

	Critical, Warning, NoData, Pending int // numbers of findings

	// Since is when the first of them began, zero if unknown. If Open is true, it may have been
	// before Since, the start of the window.
	Since time.Time
	Open  bool
}

// Worst returns the worst finding of the group.
func (g *Group) Worst() *Finding { return g.Findings[0] }

// groupsOf groups the findings that have not ended by cause, in the order of the worst finding of
// each group. The findings are sorted, the worst first.
func (r *Report) groupsOf() []Group {
	var groups []Group
	at := map[rules.Cause]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Past() {
			continue
		}
		k, known := at[f.Cause]
		if !known || f.Cause == (rules.Cause{}) {
			k = len(groups)
			at[f.Cause] = k
			groups = append(groups, Group{Cause: f.Cause})
		}
		groups[k].Findings = append(groups[k].Findings, f)
	}
	all := things{panels: r.Panels, known: map[thingsKey]int{}}
	for i := range groups {
		g := &groups[i]
		g.count()
		if g.Noun != words.ASeries && g.Cause.Kind == rules.CauseRule && !r.part {
			g.Of = all.of(g.Worst().Panel, g.Cause.Cluster, g.Noun)
		}
		g.Sentence = r.words.group(g)
	}
	return groups
}

// count fills in the numbers of the group and when it began.
func (g *Group) count() {
	g.Noun = g.Worst().Noun
	nodes := map[string]bool{}
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
		nodes[f.Node] = true
		if !f.Since.IsZero() && (g.Since.IsZero() || f.Since.Before(g.Since)) {
			g.Since, g.Open = f.Since, f.Open
		}
	}
	g.Objects = len(g.Findings)
	if g.Noun == words.ANode {
		g.Objects = len(nodes)
	}
}

// group returns what the findings of a group have in common, as a sentence.
func (w wording) group(g *Group) string {
	worst := g.Worst()
	if len(g.Findings) == 1 {
		return worst.Sentence
	}
	return worst.Sentence + ", " + w.AndMore.Of(len(g.Findings)-1)
}

// nounOf returns what a series is about, by its labels and its node.
func nounOf(ls series.Labels, node string) words.Noun {
	has := func(name string) bool { return ls.Get(name) != "" }
	switch {
	case has("container"):
		return words.AContainer
	case has("pod"):
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
	}
	return words.ASeries
}

// things counts what the panels are about.
type things struct {
	panels []snapshot.Panel
	known  map[thingsKey]int
}

type thingsKey struct {
	panel, cluster string
	noun           words.Noun
}

// of returns how many things of a kind a panel has in a cluster. Where clusters are not told apart
// by the label cluster, it returns 0 for unknown.
func (t things) of(panel, cluster string, noun words.Noun) int {
	k := thingsKey{panel, cluster, noun}
	if n, ok := t.known[k]; ok {
		return n
	}
	n := 0
	for i := range t.panels {
		if p := &t.panels[i]; p.Spec.Name == panel {
			n = thingsIn(p, cluster, noun)
		}
	}
	t.known[k] = n
	return n
}

func thingsIn(p *snapshot.Panel, cluster string, noun words.Noun) int {
	n, nodes := 0, map[string]bool{}
	for i := range p.Rows {
		row := &p.Rows[i]
		if cluster != "" && row.Labels.Get("cluster") != cluster ||
			nounOf(row.Labels, row.Node) != noun || nodes[row.Node] {
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
