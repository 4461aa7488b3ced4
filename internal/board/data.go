package board

import (
	"encoding/json"
	"errors"
	"image/color"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

// builder makes one View. After load it has the frames of the panel, with the configuration of
// their fields.
type builder struct {
	panel   *grafana.Panel
	planned *grafana.Planned
	config  frame.FieldConfig
	set     Setting
	view    View

	frames    []*frame.Frame
	names     *frame.Names
	grids     []gridOf
	low, high float64 // of all numbers
	ranged    bool    // there is one
	owner     map[*frame.Field]*frame.Frame
	index     map[*frame.Field]int // among those that are not times
	displays  map[*frame.Field]*value.Displayer
	decoded   map[string]value.Field // by the JSON that it was made of

	noThresholds bool // the file has none, so Grafana's default applies
}

// gridOf is the grid of the answer to a query.
type gridOf struct {
	ref  string
	grid series.Grid
}

func newBuilder(p *grafana.Planned, answers []Answer, s Setting) *builder {
	b := &builder{
		panel: p.Panel, planned: p, set: s, config: p.Field,
		view: View{
			Title: name(p.Title), Description: p.Description,
			NoValue: cell(p.Field.Defaults.NoValue), Why: outside.Said(p.Empty, maxName),
		},
		displays: map[*frame.Field]*value.Displayer{},
		decoded:  map[string]value.Field{},
	}
	if p.Range != s.Range && s.Range > 0 || p.Shift != 0 {
		b.view.Own = Window{p.Range, p.Shift}
	}
	for _, q := range p.Queries {
		i := slices.IndexFunc(answers, func(a Answer) bool { return a.Ref == q.Ref })
		switch {
		case q.Problem != "":
			b.fail(q.Ref, q.Problem, false)
		case i >= 0 && answers[i].Failure != "":
			b.fail(q.Ref, answers[i].Failure, true)
		}
	}
	return b
}

func (b *builder) fail(ref, why string, sent bool) {
	f := Failure{Ref: name(ref), Reason: cell(why), Sent: sent}
	b.view.Failures = append(b.view.Failures, f)
}

// load makes frames of the answers, and does with them what the panel says.
func (b *builder) load(answers []Answer) {
	frames := b.read(answers)
	frames, notes, err := frame.Transform(frames, b.panel.Transforms)
	for _, text := range notes {
		b.note(Note{Code: NoteDetail, Text: text})
	}
	var unknown *frame.UnknownError
	if errors.As(err, &unknown) {
		for _, id := range unknown.IDs {
			b.note(Note{Code: NoteStep, Text: id})
		}
	}
	b.setDefaults()
	frames, applied := b.config.Apply(frames)
	for _, text := range applied.Notes {
		b.note(Note{Code: NoteDetail, Text: text})
	}
	for _, id := range applied.Unknown {
		b.note(Note{Code: NoteProperty, Text: id})
	}
	b.use(frames)
	b.low, b.high, b.ranged = frame.Range(frames)
}

// use makes frames those of the panel. The colours of fields depend on their order.
func (b *builder) use(frames []*frame.Frame) {
	b.frames, b.names = frames, frame.NamesOf(frames)
	b.owner, b.index = map[*frame.Field]*frame.Frame{}, map[*frame.Field]int{}
	n := 0
	for _, f := range frames {
		for _, field := range f.Fields {
			b.owner[field], b.index[field] = f, n
			if field.Type != frame.Time {
				n++
			}
		}
	}
}

// read makes frames of the answers, in the order of the queries.
func (b *builder) read(answers []Answer) []*frame.Frame {
	tables := 0
	for _, q := range b.planned.Queries {
		if b.format(q) == "table" {
			tables++
		}
	}
	var out []*frame.Frame
	for _, q := range b.planned.Queries {
		i := slices.IndexFunc(answers, func(a Answer) bool { return a.Ref == q.Ref })
		if i < 0 || q.Problem != "" || answers[i].Failure != "" {
			continue
		}
		a := answers[i]
		if a.Grid.Len > MaxPoints {
			b.note(Note{Code: NotePoints, Count: MaxPoints})
		}
		a.Grid.Len = min(max(a.Grid.Len, 0), MaxPoints)
		if a.Grid.Len == 0 {
			continue
		}
		b.grids = append(b.grids, gridOf{q.Ref, a.Grid})
		total := max(a.Total, len(a.Series))
		a.Series = a.Series[:min(len(a.Series), MaxSeries)]
		if total > len(a.Series) {
			b.note(Note{Code: NoteSeries, Text: q.Ref, Count: len(a.Series), Total: total})
		}
		b.view.Answered = b.view.Answered || slices.ContainsFunc(a.Series, hasValue)
		list := frame.TimeSeries(frame.Query{RefID: q.Ref, Expr: q.Expr, Legend: q.Legend}, a.Grid,
			a.Series)
		switch {
		case len(list) == 0:
		case b.format(q) == "table":
			out = append(out, frame.Table(q.Ref, list, tables > 1))
		case b.format(q) == "heatmap":
			out = append(out, frame.Heatmap(q.Ref, list))
		default:
			out = append(out, list...)
		}
	}
	return out
}

// hasValue reports whether a series has at least one value.
func hasValue(s series.Series) bool {
	return slices.ContainsFunc(s.Values, func(v float64) bool { return !math.IsNaN(v) })
}

// format returns the format of a query. Rows that only a graph would turn into series again stay
// series.
func (b *builder) format(q grafana.Query) string {
	if q.Format == "table" && b.panel.Type == "timeseries" && len(b.panel.Transforms) == 0 {
		return "time_series"
	}
	return q.Format
}

// Grafana's defaults, where a file does not have them.
var (
	byPalette      = json.RawMessage(`{"mode":"palette-classic"}`)
	byThresholds   = json.RawMessage(`{"mode":"thresholds"}`)
	byScale        = json.RawMessage(`{"mode":"continuous-GrYlRd"}`)
	someThresholds = json.RawMessage(`{"mode":"absolute","steps":[` +
		`{"value":null,"color":"green"},{"value":80,"color":"red"}]}`)
)

// setDefaults gives the panel the colours that Grafana gives to one that says none.
func (b *builder) setDefaults() {
	d := &b.config.Defaults
	var scheme struct{ Mode any }
	if json.Unmarshal(d.Color, &scheme) != nil || scheme.Mode == nil || scheme.Mode == "" {
		d.Color = byThresholds
		switch b.panel.Type {
		case "timeseries", "barchart", "piechart", "histogram":
			d.Color = byPalette
		case "state-timeline", "status-history":
			d.Color = byScale
		}
	}
	if b.noThresholds = d.Thresholds == nil; b.noThresholds {
		d.Thresholds = someThresholds
	}
}

// display returns what shows the values of a field.
func (b *builder) display(f *frame.Field) *value.Displayer {
	d, ok := b.displays[f]
	if !ok {
		d = value.NewDisplayer(b.field(f), b.set.Theme, b.set.Now)
		b.displays[f] = d
	}
	return d
}

// field returns how the values of a field are shown.
func (b *builder) field(f *frame.Field) value.Field {
	c := f.Config
	key := string(c.Mappings) + "\x00" + string(c.Thresholds) + "\x00" + string(c.Color)
	v, ok := b.decoded[key]
	if !ok {
		var odd [3][]string
		v.Thresholds, odd[0] = value.DecodeThresholds(c.Thresholds)
		v.Mappings, odd[1] = value.DecodeMappings(c.Mappings, v.Thresholds)
		v.Scheme, odd[2] = value.DecodeScheme(c.Color)
		for _, text := range slices.Concat(odd[:]...) {
			b.note(Note{Code: NoteDetail, Text: text})
		}
		b.decoded[key] = v
	}
	v.Kind, v.Unit, v.NoValue, v.Decimals = kindOf(f.Type), c.Unit, c.NoValue, whole(c.Decimals)
	v.Min, v.Max = b.bounds(f)
	v.Series = value.Series{Index: b.index[f], Name: b.names.Of(f, b.owner[f])}
	return v
}

func kindOf(t frame.Type) value.Kind {
	switch t {
	case frame.Time:
		return value.Time
	case frame.Boolean:
		return value.Bool
	case frame.Number:
		return value.Number
	}
	return value.Text
}

func whole(f *float64) *int {
	if f == nil {
		return nil
	}
	n := 0
	if *f > 0 {
		n = int(min(*f, 20))
	}
	return &n
}

// bounds returns where the scale of a field begins and ends: what its configuration says, otherwise
// the numbers of all fields.
func (b *builder) bounds(f *frame.Field) (low, high float64) {
	low, high, ok := b.low, b.high, b.ranged
	if f.Config.MinMaxByField {
		low, high, ok = frame.Range([]*frame.Frame{{Fields: []*frame.Field{f}}})
	}
	if !ok {
		low, high = 0, 100
	}
	if f.Config.Min != nil {
		low = *f.Config.Min
	}
	if f.Config.Max != nil {
		high = *f.Config.Max
	}
	return low, high
}

// style returns the style of a field.
func (b *builder) style(f *frame.Field) grafana.Style {
	s, odd := grafana.StyleOf(f.Config)
	for _, text := range odd {
		b.note(Note{Code: NoteDetail, Text: text})
	}
	return s
}

// seriesColor returns the one colour of a whole series.
func (b *builder) seriesColor(f *frame.Field) color.NRGBA {
	scheme := b.field(f).Scheme
	v := 0.0
	if scheme.ByValue() {
		by := scheme.SeriesBy
		if by == "" {
			by = "last"
		}
		v, _ = frame.Reduce(f, by)[0].Number()
	}
	c, _ := b.display(f).Color(v)
	return c
}

// numbers reports whether a field can be drawn as a curve.
func numbers(f *frame.Field) bool { return f.Type == frame.Number || f.Type == frame.Boolean }

// number returns a value as a number. It reports false if it is none.
func number(v frame.Value) (float64, bool) {
	if yes, ok := v.Bool(); ok {
		if yes {
			return 1, true
		}
		return 0, true
	}
	return v.Number()
}

// timesOf returns the first field of times, nil if there is none.
func timesOf(f *frame.Frame) *frame.Field {
	for _, field := range f.Fields {
		if field.Type == frame.Time {
			return field
		}
	}
	return nil
}
