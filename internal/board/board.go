// Package board computes what a panel of a Grafana dashboard shows: curves, tiles, bars, a table,
// a heatmap, states or text, as plain data that a chart or a page can draw. It is pure: no I/O and
// no clock.
//
// It adds to packages frame and value what Grafana's panels do with their fields: which fields they
// show, how curves stack, which axis they are on, and in which order. What differs from Grafana, or
// is left out because of a limit, is a Note.
package board

import (
	"time"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

// What a view may hold. More is left out, and a note says how much.
const (
	MaxSeries  = 5000      // of one answer
	MaxCurves  = 1000      // of a graph
	MaxPoints  = 11_001    // of one curve
	MaxValues  = 2_000_000 // of all curves of a graph
	MaxTiles   = 200       // also bars
	MaxRows    = 200       // of a table, or of states
	MaxColumns = 50
	MaxRuns    = 20_000 // of all states
	MaxBuckets = 500    // of a heatmap or a histogram
	MaxBlocks  = 500    // of a text
	maxNotes   = 50
	maxName    = 300  // characters
	maxCell    = 1000 // characters
)

// Answer is the answer to one query of a panel.
type Answer struct {
	Ref     string
	Grid    series.Grid // of an instant query it has one time
	Series  []series.Series
	Total   int    // series, if Series has not all of them; 0: it has
	Failure string // why there is no answer, in one sentence; empty: there is one
}

// Setting is what a view depends on beside the panel and the answers.
type Setting struct {
	Theme value.Theme
	Now   time.Time     // dates are printed in its location
	Range time.Duration // of the dashboard
}

// Kind is how a panel is drawn: it names the field of View that is set.
type Kind string

// The kinds.
const (
	GraphKind     Kind = "graph"
	TilesKind     Kind = "tiles"
	BarsKind      Kind = "bars"
	TableKind     Kind = "table"
	HeatKind      Kind = "heat"
	HistogramKind Kind = "histogram"
	StatesKind    Kind = "states"
	TextKind      Kind = "text"
)

// View is what a panel shows. Exactly one of the pointers is set, as Kind says.
type View struct {
	Kind        Kind
	Title       string
	Description string
	Own         Window // zero if the panel has the dashboard's range
	Empty       bool   // there is no data, and no text in place of it
	NoValue     string // what the dashboard says if there is no data; may be empty
	Why         string // why no query was sent, in English; empty: at least one was
	Answered    bool   // at least one query has data, whatever is shown of it

	Graph     *Graph
	Tiles     *Tiles
	Bars      *Bars
	Table     *Table
	Heat      *Heat
	Histogram *Histogram
	States    *States
	Text      *Text

	Notes    []Note
	Failures []Failure
}

// Window is a panel's own range.
type Window struct {
	Range time.Duration
	Shift time.Duration // how long before the end of the dashboard's range it ends
}

// Failure says why a query of the panel has no answer.
type Failure struct {
	Ref    string
	Reason string
	Sent   bool // it was sent, and failed
}

// Code says what a Note is about.
type Code string

// The codes of notes, with what their arguments are.
const (
	NoteSeries      Code = "series"       // Count of Total series of the query Text are used
	NoteCurves      Code = "curves"       // Count of Total curves are shown
	NotePoints      Code = "points"       // a curve of more than Count points is cut or coarser
	NoteTiles       Code = "tiles"        // Count of Total tiles or bars are shown
	NoteRows        Code = "rows"         // Count of Total rows are shown
	NoteColumns     Code = "columns"      // Count of Total columns are shown
	NoteRuns        Code = "runs"         // Count of Total states are shown
	NoteBuckets     Code = "buckets"      // Count of Total buckets are shown
	NoteFrames      Code = "frames"       // the first of Total tables is shown
	NoteHidden      Code = "hidden"       // the dashboard hides Count curves or shares
	NoteAxes        Code = "axes"         // the unit Text is drawn on an axis of another unit
	NoteGrids       Code = "grids"        // curves of a stack have different steps: each its own
	NoteNoTime      Code = "no-time"      // the data have no times
	NoteStep        Code = "step"         // the panel's transformation Text is not known
	NoteProperty    Code = "property"     // the override or matcher Text is not known
	NoteDetail      Code = "detail"       // Text says, in English, what a part of the panel lost
	NoteCalculated  Code = "calculated"   // the heatmap's buckets are promsnap's
	NoteThresholds  Code = "thresholds"   // thresholds in percent need a minimum and a maximum
	NoteColorScheme Code = "color-scheme" // curves are not coloured along their values
	NotePictures    Code = "pictures"     // Count pictures of the text are left out
	NoteHTML        Code = "html"         // of HTML, only the words are shown
	NoteText        Code = "text"         // Count of Total blocks of the text are shown
)

// Note says what differs from Grafana or is left out. Its words are the report's.
type Note struct {
	Code         Code
	Text         string
	Count, Total int
}

// Show returns what a panel shows. It never fails: what cannot be shown is in the notes and
// failures.
func Show(p *grafana.Planned, answers []Answer, s Setting) View {
	b := newBuilder(p, answers, s)
	kind := p.Panel.Type
	if kind == "text" {
		b.view.Kind, b.view.Text = TextKind, b.text()
		return b.view
	}
	b.load(answers)
	switch kind {
	case "stat", "gauge":
		b.view.Kind, b.view.Tiles = TilesKind, b.tiles()
	case "bargauge", "piechart":
		b.view.Kind, b.view.Bars = BarsKind, b.gauges()
	case "barchart":
		b.view.Kind, b.view.Bars = BarsKind, b.barchart()
	case "table":
		b.view.Kind, b.view.Table = TableKind, b.table()
	case "heatmap":
		b.view.Kind, b.view.Heat = HeatKind, b.heat()
	case "histogram":
		b.view.Kind, b.view.Histogram = HistogramKind, b.histogram()
	case "state-timeline", "status-history":
		b.view.Kind, b.view.States = StatesKind, b.states()
	default:
		b.view.Kind, b.view.Graph = GraphKind, b.graph()
	}
	return b.view
}

// note adds a note once.
func (b *builder) note(n Note) {
	n.Text = outside.Said(n.Text, maxName)
	for _, other := range b.view.Notes {
		if other == n {
			return
		}
	}
	if len(b.view.Notes) < maxNotes {
		b.view.Notes = append(b.view.Notes, n)
	}
}

// name makes a text from outside a name: one line of bounded length.
func name(s string) string { return outside.Middle(outside.Line(s), maxName) }

// cell makes a text from outside a cell.
func cell(s string) string { return outside.Clip(outside.Line(s), maxCell) }
