package archive

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Retention says which slots of a report stay. A slot stays if one of the two rules keeps it, so
// that a report that stopped running does not lose its last slots by age.
type Retention struct {
	Keep int           // the newest slots; 0: no rule
	Age  time.Duration // slots that are not older; 0: no rule
}

// maxClockSkew is how far the clock of a run may be ahead of this machine's.
const maxClockSkew = 10 * time.Minute

// settling is how long after its newest file a slot may still be written by a run, such as one that
// repeats an old slot.
const settling = 10 * time.Minute

// Split returns which slots of one report stay and which are to be removed, both with the newest
// first. Whatever the rules say, these stay: the newest slot, the newest whole one, those that a
// run may still be writing, those without a report.json that can be read, and those in the future,
// whose clock was wrong. The latter two do not count for Keep. Without rules, all stay.
func (r Retention) Split(slots []Slot, now time.Time) (stay, remove []Slot) {
	slots = slices.Clone(slots)
	slices.SortFunc(slots, func(a, b Slot) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.Path, b.Path))
	})
	counted, whole := 0, false
	for _, s := range slots {
		if s.Partial || s.Time.Sub(now) > maxClockSkew {
			stay = append(stay, s)
			continue
		}
		first := counted == 0 || s.Whole && !whole
		counted++
		whole = whole || s.Whole
		switch {
		case first, now.Sub(s.Written) < settling, r.Keep <= 0 && r.Age <= 0, counted <= r.Keep,
			r.Age > 0 && now.Sub(s.Time) <= r.Age:
			stay = append(stay, s)
		default:
			remove = append(remove, s)
		}
	}
	return stay, remove
}

// Plan is what a retention means for one report of a cluster.
type Plan struct {
	Cluster, Report string
	Stay, Remove    []Slot // the newest first
}

// Plans returns what a retention means for each report that a filter chooses. Limit and Since do
// not apply.
func Plans(ctx context.Context, s Store, f Filter, r Retention, now time.Time) ([]Plan, error) {
	f.Since, f.Limit = time.Time{}, 0
	all, err := read(ctx, s, f)
	if err != nil {
		return nil, err
	}
	var out []Plan
	for _, one := range all {
		for cluster, slots := range one.byCluster() {
			p := Plan{Cluster: cluster, Report: slots[0].Report}
			p.Stay, p.Remove = r.Split(slots, now)
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Plan) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Report, b.Report))
	})
	return out, nil
}

// byCluster returns the slots by their clusters. If the layout does not say the cluster, there may
// be slots of several; one that does not say it either is with those of the newest that does.
func (f found) byCluster() map[string][]Slot {
	known := ""
	for _, s := range f.slots {
		known = cmp.Or(known, s.Cluster)
	}
	if f.report.Cluster != "" {
		return map[string][]Slot{known: f.slots}
	}
	out := map[string][]Slot{}
	for _, s := range f.slots {
		cluster := cmp.Or(s.Cluster, known)
		out[cluster] = append(out[cluster], s)
	}
	return out
}

// Prune removes what plans say, the oldest slots of each report first, and calls removed after each
// slot. If it is stopped, another call removes the rest.
func Prune(ctx context.Context, s Store, plans []Plan, removed func(Removed)) error {
	for _, p := range plans {
		slots := slices.Clone(p.Remove)
		slices.Reverse(slots)
		if len(slots) == 0 {
			continue
		}
		if err := s.Remove(ctx, slots, removed); err != nil {
			return err
		}
	}
	return nil
}
