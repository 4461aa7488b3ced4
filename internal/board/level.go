package board

import (
	"cmp"
	"image/color"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// Level says how a figure reads by the colour that the thresholds or the mappings of its panel give
// it.
type Level int

// The levels, from the best to the worst.
const (
	Unjudged Level = iota // the panel has no thresholds of its own, or does not show their colours
	Normal                // neither yellow nor red
	Yellow                // or orange
	Red
)

// Beyond is a figure that is yellow or red.
type Beyond struct {
	Panel *Panel
	Name  string // of the figure within the panel; empty if it has none
	Text  string // its value with its unit
	Level Level  // Yellow or Red
}

// BeyondThresholds returns the figures that the dashboard's own thresholds colour yellow or red,
// the red ones first, and the number of all figures that have such thresholds. Figures are those of
// stat, gauge and bargauge panels.
func (b *Board) BeyondThresholds() (beyond []Beyond, judged int) {
	for i := range b.Panels {
		p := &b.Panels[i]
		add := func(name string, text value.Formatted, l Level) {
			if l == Unjudged {
				return
			}
			judged++
			if l > Normal {
				beyond = append(beyond, Beyond{p, name, text.String(), l})
			}
		}
		if p.Tiles != nil {
			for _, t := range p.Tiles.Items {
				add(t.Name, t.Text, t.Level)
			}
		}
		if p.Bars != nil {
			for _, bar := range p.Bars.Items {
				for _, part := range bar.Parts {
					add(bar.Name, part.Text, part.Level)
				}
			}
		}
	}
	slices.SortStableFunc(beyond, func(x, y Beyond) int { return cmp.Compare(y.Level, x.Level) })
	return beyond, judged
}

// level returns the level of a figure.
func (b *builder) level(f figured, override bool) Level {
	kind := b.panel.Type
	if kind == "piechart" || kind == "stat" && b.panel.Options.ColorMode == "none" {
		return Unjudged
	}
	if mapped, ok := f.at.Mappings.Find(f.Value); ok && mapped.Color != "" {
		c, _ := b.set.Theme.Color(mapped.Color)
		return levelOf(c)
	}
	mode, th := f.at.Scheme.Mode, f.at.Thresholds
	if override || math.IsNaN(f.shown.Number) || mode != "" && mode != "thresholds" ||
		b.unset(th, f.Field) {
		return Unjudged
	}
	of := func(s value.Step) Level {
		c, _ := b.set.Theme.Color(s.Color)
		return levelOf(c)
	}
	active := th.Active(f.shown.Number, f.shown.Percent)
	if active != th.Steps[0] {
		return of(active)
	}
	// A base that is red counts only if a later step is better: otherwise it is just a colour.
	level := of(active)
	if slices.ContainsFunc(th.Steps[1:], func(s value.Step) bool { return of(s) < level }) {
		return level
	}
	return Normal
}

// unset reports whether nobody chose these thresholds. Grafana writes its default of 80 into most
// files; it means something only for a percentage.
func (b *builder) unset(th value.Thresholds, field *frame.Field) bool {
	if len(th.Steps) < 2 {
		return true
	}
	standard := len(th.Steps) == 2 && th.Steps[0].Color == "green" &&
		th.Steps[1] == value.Step{Value: 80, Color: "red"}
	return standard && (b.noThresholds || field.Config.Unit != "percent")
}

// levelOf returns how a colour reads, by its hue.
func levelOf(c color.NRGBA) Level {
	r, g, b := int(c.R), int(c.G), int(c.B)
	high, low := max(r, g, b), min(r, g, b)
	const pale = 40 // a colour with a smaller difference between its parts is nearly grey
	if r < high || high-low < pale {
		return Normal
	}
	// Red is the largest part, so the hue is between −60° and 60°.
	switch hue := 60 * (g - b) / (high - low); {
	case hue >= -25 && hue < 16:
		return Red
	case hue >= 16:
		return Yellow
	}
	return Normal
}
