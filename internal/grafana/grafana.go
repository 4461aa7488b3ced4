// Package grafana reads a Grafana dashboard: its panels, rows, variables and queries. It resolves
// the variables, fills them into the queries, and gives every panel of the file a verdict, so that
// nothing is lost silently. It asks Prometheus only through the Source that it is given.
//
// A dashboard is a file from somebody else. It is decoded loosely: one field of an odd type costs
// that field and leaves a note. What the file may contain is bounded.
package grafana

import "github.com/promsnap/promsnap/internal/grafana/frame"

// The limits of a dashboard file.
const (
	MaxFile   = 16 << 20 // bytes
	MaxPanels = 2000     // in one file, rows aside
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

// Dashboard is what a file says.
type Dashboard struct {
	UID, Title, Description string
	Tags                    []string
	From, To                string // the time range that it was saved with, such as now-6h and now
	Timezone                string
	Variables               []Variable
	Rows                    []Row
	Panels                  []Panel // in reading order; those of collapsed rows are among them
	Notes                   []string

	sources sources
}

// Row is a section of the page.
type Row struct {
	Title     string
	Tab       string // the tab that it is in; empty where the dashboard has none
	Collapsed bool
	Repeat    string      // the variable that it is repeated by
	Shown     []Condition // all of them hold where Grafana shows it
}

// Panel is one panel of the file.
type Panel struct {
	ID          int
	Title       string
	Description string
	Type        string // the kind that it is drawn as, such as timeseries
	Original    string // the type that the file says, such as graph
	Row         int    // index into Rows; -1 where it is in none
	Grid        Grid   // its place within its row
	Repeat      Repeat
	Datasource  Datasource
	Targets     []Target
	Options     Options
	Field       frame.FieldConfig // a legacy panel's is what Grafana would have migrated it to
	Transforms  []frame.Transformation
	Links       []Link
	TimeFrom    string // its own range, such as 24h; empty for the dashboard's
	TimeShift   string
	Interval    string      // the smallest interval; may hold a variable
	MaxPoints   int         // maxDataPoints; 0 where the file says none
	Alert       *Alert      // of a legacy graph
	Shown       []Condition // all of them hold where Grafana shows it
	Notes       []string    // what could not be read or kept

	library  string   // the library panel that the file only names
	unplaced bool     // no layout names it
	copied   bool     // a repetition that was saved with the dashboard, and is made again
	reuses   []reused // the panels whose answers it shows
}

// reused is another panel whose answers one shows.
type reused struct {
	panel      int
	transforms bool // after that panel's transformations
}

// Grid is a place on a grid of 24 columns. A unit of height is 38 pixels.
type Grid struct{ X, Y, W, H int }

// Repeat says that a panel is there once for each value of a variable.
type Repeat struct {
	Variable string
	Vertical bool
	PerRow   int
}

// Target is one query of a panel.
type Target struct {
	RefID      string
	Expr       string
	Legend     string // as the file says; may be empty or __auto
	Instant    bool
	Range      bool // neither of the two means range
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

// AlertCondition is one condition of an alert. All its values are as the file says.
type AlertCondition struct {
	RefID    string
	From, To string // of the query, such as 5m and now
	Reducer  string // such as avg
	Type     string // gt, lt, within_range, outside_range or no_value
	Params   []float64
	Operator string // how it joins the condition before it: and, or
}

// Condition says when Grafana shows a row or a panel of a dashboard of schema v2.
type Condition struct {
	Hide  bool // hidden, and not shown, where it holds
	Any   bool // one of Tests is enough
	Tests []Test
}

// Test is one part of a Condition. What is not about a variable depends on data or on the range.
type Test struct {
	Variable string
	Operator string // equals, notEquals, matches or notMatches
	Value    string
}
