package chart

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
)

// fence is a surface that finds what is drawn outside a box.
type fence struct {
	*vector
	box  box
	outs []string
}

func (f *fence) check(what string, b box) {
	const slack = 1 // shapes are rounded to whole pixels
	if !(b.left >= f.box.left-slack && b.top >= f.box.top-slack &&
		b.right <= f.box.right+slack && b.bottom <= f.box.bottom+slack) {
		f.outs = append(f.outs, fmt.Sprintf("%s at %v", what, b))
	}
}

func (f *fence) Rect(b box, _ paint) { f.check("rectangle", b) }

func (f *fence) Rects(bs []box, p paint) {
	for _, b := range bs {
		f.Rect(b, p)
	}
}

func (f *fence) Hatch(b box, _ paint) { f.check("hatch", b) }

func (f *fence) Dot(at point, radius float64, _ paint) { f.path("dot", []point{at}, radius) }

func (f *fence) Line(path []point, width float64, _ []float64, _ paint) {
	f.path("line", path, width/2)
}

func (f *fence) Area(upper, lower []point, _ paint) {
	f.path("area", upper, 0)
	f.path("area", lower, 0)
	for i, p := range upper {
		if p.drawable() && lower[i].drawable() && p.x != lower[i].x {
			f.outs = append(f.outs, fmt.Sprintf("edges of an area at %v and %v", p, lower[i]))
		}
	}
}

func (f *fence) Label(l label) { f.check(fmt.Sprintf("text %q", l.text), l.box) }

func (f *fence) path(what string, path []point, reach float64) {
	for _, p := range path {
		if !math.IsNaN(float64(p.x)) { // not a gap
			f.check(what, box{
				float64(p.x) - reach, float64(p.y) - reach, float64(p.x) + reach,
				float64(p.y) + reach,
			})
		}
	}
}

// checkInBox returns an error if a part of a panel is outside the panel's box, or texts overlap.
// The box is away from the picture's corner, so that a coordinate from there is found.
func checkInBox(v *board.View, width, height int) error {
	o := Options{Width: width + 300, Scale: 1}.bounded()
	o.Zone = time.UTC
	p := newPicture(o)
	p.width, p.height = width+300, height+200
	b := box{150, 100, 150 + float64(width), 100 + float64(height)}
	p.addView(v, b, o)
	if err := checkLabels(p); err != nil {
		return err
	}
	f := &fence{vector: &vector{picture: p}, box: b}
	if err := p.render(f, io.Discard); err != nil {
		return err
	}
	if len(f.outs) > 0 {
		return fmt.Errorf("%d parts are outside %v, such as %s", len(f.outs), b, f.outs[0])
	}
	return nil
}

// made makes random parts of views.
type made struct{ *rand.Rand }

func (m made) of(texts ...string) string { return texts[m.IntN(len(texts))] }

func (m made) name() string {
	return m.of("", "cpu", "ip-10-0-1-12.eu-west-1.compute.internal", "서울-노드-02",
		`<script>alert("x")</script> & 'y'`, "中\u202e🙂", strings.Repeat("very long name ", 25),
		" ", "total")
}

func (m made) text() value.Formatted {
	return value.Formatted{
		Prefix: m.of("", "", "", "€", "~ "),
		Text: m.of("", "0", "12.3", "1234567890.123", "No data", "-0.000001", m.name(),
			"NaN", "+Inf"),
		Suffix: m.of("", "%", " GiB", " K ops/s", " "+m.name()),
	}
}

func (m made) number() float64 {
	switch m.IntN(8) {
	case 0:
		return math.NaN()
	case 1:
		return math.Inf(1 - 2*m.IntN(2))
	case 2:
		return math.MaxFloat64
	case 3:
		return -math.MaxFloat64
	case 4:
		return 0
	}
	return (m.Float64() - 0.3) * math.Pow(10, float64(m.IntN(30)-15))
}

func (m made) color() color.NRGBA {
	return color.NRGBA{
		R: uint8(m.IntN(256)), G: uint8(m.IntN(256)), B: uint8(m.IntN(256)),
		A: uint8([]int{0, 100, 255, 255}[m.IntN(4)]),
	}
}

func (m made) spark() *board.Spark {
	if m.IntN(2) == 0 {
		return nil
	}
	n := m.IntN(200)
	s := &board.Spark{Grid: series.Grid{Start: slotTime, Step: time.Minute, Len: n}}
	for range n {
		s.Values = append(s.Values, m.number())
	}
	return s
}

func (m made) tiles() *board.Tiles {
	t := &board.Tiles{
		Gauge: m.IntN(3) == 0, ColorMode: m.of("value", "background", "none"),
		Vertical: m.IntN(4) == 0, Horizontal: m.IntN(4) == 0,
	}
	for range []int{1, 1, 2, 3, 7, 30, 200}[m.IntN(7)] {
		item := board.Tile{
			Name: m.name(), Text: m.text(), Hidden: m.IntN(6) == 0, Number: m.number(),
			Color: m.color(), Percent: m.Float64(), Min: m.number(), Max: m.number(),
			MinText: m.name(), MaxText: m.name(), Spark: m.spark(),
		}
		if m.IntN(3) == 0 {
			v := m.number()
			item.Change = &v
		}
		for range m.IntN(4) {
			item.Bands = append(item.Bands, board.Band{
				From: m.number(), To: m.number(), Color: m.color(),
			})
		}
		t.Items = append(t.Items, item)
	}
	return t
}

// sizes of panels, from one that holds almost nothing to one that fills a page
var boxSizes = [][2]int{
	{50, 40}, {90, 60}, {100, 40}, {140, 144}, {180, 110}, {360, 200}, {584, 296}, {1176, 500},
	{60, 900}, {1176, 60},
}

func checkRandom(t *testing.T, rounds int, view func(made) *board.View) {
	t.Helper()
	for seed := range uint64(rounds) {
		m := made{rand.New(rand.NewPCG(seed, 1))}
		v := view(m)
		size := boxSizes[m.IntN(len(boxSizes))]
		if err := checkInBox(v, size[0], size[1]); err != nil {
			t.Fatalf("seed %d, %d x %d: got %v, want everything in its box", seed, size[0],
				size[1], err)
		}
	}
}

func TestTilesStayInTheirBox(t *testing.T) {
	checkRandom(t, 600, func(m made) *board.View {
		return &board.View{Kind: board.TilesKind, Title: m.name(), Tiles: m.tiles()}
	})
}
