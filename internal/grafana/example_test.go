package grafana_test

import (
	"context"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/grafana"
)

func Example() {
	board, err := grafana.Decode([]byte(`{
		"panels": [
			{"id": 1, "type": "graph", "title": "Load of $node", "repeat": "node", "span": 6,
			 "targets": [{"expr": "node_load1{node=~\"$node\"}"}]},
			{"id": 2, "type": "news", "title": "News"}],
		"templating": {"list": [
			{"type": "custom", "name": "node", "query": "a,b", "multi": true, "includeAll": true}]}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	end := time.Unix(1_700_000_000, 0)
	window := grafana.Window{From: end.Add(-24 * time.Hour), To: end}
	values, err := board.Resolve(context.Background(), nil, nil, window)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := board.Plan(values, grafana.Request{Width: 1000})
	for _, p := range plan.Panels {
		q := p.Queries[0]
		fmt.Printf("%s at %v: %s every %s\n", p.Title, p.Grid, q.Expr, q.Step)
	}
	for _, v := range plan.Explain().Panels {
		fmt.Printf("panel %d: %s %q\n", v.ID, v.Status, v.Reason)
	}
	// Output:
	// Load of a at {0 0 12 7}: node_load1{node=~"a"} every 2m0s
	// Load of b at {12 0 12 7}: node_load1{node=~"b"} every 2m0s
	// panel 1: imported ""
	// panel 2: left_out "news are not drawn"
}
