package snapshot

import (
	"cmp"
	"context"
	"errors"
	"math"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/change"
	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

var errPods = errors.New("its series are of pods, whose names change with every rollout, so its " +
	"full_in rules judge nothing; aggregate the query without the label pod")

const (
	historyStep = time.Hour
	// leastHistory is the shortest time that is asked about, if the server refuses more.
	leastHistory = 7 * 24 * time.Hour
	// atFirst is how many steps after the first data of its cluster a series may begin and be as
	// old.
	atFirst = 3
)

// TakeHistory queries what the panels with Spec.Forecast or Spec.Change showed over four weeks, and
// sets Panel.History. wants says which of these panels; nil: all. It runs their first query once
// more, or twice if the changes of pods are found by their workload. If node_exporters are pods
// with addresses of their own, it asks once which addresses they had. It also queries the lines of
// any panel as they were Spec.Compare before.
//
// A query that fails adds a note and changes nothing else. If the server refuses it, a shorter time
// is asked about. The queries of a large cluster take minutes, and they delay messages: ctx should
// bound them. A query that ignores the end of ctx is abandoned two seconds after it.
func TakeHistory(ctx context.Context, q Querier, panels []Panel, o Options,
	wants func(*Panel) bool) {
	if ctx.Err() != nil {
		return // the report says why the run was cut short
	}
	q = punctual{q}
	o.Nodes.several = o.Nodes.several || o.Part != ""
	if slices.ContainsFunc(panels, func(p Panel) bool {
		return p.hasHistory() && p.Rows[0].Node != "" && (wants == nil || wants(&p))
	}) {
		of := o.Mapping.Querier(q)
		o.joined, o.Nodes = o.whenJoined(ctx, of), o.Nodes.withEarlierExporters(ctx, of, o)
	}
	report := o.reporting()
	var group errgroup.Group
	group.SetLimit(cmp.Or(max(o.Concurrency, 0), promapi.DefaultConcurrency))
	for i := range panels {
		p := &panels[i]
		if len(p.Rows) > 0 && p.Spec.HasFullIn() && p.ofPods() {
			p.note(NoteHistoryUnknown, errPods)
		}
		history := p.hasHistory() && (wants == nil || wants(p))
		if !history && !p.hasBefore() {
			continue
		}
		group.Go(func() error {
			report(Event{Index: i, Spec: &p.Spec, History: true})
			all := []error{nil, nil}
			if history {
				if all[0] = p.takeHistory(ctx, q, o); all[0] != nil {
					p.note(NoteHistoryUnknown, all[0])
				}
			}
			if p.hasBefore() {
				if all[1] = p.takeBefore(ctx, q, o); all[1] != nil {
					p.note(NoteBeforeUnknown, all[1])
				}
			}
			fault := faultOf(errors.Join(all...))
			report(Event{Index: i, Spec: &p.Spec, Panel: p, Fault: fault, History: true})
			return nil
		})
	}
	_ = group.Wait() // the goroutines return nil; a failure is a note of its panel
}

// hasHistory reports whether the panel's series are forecast or compared.
func (p *Panel) hasHistory() bool {
	return len(p.Rows) > 0 && p.Spec.Without == "" &&
		(p.Spec.Forecast != nil && !p.ofPods() || p.Spec.Change != nil)
}

// takeHistory takes the history of one panel. A panic is an error.
func (p *Panel) takeHistory(ctx context.Context, q Querier, o Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.History, err = nil, &panicError{value: r, stack: debug.Stack()}
		}
	}()
	if p.Spec.Builtin {
		q = o.Mapping.Querier(q)
	}
	pods := p.ofPods()
	forecasts, changes := p.Spec.Forecast != nil && !pods, p.Spec.Change != nil
	h := &historyFold{p: p, o: o, forecasts: forecasts, changes: changes, byWorkload: pods}
	if forecasts {
		h.fullIn, h.hours = p.fullIn()
	}
	if err := h.ask(ctx, q); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	h.into(p)
	return nil
}

// ofPods reports whether the series of the panel's first query are of pods, whose names change with
// every rollout.
func (p *Panel) ofPods() bool {
	names, err := panel.MetricNames(p.Expr(0))
	if err == nil && len(names) > 0 && !slices.ContainsFunc(names, panel.NamesPod) {
		return false // pod is that of the exporter
	}
	return slices.ContainsFunc(p.Rows, func(r Row) bool {
		return r.Ref == p.refOf(0) && r.Labels.Get("pod") != ""
	})
}

