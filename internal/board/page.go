package board

import (
	"time"

	"github.com/promsnap/promsnap/internal/grafana"
)

// Board is a dashboard with what its panels show. It is plain data.
type Board struct {
	Title       string
	Description string
	From, To    time.Time // the range of panels without one of their own
	Rows        []Row     // the sections, in the order of the page
	Panels      []Panel   // in reading order
	Variables   []grafana.VariableVerdict
	// Verdicts has one entry for each panel of the file: what became of it.
	Verdicts []grafana.Verdict
	Notes    []string // about the dashboard, in English
	// Failures are those of the variables' queries, in English. A variable whose query failed has
	// no value. The failures of panels are in their views.
	Failures []string
}

// Row is a section of the page.
type Row struct {
	Title     string
	Tab       string // the tab that it is in; empty if the dashboard has none
	Collapsed bool   // it is closed until the reader opens it
	Bare      bool   // it has no heading
}

// Panel is one panel with its place on the page.
type Panel struct {
	View
	Name    string       // unique in the board, a file name and an anchor: [a-z0-9-]
	ID      int          // in the file; copies of a repeated panel share it
	Row     int          // index into Board.Rows; -1: above all rows
	Place   grafana.Grid // within its row
	Queries []Query      // those that were sent
	Differs string       // what differs from Grafana, in English; empty: nothing
}

// Query is a query of a panel as it was sent.
type Query struct {
	Ref     string
	Expr    string
	Instant bool
	Step    time.Duration // of a range query
}
