package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"path"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Merged is a fleet's report in figures: every cluster of the plan, and their merged panels.
type Merged struct {
	Clusters []report.Cluster // in the order of the plan
	Panels   []snapshot.Panel
}

// ReduceOptions are the options of Reduce.
type ReduceOptions struct {
	// Specs are the panels of the report, as snapshot.Options.Planned returns them.
	Specs []panel.Spec
	// Range is that of the report, for panels without their own.
	Range time.Duration
	// Now is the wall clock. Reduce stops to wait at the plan's deadline. It calls Now and Pause
	// from several goroutines.
	Now func() time.Time
	// Pause waits between two looks at the store. Nil: Reduce does not wait for parts.
	Pause func(ctx context.Context) error
}

// batch is how many parts are merged at a time. Memory holds so many parts and what is merged.
const batch = 12

// Reduce reads the parts of a plan, several at once, and merges them in its order. A part that
// is missing, damaged, foreign or newer is in the Lack of its cluster, and the others are merged.
// The order in which the parts were written does not matter.
func Reduce(ctx context.Context, s Store, p Plan, o ReduceOptions) (Merged, error) {
	m := newMerger(p, o)
	seen := loadSeen(ctx, s, p.Report)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var out Merged
	reading := readAhead(ctx, s, p, o)
	for _, c := range p.Clusters {
		read, more := <-reading
		if !more {
			return Merged{}, context.Cause(ctx)
		}
		part, err := read()
		if ctx.Err() != nil {
			return Merged{}, context.Cause(ctx)
		}
		row := part.Cluster
		row.Name, row.Labels, row.Lack = c.Name, c.Labels, lackOf(err)
		if err == nil && part.Config != p.Config {
			row.Lack = snapshot.NoteOf(report.LackOtherConfig)
		}
		switch {
		case part.isSeen():
			seen.Slots[c.Name] = later(seen.Slots[c.Name], p.Slot)
		case row.BlindSince.IsZero() && seen.Slots[c.Name].Before(p.Slot):
			row.BlindSince = seen.Slots[c.Name]
		}
		out.Clusters = append(out.Clusters, row)
		if part.hasData() { // a cluster without data is said once, and not in every panel
			m.add(c.Name, part.Panels)
		}
	}
	out.Panels = m.panels()
	seen.save(ctx, s, p)
	return out, nil
}

// ahead is how many parts are read before they are merged: a bucket takes its time for each.
const ahead = 4

// readAhead reads the parts of a plan. It returns, in the plan's order, functions that wait for the
// part of a cluster.
func readAhead(ctx context.Context, s Store, p Plan, o ReduceOptions) <-chan func() (Part, error) {
	reading := make(chan func() (Part, error), ahead)
	go func() {
		defer close(reading)
		for _, c := range p.Clusters {
			var part Part
			var err error
			read := make(chan struct{})
			select {
			case reading <- func() (Part, error) { <-read; return part, err }:
			case <-ctx.Done():
				return
			}
			go func() {
				defer close(read)
				part, err = await(ctx, s, p, c.Name, o)
			}()
		}
	}()
	return reading
}

// await returns the part of a cluster. It waits for it until the plan's deadline.
func await(ctx context.Context, s Store, p Plan, cluster string, o ReduceOptions) (Part, error) {
	for {
		data, version, err := s.Get(ctx, partKey(p, cluster), MaxPart)
		switch {
		case errors.Is(err, ErrTooLarge):
			return Part{}, ErrDamaged
		case err != nil:
			return Part{}, err
		case version != "":
			return DecodePart(p, cluster, data)
		case o.Pause == nil || !o.Now().Before(p.Deadline):
			return Part{}, errMissing
		}
		if err := o.Pause(ctx); err != nil {
			return Part{}, err
		}
	}
}

var errMissing = errors.New("the part did not arrive")

// lackOf returns why a part cannot be used; zero: it can.
func lackOf(err error) snapshot.Note {
	var newer *NewerPartError
	switch {
	case err == nil:
		return snapshot.Note{}
	case errors.Is(err, errMissing):
		return snapshot.NoteOf(report.LackMissing)
	case errors.As(err, &newer):
		return snapshot.NoteOf(report.LackNewer, newer.Promsnap)
	case errors.Is(err, ErrForeign):
		return snapshot.NoteOf(report.LackForeign)
	case errors.Is(err, ErrDamaged):
		return snapshot.NoteOf(report.LackDamaged)
	}
	return snapshot.NoteOf(report.LackUnread, err.Error())
}

