package html

import (
	"context"
	"html/template"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/report"
)

// Sizes of a dashboard's cards in CSS pixels.
const (
	cardHead   = 28  // the line of the title
	cardBorder = 1   // on each side
	phonePage  = 358 // what a phone of 390 pixels has between the margins of the page
	// a picture of a width between these fits a phone too
	narrowest, narrow = 280, 400
	// leastPNG is the least width of a file: a picture that stands alone has room
	leastPNG, leastPNGHeight = 480, 160
)

// sizes are the sizes of a panel's card: on a wide screen, and on a phone.
type sizes struct{ wide, phone board.Rect }

// viewDrawing is what is drawn of one panel of a dashboard, or the error that prevented it.
type viewDrawing struct {
	png         []byte // the file
	wide, phone template.HTML
	tall        bool // a picture is higher than the card: it scrolls
	colours     chart.Colours
	err         error
}

// drawBoard draws the panels of a dashboard and returns the drawings in their order.
func drawBoard(ctx context.Context, b *board.Board,
	draw func(*board.Panel, sizes) viewDrawing) ([]viewDrawing, error) {
	if b == nil {
		return nil, nil
	}
	views, all := make([]viewDrawing, len(b.Panels)), make([]sizes, len(b.Panels))
	for _, s := range b.Sections() {
		wide, _ := board.Arrange(b.Places(s.Panels))
		phone := b.Column(s.Panels, phonePage)
		for i, n := range s.Panels {
			all[n] = sizes{wide[i], phone[i]}
		}
	}
	return views, drawAll(ctx, len(views), func(i int) string { return b.Panels[i].Name },
		func(i int) { views[i] = draw(&b.Panels[i], all[i]) })
}

// drawView draws one panel, as a file and for the page. The page shows tables and texts, and that
// there is no data, without a picture.
func drawView(in report.Info, p *board.Panel, s sizes) (d viewDrawing) {
	if p.Empty || p.Kind == "" {
		return d
	}
	o := chart.ViewOptions{
		Width: max(s.wide.Width, leastPNG), Height: max(s.wide.Height, leastPNGHeight),
		Scale: chartScale, Zone: in.Zone, Language: in.Language, Font: in.Font,
	}
	if d.png, d.err = chart.ViewPNG(&p.View, o); d.err != nil || p.Table != nil || p.Text != nil {
		return d
	}
	o.Bare = true
	svg := func(r board.Rect) template.HTML {
		o.Width, o.Height = r.Width-2*cardBorder, r.Height-2*cardBorder
		if p.Title != "" {
			o.Height -= cardHead
		}
		if all := chart.ViewHeight(&p.View, o); all > o.Height {
			o.Height, d.tall = all, true
		}
		picture, colours, err := chart.ViewSVG(&p.View, o)
		if err != nil {
			d.err = err
			return ""
		}
		d.colours.Add(colours)
		return template.HTML(picture) //nolint:gosec // chart escapes all text in it
	}
	d.wide = svg(s.wide)
	figures := p.Tiles != nil || p.Bars != nil // they use the place that they have
	if figures || s.wide.Width > narrow || s.wide.Width < narrowest {
		d.phone = svg(s.phone)
	}
	return d
}
