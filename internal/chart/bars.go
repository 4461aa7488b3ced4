package chart

import (
	"cmp"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// Distances in ranked bars, in logical pixels.
const (
	mostBars            = 40
	barPitch            = 24
	barThickness        = 14.0
	barLimitRow         = 22 // for the limits' names above the bars
	widestNames         = 0.28
	widestNamesInNarrow = 0.38
	// pictures below this width omit "60.4 of 64 GiB", because names and bars need the room
	narrow = 480
)

var (
	barName   = style{12, regular, textInk}
	barFigure = style{12, medium, textInk}
	barOf     = style{12, regular, mutedInk}
)

// composeBars lays out the newest value of each series as a bar, worst first. The full length of a
// ratio is the total, whatever its size, so a large node that is half empty is not longer than a
// small one that is full.
func composeBars(data *snapshot.Panel, o Options) *picture {
	p := newPicture(o)
	l := limitsOf(data)
	rows := ranked(data.Rows, l.direction)
	rows = rows[:min(len(rows), cmp.Or(max(data.Spec.Top, 0), panel.Bars.Top()), mostBars)]
	limitRow := 0
	if len(l.lines) > 0 {
		limitRow = barLimitRow
	}
	rows = rows[:rowsThatFit(data, o, len(rows), barPitch, limitRow+barPitch)]
	top := p.writeHeader(data, len(rows), o) + limitRow
	total := totalOf(data.Spec.Unit())
	axis := barAxis(data, rows, p.say.limitGuides(l, data.Spec.Unit()))
	p.y0, p.y1 = axis.Lo, axis.Hi
	p.plot.Top, p.plot.Bottom = top, top+barPitch*len(rows)
	p.height = p.plot.Bottom + int(edge)
	p.writeBars(data, rows, o)
	p.inside = append(p.inside, bars{data, rows, l, total})
	p.writeBarLimits(l, data.Spec.Unit())
	if more := len(data.Rows) - len(rows); more > 0 {
		p.height = p.plot.Bottom + barPitch
		p.write(either(data, p.say.MoreNodes, p.say.MoreSeries).Of(more), barOf, edge,
			float64(p.plot.Bottom)+16, left)
	}
	return p
}

// writeBars writes the names left of the bars and the figures right of them. The bars get the
// remaining room.
func (p *picture) writeBars(data *snapshot.Panel, rows []snapshot.Row, o Options) {
	var names, figures, shares float64
	for _, r := range rows {
		names = max(names, p.textWidth(r.Name, barName))
		figures = max(figures, p.textWidth(p.say.value(data.Spec.Unit(), r.Stats.Last), barFigure))
		shares = max(shares, p.textWidth(p.say.share(data, r), barOf)+16)
	}
	if o.Width < narrow || data.Spec.Capacity == nil {
		shares = 0
	}
	names = min(names, o.roomForNames())
	p.plot.Left = int(math.Ceil(edge + names + 12))
	p.plot.Right = o.Width - int(math.Ceil(edge+figures+shares+14))
	for i, r := range rows {
		y := float64(p.plot.Top+i*barPitch) + barPitch/2 + 4
		p.write(p.elide(r.Name, barName, names), barName, float64(p.plot.Left)-12, y, right)
		st := barFigure
		if s := limitsIn(data, r.Ref).severityOf(r.Stats.Last); s != rules.None {
			st.ink = severityText(s)
		}
		p.write(p.say.value(data.Spec.Unit(), r.Stats.Last), st, float64(p.plot.Right)+12+figures,
			y, right)
		if shares > 0 {
			p.write(p.say.share(data, r), barOf, float64(p.width)-edge, y, right)
		}
	}
}

// roomForNames returns the greatest width of the column of names.
func (o Options) roomForNames() float64 {
	if o.Width < narrow {
		return widestNamesInNarrow * float64(o.Width)
	}
	return widestNames * float64(o.Width)
}

// ranked sorts rows by their newest value. Rows without one come last, and equal rows keep their
// order.
func ranked(rows []snapshot.Row, d rules.Direction) []snapshot.Row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b snapshot.Row) int {
		va, vb := a.Stats.Last, b.Stats.Last
		if d == rules.Below && !math.IsNaN(va) && !math.IsNaN(vb) {
			return cmp.Compare(va, vb)
		}
		return cmp.Compare(vb, va) // cmp sorts NaN first
	})
	return rows
}

