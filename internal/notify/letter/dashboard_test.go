package letter

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The mark of a summary of a dashboard is not green if a threshold colours a figure. The line about
// the figures is there once, also below findings.
func TestSummaryOfADashboard(t *testing.T) {
	for _, tc := range []struct {
		name   string
		level  board.Level
		panels []snapshot.Panel
		mark   string
		line   string
	}{
		{
			name: "normal", level: board.Normal, mark: greenMark,
			line: "No figure is beyond its thresholds",
		},
		{
			name: "yellow", level: board.Yellow, mark: yellowMark,
			line: "1 of 1 figures is yellow or orange: Root FS Used 81%",
		},
		{
			name: "red", level: board.Red, mark: amberMark,
			line: "1 of 1 figures is red: Root FS Used 81%",
		},
		{
			name: "red, and a critical finding", level: board.Red, mark: redMark,
			panels: []snapshot.Panel{found(0, rules.Breach, rules.Critical)},
			line:   "1 of 1 figures is red: Root FS Used 81%",
		},
	} {
		b := &board.Board{Title: "Nodes", Panels: []board.Panel{{
			Name: "root-fs-1", Queries: []board.Query{{Ref: "A", Expr: "x"}}, Row: -1,
			View: board.View{
				Title: "Root FS Used", Kind: board.TilesKind, Answered: true,
				Tiles: &board.Tiles{Items: []board.Tile{
					{Text: value.Formatted{Text: "81", Suffix: "%"}, Number: 81, Level: tc.level},
				}},
			},
		}}}
		r := report.Build(report.Info{Title: "Nodes", Slot: slot, Board: b}, tc.panels)
		got := Compose(notify.Delivery{
			Report: r, Message: &notify.Message{Kind: notify.KindSummary},
		}, limits)
		if !strings.HasPrefix(got.Title, tc.mark) {
			t.Errorf("%s: got the title %q, want the mark %s", tc.name, got.Title, tc.mark)
		}
		if n := strings.Count(said(got), tc.line); n != 1 {
			t.Errorf("%s: got\n%s\nwant %q once", tc.name, said(got), tc.line)
		}
	}
}
