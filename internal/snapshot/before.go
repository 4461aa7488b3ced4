package snapshot

import (
	"cmp"
	"context"
	"math"
	"runtime/debug"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// hasBefore reports whether the panel's lines are also drawn as they were before.
func (p *Panel) hasBefore() bool {
	return p.Spec.Compare > 0 && p.Spec.Without == "" && len(p.Lines) > 0
}

// takeBefore queries the drawn lines as they were Spec.Compare before. A panic is an error.
func (p *Panel) takeBefore(ctx context.Context, q Querier, o Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicError{value: r, stack: debug.Stack()}
		}
	}()
	if p.Spec.Builtin {
		q = o.Mapping.Querier(q)
	}
	for i := range exprs(&p.Spec) {
		if err := p.askBefore(ctx, q, o, i); err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
	}
	return nil
}

// askBefore queries the drawn lines of one query. It has no offset: only the grid is earlier.
func (p *Panel) askBefore(ctx context.Context, q Querier, o Options, query int) error {
	lines := map[uint64]*Line{}
	s := sought{query: query}
	for i := range p.Lines {
		if l := &p.Lines[i]; l.Ref == p.refOf(query) {
			s.keys, lines[l.Key()] = append(s.keys, l.Key()), l
		}
	}
	if len(s.keys) == 0 {
		return nil
	}
	vars := o.vars(&p.Spec, p.Grid.Step)
	expr, _, err := p.narrowest(panel.Expand(exprs(&p.Spec)[query], vars), &s, o)
	if err != nil {
		return err
	}
	g := p.Grid
	g.Start = g.Start.Add(-p.Spec.Compare.Truncate(g.Step))
	f, err := newFold(&p.Spec, g, o.Nodes, nil)
	if err != nil {
		return err
	}
	before := map[uint64][]float64{}
	f.query, f.take = query, func(is identified) {
		k := keyOf(f.asked().Ref, is.Labels)
		switch was := before[k]; {
		case lines[k] == nil:
		case was == nil:
			before[k] = slices.Clone(is.Values)
		default: // it came in several parts
			for i, v := range is.Values {
				if math.IsNaN(was[i]) {
					was[i] = v
				}
			}
		}
	}
	_, err = runAndFold(func(each func(series.Series) error) (promapi.Meta, error) {
		return q.Range(ctx, promapi.Query{Expr: expr, Grid: g, Limit: o.MaxSeries}, each)
	}, f.add)
	if err != nil {
		return err
	}
	f.addUnited()
	for k, values := range before {
		if series.Newest(values) >= 0 {
			lines[k].Before = values
		}
	}
	return nil
}
