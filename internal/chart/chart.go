// Package chart draws a snapshot's panel as a PNG for messages and mail, or as SVG in the report.
// It lays a panel out once as a picture, and the two writers differ only in the surface. No other
// package uses go-chart, whose Chart, Series and Renderer are the skeleton.
package chart

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// Options describe how a chart is drawn. The zero value is a picture of 1000 logical pixels' width
// on white, with times in UTC.
type Options struct {
	Width int // of the picture in logical pixels, 320 to 4000; 0: 1000
	// of the plot in logical pixels, 80 to 2000; 0: 400. Title, axis and table are added to it
	Height   int
	Scale    float64        // device pixels for a logical one, 0.5 to 4; 0: 1. SVG has none
	Zone     *time.Location // of every time in the picture; nil: UTC
	Language words.Language // of the fixed words; empty: English
	// for runes that the embedded fonts lack; nil: such runes become empty boxes
	Font *Font
	Dark bool // light on dark paper. An SVG follows the reader's preference
	// a picture for a message on a phone, whatever Width and Height are: 800 logical pixels wide,
	// at most 600 high, with large text and the finding as title. Its axis is where the values are
	Phone bool
	Bare  bool // only the plot and its axes, for a page with its own title and table
}

// A picture for phones is laid out small and enlarged: text of 11.5 pixels becomes 20.
const (
	phoneZoom   = 1.75
	phoneWidth  = 457 // of the 800
	phoneHeight = 343 // of the 600
	phoneLines  = 8   // that have a name; the others are context
	phoneTiles  = 4
)

// bounded fills in the defaults and limits every figure.
func (o Options) bounded() Options {
	if o.Width == 0 {
		o.Width = 1000
	}
	if o.Height == 0 {
		o.Height = 400
	}
	if o.Scale == 0 || math.IsNaN(o.Scale) {
		o.Scale = 1
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	o.Width, o.Height = min(max(o.Width, 320), 4000), min(max(o.Height, 80), 2000)
	o.Scale = min(max(o.Scale, 0.5), 4)
	if o.Phone {
		o.Width, o.Scale = phoneWidth, o.Scale*phoneZoom
	}
	return o
}

// PNG draws a panel. A panel that failed or has no data becomes a picture that says so. An error
// means that drawing itself failed, which no data should cause. The same panel and options give the
// same bytes.
func PNG(p *snapshot.Panel, o Options) ([]byte, error) {
	if p == nil {
		return nil, errors.New("draw a chart: the panel is nil")
	}
	o = o.bounded()
	file, err := compose(p, o).png(o)
	if err != nil {
		return nil, fmt.Errorf("draw the chart of panel %s: %w", p.Spec.Name, err)
	}
	return file, nil
}

// compose lays out a panel, or a picture that says why it has nothing to draw.
func compose(data *snapshot.Panel, o Options) *picture {
	if headline, detail := o.speech().nothingToDraw(data); headline != "" {
		return composePlaceholder(data, o, headline, detail)
	}
	switch kindOf(data) {
	case panel.Area:
		return composeArea(data, o)
	case panel.Bars:
		return composeBars(data, o)
	case panel.Heatmap:
		return composeHeat(data, o)
	case panel.Stat:
		return composeStat(data, o)
	}
	return composeLines(data, o)
}

// kindOf returns the panel's kind, or another one if the data do not fit it: a line needs two
// samples, and negative figures cannot be stacked.
func kindOf(data *snapshot.Panel) panel.Kind {
	kind := data.Spec.Kind
	if data.Grid.Len == 1 && (kind == "" || kind == panel.Area) && len(data.Rows) > 0 {
		return panel.Bars
	}
	if kind == panel.Area && extent(data, data.Lines).low < 0 {
		return panel.Lines
	}
	return kind
}

// png encodes the picture as a file.
func (p *picture) png(o Options) ([]byte, error) {
	t := &light
	if o.Dark {
		t = &dark
	}
	r := newRaster(p, o.Scale, t)
	defer r.release()
	r.file.Reset()
	if err := p.render(r, &r.file); err != nil {
		return nil, err
	}
	return bytes.Clone(r.file.Bytes()), nil
}

// SVG draws a panel as an SVG element for a page, with the same layout as PNG. Its text is escaped.
// Its colours are the variables that Styles defines, with the light theme as default.
func SVG(p *snapshot.Panel, o Options) ([]byte, error) {
	if p == nil {
		return nil, errors.New("draw a chart: the panel is nil")
	}
	pic := compose(p, o.bounded())
	v := &vector{picture: pic}
	var out bytes.Buffer
	if err := pic.render(v, &out); err != nil {
		return nil, fmt.Errorf("draw the chart of panel %s: %w", p.Spec.Name, err)
	}
	return out.Bytes(), nil
}

// Undrawable returns the runes in a panel's title and names that neither an embedded font nor f
// has, each once and in order. A PNG shows an empty box for them. An SVG relies on the reader's
// fonts.
func Undrawable(p *snapshot.Panel, f *Font) []rune {
	faces := Options{Font: f}.faces()
	var missing []rune
	look := func(text string) {
		for _, r := range text {
			if faces[regular].find(r).font == nil && !slices.Contains(missing, r) {
				missing = append(missing, r)
			}
		}
	}
	look(p.Spec.Title)
	for _, l := range p.Lines {
		look(l.Name)
	}
	if kindOf(p) == panel.Bars {
		for _, r := range p.Rows[:min(len(p.Rows), mostBars)] {
			look(r.Name)
		}
	}
	for _, r := range p.References {
		look(r.Name)
	}
	return missing
}
