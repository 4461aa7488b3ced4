package board

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/series"
)

// stackKey is what the curves of a stack have in common. Those above and below zero are two stacks.
type stackKey struct {
	group, mode, draw, interpolation, unit string
	right, below                           bool
}

// stack puts curves that are stacked onto each other.
func (g *graphing) stack() {
	var keys []stackKey
	members := map[stackKey][]int{}
	for i := range g.graph.Curves {
		c, f := &g.graph.Curves[i], g.fields[i]
		if f.style.Stack == "none" {
			continue
		}
		own := c.Values
		if c.Own != nil {
			own = c.Own
		}
		key := stackKey{
			group: f.style.StackGroup, mode: f.style.Stack, draw: c.Draw,
			interpolation: c.Interpolation, unit: f.field.Config.Unit, right: c.Right,
			below: mostlyBelow(own) != f.style.Negative,
		}
		if members[key] == nil {
			keys = append(keys, key)
		}
		members[key] = append(members[key], i)
	}
	n := 0
	for _, key := range keys {
		for _, list := range g.byGrid(members[key]) {
			n++
			g.pile(list, n)
			if key.mode == "percent" {
				g.share(list, key.below)
			}
		}
	}
}

// mostlyBelow reports whether more of the numbers are below zero than above it. The zero with a
// sign is below.
func mostlyBelow(values []float64) bool {
	n := 0
	for _, v := range values {
		switch {
		case v < 0, v == 0 && math.Signbit(v):
			n--
		case v > 0:
			n++
		}
	}
	return n < 0
}

// byGrid splits the curves of a stack by their grids.
func (g *graphing) byGrid(list []int) [][]int {
	var grids []series.Grid
	var out [][]int
	for _, i := range list {
		grid := g.graph.Curves[i].Grid
		k := slices.IndexFunc(grids, func(o series.Grid) bool { return sameGrid(o, grid) })
		if k < 0 {
			k = len(grids)
			grids, out = append(grids, grid), append(out, nil)
		}
		out[k] = append(out[k], i)
	}
	if len(out) > 1 {
		g.note(Note{Code: NoteGrids})
	}
	return out
}

func sameGrid(a, b series.Grid) bool {
	return a.Start.Equal(b.Start) && a.Step == b.Step && a.Len == b.Len
}

// pile makes one stack. A hole adds nothing: the curve goes on at its base, unless the whole stack
// has a hole.
func (g *graphing) pile(list []int, n int) {
	size := g.graph.Curves[list[0]].Grid.Len
	sums, some := make([]float64, size), make([]bool, size)
	for _, i := range list {
		for k, v := range g.graph.Curves[i].Values {
			some[k] = some[k] || !math.IsNaN(v)
		}
	}
	for _, i := range list {
		c := &g.graph.Curves[i]
		drawn := c.Values
		c.Stack, c.Values, c.Base = n, make([]float64, size), make([]float64, size)
		if c.Own == nil {
			c.Own = drawn
		}
		for k, v := range drawn {
			c.Base[k] = sums[k]
			if !math.IsNaN(v) {
				sums[k] = finite(sums[k] + v)
			}
			c.Values[k] = sums[k]
			if !some[k] {
				c.Values[k] = math.NaN()
			}
		}
	}
}

// share makes the values of a stack parts of their sum, from 0 to 1, or to -1 for one below zero.
func (g *graphing) share(list []int, below bool) {
	sign := 1.0
	if below {
		sign = -1
	}
	sums := slices.Clone(g.graph.Curves[list[len(list)-1]].Values)
	for _, i := range list {
		c := &g.graph.Curves[i]
		for _, values := range [][]float64{c.Values, c.Base} {
			for k, v := range values {
				switch {
				case math.IsNaN(v):
				case sums[k] == 0 || math.IsNaN(sums[k]):
					values[k] = 0
				default:
					values[k] = finite(sign * (v / sums[k]))
				}
			}
		}
	}
}

