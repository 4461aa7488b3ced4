package chart

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	chart "github.com/wcharczuk/go-chart/v2"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/words"
)

// ViewOptions describe how a panel of a dashboard is drawn. Unlike Options, its size is that of the
// whole picture, because the dashboard's grid gives each panel its place.
type ViewOptions struct {
	Width    int            // in logical pixels, 100 to 4000; 0: 600
	Height   int            // in logical pixels, 40 to 4000; 0: 300
	Scale    float64        // device pixels for a logical one, 0.5 to 4; 0: 1. SVG has none
	Zone     *time.Location // of every time in the picture; nil: UTC
	Language words.Language // of the fixed words; empty: English
	Font     *Font          // for runes that the embedded fonts lack; nil: none
	Dark     bool           // light on dark paper. An SVG follows the reader's preference
	Bare     bool           // without title, for a page that has its own
}

// mostViewHeight is the greatest height of a picture of a panel.
const mostViewHeight = 4000

// options returns the Options with the same meaning, within their limits.
func (o ViewOptions) options() Options {
	if o.Width == 0 {
		o.Width = 600
	}
	if o.Height == 0 {
		o.Height = 300
	}
	b := Options{
		Scale: o.Scale, Zone: o.Zone, Language: o.Language, Font: o.Font, Dark: o.Dark,
		Bare: o.Bare,
	}.bounded()
	b.Width, b.Height = min(max(o.Width, 100), 4000), min(max(o.Height, 40), mostViewHeight)
	return b
}

// ViewPNG draws what a panel of a dashboard shows. A panel without data becomes a picture that says
// so. An error means that drawing itself failed, which no data should cause. The same view and
// options give the same bytes.
func ViewPNG(v *board.View, o ViewOptions) ([]byte, error) {
	if v == nil {
		return nil, errors.New("draw a panel: the view is nil")
	}
	in := o.options()
	file, err := composeView(v, in).png(in)
	if err != nil {
		return nil, fmt.Errorf("draw panel %q: %w", v.Title, err)
	}
	return file, nil
}

// ViewSVG draws a panel as ViewPNG does, as an SVG element for a page. The page needs the styles of
// the colours that it returns.
func ViewSVG(v *board.View, o ViewOptions) ([]byte, Colours, error) {
	if v == nil {
		return nil, Colours{}, errors.New("draw a panel: the view is nil")
	}
	pic := composeView(v, o.options())
	s := &vector{picture: pic}
	var out bytes.Buffer
	if err := pic.render(s, &out); err != nil {
		return nil, Colours{}, fmt.Errorf("draw panel %q: %w", v.Title, err)
	}
	return out.Bytes(), s.own, nil
}

// composeView lays out one panel as a picture of its own.
func composeView(v *board.View, o Options) *picture {
	p := newPicture(o)
	p.height = o.Height
	p.plot = chart.Box{Right: p.width, Bottom: p.height}
	p.alt = p.spoken(v)
	p.addView(v, box{0, 0, float64(o.Width), float64(o.Height)}, o)
	return p
}

// Distances in a panel of a dashboard, in logical pixels.
const (
	viewInset = 8.0  // between the panel's border and its content
	viewTitle = 26.0 // height of the title's line
	// size of a title that would not fit at its ordinary size
	viewTitleLeast = 11.5
)

var (
	viewTitleStyle = style{13, medium, textInk}
	viewOwnStyle   = style{11, regular, mutedInk}
	viewEmptyStyle = style{13, regular, mutedInk}
)

// addView lays out a panel in b: its title, and below it what it shows. Every coordinate is one of
// the picture, so that a picture can hold many panels.
func (p *picture) addView(v *board.View, b box, o Options) {
	inner := box{
		b.left + viewInset, b.top + viewInset/2, b.right - viewInset, b.bottom - viewInset/2,
	}
	own := p.say.own(v.Own)
	if !o.Bare && (v.Title != "" || own != "") {
		room := inner.width()
		if wide := p.textWidth(own, viewOwnStyle); own != "" && wide < room/2 {
			p.write(own, viewOwnStyle, inner.right, inner.top+16, right)
			room -= wide + viewInset
		}
		title, st := p.viewTitle(v.Title, room)
		p.write(title, st, inner.left, inner.top+16, left)
		inner.top += viewTitle
	}
	if v.Empty || v.Kind == "" {
		p.addEmptyView(v, inner)
		return
	}
	switch v.Kind {
	case board.GraphKind:
		p.addGraph(v.Graph, inner)
	case board.TilesKind:
		p.addTiles(v.Tiles, inner)
	case board.BarsKind:
		p.addBars(v.Bars, inner)
	case board.TableKind:
		p.addTable(v.Table, inner)
	case board.TextKind:
		p.addText(v.Text, inner)
	case board.HeatKind:
		p.addHeat(v.Heat, inner)
	case board.HistogramKind:
		p.addHistogram(v.Histogram, inner)
	case board.StatesKind:
		p.addStates(v.States, inner)
	}
}

// viewTitle returns a title as it fits into room: a little smaller, or without its end.
func (p *picture) viewTitle(title string, room float64) (string, style) {
	st := viewTitleStyle
	for st.size > viewTitleLeast && p.textWidth(title, st) > room {
		st.size -= 0.5
	}
	return p.cut(title, st, room), st
}

// cut returns text without as much of its end as does not fit into room.
func (p *picture) cut(text string, st style, room float64) string {
	if p.textWidth(text, st) <= room {
		return text
	}
	wide := p.textWidth(ellipsis, st)
	for i, r := range text {
		if wide += p.textWidth(string(r), st); wide > room {
			if i == 0 {
				return ""
			}
			return strings.TrimRight(text[:i], " ") + ellipsis
		}
	}
	return text
}

// addEmptyView says why a panel shows nothing.
func (p *picture) addEmptyView(v *board.View, b box) {
	headline, st := cmp.Or(oneLine(v.NoValue), p.say.NoData), viewEmptyStyle
	why := v.Why
	if i := slices.IndexFunc(v.Failures, func(f board.Failure) bool { return f.Sent }); i >= 0 {
		headline, st.ink, why = p.say.QueryFailed, criticalText, v.Failures[i].Reason
	}
	room := max(min(detailLines, int((b.height()-30)/detailPitch)), 1)
	detail := p.wrap(why, detailStyle, b.width()-2*viewInset, room)
	middle := (b.left + b.right) / 2
	y := (b.top+b.bottom)/2 - float64(len(detail))*detailPitch/2
	p.write(p.elide(headline, st, b.width()), st, middle, y+4, centre)
	for i, line := range detail {
		p.write(line, detailStyle, middle, y+24+float64(i)*detailPitch, centre)
	}
}
