package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
)

// Memory in use is not forecast. Measured on real machines, it cannot be: whatever method, nearly
// every alarm was false.

const (
	// imagesDeleted is how full a disk is when the kubelet begins to delete images.
	imagesDeleted = 0.85
	// leastShare and leastFactor are the least changes of a share and of a rate that are news.
	leastShare  = 0.05
	leastFactor = 1.5
)

// forecastTo forecasts when a series stays above a limit. Its rule may wait longer than 15 minutes,
// but the samples of four weeks are an hour apart.
func forecastTo(limit float64) *panel.Forecast {
	return &panel.Forecast{
		Limit: limit, For: 15 * time.Minute, Horizon: panel.DefaultHorizon,
	}
}
