package notify

import (
	"cmp"
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

// Matching returns the alerts that fire and that the silence matches, the worst first.
func (s Silence) Matching(m rules.Memory) []rules.Alert {
	ms, err := ParseMatch(s.Match)
	if err != nil {
		return nil // as in a run
	}
	var found []Item
	for k, a := range m.Alerts {
		if a.Fires() && ms.Match(a.Label) {
			found = append(found, Item{Key: k, Alert: a})
		}
	}
	slices.SortFunc(found, worstFirst)
	out := make([]rules.Alert, len(found))
	for i := range found {
		out[i] = found[i].Alert
	}
	return out
}

// Continues reports whether two silences have the same matchers, and no time between them.
func (s Silence) Continues(o Silence) bool {
	a, errA := ParseMatch(s.Match)
	b, errB := ParseMatch(o.Match)
	return errA == nil && errB == nil && a.String() == b.String() &&
		!s.From.After(o.Until) && !o.From.After(s.Until)
}

// AddSilence adds a silence to the page. If the page has one that it continues, that one becomes
// longer instead, and keeps its ID. AddSilence returns the silence that the page has now, and
// whether the page has changed.
func (p *Page) AddSilence(s Silence) (kept Silence, changed bool, err error) {
	var others []Silence
	for _, o := range p.Silences {
		if !o.Continues(s) {
			others = append(others, o)
			continue
		}
		if kept.ID == "" {
			kept = o
		}
		kept = kept.with(o)
	}
	switch {
	case kept.ID == "" && len(others) >= MaxSilences:
		return Silence{}, false, fmt.Errorf("there are %d silences already; end one with promsnap "+
			"silence expire", len(others))
	case kept.ID == "":
		kept, changed = s, true
	default:
		longer := kept.with(s)
		changed = longer != kept || len(others)+1 < len(p.Silences)
		kept = longer
	}
	p.Silences = append(others, kept)
	return kept, changed, nil
}

// with returns the silence, so long that it includes the time of another, and with its comment if
// that has one.
func (s Silence) with(o Silence) Silence {
	if o.From.Before(s.From) {
		s.From = o.From
	}
	if o.Until.After(s.Until) {
		s.Until = o.Until
	}
	s.Comment = cmp.Or(o.Comment, s.Comment)
	return s
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
