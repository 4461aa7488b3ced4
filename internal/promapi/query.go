package promapi

import (
	"github.com/promsnap/promsnap/internal/series"
)

// Query is one range query.
type Query struct {
	// PromQL with its variables expanded; the client adds its matchers to every selector
	Expr string
	Grid series.Grid // the times of the samples; a grid of one step has one sample a series
	// the most series in the answer; more is a *LimitError. 0 means DefaultLimit
	Limit int
}

// Meta describes an answer without its series.
type Meta struct {
	Expr string // the PromQL as it was sent, with the client's matchers
	// the times of the samples: those of the query, shifted by a constant if the server aligned
	// them differently
	Grid     series.Grid
	Series   int
	Samples  int   // the samples in the answer, including NaN
	Bytes    int64 // of the body
	Warnings []string
	Infos    []string
	Partial  bool // warnings, isPartial, or a truncated answer
}
