package board

import (
	"image/color"
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
)

// Graph is curves over time.
type Graph struct {
	From, To   time.Time // the panel's range, up to the last time of the data
	Axes       [2]Axis   // left and right
	Curves     []Curve   // in the order in which they are drawn
	Thresholds *Limits   // nil where none are shown
	Legend     Legend
}

// Axis is a value axis.
type Axis struct {
	Used             bool // a curve is on it
	Hidden           bool
	Format           value.Formatter // of its ticks
	Decimals         *int            // nil: as the ticks need
	Label            string
	Min, Max         *float64 // fixed ends
	SoftMin, SoftMax *float64 // ends that data may go beyond
	Low, High        float64  // what the curves reach, with stacks and areas; NaN without data
	LogBase          int      // 2 or 10; 0: linear
	CenteredZero     bool
	Percent          bool // stacks in percent are on it: its values are from -1 to 1
}

// Curve is one series of a graph.
type Curve struct {
	Name  string
	Ref   string // the query that it answers
	Color color.NRGBA
	Right bool // it is on the right axis

	Draw          string // line, bars or points
	Interpolation string // linear, smooth, stepBefore or stepAfter
	Width         float64
	Fill          float64 // the opacity of its area, from 0 to 1
	Gradient      string  // none, opacity or hue
	Dash          string  // solid, dash, dot or square
	ShowPoints    string  // auto, always or never
	PointSize     float64
	Bridge        time.Duration // holes up to this long are bridged

	Grid   series.Grid
	Values []float64 // where it is drawn; NaN is a hole, and there is no infinity
	Base   []float64 // where its area or its bars begin; nil: at zero
	Own    []float64 // its own values, where it is drawn elsewhere; nil: they are Values
	Stack  int       // the stack that it is in, counted from 1; 0: none

	Display *value.Displayer // shows one of its own values
	Figures []Figure         // of the legend
}

// Figure is one number about a series.
type Figure struct {
	Name  string // such as Last * or Max
	Text  string
	Value float64 // NaN if it is no number
}

// Limits are thresholds of a graph.
type Limits struct {
	Bands         []Band
	Lines, Dashed bool // a line is drawn at each From
	Areas         bool // the bands are filled
}

// Band is a range of values with a colour. The first begins at -Inf, the last ends at +Inf.
type Band struct {
	From, To float64
	Color    color.NRGBA
}

// Legend is the legend of a graph.
type Legend struct {
	Hidden bool
	Table  bool
	Right  bool     // beside the chart, and not below it
	Calcs  []string // the names of the figures
	Order  []int    // the curves that it has, in its order
}

// graphing builds a Graph.
type graphing struct {
	*builder
	graph  Graph
	fields []graphed // one for each curve
	total  int       // curves, with those beyond the limit
	hidden int
	values int    // of all curves
	left   *scale // what the left axis is of, once a curve is on it
	right  *scale
}

// graphed is what a curve was made of.
type graphed struct {
	field  *frame.Field
	style  grafana.Style
	inList bool // in the legend
}

// scale is what curves of one axis have in common.
type scale struct {
	unit                       string
	log                        int
	low, high, softLow, softHi float64 // NaN where there is none
}

// scaleOf returns the scale of a field.
func scaleOf(field *frame.Field, style grafana.Style) scale {
	or := func(f *float64) float64 {
		if f == nil {
			return math.NaN()
		}
		return *f
	}
	return scale{
		unit: field.Config.Unit, log: style.LogBase, low: or(field.Config.Min),
		high: or(field.Config.Max), softLow: or(style.SoftMin), softHi: or(style.SoftMax),
	}
}

// fits reports whether curves of two scales can be on one axis.
func (s scale) fits(o scale) bool {
	same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
	return s.unit == o.unit && s.log == o.log && same(s.low, o.low) && same(s.high, o.high) &&
		same(s.softLow, o.softLow) && same(s.softHi, o.softHi)
}

