package reporttest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
)

// labelled answers every question of a dashboard's variables with something likely.
type labelled struct{}

func (labelled) LabelNames(context.Context, string) ([]string, error) {
	return []string{"instance", "job"}, nil
}

func (labelled) LabelValues(_ context.Context, label, _ string) ([]string, error) {
	return []string{label + "-a", label + "-b"}, nil
}

func (labelled) Query(context.Context, string) ([]grafana.Sample, error) {
	return []grafana.Sample{{
		Labels: series.FromPairs("namespace", "shop", "node", "node-a", "mountpoint", "/"),
		Value:  3, Time: Slot,
	}}, nil
}

// answered returns made-up answers to the queries of a panel: a few series with a daily rhythm, of
// a size that fits the panel's unit, with at most most samples. A query that has the word "broken"
// fails, and one that has "absent" finds nothing.
func answered(p *grafana.Planned, most int) []board.Answer {
	var out []board.Answer
	for i, q := range p.Queries {
		if q.Problem != "" {
			continue
		}
		a := board.Answer{Ref: q.Ref, Grid: series.Grid{Start: Slot, Step: time.Minute, Len: 1}}
		if !q.Instant {
			a.Grid.Step = max(q.Step, 15*time.Second)
			a.Grid.Len = min(int(p.Range/a.Grid.Step)+1, most)
			a.Grid.Start = Slot.Add(-a.Grid.Range())
		}
		switch {
		case strings.Contains(q.Expr, "broken"):
			a.Failure = "Prometheus refused the query: too many samples; narrow the query"
		case !strings.Contains(q.Expr, "absent"):
			a.Series = madeUp(p, q.Expr, i, a.Grid)
		}
		out = append(out, a)
	}
	return out
}

// madeUp returns the series of one answer.
func madeUp(p *grafana.Planned, expr string, query int, g series.Grid) []series.Series {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, p.Title, expr)
	n := h.Sum32()
	size := math.Pow(10, float64(n%5))
	switch unit := p.Field.Defaults.Unit; {
	case unit == "percent":
		size = 20 + float64(n%70)
	case unit == "percentunit":
		size = 0.2 + float64(n%70)/100
	case strings.Contains(strings.ToLower(unit), "byte"):
		size = 4e9
	}
	many := 1
	if p.Panel.Type != "stat" && p.Panel.Type != "gauge" && len(p.Queries) < 3 {
		many = 2 + int(n%3)
	}
	var out []series.Series
	for k := range many {
		wave := Wave(size*(1-float64(k)/8), size/10, float64(query+k)*5)
		s := series.Series{
			Labels: series.FromPairs("instance", fmt.Sprintf("node-%c", 'a'+k), "job",
				"node", "le", []string{"0.1", "0.5", "1", "+Inf"}[k%4], "device",
				fmt.Sprintf("sd%c", 'a'+k), "namespace", "shop", "pod", fmt.Sprintf("cart-%d", k),
				"container", "cart", "node", fmt.Sprintf("node-%c", 'a'+k), "mountpoint", "/",
				"name", fmt.Sprintf("name-%d", k)),
			Values: make([]float64, g.Len),
		}
		for i := range s.Values {
			s.Values[i] = wave(24 - Slot.Sub(g.At(i)).Hours())
		}
		out = append(out, s)
	}
	return out
}

// Board returns what a dashboard's file shows with made-up answers.
func Board(t testing.TB, file []byte) *board.Board {
	t.Helper()
	return boardOf(t, file, board.MaxPoints)
}

func boardOf(t testing.TB, file []byte, most int) *board.Board {
	t.Helper()
	d, err := grafana.Decode(file)
	if err != nil {
		t.Fatalf("decoding the dashboard: %v", err)
	}
	from := Slot.Add(-24 * time.Hour)
	values, err := d.Resolve(t.Context(), labelled{}, nil, grafana.Window{From: from, To: Slot})
	if err != nil {
		t.Fatalf("resolving the variables: %v", err)
	}
	plan := d.Plan(values, grafana.Request{Width: 1000})
	b := &board.Board{
		Title: d.Title, Description: d.Description, From: from, To: Slot, Notes: plan.Notes,
		Variables: plan.Explain().Variables, Verdicts: plan.Verdicts,
	}
	for _, r := range plan.Rows {
		b.Rows = append(b.Rows, board.Row{
			Title: r.Title, Tab: r.Row.Tab, Collapsed: r.Row.Collapsed,
		})
	}
	for i := range plan.Panels {
		p := &plan.Panels[i]
		one := board.Panel{
			View: board.Show(p, answered(p, most), board.Setting{Theme: value.Dark, Now: Slot}),
			Name: fmt.Sprintf("panel-%d-%d", p.Panel.ID, i), ID: p.Panel.ID, Row: p.Row,
			Place: p.Grid,
		}
		for _, q := range p.Queries {
			if q.Problem == "" {
				one.Queries = append(one.Queries, board.Query{
					Ref: q.Ref, Expr: q.Expr, Instant: q.Instant, Step: q.Step,
				})
			}
		}
		b.Panels = append(b.Panels, one)
	}
	return b
}

// Dashboard returns the report of a dashboard without rules.
func Dashboard(t testing.TB, file []byte) *report.Report {
	t.Helper()
	in := Info(t, nil)
	in.Name, in.Title, in.Board = "node-full", "", Board(t, file)
	return report.Build(in, nil)
}
