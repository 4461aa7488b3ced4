package html

import (
	"fmt"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/words"
)

// How many rows the nodes' table has, how many of them are not folded, and how many cells the grid
// has. The worst nodes come first.
const (
	firstNodes = 8
	tableNodes = 100
	cellNodes  = 400 // more would be taller than the column beside them
	manyCells  = 120 // from here on cells are small
)

// gauge is the share of one resource that the fleet uses.
type gauge struct {
	report.Share
	Bar bar
}

// bar is a share of a total.
type bar struct {
	Shown bool
	Width string // 0 to 100
	Class string
}

func barOf(share float64, class string) bar {
	if !series.Finite(share) {
		return bar{}
	}
	return bar{Shown: true, Width: coordinate(100 * min(max(share, 0), 1)), Class: class}
}

// nodeTable is the table of the first nodes, and a folded table of the others.
type nodeTable struct {
	W       *words.Words
	Caption string
	Summary string // what is notable about all nodes
	Heads   []string
	Rows    []nodeView
	Rest    *nodeTable
	Note    string
}

// nodeView is one node as a cell and as a row.
type nodeView struct {
	report.Node
	Anchor string // of its row
	// the target of its cell: its worst finding, else its row; "" if there is neither
	Href    string
	Figures []nodeFigure
	Machine machine
}

// nodeFigure is one measured value of a node.
type nodeFigure struct {
	report.NodeFigure
	Href string
	Sort string // its number; "" if not measured
	Bar  bar
}

// machine is what the Kubernetes API reports about a node.
type machine struct {
	report.Machine
	TaintsID string // the id of the list of taints in the page
}

func (l layout) fleet() []gauge {
	var gauges []gauge
	for _, s := range l.Fleet() {
		gauges = append(gauges, gauge{s, barOf(s.Ratio, "")})
	}
	return gauges
}

// addNodes adds the grid and the table of nodes.
func (l layout) addNodes(p *page) {
	nodes := l.Nodes()
	views := make([]nodeView, min(len(nodes.Lines), cellNodes)) // only those that are drawn
	for i := range views {
		views[i] = nodeOf(nodes.Lines[i])
		if !nodes.Bare && i < tableNodes && views[i].Href == "" {
			views[i].Href = "#" + views[i].Anchor
		}
	}
	p.Cells, p.CellsNote, p.ManyCells = views, l.cellsNote(nodes.Lines),
		len(nodes.Lines) > manyCells
	if len(views) > 0 && !nodes.Bare {
		p.NodeTable = l.nodeTable(nodes, views)
	}
}

func nodeOf(n report.Node) nodeView {
	v := nodeView{
		Node: n, Anchor: "node-" + report.Slug(n.Name), Machine: machine{
			n.Machine, "taints-" + report.Slug(n.Name),
		},
	}
	if n.Panel != "" {
		v.Href = "#" + panelAnchor(n.Panel)
	}
	for _, f := range n.Figures {
		figure := nodeFigure{NodeFigure: f, Sort: sortable(f.Value), Bar: barOf(f.Share, f.Class)}
		if f.Panel != "" {
			figure.Href = "#" + panelAnchor(f.Panel)
		}
		v.Figures = append(v.Figures, figure)
	}
	return v
}

// nodeTable returns the table of nodes, the worst first.
func (l layout) nodeTable(nodes report.Nodes, views []nodeView) *nodeTable {
	listed := views[:min(len(views), tableNodes)]
	t := &nodeTable{
		W: l.words, Caption: l.words.Nodes, Summary: nodes.Summary, Heads: nodes.Heads,
		Rows: listed[:min(len(listed), firstNodes)],
	}
	if len(listed) > firstNodes {
		t.Rest = &nodeTable{
			W: l.words, Caption: fmt.Sprintf(l.words.AllNodes, words.Thousands(len(nodes.Lines))),
			Heads: nodes.Heads, Rows: listed[firstNodes:],
			Note: l.notListed(len(listed), len(nodes.Lines)),
		}
	}
	return t
}

// cellsNote explains the grid of nodes: how many nodes are in each state, and how many of them are
// drawn.
func (l layout) cellsNote(nodes []report.Node) string {
	var kinds []string
	count := map[string]int{}
	for i := range nodes {
		state := nodes[i].State
		if count[state] == 0 {
			kinds = append(kinds, state)
		}
		count[state]++
	}
	var said []string
	for _, k := range kinds {
		said = append(said, fmt.Sprintf(l.words.Count, words.Thousands(count[k]), k))
	}
	note := strings.Join(said, ", ")
	if len(nodes) > cellNodes {
		note = fmt.Sprintf(l.words.WorstDrawn, note, words.Thousands(cellNodes))
	}
	return note
}
