package value

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// span is one name of a duration. It is used for magnitudes below less, in units of size. A name
// that is a word gets an s in the plural.
type span struct {
	less, size float64
	name       string
}

const (
	minute = 60.0
	hour   = 60 * minute
	day    = 24 * hour
	week   = 7 * day
	year   = 365 * day
)

var inf = math.Inf(1)

// The spans of each unit of time, in that unit. Grafana does not have the same names in all of
// them.
var (
	nanoseconds = []span{
		{1e3, 1, "ns"}, {1e6, 1e3, "µs"}, {1e9, 1e6, "ms"}, {minute * 1e9, 1e9, "s"},
		{hour * 1e9, minute * 1e9, "min"}, {day * 1e9, hour * 1e9, "hour"}, {inf, day * 1e9, "day"},
	}
	microseconds = []span{{1e3, 1, "µs"}, {1e6, 1e3, "ms"}, {inf, 1e6, "s"}}
	milliseconds = []span{
		{1e3, 1, "ms"}, {minute * 1e3, 1e3, "s"}, {hour * 1e3, minute * 1e3, "min"},
		{day * 1e3, hour * 1e3, "hour"}, {year * 1e3, day * 1e3, "day"}, {inf, year * 1e3, "year"},
	}
	seconds = []span{
		{minute, 1, "s"}, {hour, minute, "min"}, {day, hour, "hour"}, {week, day, "day"},
		{year, week, "week"}, {inf, 31_556_900, "year"},
	}
	minutes = []span{
		{60, 1, "min"}, {1440, 60, "hour"}, {10_080, 1440, "day"}, {604_800, 10_080, "week"},
		{inf, 525_948, "year"},
	}
	hours = []span{{24, 1, "hour"}, {168, 24, "day"}, {8760, 168, "week"}, {inf, 8760, "year"}}
	days  = []span{{7, 1, "day"}, {365, 7, "week"}, {inf, 365, "year"}}
)

// spans prints a number of a unit of time. In the unit itself Grafana writes no plural, except for
// days.
func spans(of []span) format {
	return func(v float64, decimals *int, _ time.Time) Formatted {
		for _, s := range of {
			if math.Abs(v) < s.less || math.IsInf(s.less, 1) {
				v /= s.size
				suffix := " " + s.name
				word := utf8.RuneCountInString(s.name) > 2
				if word && (s.size != 1 || s.name == "day") && math.Abs(v) > 1 {
					suffix += "s"
				}
				return Formatted{Text: fixed(v, decimals), Suffix: suffix}
			}
		}
		return Formatted{} // not reached: the last span has no limit
	}
}

// secondsOf prints a value as seconds. One second has unit of the value, such as 100 timeticks.
func secondsOf(unit float64) format {
	longer := spans(seconds)
	return func(v float64, decimals *int, now time.Time) Formatted {
		v /= unit
		switch size := math.Abs(v); {
		case size == 0:
			return Formatted{Text: "0", Suffix: " s"}
		case size < 1e-6:
			return Formatted{Text: fixed(v*1e9, decimals), Suffix: " ns"}
		case size < 1e-3:
			return Formatted{Text: fixed(v*1e6, decimals), Suffix: " µs"}
		case size < 1:
			return Formatted{Text: fixed(v*1e3, decimals), Suffix: " ms"}
		}
		return longer(v, decimals, now)
	}
}

// parts are the words of a duration, in milliseconds.
var parts = []struct {
	size float64
	name string
}{
	{year * 1e3, "year"}, {30 * day * 1e3, "month"}, {week * 1e3, "week"}, {day * 1e3, "day"},
	{hour * 1e3, "hour"}, {minute * 1e3, "minute"}, {1e3, "second"}, {1, "millisecond"},
}

// duration prints a duration in words: 2 weeks, 3 days. decimals is the number of words after the
// first.
func duration(unit string, size float64) format {
	var f format
	f = func(v float64, decimals *int, now time.Time) Formatted {
		switch {
		case math.IsInf(v, 0):
			return Formatted{Text: fixed(v, nil), Suffix: " " + unit}
		case v == 0:
			return Formatted{Text: "0", Suffix: " " + unit}
		case v < 0:
			later := f(-v, decimals, now)
			later.Suffix += " ago"
			return later
		}
		left := 0
		if decimals != nil {
			left = *decimals
		}
		var words []string
		v *= size
		for _, p := range parts {
			if left < 0 {
				break
			}
			n := v / p.size
			if n < 1 && len(words) == 0 {
				continue
			}
			word := numberString(math.Floor(n)) + " " + p.name
			if math.Floor(n) != 1 {
				word += "s"
			}
			words = append(words, word)
			v = math.Mod(v, p.size)
			left--
		}
		return Formatted{Text: strings.Join(words, ", ")}
	}
	return f
}

// hms prints seconds as 00:00:00, with days before that if withDays.
func hms(withDays bool) format {
	return func(v float64, _ *int, _ time.Time) Formatted {
		if math.IsInf(v, 0) {
			return Formatted{Text: fixed(v, nil)}
		}
		var f Formatted
		if v < 0 {
			v, f.Suffix = -v, " ago"
		}
		if n := math.Floor(v / day); withDays && n > 0 {
			f.Text = numberString(n) + " d "
			v -= float64(float64(n*24) * hour)
		}
		f.Text += strings.Join([]string{
			atLeastTwo(math.Floor(v / hour)),
			atLeastTwo(math.Floor(math.Mod(v, hour) / minute)),
			atLeastTwo(math.Floor(math.Mod(math.Mod(v, hour), minute))),
		}, ":")
		return f
	}
}

func atLeastTwo(v float64) string {
	if v > 9 {
		return numberString(v)
	}
	return "0" + numberString(v)
}

// clock prints a time of size milliseconds a unit as 01h:02m:03s:004ms. decimals is the number of
// parts after the first.
func clock(size float64) format {
	return func(v float64, decimals *int, _ time.Time) Formatted {
		if math.IsInf(v, 0) {
			return Formatted{Text: fixed(v, nil)}
		}
		v *= size
		// The time of day, as a clock shows it. Below zero it runs backwards.
		ms := int(math.Mod(math.Mod(math.Trunc(v), day*1e3)+day*1e3, day*1e3))
		all := []string{
			numberString(math.Floor(v/(hour*1e3))) + "h", fmt.Sprintf("%02dm", ms/60_000%60),
			fmt.Sprintf("%02ds", ms/1000%60), fmt.Sprintf("%03dms", ms%1000),
		}
		switch {
		case v < 1000:
			return Formatted{Text: all[3]}
		case v < minute*1e3:
			all = all[2:]
		case v < hour*1e3:
			all = all[1:]
		}
		if decimals != nil && *decimals >= 0 && *decimals+1 < len(all) {
			all = all[:*decimals+1]
		}
		return Formatted{Text: strings.Join(all, ":")}
	}
}
