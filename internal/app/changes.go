package app

import (
	"context"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// changesTime is how long the search for changes may take. It only adds to what is known.
const changesTime = 30 * time.Second

// findChanges finds what changed before the findings began. What it cannot find is a note. See
// changelog.Options for begins.
func (s *reportSnapshot) findChanges(ctx context.Context,
	begins func(*snapshot.Panel, *snapshot.Finding) (time.Time, bool)) {
	if ctx.Err() != nil {
		return // the report says why the run was cut short
	}
	ctx, cancel := context.WithTimeout(ctx, changesTime)
	defer cancel()
	found, notes := changelog.Find(ctx, s.source, s.panels, s.options.Nodes, changelog.Options{
		End: s.window.End, Events: s.events, Cluster: s.info.Cluster, Begins: begins,
	})
	s.info.Changes = found
	s.info.Notes = append(slices.Clip(s.info.Notes), notes...)
}
