package notify

import (
	"cmp"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// Limits are what a receiver accepts in one run. The zero value is no limit.
type Limits struct {
	// Separate is the maximum of separate messages of a kind that start a thread or repeat alerts.
	// If there are more, one message holds all of them: a digest. So does the first message of a
	// receiver that is new, if it has several groups. 0: no limit.
	Separate int
	// Messages is the maximum for one run. If there are more replies of a kind, the last one holds
	// the rest; of other messages, one holds all. Each kind has at least one message, and the alert
	// PromsnapBlind always has its own. 0: no limit.
	Messages int
	// Burst is how many messages are sent without a pause. The rest are sent Pace apart, or faster
	// if little time is left.
	Burst int
	Pace  time.Duration
}

// shelf holds the messages of a kind that share a limit.
type shelf struct {
	kind  Kind
	reply bool // all are replies in threads, and none is a repetition
	all   []*Message
}

// fold joins messages so that they are within the limits of the receiver. Without group_by, one
// message repeats all that still fires. isFirst reports whether messages are the first of all that
// the receiver is sent.
func (r *Receiver) fold(messages []*Message, isFirst func([]*Message) bool) []*Message {
	l := r.Limits
	var out []*Message
	var shelves []*shelf
	for _, m := range messages {
		if m.Items[0].Key == rules.BlindKey {
			out = append(out, m)
			continue
		}
		reply := m.Kind != KindStillFiring && commonThread(m.Items) != (Receipt{})
		i := slices.IndexFunc(shelves, func(s *shelf) bool {
			return s.kind == m.Kind && s.reply == reply
		})
		if i < 0 {
			i, shelves = len(shelves), append(shelves, &shelf{kind: m.Kind, reply: reply})
		}
		shelves[i].all = append(shelves[i].all, m)
	}
	for _, s := range shelves {
		if !s.reply && l.Separate > 0 && (len(s.all) > l.Separate || isFirst(s.all)) ||
			s.kind == KindStillFiring && r.GroupBy == nil {
			s.keep(1)
		}
	}
	most := l.each(shelves)
	for _, s := range shelves {
		if most > 0 && !s.reply && len(s.all) > most {
			s.keep(1)
		} else if most > 0 {
			s.keep(most)
		}
		out = append(out, s.all...)
	}
	return out
}

// keep joins messages so that at most n are left. The last one holds the rest.
func (s *shelf) keep(n int) {
	if len(s.all) <= n {
		return
	}
	slices.SortStableFunc(s.all, func(a, b *Message) int {
		return cmp.Or(cmp.Compare(b.Severity(), a.Severity()), worstFirst(a.Items[0], b.Items[0]))
	})
	rest := &Message{Kind: s.kind}
	for _, m := range s.all[n-1:] {
		rest.Items = append(rest.Items, m.Items...)
		if s.kind != KindStillFiring {
			rest.Folded += max(m.Folded, 1)
		}
	}
	slices.SortStableFunc(rest.Items, worstFirst)
	s.all = append(s.all[:n-1:n-1], rest)
}

// each returns how many messages each shelf may have so that the total is within the limit. 0: any
// number.
func (l Limits) each(shelves []*shelf) int {
	if l.Messages <= 0 {
		return 0
	}
	for most := l.Messages; most > 1; most-- {
		sum := 0
		for _, s := range shelves {
			sum += min(len(s.all), most)
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
