package snapshot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// Reader reads the series of one query of a panel over any grid, as Take does, and keeps none.
type Reader struct {
	panel     Panel // without an answer
	query     int
	rule      int
	vars      panel.Vars
	o         Options
	q         Querier
	overrides []override
}

// NewReader returns a reader of the query that a rule of the panel judges. The variables in the
// query are those of the panel with this step, whatever the step of the grid that is read.
func NewReader(q Querier, spec panel.Spec, rule string, step time.Duration,
	o Options) (*Reader, error) {
	overrides, err := compiled(spec.Overrides)
	if err != nil {
		return nil, err
	}
	r := &Reader{panel: o.unanswered(spec), o: o, q: q, overrides: overrides}
	if spec.Builtin {
		r.q = o.Mapping.Querier(q)
	}
	for i := range spec.Rules {
		if spec.Rules[i].Name == rule {
			r.rule = i
		}
	}
	ref := spec.Query(spec.Rules[r.rule].Ref).Ref
	for i := range spec.Queries {
		if spec.Queries[i].Ref == ref {
			r.query = i
		}
	}
	r.vars = o.vars(&r.panel.Spec, step)
	for i := range r.panel.Exprs {
		r.panel.Exprs[i] = panel.Expand(r.panel.Exprs[i], r.vars)
	}
	return r, nil
}

// Panel returns the panel without an answer.
func (r *Reader) Panel() *Panel { return &r.panel }

// Expr returns the PromQL that is read.
func (r *Reader) Expr() string { return r.panel.Exprs[r.query] }

// Read calls each with every series over g. If it returns an error, there may be more series than
// each has got.
func (r *Reader) Read(ctx context.Context, g series.Grid,
	each func(*Judgeable)) (promapi.Meta, error) {
	p := r.panel
	p.Grid = g
	capacities := map[uint64]capacity{}
	if c := p.Spec.Capacity; r.query == 0 && len(r.overrides) > 0 && c != nil &&
		len(c.Aside) > 0 { // overrides match these labels too
		if err := p.askCapacity(ctx, r.q, r.vars, r.o, nil, capacities); err != nil {
			return promapi.Meta{Grid: g}, err
		}
	}
	f, err := newFold(&p.Spec, g, r.o.Nodes, capacities)
	if err != nil {
		return promapi.Meta{Grid: g}, err
	}
	f.query = r.query
	one := Judgeable{fold: f, reader: r}
	f.take = func(is identified) {
		one.Series, one.NodeAdded, one.is = is.Series, is.added, is
		each(&one)
	}
	query := promapi.Query{Expr: r.Expr(), Grid: g, Limit: r.o.MaxSeries}
	meta, err := r.q.Range(ctx, query, func(s series.Series) error {
		f.add(s)
		return ctx.Err()
	})
	if err == nil {
		f.addUnited()
	}
	return meta, err
}

// Exists calls each with samples at the times at which an empty answer of the query is good news:
// all the metrics exist that it needs, and the panel is not blind (panel.Blind).
func (r *Reader) Exists(ctx context.Context, g series.Grid, each func([]float64)) error {
	names, err := r.panel.needs(r.query)
	if err != nil || len(names) == 0 {
		return err
	}
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = fmt.Sprintf("group({__name__=%q})", name)
	}
	expr := strings.Join(all, " and ")
	if blind := r.panel.Spec.Blind; blind != nil {
		expr += " unless group(" + panel.Expand(blind.Query, r.vars) + ")"
	}
	_, err = r.q.Range(ctx, promapi.Query{
		Expr: expr, Grid: g, Limit: r.o.MaxSeries,
	}, func(s series.Series) error {
		each(s.Values)
		return nil
	})
	return err
}

// Judgeable is a series with what judging it needs. It is valid only during the call that gets it;
// its strings may be kept.
type Judgeable struct {
	series.Series // the labels include the node
	// NodeAdded means that the node label comes from the identity table rather than the answer.
	NodeAdded bool

	is     identified
	fold   *fold
	reader *Reader
}

// Rule returns the reader's rule with the limits for this series, and whether an override set them.
func (s *Judgeable) Rule() (r rules.Rule, overrides bool) {
	at := s.reader.rule
	was := s.fold.spec.Rules[at]
	if len(s.reader.overrides) == 0 {
		return was, false
	}
	ls := s.fold.described(s.is)
	for _, o := range s.reader.overrides {
		overrides = overrides || (o.Rule == was.Name || o.Rule == "" && at == 0) && o.matches(ls)
	}
	return overridden(was, at == 0, s.reader.overrides, ls), overrides
}

// Name returns what a reader calls the series.
func (s *Judgeable) Name() string {
	f := s.fold
	format := f.asked().Legend
	name := legend(format, f.nodes.legendLabels(format, f.described(s.is), s.is.node))
	if f.spec.Builtin {
		name = short(f.nodes.Shown(s.Labels.Get(clusterLabel), name))
	}
	return name
}
