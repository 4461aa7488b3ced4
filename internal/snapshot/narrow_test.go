package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// pods answers the query used by (pod) with n pods, of which the first high are above 0.9.
type pods struct {
	n, high int
	refuses bool // refuse the count query
	asked   *[]string
}

func (p pods) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	*p.asked = append(*p.asked, q.Expr)
	if strings.HasPrefix(q.Expr, "count(") {
		if p.refuses {
			return promapi.Meta{}, errRefused
		}
		return promapi.Meta{Expr: q.Expr, Grid: q.Grid}, each(series.Series{
			Values: []float64{float64(p.n)},
		})
	}
	from, to := 0, p.n
	switch {
	case strings.HasPrefix(q.Expr, "topk("):
		to = min(to, 8)
	case strings.Contains(q.Expr, " > 0.8"):
		to = p.high
	}
	sent := 0
	for i := from; i < to; i++ {
		name := fmt.Sprintf("pod-%05d", i)
		if strings.Contains(q.Expr, "=~") && !strings.Contains(q.Expr, name) {
			continue
		}
		if sent++; q.Limit > 0 && sent > q.Limit {
			return promapi.Meta{}, &promapi.LimitError{Limit: q.Limit}
		}
		values := make([]float64, q.Grid.Len)
		for j := range values {
			values[j] = 0.5 - float64(i)/1e6
			if i < p.high {
				values[j] = 0.95 - float64(i)/1e6
			}
		}
		if err := each(
			series.Series{Labels: series.FromPairs("pod", name), Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	return promapi.Meta{Expr: q.Expr, Grid: q.Grid}, nil
}

func (pods) Present(context.Context, []string, time.Time, time.Time) (map[string]bool, error) {
	return map[string]bool{}, nil
}

// TestLargePanelIsNarrowed takes a panel of many pods with a limit of 100 series.
func TestLargePanelIsNarrowed(t *testing.T) {
	rule := rules.Rule{Name: "High", Warning: rules.At(0.8), For: 15 * time.Minute}
	for _, c := range []struct {
		name   string
		pods   pods
		change func(*panel.Spec)
		rows   int
		left   int
		fails  bool
	}{
		{"all fit", pods{n: 100, high: 3}, nil, 100, 0, false},
		{"too many", pods{n: 5000, high: 30}, nil, 30, 4970, false},
		{"too many, few high", pods{n: 5000, high: 3}, nil, 8, 4992, false},
		{"unknown total", pods{n: 5000, high: 30, refuses: true}, nil, 0, 0, true},
		{"too many that are high", pods{n: 5000, high: 101}, nil, 0, 0, true},
		{"an override lowers the limit", pods{n: 5000, high: 30}, func(s *panel.Spec) {
			s.Overrides = []panel.Override{{Warning: rules.At(0.25)}}
		}, 0, 0, true}, // all pods are above it
		{"without rules", pods{n: 5000, high: 30}, func(s *panel.Spec) {
			s.Rules = nil
		}, 8, 4992, false},
		{"a verdict", pods{n: 5000, high: 30}, func(s *panel.Spec) {
			s.Rules = []rules.Rule{{Name: "v", Warning: rules.At(0.8), Reduce: rules.Avg}}
		}, 0, 0, true},
		{"a lower limit", pods{n: 5000, high: 30}, func(s *panel.Spec) {
			s.Rules[0].Direction = rules.Below
		}, 0, 0, true},
		{"cannot be narrowed", pods{n: 5000, high: 30}, func(s *panel.Spec) {
			s.Narrow = ""
		}, 0, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked []string
			c.pods.asked = &asked
			spec := panel.Spec{
				Name: "p",
				Queries: []panel.Query{
					{Expr: "max by (pod) (used)", Unit: units.PercentUnit, Legend: "{{pod}}"},
				},
				Subject: "memory", Builtin: true, Narrow: "pod",
				Rules: []rules.Rule{rule},
			}
			if c.change != nil {
				c.change(&spec)
			}
			o := snapshot.Options{
				Slot: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), Range: 6 * time.Hour,
				MaxSeries: 100,
			}
			p := snapshot.Take(t.Context(), c.pods, []panel.Spec{spec}, o)[0]
			limit := p.Failure != nil && p.Failure.Kind == snapshot.FailureLimit &&
				p.Failure.Hint == "raise prometheus.max_series"
			if limit != c.fails || (p.Failure != nil) != c.fails {
				t.Fatalf("got failure %v, want one: %t", p.Failure, c.fails)
			}
			if len(p.Rows) != c.rows || p.LeftOut != c.left || p.Total != c.rows+c.left {
				t.Errorf("got %d rows, %d left out, %d in total; want %d and %d", len(p.Rows),
					p.LeftOut,
					p.Total, c.rows, c.left)
			}
			if !c.fails && len(spec.Rules) > 0 {
				if want := p.Total - c.pods.high; p.OK != want || len(p.Findings) != c.pods.high {
					t.Errorf("got %d OK, %d findings, want %d and %d", p.OK, len(p.Findings), want,
						c.pods.high)
				}
			}
			if notes := spelled(p.Notes); strings.Contains(notes,
				snapshot.NoteLeftOut) != (c.left > 0) {
				t.Errorf("got notes %q, want one of %d series left out: %v", notes, c.left,
					c.left > 0)
			}
			for _, q := range asked {
				if len(q) > 16<<10 {
					t.Errorf("got a query of %d bytes, want at most 16 KiB", len(q))
				}
			}
		})
	}
}

// VictoriaMetrics refuses queries of more than 16 KiB, and a query with many selectors repeats the
// names in each.
func TestLookBackAtALongQuery(t *testing.T) {
	for _, tt := range []struct {
		calm  int
		known int // the streaks whose beginning is found
	}{{calm: 100, known: 10}, {calm: 600, known: 7}} { // 7: half of 8, and 3 witnesses
		h := &history{series: map[string]func(time.Duration) float64{}}
		for i := range tt.calm {
			h.series[fmt.Sprintf("calm-%025d", i)] = above(-1)
		}
		for i := range 10 {
			h.series[fmt.Sprintf("hot-%026d", i)] = above(5 * time.Hour)
		}
		h.fails = func(q promapi.Query) error {
			if len(q.Expr) > 16<<10 {
				return errors.New("too long query")
			}
			return nil
		}
		spec := memory
		spec.Queries = []panel.Query{{
			Expr: "m" + strings.Repeat(" + 0 * m{long='"+strings.Repeat("x", 200)+"'}", 30),
			Unit: units.Percent,
		}}
		p := lookBack(h, spec, options(time.Hour), nil)
		known := 0
		for _, f := range p.Findings {
			if f.Streak != nil && !f.Streak.Open {
				known++
			}
		}
		if known != tt.known || len(p.Notes) > 0 {
			t.Errorf("of %d series: got %d beginnings and the notes %v, want %d and none",
				tt.calm+10, known, p.Notes, tt.known)
		}
	}
}
