package snapshot

import (
	"cmp"
	"context"
	"errors"
	"math"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// The bounds of looking back.
const (
	// LookBackRange is how far back LookBack looks.
	LookBackRange = 24 * time.Hour
	// mostPast is the number of series of a query whose past is kept: the worst ones.
	mostPast = 50
	// mostPastSamples is about the most samples of an answer. With more series the steps are
	// coarser.
	mostPastSamples = 500_000
	mostWitnesses   = 3 // see Panel.witnesses
	// lookBackTime is how long looking back may take for all panels together. It delays messages.
	lookBackTime = 15 * time.Second
)

var errLookBackTime = errors.New("it took longer than " + lookBackTime.String())

// Past is a series whose alert fires, over a longer time than its panel shows.
type Past struct {
	Ref    string // its query (panel.Query.Ref)
	Labels series.Labels
	Grid   series.Grid
	Values []float64 // on Grid
}

// PastOf returns the past of a series, nil if it is not known.
func (p *Panel) PastOf(ref string, ls series.Labels) *Past {
	ref = p.Spec.Query(ref).Ref
	for i := range p.Past {
		if p.Past[i].Ref == ref && p.Past[i].Labels.Compare(ls) == 0 {
			return &p.Past[i]
		}
	}
	return nil
}

// BeginsBefore reports whether a finding is of an alert that fires, or fired when its data ended,
// and may have begun before the panel's window.
func (f *Finding) BeginsBefore() bool {
	return f.Streak != nil && f.Streak.Open &&
		(f.Status == rules.Breach || f.Status == rules.NoData || f.Status == rules.Gone)
}

// BeginsBefore reports whether a finding of the panel may have begun before its window.
func (p *Panel) BeginsBefore() bool {
	return slices.ContainsFunc(p.Findings, func(f Finding) bool { return f.BeginsBefore() })
}

// LookBack finds out when the streaks began that may have begun before the window of their panel,
// except those that known reports; nil: none. It runs each query of these panels once more, over
// LookBackRange, and limits it to the objects of the alerts if it can. It keeps the samples of the
// worst series in Panel.Past.
//
// A query that fails adds a note and changes nothing else. All of them together take a bounded
// time.
func LookBack(ctx context.Context, q Querier, panels []Panel, o Options,
	known func(*Panel, *Finding) bool) {
	if ctx.Err() != nil {
		return // the report says why the run was cut short
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lookBackTime, errLookBackTime)
	defer cancel()
	o.Nodes.several = o.Nodes.several || o.Part != ""
	var group errgroup.Group
	group.SetLimit(cmp.Or(max(o.Concurrency, 0), promapi.DefaultConcurrency))
	for i := range panels {
		p := &panels[i]
		if p.Grid.Range() >= LookBackRange || !p.BeginsBefore() {
			continue
		}
		group.Go(func() error {
			if err := p.lookBack(ctx, q, o, known); err != nil {
				p.note(NotePastUnknown, err)
			}
			return nil
		})
	}
	_ = group.Wait() // the goroutines return nil; a failure is a note of its panel
}

// lookBack looks back for one panel. A panic is an error.
func (p *Panel) lookBack(ctx context.Context, q Querier, o Options,
	known func(*Panel, *Finding) bool) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicError{value: r, stack: debug.Stack()}
		}
	}()
	if p.Spec.Builtin {
		q = o.Mapping.Querier(q)
	}
	for i := range max(len(p.Spec.Queries), 1) {
		sought := p.soughtOf(i, known)
		if len(sought.keys) == 0 {
			continue
		}
		if err := p.lookBackIn(ctx, q, o, &sought); err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
		if err := p.beginAt(&sought); err != nil {
			return err
		}
	}
	return nil
}

// sought are the series of one query whose past is looked for.
type sought struct {
	query int
	keys  []uint64         // those whose beginning is sought first, then the worst first
	open  int              // the number of keys whose beginning is sought
	found map[uint64]*Past // by key; nil: not found yet
	first int              // the index of the first sample in the answer
}

