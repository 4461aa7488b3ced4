package board_test

import (
	"context"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
)

// From a dashboard's file to what its first panel shows.
func Example() {
	now := time.Date(2026, 11, 29, 6, 0, 0, 0, time.UTC)
	b, err := grafana.Decode([]byte(`{"panels": [{"type": "stat", "title": "Disk",
		"targets": [{"refId": "A", "expr": "disk", "legendFormat": "{{node}}"}],
		"fieldConfig": {"defaults": {"unit": "percent"}}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	values, err := b.Resolve(context.Background(), nil, nil,
		grafana.Window{From: now.Add(-time.Hour), To: now})
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := b.Plan(values, grafana.Request{})
	view := board.Show(&plan.Panels[0], []board.Answer{{
		Ref:  "A",
		Grid: series.Grid{Start: now.Add(-time.Minute), Step: time.Minute, Len: 2},
		Series: []series.Series{
			{Labels: series.FromPairs("node", "n1"), Values: []float64{40, 41.5}},
			{Labels: series.FromPairs("node", "n2"), Values: []float64{80, 91}},
		},
	}}, board.Setting{Theme: value.Light, Now: now})
	for _, tile := range view.Tiles.Items {
		fmt.Println(view.Title, tile.Name, tile.Text)
	}
	// Output:
	// Disk n1 41.5%
	// Disk n2 91%
}
