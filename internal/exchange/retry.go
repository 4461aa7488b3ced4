package exchange

import (
	"net/http"
	"strconv"
	"time"
)

// MostWait is how long a server may ask to wait.
const MostWait = 24 * time.Hour

// RetryAfter returns how long an answer asks to wait, and whether it asks: a number of seconds, or
// a date, which is held against the answer's own (RFC 9110, 10.2.3). It is MostWait at most.
func RetryAfter(h http.Header) (wait time.Duration, asks bool) {
	s := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(s); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, int(MostWait/time.Second))) * time.Second, true
	}
	until, err := http.ParseTime(s)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, true
	}
	return min(max(until.Sub(now), 0), MostWait), true
}
