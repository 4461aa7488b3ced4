package tuning

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

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