// soughtOf returns the worst series of a query that fire and whose beginning is not known. If there
// are any, it also returns the worst of the others that fire, for the pictures.
func (p *Panel) soughtOf(query int, known func(*Panel, *Finding) bool) sought {
	s := sought{query: query, found: map[uint64]*Past{}, first: math.MaxInt32}
	seek := func(which func(*Finding) bool) {
		for i := range p.Findings {
			f := &p.Findings[i]
			if len(s.keys) == mostPast || f.Ref != p.refOf(query) || !which(f) {
				continue
			}
			k := f.Key()
			if _, again := s.found[k]; !again {
				s.keys, s.found[k] = append(s.keys, k), nil
			}
		}
	}
	seek(func(f *Finding) bool {
		return f.BeginsBefore() && (known == nil || !known(p, f))
	})
	if s.open = len(s.keys); s.open > 0 {
		seek(func(f *Finding) bool { return f.Status == rules.Breach })
	}
	return s
}

// lookBackIn queries the past of the sought series.
func (p *Panel) lookBackIn(ctx context.Context, q Querier, o Options, s *sought) error {
	scrape := cmp.Or(o.ScrapeInterval, time.Minute)
	step, err := panel.Step(LookBackRange, 0, scrape)
	if err != nil {
		return err
	}
	vars := panel.Vars{
		Step: max(step, p.Grid.Step), ScrapeInterval: scrape,
		// what the query says of the end of its range stays the same
		Range: cmp.Or(p.Spec.Range, o.Range), Virtual: o.Nodes.virtual(),
	}
	asked := exprs(&p.Spec)[s.query]
	label, values, of := p.narrowest(panel.Expand(asked, vars), s)
	vars.Step = panel.StepWithin(LookBackRange, vars.Step, mostPastSamples/max(of, 1))
	// a copy, because its queries must not change the panel
	past := Panel{Spec: p.Spec, Grid: panel.PlanGrid(p.Grid.End(), LookBackRange, vars.Step)}
	past.Exprs = exprs(&p.Spec)
	past.Exprs[0] = panel.Expand(past.Exprs[0], vars)
	f, err := newFold(&past.Spec, past.Grid, o.Nodes, nil)
	if err != nil {
		return err
	}
	f.query, f.take = s.query, func(is identified) { s.take(f, is) }
	if p.Spec.Without != "" {
		c, err := past.askCoverage(ctx, q, vars, o)
		if err != nil {
			return err
		}
		f.addCoverage(c.nodes)
		return nil
	}
	var lost *lostTargets
	if s.query == 0 {
		if lost, err = past.askLostTargets(ctx, q, vars, o); err != nil {
			return err
		}
	}
	expr := panel.Expand(asked, vars)
	if label != "" {
		if expr, err = narrowedTo(expr, label, values); err != nil {
			return err
		}
	}
	meta, err := runAndFold(func(each func(series.Series) error) (promapi.Meta, error) {
		return q.Range(ctx, promapi.Query{Expr: expr, Grid: past.Grid, Limit: o.MaxSeries}, each)
	}, lost.adding(f))
	if err != nil {
		return err
	}
	lost.finish(f)
	f.addUnited()
	for _, of := range s.found {
		if of != nil {
			of.Grid = meta.Grid // VictoriaMetrics may move it
		}
	}
	return nil
}

// take keeps the samples of a sought series. A series that came in several parts is joined.
func (s *sought) take(f *fold, is identified) {
	if first := slices.IndexFunc(is.Values, series.Finite); first >= 0 {
		s.first = min(s.first, first)
	}
	k := keyOf(f.asked().Ref, is.Labels)
	was, wanted := s.found[k]
	switch {
	case !wanted:
	case was == nil:
		s.found[k] = &Past{
			Ref: f.asked().Ref, Labels: is.Labels, Grid: f.grid, Values: slices.Clone(is.Values),
		}
	default:
		for i, v := range is.Values {
			if math.IsNaN(was.Values[i]) {
				was.Values[i] = v
			}
		}
	}
}

