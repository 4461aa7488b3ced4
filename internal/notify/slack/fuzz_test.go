package slack

import (
	"testing"

	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/words"
)

// Whatever a message contains, Slack accepts all of it, and it mentions nobody who is not
// configured.
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
		w := notifytest.NewCluster(1+int(found)%60, l) // more only make it slow: lists end long before
		w.Failed = found%3 == 0
		d := w.Delivery(t, k)
		d.Message.Rest = w.Rest(int(remaining))
		d.Message.PossibleDuplicate, d.MemoryLost = found%2 == 0, word
		soil(&d, word)
		for _, l := range sent(options(t), d) {
			check(t, l)
		}
	})
}
