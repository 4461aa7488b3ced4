package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
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
	// mostUnlimited is the number of series up to which a query is run as it is if limiting makes
	// it too long.
	mostUnlimited = 500
	mostWitnesses = 3  // of each cluster: see Panel.witnesses
	allWitnesses  = 24 // of all clusters
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
	return slices.ContainsFunc(p.Findings, func(f Finding) bool { return p.beginsBefore(&f) })
}

// beginsBefore reports whether a finding may have begun before the panel's window. One by a
// forecast does not lie in that window.
func (p *Panel) beginsBefore(f *Finding) bool {
	return f.BeginsBefore() && !p.Spec.Rule(f.Rule).FullIn
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
		// without this answer, a streak may be older than it is
		unknown := p.askMetrics(ctx, q, o.Nodes, &sought)
		if err := p.beginAt(&sought, o.Nodes); err != nil {
			return err
		}
		if unknown != nil {
			return cmp.Or(context.Cause(ctx), unknown)
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
	// by key: the labels with which overrides are matched
	described map[uint64]series.Labels
	first     map[string]time.Time // by cluster: the first sample that it is known to have
	// how long after it the query's ranges are not full; 0: it has none
	fills time.Duration
}

// soughtOf returns the worst series of a query that fire and whose beginning is not known. If there
// are any, it also returns the worst of the others that fire, for the pictures.
func (p *Panel) soughtOf(query int, known func(*Panel, *Finding) bool) sought {
	s := sought{
		query: query, found: map[uint64]*Past{}, described: map[uint64]series.Labels{},
		first: map[string]time.Time{},
	}
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
		return p.beginsBefore(f) && (known == nil || !known(p, f))
	})
	if s.open = len(s.keys); s.open > 0 {
		seek(func(f *Finding) bool { return f.Status == rules.Breach })
	}
	return s
}

// lookBackIn queries the past of the sought series.
func (p *Panel) lookBackIn(ctx context.Context, q Querier, o Options, s *sought) error {
	step, err := panel.Step(LookBackRange, 0, o.scrape())
	if err != nil {
		return err
	}
	// Only the grid is coarser. With other variables the query would give other values, or say
	// something else of the end of its range.
	vars := o.vars(&p.Spec, p.Grid.Step)
	expr := panel.Expand(exprs(&p.Spec)[s.query], vars)
	if panel.ReadsRanges(expr) {
		s.fills = vars.RateInterval()
	}
	expr, of, err := p.narrowest(expr, s, o)
	if err != nil {
		return err
	}
	step = panel.StepWithin(LookBackRange, max(step, p.Grid.Step), mostPastSamples/max(of, 1))
	// a copy, because its queries must not change the panel
	past := Panel{Spec: p.Spec, Grid: panel.PlanGrid(p.Grid.End(), LookBackRange, step)}
	past.Exprs = exprs(&p.Spec)
	past.Exprs[0] = panel.Expand(past.Exprs[0], vars)
	capacities := map[uint64]capacity{}
	if c := p.Spec.Capacity; s.query == 0 && len(p.Spec.Overrides) > 0 && c != nil &&
		len(c.Aside) > 0 { // overrides match these labels too
		if err := p.askCapacity(ctx, q, vars, o, nil, capacities); err != nil {
			return err
		}
	}
	f, err := newFold(&past.Spec, past.Grid, o.Nodes, capacities)
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
		s.sees(f.nodes.ClusterOf(is.Labels), f.grid.At(first))
	}
	k := keyOf(f.asked().Ref, is.Labels)
	was, wanted := s.found[k]
	switch {
	case !wanted:
	case was == nil:
		s.described[k] = f.described(is)
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

// sees records that a cluster has a sample at a time.
func (s *sought) sees(cluster string, at time.Time) {
	if was, ok := s.first[cluster]; !ok || at.Before(was) {
		s.first[cluster] = at
	}
}

// askMetrics asks since when the metrics of a query exist that returns only what is bad. Its answer
// does not show that: a series is there only while its object is bad.
func (p *Panel) askMetrics(ctx context.Context, q Querier, nodes Nodes, s *sought) error {
	if !p.Spec.EmptyIsOK || p.Spec.WellToo ||
		!slices.ContainsFunc(s.keys[:s.open], func(k uint64) bool {
			past := s.found[k]
			return past != nil && !series.Finite(past.Values[0])
		}) {
		return nil
	}
	names, err := p.needs(s.query)
	if err != nil || len(names) == 0 {
		return nil // the query is in a dialect that promsnap cannot parse
	}
	by := clusterLabel
	if !p.Spec.Builtin && nodes.cluster != "" && nodes.cluster != clusterLabel {
		by += ", " + nodes.cluster
	}
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = fmt.Sprintf("group by (%s) ({__name__=%q})", by, name)
	}
	g := panel.PlanGrid(p.Grid.End(), LookBackRange, time.Hour)
	_, err = q.Range(ctx, promapi.Query{Expr: strings.Join(all, " and "), Grid: g},
		func(is series.Series) error {
			if first := slices.IndexFunc(is.Values, series.Finite); first >= 0 {
				s.sees(nodes.ClusterOf(is.Labels), g.At(first))
			}
			return nil
		})
	if err != nil {
		return fmt.Errorf("asking since when the metrics exist: %w", err)
	}
	return nil
}

