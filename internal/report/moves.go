package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Moves are the series that a report shows as changed in one direction.
type Moves struct {
	Rows []MovedRow // the most important first, at most mostMoves
	More int        // that are not shown
}

// MovedRow is a series whose level changed, with its panel.
type MovedRow struct {
	Panel *snapshot.Panel
	*snapshot.Moved

	rank  int     // in its panel
	share float64 // of the sum of its panel
}

// Moved returns what a report shows of what changed since last week: what rose and what fell.
//
// Bytes and cores cannot be compared. So the largest change of each panel comes before the second
// of any, and those of one rank are ordered by their share of the sum of their panel.
func Moved(panels []snapshot.Panel) (up, down Moves) {
	for i := range panels {
		p := &panels[i]
		if p.History == nil {
			continue
		}
		up.add(p, p.History.Up, p.History.UpAll)
		down.add(p, p.History.Down, p.History.DownAll)
	}
	up.choose()
	down.choose()
	return up, down
}

// add adds the changes of a panel, the largest first, of which there are all.
func (m *Moves) add(p *snapshot.Panel, moved []snapshot.Moved, all int) {
	m.More += max(all, len(moved))
	for i := range moved {
		share := math.Abs(moved[i].Amount) / p.History.Sum
		if !(share >= 0) { // a sum of 0
			share = 0
		}
		m.Rows = append(m.Rows, MovedRow{p, &moved[i], i, share})
	}
}

// choose keeps the first rows.
func (m *Moves) choose() {
	slices.SortStableFunc(m.Rows, func(a, b MovedRow) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.share, a.share))
	})
	m.Rows = m.Rows[:min(len(m.Rows), mostMoves)]
	m.More -= len(m.Rows)
}

// isCreated reports whether all that is known is that the object was created. That explains
// nothing about a new series.
func (r *Report) isCreated(k changelog.Key) bool {
	for _, c := range r.Changed(k).Changes {
		if c.Kind != changelog.Created {
			return false
		}
	}
	return true
}

// moves returns the rows of a table of what changed.
func (r *Report) moves(of Moves, up bool) []Move {
	var out []Move
	for _, row := range of.Rows {
		m := r.words.move(row.Panel, row.Moved, up, r.Info)
		if key := changelog.KeyOfMove(row.Panel, row.Moved); !m.New || !r.isCreated(key) {
			m.Changes = r.ChangesOf(key)
		}
		out = append(out, m)
	}
	return out
}
