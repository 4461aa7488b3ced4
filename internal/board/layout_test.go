package board_test

import (
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
)

func TestSize(t *testing.T) {
	for _, c := range []struct {
		in            grafana.Grid
		width, height int
	}{
		{grafana.Grid{W: 24, H: 8}, board.PageWidth, 296},
		{grafana.Grid{W: 12, H: 1}, 584, 30},
		{grafana.Grid{W: 3, H: 4}, 140, 144},
		{grafana.Grid{W: 99, H: 0}, board.PageWidth, 30},
		{grafana.Grid{W: -1, H: -5}, 41, 30},
	} {
		width, height := board.Size(c.in)
		if width != c.width || height != c.height {
			t.Errorf("Size(%+v): got %d × %d, want %d × %d", c.in, width, height, c.width, c.height)
		}
	}
}