// narrowest returns a query limited by a label to the fewest series that hold the sought ones, and
// at most how many these are. If no label limits it, it returns the query itself and the number of
// all series. If the limited query is too long, it does the same for a few series, and limits the
// query to the worst of the sought ones for many.
func (p *Panel) narrowest(expr string, s *sought, o Options) (narrowed string, of int, err error) {
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
	every := len(all) + p.LeftOut
	worst := rows[s.keys[0]]
	if worst == nil || p.Spec.Without != "" {
		return expr, every, nil
	}
	label, values, of := "", []string(nil), every
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
	if label == "" {
		return expr, every, nil
	}
	for {
		names := slices.Concat(values, witnesses(label, values, all, p.Grid.Len, o.Nodes))
		slices.Sort(names)
		if narrowed, err = narrowedTo(expr, label, names); err != nil {
			return "", 0, err
		}
		size, err := p.sizeOf(narrowed, o.Mapping)
		if err != nil {
			return "", 0, err
		}
		switch {
		case size <= longestQuery:
			return narrowed, of, nil
		case every <= mostUnlimited:
			return expr, every, nil
		case len(values) == 1: // only VictoriaMetrics refuses it
			return narrowed, of, nil
		}
		values = values[:len(values)/2]
	}
}

// sizeOf returns the length of a query as the source gets it.
func (p *Panel) sizeOf(expr string, m Mapping) (int, error) {
	if p.Spec.Builtin {
		var err error
		if expr, err = m.rewrite(expr); err != nil {
			return 0, err
		}
	}
	return len(expr), nil
}

// witnesses returns the values of a label of a few other series that were there all the time, in
// the clusters of the sought ones. Their past shows since when the source has data, so that its
// first sample is not taken for the beginning of a streak.
func witnesses(label string, sought []string, rows []*Row, samples int, nodes Nodes) []string {
	n := map[string]int{} // by cluster
	for _, row := range rows {
		if slices.Contains(sought, row.Labels.Get(label)) {
			n[nodes.ClusterOf(row.Labels)] = 0
		}
	}
	var out []string
	for _, row := range rows {
		v, cluster := row.Labels.Get(label), nodes.ClusterOf(row.Labels)
		has, of := n[cluster]
		if of && has < mostWitnesses && row.Stats.Samples == samples && v != "" &&
			!slices.Contains(sought, v) && !slices.Contains(out, v) {
			out, n[cluster] = append(out, v), has+1
		}
		if len(out) == allWitnesses {
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

// pastOf returns a line of a cluster for a streak of a rule. It leaves out values within the limit
// that come from ranges that are not full, at the beginning of the data: a rate of two samples is
// too low.
func (s *sought) pastOf(line *Past, cluster string, d rules.Direction, limit float64) rules.Past {
	past := rules.Past{Values: line.Values, Grid: line.Grid, Since: s.first[cluster]}
	if past.Since.IsZero() || s.fills == 0 {
		return past
	}
	full := past.Since.Add(s.fills)
	past.Values = slices.Clone(past.Values)
	for i, v := range past.Values {
		if past.Grid.At(i).Before(full) && !d.Beyond(v, limit) {
			past.Values[i] = math.NaN()
		}
	}
	return past
}

// beginAt moves the beginnings of the streaks back to those that the past shows.
func (p *Panel) beginAt(s *sought, nodes Nodes) error {
	overrides, err := compiled(p.Spec.Overrides)
	if err != nil {
		return err
	}
	for _, k := range s.keys {
		if past := s.found[k]; past != nil {
			p.Past = append(p.Past, *past)
		}
	}
	for i := range p.Findings {
		f := &p.Findings[i]
		past := s.found[f.Key()]
		if past == nil || !p.beginsBefore(f) || !slices.Contains(s.keys[:s.open], f.Key()) {
			continue
		}
		at := slices.IndexFunc(p.Spec.Rules, func(r rules.Rule) bool { return r.Name == f.Rule })
		if at < 0 {
			continue
		}
		r := overridden(p.Spec.Rules[at], at == 0, overrides, s.described[f.Key()])
		f.Streak = rules.LookBack(r, f.Streak, s.pastOf(past, nodes.ClusterOf(f.Labels),
			r.Direction, f.Streak.Limit), p.Grid.Step)
		// a grid of coarser steps may begin a step earlier than a day ago
		if day := p.Grid.End().Add(-LookBackRange); f.Streak.Open && f.Streak.From.Before(day) {
			f.Streak.From = day
		}
	}
	return nil
}
