package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/report"
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
	moved, more := changelog.FindMoves(ctx, s.source, s.moves(), s.options.Nodes,
		changelog.Options{End: s.window.End})
	s.info.Changes = found
	if found == nil {
		s.info.Changes = moved
	} else {
		maps.Copy(found, moved)
	}
	s.info.Notes = append(slices.Clip(s.info.Notes), notes...)
	s.info.Notes = append(s.info.Notes, more...)
}

// moves returns the series that the report shows as changed since last week.
func (s *reportSnapshot) moves() []changelog.Move {
	var out []changelog.Move
	up, down := report.Moved(s.panels)
	for _, row := range slices.Concat(up.Rows, down.Rows) {
		out = append(out, changelog.Move{Panel: row.Panel, Moved: row.Moved})
	}
	return out
}
