package pdf

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/report"
)

// The size of a chart in logical pixels. A page's width is that of the chart, which makes its text
// about as large as the notes of the document.
const chartWidth, chartHeight = 760, 200

// addPanels adds the charts: of a dashboard, of the panels with findings, and, in a full document,
// of all others.
func (l *layout) addPanels(ctx context.Context) error {
	full := l.Info.PDF.Full || !l.HasRules()
	if full {
		if err := l.addBoard(ctx); err != nil {
			return err
		}
	}
	left := 0
	for i, s := range l.Sections() {
		troubled := i == 0 && len(s.Panels) > 0 && l.Troubled(s.Panels[0].Panel)
		if !full && !troubled {
			left += len(s.Panels)
			continue
		}
		l.section(s.Title, heading)
		for _, p := range s.Panels {
			if l.charts == mostCharts && l.shows(p) {
				left++
				continue
			}
			if err := l.addPanel(ctx, p); err != nil {
				return err
			}
		}
	}
	l.addLeft(left)
	return nil
}

// addLeft adds how many panels only the page has.
func (l *layout) addLeft(n int) {
	if n > 0 {
		l.note(l.words.PanelsInPage.Of(n))
	}
}

// addPanel adds a panel: its title, its chart, and what is said about it.
func (l *layout) addPanel(ctx context.Context, p report.Panel) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("laying out %s stopped at panel %s: %w", report.PDFName, p.Spec.Name, err)
	}
	l.panelTitle(p)
	for _, problem := range p.Problems {
		st := body
		st.Colour = toneOf("warning").text
		b := l.paragraph(problem, st, 3)
		b.with = l.shows(p)
		l.add(b)
	}
	if l.shows(p) {
		l.charts++
		l.addChart(chart.Draw(p.Panel, chart.Options{
			Width: chartWidth, Height: chartHeight, Zone: l.Info.Zone, Language: l.Info.Language,
			Font: l.Info.Font, Bare: true,
		}))
	}
	texts := p.Remarks
	if p.Calm != "" {
		texts = append(texts, p.Calm)
	}
	if p.Hint != "" {
		texts = append(texts, p.Hint)
	}
	for _, text := range texts {
		b := l.paragraph(text, small, 3)
		l.blocks[len(l.blocks)-1].with = true
		l.add(b)
	}
	l.blocks[len(l.blocks)-1].with = false
	return nil
}

// shows reports whether a panel has its chart. That of silent series says no more than its line.
func (l *layout) shows(p report.Panel) bool { return p.Drawn && (p.Open || l.Info.PDF.Full) }

// panelTitle adds the title of a panel with its state.
func (l *layout) panelTitle(p report.Panel) {
	st := chart.TextStyle{Size: 10.5, Bold: true, Colour: inkColour}
	state := small
	state.Colour = toneOf(p.Class).text
	summary := l.file.Elide(p.Summary, state, l.width/2)
	wide := l.file.Width(summary, state)
	lines := l.file.Wrap(p.Spec.Title, st, l.width-wide-16, 2)
	first := l.blocks[len(l.blocks)-1].with // below the heading of its section
	before := 16.0
	if first {
		before = 2
	}
	l.add(block{
		height: float64(len(lines))*pitch(st) + 2, before: before, with: true,
		mark: p.Spec.Title, level: 1, draw: func(page *paper, y float64) {
			page.lines(lines, st, side, y)
			page.right(summary, state, side+page.width, y+rise(st)-rise(state))
		},
	})
}

// addChart adds a chart over the width of the page. If it would be higher than a page, it is
// smaller.
func (l *layout) addChart(g chart.Drawing) {
	width := math.Min(l.width, (l.height-80)/g.Aspect())
	l.add(block{height: width * g.Aspect(), draw: func(_ *paper, y float64) {
		l.place(g, side, y, width)
	}})
}

// place draws a chart, or why it cannot be drawn.
func (l *layout) place(g chart.Drawing, x, y, width float64) {
	if err := l.file.Place(g, x, y, width); err != nil {
		l.lines(l.file.Wrap(l.NoChart(err), body, width, 3), body, x, y)
	}
}

// boardColumn is the width of a dashboard's column in logical pixels.
const boardColumn = 760

// addBoard adds the panels of a dashboard in one column, small figures beside each other.
func (l *layout) addBoard(ctx context.Context) error {
	b := l.Info.Board
	if b == nil {
		return nil
	}
	title := l.BoardTitle()
	if title == "" || title == l.Info.Title {
		title = l.words.Dashboard
	}
	l.section(title, heading)
	if said := l.BoardDescription(); said != "" {
		p := l.paragraph(strings.Join(strings.Fields(said), " "), body, 6)
		p.height += 6
		l.add(p)
	}
	left := 0
	for _, s := range b.Sections() {
		if s.Row >= 0 && !b.Rows[s.Row].Bare && len(s.Panels) > 0 && l.charts < mostCharts {
			l.section(join(" · ", l.TabTitle(b.Rows[s.Row]), l.RowTitle(b.Rows[s.Row])), strong)
		}
		rects := b.Column(s.Panels, boardColumn)
		for from := 0; from < len(rects); {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("laying out %s stopped: %w", report.PDFName, err)
			}
			to := from + 1
			for to < len(rects) && rects[to].Top == rects[from].Top {
				to++
			}
			if l.charts+to-from > mostCharts {
				left += len(rects) - from
				break
			}
			l.addViews(s.Panels[from:to], rects[from:to])
			from = to
		}
	}
	l.addLeft(left)
	return nil
}

// addViews adds panels of a dashboard that are beside each other.
func (l *layout) addViews(panels []int, rects []board.Rect) {
	scale := l.width / boardColumn
	drawings := make([]chart.Drawing, len(panels))
	height := 0.0
	for i, n := range panels {
		l.charts++
		drawings[i] = chart.DrawView(&l.Info.Board.Panels[n].View, chart.ViewOptions{
			Width: rects[i].Width, Height: rects[i].Height, Zone: l.Info.Zone,
			Language: l.Info.Language, Font: l.Info.Font,
		})
		height = max(height, float64(rects[i].Height)*scale)
	}
	if most := l.height - 80; height > most {
		scale, height = scale*most/height, most
	}
	l.add(block{height: height, before: 8, draw: func(p *paper, y float64) {
		for i, g := range drawings {
			x, wide := side+float64(rects[i].Left)*scale, float64(rects[i].Width)*scale
			p.file.Frame(x, y, wide, float64(rects[i].Height)*scale, hairline, lineColour)
			l.place(g, x, y, wide)
		}
	}})
}
