//go:build acceptance

package acceptance

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The fixture holds one sample a minute from fixtureStart to slot, at which promsnap runs.
var (
	fixtureStart = time.Date(2026, 3, 9, 16, 0, 0, 0, time.UTC)
	slot         = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
)

const fixtureLen = 8*60 + 1

// clock returns the time of "15:04" on the fixture's day.
func clock(hhmm string) time.Time {
	t, err := time.Parse("15:04", hhmm)
	if err != nil {
		panic(err) // a mistake in the tables of this package
	}
	return time.Date(2026, 3, 9, t.Hour(), t.Minute(), 0, 0, time.UTC)
}

// plus adds minutes to hhmm. It returns "" for "".
func plus(hhmm string, minutes int) string {
	if hhmm == "" {
		return ""
	}
	return clock(hhmm).Add(time.Duration(minutes) * time.Minute).Format("15:04")
}

// run is a sequence of samples: value at from, and slope more each minute. NaN is a gap.
type run struct {
	from         time.Time
	value, slope float64
}

// shape is a function of time in runs, each of which lasts until the next begins. It describes both
// what the fixture stores and what a panel must answer.
type shape []run

// flat is value from the first sample onward.
func flat(value float64) shape { return shape{{fixtureStart, value, 0}} }

// line is value at the first sample and slope more each minute.
func line(value, slope float64) shape { return shape{{fixtureStart, value, slope}} }

// then continues with value from the time hhmm.
func (s shape) then(hhmm string, value float64) shape { return s.thenLine(hhmm, value, 0) }

// thenLine continues from the time hhmm with value and slope more each minute.
func (s shape) thenLine(hhmm string, value, slope float64) shape {
	return append(s[:len(s):len(s)], run{clock(hhmm), value, slope})
}

// hole removes the samples from the time from until before the time to, or to the end if to is
// empty. A counter keeps counting in the gap.
func (s shape) hole(from, to string) shape {
	out := s.before(clock(from)).then(from, math.NaN())
	if to == "" {
		return out
	}
	return out.join(s.after(clock(to)))
}

// before returns the runs of s that begin before the time t. The last of them has no end.
func (s shape) before(t time.Time) shape {
	var out shape
	for _, r := range s {
		if r.from.Before(t) {
			out = append(out, r)
		}
	}
	return out
}

// after returns s from the time t onward.
func (s shape) after(t time.Time) shape {
	out := shape{{t, s.at(t), s.runAt(t).slope}}
	for _, r := range s {
		if r.from.After(t) {
			out = append(out, r)
		}
	}
	return out
}

func (s shape) join(o shape) shape { return append(s[:len(s):len(s)], o...) }

// runAt returns the run at the time t. Before the first run that is a gap.
func (s shape) runAt(t time.Time) run {
	held := run{fixtureStart, math.NaN(), 0}
	for _, r := range s {
		if !r.from.After(t) {
			held = r
		}
	}
	return held
}

// at returns the value at the time t: that of the last whole minute, as a query sees it. NaN means
// no sample.
func (s shape) at(t time.Time) float64 {
	r := s.runAt(t)
	return r.value + r.slope*math.Floor(t.Sub(r.from).Minutes())
}

// notation writes s in the notation of promtool's unit tests: "1+60x479" is 480 samples, "_x3" is
// three gaps.
func (s shape) notation() string {
	if first := s[0].from; first.After(fixtureStart) {
		s = flat(math.NaN()).join(s)
	}
	var words []string
	for i, r := range s {
		end := fixtureStart.Add(fixtureLen * time.Minute)
		if i+1 < len(s) {
			end = s[i+1].from
		}
		switch n := int(end.Sub(r.from).Minutes()); {
		case math.IsNaN(r.value):
			words = append(words, fmt.Sprintf("_x%d", n))
		case r.slope == 0:
			words = append(words, fmt.Sprintf("%sx%d", number(r.value), n-1))
		default:
			words = append(words, fmt.Sprintf("%s%+.0fx%d", number(r.value), r.slope, n-1))
		}
	}
	return strings.Join(words, " ")
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
