package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// column is a panel whose rows are shares of what nodes have, and what its column is called.
type column struct {
	panel *snapshot.Panel
	head  string
	used  bool // not only asked for
}

// measures reports whether a row is of the query that the column shows, which is the panel's first.
func (c column) measures(row *snapshot.Row) bool { return row.Ref == c.panel.Spec.Query("").Ref }

// columns returns the panels of this report that fill the nodes' table: of each measure, the first
// that has data.
func (r *Report) columns() []column {
	measures := []struct {
		of   panel.Measure
		head string
		used bool
	}{
		{panel.NodeMemory, r.words.Memory, true}, {panel.NodeCPU, r.words.CPU, true}, {
			panel.NodeDisk, r.words.Disk, true,
		},
		{panel.NodeMemoryRequests, r.words.RequestedMemory, false}, {
			panel.NodeCPURequests, r.words.RequestedCPU, false,
		},
	}
	var found []column
	for _, m := range measures {
		of := func(p snapshot.Panel) bool { return p.Spec.Measure == m.of && p.Total > 0 }
		if i := slices.IndexFunc(r.Panels, of); i >= 0 {
			found = append(found, column{&r.Panels[i], m.head, m.used})
		}
	}
	return found
}

// Share is how much of the whole fleet is taken of something.
type Share struct {
	Word  string  // "Memory"
	Text  string  // "61 %"
	Used  string  // "1.6 of 2.6 TiB"; "" where the panel knows no capacity
	Ratio float64 // 0.61
}

// Fleet returns what is taken of the whole fleet, a share for each column that the report has: what
// is used of what there is, or, where a panel knows no capacity, the mean.
func (r *Report) Fleet() []Share {
	var shares []Share
	for _, m := range r.columns() {
		var used, whole, mean, n float64
		for i := range m.panel.Rows {
			row := &m.panel.Rows[i]
			if last := row.Stats.Last; series.Finite(last) && m.measures(row) {
				n++
				mean += last/n - mean/n // unlike sum/n never beyond the largest float
				if series.Finite(row.Capacity) {
					used, whole = used+float64(last*row.Capacity), whole+row.Capacity
				}
			}
		}
		if n == 0 {
			continue
		}
		g, spec := Share{Word: m.head}, &m.panel.Spec
		if c := spec.Capacity; c != nil && whole > 0 {
			mean = used / whole
			g.Used = r.words.Figure(c.Unit.FormatOf(spec.Share(used), whole))
		}
		g.Ratio, g.Text = spec.Share(mean), r.words.Figure(spec.Unit().Format(mean))
		shares = append(shares, g)
	}
	return shares
}

// Nodes is what is said of the nodes one by one.
type Nodes struct {
	Said  string   // what matters of all of them
	Heads []string // what their figures are of
	Lines []Node   // the worst first
	Bare  bool     // nothing is known of them but their names
}

// Node is one node with its figures.
type Node struct {
	Name, State, Class string
	Title              string // its worst finding, or what is known of it, in a sentence
	Panel              string // where its worst finding is; "" where there is none
	Figures            []NodeFigure
	Machine            Machine

	gravity int
	first   int // place of its worst finding among all, which the report's order decides
	fullest float64
}

// NodeFigure is one measure of one node.
type NodeFigure struct {
	Head, Text, Class string
	Panel             string  // where it is from; "" where it is not measured
	Value             float64 // NaN where it is not measured
	Share             float64 // of the whole; -Inf where it is not measured
}

// gravityUnmeasured puts a node that nobody looks at between one that fell silent and one that is
// about to breach.
const gravityUnmeasured = 15

