package chart

import (
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// leastTerminalName is the least room for the names of the legend. Figures that leave less are left
// out, the last one first.
const leastTerminalName = 10

// legend writes the limits, and a table with the figures of each line.
func (t *terminal) legend() {
	for _, l := range t.limits.lines {
		mark := "┄┄ "
		if t.o.ASCII {
			mark = "-- "
		}
		t.put(severityText(l.severity), t.fit(mark+t.say.limit(l, t.data.Spec.Unit()), t.o.Width))
		t.end()
	}
	heads, rows := t.figures()
	key := 0
	if len(t.lines) > 1 {
		key = 2
	}
	widths, name := t.widths(heads, rows, key)
	t.put(mutedInk, t.padded("", key, left)+
		t.padded(either(t.data, t.say.HeadNode, t.say.HeadSeries), name, left))
	for i, w := range widths {
		t.put(mutedInk, t.padded(heads[i], w+2, right))
	}
	t.end()
	for i, l := range t.lines {
		if key > 0 {
			t.bold(seriesTextInk(i), string(t.letter(i))+" ")
		}
		t.put(textInk, t.padded(l.Name, name, left))
		for k, w := range widths {
			in := mutedInk
			if k == 0 {
				in = textInk
				if l.Status == rules.Breach {
					in = severityText(l.Severity)
				}
			}
			t.put(in, t.padded(rows[i][k], w+2, right))
		}
		t.end()
	}
	if t.compared() {
		mark := "⠉ ⠉ "
		if t.o.ASCII {
			mark = ". . "
		}
		t.put(mutedInk, t.fit(mark+t.say.before(t.data.Spec.Compare), t.o.Width))
		t.end()
	}
}

// compared reports whether some line is drawn as it was before.
func (t *terminal) compared() bool {
	for _, l := range t.lines {
		if _, ok := lastFinite(l.Before); ok {
			return true
		}
	}
	return false
}

// figures returns the heads of the legend and the figures of each line.
func (t *terminal) figures() (heads []string, rows [][]string) {
	heads = []string{t.say.HeadLast, t.say.HeadMinimum, t.say.HeadMaximum, t.say.HeadAverage}
	compared := t.compared()
	if compared {
		heads = append(heads[:1:1], append([]string{t.say.HeadChange}, heads[1:]...)...)
	}
	unit := t.data.Spec.Unit()
	for _, l := range t.lines {
		row := []string{t.say.Figure(unit.FormatBrief(l.Stats.Last))}
		if compared {
			row = append(row, t.say.changed(l))
		}
		for _, v := range []float64{l.Stats.Min, l.Stats.Max, l.Stats.Avg} {
			row = append(row, t.say.Figure(unit.FormatBrief(v)))
		}
		rows = append(rows, row)
	}
	return heads, rows
}

// widths returns the widths of the figures that fit beside names, and the room for the names.
func (t *terminal) widths(heads []string, rows [][]string, key int) (widths []int, name int) {
	least := min(leastTerminalName, t.o.Width/3)
	name = t.o.Width - key
	longest := t.columns(either(t.data, t.say.HeadNode, t.say.HeadSeries))
	for _, l := range t.lines {
		longest = max(longest, t.columns(l.Name))
	}
	for i, head := range heads {
		w := t.columns(head)
		for _, row := range rows {
			w = max(w, t.columns(row[i]))
		}
		if i > 0 && name-w-2 < min(least, longest) {
			break
		}
		w = min(w, t.o.Width/2)
		widths, name = append(widths, w), name-w-2
	}
	return widths, min(name, longest)
}

// changed says how far the average of a line is from that of the time before: "+12 %".
func (s speech) changed(l snapshot.Line) string {
	return s.Figure(units.Change(l.Stats.Avg, series.Mean(l.Before)))
}
