package rules

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

// bound drops alerts that ended long ago. If there are still too many, it drops ended alerts first,
// then new ones, the least severe first. Alerts that are already remembered stay, so that people
// are not notified of them twice. The alert of BlindKey always stays.
func (m *Memory) bound(prev Memory, slot time.Time) {
	maps.DeleteFunc(m.Alerts, func(_ Key, a Alert) bool {
		return !a.Fires() && slot.Sub(a.Now().Ended) >= keepEnded
	})
	m.Overflow = 0
	keys := slices.SortedFunc(maps.Keys(m.Alerts), func(k, l Key) int {
		a, b := m.Alerts[k], m.Alerts[l]
		_, knewA := prev.Alerts[k]
		_, knewB := prev.Alerts[l]
		return cmp.Or(
			first(k == BlindKey, l == BlindKey), first(a.Fires(), b.Fires()), first(knewA, knewB),
			cmp.Compare(b.Severity, a.Severity),
			b.Now().Ended.Compare(a.Now().Ended), cmp.Compare(b.Excess(), a.Excess()),
			strings.Compare(string(k), string(l)),
		)
	})
	kept, bytes := 0, 0
	for _, k := range keys {
		a := m.Alerts[k]
		size := len(k) + a.size()
		if kept < maxAlerts && bytes+size <= maxBytes {
			kept, bytes = kept+1, bytes+size
			continue
		}
		if a.Fires() {
			m.Overflow++
		}
		delete(m.Alerts, k)
	}
}

// size estimates the length of the alert as JSON, in bytes.
func (a *Alert) size() int {
	n := 350 + 250*len(a.Episodes) + len(a.Panel) + len(a.Rule) + len(a.Name) +
		len(a.Cause.Cluster) + len(a.Cause.Namespace) + len(a.Cause.Name)
	for _, labels := range []map[string]string{a.Labels, a.Identity} {
		for name, value := range labels {
			n += len(name) + len(value) + 6
		}
	}
	return n
}

// first orders true before false.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// bounded returns the labels to remember: not too many, and none too long.
func bounded(ls series.Labels) map[string]string {
	out := make(map[string]string, min(len(ls), maxLabels))
	for _, l := range ls[:min(len(ls), maxLabels)] {
		out[outside.Head(l.Name, maxText)] = outside.Head(l.Value, maxText)
	}
	return out
}
