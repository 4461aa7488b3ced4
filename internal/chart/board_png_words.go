package chart

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/outside"
)

// Distances of the words of a board's picture, in logical pixels.
const (
	boardTitleLine  = 34.0
	boardTitlePitch = 25.0
	boardPitch      = 18.0 // between two lines below the title
	rowBar          = 36.0 // of a row's bar, with the space below it
	tabHeight       = 40.0
	mostVariables   = 3 // lines of them
)

var (
	boardTitleStyle = style{20, medium, textInk}
	boardLineStyle  = style{12, regular, mutedInk}
	variableStyle   = style{12, medium, textInk}
	rowStyle        = style{15, medium, textInk}
	tabStyle        = style{17, medium, textInk}
	rowCountStyle   = style{12, regular, mutedInk}
)

// writeTop writes the title of the board, its time range and the values of its variables.
func (g *boardPage) writeTop() {
	g.y = boardTitleLine
	title := cmp.Or(oneLine(g.board.Title), g.say.Dashboard)
	for i, line := range g.wrap(title, boardTitleStyle, g.room(), 2) {
		g.y = boardTitleLine + float64(float64(i)*boardTitlePitch)
		g.write(line, boardTitleStyle, boardEdge, g.y, left)
	}
	if from, to := g.board.From, g.board.To; !to.IsZero() {
		when := fmt.Sprintf(g.say.Moment, g.say.Stamp(to.In(g.say.zone)))
		if to.After(from) && !from.IsZero() {
			when = fmt.Sprintf(g.say.Window, g.say.span(to.Sub(from)),
				g.say.Stamp(to.In(g.say.zone)))
		}
		g.y += boardPitch
		g.write(g.elide(when, boardLineStyle, g.room()), boardLineStyle, boardEdge, g.y, left)
	}
	g.writeVariables()
	g.y += boardPitch
}

// writeVariables writes the values of the variables that a reader of the dashboard can choose.
func (g *boardPage) writeVariables() {
	x, line := float64(boardEdge), 0
	for _, v := range g.board.Variables {
		values := g.variableText(v)
		if values == "" {
			continue
		}
		name := oneLine(cmp.Or(v.Label, v.Name)) + " "
		room := max(g.room()-g.textWidth(name, boardLineStyle), 0)
		values = g.elide(values, variableStyle, min(room, 360))
		wide := g.textWidth(name, boardLineStyle) + g.textWidth(values, variableStyle)
		switch {
		case line == 0:
			g.y, line = g.y+boardPitch, 1
		case x+wide > boardEdge+g.room():
			if line++; line > mostVariables {
				return
			}
			x, g.y = boardEdge, g.y+boardPitch
		}
		x = g.write(name, boardLineStyle, x, g.y, left).right
		x = g.write(values, variableStyle, x, g.y, left).right + 2*betweenSub
	}
}

// variableText returns the values of a variable, or nothing if a reader of Grafana would not see
// any.
func (g *boardPage) variableText(v grafana.VariableVerdict) string {
	if v.Hidden || v.Status != "resolved" || v.Type == "datasource" || v.Type == "constant" {
		return ""
	}
	if v.All {
		return g.say.EveryValue
	}
	const most = 5
	text := oneLine(strings.Join(v.Values[:min(len(v.Values), most)], ", "))
	if more := max(v.Count, len(v.Values)) - most; more > 0 {
		text += fmt.Sprintf(" +%d", more)
	}
	return text
}

// writeTab writes the name of a tab above its first row.
func (g *boardPage) writeTab(tab string) {
	if tab == g.tab {
		return
	}
	g.tab = tab
	if tab == "" {
		return
	}
	name := g.elide(oneLine(tab), tabStyle, g.room())
	b := g.write(name, tabStyle, boardEdge, g.y+22, left)
	g.around = append(g.around,
		block{box{boardEdge, g.y + 32, boardEdge + g.room(), g.y + 33}, solid(gridInk)},
		block{box{b.left, g.y + 31, b.right, g.y + 33}, solid(seriesInk(0))})
	g.y += tabHeight
}

// writeRow writes the bar of a row. That of a closed one has the number of its panels.
func (g *boardPage) writeRow(row board.Row, panels int) {
	b := box{boardEdge, g.y, boardEdge + g.room(), g.y + rowBar - board.Gap}
	count := ""
	x, y := b.left+2, b.top+19
	if row.Collapsed {
		g.cards = append(g.cards, b)
		count = g.say.SomePanels.Of(panels)
		x += viewInset
	}
	g.around = append(g.around, chevron{point{float32(x), float32(y - 5)}, row.Collapsed})
	x += 16
	room := b.right - viewInset - x - g.textWidth(count, rowCountStyle) - betweenSub
	x = g.write(g.elide(oneLine(row.Title), rowStyle, room), rowStyle, x, y, left).right
	g.write(count, rowCountStyle, x+betweenSub, y, left)
	g.y += rowBar
}

// chevron is the mark of a row: it points down if the row is open.
type chevron struct {
	at     point // the middle of its left side
	closed bool
}

func (c chevron) draw(s surface, _ frame) {
	x, y := c.at.x, c.at.y
	path := []point{{x, y - 2}, {x + 4, y + 2}, {x + 8, y - 2}}
	if c.closed {
		path = []point{{x + 2, y - 4}, {x + 6, y}, {x + 2, y + 4}}
	}
	s.Line(path, 1.5, nil, solid(mutedInk))
}

// oneLine makes a text of a dashboard short enough for a line of any picture.
func oneLine(text string) string { return outside.Line(outside.Middle(text, 300)) }
