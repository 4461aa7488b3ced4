package notify

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/rules"
)

// Whatever the matchers of a silence: they are refused, or they can be written down and read again, and never silence an alert of which
// nothing is known.
func FuzzParseMatch(f *testing.F) {
	for _, s := range []string{
		`node="ip-10-0-1-12"`, `node=~"kafka-.*", alertname="NodeMemoryHigh"`, `severity!="critical"`, `a=~".*"`, `a=""`, `}`, `a="b"} or up{c="d"`, `{`,
		`a=~"("`, `"a.b"="c"`, `__name__="x"`, `up`, ",", `a="b",`, `a=~"(a+)+$"`, "a='\\xff'", `node=~"` + strings.Repeat("(a|", 300) + `"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ms, err := ParseMatch(s)
		if err != nil {
			if len(s) <= maxMatch && !strings.Contains(err.Error(), "matchers") {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if len(ms) == 0 || matches(ms, rules.Alert{}) && !asksForSeverity(s) {
			t.Errorf("%q silences everything: %v", s, ms)
		}
		var again []string
		for _, m := range ms {
			again = append(again, m.String())
		}
		if text := strings.Join(again, ","); utf8.ValidString(s) && len(text) <= maxMatch {
			back, err := ParseMatch(text)
			if err != nil || len(back) != len(ms) {
				t.Errorf("%q is written as %q, and that is %v, %v", s, text, back, err)
			}
		}
	})
}

// asksForSeverity tells whether matchers may be about what every alert has.
func asksForSeverity(s string) bool { return strings.Contains(s, "severity") }

// Whatever a receiver asks to wait: it is believed up to a day, and never a time that is over.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "1", "-1", "0", "999999999999999999999", "9223372036854775807", "Sun, 22 Nov 2026 00:01:00 GMT", "Sun, 22 Nov 9999 00:01:00 GMT", "1.5", " 7"} {
		f.Add(s, "Sun, 22 Nov 2026 00:00:00 GMT")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, after, date string) {
		wait, asked := retryAfter(http.Header{"Retry-After": {after}, "Date": {date}})
		if wait < 0 || wait > 24*time.Hour || !asked && wait != 0 {
			t.Errorf("%q at %q: %s, %v", after, date, wait, asked)
		}
	})
}
