package exchange

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// MaxWait is the longest wait that a server may ask for.
const MaxWait = 24 * time.Hour

// RetryAfter returns how long an answer asks to wait, and whether it asks. Retry-After is a number
// of seconds, or a date, which is compared with the answer's Date (RFC 9110, 10.2.3). The result is
// at most MaxWait.
func RetryAfter(h http.Header) (wait time.Duration, asks bool) {
	s := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(s); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, int(MaxWait/time.Second))) * time.Second, true
	}
	until, err := http.ParseTime(s)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, true
	}
	return min(max(until.Sub(now), 0), MaxWait), true
}

// RetryAfterIn returns how long the body of an answer asks to wait, rounded up to milliseconds, at
// most MaxWait. Discord says it as {"retry_after": 0.65} in seconds, Telegram as {"parameters":
// {"retry_after": 5}}. 0: it does not ask.
func RetryAfterIn(body string) time.Duration {
	type asks struct {
		RetryAfter float64 `json:"retry_after"`
	}
	var said struct {
		asks
		Parameters asks `json:"parameters"`
	}
	if json.Unmarshal([]byte(body), &said) != nil {
		return 0
	}
	seconds := max(said.RetryAfter, said.Parameters.RetryAfter, 0)
	if seconds >= MaxWait.Seconds() {
		return MaxWait
	}
	wait := time.Duration(seconds * float64(time.Second))
	return (wait + time.Millisecond - 1).Truncate(time.Millisecond)
}
