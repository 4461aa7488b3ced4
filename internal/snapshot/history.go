package snapshot

import (
	"time"

	"github.com/promsnap/promsnap/internal/change"
	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/series"
)

// History is what the panel's query showed over four weeks. Nil: it was not asked, or it failed
// (NoteHistoryUnknown).
type History struct {
	Grid series.Grid // as queried
	// Had is how much of it has data, at most the range of the grid.
	Had time.Duration
	// Forecasts are those with a day, the soonest first, then those without one, the fullest first.
	// At most mostForecasts of each kind.
	Forecasts []Forecast
	// Up and Down are the series that moved, the largest change first, at most mostMoved each.
	Up, Down []Moved
	// UpAll and DownAll are how many moved.
	UpAll, DownAll int
	// Sum is the sum of all levels, in the unit of the amounts. What changed by less than 1 % of it
	// is not news.
	Sum float64
}

// Forecast is the forecast of one series.
type Forecast struct {
	Ref      string // its query (panel.Query.Ref)
	Labels   series.Labels
	Name     string // the series' Row.Name
	Node     string // its Row.Node
	Capacity float64
	forecast.Forecast
}

// Moved is a series whose level changed. A pod's series are one, by workload.
type Moved struct {
	Ref      string
	Labels   series.Labels // with workload instead of pod
	Name     string        // without a pod's name
	Node     string
	Capacity float64
	Amount   float64 // of the change, in the unit of the panel's capacity, else in its own
	change.Change
	// Week and Before are the samples of the last seven days and of the seven days before, one an
	// hour, the newest last.
	Week, Before []float64
}

// ForecastOf returns the forecast of a series, nil if there is none.
func (p *Panel) ForecastOf(ref string, ls series.Labels) *Forecast {
	if p.History == nil {
		return nil
	}
	ref = p.Spec.Query(ref).Ref
	for i := range p.History.Forecasts {
		f := &p.History.Forecasts[i]
		if f.Ref == ref && f.Labels.Compare(ls) == 0 {
			return f
		}
	}
	return nil
}
