package chart

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// Bounds of the figures of a dashboard, in logical pixels.
const (
	leastFigure     = 9.0  // size of the smallest text
	longFigure      = 12.0 // size of a text that is longer than its tile is wide: it is cut
	mostFigure      = 72.0
	figureRoom      = 0.9  // of the width of a tile
	unitShare       = 0.68 // size of a unit, as a share of the size of its number
	leastTileWidth  = 68.0 // where there are many tiles
	leastTileHeight = 32.0
	leastRowWidth   = 130.0 // of a tile with its name beside its figure
	leastRowHeight  = 19.0
	leastGauge      = 50.0 // width and height of a gauge among many
	viewTileGap     = 8.0
	moreHeight      = 18.0 // of the line that says how many are left out
	sparkShare      = 0.3  // of the height of a tile
	wideTile        = 2.5  // width by height, from which a name is beside its figure
	seeThrough      = 25   // an opacity below which a colour is none
)

var moreStyle = style{11, regular, mutedInk}

// tiling lays out figures in cells of one size. All have the same size of text, so that they can be
// compared.
type tiling struct {
	*picture
	*board.Tiles
	box           box
	columns, rows int
	figures       float64 // the width of the widest figure, in ems
	names         float64 // that of the widest name
	short         []string
	named         bool // some tile has a name
	sparks        bool // some tile has a curve
	changes       bool // some tile has a change
}

// tileLook is the sizes of what is in a tile.
type tileLook struct {
	pad    float64
	name   float64 // size of text; 0: none
	figure float64
	change float64 // size of text; 0: none
	spark  float64 // height; 0: behind the text, or none
	wide   bool    // the name is left of the figure
}

// newTiling returns the layout of figures in b.
func newTiling(p *picture, tiles *board.Tiles, b box) *tiling {
	t := &tiling{picture: p, Tiles: tiles, box: b}
	for i := range tiles.Items {
		item := &tiles.Items[i]
		t.figures = max(t.figures, t.figureWidth(shownText(item), 1))
		if item.Name != "" && !item.Hidden {
			t.named = true
			t.names = max(t.names, t.textWidth(item.Name, style{1, medium, textInk}))
		}
		t.sparks = t.sparks || item.Spark != nil
		t.changes = t.changes || item.Change != nil
	}
	return t
}

// addTiles lays out figures in b.
func (p *picture) addTiles(tiles *board.Tiles, b box) {
	t := newTiling(p, tiles, b)
	n := t.arrange()
	if more := len(tiles.Items) - n; more > 0 {
		p.writeMore(more, t.box)
		t.box.bottom -= moreHeight
	}
	width, height := t.cell(t.columns, t.rows)
	look := t.look(width, height)
	t.shorten(n, look, width)
	for i := range tiles.Items[:n] {
		x := b.left + float64((width+viewTileGap)*float64(i%t.columns))
		y := b.top + float64((height+viewTileGap)*float64(i/t.columns))
		cell := box{x, y, x + width, y + height}
		item := tiles.Items[i]
		item.Name = t.short[i]
		if t.Gauge && t.addGauge(&item, cell) {
			continue
		}
		t.addTile(&item, look, cell)
	}
}

// shorten makes the names of the first n tiles short enough for a tile of a width. A name that is
// shown as a figure stays.
func (t *tiling) shorten(n int, l tileLook, width float64) {
	t.short = make([]string, n)
	for i := range t.short {
		t.short[i] = t.Items[i].Name
	}
	if l.wide || n < 2 || t.Items[0].Hidden {
		return
	}
	st := style{l.name, medium, textInk}
	if t.Gauge {
		st.size = gaugeNameSize(width)
	}
	t.short = t.elideAll(t.short, st, width-2*l.pad)
}

// writeMore says at the bottom of b that n things are left out.
func (p *picture) writeMore(n int, b box) {
	if b.height() < moreHeight {
		return
	}
	p.write(p.elide(p.say.AndMore.Of(n), moreStyle, b.width()), moreStyle, b.left, b.bottom-4, left)
}

