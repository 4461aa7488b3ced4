package rules

import (
	"slices"
	"time"
)

// BlindName and BlindKey identify the one alert that promsnap has about itself: it can see nothing,
// or only a part. The alert belongs to no panel, so no configured rule has its key. It is sent,
// silenced and routed like any other alert.
const (
	BlindName     = "PromsnapBlind"
	BlindKey  Key = "/" + BlindName + "{}"
)

// blindSlots is how many slots in a row must miss data before the alert fires. A single one may be
// a Prometheus that restarts.
const blindSlots = 2

// The values of promsnap's own alert.
const (
	blindToAll  Number = 1
	blindToPart Number = 0.5
)

// updateBlind starts, continues or ends promsnap's own alert, by the number of slots in a row at
// which no rule had complete data. The alert lasts from the first of them to the slot that sees
// everything again. If a slot started it from a part of its data, the rest of that data removes it
// again.
func (m *Memory) updateBlind(slot time.Time) {
	since, slots := blindSince(m.Checks)
	a, known := m.Alerts[BlindKey]
	fires := known && a.Fires()
	a.Episodes = slices.Clone(a.Episodes)
	last := len(a.Episodes) - 1
	switch {
	case fires && slots > 0:
		a.Episodes[last].Last = slot
	case fires && a.Episodes[last].Found.Equal(slot):
		a.Episodes = a.Episodes[:last]
	case fires:
		a.Episodes[last].Last = slot
		a.end(Recovered, slot)
	case slots >= blindSlots:
		a = blind(append(a.Episodes, Episode{
			Since: since, Last: slot, Worst: Critical, Peak: 1, PeakAt: since, Found: slot,
		}))
	default:
		return
	}
	if len(a.Episodes) == 0 {
		delete(m.Alerts, BlindKey)
		return
	}
	a.GraveAt = a.Now().Last
	if a.Fires() {
		a.Value = blindToAll
		if m.Checks[len(m.Checks)-1].Data == DataPartial {
			a.Value = blindToPart
		}
	}
	m.Alerts[BlindKey] = a
}

// SeesPart reports whether promsnap's own alert is about partial answers rather than none.
func (a Alert) SeesPart() bool { return a.IsBlindness() && a.Value == blindToPart }

// Blind reports whether promsnap's own alert fires.
func (m Memory) Blind() bool {
	a, ok := m.Alerts[BlindKey]
	return ok && a.Fires()
}

// IsBlindness reports whether a is promsnap's own alert.
func (a Alert) IsBlindness() bool { return a.Panel == "" && a.Rule == BlindName }

// blind returns promsnap's own alert with these episodes.
func blind(es []Episode) Alert {
	return Alert{
		Rule: BlindName, Name: "promsnap", Labels: map[string]string{},
		Identity: map[string]string{}, Severity: Critical,
		Value: blindToAll, Episodes: es[max(len(es)-maxEpisodes, 0):],
	}
}

// blindSince counts the newest slots in a row that saw nothing or only a part, and returns the
// first of them.
func blindSince(rows []Checks) (first time.Time, slots int) {
	for i := len(rows) - 1; i >= 0 && rows[i].Data != DataComplete; i-- {
		first, slots = rows[i].From, slots+rows[i].N
	}
	return first, slots
}
