package notify

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/rules"
)

// Matchers of a silence are refused, or they can be written and read again, and never match an
// alert without labels.
func FuzzParseMatch(f *testing.F) {
	for _, s := range []string{
		`node="ip-10-0-1-12"`, `node=~"kafka-.*", alertname="NodeMemoryHigh"`,
		`severity!="critical"`, `a=~".*"`, `a=""`, `}`, `a="b"} or up{c="d"`, `{`,
		`a=~"("`, `"a.b"="c"`, `__name__="x"`, `up`, ",", `a="b",`, `a=~"(a+)+$"`, "a='\\xff'",
		`node=~"` + strings.Repeat("(a|", 300) + `"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ms, err := ParseMatch(s)
		if err != nil {
			if len(s) <= 1000 && !strings.Contains(err.Error(), "matchers") {
				t.Errorf("%q: got %v, want an error about the matchers", s, err)
			}
			return
		}
		if len(ms) == 0 || ms.Match(rules.Alert{}.Label) && !asksForSeverity(s) {
			t.Errorf("%q: got %v, which matches every alert; want a matcher that does not", s, ms)
		}
		var again []string
		for _, m := range ms {
			again = append(again, m.String())
		}
		if text := strings.Join(again, ","); utf8.ValidString(s) && len(text) <= 1000 {
			back, err := ParseMatch(text)
			if err != nil || len(back) != len(ms) {
				t.Errorf("%q, written as %q: got %v and error %v, want %v", s, text, back, err, ms)
			}
		}
	})
}

// asksForSeverity reports whether matchers may be about severity, which every alert has.
func asksForSeverity(s string) bool { return strings.Contains(s, "severity") }
