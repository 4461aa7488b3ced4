package tuning

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// perWeek returns a number of alerts a week, as precise as it deserves.
func perWeek(v float64) string {
	if v > 0 && v < 0.05 {
		return "< 0.1"
	}
	return decimal(v)
}

// often returns how often something alerted a week: "1 time", "8.2 times".
func (t teller) often(v float64) string {
	n := perWeek(v)
	if n == "1" {
		return fmt.Sprintf(t.b.Often.One, n)
	}
	return fmt.Sprintf(t.b.Often.Many, n)
}

// decimal returns a number with one decimal below ten, else without.
func decimal(v float64) string {
	if v >= 9.95 {
		return words.Thousands(int(math.Round(min(v, 1e12))))
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// forText returns a For as it is configured: "15m".
func forText(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	return model.Duration(d).String()
}

// times returns a stretch of time: "Mon 2 Nov 02:10–05:00".
func (t teller) times(from, to time.Time) string {
	from, to = from.In(t.Zone), to.In(t.Zone)
	end := t.w.Clock(to)
	if !sameDay(from, to) {
		end = t.w.Date(to) + " " + end
	}
	begin := t.w.Date(from) + " " + t.w.Clock(from)
	if to.Equal(from) {
		return begin
	}
	return begin + none + end
}

func sameDay(a, b time.Time) bool {
	return a.YearDay() == b.YearDay() && a.Year() == b.Year()
}

// span returns how long something lasted, short enough for a table: "41 h", "2.5 d".
func (t teller) span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return none
	case d < time.Hour:
		return t.w.Figure(units.Span(d.Round(time.Minute)))
	case d < 2*day:
		return t.w.Figure(decimal(d.Hours()) + " h")
	}
	return t.w.Figure(decimal(d.Hours()/24) + " d")
}

// percent returns a share as a whole percentage.
func (t teller) percent(share float64) string {
	return t.w.Figure(units.Percent.Format(math.Round(share * 100)))
}
