package notify

import (
	"cmp"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// Limits are what a receiver takes in one run. The zero value is no limit.
type Limits struct {
	// Messages of one run: where there are more, the last of a kind holds the rest of it. That
	// promsnap can see nothing is always a message of its own, and each kind has one at least. 0:
	// any number.
	Messages int
	// Burst messages are sent at once, the others Pace apart, or closer where little time is left.
	Burst int
	Pace  time.Duration
}

// fold keeps the worst messages of each kind and puts the others into one, where there are more
// than the receiver takes.
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

// each is how many messages each kind may have, so that all together are as many as the receiver
// takes.
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

// apart is how long to wait between n messages, behind the first few: all waits together take half
// of the time that is left at most.
func (l Limits) apart(n int, left time.Duration) time.Duration {
	if n <= l.Burst {
		return 0
	}
	return max(min(l.Pace, left/2/time.Duration(n-l.Burst)), 0)
}
