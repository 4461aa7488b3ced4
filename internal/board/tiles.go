package board

import (
	"encoding/json"
	"image/color"
	"math"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
)

// Tiles are figures, each by itself: those of a stat or of a gauge.
type Tiles struct {
	Gauge      bool   // each figure is drawn as an arc
	ColorMode  string // of a stat: value, background or none
	Vertical   bool   // the tiles are below each other
	Horizontal bool   // the tiles are beside each other; neither: as the place allows
	Items      []Tile
}

// Tile is one figure.
type Tile struct {
	Name    string // empty where the panel shows none
	Text    value.Formatted
	Hidden  bool    // only the name is shown
	Number  float64 // NaN if it is none
	Color   color.NRGBA
	Level   Level
	Percent float64 // where it is between Min and Max, from 0 to 1; 0 if it is nowhere
	Min     float64
	Max     float64
	MinText string   // of a gauge
	MaxText string   // of a gauge
	Bands   []Band   // of a gauge: its thresholds
	Change  *float64 // percent, from the first value to the last; nil where the panel shows none
	Spark   *Spark   // nil where the panel shows none
}

// Spark is the small curve of a tile.
type Spark struct {
	Grid   series.Grid
	Values []float64
}

// figured is one figure with what shows it.
type figured struct {
	frame.Figure
	shown value.Display
	at    value.Field
	level Level
}

// figured returns the figures of the panel with how they are shown, at most MaxTiles of them. A
// panel without any has the figure for no data, if its configuration names one.
func (b *builder) figured() []figured {
	o := b.panel.Options
	figures, notes := b.config.Figures(b.frames, frame.Figures{
		Calcs: o.Calcs, Fields: o.Fields, Values: o.AllValues, Limit: max(o.Limit, 0),
	}, func(f *frame.Field, v frame.Value) string { return b.display(f).Display(v).String() })
	for _, text := range notes {
		b.note(Note{Code: NoteDetail, Text: text})
	}
	if len(figures) > MaxTiles {
		b.note(Note{Code: NoteTiles, Count: MaxTiles, Total: len(figures)})
		figures = figures[:MaxTiles]
	}
	if len(figures) == 0 {
		return b.noFigure()
	}
	out := make([]figured, 0, len(figures))
	for i, f := range figures {
		at := b.field(f.Field)
		if f.Row >= 0 {
			at.Series.Index = i
		}
		d := value.NewDisplayer(at, b.set.Theme, b.set.Now)
		shown := figured{Figure: f, shown: d.Display(f.Value), at: at}
		var fixed struct{ FixedColor any }
		override := false
		if json.Unmarshal(f.Color, &fixed) == nil {
			var s string
			if s, override = fixed.FixedColor.(string); override {
				shown.shown.Color, _ = b.set.Theme.Color(s)
			}
		}
		shown.level = b.level(shown, override)
		out = append(out, shown)
	}
	return out
}

// noFigure returns what the panel's configuration shows in place of data.
func (b *builder) noFigure() []figured {
	field := &frame.Field{Type: frame.Other, Config: b.config.Defaults}
	at := b.field(field)
	shown := value.NewDisplayer(at, b.set.Theme, b.set.Now).Display(frame.Value{})
	if shown.String() == "" {
		b.view.Empty = true
		return nil
	}
	return []figured{{Figure: frame.Figure{Row: -1, Field: field}, shown: shown, at: at}}
}

func (b *builder) tiles() *Tiles {
	o := b.panel.Options
	t := &Tiles{
		Gauge: b.panel.Type == "gauge", ColorMode: o.ColorMode,
		Vertical: o.Orientation == "horizontal", Horizontal: o.Orientation == "vertical",
	}
	switch {
	case t.Gauge:
		t.ColorMode = "value"
	case o.ColorMode == "":
		t.ColorMode = "value"
	case o.ColorMode == "background_solid":
		t.ColorMode = "background"
	}
	all := b.figured()
	for _, f := range all {
		t.Items = append(t.Items, b.tile(f, len(all), t.Gauge))
	}
	return t
}

// tile makes a tile of one figure of n.
func (b *builder) tile(f figured, n int, gauge bool) Tile {
	o := b.panel.Options
	t := Tile{
		Name: name(f.Title), Text: b.formatted(f.shown), Number: f.shown.Number,
		Color: f.shown.Color, Level: f.level, Percent: f.part(), Min: f.at.Min, Max: f.at.Max,
	}
	named := n > 1 || b.config.Defaults.DisplayName != "" || !gauge && b.planned.Title == ""
	switch o.TextMode {
	case "value", "none":
		named = false
		t.Hidden = o.TextMode == "none"
	case "value_and_name":
		named = true
	case "name":
		named, t.Hidden = true, t.Name != ""
	}
	if !named {
		t.Name = ""
	}
	if o.PercentChange {
		change := math.NaN()
		if v, ok := frame.Reduce(f.Field, "diffperc")[0].Number(); ok {
			change = v
		}
		if series.Finite(change) {
			t.Change = &change
		}
	}
	if gauge {
		d := value.NewDisplayer(f.at, b.set.Theme, b.set.Now)
		t.MinText = cell(d.Display(frame.Num(t.Min)).String())
		t.MaxText = cell(d.Display(frame.Num(t.Max)).String())
		t.Bands, _ = b.bands(f.Field, &t.Min, &t.Max)
		return t
	}
	if o.GraphMode != "none" && o.GraphMode != "" && f.Row < 0 {
		t.Spark = b.spark(f.Field)
	}
	return t
}

// formatted returns what a display says, as one line, with what a legacy panel puts around it.
func (b *builder) formatted(d value.Display) value.Formatted {
	o := b.panel.Options
	return value.Formatted{
		Prefix: cell(o.Prefix + d.Prefix), Text: cell(d.Text), Suffix: cell(d.Suffix + o.Postfix),
	}
}

// spark returns the curve of a field, nil if it has less than two numbers or no times.
func (b *builder) spark(field *frame.Field) *Spark {
	for _, f := range b.frames {
		for _, other := range f.Fields {
			times := timesOf(f)
			if other != field || times == nil {
				continue
			}
			ps := points(times, field)
			if len(ps) < 2 {
				return nil
			}
			var s Spark
			s.Grid, s.Values = b.place(ps, f.RefID)
			return &s
		}
	}
	return nil
}

// part returns where a figure is between its minimum and its maximum, from 0 to 1.
func (f figured) part() float64 { return part((f.shown.Number - f.at.Min) / (f.at.Max - f.at.Min)) }

// part bounds a part of a whole to 0 to 1.
func part(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return min(max(f, 0), 1)
}
