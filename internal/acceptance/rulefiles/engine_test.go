package rulefiles

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/series"
)

// server evaluates rules over all times of a test, each by one range query as promsnap does. It
// keeps what they record, and the series ALERTS, for the rules after them: a rule must not need one
// that comes later.
type server struct {
	t          *testing.T
	store      *memory
	engine     *promql.Engine
	grid       series.Grid
	recordings rulefile.Recordings
	groups     []*group
	expanded   int // alerting rules that need recording rules
	recorded   int // metrics that are recorded
}

type group struct {
	rulefile.Group
	rules []*rule // those that may have an answer
}

type rule struct {
	rulefile.Rule
	index     int // in the group of the file
	options   rulefile.Options
	offset    time.Duration
	templates *rulefile.Templates
	answer    []series.Series
	result    rulefile.Result
}

var epoch = time.Unix(0, 0).UTC()

// newServer returns a server that has evaluated nothing. Unless whole is true, it leaves out rules
// that have no series in the test.
func newServer(t *testing.T, groups []rulefile.Group, tt test, whole bool) *server {
	t.Helper()
	s := &server{
		t: t, store: newMemory(), grid: series.Grid{Start: epoch, Step: tt.step, Len: tt.evaluations},
		engine: promql.NewEngine(promql.EngineOpts{
			MaxSamples: 10_000_000, Timeout: time.Minute, EnableAtModifier: true,
			EnableNegativeOffset:     true,
			NoStepSubqueryIntervalFn: func(int64) int64 { return tt.step.Milliseconds() },
		}),
	}
	t.Cleanup(func() {
		if err := s.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.store.load(tt.Input, time.Duration(tt.Interval)); err != nil {
		t.Fatal(err)
	}
	groups = slices.Clone(groups)
	for i := range groups {
		groups[i].Interval = tt.step // promtool evaluates every group at this interval
	}
	s.recordings = rulefile.NewRecordings(groups)
	external := rulefile.External{Labels: tt.External, URL: tt.URL}
	mayAnswer := relevant(t, groups, s.store)
	for _, g := range groups {
		own := &group{Group: g}
		for i, r := range g.Rules {
			if whole || mayAnswer(r) {
				own.rules = append(own.rules, &rule{
					Rule: r, index: i, offset: g.QueryOffset,
					options:   rulefile.Options{Limit: g.Limit, External: external},
					templates: rulefile.NewTemplates(r, external),
				})
			}
		}
		if len(own.rules) > 0 {
			s.groups = append(s.groups, own)
		}
	}
	return s
}

// relevant returns a function that reports whether a rule may have an answer. Few rules of a large
// file have series in a test, and promtool needs the same time for the others.
func relevant(t *testing.T, groups []rulefile.Group, store *memory) func(rulefile.Rule) bool {
	t.Helper()
	known := map[string]bool{"ALERTS": true, "ALERTS_FOR_STATE": true}
	for name := range store.byName {
		known[name] = true
	}
	may := func(r rulefile.Rule) bool {
		expr, err := panel.Parser().ParseExpr(r.Expr)
		if err != nil {
			t.Fatalf("%s: %v", r.Name(), err)
		}
		return mayAnswer(expr, known)
	}
	for more := true; more; {
		more = false
		for _, g := range groups {
			for _, r := range g.Rules {
				if r.Record != "" && !known[r.Record] && may(r) {
					known[r.Record], more = true, true
				}
			}
		}
	}
	return may
}

// mayAnswer reports whether an expression may have an answer if only the known metrics have series.
func mayAnswer(n parser.Node, known map[string]bool) bool {
	switch n := n.(type) {
	case *parser.VectorSelector:
		return n.Name == "" || known[n.Name]
	case *parser.Call:
		if slices.Contains([]string{"absent", "absent_over_time", "scalar"}, n.Func.Name) {
			return true
		}
	case *parser.BinaryExpr:
		switch n.Op {
		case parser.LOR:
			return mayAnswer(n.LHS, known) || mayAnswer(n.RHS, known)
		case parser.LUNLESS:
			return mayAnswer(n.LHS, known)
		}
	}
	for child := range parser.ChildrenIter(n) {
		if !mayAnswer(child, known) {
			return false
		}
	}
	return true
}

// run evaluates all rules at all times.
func (s *server) run() {
	for _, g := range s.groups {
		for _, r := range g.rules {
			r.answer = s.query(r.Expr, r.offset)
			if r.Record != "" {
				s.record(r)
				continue
			}
			r.result = s.evaluate(r, r.answer)
			for _, e := range r.result.Episodes {
				s.keepAlert(r, e)
			}
		}
	}
}

// evaluate returns the replay of an alerting rule over an answer.
func (s *server) evaluate(r *rule, answer []series.Series) rulefile.Result {
	e := rulefile.NewEvaluator(r.Rule, r.options)
	if err := e.Add(s.grid, answer); err != nil {
		s.t.Fatal(err)
	}
	return e.Result()
}

// query returns the answer to an expression at all times, without native histograms.
func (s *server) query(expr string, offset time.Duration) []series.Series {
	from, to := s.grid.Start.Add(-offset), s.grid.At(s.grid.Len-1).Add(-offset)
	q, err := s.engine.NewRangeQuery(context.Background(), s.store, nil, expr, from, to, s.grid.Step)
	if err != nil {
		s.t.Fatalf("%s: %v", expr, err)
	}
	defer q.Close()
	res := q.Exec(context.Background())
	matrix, ok := res.Value.(promql.Matrix)
	if !ok {
		s.t.Fatalf("%s: got %v (error %v), want a matrix", expr, res.Value, res.Err)
	}
	var answer []series.Series
	for _, one := range matrix {
		if len(one.Floats) == 0 {
			continue
		}
		var ls series.Labels
		one.Metric.Range(func(l labels.Label) {
			ls = append(ls, series.Label{Name: l.Name, Value: l.Value})
		})
		values := make([]float64, s.grid.Len)
		for i := range values {
			values[i] = math.NaN()
		}
		for _, p := range one.Floats {
			if math.IsNaN(p.F) {
				p.F = series.NotANumber()
			}
			values[(p.T-from.UnixMilli())/s.grid.Step.Milliseconds()] = p.F
		}
		answer = append(answer, series.Series{Labels: ls, Values: values})
	}
	return answer
}

// record keeps the series that a recording rule records.
func (s *server) record(r *rule) {
	for _, one := range r.answer {
		b := labels.NewBuilder(labels.EmptyLabels())
		for _, l := range one.Labels {
			b.Set(l.Name, l.Value)
		}
		b.Set(model.MetricNameLabel, r.Record)
		for _, l := range r.Labels {
			b.Set(l.Name, l.Value)
		}
		s.keep(b.Labels(), r.offset, one.Values)
	}
}

// keepAlert keeps the series ALERTS and ALERTS_FOR_STATE of an episode.
func (s *server) keepAlert(r *rule, e rulefile.Episode) {
	since := make([]float64, s.grid.Len)
	for i := range since {
		since[i] = math.NaN()
		if e.State(s.grid.At(i)) != rulefile.Inactive {
			since[i] = float64(e.ActiveSince.Unix())
		}
	}
	for _, state := range []rulefile.State{rulefile.Pending, rulefile.Firing} {
		values := make([]float64, s.grid.Len)
		for i := range values {
			if values[i] = math.NaN(); e.State(s.grid.At(i)) == state {
				values[i] = 1
			}
		}
		s.keep(alertSeries(r.Rule, e, state), r.offset, values)
	}
	ls := labels.NewBuilder(alertSeries(r.Rule, e, rulefile.Firing)).Del("alertstate").
		Set(model.MetricNameLabel, "ALERTS_FOR_STATE")
	if own := e.Labels.Get("alertstate"); own != "" {
		ls.Set("alertstate", own)
	}
	s.keep(ls.Labels(), r.offset, since)
}

// keep adds samples to a series, and staleness markers where they end. If another rule has the same
// series, its samples stay.
func (s *server) keep(ls labels.Labels, offset time.Duration, values []float64) {
	var out []chunks.Sample
	before := false
	for i, v := range values {
		at := s.grid.At(i).Add(-offset).UnixMilli()
		now := !series.IsGap(v)
		switch {
		case now:
			out = append(out, sample{at, v})
		case before:
			out = append(out, sample{at, math.Float64frombits(value.StaleNaN)})
		}
		before = now
	}
	s.store.merge(ls, out)
}

// alertSeries returns the series ALERTS of an alert. Prometheus begins with the rule's labels, as
// they are in the file.
func alertSeries(r rulefile.Rule, e rulefile.Episode, state rulefile.State) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, l := range append(slices.Clone(r.Labels), e.Labels...) {
		b.Set(l.Name, l.Value)
	}
	b.Set(model.MetricNameLabel, "ALERTS").Set(labels.AlertName, r.Alert)
	return b.Set("alertstate", map[rulefile.State]string{
		rulefile.Pending: "pending", rulefile.Firing: "firing",
	}[state]).Labels()
}
