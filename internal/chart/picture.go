package chart

import (
	"io"
	"strings"

	chart "github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"
)

// picture is a chart after layout: where everything is, in logical pixels, independent of the
// format. Both writers draw the same picture.
type picture struct {
	say           speech
	faces         [2]typeface // by weight
	width, height int
	plot          chart.Box
	x0, x1        float64 // the time axis, in seconds since 1970
	y0, y1        float64 // the value axis, in the base unit
	// whether the height of a sample is its value: not so in a stack or a heat map
	sampled bool
	inside  []shape // in the plot, back to front
	around  []shape // on and around it
	labels  []label // all text, above everything else
	alt     string  // the picture in a sentence, for screen readers
}

// newPicture returns an empty picture. Its axes go from 0 to 1, as it has no time axis yet.
func newPicture(o Options) *picture {
	return &picture{width: o.Width, x1: 1, y1: 1, say: o.speech(), faces: o.faces()}
}

// shape is something that can be drawn.
type shape interface {
	draw(s surface, f frame)
}

// render draws p through go-chart. Its Chart draws the background, then the content of the plot as
// Series and the rest as Elements. Each rendering gets new ranges, because go-chart writes to them.
func (p *picture) render(s surface, w io.Writer) error {
	font, err := typefaces[regular][0]()
	if err != nil {
		return err
	}
	// The surface is paper already, and the zero Color would mean go-chart's default.
	clear := drawing.Color{R: 255, G: 255, B: 255}
	c := chart.Chart{
		Width: p.width, Height: p.height, DPI: 72, Font: font.Font,
		Background: chart.Style{FillColor: clear, StrokeColor: clear, Padding: chart.Box{
			IsSet: true, Top: p.plot.Top, Left: p.plot.Left, Right: p.width - p.plot.Right,
			Bottom: p.height - p.plot.Bottom,
		}},
		Canvas: chart.Style{FillColor: clear, StrokeColor: clear},
		XAxis: chart.XAxis{
			Style: chart.Hidden(), Range: &chart.ContinuousRange{Min: p.x0, Max: p.x1},
		},
		YAxis: chart.YAxis{
			Style: chart.Hidden(), Range: &chart.ContinuousRange{Min: p.y0, Max: p.y1},
		},
		YAxisSecondary: chart.YAxis{Style: chart.Hidden()},
		Series:         []chart.Series{inPlot{p.inside}},
		Elements:       []chart.Renderable{p.drawAround},
	}
	return c.Render(func(int, int) (chart.Renderer, error) { return s, nil }, w)
}

// inPlot is the content of the plot as a Series of go-chart.
type inPlot struct{ shapes []shape }

func (inPlot) GetName() string           { return "" }
func (inPlot) GetYAxis() chart.YAxisType { return chart.YAxisPrimary }
func (inPlot) GetStyle() chart.Style     { return chart.Style{} }
func (inPlot) Validate() error           { return nil }

func (p inPlot) Render(r chart.Renderer, canvas chart.Box, x, y chart.Range, _ chart.Style) {
	s, ok := r.(surface)
	if !ok {
		return // not reached: render made the Renderer, which is a surface
	}
	f := frameOf(canvas, x, y)
	for _, sh := range p.shapes {
		sh.draw(s, f)
	}
}

// drawAround is a chart.Renderable.
func (p *picture) drawAround(r chart.Renderer, canvas chart.Box, _ chart.Style) {
	s, ok := r.(surface)
	if !ok {
		return
	}
	f := p.frame()
	for _, sh := range p.around {
		sh.draw(s, f)
	}
	for _, l := range p.labels {
		s.Label(l)
	}
}

// frame returns the plot of the layout. render gives go-chart the same box and ranges.
func (p *picture) frame() frame {
	return frameOf(p.plot, &chart.ContinuousRange{Min: p.x0, Max: p.x1},
		&chart.ContinuousRange{Min: p.y0, Max: p.y1})
}

// align is the part of text that is at its x.
type align uint8

const (
	left align = iota
	centre
	right
)

// textWidth returns the width of text.
func (p *picture) textWidth(text string, st style) float64 {
	return float64(p.faces[st.weight].width(text) * st.size)
}

// place returns text as a label without adding it to the picture.
func (p *picture) place(text string, st style, x, y float64, a align) label {
	w := p.textWidth(text, st)
	switch a {
	case centre:
		x -= w / 2
	case right:
		x -= w
	}
	return label{
		text: text, x: x, y: y, align: a, style: st, box: box{
			x, y - float64(st.size*ascent), x + w, y + float64(st.size*descent),
		},
	}
}

// write adds text to the picture as a label.
func (p *picture) write(text string, st style, x, y float64, a align) box {
	l := p.place(text, st, x, y, a)
	if text != "" {
		p.labels = append(p.labels, l)
	}
	return l.box
}

// distinct returns names without the words that all of them begin or end with: of one device on
// many nodes, only the nodes.
func distinct(names []string) []string {
	if len(names) < 2 {
		return names
	}
	head, tail := names[0], names[0]
	for _, n := range names[1:] {
		for !strings.HasPrefix(n, head) {
			head = head[:len(head)-1]
		}
		for !strings.HasSuffix(n, tail) {
			tail = tail[1:]
		}
	}
	head = head[:strings.LastIndexAny(head, " /")+1]
	at := strings.Index(tail, " ")
	if at < 0 {
		at = strings.Index(tail, "/")
	}
	if at < 0 {
		at = len(tail)
	}
	tail = tail[at:]
	out := make([]string, len(names))
	for i, n := range names {
		if len(n) <= len(head)+len(tail) {
			return names // one of them would have no name
		}
		out[i] = n[len(head) : len(n)-len(tail)]
	}
	return out
}

const ellipsis = "…"

// elide shortens text in its middle until it fits into room. A name's start says what it is, and
// its end which one.
func (p *picture) elide(text string, st style, room float64) string {
	if p.textWidth(text, st) <= room {
		return text
	}
	runes := []rune(text)
	kept := func(n int) string {
		head := (n*3 + 4) / 5
		return string(runes[:head]) + ellipsis + string(runes[len(runes)-(n-head):])
	}
	low, high := 0, len(runes)-1
	for low < high {
		n := (low + high + 1) / 2
		if p.textWidth(kept(n), st) <= room {
			low = n
		} else {
			high = n - 1
		}
	}
	if low <= 0 {
		return ""
	}
	return kept(low)
}