// Nodes returns every node that is known or measured, the worst first, then those with which
// something is the matter, then the fullest.
func (r *Report) Nodes() Nodes {
	columns := r.columns()
	byName := r.nodesByName(columns)
	all := Nodes{
		Said: r.nodesSaid(), Lines: make([]Node, 0, len(byName)), Bare: len(columns) == 0 &&
			!slices.ContainsFunc(r.Info.Nodes, isKnown),
	}
	for _, m := range columns {
		all.Heads = append(all.Heads, m.head)
	}
	for _, l := range byName {
		l.Title = cmp.Or(l.Title, l.Name+": "+l.figures())
		all.Lines = append(all.Lines, *l)
	}
	slices.SortFunc(all.Lines, func(a, b Node) int {
		return cmp.Or(
			cmp.Compare(b.gravity, a.gravity), cmp.Compare(a.first, b.first),
			cmp.Compare(b.Machine.trouble, a.Machine.trouble),
			cmp.Compare(b.fullest, a.fullest), strings.Compare(a.Name, b.Name),
		)
	})
	return all
}

// nodesByName brings together what the Kubernetes API, the columns and the findings say of each
// node.
func (r *Report) nodesByName(columns []column) map[string]*Node {
	byName := map[string]*Node{}
	line := func(name string) *Node {
		if byName[name] == nil {
			byName[name] = newNode(name, columns, r.words)
		}
		return byName[name]
	}
	for i := range r.Info.Nodes {
		n := &r.Info.Nodes[i]
		l := line(n.Name)
		if n.Known {
			l.Machine = r.words.machine(n, r.Info.Slot)
		}
		if !n.Exporter {
			l.Class, l.State, l.gravity = "unmeasured", r.words.Unmeasured, gravityUnmeasured
			if n.Kind != snapshot.OrdinaryNode {
				l.gravity = 0 // it cannot be otherwise
			}
		}
	}
	for i, m := range columns {
		for j := range m.panel.Rows {
			if row := &m.panel.Rows[j]; row.Node != "" && m.measures(row) {
				line(row.Node).measure(&line(row.Node).Figures[i], row, m, r.words)
			}
		}
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; byName[f.Node] != nil && !f.Past() {
			byName[f.Node].find(f, i, r.words)
		}
	}
	return byName
}

func isKnown(n snapshot.Node) bool { return n.Known }

func newNode(name string, columns []column, w wording) *Node {
	l := &Node{Name: name, State: w.OK, Class: "ok", fullest: math.Inf(-1)}
	for _, m := range columns {
		l.Figures = append(l.Figures, NodeFigure{
			Head: m.head, Text: "–", Value: math.NaN(), Share: math.Inf(-1),
		})
	}
	return l
}

// measure takes over a figure; of several, such as a node's disks, the fullest.
func (l *Node) measure(f *NodeFigure, row *snapshot.Row, m column, w wording) {
	last := row.Stats.Last
	share := m.panel.Spec.Share(last)
	if !series.Finite(last) || share <= f.Share {
		return
	}
	f.Text, f.Class = w.Figure(m.panel.Spec.Unit().Format(last)), classOf(row.Status, row.Severity)
	f.Panel, f.Value, f.Share = m.panel.Spec.Name, last, share
	if m.used {
		l.fullest = max(l.fullest, share)
	}
}

// find takes over a finding of the node; the gravest, which comes first, colours it.
func (l *Node) find(f *Finding, place int, w wording) {
	if l.Title == "" {
		l.Title = f.Sentence
	}
	if g := gravity(f.Status, f.Severity); g > l.gravity {
		l.first, l.gravity, l.Class, l.State, l.Panel = place, g, classOf(f.Status, f.Severity),
			w.state(f), f.Panel
	}
}

// figures says what is known of a node that nothing was found of.
func (l *Node) figures() string {
	var known []string
	for _, f := range l.Figures {
		if series.Finite(f.Share) {
			known = append(known, f.Head+" "+f.Text)
		}
	}
	if len(known) == 0 {
		return l.State
	}
	return strings.Join(known, ", ")
}

// classOf is the style's name for a judgement.
func classOf(st rules.Status, sev rules.Severity) string {
	switch {
	case st == rules.Breach && sev == rules.Critical:
		return "critical"
	case st == rules.Breach:
		return "warning"
	case st == rules.NoData:
		return "nodata"
	case st == rules.Pending:
		return "pending"
	case st == rules.OK:
		return "ok"
	}
	return "ended"
}