// historyFold takes the series of a panel over four weeks one at a time and keeps what is said
// about them.
type historyFold struct {
	p                              *Panel
	o                              Options
	forecasts, changes, byWorkload bool

	grid       series.Grid
	rows       map[uint64]*Row
	below      bool
	out        History
	without    []Forecast // series that have none
	ups, downs amounts
	// the rules with FullIn, for how many hours they judge, what they found, and the rows by key
	fullIn []rules.Rule
	hours  int
	found  []Finding
	judged map[uint64]bool

	appeared map[appearance]*appeared
	first    map[string]int // by cluster: the index of its first sample
}

// appearance is when new series of a cluster appeared.
type appearance struct {
	cluster string
	at      int // the index of their first sample
}

// appeared are new series. Whether they are, or the server only has no older data, is known at the
// end.
type appeared struct {
	largest []Moved
	all     amounts
}

// ask queries the history, and a shorter one if the server refuses it.
func (h *historyFold) ask(ctx context.Context, q Querier) error {
	all := forecast.History - historyStep + time.Duration(h.hours)*historyStep
	for rng := all; ; rng /= 2 {
		err := h.askOver(ctx, q, rng)
		if err == nil || rng/2 < leastHistory-historyStep || ctx.Err() != nil || !refused(err) {
			return err
		}
	}
}

// refused reports whether a query over a shorter time may succeed.
func refused(err error) bool {
	var api *promapi.Error
	return errors.As(err, &api) && slices.Contains(
		[]promapi.Kind{promapi.KindTooMuch, promapi.KindTimeout, promapi.KindGaveUp}, api.Kind)
}

// askOver queries the history over a time. Only the grid is coarser than the panel's: with other
// variables the query would give other values.
func (h *historyFold) askOver(ctx context.Context, q Querier, rng time.Duration) error {
	p, o := h.p, h.o
	vars := o.vars(&p.Spec, p.Grid.Step)
	expr := panel.Expand(exprs(&p.Spec)[0], vars)
	asked := Panel{Spec: p.Spec, Grid: panel.PlanGrid(p.Grid.End(), rng, historyStep)}
	if h.byWorkload {
		others := o.clusterLabels(&p.Spec)
		expr, asked.Spec = panel.ByWorkload(expr, others...), workloads(asked.Spec, others)
	}
	h.begin(asked.Grid)
	capacities := map[uint64]capacity{}
	c := asked.Spec.Capacity
	if h.byWorkload || c != nil && len(c.Aside) > 0 && len(p.Spec.Overrides) > 0 {
		if err := asked.askCapacity(ctx, q, vars, o, nil, capacities); err != nil {
			return err
		}
	}
	f, err := newFold(&asked.Spec, asked.Grid, o.Nodes, capacities)
	if err != nil {
		return err
	}
	f.take = func(s identified) {
		if ctx.Err() == nil { // forecasts of thousands of series take a while
			h.add(f, s)
		}
	}
	meta, err := runAndFold(func(each func(series.Series) error) (promapi.Meta, error) {
		return q.Range(ctx, promapi.Query{Expr: expr, Grid: asked.Grid, Limit: o.MaxSeries}, each)
	}, f.add)
	if err != nil {
		return err
	}
	f.addUnited()
	h.out.Partial = meta.Partial
	return ctx.Err()
}

// clusterLabels returns the label that tells clusters apart in the series of a panel with a query
// of its own, if it is not cluster.
func (o Options) clusterLabels(s *panel.Spec) []string {
	if s.Builtin || o.Nodes.cluster == "" || o.Nodes.cluster == clusterLabel {
		return nil
	}
	return []string{o.Nodes.cluster}
}

// workloads returns the spec of the same figures by workload.
func workloads(spec panel.Spec, others []string) panel.Spec {
	spec.Queries = slices.Clone(spec.Queries)
	spec.Queries[0].Legend = fill(spec.Queries[0].Legend, func(label string) string {
		if label == "pod" {
			label = "workload"
		}
		return "{{" + label + "}}"
	})
	if spec.Capacity != nil {
		c := *spec.Capacity
		c.Query, c.Aside = panel.ByWorkload(c.Query, others...), nil
		spec.Capacity = &c
	}
	return spec
}

