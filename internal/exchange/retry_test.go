package exchange

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	const date = "Sun, 22 Nov 2026 00:00:00 GMT"
	for _, c := range []struct {
		after, date string
		want        time.Duration
		asks        bool
	}{
		{"", "", 0, false}, {"soon", date, 0, false}, {"-1", "", 0, false}, {"0", "", 0, true},
		{"9", "", 9 * time.Second, true},
		{"9999999999999", "", MaxWait, true}, {"99999999999999999999999", "", 0, false},
		{"Sun, 22 Nov 2026 00:01:30 GMT", date, 90 * time.Second, true}, {
			"Sun, 22 Nov 2026 00:01:30 GMT", "", 0, true,
		},
		{"Sat, 21 Nov 2026 00:00:00 GMT", date, 0, true}, {
			"Sun, 22 Nov 2099 00:00:00 GMT", date, MaxWait, true,
		},
	} {
		wait, asks := RetryAfter(http.Header{"Retry-After": {c.after}, "Date": {c.date}})
		if wait != c.want || asks != c.asks {
			t.Errorf("%q at %q: got %v, %v, want %v, %v", c.after, c.date, wait, asks, c.want,
				c.asks)
		}
	}
}

func TestRetryAfterIn(t *testing.T) {
	for body, want := range map[string]time.Duration{
		"": 0, "17": 0, "{}": 0, `{"retry_after":"5"}`: 0, `{"retry_after":-5}`: 0,
		`{"message":"You are being rate limited.","retry_after":0.6512,"global":false}`: 652 *
			time.Millisecond,
		`{"ok":false,"error_code":429,"parameters":{"retry_after":17}}`: 17 * time.Second,
		`{"retry_after":1e300}`: MaxWait, `{"retry_after":1e999}`: 0,
		`<html>{"retry_after":3}`: 0,
	} {
		if got := RetryAfterIn(body); got != want {
			t.Errorf("%s: got %v, want %v", body, got, want)
		}
	}
}

// Whatever a server asks for: the wait is at most a day, and never negative.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{
		"", "1", "-1", "0", "999999999999999999999", "9223372036854775807",
		"Sun, 22 Nov 2026 00:01:00 GMT", "Sun, 22 Nov 9999 00:01:00 GMT", "1.5", " 7",
	} {
		f.Add(s, "Sun, 22 Nov 2026 00:00:00 GMT")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, after, date string) {
		wait, asked := RetryAfter(http.Header{"Retry-After": {after}, "Date": {date}})
		if wait < 0 || wait > MaxWait || !asked && wait != 0 {
			t.Errorf("%q at %q: got %s, %v; want 0 to %s, and 0 if nothing was asked", after, date,
				wait, asked, MaxWait)
		}
	})
}
