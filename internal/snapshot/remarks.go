package snapshot

import (
	"context"
	"math"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// mostRemarks is the most lines of one remark.
const mostRemarks = 10

// askRemarks runs the remark queries. A failure adds a note.
func (p *Panel) askRemarks(ctx context.Context, q Querier, v panel.Vars) {
	at := series.Grid{Start: p.Grid.End(), Step: p.Grid.Step, Len: 1}
	for i, r := range p.Spec.Remarks {
		var lines []remarked
		_, err := q.Range(ctx, promapi.Query{Expr: panel.Expand(r.Query, v), Grid: at},
			func(s series.Series) error {
				if !math.IsNaN(s.Values[0]) {
					lines = append(lines, remarked{
						legend(r.Text, s.Labels.With("value", "{{value}}")), s.Values[0],
					})
				}
				return nil
			})
		if err != nil {
			p.note(NoteRemarkMissing, err)
			continue
		}
		p.remark(i, lines, 0)
	}
}
