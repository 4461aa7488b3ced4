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
	"github.com/promsnap/promsnap/internal/units"
)

// column is a panel with shares of what nodes have, and the heading of its column.
type column struct {
	panel *snapshot.Panel
	head  string
	used  bool // whether it is usage, not requests
}

// measures reports whether a row belongs to the query that the column shows, the panel's first.
func (c column) measures(row *snapshot.Row) bool { return row.Ref == c.panel.Spec.Query("").Ref }

// columns returns the columns of the nodes' table: for each measure, the first panel that has data.
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

// Share is how much of a resource the whole fleet uses.
type Share struct {
	Word  string  // "Memory"
	Text  string  // "61 %"
	Used  string  // "1.6 of 2.6 TiB"; "" without a capacity
	Ratio float64 // 0.61
}

// Fleet returns the shares of the whole fleet, one for each column: what is used divided by what
// there is, or the mean if the panel has no capacity.
func (r *Report) Fleet() []Share {
	var shares []Share
	for _, s := range r.shares() {
		shares = append(shares, s.Share)
	}
	return shares
}

// columnShare is the share of a column with its figure.
type columnShare struct {
	Share
	panel string
	value float64 // in the panel's unit
}

func (r *Report) shares() []columnShare {
	var shares []columnShare
	for _, m := range r.columns() {
		var used, whole, mean, n float64
		for i := range m.panel.Rows {
			row := &m.panel.Rows[i]
			if last := row.Stats.Last; series.Finite(last) && m.measures(row) {
				n++
				mean += last/n - mean/n // unlike sum/n, this cannot overflow
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
		shares = append(shares, columnShare{g, spec.Name, mean})
	}
	return shares
}

// Nodes is the table of nodes.
type Nodes struct {
	Summary string   // what is notable about all of them
	Heads   []string // headings of the columns
	// Measures are what the columns show, and CapacityUnits the units of what there is of it: None
	// if that is not known.
	Measures      []panel.Measure
	CapacityUnits []units.Unit
	Lines         []Node // the worst first
	Bare          bool   // whether only their names are known
}

// Node is one node with its values.
type Node struct {
	Name, State, Class string
	Title              string // its worst finding or its values, in a sentence
	Panel              string // the panel of its worst finding; "" without findings
	Figures            []NodeFigure
	Machine            Machine

	gravity int
	first   int // position of its worst finding in the report
	fullest float64
}

// NodeFigure is one measured value of a node.
type NodeFigure struct {
	Head, Text, Class string
	Panel             string  // its panel; "" if not measured
	Value             float64 // NaN if not measured
	Share             float64 // of the total; -Inf if not measured
	Used, Capacity    float64 // in the unit of the column's capacity; NaN if not known
}

// gravityUnmeasured orders a node that is not measured between a silent node and one with a pending
// alert.
const gravityUnmeasured = 15

// Nodes returns every known or measured node: the worst first, then nodes in trouble, then the
// fullest.
func (r *Report) Nodes() Nodes {
	columns := r.columns()
	byName := r.nodesByName(columns)
	all := Nodes{
		Summary: r.nodesSummary(), Lines: make([]Node, 0, len(byName)), Bare: len(columns) == 0 &&
			!slices.ContainsFunc(r.Info.Nodes, isKnown),
	}
	for _, m := range columns {
		all.Heads = append(all.Heads, m.head)
		all.Measures = append(all.Measures, m.panel.Spec.Measure)
		unit := units.None
		if c := m.panel.Spec.Capacity; c != nil {
			unit = c.Unit
		}
		all.CapacityUnits = append(all.CapacityUnits, unit)
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

// nodesByName combines what the Kubernetes API, the columns and the findings report about each
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
				l.gravity = 0 // node_exporter cannot run there
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
			byName[f.Node].addFinding(f, i, r.words)
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
			Used: math.NaN(), Capacity: math.NaN(),
		})
	}
	return l
}

// measure records a value, keeping the highest when several rows match, such as those of a node's
// disks.
func (l *Node) measure(f *NodeFigure, row *snapshot.Row, m column, w wording) {
	last := row.Stats.Last
	share := m.panel.Spec.Share(last)
	if !series.Finite(last) || share <= f.Share {
		return
	}
	f.Text, f.Class = w.Figure(m.panel.Spec.Unit().Format(last)), classOf(row.Status, row.Severity)
	f.Panel, f.Value, f.Share = m.panel.Spec.Name, last, share
	f.Used, f.Capacity = math.NaN(), math.NaN()
	if m.panel.Spec.Capacity != nil && series.Finite(row.Capacity) {
		f.Used, f.Capacity = share*row.Capacity, row.Capacity
	}
	if m.used {
		l.fullest = max(l.fullest, share)
	}
}

// addFinding records a finding of the node. The first one is the worst and gives the node its
// colour.
func (l *Node) addFinding(f *Finding, place int, w wording) {
	if l.Title == "" {
		l.Title = f.Sentence
	}
	if g := gravity(f.Status, f.Severity); g > l.gravity {
		l.first, l.gravity, l.Class, l.State, l.Panel = place, g, classOf(f.Status, f.Severity),
			w.state(f), f.Panel
	}
}

// figures returns the values of a node without findings as text.
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

// classOf returns the style's name for a state.
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