// narrowest returns the label by which a query can be limited to the fewest series that hold the
// sought ones, its values, and the number of these series. If there is none, label is "" and of is
// the number of all series.
func (p *Panel) narrowest(expr string, s *sought) (label string, values []string, of int) {
	rows, all := map[uint64]*Row{}, []*Row(nil)
	for i := range p.Rows {
		row := &p.Rows[i]
		if row.Ref != p.refOf(s.query) {
			continue
		}
		all = append(all, row)
		if k := row.Key(); slices.Contains(s.keys, k) {
			rows[k] = row
		}
	}
	of = len(all) + p.LeftOut
	worst := rows[s.keys[0]]
	if worst == nil || p.Spec.Without != "" {
		return "", nil, of
	}
	for _, l := range worst.Labels {
		wanted, ok := p.valuesOf(l.Name, expr, s, rows)
		if !ok {
			continue
		}
		n := 0
		for _, row := range all {
			if slices.Contains(wanted, row.Labels.Get(l.Name)) {
				n++
			}
		}
		if n < of {
			label, values, of = l.Name, wanted, n
		}
	}
	if label != "" {
		values = append(values, p.witnesses(label, values, all)...)
	}
	slices.Sort(values)
	return label, values, of
}

// witnesses returns the values of a label of a few other series that were there all the time. Their
// past shows since when the source has data, so that its first sample is not taken for the
// beginning of a streak.
func (p *Panel) witnesses(label string, sought []string, rows []*Row) []string {
	var out []string
	for _, row := range rows {
		v := row.Labels.Get(label)
		if row.Stats.Samples == p.Grid.Len && v != "" && !slices.Contains(sought, v) &&
			!slices.Contains(out, v) {
			out = append(out, v)
		}
		if len(out) == mostWitnesses {
			break
		}
	}
	return out
}

// valuesOf returns the values of a label of the sought series, the worst first, as many as fit into
// a query. It returns false if the query cannot be limited to them.
func (p *Panel) valuesOf(label, expr string, s *sought, rows map[uint64]*Row) ([]string, bool) {
	if label == clusterLabel || label != p.Spec.Narrow && !panel.Selects(expr, label) {
		return nil, false
	}
	room := max((longestQuery-2*len(expr))/max(selectors(expr), 1), leastNames)
	var out []string
	for _, k := range s.keys {
		row := rows[k]
		if row == nil {
			continue
		}
		v := row.Labels.Get(label)
		if v == "" || label == "node" && row.NodeAdded {
			return nil, false
		}
		if slices.Contains(out, v) {
			continue
		}
		if room -= len(strconv.Quote(regexp.QuoteMeta(v))); room < 0 {
			break
		}
		out = append(out, v)
	}
	return out, len(out) > 0
}

// refOf returns the ref of the i-th query.
func (p *Panel) refOf(i int) string {
	if i >= len(p.Spec.Queries) {
		return ""
	}
	return p.Spec.Queries[i].Ref
}

// beginAt moves the beginnings of the streaks back to those that the past shows.
func (p *Panel) beginAt(s *sought) error {
	overrides, err := compiled(p.Spec.Overrides)
	if err != nil {
		return err
	}
	for _, k := range s.keys {
		if past := s.found[k]; past != nil {
			p.Past = append(p.Past, *past)
		}
	}
	first := s.first
	if p.Spec.EmptyIsOK && !p.Spec.WellToo {
		first = 0 // a series that was not there was within its limits
	}
	for i := range p.Findings {
		f := &p.Findings[i]
		past := s.found[f.Key()]
		if past == nil || !f.BeginsBefore() || !slices.Contains(s.keys[:s.open], f.Key()) {
			continue
		}
		at := slices.IndexFunc(p.Spec.Rules, func(r rules.Rule) bool { return r.Name == f.Rule })
		if at < 0 {
			continue
		}
		r := overridden(p.Spec.Rules[at], at == 0, overrides, f.Labels)
		f.Streak = rules.LookBack(r, f.Streak,
			rules.Past{Values: past.Values, Grid: past.Grid, First: first}, p.Grid.Step)
		// a grid of coarser steps may begin a step earlier than a day ago
		if day := p.Grid.End().Add(-LookBackRange); f.Streak.Open && f.Streak.From.Before(day) {
			f.Streak.From = day
		}
	}
	return nil
}