func (b *builder) graph() *Graph {
	g := &graphing{builder: b}
	found := false
	for _, f := range b.frames {
		times := timesOf(f)
		if times == nil {
			continue
		}
		found = true
		for _, field := range f.Fields {
			if numbers(field) {
				g.add(f, times, field)
			}
		}
	}
	if !found && len(b.frames) > 0 {
		b.note(Note{Code: NoteNoTime})
	}
	if g.total > len(g.graph.Curves) {
		b.note(Note{Code: NoteCurves, Count: len(g.graph.Curves), Total: g.total})
	}
	if g.hidden > 0 {
		b.note(Note{Code: NoteHidden, Count: g.hidden})
	}
	g.stack()
	g.fillBelow()
	g.reach()
	g.legend()
	g.limits()
	b.view.Empty = len(g.graph.Curves) == 0
	return &g.graph
}

// add adds a field as a curve.
func (g *graphing) add(of *frame.Frame, times, field *frame.Field) {
	style := g.style(field)
	if style.HideInGraph {
		g.hidden++
		return
	}
	g.total++
	if len(g.graph.Curves) == MaxCurves || g.values >= MaxValues {
		return
	}
	c := Curve{
		Name: name(g.names.Of(field, of)), Ref: of.RefID, Color: g.seriesColor(field),
		Draw: style.Draw, Interpolation: style.Interpolation, Width: style.LineWidth,
		Fill: style.FillOpacity / 100, Gradient: style.Gradient, Dash: style.Dash,
		ShowPoints: style.ShowPoints, PointSize: style.PointSize,
		Display: g.display(field),
	}
	if style.Gradient == "scheme" {
		c.Gradient = "none"
		g.note(Note{Code: NoteColorScheme})
	}
	switch {
	case style.SpanMillis > 0:
		c.Bridge = time.Duration(style.SpanMillis) * time.Millisecond
	case style.SpanNulls:
		c.Bridge = math.MaxInt64
	}
	c.Grid, c.Values = g.place(points(times, field), of.RefID)
	if c.Grid.Len == 0 { // no number at all: it still has its name in the legend
		if len(g.grids) == 0 {
			return
		}
		c.Grid = g.grids[0].grid
		c.Values = make([]float64, c.Grid.Len)
		for i := range c.Values {
			c.Values[i] = math.NaN()
		}
	}
	g.values += c.Grid.Len
	g.change(&c, style)
	c.Right = g.onRight(field, style)
	c.Figures = g.figures(field, g.panel.Options.Legend.Calcs)
	g.graph.Curves = append(g.graph.Curves, c)
	g.fields = append(g.fields, graphed{
		field: field, style: style, inList: !style.HideInLegend && !g.leftOut(field),
	})
}

// change does with the values of a curve what its style says.
func (g *graphing) change(c *Curve, style grafana.Style) {
	if g.panel.Options.NullAsZero {
		for i, v := range c.Values {
			if math.IsNaN(v) {
				c.Values[i] = 0
			}
		}
	}
	if style.Constant {
		first := math.NaN()
		for _, v := range c.Values {
			if !math.IsNaN(v) {
				first = v
				break
			}
		}
		for i := range c.Values {
			c.Values[i] = first
		}
	}
	if style.Negative {
		c.Own = slices.Clone(c.Values)
		for i, v := range c.Values {
			c.Values[i] = 0 - v // and not -0
		}
	}
}

// leftOut reports whether a legacy graph leaves a series out of its legend.
func (g *graphing) leftOut(field *frame.Field) bool {
	l := g.panel.Options.Legend
	if !l.HideEmpty && !l.HideZero {
		return false
	}
	reduced := frame.Reduce(field, "allIsNull", "allIsZero")
	empty, _ := reduced[0].Bool()
	zero, _ := reduced[1].Bool()
	return l.HideEmpty && empty || l.HideZero && zero
}

