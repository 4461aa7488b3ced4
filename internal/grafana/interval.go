package grafana

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// DefaultScrape is the scrape interval that Grafana assumes if none is configured.
const DefaultScrape = 15 * time.Second

const (
	defaultPoints = 500    // maxDataPoints of a panel without a width
	safePoints    = 11_000 // the most samples a series that Prometheus answers with
	day           = 24 * time.Hour
	year          = 365 * day
)

// rounds has, for each bound, the value to which an interval below it is rounded.
var rounds = []struct{ below, to time.Duration }{
	{10 * time.Millisecond, time.Millisecond},
	{15 * time.Millisecond, 10 * time.Millisecond},
	{35 * time.Millisecond, 20 * time.Millisecond},
	{75 * time.Millisecond, 50 * time.Millisecond},
	{150 * time.Millisecond, 100 * time.Millisecond},
	{350 * time.Millisecond, 200 * time.Millisecond},
	{750 * time.Millisecond, 500 * time.Millisecond},
	{1500 * time.Millisecond, time.Second},
	{3500 * time.Millisecond, 2 * time.Second},
	{7500 * time.Millisecond, 5 * time.Second},
	{12500 * time.Millisecond, 10 * time.Second},
	{17500 * time.Millisecond, 15 * time.Second},
	{25 * time.Second, 20 * time.Second},
	{45 * time.Second, 30 * time.Second},
	{90 * time.Second, time.Minute},
	{210 * time.Second, 2 * time.Minute},
	{450 * time.Second, 5 * time.Minute},
	{750 * time.Second, 10 * time.Minute},
	{1050 * time.Second, 15 * time.Minute},
	{25 * time.Minute, 20 * time.Minute},
	{45 * time.Minute, 30 * time.Minute},
	{90 * time.Minute, time.Hour},
	{150 * time.Minute, 2 * time.Hour},
	{270 * time.Minute, 3 * time.Hour},
	{9 * time.Hour, 6 * time.Hour},
	{day, 12 * time.Hour},
	{7 * day, day},
	{21 * day, 7 * day},
	{42 * day, 30 * day},
}

// RoundInterval returns the interval that a person would choose, as Grafana rounds it.
func RoundInterval(d time.Duration) time.Duration {
	for _, r := range rounds {
		if d < r.below {
			return r.to
		}
	}
	return year
}

// Interval returns the interval of a panel of some points over a range: rounded, and at least low.
// Grafana calls it the frontend's interval.
func Interval(rng time.Duration, points int, low time.Duration) time.Duration {
	return max(RoundInterval(rng/time.Duration(pointsOf(points))), low)
}

func pointsOf(points int) int {
	if points < 1 {
		return defaultPoints
	}
	return points
}

// Stepping is what determines the step of a query.
type Stepping struct {
	Range    time.Duration
	Points   int           // of the panel; 0: 500
	Interval time.Duration // of the panel, from Interval
	MinStep  string        // of the target, with its variables filled in; empty if it has none
	Factor   int           // intervalFactor
	Scrape   time.Duration // of the datasource; 0: DefaultScrape
}

// Timing is the step of a query and the values of its time variables.
type Timing struct {
	Step         time.Duration // also $__interval
	RateInterval time.Duration // $__rate_interval
	Range        time.Duration // $__range
}

// Time computes the step of a query and its $__rate_interval, as Grafana's backend does. A min step
// that is not a duration is ignored.
func (s Stepping) Time() Timing {
	scrape := s.Scrape
	if scrape <= 0 {
		scrape = DefaultScrape
	}
	ofRate := isVariable(s.MinStep, "__rate_interval")
	ofInterval := isVariable(s.MinStep, "__interval")
	low, ok := ParseInterval(s.MinStep)
	given := ok && low > 0 // Grafana saves 0s for none
	if !given {
		low = s.Interval
		if low <= 0 {
			low = scrape
		}
	}
	automatic := s.Range / time.Duration(pointsOf(s.Points))
	step := low
	if automatic >= low {
		step = RoundInterval(automatic)
	}
	step = max(step, RoundInterval(s.Range/safePoints))
	t := Timing{Range: s.Range}
	switch {
	case ofRate:
		t.Step = max(step+scrape, 4*scrape)
		t.RateInterval = t.Step
		return t
	default:
		t.Step = step * time.Duration(min(max(s.Factor, 1), 1000))
	}
	switch {
	case ofInterval:
		scrape = t.Step
	case given:
		scrape = low
	}
	t.RateInterval = max(s.Interval+scrape, 4*scrape)
	return t
}

// isVariable reports whether a text is one variable and nothing else.
func isVariable(s, name string) bool {
	return s == "$"+name || s == "${"+name+"}"
}

var interval = regexp.MustCompile(`^[>]?\s*(\d+(?:\.\d+)?)\s*(ms|[Mwdhmsy])?$`)

// intervalUnits are the units of an interval; M is a month.
var intervalUnits = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "": time.Second, "m": time.Minute, "h": time.Hour,
	"d": day, "w": 7 * day, "M": 30 * day, "y": year,
}

// ParseInterval reads an interval such as 30s, 1h30m, or 15, which are seconds. It reports false if
// the text is not an interval, is negative, or is longer than ten years.
func ParseInterval(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if m := interval.FindStringSubmatch(s); m != nil {
		f, err := strconv.ParseFloat(m[1], 64)
		d := f * float64(intervalUnits[m[2]])
		if err != nil || d > float64(10*year) {
			return 0, false
		}
		return time.Duration(d), true
	}
	d, err := model.ParseDuration(s)
	if err != nil || time.Duration(d) > 10*year {
		return 0, false
	}
	return time.Duration(d), true
}

// Range returns the range that the dashboard was saved with. It reports false if the range is not a
// fixed length that ends now, such as today.
func (b *Dashboard) Range() (time.Duration, bool) {
	ago, ok := strings.CutPrefix(b.From, "now-")
	if !ok || b.To != "now" {
		return 0, false
	}
	d, ok := ParseInterval(ago)
	return d, ok && d > 0
}

// FormatInterval writes an interval as Grafana writes $__interval: in one unit, without the
// remainder.
func FormatInterval(d time.Duration) string {
	units := []struct {
		d    time.Duration
		name string
	}{{year, "y"}, {day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	for _, u := range units {
		if d >= u.d {
			return strconv.FormatInt(int64(d/u.d), 10) + u.name
		}
	}
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10) + "ms"
}

// variable returns the value of a built-in time variable.
func (t Timing) variable(name string) (string, bool) {
	number := func(n int64) (string, bool) { return strconv.FormatInt(n, 10), true }
	switch name {
	case "__interval":
		return FormatInterval(t.Step), true
	case "__interval_ms":
		return number(t.Step.Milliseconds())
	case "__rate_interval":
		return model.Duration(t.RateInterval).String(), true
	case "__rate_interval_ms":
		return number(t.RateInterval.Milliseconds())
	case "__range":
		return strconv.FormatInt(t.seconds(), 10) + "s", true
	case "__range_s":
		return number(t.seconds())
	case "__range_ms":
		return number(t.Range.Milliseconds())
	}
	return "", false
}

func (t Timing) seconds() int64 { return int64(math.Round(t.Range.Seconds())) }
