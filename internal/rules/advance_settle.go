package rules

import (
	"maps"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// settle ends the alerts of a rule that nothing keeps firing. The rule's data must be complete.
func (m *Memory) settle(r *RuleResult, found map[Key][]*Judged, live map[Key]bool, objects *Objects,
	slot time.Time) {
	// the number of series with a newest sample for each key; computed on first use
	var answered map[Key]int
	unjudged := map[Key]bool{}
	for _, identity := range r.Unjudged {
		unjudged[KeyOf(r.ID, identity)] = true
	}
	for k, a := range m.Alerts {
		if a.ID() != r.ID || !a.Fires() || live[k] || unjudged[k] {
			continue
		}
		if answered == nil {
			answered = r.answered()
		}
		end := Recovered
		switch presence := objects.Presence(series.FromMap(a.Identity)); {
		case r.EndsWithSeries:
		case answered[k] <= 0 && (!r.BadNewsOnly || presence == PresenceUnknown):
			end = r.checkSilent(&a, found[k], m.Seen[r.ID.String()], presence, slot)
		default:
			a.Silent = time.Time{}
		}
		if last := a.Now().Last; end != "" &&
			(r.EndsWithSeries || slot.Sub(last) >= r.KeepFiringFor) {
			a.end(end, slot)
		}
		m.Alerts[k] = a
	}
}

// answered counts the series with a newest sample for each key.
func (r *RuleResult) answered() map[Key]int {
	n := make(map[Key]int, len(r.Series))
	for _, identity := range r.Series {
		n[KeyOf(r.ID, identity)]++
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Status == NoData || f.Status == Gone {
			n[KeyOf(r.ID, f.Identity)]--
		}
	}
	return n
}

// checkSilent sets since when an alert has no data. It returns how the alert ends, or "" if it goes
// on.
func (r *RuleResult) checkSilent(a *Alert, fs []*Judged, seen time.Time, presence Presence,
	slot time.Time) End {
	if presence == Absent || presence == PresenceUntracked && r.NoData == ResolveOnNoData {
		return Vanished
	}
	if a.Silent.IsZero() {
		for _, f := range fs {
			a.Silent = latest(a.Silent, f.Newest.UTC())
		}
		if a.Silent.IsZero() {
			a.Silent = seen // it existed then; now even its past samples are missing
		}
	}
	if slot.Sub(a.Silent) >= forgetAfter {
		return Forgotten
	}
	return ""
}

// end ends the ongoing episode.
func (a *Alert) end(how End, slot time.Time) {
	a.Episodes = slices.Clone(a.Episodes)
	last := &a.Episodes[len(a.Episodes)-1]
	last.Ended, last.End = slot, how
}

// endRemoved ends the alerts of rules that are no longer configured.
func (m *Memory) endRemoved(configured []RuleID, slot time.Time) {
	if configured == nil {
		return
	}
	exists := map[string]bool{}
	for _, id := range configured {
		exists[id.String()] = true
	}
	for k, a := range m.Alerts {
		if !exists[a.ID().String()] && k != BlindKey && a.Fires() {
			a.end(Removed, slot)
			m.Alerts[k] = a
		}
	}
	maps.DeleteFunc(m.Seen, func(id string, _ time.Time) bool { return !exists[id] })
}