// onRight chooses the axis of a curve, and gives the axis what the first curve on it says. Curves
// that name no axis are on the left one if they have its scale.
func (g *graphing) onRight(field *frame.Field, style grafana.Style) bool {
	s := scaleOf(field, style)
	if style.Stack == "percent" {
		s.unit = "percentunit"
	}
	right := style.Axis == "right"
	if style.Axis != "right" && style.Axis != "left" {
		right = g.left != nil && !g.left.fits(s)
	}
	side, axis := &g.left, &g.graph.Axes[0]
	if right {
		side, axis = &g.right, &g.graph.Axes[1]
	}
	if *side != nil {
		g.join(axis, **side, s)
		axis.Hidden = axis.Hidden && style.Axis == "hidden"
		return right
	}
	*side = &s
	unit := s.unit
	if unit == "" {
		unit = "short" // as Grafana's axes print numbers without a unit
	}
	*axis = Axis{
		Used: true, Hidden: style.Axis == "hidden", Format: value.New(unit, g.set.Now),
		Decimals: whole(field.Config.Decimals), Label: name(style.AxisLabel),
		Min: field.Config.Min, Max: field.Config.Max, SoftMin: style.SoftMin,
		SoftMax: style.SoftMax, LogBase: style.LogBase, CenteredZero: style.CenteredZero,
		Percent: style.Stack == "percent",
	}
	return right
}

// join puts a curve on an axis of another scale. An end that only one of them has would cut off the
// other.
func (g *graphing) join(axis *Axis, s, o scale) {
	if s.fits(o) {
		return
	}
	if s.unit != o.unit || s.log != o.log {
		g.note(Note{Code: NoteAxes, Text: o.unit})
	}
	if s.low != o.low {
		axis.Min = nil
	}
	if s.high != o.high {
		axis.Max = nil
	}
}

// figures returns what the reducers make of a field. Counts have no unit.
func (b *builder) figures(field *frame.Field, calcs []string) []Figure {
	if len(calcs) == 0 {
		return nil
	}
	const most = 30
	calcs = calcs[:min(len(calcs), most)]
	out := make([]Figure, 0, len(calcs))
	for i, v := range frame.Reduce(field, calcs...) {
		title, ok := frame.ReducerName(calcs[i])
		if !ok {
			title = name(calcs[i])
		}
		d := b.display(field)
		unit := ""
		switch calcs[i] {
		case "count", "changeCount", "distinctCount":
			unit = "none"
		case "diffperc":
			unit = "percent"
		}
		if unit != "" {
			as := b.field(field)
			as.Unit = unit
			d = value.NewDisplayer(as, b.set.Theme, b.set.Now)
		}
		shown := d.Display(v)
		out = append(out, Figure{Name: title, Text: cell(shown.String()), Value: shown.Number})
	}
	return out
}

// limits reads the thresholds that the first curve shows.
func (g *graphing) limits() {
	for _, f := range g.fields {
		mode := f.style.Thresholds
		if mode == "off" || mode == "series" {
			continue
		}
		bands, ok := g.bands(f.field, f.field.Config.Min, f.field.Config.Max)
		if !ok {
			g.note(Note{Code: NoteThresholds})
			return
		}
		g.graph.Thresholds = &Limits{
			Bands:  bands,
			Lines:  mode == "line" || mode == "line+area",
			Dashed: mode == "dashed" || mode == "dashed+area",
			Areas:  mode == "area" || mode == "line+area" || mode == "dashed+area",
		}
		g.graph.Thresholds.Lines = g.graph.Thresholds.Lines || g.graph.Thresholds.Dashed
		return
	}
}

// bands returns the thresholds of a field as bands. Those in percent need a minimum and a maximum;
// without them it reports false.
func (b *builder) bands(field *frame.Field, low, high *float64) ([]Band, bool) {
	t := b.field(field).Thresholds
	if t.Percentage && (low == nil || high == nil) {
		return nil, false
	}
	var out []Band
	for i, step := range t.Steps {
		from := step.Value
		switch {
		case i == 0:
			from = math.Inf(-1)
		case t.Percentage:
			from = *low + (*high-*low)*from/100
		}
		c, _ := b.set.Theme.Color(step.Color)
		if i > 0 {
			out[i-1].To = from
		}
		out = append(out, Band{From: from, To: math.Inf(1), Color: c})
	}
	return out, len(out) > 0
}
