package report

import (
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Fill is a row of the table of what fills next.
type Fill struct {
	Panel, Title string
	Ref          string
	labels       series.Labels
	Name, Node   string
	Level        string    // "78.2 %"
	Used         string    // "391 of 500 GiB"; "" without a capacity
	In           string    // "about 5 days (3–8)"
	Growth       string    // "1.4 GiB a day in 21 of 21 weeks"
	Days         float64   // until the limit
	At           time.Time // when that is
	Sure         bool      // also at the growth that seven in ten weeks exceeded, within the horizon
	Sentence     string    // In and Growth: "full in about 5 days (3–8): 1.4 GiB a day in 21 of …"
	Explained    string    // how the forecast was made, in one line
}

// Move is a row of the table of what changed since last week.
type Move struct {
	Panel, Title string
	Name, Node   string
	Up, New      bool
	Sentence     string // "memory of checkout rose from 41 to 63 % since Tuesday (usual …)"
	Amount       Figure // of the change
	Since        time.Time
	Changes      []string // what changed on the object shortly before
	Week, Before []float64
}
