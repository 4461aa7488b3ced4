package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// slot is the time of the forecasts: a Monday.
var slot = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// hourly returns the grid of n days of hourly samples that end at slot.
func hourly(n int) series.Grid {
	return series.Grid{
		Start: slot.Add(-time.Duration(24*n-1) * time.Hour), Step: time.Hour, Len: 24 * n,
	}
}

// shape returns n days of hourly samples. at is given how many days before slot each is, so that
// the newest is 0.
func shape(n int, at func(before float64) float64) []float64 {
	values := make([]float64, 24*n)
	for i := range values {
		values[i] = at(float64(len(values)-1-i) / 24)
	}
	return values
}

// grows is a share that reaches 85 % in 10 days at a percent a day.
func grows(before float64) float64 { return 0.75 - 0.01*before }

var none = math.NaN()

func TestReasons(t *testing.T) {
	nightly := func(before float64) float64 { // the rotation frees 4 % at two in the night
		hours := math.Mod(before*24+24-7, 24)
		return grows(before) - 0.04*(hours/24)
	}
	for name, tc := range map[string]struct {
		days   int // 28 if 0
		at     func(before float64) float64
		aim    Aim // of 0.85 if zero
		why    Reason
		within [2]float64    // days
		since  time.Duration // before slot, checked if not zero
	}{
		"grows":              {at: grows, within: [2]float64{9.9, 10.1}},
		"grows, two weeks":   {at: grows, days: 14, within: [2]float64{9.9, 10.1}},
		"grows, 13 days":     {at: grows, days: 13, why: TooShort},
		"rotates each night": {at: nightly, within: [2]float64{9.5, 10.5}},
		"is flat":            {at: func(float64) float64 { return 0.7 }, why: Flat},
		"falls":              {at: func(b float64) float64 { return 0.5 + 0.01*b }, why: Flat},
		"has no data":        {at: func(float64) float64 { return none }, why: NoData},
		"is gone": {
			at: func(b float64) float64 {
				if b < 2 {
					return none
				}
				return grows(b)
			},
			why: NoData,
		},
		"is full": {at: func(b float64) float64 { return 0.9 - 0.01*b }, why: Reached},
		"is too far": {
			at: func(b float64) float64 { return 0.4 - 0.01*b }, why: TooFar,
		},
		"has levelled off": {
			at: func(b float64) float64 { return 0.75 - 0.01*max(b-8, 0) }, why: LevelOff,
		},
		"grew in one week only": {
			at: func(b float64) float64 { return 0.6 + 0.03*math.Sin(b/3) - 0.002*b }, why: Unsteady,
		},
		"cleaned each week": {
			at: func(b float64) float64 { return 0.7 - 0.02*math.Mod(b+2, 7) }, why: Cycle,
		},
		"cleaned on Friday": {
			at: func(b float64) float64 {
				if b < 3 {
					return grows(b) - 0.3
				}
				return grows(b)
			},
			why: TooEarly, since: 71 * time.Hour,
		},
		"cleaned this morning": {
			at: func(b float64) float64 {
				if b < 0.2 {
					return grows(b) - 0.3
				}
				return grows(b)
			},
			why: TooEarly, since: 4 * time.Hour,
		},
		"cleaned two weeks ago": {
			at: func(b float64) float64 {
				if b > 14 {
					return grows(b) + 0.2
				}
				return grows(b)
			},
			within: [2]float64{9.9, 10.1}, since: 14 * 24 * time.Hour,
		},
		"free space falls": {
			at:     func(b float64) float64 { return 1 - grows(b) },
			aim:    Aim{Limit: 0.15, Below: true},
			within: [2]float64{9.9, 10.1},
		},
		"a certificate ends": {
			at:     func(b float64) float64 { return (20 + b) * 86400 },
			aim:    Aim{Limit: 7 * 86400, Below: true},
			within: [2]float64{12.9, 13.1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := tc.days
			if n == 0 {
				n = 28
			}
			if tc.aim == (Aim{}) {
				tc.aim = Aim{Limit: 0.85, For: 15 * time.Minute}
			}
			got := Of(shape(n, tc.at), hourly(n), tc.aim)
			if got.Why != tc.why {
				t.Fatalf("got reason %q, want %q: %+v", got.Why, tc.why, got)
			}
			if tc.why == "" && !(tc.within[0] <= got.Days && got.Days <= tc.within[1]) {
				t.Errorf("got %.2f days, want %v", got.Days, tc.within)
			}
			if before := slot.Sub(got.Since); tc.since != 0 && before != tc.since {
				t.Errorf("got since %v before the slot, want %v", before, tc.since)
			}
		})
	}
}
