package slack

import (
	"testing"

	"github.com/promsnap/promsnap/internal/words"
)

// Whatever is told, of however much, in whatever words: Slack takes it whole, and nobody is mentioned but whom the configuration names.
func FuzzLetter(f *testing.F) {
	for i, word := range hostileWords {
		f.Add(uint8(i), uint16(1+i*7), uint16(i), i%2 == 0, word)
	}
	f.Add(uint8(0), uint16(400), uint16(0), true, "ip-10-0-1-12")
	f.Fuzz(func(t *testing.T, kind uint8, found, remaining uint16, korean bool, word string) {
		l := words.English
		if korean {
			l = words.Korean
		}
		k := kinds()[int(kind)%len(kinds())]
		w := cluster(1+int(found)%60, l) // more only make it slow: lists end long before
		w.failed = found%3 == 0
		d := w.delivery(t, k)
		d.Message.Remaining = int(remaining)
		d.Message.PossibleDuplicate, d.MemoryLost = found%2 == 0, word
		soil(&d, word)
		for _, l := range sent(options(t), d) {
			check(t, l)
		}
	})
}

// Whatever line it is and however short: what is left of it fits, and nothing of a shortened word is broken.
func FuzzShorten(f *testing.F) {
	for i, word := range hostileWords {
		f.Add(word, "a "+word, i)
	}
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		n = min(max(n, 1), 5000)
		a, b = clean(a), clean(b)
		if got := (line{{text: a}, {text: b, bold: true}}).cut(n).plain(); size(got) > n {
			t.Errorf("%q and %q cut to %d are %q", a, b, n, got)
		}
		for _, got := range []string{clip(a, n), middle(a, n)} {
			if size(got) > n || size(a) <= n && got != a {
				t.Errorf("%q in %d is %q", a, n, got)
			}
		}
	})
}
