package change

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// slot is a Wednesday.
var slot = time.Date(2025, 6, 18, 9, 0, 0, 0, time.UTC)

// month is four weeks of hours that end at slot.
var month = hours(28 * 24)

func hours(n int) series.Grid {
	return series.Grid{
		Start: slot.Add(-time.Duration(n-1) * time.Hour), Step: time.Hour, Len: n,
	}
}

// level returns a value for each step of g: at gets the time and the hours before the end.
func level(g series.Grid, at func(t time.Time, ago float64) float64) []float64 {
	values := make([]float64, g.Len)
	for i := range values {
		t := g.At(i)
		values[i] = at(t, g.End().Sub(t).Hours())
	}
	return values
}

// wobble is a little deterministic noise, between -1 and 1.
func wobble(ago float64) float64 {
	return math.Sin(ago*12.9898) * math.Cos(ago*0.31)
}

// weekdays is a shape with a rhythm by hour and by weekday, between 0 and 1.
func weekdays(t time.Time) float64 {
	s := 0.5 + 0.5*math.Sin(2*math.Pi*(float64(t.Hour())-9)/24)
	if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
		s *= 0.2
	}
	return s
}

var nan = math.NaN()

func TestOf(t *testing.T) {
	const points = 0.05
	step := func(from, to, days float64) func(time.Time, float64) float64 {
		return func(_ time.Time, ago float64) float64 {
			if ago < days*24 {
				return to + 0.005*wobble(ago)
			}
			return from + 0.005*wobble(ago)
		}
	}
	for _, c := range []struct {
		name  string
		grid  series.Grid
		at    func(t time.Time, ago float64) float64
		floor Floor
		want  string // "" for no change
	}{
		{"nothing", month, step(0.4, 0.4, 1), Floor{By: points}, ""},
		{"constant, with no floor", month, step(0.4, 0.4, 1), Floor{}, ""},
		{
			"a step three days ago", month, step(0.41, 0.63, 3), Floor{By: points},
			"0.41 to 0.63, usual 0.41 to 0.41 in 3 weeks, since 06-15T10",
		},
		{
			"down", month, step(0.63, 0.41, 3), Floor{By: points},
			"0.63 to 0.41, usual 0.63 to 0.63 in 3 weeks, since 06-15T10",
		},
		{
			"half a day and an hour ago", month, step(0.41, 0.63, 13./24), Floor{By: points},
			"0.41 to 0.63, usual 0.41 to 0.41 in 3 weeks, since 06-17T21",
		},
		{"five hours ago: too early", month, step(0.41, 0.63, 5./24), Floor{By: points}, ""},
		{
			"six days ago", month, step(0.41, 0.63, 6), Floor{By: points},
			"0.41 to 0.63, usual 0.41 to 0.41 in 3 weeks, since 06-12T10",
		},
		{"ten days ago: no news", month, step(0.41, 0.63, 10), Floor{By: points}, ""},
		{"below the floor", month, step(0.41, 0.45, 3), Floor{By: points}, ""},
		{
			"no floor", month, step(0.41, 0.45, 3), Floor{},
			"0.41 to 0.45, usual 0.41 to 0.41 in 3 weeks, since 06-15T10",
		},
		{"ended six hours ago", month, func(_ time.Time, ago float64) float64 {
			return map[bool]float64{true: 0.9, false: 0.4}[ago >= 6 && ago < 40]
		}, Floor{By: points}, ""},
		{"a factor", month, step(10, 16, 2), Floor{Factor: 1.5},
			"10 to 16, usual 10 to 10 in 3 weeks, since 06-16T10"},
		{"down by a factor", month, step(16, 10, 2), Floor{Factor: 1.5},
			"16 to 10, usual 16 to 16 in 3 weeks, since 06-16T10"},
		{"less than the factor", month, step(10, 14, 2), Floor{Factor: 1.5}, ""},
		{"from nothing", month, func(_ time.Time, ago float64) float64 {
			return map[bool]float64{true: 5}[ago < 48]
		}, Floor{Factor: 1.5}, "0 to 5, usual 0 to 0 in 3 weeks, since 06-16T10"},
		{"to the other side", month, func(_ time.Time, ago float64) float64 {
			return map[bool]float64{true: 5, false: -5}[ago < 48]
		}, Floor{Factor: 1.5}, "-5 to 5, usual -5 to -5 in 3 weeks, since 06-16T10"},
		{"weekdays", month, func(at time.Time, ago float64) float64 {
			return weekdays(at) + 0.01*wobble(ago)
		}, Floor{By: points}, ""},
		{"a step under a rhythm", month, func(at time.Time, ago float64) float64 {
			v := weekdays(at) + 0.01*wobble(ago)
			if ago < 60 {
				v += 0.2
			}
			return v
		}, Floor{By: points}, "0.5 to 0.7, usual 0.5 to 0.5 in 3 weeks, since 06-15T22"},
		{"steady growth is no change", month, func(_ time.Time, ago float64) float64 {
			return 0.8 - 0.0005*ago
		}, Floor{By: points}, ""},
		{"new", month, func(_ time.Time, ago float64) float64 {
			return map[bool]float64{true: 0.3, false: nan}[ago < 20]
		}, Floor{By: points}, "new 0.3, since 06-17T14"},
		{"new, and too young for a level", month, func(_ time.Time, ago float64) float64 {
			return map[bool]float64{true: 0.3, false: nan}[ago < 11]
		}, Floor{By: points}, ""},
		{"new two days ago", month, func(_ time.Time, ago float64) float64 {
			return map[bool]float64{true: 0.3, false: nan}[ago < 40]
		}, Floor{By: points}, ""},
		{"new and small", month, func(_ time.Time, ago float64) float64 {
			return map[bool]float64{true: 0.03, false: nan}[ago < 20]
		}, Floor{By: points}, ""},
		{"back after a long hole is not new", month, func(_ time.Time, ago float64) float64 {
			return map[bool]float64{true: nan, false: 0.3}[ago > 20 && ago < 600]
		}, Floor{By: points}, ""},
		{"gone", month, func(_ time.Time, ago float64) float64 {
			return map[bool]float64{true: nan, false: 0.3}[ago < 15]
		}, Floor{By: points}, ""},
		{"two weeks of data: yesterday", hours(14 * 24), step(0.41, 0.63, 0.8), Floor{By: points},
			"0.41 to 0.63, usual 0.41 to 0.41 of yesterday, since 06-17T14"},
		{"two weeks of data: in yesterday's last hours", hours(14 * 24), step(0.41, 0.63, 1.2),
			Floor{By: points}, "0.41 to 0.63, usual 0.41 to 0.41 of yesterday, since 06-17T05"},
		{"two weeks of data: three days ago", hours(14 * 24), step(0.41, 0.63, 3),
			Floor{By: points}, ""},
		{"a week of data: too short", hours(7 * 24), step(0.41, 0.63, 0.8), Floor{By: points}, ""},
		{"a young series", month, func(at time.Time, ago float64) float64 {
			if ago > 15*24 {
				return nan
			}
			return step(0.41, 0.63, 0.8)(at, ago)
		}, Floor{By: points}, "0.41 to 0.63, usual 0.41 to 0.41 of yesterday, since 06-17T14"},
		{"no samples", month, func(time.Time, float64) float64 { return nan }, Floor{}, ""},
		{"infinite", month, func(time.Time, float64) float64 { return math.Inf(1) }, Floor{}, ""},
		{"five minutes", series.Grid{
			Start: slot.Add(-28*24*time.Hour + 5*time.Minute), Step: 5 * time.Minute, Len: 28 * 288,
		}, step(0.41, 0.63, 3), Floor{By: points},
			"0.41 to 0.63, usual 0.41 to 0.41 in 3 weeks, since 06-15T09"},
		{"a step above an hour", series.Grid{
			Start: slot.Add(-28 * 24 * time.Hour), Step: 2 * time.Hour, Len: 28*12 + 1,
		}, step(0.41, 0.63, 3), Floor{By: points}, ""},
		{"an empty grid", series.Grid{}, nil, Floor{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := text(Of(level(c.grid, c.at), c.grid, c.floor, nil))
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// text is a change in one line, with levels rounded to two digits.
func text(c Change, ok bool) string {
	if !ok {
		return ""
	}
	n := func(v float64) string { return fmt.Sprint(math.Round(v*100) / 100) }
	since := ", since " + c.Begin.UTC().Format("01-02T15")
	if c.New {
		return "new " + n(c.To) + since
	}
	weeks := fmt.Sprintf(" in %d weeks", c.Weeks)
	if c.Weeks == 0 {
		weeks = " of yesterday"
	}
	return n(c.From) + " to " + n(c.To) + ", usual " + n(c.Low) + " to " + n(c.High) + weeks + since
}

// An outage on the days that are compared names nobody, whether the series is missing or zero, and
// whichever of them have one.
func TestOutage(t *testing.T) {
	for _, value := range []float64{nan, 0} {
		for days := range 16 {
			values := level(month, func(at time.Time, ago float64) float64 {
				for k := range 4 {
					end := float64((k + 1) * 7 * 24)
					if days>>k&1 == 1 && ago >= end && ago < end+24 {
						return value
					}
				}
				return 0.4 + 0.2*weekdays(at) + 0.01*wobble(ago)
			})
			many := value == 0 && days&7 != 0 && days&7 != 1 && days&7 != 2 && days&7 != 4
			if many { // zero is then the usual level of this weekday
				continue
			}
			if c, ok := Of(values, month, Floor{By: 0.05}, nil); ok {
				t.Errorf("outages of %v on weeks %04b: got %v, want no change", value, days,
					text(c, ok))
			}
		}
	}
}

// The range of usual levels is without that of an outage.
func TestUsualLevelsWithoutOutage(t *testing.T) {
	values := level(month, func(_ time.Time, ago float64) float64 {
		switch {
		case ago < 60:
			return 0.6
		case ago >= 7*24 && ago < 8*24:
			return 0
		case ago >= 14*24 && ago < 15*24:
			return 0.42
		}
		return 0.4
	})
	got := text(Of(values, month, Floor{By: 0.05}, nil))
	want := "0.4 to 0.6, usual 0.4 to 0.42 in 3 weeks, since 06-15T22"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every slot of a quiet month names nobody: not on Mondays or Saturdays, and not when clocks
// change.
func TestWeekendAndClocks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// office has a rhythm by the wall clock, which changed on 30 March and on 26 October 2025
	office := func(at time.Time, ago float64) float64 {
		return 0.2 + 0.5*weekdays(at.In(berlin)) + 0.01*wobble(ago)
	}
	for _, length := range []int{10, 15, 21, 22, 28} { // days of data
		for _, from := range []time.Time{
			time.Date(2025, 3, 24, 0, 0, 0, 0, time.UTC), time.Date(2025, 10, 20, 0, 0, 0, 0, time.UTC),
			time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC),
		} {
			for h := 0; h < 35*24; h += 3 {
				end := from.Add(time.Duration(h) * time.Hour)
				g := series.Grid{
					Start: end.Add(-time.Duration(length*24-1) * time.Hour), Step: time.Hour,
					Len: length * 24,
				}
				c, ok := Of(level(g, office), g, Floor{By: 0.05}, berlin)
				if ok {
					t.Errorf("%v, %d days: got %s, want no change", end.In(berlin), length,
						text(c, ok))
				}
			}
		}
	}
}