// arrange finds how many tiles are shown, and the rows and columns with the largest figures. A
// direction that the panel asks for counts if all tiles fit that way.
func (t *tiling) arrange() int {
	n := len(t.Items)
	least := box{right: leastTileWidth, bottom: leastTileHeight}
	if t.Gauge {
		least = box{right: leastGauge, bottom: leastGauge}
	}
	fits := func(columns, rows int) bool {
		w, h := t.cell(columns, rows)
		return w >= least.right && h >= least.bottom ||
			!t.Gauge && w >= leastRowWidth && h >= leastRowHeight
	}
	switch {
	case t.Vertical && fits(1, n) || n == 1:
		t.columns, t.rows = 1, n
		return n
	case t.Horizontal && fits(n, 1):
		t.columns, t.rows = n, 1
		return n
	}
	if best := t.bestColumns(n, fits); best > 0 {
		t.columns, t.rows = best, (n+best-1)/best
		return n
	}
	t.columns = max(int((t.box.width()+viewTileGap)/(least.right+viewTileGap)), 1)
	room := t.box.height() - moreHeight
	t.rows = max(int((room+viewTileGap)/(least.bottom+viewTileGap)), 1)
	return min(n, t.columns*t.rows)
}

// bestColumns returns the number of columns with the largest figures, 0 if n tiles do not fit.
// Among equals, the tiles nearest to twice as wide as high are the best.
func (t *tiling) bestColumns(n int, fits func(columns, rows int) bool) int {
	best, most, nearest := 0, 0.0, 0.0
	for columns := 1; columns <= n; columns++ {
		rows := (n + columns - 1) / columns
		if !fits(columns, rows) || (n+rows-1)/rows < columns {
			continue // the second: as many rows need fewer columns
		}
		w, h := t.cell(columns, rows)
		size := t.look(w, h).figure
		if t.Gauge {
			size = min(w, h)
		}
		off := math.Abs(math.Log(w / h / 2))
		if size > most || size == most && off < nearest {
			best, most, nearest = columns, size, off
		}
	}
	return best
}

// cell returns the size of a tile.
func (t *tiling) cell(columns, rows int) (width, height float64) {
	c, r := float64(columns), float64(rows)
	return (t.box.width() - float64(viewTileGap*(c-1))) / c,
		(t.box.height() - float64(viewTileGap*(r-1))) / r
}

// look returns the sizes in a tile of a width and a height.
func (t *tiling) look(width, height float64) tileLook {
	var l tileLook
	if t.ColorMode == "background" || len(t.Items) > 1 {
		l.pad = bounded(min(width, height)*0.08, 1, 10)
	}
	w, h := width-2*l.pad, height-2*l.pad
	if t.sparks && h >= 48 {
		l.spark = math.Floor(h * sparkShare)
		h -= l.spark
	}
	if t.changes && h >= 34 {
		l.change = halves(bounded(h*0.17, 9, 18))
	}
	below := lineOf(l.change)
	size := func(w, h float64) float64 {
		most := min(h, mostFigure)
		return halves(max(min(w*figureRoom/max(t.figures, 1), most), min(longFigure, most)))
	}
	if !t.named {
		l.figure = size(w, min(h-below, h*0.68))
		return l
	}
	l.name = halves(bounded(h*0.18, 10.5, 17))
	l.figure = size(w, min(h-lineOf(l.name)-below, h*0.56))
	if w > wideTile*h || l.figure < leastFigure {
		wide := size(w*0.6, h*0.85-below)
		name := halves(bounded(min(wide*0.6, h*0.4), 10, 17))
		fits := t.names*name+t.figures*wide+10 <= w
		if wide > l.figure && (fits || l.figure < leastFigure) {
			l.wide, l.figure, l.name = true, wide, name
		}
	}
	return l
}

// bounded returns v, but at least low and at most high.
func bounded(v, low, high float64) float64 { return min(max(v, low), high) }

// halves rounds a size of text down to half a pixel, so that few sizes of letters are needed.
func halves(size float64) float64 { return math.Floor(size*2) / 2 }

// lineOf returns the height of a line of small text.
func lineOf(size float64) float64 { return math.Ceil(size * 1.3) }

// shownText returns the large text of a tile: its figure, or its name where the figure is hidden.
func shownText(item *board.Tile) value.Formatted {
	if item.Hidden {
		return value.Formatted{Text: item.Name}
	}
	return item.Text
}

// tileInks are the inks of a tile's texts.
type tileInks struct{ figure, other, spark ink }

