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

// Key identifies a series within its panel by a hash of its labels and its query.
func (r *Row) Key() uint64 { return keyOf(r.Ref, r.Labels) }

// Key is the Row.Key of the judged series.
func (f *Finding) Key() uint64 { return keyOf(f.Ref, f.Labels) }

// queryLabel is a label that no series has. It distinguishes series of two queries that have the
// same labels.
const queryLabel = "\x00query"

func keyOf(ref string, ls series.Labels) uint64 {
	if ref != "" {
		ls = ls.With(queryLabel, ref)
	}
	return ls.Hash()
}

// Expr returns the PromQL of the i-th query as it was run, "" if there is none.
func (p *Panel) Expr(i int) string {
	if i >= len(p.Exprs) {
		return ""
	}
	return p.Exprs[i]
}

// Metrics returns the names of the metrics that the panel's queries read, each once. A query that
// promsnap cannot parse adds none.
func (p *Panel) Metrics() []string {
	var names []string
	for _, expr := range p.Exprs {
		of, err := panel.MetricNames(expr)
		if err != nil {
			continue
		}
		names = addOnce(names, of)
	}
	return names
}

// NamesPods reports whether the label pod of the panel's series names what they are about, and not
// the pod of an exporter.
func (p *Panel) NamesPods() bool {
	return panel.NamePods(p.Metrics())
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

// exprs returns the PromQL of a panel's queries before expansion.
func exprs(s *panel.Spec) []string {
	out := make([]string, max(len(s.Queries), 1))
	for i, q := range s.Queries {
		out[i] = q.Expr
	}
	return out
}

// several reports whether the panel has more than one query.
func (p *Panel) several() bool { return len(p.Spec.Queries) > 1 }

// askMore queries the series of the queries after the first, and adds the metadata of their answers
// to m.
func (p *Panel) askMore(ctx context.Context, q Querier, o Options, f *fold, m *promapi.Meta) error {
	for i := 1; i < len(p.Spec.Queries); i++ {
		f.next()
		ref := p.Spec.Queries[i].Ref
		meta, err := runAndFold(func(each func(series.Series) error) (promapi.Meta, error) {
			return q.Range(ctx, promapi.Query{Expr: p.Exprs[i], Grid: p.Grid, Limit: o.MaxSeries},
				each)
		}, f.add)
		if err != nil {
			return fmt.Errorf("query %s: %w", ref, err)
		}
		if !meta.Grid.Start.Equal(m.Grid.Start) {
			return fmt.Errorf("query %s: %w", ref, errOtherTimes)
		}
		p.Exprs[i] = meta.Expr
		addMeta(m, meta)
	}
	return nil
}

var errOtherTimes = errors.New("its samples are at other times than those of the panel's first " +
	"query")

// addMeta adds the metadata of another answer, each warning and info once.
func addMeta(to *promapi.Meta, m promapi.Meta) {
	to.Partial = to.Partial || m.Partial
	to.Warnings = addOnce(to.Warnings, m.Warnings)
	to.Infos = addOnce(to.Infos, m.Infos)
}
