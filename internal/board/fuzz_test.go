package board_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/series"
)

var panelKinds = []string{
	"timeseries", "stat", "gauge", "bargauge", "piechart", "barchart", "table", "heatmap",
	"histogram", "state-timeline", "status-history", "text", "graph", "singlestat",
}

// odd returns an answer that no server should give: any grid, values of any length, any labels.
func odd(ref string, r *rand.Rand) board.Answer {
	pick := func(of ...float64) float64 { return of[r.IntN(len(of))] }
	a := board.Answer{Ref: ref, Grid: series.Grid{
		Start: time.UnixMilli(int64(pick(0, -1e15, 1.7e12, 8e15, -62135596800000))),
		Step:  time.Duration(pick(0, -1, 1, 1e6, 6e10, math.MaxInt64/4)),
		Len:   int(pick(0, 1, 2, 7, -3, 20_000)),
	}}
	if r.IntN(8) == 0 {
		a.Failure = "\x00<b>\n"
	}
	names := []string{"", "a", "\xff", "name\nof\u202e", "le", "__name__"}
	for range r.IntN(5) {
		s := series.Series{Values: make([]float64, r.IntN(9))}
		for range r.IntN(3) {
			s.Labels = append(s.Labels, series.Label{
				Name: names[r.IntN(len(names))], Value: names[r.IntN(len(names))],
			})
		}
		if r.IntN(2) == 0 {
			s.Labels.Sort()
		}
		for i := range s.Values {
			s.Values[i] = pick(0, 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64,
				-math.MaxFloat64, 5e-324, 1e300, 0.1)
		}
		a.Series = append(a.Series, s)
	}
	return a
}

// FuzzShow gives panels with any settings odd answers. Nothing panics, and what comes out is
// bounded.
func FuzzShow(f *testing.F) {
	for i := range panelKinds {
		f.Add(uint8(i), uint64(i), []byte(`{}`), []byte(`{"defaults": {"custom": {"stacking":
			{"mode": "percent"}, "thresholdsStyle": {"mode": "area"}, "width": "NaN"},
			"thresholds": {"mode": "percentage", "steps": [{"value": 5}, {"color": 1}]},
			"decimals": -1e300, "min": 1e300, "max": "-1e300"}}`), "# a\n`<b")
		f.Add(uint8(i), uint64(i+100), []byte(`{"calculate": true, "bucketSize": 1e-300,
			"legend": {"calcs": ["max", "x"], "sortBy": "Max"}, "stacking": "percent",
			"reduceOptions": {"values": true, "limit": -1, "calcs": ["allValues"]},
			"footer": {"show": true, "reducer": ["nothing"]}, "graphMode": "area"}`),
			[]byte(`{"overrides": [{"matcher": {"id": "byRegexp", "options": "/.*/"},
			"properties": [{"id": "custom.fillBelowTo", "value": "a"},
			{"id": "custom.transform", "value": "constant"}]}]}`), "[[[[![(((|-|\n|-|\n")
	}
	f.Fuzz(func(t *testing.T, kind uint8, seed uint64, options, config []byte, text string) {
		file := fmt.Sprintf(`{"panels": [{"type": %q, "targets": [{"refId": "A", "expr": "a"},
			{"refId": "B", "expr": "b", "format": %q}], "options": %s, "fieldConfig": %s}]}`,
			panelKinds[int(kind)%len(panelKinds)], []string{"", "table", "heatmap"}[seed%3],
			options, config)
		b, err := grafana.Decode([]byte(file))
		if err != nil || len(b.Panels) != 1 {
			return
		}
		v, err := b.Resolve(t.Context(), nil, nil,
			grafana.Window{From: now.Add(-time.Hour), To: now})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Plan(v, grafana.Request{}).Panels {
			p.Content = text
			r := rand.New(rand.NewPCG(seed, 1))
			start := time.Now()
			view := board.Show(&p, []board.Answer{odd("A", r), odd("B", r)}, setting)
			if took := time.Since(start); took > 10*time.Second {
				t.Fatalf("it took %s, want less than 10s", took)
			}
			check(t, view)
			checkBounds(t, view)
		}
	})
}

func checkBounds(t *testing.T, v board.View) {
	t.Helper()
	graph, tiles, bars, table, words := v.Graph, v.Tiles, v.Bars, v.Table, v.Text
	for what, n := range map[string][2]int{
		"notes":  {len(v.Notes), 50},
		"curves": {size(graph, func(g *board.Graph) int { return len(g.Curves) }), board.MaxCurves},
		"tiles":  {size(tiles, func(x *board.Tiles) int { return len(x.Items) }), board.MaxTiles},
		"bars":   {size(bars, func(x *board.Bars) int { return len(x.Items) }), board.MaxTiles},
		"rows":   {size(table, func(x *board.Table) int { return len(x.Rows) }), board.MaxRows},
		"blocks": {size(words, func(x *board.Text) int { return len(x.Blocks) }), board.MaxBlocks},
	} {
		if n[0] > n[1] {
			t.Fatalf("got %d %s, want at most %d", n[0], what, n[1])
		}
	}
}

// size returns the size of a part of a view, 0 where it is not there.
func size[T any](part *T, of func(*T) int) int {
	if part == nil {
		return 0
	}
	return of(part)
}