// inksOf returns the inks of a tile. Its background, if it has one, is drawn in ownExactInk.
func (t *tiling) inksOf(item *board.Tile) (inks tileInks, filled bool) {
	inks = tileInks{textInk, mutedInk, firstSeries}
	c := item.Color
	if !visible(c) {
		return inks, false
	}
	switch t.ColorMode {
	case "background":
		on := onInk(c)
		return tileInks{on, on, on}, true
	case "none":
		inks.spark = ownInk(c)
	default:
		inks.figure, inks.spark = ownTextInk(c), ownInk(c)
	}
	return inks, false
}

// addTile lays out one figure in b.
func (t *tiling) addTile(item *board.Tile, l tileLook, b box) {
	inks, filled := t.inksOf(item)
	if filled {
		t.around = append(t.around, block{b, solid(ownExactInk(item.Color))})
	}
	if item.Spark != nil {
		t.addSpark(item.Spark, inks.spark, l.spark, b)
	}
	b = box{b.left + l.pad, b.top + l.pad, b.right - l.pad, b.bottom - l.pad - l.spark}
	change := ""
	if item.Change != nil && l.change > 0 {
		change = changeText(*item.Change)
	}
	name := style{l.name, medium, inks.other}
	below := 0.0
	if change != "" {
		below = lineOf(l.change)
	}
	size := min(l.figure, halves(b.height()-below))
	if size < leastFigure && change != "" {
		change, below = "", 0
		size = min(max(l.figure, leastFigure), halves(b.height()))
	}
	text := shownText(item)
	if l.wide {
		t.addWide(item, l, inks, b, change)
		return
	}
	above := 0.0
	if t.named && b.height()-below-lineOf(l.name) >= size {
		above = lineOf(l.name)
	}
	top := b.top + (b.height()-above-size-below)/2
	x, a := (b.left+b.right)/2, centre
	if t.named {
		x, a = b.left, left
		if above > 0 && item.Name != "" && !item.Hidden {
			t.write(t.elide(item.Name, name, b.width()), name, x, top+l.name, a)
		}
	}
	y := top + above + float64(size*ascent)
	t.writeFigure(text, size, inks.figure, x, y, a, b.width())
	if change != "" {
		st := style{l.change, medium, inks.other}
		t.write(t.elide(change, st, b.width()), st, x, top+above+size+l.change, a)
	}
}

// addWide lays out a tile with its name left of its figure.
func (t *tiling) addWide(item *board.Tile, l tileLook, inks tileInks, b box, change string) {
	l.figure, l.name = min(l.figure, halves(b.height())), min(l.name, halves(b.height()))
	below := 0.0
	if change != "" && lineOf(l.change) <= b.height()-l.figure {
		below = lineOf(l.change)
	} else {
		change = ""
	}
	top := b.top + (b.height()-l.figure-below)/2
	room := b.width()
	if item.Name != "" && !item.Hidden {
		room = b.width() * 0.55
	}
	y := top + float64(l.figure*ascent)
	width := t.writeFigure(shownText(item), l.figure, inks.figure, b.right, y, right, room)
	if change != "" {
		st := style{l.change, medium, inks.other}
		t.write(t.elide(change, st, room), st, b.right, top+l.figure+l.change, right)
		width = max(width, t.textWidth(change, st))
	}
	if item.Name != "" && !item.Hidden {
		st := style{l.name, medium, inks.other}
		middle := top + l.figure/2
		t.write(t.elide(item.Name, st, b.width()-width-10), st, b.left, middle+l.name*0.35, left)
	}
}