// totalOf returns the total of a ratio, or 0 for other units.
func totalOf(u units.Unit) float64 {
	switch u {
	case units.PercentUnit:
		return 1
	case units.Percent:
		return 100
	}
	return 0
}

// barAxis holds zero, every bar, the total of a ratio, and the limits that do not dwarf them.
func barAxis(data *snapshot.Panel, rows []snapshot.Row, guides []guide) units.Axis {
	var b bounds
	b.add(0, totalOf(data.Spec.Unit()))
	for _, r := range rows {
		b.add(r.Stats.Last)
	}
	axis, _ := valueAxis(b, guides, data.Spec.Unit(), 8)
	if totalOf(data.Spec.Unit()) > 0 {
		axis.Hi = b.high // the full length is the total, not the next round figure
	}
	return axis
}

// share returns a ratio in absolute figures: "60.4 of 64 GiB".
func (s speech) share(data *snapshot.Panel, r snapshot.Row) string {
	if data.Spec.Capacity == nil || math.IsNaN(r.Capacity) || math.IsNaN(r.Stats.Last) {
		return ""
	}
	return s.Figure(data.Spec.Capacity.Unit.FormatOf(data.Spec.Share(r.Stats.Last)*r.Capacity,
		r.Capacity))
}

// writeBarLimits writes the names of the limits above their lines.
func (p *picture) writeBarLimits(l limits, u units.Unit) {
	f := p.frame()
	last := math.Inf(-1)
	for _, line := range l.lines {
		if !f.holds(line.value) {
			continue
		}
		st := limitStyle
		st.ink = severityText(line.severity)
		words := p.say.limit(line, u)
		x := f.left + float64((line.value-f.y0)/(f.y1-f.y0)*f.width())
		place := p.placeInside(words, st, x, f.top-8)
		if place.box.left < last+8 {
			place = p.place(words, st, last+8, f.top-8, left)
		}
		if place.box.right < float64(p.width)-edge {
			p.labels = append(p.labels, place)
			last = place.box.right
		}
	}
}

// severityOf returns the severity of a value for a rule without a duration.
func (l limits) severityOf(v float64) rules.Severity {
	worst := rules.None
	for _, line := range l.lines {
		if l.direction.Beyond(v, line.value) {
			worst = max(worst, line.severity)
		}
	}
	return worst
}

// bars are the bars on their tracks, crossed by the limits.
type bars struct {
	data   *snapshot.Panel
	rows   []snapshot.Row
	limits limits
	total  float64 // where the tracks end; 0: at the end of the axis
}

func (b bars) draw(s surface, f frame) {
	along := func(v float64) float64 { return f.left + float64((v-f.y0)/(f.y1-f.y0)*f.width()) }
	zero := along(max(f.y0, min(0, f.y1)))
	full := f.right
	if b.total > 0 {
		full = along(b.total)
	}
	for i, r := range b.rows {
		y := f.top + float64(i*barPitch) + (barPitch-barThickness)/2
		s.Rect(box{f.left, y, full, y + barThickness}, solid(gridInk))
		v := r.Stats.Last
		if !series.Finite(v) {
			s.Hatch(box{f.left, y, full, y + barThickness}, solid(hatchInk))
			continue
		}
		color := solid(firstSeries)
		if severity := limitsIn(b.data, r.Ref).severityOf(v); severity != rules.None {
			color = solid(severityInk(severity))
		}
		end := along(max(f.y0, min(v, f.y1)))
		s.Rect(box{min(zero, end), y, max(zero, end), y + barThickness}, color)
		if full < f.right { // bars beyond the total get a mark at it
			s.Rect(box{full - 1, y - 3, full + 1, y + barThickness + 3}, solid(textInk))
		}
	}
	for _, l := range b.limits.lines {
		if f.holds(l.value) {
			x := float32(math.Round(along(l.value)) + 0.5)
			s.Line([]point{{x, float32(f.top - 2)}, {x, float32(f.bottom)}}, 1, []float64{4, 4},
				solid(severityInk(l.severity)))
		}
	}
}
