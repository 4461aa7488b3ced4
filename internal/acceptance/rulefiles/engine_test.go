package rulefiles

import (
	"context"
	"math"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/series"
)

// server evaluates rules as a Prometheus does: it keeps what they record, and the series ALERTS,
// for the rules after them.
type server struct {
	t      *testing.T
	store  *memory
	engine *promql.Engine
	groups []*group
}

type group struct {
	rulefile.Group
	rules []*rule
}

type rule struct {
	rulefile.Rule
	options   rulefile.Options
	evaluator *rulefile.Evaluator
	templates *rulefile.Templates
	previous  map[string]labels.Labels // the series of the evaluation before
	answer    map[string]*series.Series
	grid      series.Grid
	// the metrics without which the expression has no answer; nil: it may have one
	needs []string
}

var epoch = time.Unix(0, 0).UTC()

// newServer returns a server that has evaluated nothing. If expanded is true, recording rules are
// expanded and not evaluated.
func newServer(t *testing.T, groups []rulefile.Group, tt test, expanded bool) *server {
	t.Helper()
	s := &server{t: t, store: newMemory(), engine: promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1_000_000, Timeout: time.Minute, EnableAtModifier: true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return tt.step.Milliseconds() },
	})}
	t.Cleanup(func() {
		if err := s.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.store.load(tt.Input, time.Duration(tt.Interval)); err != nil {
		t.Fatal(err)
	}
	external := rulefile.External{Labels: tt.External, URL: tt.URL}
	for i := range groups {
		groups[i].Interval = tt.step // promtool evaluates every group at this interval
	}
	recordings := rulefile.NewRecordings(groups)
	for _, g := range groups {
		own := &group{Group: g}
		for _, r := range g.Rules {
			if expanded {
				if r.Record != "" {
					continue
				}
				expr, err := recordings.Expand(r.Expr, func(string) bool { return false })
				if err != nil {
					t.Fatalf("%s: %v", r.Alert, err)
				}
				r.Expr = expr
			}
			o := rulefile.Options{Limit: g.Limit, External: external}
			own.rules = append(own.rules, &rule{
				Rule: r, needs: needs(t, r.Expr), options: o, evaluator: rulefile.NewEvaluator(r, o),
				templates: rulefile.NewTemplates(r, external),
				answer:    map[string]*series.Series{},
				grid:      series.Grid{Start: epoch, Step: tt.step, Len: tt.evaluations},
			})
		}
		s.groups = append(s.groups, own)
	}
	return s
}

// needs returns the metrics of an expression that has no answer without any of them.
func needs(t *testing.T, expr string) []string {
	t.Helper()
	if regexp.MustCompile(`absent|vector\(|scalar\(|time\(|__name__`).MatchString(expr) {
		return nil
	}
	names, err := panel.MetricNames(expr)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// run evaluates all rules at all times.
func (s *server) run(tt test) {
	for i := range tt.evaluations {
		ts := epoch.Add(time.Duration(i) * tt.step)
		for _, g := range s.groups {
			for _, r := range g.rules {
				s.evaluate(g, r, ts, i)
			}
		}
	}
}

// query returns the answer to an expression, without native histograms.
func (s *server) query(expr string, ts time.Time) promql.Vector {
	q, err := s.engine.NewInstantQuery(context.Background(), s.store, nil, expr, ts)
	if err != nil {
		s.t.Fatalf("%s: %v", expr, err)
	}
	defer q.Close()
	res := q.Exec(context.Background())
	switch v := res.Value.(type) {
	case promql.Vector:
		return slices.Clone(v)
	case promql.Scalar:
		return promql.Vector{{T: v.T, F: v.V}}
	}
	s.t.Fatalf("%s at %v: got %v (error %v), want a vector", expr, ts, res.Value, res.Err)
	return nil
}

func (s *server) evaluate(g *group, r *rule, ts time.Time, i int) {
	at := ts.Add(-g.QueryOffset)
	var vector promql.Vector
	if r.needs == nil || slices.ContainsFunc(r.needs, func(name string) bool {
		return s.store.byName[name] != nil
	}) { // else it would be empty; most rules have no series in a test
		vector = s.query(r.Expr, at)
	}
	var out promql.Vector
	if r.Record != "" {
		for _, sample := range vector {
			b := labels.NewBuilder(sample.Metric).Set(model.MetricNameLabel, r.Record)
			for _, l := range r.Labels {
				b.Set(l.Name, l.Value)
			}
			out = append(out, promql.Sample{Metric: b.Labels(), F: sample.F})
		}
	} else {
		out = s.alert(r, vector, ts, i)
	}
	s.keep(r, out, at)
}

// alert evaluates an alerting rule and returns its series ALERTS.
func (s *server) alert(r *rule, vector promql.Vector, ts time.Time, i int) promql.Vector {
	var answer []series.Series
	for _, sample := range vector {
		var ls series.Labels
		sample.Metric.Range(func(l labels.Label) {
			ls = append(ls, series.Label{Name: l.Name, Value: l.Value})
		})
		answer = append(answer, series.Series{Labels: ls, Values: []float64{sample.F}})
		all := r.answer[ls.String()]
		if all == nil {
			all = &series.Series{Labels: ls, Values: make([]float64, r.grid.Len)}
			for k := range all.Values {
				all.Values[k] = math.NaN()
			}
			r.answer[ls.String()] = all
		}
		all.Values[i] = sample.F
	}
	grid := series.Grid{Start: ts, Step: r.grid.Step, Len: 1}
	if err := r.evaluator.Add(grid, answer); err != nil {
		s.t.Fatal(err)
	}
	var out promql.Vector
	for _, e := range r.evaluator.Result().Episodes {
		if state := e.State(ts); state != rulefile.Inactive {
			out = append(out, promql.Sample{Metric: alertSeries(r.Rule, e, state), F: 1})
		}
	}
	return out
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

// keep appends series, and staleness markers for those that are gone.
func (s *server) keep(r *rule, vector promql.Vector, at time.Time) {
	now := map[string]labels.Labels{}
	for _, sample := range vector {
		s.store.append(sample.Metric, at.UnixMilli(), sample.F)
		now[sample.Metric.String()] = sample.Metric
	}
	for key, ls := range r.previous {
		if _, there := now[key]; !there {
			// if another rule has the same series, there is a sample already
			s.store.append(ls, at.UnixMilli(), math.Float64frombits(value.StaleNaN))
		}
	}
	r.previous = now
}