// changeText returns a change in percent with an arrow.
func changeText(percent float64) string {
	arrow := "↑"
	switch {
	case percent < 0:
		arrow = "↓"
	case percent == 0:
		arrow = "→"
	}
	v := math.Abs(percent)
	switch {
	case v >= 100_000:
		return arrow + " > 99999%"
	case v >= 100:
		return fmt.Sprintf("%s %.0f%%", arrow, v)
	}
	return fmt.Sprintf("%s %s%%", arrow, strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0"))
}

// figurePart is a piece of a figure: its number, or a unit in smaller text.
type figurePart struct {
	text  string
	style style
	x     float64 // from the beginning of the figure
}

// figureParts returns the parts of a figure and its width. Blanks at the ends of a part become
// distances, because an SVG drops them.
func (p *picture) figureParts(f value.Formatted, size float64, i ink) (parts []figurePart,
	width float64) {
	for k, text := range []string{f.Prefix, f.Text, f.Suffix} {
		st := style{size, medium, i}
		if k != 1 {
			st.size = size * unitShare
		}
		blank := p.textWidth(" ", st)
		inner := strings.TrimLeft(text, " ")
		width += blank * float64(len(text)-len(inner))
		trimmed := strings.TrimRight(inner, " ")
		if trimmed != "" {
			parts = append(parts, figurePart{trimmed, st, width})
			width += p.textWidth(trimmed, st) + float64(size*0.02)
		}
		width += blank * float64(len(inner)-len(trimmed))
	}
	return parts, width
}

// figureWidth returns the width of a figure.
func (p *picture) figureWidth(f value.Formatted, size float64) float64 {
	_, width := p.figureParts(f, size, textInk)
	return width
}

// writeFigure writes a figure with its unit in smaller text, and returns its width. A figure that
// is too wide becomes smaller. If that makes it too small to read, a text is cut, and a number
// loses its decimals. Of a number that is still too wide nothing is left, because its first digits
// would be another number.
func (p *picture) writeFigure(f value.Formatted, size float64, i ink, x, y float64, a align,
	room float64) float64 {
	if size < 5 || room <= 0 {
		return 0
	}
	parts, width := p.figureParts(f, size, i)
	if width > room {
		smaller := max(halves(size*room/width), min(longFigure, size))
		y -= (size - smaller) * 0.35
		size = smaller
		parts, width = p.figureParts(f, size, i)
	}
	v, err := strconv.ParseFloat(f.Text, 64)
	number := err == nil
	if width > room && number {
		f.Text = strconv.FormatFloat(v, 'f', 0, 64)
		parts, width = p.figureParts(f, size, i)
	}
	if width > room {
		st, text := style{size, medium, i}, "…"
		if !number {
			text = p.elide(strings.TrimSpace(f.String()), st, room)
		}
		return p.write(text, st, x, y, a).width()
	}
	switch a {
	case centre:
		x -= width / 2
	case right:
		x -= width
	}
	for _, part := range parts {
		p.write(part.text, part.style, x+part.x, y, left)
	}
	return width
}

// addSpark lays out a curve at the bottom of a tile, height high. Where the tile is too low for
// that, the curve is faint and behind the text.
func (t *tiling) addSpark(s *board.Spark, i ink, height float64, b box) {
	var reach bounds
	reach.add(s.Values...)
	if !reach.any || s.Grid.Len < 2 {
		return
	}
	c := viewSpark{values: make([]float64, len(s.Values)), times: timesOf(s.Grid), ink: i}
	c.low, c.high = reach.around()
	for k, v := range s.Values { // an infinity or a giant stays within the box
		c.values[k] = v
		if !math.IsNaN(v) {
			c.values[k] = bounded(v, c.low, c.high)
		}
	}
	c.line, c.area = 255, 48
	if height == 0 {
		height = b.height() * 0.6
		c.line, c.area = 0, 44 // a line would cross the letters
	}
	if t.ColorMode == "background" {
		c.line, c.area = c.line/2, c.area+16
	}
	c.box = box{b.left + 1, b.bottom - height, b.right - 1, b.bottom - 1}
	if c.box.width() > 4 && c.box.height() > 4 {
		t.around = append(t.around, c)
	}
}

// viewSpark is a curve over time on axes of its own.
type viewSpark struct {
	values     []float64
	times      times
	low, high  float64
	ink        ink
	line, area uint8 // opacities
	box        box
}

func (c viewSpark) draw(s surface, _ frame) {
	f := frame{c.box, c.times.start, c.times.at(c.times.n - 1), c.low, c.high}
	path := f.trace(nil, c.values, c.times, s.Density())
	ground := make([]point, len(path))
	for i, p := range path {
		ground[i] = point{p.x, float32(f.bottom)}
	}
	s.Area(path, ground, paint{c.ink, c.area})
	if c.line > 0 {
		s.Line(path, 1.25, nil, paint{c.ink, c.line})
	}
}

// visible reports whether a colour of a dashboard can be seen.
func visible(c color.NRGBA) bool { return c.A >= seeThrough }