// begin forgets what an earlier try added.
func (h *historyFold) begin(g series.Grid) {
	h.grid, h.first, h.appeared = g, map[string]int{}, map[appearance]*appeared{}
	h.out, h.without, h.ups, h.downs = History{Grid: g}, nil, nil, nil
	h.found, h.judged = nil, map[uint64]bool{}
	h.below = h.p.Spec.Forecast != nil && h.p.Spec.Forecast.Below
	h.rows = map[uint64]*Row{}
	for i := range h.p.Rows {
		h.rows[h.p.Rows[i].Key()] = &h.p.Rows[i]
	}
}

// add forecasts one series and compares it with the weeks before. It only reads the samples. A
// series without a new sample has ended.
func (h *historyFold) add(f *fold, s identified) {
	newest := series.Newest(s.Values)
	if newest < 0 {
		return
	}
	cluster, first := f.nodes.ClusterOf(s.Labels), slices.IndexFunc(s.Values, series.Finite)
	if joined, known := h.o.joined[nodeKey{cluster, s.node}]; known {
		s.Values = since(s.Values, h.grid, joined)
	}
	if was, known := h.first[cluster]; first >= 0 && (!known || first < was) {
		h.first[cluster] = first
	}
	limited := h.forecasts && !f.unlimited(s)
	if limited {
		h.judgeFullIn(f, s)
	} else if len(h.fullIn) > 0 {
		h.judged[keyOf(f.asked().Ref, s.Labels)] = true // no limit
	}
	if h.grid.End().Sub(h.grid.At(newest)) > rules.StaleAfter(historyStep) {
		return
	}
	if limited {
		h.addForecast(f, s)
	}
	if h.changes {
		h.addChange(f, s)
	}
}

// unlimited reports whether overrides take every limit away from a series, so that nobody minds how
// full it is.
func (f *fold) unlimited(s identified) bool {
	if len(f.overrides) == 0 || len(f.spec.Rules) == 0 {
		return false
	}
	described := f.described(s)
	levels := slices.ContainsFunc(f.spec.Rules, func(r rules.Rule) bool { return !r.FullIn })
	for i, r := range f.spec.Rules {
		if r.FullIn && levels {
			continue
		}
		if r = overridden(r, i == 0, f.overrides, described); r.Warning.Set || r.Critical.Set {
			return false
		}
	}
	return true
}

func (h *historyFold) addForecast(f *fold, s identified) {
	got := Forecast{Ref: f.asked().Ref, Labels: s.Labels, Forecast: forecast.Of(s.Values, h.grid,
		h.aim(f, s))}
	var at *Forecast
	switch {
	case got.has():
		at = insert(&h.out.Forecasts, got, soonest, mostForecasts)
	case series.Finite(got.Level):
		at = insert(&h.without, got, fullest(h.below), mostForecasts)
	}
	if at != nil {
		at.Name, at.Node, at.Capacity = h.describe(f, s)
	}
}

// aim returns what is forecast of a series. If overrides change the limits of the panel's first
// alert for it, that is the new one of the same severity, or the other if only that is set.
func (h *historyFold) aim(f *fold, s identified) forecast.Aim {
	of := h.p.Spec.Forecast
	aim := forecast.Aim{Limit: of.Limit, Below: of.Below, For: of.For}
	i := slices.IndexFunc(f.spec.Rules, func(r rules.Rule) bool {
		return r.IsAlert() && !r.FullIn && f.spec.Query(r.Ref).Ref == f.asked().Ref
	})
	if i < 0 || len(f.overrides) == 0 {
		return aim
	}
	was := f.spec.Rules[i]
	now := overridden(was, i == 0, f.overrides, f.described(s))
	mild := was.Warning.Set && was.Warning.Value == of.Limit
	switch {
	case now.Warning == was.Warning && now.Critical == was.Critical:
	case now.Warning.Set && (mild || !now.Critical.Set):
		aim.Limit = now.Warning.Value
	case now.Critical.Set:
		aim.Limit = now.Critical.Value
	}
	return aim
}

