package rules

import (
	"fmt"
	"maps"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

// RuleID identifies an alerting rule within a report by the panel's name and its own.
type RuleID struct{ Panel, Rule string }

// String returns an ID such as "node-memory/NodeMemoryHigh".
func (id RuleID) String() string { return id.Panel + "/" + id.Rule }

// Key identifies an alert across slots and runs by its rule and the labels that identify its
// object. It is readable, such as node-memory/NodeMemoryHigh{instance="10.0.1.12:9100"}, and at
// most maxKey bytes long.
type Key string

const maxKey = 300

// KeyOf returns the key of an alert. The identity distinguishes one object from another and
// outlives a rollout: for a container it is namespace, workload and name, but not the pod.
func KeyOf(id RuleID, identity series.Labels) Key {
	s := id.String() + identity.String()
	if len(s) <= maxKey {
		return Key(s)
	}
	head := outside.Head(s, maxKey-len("…")-16)
	return Key(fmt.Sprintf("%s…%016x", head, xxhash.Sum64String(s)))
}

// Quality is how much of a rule's data is there. The zero value is none.
type Quality uint8

// The qualities. A failed query changes no alert. A partial answer may start an alert or make it
// worse, but never ends one or makes it better. A complete answer does all of these.
const (
	DataFailed Quality = iota
	DataPartial
	DataComplete
)

// Judged is a finding together with the object that it is about.
type Judged struct {
	Finding
	// see KeyOf; several findings may share one, such as the pods of a workload
	Identity series.Labels
	Name     string // what a reader calls the series
	// the total of a ratio in the panel's Capacity unit; NaN or 0 if there is none
	Capacity float64
}

// RuleResult is the result of one alerting rule at a slot.
type RuleResult struct {
	ID        RuleID
	Direction Direction
	NoData    NoDataPolicy
	// KeepFiringFor is how long an alert outlives its last sample beyond the limit. It is
	// DefaultKeepFiringFor unless the rule sets another.
	KeepFiringFor time.Duration
	// BadNewsOnly means that the query returns only bad series (EmptyIsOK). A series that is no
	// longer in the answer has recovered.
	BadNewsOnly bool
	// EndsWithSeries means that an alert ends when its series is missing from a complete answer,
	// whether or not its object still exists, as in Prometheus. KeepFiringFor is then applied
	// before: the findings contain it.
	EndsWithSeries bool
	// NeedsAll means that the rule judges what is missing or a share of all, so partial data
	// neither starts nor ends an alert.
	NeedsAll bool

	Data Quality
	// Old means that Data is partial only because the newest sample of all is old: the server
	// answered, but its source is silent.
	Old bool
	// the first and the last time of the panel's grid
	From, Through time.Time
	// Findings are the findings that are not OK, and those with an ended streak.
	Findings []Judged
	// Series holds the identity of each series in the answer, including those without a finding. A
	// series in it without a finding is within its limits; one that is not in it has vanished.
	Series []series.Labels
	// Unjudged holds the identities whose series cannot be judged now. Their alerts do not end.
	Unjudged []series.Labels
}

// Evaluation is the result of a report's alerting rules at one slot.
type Evaluation struct {
	Rules []RuleResult
	// Configured lists every alerting rule of the report. Alerts of other rules end, because
	// somebody removed the rule. Nil means unknown, and all alerts stay.
	Configured []RuleID
	// Objects are the objects of alerts that still exist.
	Objects Objects
}

// DefaultKeepFiringFor is keep_firing_for of a rule that does not set it.
const DefaultKeepFiringFor = 10 * time.Minute

// End is the reason why an alert ended.
type End string

// The reasons.
const (
	Recovered End = "recovered" // a sample is within the limit again
	Passed    End = "passed"    // like Recovered, but before any slot saw it firing
	Vanished  End = "vanished"  // its object no longer exists, according to a complete source
	Forgotten End = "forgotten" // it had no data for a day; its object may still exist
	Removed   End = "removed"   // the rule is no longer in the configuration
)

// Episode is one period in which an alert fires, from its first sample beyond the limit to its
// last. Streaks no further apart than KeepFiringFor are one episode.
type Episode struct {
	Since time.Time `json:"since"` // the first sample beyond the limit
	// whether it may have begun before Since, because the samples begin there
	Open   bool      `json:"open,omitempty"`
	Last   time.Time `json:"last"` // the newest sample beyond the limit that is known
	Worst  Severity  `json:"worst"`
	Peak   Number    `json:"peak"` // the value furthest beyond the limit
	PeakAt time.Time `json:"peak_at"`
	// the newest event, for a rule with Within; zero: not known
	Event time.Time `json:"event,omitzero"`
	// the slot that first found it; zero: not known, it was long ago
	Found time.Time `json:"found,omitzero"`
	Ended time.Time `json:"ended,omitzero"` // the slot that found its end; zero while it fires
	End   End       `json:"end,omitempty"`
}

// Fires reports whether the episode is ongoing.
func (e Episode) Fires() bool { return e.Ended.IsZero() }

// Lasted returns the time between the first and the last sample beyond the limit.
func (e Episode) Lasted() time.Duration { return e.Last.Sub(e.Since) }

// Holds reports whether t lies in the episode.
func (e Episode) Holds(t time.Time) bool { return !t.Before(e.Since) && !t.After(e.Last) }

// Alert is a finding across slots. The fields from Severity to Silent describe the present; after
// the end they keep the values from when the alert last fired.
type Alert struct {
	Panel string `json:"panel"`
	Rule  string `json:"rule"`
	Name  string `json:"name"` // of the worst series, as a reader knows it
	// of the worst series; for a container they include the pod
	Labels   map[string]string `json:"labels"`
	Identity map[string]string `json:"identity"` // the labels that identify its object, see KeyOf
	Severity Severity          `json:"severity"` // now
	// the newest sample with Severity or a higher severity
	GraveAt  time.Time `json:"grave_at"`
	Value    Number    `json:"value"`           // the newest sample
	Limit    Number    `json:"limit"`           // the limit of Severity
	Capacity Number    `json:"capacity"`        // see Judged
	Silent   time.Time `json:"silent,omitzero"` // without data since then; zero while there is data
	// how much of the ongoing streak was seen, at the newest slot that saw it
	Streak Sighting `json:"streak,omitzero"`
	// of the ongoing or last episode, as it was when the episode began: messages about one episode
	// belong together
	Cause Cause `json:"cause,omitzero"`
	// oldest first, never empty; all but the last have ended
	Episodes []Episode `json:"episodes"`
}

// Sighting is how much of a streak was seen; see Streak. The zero value means unknown.
type Sighting struct {
	Seen     int `json:"seen"`
	Expected int `json:"expected"`
	Bouts    int `json:"bouts,omitempty"`
	Beyond   int `json:"beyond,omitempty"`
}

// InTen returns in how many of how many scrapes the streak was seen, scaled down to at most ten,
// and whether notably fewer than all were seen.
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

// Now returns the ongoing episode, or the last one.
func (a Alert) Now() Episode { return a.Episodes[len(a.Episodes)-1] }

// Fires reports whether the alert fires.
func (a Alert) Fires() bool { return a.Now().Fires() }

// Memory is what is remembered of a report's alerts from one slot to the next. The zero value
// remembers nothing. It is a value: Advance returns a new one and does not change the old one.
type Memory struct {
	// Slot is the newest slot that was evaluated, even if its data failed.
	Slot time.Time `json:"slot,omitzero"`
	// Seen is, for each rule (by RuleID.String), the time up to which its data was complete.
	Seen map[string]time.Time `json:"seen,omitempty"`
	// Alerts are those that fire and those that ended within the last two days.
	Alerts map[Key]Alert `json:"alerts,omitempty"`
	// Checks are the slots that were evaluated, oldest first; see Checked.
	Checks []Checks `json:"checks,omitempty"`
	// Overflow is the number of firing alerts that did not fit.
	Overflow int `json:"overflow,omitempty"`
}

// SeenUntil returns the newest time for which any rule had complete data, zero if none ever had.
// The report knows nothing of the time after it.
func (m Memory) SeenUntil() time.Time {
	var newest time.Time
	for _, t := range m.Seen {
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}

// New reports whether the newest slot is the first that found an episode. At the very first slot
// nothing is new, because the time before it is unknown.
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

// Number is a remembered figure.
type Number = series.Number
