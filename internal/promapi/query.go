package promapi

import (
	"github.com/promsnap/promsnap/internal/series"
)

// Query is one range query.
type Query struct {
	// PromQL, its variables already expanded; the client puts its matchers into every selector
	Expr string
	Grid series.Grid // the times asked for; a grid of one step asks for one sample a series
	// most series in the answer; one more is an error of type *LimitError. 0: DefaultLimit
	Limit int
}

// Meta is what is known of an answer beside its series.
type Meta struct {
	Expr string // the PromQL as it was sent, with the client's matchers
	// the times of the samples: the query's, or moved by a constant where the server aligned it
	// otherwise
	Grid     series.Grid
	Series   int
	Samples  int   // samples that are there, NaN among them where the server sent it
	Bytes    int64 // of the body
	Warnings []string
	Infos    []string
	Partial  bool // warnings, isPartial, or a truncated answer
}
