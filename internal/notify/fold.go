package notify

import (
	"cmp"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// Limits are what a receiver accepts in one run. The zero value is no limit.
type Limits struct {
	// Messages is the maximum for one run. If there are more, the last message of a kind holds the
	// rest of that kind. Each kind has at least one message, and the alert PromsnapBlind always
	// has its own. 0: no limit.
	Messages int
	// Burst is how many messages are sent without a pause. The rest are sent Pace apart, or faster
	// if little time is left.
	Burst int
	Pace  time.Duration
}

// fold keeps the worst messages of each kind and joins the others into one, if there are more than
// the limit.
func (l Limits) fold(messages []*Message) []*Message {
	if l.Messages <= 0 {
		return messages
	}
	kinds := map[Kind][]*Message{}
	var out []*Message
	for _, m := range messages {
		if m.Items[0].Key == rules.BlindKey {
			out = append(out, m)
			continue
		}
		kinds[m.Kind] = append(kinds[m.Kind], m)
	}
	most := l.each(kinds)
	for kind, all := range kinds {
		if len(all) > most {
			slices.SortStableFunc(all, func(a, b *Message) int {
				return cmp.Or(cmp.Compare(b.Severity(), a.Severity()),
					worstFirst(a.Items[0], b.Items[0]))
			})
			rest := &Message{Kind: kind}
			for _, m := range all[most-1:] {
				rest.Items = append(rest.Items, m.Items...)
				rest.Folded++
			}
			slices.SortStableFunc(rest.Items, worstFirst)
			all = append(all[:most-1:most-1], rest)
		}
		out = append(out, all...)
	}
	return out
}

// each returns how many messages each kind may have so that the total is within the limit.
func (l Limits) each(kinds map[Kind][]*Message) int {
	for most := l.Messages; most > 1; most-- {
		sum := 0
		for _, all := range kinds {
			sum += min(len(all), most)
		}
		if sum <= l.Messages {
			return most
		}
	}
	return 1
}

// spacing returns the pause between messages after the first Burst of n. All pauses together take
// at most half of the time that is left.
func (l Limits) spacing(n int, left time.Duration) time.Duration {
	if n <= l.Burst {
		return 0
	}
	return max(min(l.Pace, left/2/time.Duration(n-l.Burst)), 0)
}
