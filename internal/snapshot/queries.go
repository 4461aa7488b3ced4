package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// Absence is a query that finds no series where there should be some, of a panel that has other queries.
type Absence struct {
	Ref     string
	Missing []string // metric names that the query reads and Prometheus does not have
}

// Key is what a series is known by in its panel: a hash of its labels and of its query.
func (r *Row) Key() uint64 { return keyOf(r.Ref, r.Labels) }

// Key is the Row.Key of the series that was judged.
func (f *Finding) Key() uint64 { return keyOf(f.Ref, f.Labels) }

// queryLabel is a label that no series has. Series of two queries that have the same labels are told apart by it.
const queryLabel = "\x00query"

func keyOf(ref string, ls series.Labels) uint64 {
	if ref != "" {
		ls = ls.With(queryLabel, ref)
	}
	return ls.Hash()
}

// Expr returns the PromQL of the i-th query as it was run, "" where there is none.
func (p *Panel) Expr(i int) string {
	if i >= len(p.Exprs) {
		return ""
	}
	return p.Exprs[i]
}

// Others returns the rows that are not drawn.
func (p *Panel) Others() []Row {
	if len(p.Spec.Queries) <= 1 {
		return p.Rows[min(len(p.Lines), len(p.Rows)):]
	}
	drawn := make(map[uint64]bool, len(p.Lines))
	for i := range p.Lines {
		drawn[p.Lines[i].Key()] = true
	}
	return slices.DeleteFunc(slices.Clone(p.Rows), func(r Row) bool { return drawn[r.Key()] })
}

// AbsentOf returns the absence of the query that a rule judges, nil where it has series or may have none.
func (p *Panel) AbsentOf(rule string) *Absence {
	ref := p.Spec.Query(p.Spec.Rule(rule).Ref).Ref
	for i := range p.Absent {
		if p.Absent[i].Ref == ref {
			return &p.Absent[i]
		}
	}
	return nil
}

// exprs returns the PromQL of a panel's queries before it is expanded.
func exprs(s *panel.Spec) []string {
	out := make([]string, max(len(s.Queries), 1))
	for i, q := range s.Queries {
		out[i] = q.Expr
	}
	return out
}

// several reports whether the panel has more than one query.
func (p *Panel) several() bool { return len(p.Spec.Queries) > 1 }

// askMore asks for the series of the queries after the first, and adds to m what their answers say of themselves.
func (p *Panel) askMore(ctx context.Context, q Querier, o Options, f *fold, m *promapi.Meta) error {
	for i := 1; i < len(p.Spec.Queries); i++ {
		f.next()
		ref := p.Spec.Queries[i].Ref
		meta, err := beside(func(each func(series.Series) error) (promapi.Meta, error) {
			return q.Range(ctx, promapi.Query{Expr: p.Exprs[i], Grid: p.Grid, Limit: o.MaxSeries}, each)
		}, f.add)
		if err != nil {
			return fmt.Errorf("query %s: %w", ref, err)
		}
		if !meta.Grid.Start.Equal(m.Grid.Start) {
			return fmt.Errorf("query %s: %w", ref, errOtherTimes)
		}
		p.Exprs[i] = meta.Expr
		hear(m, meta)
	}
	return nil
}

var errOtherTimes = errors.New("its samples lie at other times than those of the panel's first query")

// hear adds what another answer says of itself, once.
func hear(to *promapi.Meta, m promapi.Meta) {
	to.Partial = to.Partial || m.Partial
	to.Warnings = addOnce(to.Warnings, m.Warnings)
	to.Infos = addOnce(to.Infos, m.Infos)
}

// needs returns the metrics without which the panel's i-th query cannot have an answer: an error where promsnap cannot read the query.
func (p *Panel) needs(i int) ([]string, error) {
	names, err := panel.MetricNames(p.Exprs[i])
	switch {
	case err != nil:
		return nil, err
	case i == 0 && len(p.Spec.Needs) > 0:
		return p.Spec.Needs, nil
	case p.Spec.EmptyIsOK:
		return names[:min(1, len(names))], nil
	}
	return names, nil
}

// findAbsent looks for the queries of a panel that find no series while others do, and asks which of their metrics exist.
func (p *Panel) findAbsent(ctx context.Context, q Querier) error {
	if !p.several() {
		return nil
	}
	has := map[string]bool{}
	for i := range p.Rows {
		has[p.Rows[i].Ref] = true
	}
	for i, query := range p.Spec.Queries {
		if has[query.Ref] {
			continue
		}
		absence := Absence{Ref: query.Ref}
		if needs, err := p.needs(i); err == nil { // of a dialect that promsnap cannot read, nothing is known
			present, err := q.Present(ctx, needs, p.Grid.Start, p.Grid.End())
			if err != nil {
				return fmt.Errorf("query %s: asking which metrics exist: %w", query.Ref, err)
			}
			absence.Missing = slices.DeleteFunc(slices.Clone(needs), func(n string) bool { return present[n] })
			if p.Spec.EmptyIsOK && len(needs) > 0 && len(absence.Missing) == 0 {
				continue
			}
		}
		p.Absent = append(p.Absent, absence)
		p.Missing = addOnce(p.Missing, absence.Missing)
	}
	return nil
}
