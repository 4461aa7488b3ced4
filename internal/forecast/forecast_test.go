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

// TestRealShapes has what real servers answer: samples that are missing, rounded, or of another
// disk.
func TestRealShapes(t *testing.T) {
	without := func(gone func(before float64) bool) func(float64) float64 {
		return func(b float64) float64 {
			if gone(b) {
				return none
			}
			return grows(b)
		}
	}
	between := func(from, to float64) func(float64) bool {
		return func(b float64) bool { return from <= b && b < to }
	}
	// resized is a disk whose share was times as large until some days ago
	resized := func(ago, times float64) func(float64) float64 {
		return func(b float64) float64 {
			if b >= ago {
				return times * grows(b)
			}
			return grows(b)
		}
	}
	ten := [2]float64{9.9, 10.1}
	for name, tc := range map[string]struct {
		at     func(before float64) float64
		limit  float64 // 0.85 if 0
		why    Reason
		within [2]float64
	}{
		"two days missing":           {at: without(between(9, 11)), within: ten},
		"a week missing":             {at: without(between(14, 21)), within: ten},
		"nothing since last evening": {at: without(between(0, 0.6)), within: [2]float64{9.9, 10.7}},
		"two weeks missing":          {at: without(between(5, 20)), why: TooShort},
		"every other hour missing": {
			at: without(func(b float64) bool { return int(b*24)%2 == 1 }), within: ten,
		},
		"begins in the window": {at: without(between(17.3, 28)), within: ten},
		"began last week":      {at: without(between(8, 28)), why: TooShort},
		"rounded to a percent": {
			at:     func(b float64) float64 { return math.Round(100*grows(b)) / 100 },
			within: [2]float64{9, 11},
		},
		"slow, rounded to a percent": {
			at: func(b float64) float64 { return math.Round(84-0.05*b) / 100 }, why: Flat,
		},
		"inodes": {
			at: func(b float64) float64 { return math.Floor(5e6 - 5e4*b) }, limit: 5.5e6, within: ten,
		},
		"inodes at rest": {
			at: func(float64) float64 { return 4_812_331 }, limit: 5.5e6, why: Flat,
		},
		"zero":                     {at: func(float64) float64 { return 0 }, why: Flat},
		"below zero":               {at: func(b float64) float64 { return -b - 20 }, limit: -10, within: ten},
		"enlarged three weeks ago": {at: resized(20, 2), within: ten},
		"enlarged five days ago":   {at: resized(5, 1.3), why: TooEarly},
		"moved to a smaller disk":  {at: resized(20, 0.7), within: ten},
		"runs away since this morning": {
			at: func(b float64) float64 { return 0.5 + 0.2*max(0, 0.5-b) }, why: TooEarly,
		},
		"infinite now and then": {
			at: func(b float64) float64 {
				if int(b*24)%50 == 7 {
					return math.Inf(1)
				}
				return grows(b)
			},
			within: ten,
		},
		"a backup on Sundays": {
			at: func(b float64) float64 {
				if h := math.Mod(b-1.2, 7); h >= 0 && h < 0.3 {
					return grows(b) + 0.06
				}
				return grows(b)
			},
			within: ten,
		},
		"a large file for two hours, last week": {
			at: func(b float64) float64 {
				if 8 < b && b < 8.1 {
					return 0.84
				}
				return grows(b)
			},
			within: [2]float64{9, 10.1},
		},
		"weekends at rest": {
			at: func(b float64) float64 { // two days of seven without growth, the newest Monday
				weeks, rest := math.Floor(b/7), math.Mod(b, 7)
				return 0.75 - 0.014*(5*weeks+min(rest, 1)+max(rest-3, 0))
			},
			within: [2]float64{9.5, 10.5},
		},
		"the clock changes": {
			at: func(b float64) float64 { // the nightly rotation comes an hour later since day 10
				hours := math.Mod(b*24+24-7, 24)
				if b > 10 {
					hours = math.Mod(b*24+24-8, 24)
				}
				return grows(b) - 0.04*(hours/24)
			},
			within: [2]float64{9.5, 10.5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			aim := Aim{Limit: tc.limit}
			if aim.Limit == 0 {
				aim.Limit = 0.85
			}
			got := Of(shape(28, tc.at), hourly(28), aim)
			if got.Why != tc.why {
				t.Fatalf("got reason %q, want %q: %+v", got.Why, tc.why, got)
			}
			if tc.why == "" && !(tc.within[0] <= got.Days && got.Days <= tc.within[1]) {
				t.Errorf("got %.2f days, want %v", got.Days, tc.within)
			}
		})
	}
}
