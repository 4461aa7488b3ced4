package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The nodes' table has so many rows, of which so many stand in the open, and the grid has so many cells; the worst come first.
const (
	firstNodes = 8
	tableNodes = 100
	cellNodes  = 400 // more would stand higher than what is beside them, and all alike
	manyCells  = 120 // from here on cells are small
)

// column is a panel whose rows are shares of what nodes have, and what its column is called.
type column struct {
	panel *snapshot.Panel
	head  string
	used  bool // not only asked for
}

// columns returns the panels of this report that fill the nodes' table: of each measure, the first
// that has data.
func (r *Report) columns() []column {
	measures := []struct {
		of   panel.Measure
		head string
		used bool
	}{
		{panel.NodeMemory, r.words.Memory, true}, {panel.NodeCPU, r.words.CPU, true}, {panel.NodeDisk, r.words.Disk, true},
		{panel.NodeMemoryRequests, r.words.RequestedMemory, false}, {panel.NodeCPURequests, r.words.RequestedCPU, false},
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

// gauge is one figure of the whole fleet.
type gauge struct {
	Word, Text, Used string
	Bar              bar

	share float64
}

// bar is a share of a whole.
type bar struct {
	Shown bool
	Width string // 0 to 100
	Class string
}

func barOf(share float64, class string) bar {
	if !finite(share) {
		return bar{}
	}
	return bar{Shown: true, Width: coordinate(100 * min(max(share, 0), 1)), Class: class}
}

// fleet returns each column over all nodes: what is used of what there is, or, where a panel knows no capacity, the mean.
func (r *Report) fleet() []gauge {
	var gauges []gauge
	for _, m := range r.columns() {
		var used, whole, mean, n float64
		for i := range m.panel.Rows {
			row := &m.panel.Rows[i]
			if last := row.Stats.Last; finite(last) {
				n++
				mean += last/n - mean/n // unlike sum/n never beyond the largest float
				if finite(row.Capacity) {
					used, whole = used+float64(last*row.Capacity), whole+row.Capacity
				}
			}
		}
		if n == 0 {
			continue
		}
		g, spec := gauge{Word: m.head}, &m.panel.Spec
		if c := spec.Capacity; c != nil && whole > 0 {
			mean = used / whole
			g.Used = r.words.Figure(c.Unit.FormatOf(spec.Share(used), whole))
		}
		g.share = spec.Share(mean)
		g.Text, g.Bar = r.words.Figure(spec.Unit().Format(mean)), barOf(g.share, "")
		gauges = append(gauges, g)
	}
	return gauges
}

// nodeLine is one node with its figures.
type nodeLine struct {
	Name, State, Class string
	Anchor             string // of its row
	Href, Title        string // of its cell: where its worst finding is shown, and what is known of it in a sentence
	Figures            []nodeFigure
	Machine            machine

	gravity int
	first   int // place of its worst finding among all, which the report's order decides
	fullest float64
}

// nodeFigure is one measure of one node.
type nodeFigure struct {
	Head, Text, Class, Href string
	Sort                    string // its number; "" where it is not measured
	Bar                     bar

	share float64 // -Inf where it is not measured
}

// gravityUnmeasured puts a node that nobody looks at between one that fell silent and one that is about to breach.
const gravityUnmeasured = 15

// nodeLines returns every node that is known or measured, the worst first, then those with which something is the matter, then the fullest.
func (r *Report) nodeLines() []nodeLine {
	columns := r.columns()
	byName := map[string]*nodeLine{}
	line := func(name string) *nodeLine {
		if byName[name] == nil {
			byName[name] = newNodeLine(name, columns, r.words)
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
			if row := &m.panel.Rows[j]; row.Node != "" {
				line(row.Node).measure(&line(row.Node).Figures[i], row, m, r.words)
			}
		}
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; byName[f.Node] != nil && !f.Past() {
			byName[f.Node].find(f, i, r.words)
		}
	}
	lines := make([]nodeLine, 0, len(byName))
	for _, l := range byName {
		l.Title = cmp.Or(l.Title, l.Name+": "+l.figures())
		lines = append(lines, *l)
	}
	slices.SortFunc(lines, func(a, b nodeLine) int {
		return cmp.Or(
			cmp.Compare(b.gravity, a.gravity), cmp.Compare(a.first, b.first), cmp.Compare(b.Machine.trouble, a.Machine.trouble),
			cmp.Compare(b.fullest, a.fullest), strings.Compare(a.Name, b.Name),
		)
	})
	if r.listsNodes() {
		for i := range lines[:min(len(lines), tableNodes)] {
			lines[i].Href = cmp.Or(lines[i].Href, "#"+lines[i].Anchor)
		}
	}
	return lines
}

// listsNodes tells that something of the nodes can be said in a table.
func (r *Report) listsNodes() bool {
	return len(r.columns()) > 0 || slices.ContainsFunc(r.Info.Nodes, func(n snapshot.Node) bool { return n.Known })
}

func newNodeLine(name string, columns []column, w wording) *nodeLine {
	l := &nodeLine{Name: name, Anchor: "node-" + Slug(name), State: w.OK, Class: "ok", fullest: math.Inf(-1)}
	for _, m := range columns {
		l.Figures = append(l.Figures, nodeFigure{Head: m.head, Text: "–", share: math.Inf(-1)})
	}
	return l
}

// measure takes over a figure; of several, such as a node's disks, the fullest.
func (l *nodeLine) measure(f *nodeFigure, row *snapshot.Row, m column, w wording) {
	last := row.Stats.Last
	share := m.panel.Spec.Share(last)
	if !finite(last) || share <= f.share {
		return
	}
	class := classOf(row.Status, row.Severity)
	f.Text, f.Class, f.Href = w.Figure(m.panel.Spec.Unit().Format(last)), class, "#"+panelAnchor(m.panel.Spec.Name)
	f.share, f.Bar, f.Sort = share, barOf(share, class), sortable(last)
	if m.used {
		l.fullest = max(l.fullest, share)
	}
}

// find takes over a finding of the node; the gravest, which comes first, colours it.
func (l *nodeLine) find(f *Finding, place int, w wording) {
	if l.Title == "" {
		l.Title = f.Sentence
	}
	if g := gravity(f.Status, f.Severity); g > l.gravity {
		l.first, l.gravity, l.Class, l.State, l.Href = place, g, classOf(f.Status, f.Severity), w.state(f), "#"+panelAnchor(f.Panel)
	}
}

// figures says what is known of a node that nothing was found of.
func (l *nodeLine) figures() string {
	var known []string
	for _, f := range l.Figures {
		if f.Bar.Shown {
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
