package chart

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/calendar"
	"github.com/promsnap/promsnap/internal/words"
)

// DaysPNG draws which objects alerted on which days at the configured level. A dot is in the cells
// that would have alerted at the proposed level too.
func DaysPNG(r *backtest.Result, o Options) ([]byte, error) {
	o = o.bounded()
	return composeDays(r, o).png(o)
}

// DaysSVG is DaysPNG as an SVG element for a page.
func DaysSVG(r *backtest.Result, o Options) ([]byte, error) {
	return composeDays(r, o.bounded()).svg()
}

const (
	daysRows   = 20 // objects with a row
	daysPitch  = 19 // of rows
	mostDays   = 400
	daysTotals = 52.0 // the column of numbers
)

// composeDays lays out objects as rows and days as columns.
func composeDays(r *backtest.Result, o Options) *picture {
	p := newPicture(o)
	b := p.say.Backtest
	p.plot.IsSet, p.plot.Top = true, int(edge)
	if !o.Bare {
		p.plot.Top = p.writeTitle(backtestTitle(p.say.Words, r), b.Days)
	}
	p.alt = backtestTitle(p.say.Words, r) + ". " + b.Days
	d := daysOf(r, p.say.zone)
	if len(d.rows) == 0 || len(d.starts) < 2 {
		p.plot.Left, p.plot.Right = int(edge), o.Width-int(edge)
		p.plot.Bottom = p.plot.Top + heatRoom
		p.height, p.inside = p.plot.Bottom+int(edge), []shape{emptyPlot{}}
		return p
	}
	keys := p.placeKeys(daysKeys(b, d))
	names := 0.0
	for _, row := range d.rows {
		names = max(names, p.textWidth(row.name, labelStyle))
	}
	names = min(names, o.roomForNames())
	p.plot.Left = int(math.Ceil(edge + names + axisGap))
	p.plot.Right = o.Width - int(edge) - int(daysTotals)
	p.plot.Bottom = p.plot.Top + daysPitch*len(d.rows)
	if d.rest > 0 {
		p.plot.Bottom += daysPitch
	}
	p.height = p.plot.Bottom + axisHeight + heatLegend + legendPitch*keys[len(keys)-1].line
	p.x0, p.x1 = seconds(d.starts[0]), seconds(d.starts[len(d.starts)-1])
	f := p.frame()
	for i, row := range d.rows {
		y := f.top + (float64(i)+0.5)*daysPitch + 3.5
		p.write(p.elide(row.name, labelStyle, names), labelStyle, f.left-axisGap, y, right)
		p.write(row.total, legendStyle, f.right+8, y, left)
	}
	if d.rest > 0 {
		p.write(b.MoreObjects.Of(d.rest), legendStyle, f.left,
			f.top+(float64(len(d.rows))+0.5)*daysPitch+3.5, left)
	}
	last := d.starts[len(d.starts)-1]
	ticks := p.say.timeTicks(d.starts[0], last, max(int(f.width())/tickPitch, 2))
	p.inside = []shape{d, marksOf(ticks)}
	p.writeTimes(ticks)
	p.writeKeys(keys)
	return p
}

// daysKeys explain the cells.
func daysKeys(b words.Backtest, d days) []heatKey {
	var keys []heatKey
	for n := 1; n <= mostShades; n++ {
		said := strconv.Itoa(n)
		if n == mostShades {
			said += "+ " + b.AlertsADay
		}
		keys = append(keys, heatKey{words: said, fills: []func(box) shape{
			func(c box) shape { return block{c, solid(shadeOfDay(n))} },
		}})
	}
	if d.compared {
		keys = append(keys, heatKey{words: b.AlsoProposed, fills: []func(box) shape{
			func(c box) shape { return alsoProposed{c} },
		}})
	}
	if d.blindDays() {
		keys = append(keys, heatKey{words: b.Unknown, fills: []func(box) shape{
			func(c box) shape { return hatched(c) },
		}})
	}
	return keys
}

// mostShades is the number of alerts a day from which cells have the same colour.
const mostShades = heatColours - 2

