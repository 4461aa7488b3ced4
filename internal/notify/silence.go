package notify

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/rules"
)

// Silence keeps matching alerts from being sent until a time. If an alert was sent before, its end
// is still sent.
type Silence struct {
	ID      string    `json:"id"`
	Match   string    `json:"match"` // see ParseMatch
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Comment string    `json:"comment,omitempty"`
	By      string    `json:"by,omitempty"` // who added it
}

// The limits of the silences in a Page.
const (
	MaxSilences  = 100
	keepSilences = 24 * time.Hour // after they have ended
)

// Active reports whether the silence holds at a slot.
func (s Silence) Active(slot time.Time) bool { return !slot.Before(s.From) && slot.Before(s.Until) }

// ParseMatch parses the matchers of a silence; see rules.ParseMatchers. At least one must not match
// the empty string: otherwise the silence would match every alert.
func ParseMatch(s string) (rules.Matchers, error) {
	ms, err := rules.ParseMatchers(s)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches("") }) {
		return nil, fmt.Errorf("the matchers %q would silence everything; name what is to be "+
			"silent, such as node=~\"kafka-.*\"", s)
	}
	return ms, nil
}

// pruneSilences drops silences that ended a day ago. If there are still too many, it drops those
// that end first.
func pruneSilences(all []Silence, slot time.Time) []Silence {
	kept := slices.DeleteFunc(slices.Clone(all), func(s Silence) bool {
		return slot.Sub(s.Until) >= keepSilences
	})
	if len(kept) > MaxSilences {
		slices.SortStableFunc(kept, func(a, b Silence) int { return b.Until.Compare(a.Until) })
		kept = kept[:MaxSilences]
	}
	return kept
}
