package chart

import (
	"github.com/promsnap/promsnap/internal/board"
)

// Distances of states over time, in logical pixels.
const (
	stateLeast   = 13.0 // height of a row
	stateText    = 15.0 // height of a row from which texts are in it
	stateGap     = 0.1  // share of a row that is empty
	mostStateGap = 4.0
	stateInset   = 5.0 // between a text and the ends of its run
)

// addStates lays out rows of states in b.
func (p *picture) addStates(st *board.States, b box) {
	plot := b
	if !st.Hidden {
		var keys []key
		for _, s := range st.Legend {
			if s.Text != "" && s.Color.A > 0 {
				keys = append(keys, key{s.Text, solid(ownExactInk(s.Color))})
			}
		}
		plot = p.addKeys(keys, plot)
	}
	withTimes := plot.height() >= viewLeastPlot+viewTimes
	if withTimes {
		plot.bottom -= viewTimes
	}
	if plot.height() < viewLeast {
		return
	}
	rows, axis := st.Rows, plot.bottom
	if fit := max(int(plot.height()/stateLeast), 1); len(rows) > fit {
		rows = rows[:max(fit-1, 1)]
		words := p.elide(p.say.AndMore.Of(len(st.Rows)-len(rows)), viewTickStyle, plot.width())
		if fit > 1 {
			p.write(words, viewTickStyle, plot.left, plot.bottom-3, left)
			plot.bottom -= stateLeast
		}
	}
	pitch := plot.height() / float64(len(rows))
	plot.left = p.addRowNames(rows, plot, pitch)
	f := frame{box: plot, x0: seconds(st.From), x1: seconds(st.To), y1: 1}
	if !(f.x1 > f.x0) {
		f.x0, f.x1 = f.x0-30, f.x0+30
	}
	gap := min(pitch*stateGap, mostStateGap)
	bars := stateBars{in: plot, cells: st.Cells}
	for i, row := range rows {
		top := plot.top + float64(float64(i)*pitch)
		line := box{plot.left, top + gap/2, plot.right, top + pitch - gap/2}
		p.placeStates(&bars, row, f, line, st)
	}
	p.around = append(p.around, bars)
	if withTimes {
		f.bottom = axis
		timeLine{p, f, b, st.From, st.To}.mark()
	}
}

// addRowNames writes the names of rows, left of the plot. It returns the left side of the plot.
func (p *picture) addRowNames(rows []board.StateRow, plot box, pitch float64) float64 {
	names := make([]string, len(rows))
	wide, room := 0.0, plot.width()*viewNames
	for i, row := range rows {
		names[i] = p.elide(oneLine(row.Name), viewTickStyle, room)
		wide = max(wide, p.textWidth(names[i], viewTickStyle))
	}
	for i, name := range names {
		y := plot.top + float64((float64(i)+0.5)*pitch)
		p.write(name, viewTickStyle, plot.left+wide, y+4, right)
	}
	if wide == 0 {
		return plot.left
	}
	return plot.left + wide + viewTickGap
}

// stateBar is a run as it is drawn.
type stateBar struct {
	box
	ink ink
}

// placeStates places the runs of a row, and writes their texts where they fit.
func (p *picture) placeStates(to *stateBars, row board.StateRow, f frame, line box,
	st *board.States) {
	before := len(to.short)
	for _, run := range row.Runs {
		bar := stateBar{
			box{
				max(f.x(float64(run.From.UnixMilli())/1000), f.left), line.top,
				min(f.x(float64(run.To.UnixMilli())/1000), f.right), line.bottom,
			}, ownExactInk(run.Color),
		}
		switch {
		case bar.right < bar.left || run.Color.A < seeThroughState:
		case bar.width() < 1:
			// many short runs would be one on the other
			if n := len(to.short); n == before || to.short[n-1].ink != bar.ink ||
				bar.right-to.short[n-1].left >= 1 {
				to.short = append(to.short, bar)
			}
		default:
			to.long = append(to.long, bar)
			if st.ShowText && line.height() >= stateText {
				p.writeState(run.State, bar.box, st.Cells)
			}
		}
	}
}

// seeThroughState is the opacity below which a colour is none.
const seeThroughState = 25

// writeState writes the text of a run into it, if it fits.
func (p *picture) writeState(s board.State, b box, middle bool) {
	st := style{min(12, b.height()-3), regular, onInk(s.Color)}
	if b.width() < 2*stateInset+4 {
		return
	}
	text := oneLine(s.Text)
	if text == "" || p.textWidth(text, st) > b.width()-2*stateInset {
		return
	}
	y := (b.top+b.bottom)/2 + float64(st.size*0.36)
	if middle {
		p.write(text, st, (b.left+b.right)/2, y, centre)
		return
	}
	p.write(text, st, b.left+stateInset, y, left)
}

// stateBars draws the runs of all rows. Those that are shorter than a pixel come last, so that none
// is covered by its neighbours.
type stateBars struct {
	in          box
	cells       bool // they have gaps between them
	long, short []stateBar
}

func (sb stateBars) draw(s surface, _ frame) {
	for _, bars := range [][]stateBar{sb.long, sb.short} {
		var order []ink // the runs of one colour are drawn together
		boxes := map[ink][]box{}
		for _, bar := range bars {
			b := bar.box
			if sb.cells && b.width() >= 4 {
				b.right -= min(b.width()*stateGap, mostStateGap)
			}
			b.right = min(max(b.right, b.left+0.5), sb.in.right)
			if boxes[bar.ink] == nil {
				order = append(order, bar.ink)
			}
			boxes[bar.ink] = append(boxes[bar.ink], b)
		}
		for _, i := range order {
			s.Rects(boxes[i], solid(i))
		}
	}
}
