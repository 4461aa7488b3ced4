package snapshot

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// MergeSnapshots returns the snapshot of a fleet from those of its parts, which belong to one
// report and slot. It merges panels with Merge, node tables with MergeNodes, and equal notes.
// Fields that differ between the parts, such as the server, become empty. A panel that cannot be
// merged fails; the others are unaffected.
func MergeSnapshots(parts ...Snapshot) (Snapshot, error) {
	switch len(parts) {
	case 0:
		return Snapshot{}, errors.New("merging snapshots: no snapshots")
	case 1:
		return parts[0], nil
	}
	all := parts[0]
	all.Notes = nil
	nodes, panels := make([]Nodes, len(parts)), make([][]Panel, len(parts))
	for i := range parts {
		p := &parts[i]
		if p.Report != all.Report || !p.Slot.Equal(all.Slot) || !p.End.Equal(all.End) ||
			p.Range != all.Range {
			return Snapshot{}, fmt.Errorf("merging snapshots: one is of %s, another of %s",
				all.occasion(), p.occasion())
		}
		all.Cluster, all.Server, all.ServerURL = common(all.Cluster, p.Cluster), common(all.Server,
			p.Server), common(all.ServerURL, p.ServerURL)
		all.Scrape = max(all.Scrape, p.Scrape)
		if all.Incomplete.IsZero() {
			all.Incomplete = p.Incomplete
		}
		for _, n := range p.Notes {
			all.Notes = addNote(all.Notes, n)
		}
		nodes[i], panels[i] = p.Nodes, p.parts()
	}
	var err error
	if all.Nodes, err = MergeNodes(nodes...); err != nil {
		return Snapshot{}, err
	}
	all.Panels = MergeAll(panels...)
	return all, nil
}

// parts returns the panels as parts. A panel that was never queried (Failed) belongs to the
// snapshot's cluster.
func (s *Snapshot) parts() []Panel {
	out := slices.Clone(s.Panels)
	for i := range out {
		if out[i].Kept == nil && out[i].Data == DataFailed {
			out[i].Kept = &Kept{Part: s.Cluster}
		}
	}
	return out
}

// occasion describes the report and the times of a snapshot.
func (s *Snapshot) occasion() string {
	return fmt.Sprintf("report %q at %s, over %s to %s", s.Report,
		s.Slot.UTC().Format(time.RFC3339), s.Range, s.End.UTC().Format(time.RFC3339))
}

// common returns a if it equals b, else "".
func common(a, b string) string {
	if a != b {
		return ""
	}
	return a
}