// finite returns a sum as a number that can be drawn.
func finite(sum float64) float64 { return min(max(sum, -math.MaxFloat64), math.MaxFloat64) }

// fillBelow ends the areas of curves at other curves, where the panel says so.
func (g *graphing) fillBelow() {
	for i := range g.graph.Curves {
		c, below := &g.graph.Curves[i], g.fields[i].style.FillBelowTo
		if below == "" || c.Stack > 0 {
			continue
		}
		for k := range g.graph.Curves {
			o := &g.graph.Curves[k]
			if k != i && o.Name == below && sameGrid(o.Grid, c.Grid) {
				c.Base = o.Values
				break
			}
		}
	}
}

// reach computes the range of time, which is that of the panel and of all data, and how far the
// values of the curves reach.
func (g *graphing) reach() {
	for i := range g.graph.Axes {
		g.graph.Axes[i].Low, g.graph.Axes[i].High = math.NaN(), math.NaN()
	}
	var from, to time.Time
	for i := range g.graph.Curves {
		c := &g.graph.Curves[i]
		axis := &g.graph.Axes[0]
		if c.Right {
			axis = &g.graph.Axes[1]
		}
		for _, list := range [][]float64{c.Values, c.Base} {
			for _, v := range list {
				if !math.IsNaN(v) {
					axis.Low, axis.High = lower(axis.Low, v), higher(axis.High, v)
				}
			}
		}
		if from.IsZero() || c.Grid.Start.Before(from) {
			from = c.Grid.Start
		}
		if to.IsZero() || c.Grid.End().After(to) {
			to = c.Grid.End()
		}
	}
	if start := to.Add(-g.planned.Range); !to.IsZero() && start.Before(from) {
		from = start // as of an instant query, whose data have one time
	}
	g.graph.From, g.graph.To = from, to
}

// lower returns the lower number; a NaN counts as none.
func lower(a, b float64) float64 {
	if math.IsNaN(a) || b < a {
		return b
	}
	return a
}

// higher returns the higher number; a NaN counts as none.
func higher(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}

// legend puts the curves in the order of the legend.
func (g *graphing) legend() {
	o := g.panel.Options.Legend
	l := Legend{Hidden: o.Hidden, Table: o.Table, Right: o.Right}
	for _, id := range o.Calcs {
		title, ok := frame.ReducerName(id)
		if !ok {
			title = name(id)
		}
		l.Calcs = append(l.Calcs, title)
	}
	for i, f := range g.fields {
		if f.inList {
			l.Order = append(l.Order, i)
		}
	}
	g.sortLegend(l.Order)
	g.graph.Legend = l
}

// sortLegend sorts curves by a figure or by name, as the panel says. Those without the figure are
// last.
func (g *graphing) sortLegend(order []int) {
	o := g.panel.Options.Legend
	if o.SortBy == "" {
		return
	}
	var compare func(a, b int) int
	title, _ := frame.ReducerName(o.SortBy)
	of := func(i int) float64 {
		for _, f := range g.graph.Curves[i].Figures {
			if f.Name == o.SortBy || f.Name == title {
				return f.Value
			}
		}
		return math.NaN()
	}
	sign := 1
	if o.SortDesc {
		sign = -1
	}
	if o.SortBy == "Name" {
		compare = func(a, b int) int {
			return sign * strings.Compare(strings.ToLower(g.graph.Curves[a].Name),
				strings.ToLower(g.graph.Curves[b].Name))
		}
	} else {
		compare = func(a, b int) int { return compareNumbers(of(a), of(b), sign) }
	}
	slices.SortStableFunc(order, compare)
}

// compareNumbers compares numbers in the direction of sign. NaN is last in both.
func compareNumbers(a, b float64, sign int) int {
	switch {
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a):
		return 1
	case math.IsNaN(b):
		return -1
	}
	return sign * cmp.Compare(a, b)
}
