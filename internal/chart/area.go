package chart

import (
	"fmt"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// mostLayers is the number of layers of a stack: one for each hue. All other series share one
// layer.
const mostLayers = seriesColours

// composeArea lays out a panel as a stack over time, with the sum of the series without a layer on
// top. It shows no limits, because they apply to single series.
func composeArea(data *snapshot.Panel, o Options) *picture {
	c := newLineChart(data, o)
	c.named = min(c.named, mostLayers)
	c.stack = newStack(data, c.lines, c.named, c.times)
	c.lines = c.lines[:c.named]
	tags := append(c.referenceTags(), c.layerTags()...)
	c.layOut(c.stack.reach, tags)
	c.drawGrid()
	c.inside = append(c.inside, c.stack)
	c.drawReferences()
	c.inside = append(c.inside, marksOf(c.timeTicks()))
	c.writeAround(tags)
	if c.stack.gaps {
		c.writeGapKey()
	}
	return c.picture
}

// stack is the layers of an area chart, from the ground up.
type stack struct {
	layers []layer
	others int // the number of series that the last layer sums; 0: it is a single series too
	times  times
	reach  bounds
	gaps   bool // some layer has a gap
}

// layer is one series of a stack: its lower edge and its top at each sample of the grid. Before its
// first sample and after its last it has no height. In a gap between them its height is
// interpolated and hatched, because a missing sample taken as zero would make the whole stack fall.
type layer struct {
	index    int // of the line; context: the other series
	values   []float64
	from, to int // its first and last sample
	low, top []float64
}

func newStack(data *snapshot.Panel, lines []snapshot.Line, named int, t times) *stack {
	st := &stack{times: t}
	ground := make([]float64, t.n)
	for i, l := range lines[:named] {
		ground = st.add(i, l.Values, ground)
	}
	others := sumOf(data.Rest, lines[named:], t.n)
	st.others = len(lines) - named
	if data.Rest != nil {
		st.others += data.Rest.Series
	}
	if st.others > 0 {
		ground = st.add(context, others, ground)
	}
	st.reach.add(0)
	st.reach.add(ground...)
	return st
}

// add puts a layer on the ground and returns its top, which is the next layer's ground.
func (st *stack) add(index int, values, ground []float64) []float64 {
	values = values[:min(len(values), st.times.n)]
	l := layer{index: index, values: values, from: -1, low: ground, top: slices.Clone(ground)}
	for i, v := range values {
		if !series.Finite(v) {
			continue
		}
		if l.from < 0 {
			l.from = i
		} else {
			st.gaps = st.gaps || i > l.to+1
			before := stackable(values[l.to])
			for j := l.to + 1; j < i; j++ {
				l.top[j] += before + float64((stackable(v)-before)*float64(j-l.to)/float64(i-l.to))
			}
		}
		l.top[i] += stackable(v)
		l.to = i
	}
	if l.from >= 0 {
		st.layers = append(st.layers, l)
	}
	return l.top
}

// stackable keeps sums finite.
func stackable(v float64) float64 { return max(0, min(v, farthestValue)) }

// sumOf returns the sum of a band and of lines. It is NaN where neither has a sample.
func sumOf(rest *snapshot.Band, lines []snapshot.Line, n int) []float64 {
	sum := make([]float64, n)
	for i := range sum {
		sum[i] = math.NaN()
	}
	add := func(values []float64) {
		for i, v := range values[:min(len(values), n)] {
			switch {
			case !series.Finite(v):
			case math.IsNaN(sum[i]):
				sum[i] = stackable(v)
			default:
				sum[i] += stackable(v)
			}
		}
	}
	if rest != nil {
		add(rest.Sum)
	}
	for _, l := range lines {
		add(l.Values)
	}
	return sum
}

const (
	layerAlpha = 215
	ghostAlpha = 40  // of a gap
	stripes    = 5.0 // logical pixels between two stripes of a gap
)

// draw paints the layers from the top down, so that every layer keeps its maxima if samples are
// denser than pixels.
func (st *stack) draw(s surface, f frame) {
	var p layerPaths
	for i := len(st.layers) - 1; i >= 0; i-- {
		l := &st.layers[i]
		p.trace(l, f, st.times, s.Density())
		s.Area(p.top, p.low, paint{l.ink(), layerAlpha})
		s.Line(p.top, 1, nil, solid(paper))
		s.Line(p.alone, 1.5, nil, solid(l.ink()))
		if len(p.holeTop) > 0 {
			s.Area(p.holeTop, p.holeLow, paint{l.ink(), ghostAlpha})
			s.Line(p.stripes, 1, nil, paint{l.ink(), 190})
		}
	}
}

func (l *layer) ink() ink {
	if l.index == context {
		return restInk
	}
	return seriesInk(l.index)
}

// layerPaths are the paths of a layer through the plot, divided at gaps. Their memory is reused for
// the next layer.
type layerPaths struct {
	low, top         []point // the edges of what has samples
	alone            []point // single samples between gaps
	holeLow, holeTop []point // the edges of gaps
	stripes          []point // of gaps
}

// trace finds the paths of a layer.
func (p *layerPaths) trace(l *layer, f frame, t times, density float64) {
	p.low, p.top, p.alone = p.low[:0], p.top[:0], p.alone[:0]
	p.holeLow, p.holeTop, p.stripes = p.holeLow[:0], p.holeTop[:0], p.stripes[:0]
	for from := l.from; from <= l.to; {
		to := from
		for to < l.to && series.Finite(l.values[to+1]) {
			to++
		}
		p.stretch(l, f, t, density, from, to)
		from = to + 1
		for from <= l.to && !series.Finite(l.values[from]) {
			from++
		}
		if from <= l.to {
			p.hole(l, f, t, to, from)
		}
	}
}

// stretch adds the samples in a range. Where the series itself begins or ends, it rises from zero
// or falls to zero within a step.
func (p *layerPaths) stretch(l *layer, f frame, t times, density float64, from, to int) {
	if from == l.from {
		from = max(from-1, 0)
	}
	if to == l.to {
		to = min(to+1, t.n-1)
	}
	if from == to {
		x := float32(f.x(t.at(from)))
		p.alone = append(p.alone, gap(), point{x, float32(f.y(l.low[from]))}, point{
			x, float32(f.y(l.top[from])),
		})
		return
	}
	part := times{t.at(from), t.step, to - from + 1}
	p.low, p.top = f.envelope(append(p.low, gap()), append(p.top, gap()), l.low[from:to+1],
		l.top[from:to+1], part, density)
}

// hole adds the gap between two samples, with stripes at the same places in all layers.
func (p *layerPaths) hole(l *layer, f frame, t times, from, to int) {
	p.holeLow, p.holeTop = append(p.holeLow, gap()), append(p.holeTop, gap())
	begin := len(p.holeTop)
	for i := from; i <= to; i++ { // the layers below may have samples here
		x := float32(f.x(t.at(i)))
		p.holeLow = append(p.holeLow, point{x, float32(f.y(l.low[i]))})
		p.holeTop = append(p.holeTop, point{x, float32(f.y(l.top[i]))})
	}
	low, top := p.holeLow[begin:], p.holeTop[begin:]
	at := 1
	for x := f.left +
		float64(stripes*math.Ceil((float64(top[0].x)-f.left)/stripes)); x <= float64(
		top[len(top)-1].x); x += stripes {
		for at < len(top)-1 && float64(top[at].x) < x {
			at++
		}
		part := (float32(x) - top[at-1].x) / (top[at].x - top[at-1].x)
		between := func(a, b point) point {
			return point{float32(x), a.y + float32((b.y-a.y)*part)}
		}
		p.stripes = append(p.stripes, gap(), between(top[at-1], top[at]),
			between(low[at-1], low[at]))
	}
}

// layerTags returns the names of the layers, each in the middle of its end.
func (c *lineChart) layerTags() []tag {
	var tags []tag
	for i := range c.stack.layers {
		l := &c.stack.layers[i]
		t := tag{at: l.to, value: l.low[l.to]/2 + l.top[l.to]/2, paint: paint{l.ink(), 170}}
		if l.index == context {
			t.name, t.style = c.say.rest(c.data, c.stack.others), labelStyle
			t.style.ink = mutedInk
		} else {
			t.name, t.style = c.lines[l.index].Name, c.labelStyle(l.index)
		}
		tags = append(tags, t)
	}
	return tags
}

// othersRow returns the table's row for the sum of the series without a layer.
func (c *lineChart) othersRow(withCapacity bool) tableRow {
	row := tableRow{
		name: fmt.Sprintf(c.say.RestSum, c.say.rest(c.data, c.stack.others)), index: context,
		last: textInk,
	}
	if withCapacity {
		row.figures = append(row.figures, "")
	}
	last, mean, n := math.NaN(), 0.0, 0.0
	var reach bounds
	if top := c.stack.layers; len(top) > 0 && top[len(top)-1].index == context {
		for _, v := range top[len(top)-1].values {
			if series.Finite(v) {
				n++
				last, mean = v, mean+v/n-mean/n
				reach.add(v)
			}
		}
	}
	figures := []float64{last, mean, reach.high, reach.low}
	for _, v := range figures {
		if n == 0 {
			v = math.NaN()
		}
		row.figures = append(row.figures, c.say.value(c.data.Spec.Unit(), v))
	}
	return row
}

// writeGapKey explains the stripes in a corner of the plot.
func (c *lineChart) writeGapKey() {
	c.writeKey(c.say.NoData, legendSide, func(b box) shape { return striped(b) })
}

// writeKey explains a sign, which is this wide, in a corner of the plot: at the first place from
// the top that no other text takes.
func (c *lineChart) writeKey(words string, width float64, sign func(b box) shape) {
	f := c.frame()
	for y := f.top + 5; y+legendSide < f.bottom; y += legendSide + 6 {
		l := c.place(words, style{labelStyle.size, regular, mutedInk}, f.left+9+width+6,
			y+10, left)
		at := box{f.left + 9, y, f.left + 9 + width, y + legendSide}
		plate := box{at.left - 4, at.top - 3, l.box.right + 5, at.bottom + 3}
		if plate.right > f.right || slices.ContainsFunc(c.labels, func(other label) bool {
			return other.box.overlaps(plate)
		}) {
			continue
		}
		c.around = append(c.around, block{plate, paint{paper, 215}}, sign(at))
		c.labels = append(c.labels, l)
		return
	}
}

// striped is a rectangle that looks like a gap in a layer.
type striped box

func (b striped) draw(s surface, _ frame) {
	s.Rect(box(b), paint{restInk, 2 * ghostAlpha})
	var bars []point
	for x := b.left + 1; x < b.right; x += stripes {
		bars = append(bars, gap(), point{float32(x), float32(b.top)}, point{
			float32(x), float32(b.bottom),
		})
	}
	s.Line(bars, 1, nil, solid(mutedInk))
}
