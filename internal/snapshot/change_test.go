package snapshot

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

func TestChange(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, tt := range map[string]struct {
		values []float64
		step   time.Duration
		want   Change
	}{
		"an hour":          {[]float64{9, 1, 2, 3, 4}, 20 * time.Minute, Change{3, time.Hour}},
		"a shorter window": {[]float64{5, 3}, 20 * time.Minute, Change{-2, 20 * time.Minute}},
		"a hole an hour ago": {
			[]float64{9, nan, 2, 3, 4}, 20 * time.Minute, Change{2, 40 * time.Minute},
		},
		"ended before": {
			[]float64{1, 2, 4, nan, nan}, 20 * time.Minute, Change{3, 40 * time.Minute},
		},
		"a step that does not divide an hour": {
			[]float64{9, 1, 2}, 35 * time.Minute, Change{1, 35 * time.Minute},
		},
		"a step above an hour":  {[]float64{1, 2}, 2 * time.Hour, Change{}},
		"one sample":            {[]float64{nan, nan, 2}, 20 * time.Minute, Change{}},
		"no sample":             {[]float64{nan, nan}, 20 * time.Minute, Change{}},
		"none at all":           {nil, 20 * time.Minute, Change{}},
		"infinite now":          {[]float64{1, inf}, 20 * time.Minute, Change{}},
		"infinite all the time": {[]float64{inf, inf}, 20 * time.Minute, Change{}},
		"steady":                {[]float64{2, 2}, 20 * time.Minute, Change{0, 20 * time.Minute}},
		"one moment":            {[]float64{2, 2}, 0, Change{}},
	} {
		if got := changeOf(tt.values, series.Newest(tt.values), tt.step); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}
