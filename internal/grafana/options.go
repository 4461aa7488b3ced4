package grafana

import (
	"cmp"
	"slices"
	"strings"
)

// Options say how a panel is drawn, in addition to the settings of each field in FieldConfig. A
// field that the panel's kind does not have is zero.
type Options struct {
	Legend Legend

	// Of stat, gauge, bargauge, piechart: which figures are shown.
	Calcs     []string // reducers, such as lastNotNull
	Fields    string   // a regular expression of the fields' names; empty: all numbers
	AllValues bool     // every row is a figure, and nothing is reduced
	Limit     int      // of the rows; 0: Grafana's 25

	ColorMode     string // of stat: value, background, background_solid or none
	GraphMode     string // of stat: area or none
	TextMode      string // of stat: auto, value, value_and_name, name or none
	Orientation   string // auto, horizontal or vertical
	DisplayMode   string // of bargauge: gradient, lcd or basic
	PercentChange bool

	PieType   string   // pie or donut
	PieLabels []string // name, value, percent

	// Of table.
	SortBy     []SortBy
	HideHeader bool
	Footer     []string // the reducers of the footer; none: no footer

	// Of text.
	Content  string
	TextKind string // markdown, html or code

	// Of barchart.
	Stacking  string // none, normal or percent
	XField    string
	ShowValue string // also of state-timeline: auto, always or never

	Heatmap   HeatmapOptions
	Histogram HistogramOptions

	MergeValues bool // of state-timeline: equal neighbouring states become one
	NullAsZero  bool // of legacy graph: a missing value counts as 0
	Prefix      string
	Postfix     string // of legacy singlestat, around the figure
}

// Legend is a panel's legend.
type Legend struct {
	Hidden    bool
	Table     bool
	Right     bool // beside the chart, and not below it
	Calcs     []string
	SortBy    string
	SortDesc  bool
	HideEmpty bool // of legacy graph
	HideZero  bool
}

// SortBy is the column that a table is sorted by.
type SortBy struct {
	Column string
	Desc   bool
}

// HeatmapOptions are those of a heatmap.
type HeatmapOptions struct {
	Calculate bool // the buckets are counted from series, and do not come from le
	Unit      string
	Decimals  *int
	Min, Max  *float64
	Reverse   bool
	Scheme    string
	Turned    bool    // the scheme's colours are in reverse order
	Fill      string  // a colour that replaces the scheme: it is more opaque where there is more
	Exponent  float64 // of the opacity
	CellUnit  string

	ColorMin, ColorMax *float64 // the ends of the scale of colours; nil: those of the counts
}

// HistogramOptions are those of a histogram.
type HistogramOptions struct {
	BucketSize, BucketOffset float64
	BucketCount              int
	Combine                  bool
}

// readOptions reads the options of a modern panel.
func readOptions(kind string, o object) Options {
	reduce := o.object("reduceOptions")
	opts := Options{
		Legend:        readLegend(o.object("legend")),
		Calcs:         reduce.texts("calcs"),
		Fields:        reduce.text("fields"),
		AllValues:     reduce.yes("values"),
		Limit:         reduce.integer("limit"),
		ColorMode:     o.choice("colorMode", "value", "background", "background_solid", "none"),
		GraphMode:     o.choice("graphMode", "area", "none", "line"),
		TextMode:      o.choice("textMode", "auto", "value", "value_and_name", "name", "none"),
		Orientation:   o.choice("orientation", "auto", "horizontal", "vertical"),
		DisplayMode:   o.choice("displayMode", "gradient", "lcd", "basic"),
		PercentChange: o.yes("showPercentChange"),
	}
	switch kind {
	case "text":
		opts.Content, opts.TextKind = o.text("content"), o.text("mode")
	case "piechart":
		opts.PieType = o.text("pieType")
		opts.PieLabels = o.texts("displayLabels")
	case "table":
		readTable(&opts, o)
	case "barchart":
		opts.Stacking = o.choice("stacking", "none", "normal", "percent")
		opts.XField = o.text("xField")
		opts.ShowValue = o.text("showValue")
	case "state-timeline", "status-history":
		opts.ShowValue = o.text("showValue")
		opts.MergeValues = !o.has("mergeValues") || o.yes("mergeValues")
	case "heatmap":
		opts.Heatmap = readHeatmap(o)
	case "histogram":
		opts.Histogram.BucketSize, _ = o.number("bucketSize")
		opts.Histogram.BucketOffset, _ = o.number("bucketOffset")
		opts.Histogram.BucketCount = o.integer("bucketCount")
		opts.Histogram.Combine = o.yes("combine")
	}
	return opts
}

// choice returns a text if it is one of the allowed ones. Otherwise it returns "" and writes a
// note.
func (o object) choice(key string, of ...string) string {
	s := o.text(key)
	if s != "" && !slices.Contains(of, s) {
		o.note.add("%s is %q, which is not known", o.at(key), short(s, 40))
		return ""
	}
	return s
}

func readLegend(o object) Legend {
	l := Legend{
		Table:    o.text("displayMode") == "table",
		Right:    o.text("placement") == "right",
		Calcs:    o.texts("calcs"),
		SortBy:   o.text("sortBy"),
		SortDesc: o.yes("sortDesc"),
	}
	l.Hidden = o.text("displayMode") == "hidden" || o.has("showLegend") && !o.yes("showLegend")
	return l
}

func readTable(opts *Options, o object) {
	opts.HideHeader = o.has("showHeader") && !o.yes("showHeader")
	for _, s := range o.objects("sortBy", 10) {
		if column := s.text("displayName"); column != "" {
			opts.SortBy = append(opts.SortBy, SortBy{Column: column, Desc: s.yes("desc")})
		}
	}
	if footer := o.object("footer"); footer.yes("show") {
		opts.Footer = footer.texts("reducer")
	}
}

func readHeatmap(o object) HeatmapOptions {
	axis, cells := o.object("yAxis"), o.object("cellValues")
	h := HeatmapOptions{
		Calculate: o.yes("calculate"),
		Unit:      axis.text("unit"),
		Decimals:  axis.decimals(),
		Min:       axis.bound("min"),
		Max:       axis.bound("max"),
		Reverse:   axis.yes("reverse"),
		CellUnit:  cells.text("unit"),
	}
	h.readColor(o.object("color"), "scheme", "fill", "scale")
	return h
}

// readColor reads the colours of a heatmap. The names of three of its settings have changed.
func (h *HeatmapOptions) readColor(o object, scheme, fill, scale string) {
	h.Scheme, h.Turned = strings.TrimPrefix(o.text(scheme), "interpolate"), o.yes("reverse")
	h.ColorMin, h.ColorMax = o.bound("min"), o.bound("max")
	if o.text("mode") != "opacity" {
		return
	}
	h.Fill, h.Exponent = cmp.Or(o.text(fill), "dark-orange"), 1
	if o.text(scale) != "linear" {
		h.Exponent = 0.5
		if e, ok := o.number("exponent"); ok && e > 0 {
			h.Exponent = min(max(e, 0.1), 2)
		}
	}
}

// bound returns a number, or nil if there is none or it is "auto".
func (o object) bound(key string) *float64 {
	if o.m[key] == "auto" {
		return nil
	}
	if f, ok := o.number(key); ok {
		return &f
	}
	return nil
}

// decimals returns a number of decimals, or nil if there is none.
func (o object) decimals() *int {
	f := o.bound("decimals")
	if f == nil {
		return nil
	}
	n := int(min(max(*f, 0), 20))
	return &n
}