// merger merges panels a batch at a time.
type merger struct {
	specs  []panel.Spec
	grids  []series.Grid // of the specs
	merged []snapshot.Panel
	parts  [][]snapshot.Panel
}

func newMerger(p Plan, o ReduceOptions) merger {
	m := merger{specs: o.Specs}
	for i := range o.Specs {
		m.grids = append(m.grids, p.grid(&o.Specs[i], o.Range))
	}
	return m
}

// add adds the panels of a cluster in the order of the specs. A panel that it lacks, or that has
// other queries or times, counts as failed in that cluster.
func (m *merger) add(cluster string, panels []snapshot.Panel) {
	of := make(map[string]*snapshot.Panel, len(panels))
	for i := range panels {
		of[panels[i].Spec.Name] = &panels[i]
	}
	part := make([]snapshot.Panel, len(m.specs))
	for i := range m.specs {
		p, err := of[m.specs[i].Name], error(nil)
		if p != nil {
			err = cmp.Or(p.Fits(&m.specs[i]), p.OnGrid(m.grids[i]))
		}
		if p == nil || err != nil {
			part[i] = snapshot.Lacking(&snapshot.Panel{Spec: m.specs[i]}, cluster, err)
			continue
		}
		part[i] = *p
		// What is drawn and shown as the query comes from the configuration. A cluster's own query
		// may have matchers that the others do not have.
		part[i].Spec, part[i].Exprs = m.specs[i], queries(&m.specs[i])
	}
	if m.parts = append(m.parts, part); len(m.parts) == batch {
		m.merge()
	}
}

// queries returns the queries of a panel as the configuration has them.
func queries(spec *panel.Spec) []string {
	var out []string
	for _, q := range spec.Queries {
		out = append(out, q.Expr)
	}
	return out
}

// merge merges what was added.
func (m *merger) merge() {
	if len(m.parts) == 0 {
		return
	}
	parts := m.parts
	if m.merged != nil {
		parts = append([][]snapshot.Panel{m.merged}, parts...)
	}
	m.merged, m.parts = snapshot.MergeAll(parts...), nil
	for i := range m.merged {
		m.merged[i].Slim(maxRows)
	}
}

// panels returns the merged panels; nil: no cluster has any.
func (m *merger) panels() []snapshot.Panel {
	m.merge()
	return m.merged
}

// lastSeen is when each cluster of a report last had data, for clusters that have none now.
type lastSeen struct {
	Slots map[string]time.Time `json:"slots"`
	was   string               // its version in the store
}

const maxSeen = 4 << 20

func seenKey(reportName string) string { return path.Join(report.Slug(reportName), "seen.json") }

// loadSeen reads what is known. Nothing is known after an error: it only says since when a cluster
// has been blind.
func loadSeen(ctx context.Context, s Store, reportName string) lastSeen {
	out := lastSeen{Slots: map[string]time.Time{}}
	data, version, err := s.Get(ctx, seenKey(reportName), maxSeen)
	if err != nil || version == "" || json.Unmarshal(data, &out) != nil || out.Slots == nil {
		out.Slots = map[string]time.Time{}
	}
	out.was = version
	return out
}

// forgotten is how long a cluster is remembered that no plan has. A list that cannot be read today
// has its clusters back tomorrow.
const forgotten = 30 * 24 * time.Hour

// save writes what is known. If another run writes at the same time, that one counts.
func (l lastSeen) save(ctx context.Context, s Store, p Plan) {
	for name, at := range l.Slots {
		if p.Index(name) < 0 && p.Slot.Sub(at) > forgotten {
			delete(l.Slots, name)
			continue
		}
		l.Slots[name] = at.UTC()
	}
	data, err := json.Marshal(l)
	if err != nil || len(data) > maxSeen {
		return
	}
	_ = s.Swap(ctx, seenKey(p.Report), data, l.was)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
