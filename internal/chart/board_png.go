package chart

import (
	"errors"
	"fmt"
	"image/color"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/words"
)

// BoardOptions describe the picture of a whole dashboard.
type BoardOptions struct {
	Scale    float64        // device pixels for a logical one, 1 or 2; 0: 1
	Phone    bool           // the first screen of a phone: 400 × 700 logical pixels at most
	Zone     *time.Location // of every time in the picture; nil: UTC
	Language words.Language // of the fixed words; empty: English
	Font     *Font          // for runes that the embedded fonts lack; nil: none
	Dark     bool           // light on dark paper
}

// Sizes of a board's picture, in logical pixels.
const (
	boardEdge      = 12 // around everything
	boardWidth     = board.PageWidth + 2*boardEdge
	mostHeight     = 6000 // 28.8 megapixels at 2x
	phonePageWidth = 400
	mostPhone      = 700
	boardFoot      = 28.0 // height of the last line
	leastCut       = 130  // height of the last panel of a phone's screen
)

// BoardPNG draws a dashboard with all its panels as one picture. Closed rows are a bar with the
// number of their panels. The picture has a limited height, and its last line says how many panels
// are beyond it. The same board and options give the same bytes.
func BoardPNG(b *board.Board, o BoardOptions) ([]byte, error) {
	if b == nil {
		return nil, errors.New("draw a dashboard: the board is nil")
	}
	in := Options{Zone: o.Zone, Language: o.Language, Font: o.Font, Dark: o.Dark}.bounded()
	in.Width = boardWidth
	if o.Phone {
		in.Width = phonePageWidth
	}
	if o.Scale > 1 {
		in.Scale = 2
	}
	file, err := composeBoard(b, in, o.Phone).png(in)
	if err != nil {
		return nil, fmt.Errorf("draw dashboard %q: %w", b.Title, err)
	}
	return file, nil
}

// boardPage is a board's picture while it is laid out from the top to the bottom.
type boardPage struct {
	*picture
	board *board.Board
	o     Options
	y     float64 // where the next part begins
	most  float64 // where the last part must end
	cards []box
	tab   string // of the part before
	shown int    // panels that are drawn, or counted in the bar of a closed row
}

// composeBoard lays out a dashboard.
func composeBoard(b *board.Board, o Options, phone bool) *picture {
	g := &boardPage{picture: newPicture(o), board: b, o: o}
	foot := boardFoot + board.Gap
	if g.leftOut() > 0 {
		foot += boardFoot
	}
	g.most = mostHeight - foot
	g.writeTop()
	if phone {
		g.most = mostPhone - foot
		g.addColumn()
	} else {
		g.addSections()
	}
	g.writeFoot()
	g.height = int(g.y)
	g.plot.Right, g.plot.Bottom = g.width, g.height
	ground := block{box{0, 0, float64(g.width), float64(g.height)}, solid(o.ground())}
	g.around = append([]shape{ground, cards(g.cards)}, g.around...)
	return g.picture
}

// ground is the ink between the panels, a little darker than paper.
func (o Options) ground() ink {
	if o.Dark {
		return ownExactInk(color.NRGBA{R: 0x0B, G: 0x0E, B: 0x11, A: 255})
	}
	return ownExactInk(color.NRGBA{R: 0xF1, G: 0xF3, B: 0xF5, A: 255})
}

// cards are the surfaces of panels, each with a thin border.
type cards []box

func (c cards) draw(s surface, _ frame) {
	inner := make([]box, len(c))
	for i, b := range c {
		inner[i] = box{b.left + 1, b.top + 1, b.right - 1, b.bottom - 1}
	}
	s.Rects(c, solid(gridInk))
	s.Rects(inner, solid(paper))
}

// room is the width of the page without its edges.
func (g *boardPage) room() float64 { return float64(g.width) - 2*boardEdge }

