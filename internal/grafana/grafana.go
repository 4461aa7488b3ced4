// Package grafana reads a Grafana dashboard: its panels, rows, variables and queries. It resolves
// the variables, fills them into the queries, and gives every panel of the file a verdict, so that
// nothing is lost silently. It queries Prometheus only through a Source.
//
// A dashboard is a file from somebody else. It is decoded loosely: a field of an unexpected type is
// ignored and noted. Everything in the file is limited.
package grafana

import "github.com/promsnap/promsnap/internal/grafana/frame"

// The limits of a dashboard file.
const (
	MaxFile   = 16 << 20 // bytes
	MaxPanels = 2000     // in one file, without rows
)

const (
	maxDepth     = 64      // nested lists and objects
	maxValues    = 500_000 // JSON values in one file
	maxRows      = 1000
	maxVariables = 500
	maxOptions   = 5000 // values of one variable
	maxTargets   = 100  // of one panel
	maxOverrides = 500  // of one panel
	maxNotes     = 20   // of one panel, or of the dashboard
)

// Dashboard is the content of a dashboard file.
type Dashboard struct {
	UID, Title, Description string
	Tags                    []string
	From, To                string // the time range that it was saved with, such as now-6h and now
	Timezone                string
	Variables               []Variable
	Rows                    []Row
	Panels                  []Panel // in reading order, with those of collapsed rows
	Notes                   []string

	sources sources
}

// Row is a section of the page.
type Row struct {
	Title     string
	Tab       string // the tab that it is in; empty if the dashboard has none
	Collapsed bool
	Bare      bool        // the file has no such row, so Grafana shows no heading
	Repeat    string      // one row for each value of this variable
	Shown     []Condition // all of them hold where Grafana shows it
}

// Panel is one panel of the file.
type Panel struct {
	ID          int
	Title       string
	Description string
	Type        string // how it is drawn, such as timeseries
	Original    string // the type in the file, such as graph
	Row         int    // index into Rows; -1 if it is in none
	Grid        Grid   // its place within its row
	Repeat      Repeat
	Datasource  Datasource
	Targets     []Target
	Options     Options
	Field       frame.FieldConfig // a legacy panel has what Grafana would migrate it to
	Transforms  []frame.Transformation
	Links       []Link
	TimeFrom    string // its own range, such as 24h; empty for the dashboard's
	TimeShift   string
	Interval    string      // the smallest interval; may hold a variable
	MaxPoints   int         // maxDataPoints; 0 if the file has none
	Alert       *Alert      // of a legacy graph
	Shown       []Condition // all of them hold where Grafana shows it
	Notes       []string    // what could not be read or kept

	library  string   // the library panel that the file names but does not contain
	unplaced bool     // no layout names it
	copied   bool     // a repetition that was saved in the file; the repeat makes it again
	reuses   []reused // the panels whose answers it shows
}

// reused is a panel whose answers another panel shows.
type reused struct {
	panel      int
	transforms bool // after that panel's transformations
}

// Grid is a place on a grid of 24 columns. A unit of height is 38 pixels.
type Grid struct{ X, Y, W, H int }

// Repeat shows a panel once for each value of a variable.
type Repeat struct {
	Variable string
	Vertical bool
	PerRow   int
}

// Target is one query of a panel.
type Target struct {
	RefID      string
	Expr       string
	Legend     string // as in the file; may be empty or __auto
	Instant    bool
	Range      bool // neither Range nor Instant means range
	Format     string
	Interval   string // min step; may hold a variable
	Factor     int    // intervalFactor; at least 1
	Hide       bool
	Datasource Datasource
}

// Link is a link of a panel.
type Link struct{ Title, URL string }

// Alert is the alert of a legacy graph.
type Alert struct {
	Name       string
	Message    string
	For        string // such as 5m; empty for at once
	NoData     string // such as no_data, alerting, keep_state or ok
	Conditions []AlertCondition
}

// AlertCondition is one condition of an alert, with the values of the file.
type AlertCondition struct {
	RefID    string
	From, To string // of the query, such as 5m and now
	Reducer  string // such as avg
	Type     string // gt, lt, within_range, outside_range or no_value
	Params   []float64
	Operator string // how it joins the previous condition: and, or
}

// Condition says when Grafana shows a row or a panel of a dashboard of schema v2.
type Condition struct {
	Hide  bool // if the condition holds, the row or panel is hidden and not shown
	Any   bool // one of Tests is enough
	Tests []Test
}

// Test is one part of a Condition. A test that is not about a variable depends on data or on the
// range.
type Test struct {
	Variable string
	Operator string // equals, notEquals, matches or notMatches
	Value    string
}
