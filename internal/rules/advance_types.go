package rules

import (
	"fmt"
	"maps"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

// RuleID knows an alerting rule within a report: its panel's name and its own.
type RuleID struct{ Panel, Rule string }

// String is "node-memory/NodeMemoryHigh".
func (id RuleID) String() string { return id.Panel + "/" + id.Rule }

// Key knows an alert across slots and runs: the rule and the labels that identify what it is about.
// It is readable, such as node-memory/NodeMemoryHigh{instance="10.0.1.12:9100"}, and at most maxKey
// bytes long.
type Key string

const maxKey = 300

// KeyOf returns the key of an alert. Identity is what tells one object from the next and outlives a
// rollout: of a container its namespace, workload and name, and not its pod.
func KeyOf(id RuleID, identity series.Labels) Key {
	s := id.String() + identity.String()
	if len(s) <= maxKey {
		return Key(s)
	}
	return Key(fmt.Sprintf("%s…%016x", outside.Head(s, maxKey-len("…")-16), xxhash.Sum64String(s)))
}

// Quality says how much of a rule's data is there. The zero value is none of it.
type Quality uint8

// The qualities. A failed query moves nothing. A partial answer may begin an alert or make it
// worse, and never ends one or makes it better. A complete one does both.
const (
	DataFailed Quality = iota
	DataPartial
	DataComplete
)

// Judged is a finding with what it is about.
type Judged struct {
	Finding
	// see KeyOf; several findings may share one, as the pods of a workload do
	Identity series.Labels
	Name     string // what a reader calls the series
	// the whole of a ratio in the panel's Capacity unit; NaN or 0 where there is none
	Capacity float64
}

// RuleResult is what one alerting rule came to at a slot.
type RuleResult struct {
	ID        RuleID
	Direction Direction
	NoData    NoDataPolicy
	// KeepFiringFor is how long an alert outlives its last sample beyond the limit;
	// DefaultKeepFiringFor unless the rule says so.
	KeepFiringFor time.Duration
	// BadNewsOnly says that the query answers with bad series alone (EmptyIsOK): one that is no
	// longer in the answer is well.
	BadNewsOnly bool
	// NeedsAll says that the rule judges what is missing, or a share of all: a part of the data
	// begins no alert, and ends none.
	NeedsAll bool

	Data Quality
	// Old says that Data is partial only because the newest sample of all is old: the server
	// answered, and its source is silent.
	Old bool
	// the oldest and the newest time that the data was asked for: the ends of the panel's grid
	From, Through time.Time
	// Findings are those that are not OK, and those with a streak that has ended.
	Findings []Judged
	// Series is the identity of each series of the answer, also of those without a finding, one
	// entry a series. What is in it and has no finding is well; what is not in it has vanished.
	Series []series.Labels
}

// Evaluation is what a report's alerting rules came to at one slot.
type Evaluation struct {
	Rules []RuleResult
	// Configured names every alerting rule that the report has; alerts of other rules end, because
	// somebody took the rule away. Nil: not known, they stay.
	Configured []RuleID
	// Objects says which objects of alerts are still there.
	Objects Objects
}

// DefaultKeepFiringFor is keep_firing_for where a rule names none.
const DefaultKeepFiringFor = 10 * time.Minute

// End says why an alert is over.
type End string

// The ends.
const (
	Recovered End = "recovered" // its samples are within the limit again
	Passed    End = "passed"    // as Recovered, before any slot saw it firing
	Vanished  End = "vanished"  // it no longer exists, as a source says that is complete
	Forgotten End = "forgotten" // it has been silent for a day: nobody can say
	Removed   End = "removed"   // the rule is no longer in the configuration
)

// Episode is one time that an alert fires, from its first sample beyond the limit to its last.
// Streaks that are no further apart than KeepFiringFor are one episode.
type Episode struct {
	Since time.Time `json:"since"` // the first sample beyond the limit
	// it may have begun before Since, which is where the samples begin
	Open   bool      `json:"open,omitempty"`
	Last   time.Time `json:"last"` // the newest sample beyond the limit that is known
	Worst  Severity  `json:"worst"`
	Peak   Number    `json:"peak"` // the value furthest beyond the limit
	PeakAt time.Time `json:"peak_at"`
	// the newest event, of a rule with Within; zero: not known
	Event time.Time `json:"event,omitzero"`
	// the slot that found it first; zero: not known, it was long ago
	Found time.Time `json:"found,omitzero"`
	Ended time.Time `json:"ended,omitzero"` // the slot that found it over; zero while it fires
	End   End       `json:"end,omitempty"`
}

// Fires tells whether the episode goes on.
func (e Episode) Fires() bool { return e.Ended.IsZero() }

// Lasted is the time between the first and the last sample beyond the limit.
func (e Episode) Lasted() time.Duration { return e.Last.Sub(e.Since) }

// Holds tells whether t lies in the episode.
func (e Episode) Holds(t time.Time) bool { return !t.Before(e.Since) && !t.After(e.Last) }

// Alert is a finding with a life across slots. What it says of now (Severity to Silent) stays as it
// was when the alert last fired.
type Alert struct {
	Panel string `json:"panel"`
	Rule  string `json:"rule"`
	Name  string `json:"name"` // of the worst series, as a reader knows it
	// of the worst series: a container's pod is in it
	Labels   map[string]string `json:"labels"`
	Identity map[string]string `json:"identity"` // the labels that identify it, see KeyOf
	Severity Severity          `json:"severity"` // now
	// the newest sample for which Severity, or a graver one, held
	GraveAt  time.Time `json:"grave_at"`
	Value    Number    `json:"value"`           // the newest sample
	Limit    Number    `json:"limit"`           // that Severity is about
	Capacity Number    `json:"capacity"`        // see Judged
	Silent   time.Time `json:"silent,omitzero"` // NO DATA since then; zero while there is data
	// how much of what goes on was seen, at the newest slot that saw it
	Streak Sighting `json:"streak,omitzero"`
	// the oldest first, never empty; all but the last have ended
	Episodes []Episode `json:"episodes"`
}

// Sighting is how much of a streak was seen; see Streak. The zero value is not known.
type Sighting struct {
	Seen     int `json:"seen"`
	Expected int `json:"expected"`
	Bouts    int `json:"bouts,omitempty"`
	Beyond   int `json:"beyond,omitempty"`
}

// InTen returns in how many scrapes of how many the streak was seen, in at most ten, and whether
// that is notably less than all.
func (s Sighting) InTen() (seen, of int, less bool) {
	seen, of = s.Seen, s.Expected
	if of > 10 {
		seen, of = max((s.Seen*10+of/2)/of, 1), 10
	}
	return seen, of, s.Seen*5 < s.Expected*4 && seen < of
}

// Sighting returns how much of the streak was seen.
func (s *Streak) Sighting() Sighting { return Sighting{s.Seen, s.Expected, s.Bouts, s.Beyond} }

// ID returns the alert's rule.
func (a Alert) ID() RuleID { return RuleID{a.Panel, a.Rule} }

// Now returns the episode that goes on, or the last one that did.
func (a Alert) Now() Episode { return a.Episodes[len(a.Episodes)-1] }

// Fires tells whether the alert fires.
func (a Alert) Fires() bool { return a.Now().Fires() }

// Memory is what is remembered of a report's alerts from one slot to the next. The zero value
// remembers nothing. It is a value: Advance returns another one and leaves this as it is.
type Memory struct {
	// Slot is the newest slot that was evaluated, also where its data failed.
	Slot time.Time `json:"slot,omitzero"`
	// Seen tells for each rule (by RuleID.String) up to when its data has been seen complete.
	Seen map[string]time.Time `json:"seen,omitempty"`
	// Alerts are those that fire, and those that have ended within the last two days.
	Alerts map[Key]Alert `json:"alerts,omitempty"`
	// Checks are the slots that were evaluated, the oldest first; see Checked.
	Checks []Checks `json:"checks,omitempty"`
	// Overflow is how many alerts more fire than are remembered.
	Overflow int `json:"overflow,omitempty"`
}

// SeenUntil returns the newest time for which any rule had complete data, zero where there never
// was any: what lies after it is what the report is blind for.
func (m Memory) SeenUntil() time.Time {
	var newest time.Time
	for _, t := range m.Seen {
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}

// New tells whether the newest slot is the first that found an episode. Of the very first slot
// nothing is new: nobody knows what was before.
func (m Memory) New(e Episode) bool {
	first := len(m.Checks) == 0 || len(m.Checks) == 1 && m.Checks[0].N == 1
	return !first && e.Found.Equal(m.Slot)
}

// clone returns a copy whose maps and episodes can be changed.
func (m Memory) clone() Memory {
	out := m
	out.Seen, out.Alerts = maps.Clone(m.Seen), maps.Clone(m.Alerts)
	if out.Seen == nil {
		out.Seen = map[string]time.Time{}
	}
	if out.Alerts == nil {
		out.Alerts = map[Key]Alert{}
	}
	return out
}

// Number is a figure that is remembered.
type Number = series.Number