// addSections adds the rows of the page, until one does not fit.
func (g *boardPage) addSections() {
	for _, s := range g.board.Sections() {
		if s.Row >= 0 {
			row := g.board.Rows[s.Row]
			if g.y+rowBar > g.most {
				return
			}
			g.writeTab(row.Tab)
			if !row.Bare {
				g.writeRow(row, len(s.Panels))
			}
			if row.Collapsed {
				g.shown += len(s.Panels)
				continue
			}
		}
		if !g.addPanels(s.Panels) {
			return
		}
	}
}

// addPanels adds the panels of one section as on the page. It returns false if some do not fit.
func (g *boardPage) addPanels(panels []int) bool {
	rects, height := board.Arrange(g.board.Places(panels))
	fit := height // panels that begin here or below are left out
	for _, r := range rects {
		if g.y+float64(r.Bottom()) > g.most {
			fit = min(fit, r.Top)
		}
	}
	end := 0
	for i, r := range rects {
		if r.Top < fit {
			g.addPanel(&g.board.Panels[panels[i]], r)
			end = max(end, r.Bottom()+board.Gap)
		}
	}
	g.y += float64(end)
	return fit == height
}

// addPanel adds one panel at its place in the part that begins at y.
func (g *boardPage) addPanel(p *board.Panel, r board.Rect) {
	b := box{
		boardEdge + float64(r.Left), g.y + float64(r.Top), boardEdge + float64(r.Right()),
		g.y + float64(r.Bottom()),
	}
	g.cards = append(g.cards, b)
	g.addView(&p.View, b, g.o)
	g.shown++
}

// addColumn adds the first panels of the open rows in one column, until one does not fit.
func (g *boardPage) addColumn() {
	for _, s := range g.board.Sections() {
		if s.Row >= 0 && (g.board.Rows[s.Row].Collapsed || len(s.Panels) == 0) {
			continue
		}
		rects := g.board.Column(s.Panels, int(g.room()))
		top := g.y
		headed := s.Row >= 0 && !g.board.Rows[s.Row].Bare
		if headed {
			top += rowBar
		}
		if top+min(float64(rects[0].Height), leastCut) > g.most {
			return
		}
		if headed {
			g.writeRow(g.board.Rows[s.Row], 0)
		}
		end := 0
		for i, r := range rects {
			left := int(g.most-g.y) - r.Top
			if r.Height > left && left >= leastCut {
				r.Height = left // the rest of the screen
			}
			if r.Height <= left {
				g.addPanel(&g.board.Panels[s.Panels[i]], r)
				end = max(end, r.Bottom()+board.Gap)
			}
			if r.Height >= left {
				g.y += float64(end)
				return
			}
		}
		g.y += float64(end)
	}
}

// writeFoot writes how many panels the picture does not have, and how many of the file no page has.
func (g *boardPage) writeFoot() {
	st := style{13, regular, mutedInk}
	middle := float64(g.width) / 2
	none := len(g.board.Panels) == 0 && len(g.board.Rows) == 0
	if none {
		g.write(g.elide(g.say.NoPanels, st, g.room()), st, middle, g.y+40, centre)
		g.y += 80
	}
	var lines []string
	if rest := len(g.board.Panels) - g.shown; rest > 0 {
		lines = append(lines, g.say.PanelsOnPage.Of(rest))
	}
	if left := g.leftOut(); left > 0 {
		lines = append(lines, fmt.Sprintf(g.say.PanelsLeftOut, words.Thousands(left),
			words.Thousands(len(g.board.Verdicts))))
	}
	for _, line := range lines {
		g.write(g.elide(line, st, g.room()), st, middle, g.y+14, centre)
		g.y += boardFoot
	}
	if len(lines) == 0 && !none {
		g.y += boardEdge - board.Gap
	}
}

// leftOut returns how many panels of the file are left out.
func (g *boardPage) leftOut() int {
	n := 0
	for _, v := range g.board.Verdicts {
		if v.Status == grafana.LeftOut {
			n++
		}
	}
	return n
}