func (h *historyFold) addChange(f *fold, s identified) {
	of, amount := h.p.Spec.Change, math.Abs
	if h.p.Spec.Capacity != nil {
		_, _, size := h.describe(f, s)
		if math.IsNaN(size) {
			return // its amount cannot be compared with that of the others
		}
		amount = func(v float64) float64 { return math.Abs(h.p.Spec.Share(v) * size) }
	}
	if now := level(s.Values, historyStep); series.Finite(now) {
		h.out.Sum, h.out.Most = h.out.Sum+amount(now), max(h.out.Most, amount(now))
	}
	got, ok := change.Of(s.Values, h.grid, change.Floor{By: of.By, Factor: of.Factor}, h.o.Zone)
	if !ok {
		return
	}
	moved := Moved{Ref: f.asked().Ref, Labels: s.Labels, Change: got}
	list, all := &h.out.Up, &h.ups
	switch {
	case got.New:
		moved.Amount = amount(got.To)
		of := h.appearedAt(f.nodes.ClusterOf(s.Labels), got.Begin)
		list, all = &of.largest, &of.all
	case got.To < got.From:
		list, all = &h.out.Down, &h.downs
		fallthrough
	default:
		moved.Amount = amount(got.To - got.From)
	}
	*all = append(*all, moved.Amount)
	if at := insert(list, moved, largest, mostMoved); at != nil {
		at.Name, at.Node, at.Capacity = h.describe(f, s)
		n, end := int(week/historyStep), len(s.Values)
		at.Week = slices.Clone(s.Values[max(0, end-n):])
		at.Before = slices.Clone(s.Values[max(0, end-2*n):max(0, end-n)])
	}
}

// appearedAt returns the series of a cluster that appeared at a time.
func (h *historyFold) appearedAt(cluster string, at time.Time) *appeared {
	k := appearance{cluster, int(at.Sub(h.grid.Start) / h.grid.Step)}
	if h.appeared[k] == nil {
		h.appeared[k] = &appeared{}
	}
	return h.appeared[k]
}

// addAppeared adds the series that appeared after the first data of their cluster.
func (h *historyFold) addAppeared() {
	for k, of := range h.appeared {
		if k.at <= h.first[k.cluster]+atFirst {
			continue
		}
		h.ups = append(h.ups, of.all...)
		for _, moved := range of.largest {
			insert(&h.out.Up, moved, largest, mostMoved)
		}
	}
}

// whenJoined returns when the nodes that exist joined their clusters. An error leaves it unknown.
func (o Options) whenJoined(ctx context.Context, q Querier) map[nodeKey]time.Time {
	out := map[nodeKey]time.Time{}
	_, err := q.Range(ctx, promapi.Query{
		Expr: `max by (cluster, node) (kube_node_created)`, Limit: max(o.MaxSeries, maxIdentities),
		Grid: series.Grid{Start: o.End(), Step: time.Minute, Len: 1},
	}, func(s series.Series) error {
		if v := s.Values[0]; v > 0 && v < math.MaxInt32 {
			out[nodeKey{s.Labels.Get(clusterLabel), s.Labels.Get("node")}] = time.Unix(int64(v), 0)
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return out
}

// since returns the samples from a time on. Those before are of another node, which had the same
// address or name.
func since(values []float64, g series.Grid, from time.Time) []float64 {
	n := min(int(max(from.Sub(g.Start)+g.Step-1, 0)/g.Step), len(values))
	if n == 0 {
		return values
	}
	return append(nans(n), values[n:]...)
}

// describe returns the name, the node and the capacity of a series: those of its row, if it has
// one.
func (h *historyFold) describe(f *fold, s identified) (name, node string, size float64) {
	if row := h.rows[keyOf(f.asked().Ref, s.Labels)]; row != nil {
		return row.Name, row.Node, row.Capacity
	}
	size = math.NaN()
	if c, ok := f.capacityOf(s); ok {
		size = c.size
	}
	return f.nameOf(s), f.nodes.Shown(f.nodes.ClusterOf(s.Labels), s.node), size
}

// into sets the history of the panel.
func (h *historyFold) into(p *Panel) {
	for _, first := range h.first {
		h.out.Had = max(h.out.Had, h.grid.End().Sub(h.grid.At(first)))
	}
	h.addAppeared()
	h.out.Forecasts = append(h.out.Forecasts, h.without...)
	ups, downs := h.out.leaveOutSmall(h.ups, h.downs)
	if p.Kept != nil {
		p.Kept.Up, p.Kept.Down = ups, downs
	}
	p.History = &h.out
	if len(h.fullIn) > 0 {
		p.addJudged(h.found, h.judged)
		for i := range p.Rows {
			if r := &p.Rows[i]; r.Ref == p.refOf(0) && !h.judged[r.Key()] {
				h.out.Unjudged = append(h.out.Unjudged, r.Key())
			}
		}
		slices.Sort(h.out.Unjudged)
	}
}
