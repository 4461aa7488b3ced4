package forecast_test

import (
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/series"
)

// A disk that has grown by one percent a day for four weeks, and is at 75 %.
func ExampleOf() {
	g := series.Grid{
		Start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour, Len: 28 * 24,
	}
	values := make([]float64, g.Len)
	for i := range values {
		values[i] = 0.75 - 0.01*g.End().Sub(g.At(i)).Hours()/24
	}
	f := forecast.Of(values, g, forecast.Aim{Limit: 0.85, For: 15 * time.Minute})
	fmt.Printf("full in %.0f days (%.0f–%.0f): %.1f points a day in %d of %d weeks\n",
		f.Days, f.Lo, f.Hi, 100*f.Rate, f.Grew, f.Weeks)

	f = forecast.Of(values[:13*24], series.Grid{Start: g.Start, Step: g.Step, Len: 13 * 24},
		forecast.Aim{Limit: 0.85})
	fmt.Println(f.Why)
	// Output:
	// full in 10 days (6–16): 1.0 points a day in 21 of 21 weeks
	// too_short
}