// shadeOfDay returns the colour of a number of alerts: one is well apart from none.
func shadeOfDay(n int) ink {
	if n == 0 {
		return firstHeat
	}
	return firstHeat + 1 + ink(min(n, mostShades))
}

// days are the alerts of objects by day.
type days struct {
	starts   []time.Time // of each day, and the end of the last one
	rows     []dayRow
	rest     int    // objects without a row
	blind    []bool // by day: the server had no data for half of it or more
	compared bool   // whether there is a proposed level
}

// dayRow is an object.
type dayRow struct {
	name, total string
	now, also   []int // alerts of each day: at the configured level and at the proposed one
}

// daysOf counts the alerts of the configured candidate by object and day.
func daysOf(r *backtest.Result, zone *time.Location) days {
	if r.Now < 0 || r.Now >= len(r.Candidates) || !r.From.Before(r.To) {
		return days{}
	}
	d := days{}
	from := r.From.In(zone)
	for n := 0; n <= mostDays; n++ {
		start := calendar.StartOfDay(from.Year(), from.Month(), from.Day()+n, zone)
		d.starts = append(d.starts, start)
		if !start.Before(r.To) {
			break
		}
	}
	also := map[string]backtest.Object{}
	if p := r.Proposed; p >= 0 && p < len(r.Candidates) && p != r.Now {
		d.compared = true
		for _, o := range r.Candidates[p].By {
			also[identity(o)] = o
		}
	}
	by := r.Candidates[r.Now].By
	for _, o := range by[:min(len(by), daysRows)] {
		row := dayRow{name: o.Name, total: words.Thousands(len(o.Episodes)), now: d.count(o)}
		if d.compared {
			left := also[identity(o)]
			row.also = d.count(left)
			row.total += " → " + words.Thousands(len(left.Episodes))
		}
		d.rows = append(d.rows, row)
	}
	d.rest = max(len(by)-daysRows, 0)
	d.blind = make([]bool, len(d.starts)-1)
	for i := range d.blind {
		var unseen time.Duration
		a, b := d.starts[i], d.starts[i+1]
		for _, s := range r.Blind {
			unseen += max(minTime(b, s.To).Sub(maxTime(a, s.From)), 0)
		}
		d.blind[i] = unseen >= b.Sub(a)/2
	}
	return d
}

// identity tells the objects of two candidates apart.
func identity(o backtest.Object) string { return o.Name + "\x00" + fmt.Sprint(o.Identity) }

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// count returns on how many alerts of an object each day has a part of.
func (d days) count(o backtest.Object) []int {
	out := make([]int, len(d.starts)-1)
	for _, e := range o.Episodes {
		for i := range out {
			if e.From.Before(d.starts[i+1]) && !e.To.Before(d.starts[i]) {
				out[i]++
			}
		}
	}
	return out
}

func (d days) blindDays() bool {
	for _, b := range d.blind {
		if b {
			return true
		}
	}
	return false
}

func (d days) draw(s surface, f frame) {
	for i, row := range d.rows {
		for k, n := range row.now {
			cell := box{
				f.x(seconds(d.starts[k])), f.top + float64(i*daysPitch),
				f.x(seconds(d.starts[k+1])) - 1, f.top + float64(i*daysPitch) + daysPitch - 1,
			}
			if n == 0 && d.blind[k] {
				s.Hatch(cell, solid(hatchInk))
				continue
			}
			s.Rect(cell, solid(shadeOfDay(n)))
			if row.also != nil && row.also[k] > 0 {
				alsoProposed{cell}.draw(s, f)
			}
		}
	}
}

// alsoProposed is the dot in a cell with an alert at the proposed level.
type alsoProposed struct{ box }

func (c alsoProposed) draw(s surface, _ frame) {
	at := point{float32((c.left + c.right) / 2), float32((c.top + c.bottom) / 2)}
	radius := min(c.width(), c.height()) / 2
	s.Dot(at, min(radius, 4.5), solid(paper))
	s.Dot(at, min(radius, 3), solid(textInk))
}
