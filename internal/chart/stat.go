package chart

import (
	"fmt"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Distances of large figures, in logical pixels.
const (
	mostTiles = 12
	leastTile = 230.0 // width
	tileGap   = 14.0
	tileInset = 12.0
	moreTiles = 22 // height of the line with the number of other series
	shortHole = 2  // a gap of this many steps is not mentioned
)

// tileSize is the size of a tile and of its content.
type tileSize struct{ height, figure, course float64 }

var (
	oneTile     = tileSize{176, 44, 72}
	someTiles   = tileSize{112, 28, 30}
	tileName    = style{12, medium, mutedInk}
	tileDetails = style{11.5, regular, mutedInk}
)

// composeStat lays out the newest value of each drawn series as a large figure with its course
// below.
func composeStat(data *snapshot.Panel, o Options) *picture {
	p := newPicture(o)
	most := mostTiles
	if o.Phone {
		most = phoneTiles
	}
	lines := data.Lines[:min(len(data.Lines), most)]
	if o.Phone && len(lines) > 2 &&
		rowsThatFit(data, o, phoneTiles, int(someTiles.height+tileGap)/2,
			moreTiles-int(tileGap)) < phoneTiles {
		lines = lines[:2] // a long header leaves room for only one row of two
	}
	top := p.writeHeader(data, len(lines), o)
	room := float64(o.Width) - 2*edge
	columns := max(min(int((room+tileGap)/(leastTile+tileGap)), len(lines)), 1)
	size := someTiles
	if len(lines) == 1 {
		size = oneTile
	} else if o.Phone {
		columns = 2
	}
	rows := (len(lines) + columns - 1) / columns
	width := (room - float64(tileGap*float64(columns-1))) / float64(columns)
	for i, line := range lines {
		x := edge + float64((width+tileGap)*float64(i%columns))
		y := float64(top) + float64((size.height+tileGap)*float64(i/columns))
		p.writeTile(data, line, size, box{x, y, x + width, y + size.height})
	}
	p.plot.Left, p.plot.Right = int(edge), o.Width-int(edge)
	p.plot.Top, p.plot.Bottom = top, top+rows*int(size.height)+(rows-1)*int(tileGap)
	p.height = p.plot.Bottom + int(edge)
	if more := max(data.Total, len(data.Lines)) - len(lines); more > 0 {
		p.height = p.plot.Bottom + barPitch + int(edge)/2
		p.write(either(data, p.say.MoreNodes, p.say.MoreSeries).Of(more), tileDetails, edge,
			float64(p.plot.Bottom)+18, left)
	}
	return p
}

// writeTile writes one series: its name, its newest value, the total or the age of that value, and
// its course.
func (p *picture) writeTile(data *snapshot.Panel, line snapshot.Line, size tileSize, b box) {
	values := line.Values[:min(len(line.Values), data.Grid.Len)]
	severity := limitsIn(data, line.Ref).severityOf(line.Stats.Last)
	figure, details := style{size.figure, medium, textInk}, tileDetails
	course := tileCourse{
		values, firstSeries, box{b.left, b.bottom - size.course - 6, b.right, b.bottom - 6},
	}
	if severity != rules.None {
		figure.ink, course.ink = severityText(severity), severityInk(severity)
	}
	words := p.say.share(data, line.Row)
	if newest, ok := lastFinite(values); !ok {
		words = p.say.NoData
	} else if newest < len(values)-1-shortHole { // the value is old
		words = fmt.Sprintf(p.say.NoDataSince, p.say.moment(data.Grid.At(newest), data.Grid))
		figure.ink, details.ink = mutedInk, warningText
	}
	x, end := b.left+tileInset, b.right-tileInset
	value := p.place(p.elide(p.say.value(data.Spec.UnitOf(line.Ref), line.Stats.Last), figure,
		end-x), figure, x, b.top+26+size.figure, left)
	words = p.elide(words, details, (end-x)*2/3)
	nameEnd, y := end, value.y // the details are next to the value, or above it if it is long
	if value.box.right+8+p.textWidth(words, details) > end {
		nameEnd, y = end-p.textWidth(words, details)-8, b.top+21
	}
	p.around = append(p.around, block{b, solid(zebraInk)}, course)
	p.labels = append(p.labels, value)
	p.write(p.elide(line.Name, tileName, nameEnd-x), tileName, x, b.top+21, left)
	p.write(words, details, end, y, right)
}

// tileCourse is a sparkline in a tile.
type tileCourse struct {
	values []float64
	ink    ink
	box    box
}

func (c tileCourse) draw(s surface, _ frame) {
	var b bounds
	b.add(c.values...)
	if !b.any {
		s.Hatch(c.box, solid(hatchInk))
		return
	}
	low, high := b.around()
	inner := box{
		c.box.left + tileInset, c.box.top + sparkInset, c.box.right - tileInset,
		c.box.bottom - sparkInset,
	}
	spark{c.values, c.ink}.draw(s, frame{inner, 0, float64(max(len(c.values)-1, 1)), low, high})
}

// around returns the range of a sparkline's axis: the bounds, or some space on both sides of a flat
// line.
func (b bounds) around() (low, high float64) {
	if b.span() > 0 {
		return b.low, b.high
	}
	low, high = b.low-1, b.high+1
	if low == high { // adding one does not change so large a number
		low, high = min(0, 2*b.low), max(0, 2*b.high)
	}
	return low, high
}
