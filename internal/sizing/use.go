package sizing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

const (
	killStep = 6 * time.Hour
	// queryPoints is how many samples of pods the server computes for one query. Prometheus allows
	// 50 million by default.
	queryPoints = 5e6
	// cpuPoints is how many it computes for the CPU use of all pods, unless the steps would be
	// longer than an hour.
	cpuPoints = 2e7
	// queryNames is how long the names of the namespaces in one query are, in bytes. They are in
	// each selector, and VictoriaMetrics allows 16 KiB.
	queryNames = 3000
)

var (
	// memorySteps are tried until the server accepts one. A longer step loses no peak.
	memorySteps = []time.Duration{time.Hour, 6 * time.Hour}
	// cpuSteps are the averages by which CPU use is known, the shortest first.
	cpuSteps = []time.Duration{
		5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
	}
)

// now sends a query about now.
func (m *measuring) now(ctx context.Context, a ask) error {
	g := series.Grid{Start: m.o.End, Step: time.Minute, Len: 1}
	err := m.each(ctx, a.expr, g, m.chosen(), func(ls series.Labels, values []float64) {
		if v := values[0]; series.Finite(v) {
			a.take(ls, v)
		}
	})
	if err != nil {
		return fmt.Errorf("%s: %w", a.what, err)
	}
	return nil
}

// each calls f with each series of a query. The series are valid only during the call. An
// incomplete answer is an error, because it may lack the peaks.
func (m *measuring) each(ctx context.Context, expr string, g series.Grid, in []*labels.Matcher,
	f func(series.Labels, []float64)) error {
	if m.o.Progress != nil {
		m.o.Progress(m.asked, m.planned)
	}
	m.asked++
	expr, err := promapi.AddMatchers(panel.Expand(expr, panel.Vars{
		Step: g.Step, ScrapeInterval: m.o.ScrapeInterval,
	}), in)
	if err != nil {
		return err
	}
	meta, err := m.q.Range(ctx, promapi.Query{Expr: expr, Grid: g, Limit: m.o.MaxSeries},
		func(s series.Series) error {
			f(s.Labels, s.Values)
			return nil
		})
	var limit *promapi.LimitError
	switch {
	case errors.As(err, &limit):
		return &promapi.LimitError{Limit: limit.Limit, Fixed: true}
	case err == nil && meta.Partial:
		return fmt.Errorf("the answer is incomplete: %s", strings.Join(meta.Warnings, "; "))
	}
	return err
}

// chosen returns the matchers of what is measured.
func (m *measuring) chosen() []*labels.Matcher {
	out := m.cluster()
	if m.o.Namespace != "" {
		out = append(out, labels.MustNewMatcher(labels.MatchEqual, "namespace", m.o.Namespace))
	}
	return out
}

// cluster returns the matcher of the cluster, if one is chosen.
func (m *measuring) cluster() []*labels.Matcher {
	if m.o.Cluster == "" {
		return nil
	}
	return []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "cluster", m.o.Cluster)}
}

// among returns the matchers of some of the namespaces.
func (m *measuring) among(names []string) []*labels.Matcher {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	return append(m.cluster(),
		labels.MustNewMatcher(labels.MatchRegexp, "namespace", strings.Join(quoted, "|")))
}

// kills finds the containers that were OOM-killed, or may have been, and at which limits.
func (m *measuring) kills(ctx context.Context) error {
	g := panel.PlanGrid(m.o.End, m.o.Window, killStep)
	before := map[*row]float64{} // the value of the step before
	m.planned += 2
	for _, g := range []series.Grid{g, m.newest(g)} {
		at := map[*row][]int{} // the steps in which a container was killed
		take := func(ls series.Labels, values []float64) {
			r := m.rows[idOf(ls)]
			if r == nil {
				return
			}
			for i, v := range values {
				was, known := before[r]
				switch before[r] = v; {
				case v == panels.KilledNow, v == panels.KilledOnce && !(known && was == v):
					at[r] = append(at[r], i)
					fallthrough
				case v == panels.KilledOnce:
					r.Killed = true
				case v == panels.Unexplained:
					r.Restarted = true
				}
			}
		}
		err := m.each(ctx, byWorkload("max", panels.OOMKills()), g, m.chosen(), take)
		if err != nil {
			return fmt.Errorf("the containers that were OOM-killed "+
				"(kube_pod_container_status_last_terminated_reason): %w", err)
		}
		if err := m.killedAt(ctx, g, at); err != nil {
			return fmt.Errorf("the memory limits of containers that were OOM-killed "+
				"(kube_pod_container_resource_limits): %w", err)
		}
	}
	return nil
}

// killedAt finds the limits at which containers were killed in some steps. The limit may have
// changed since. Where it changed within the step, the lower one counts: nobody knows which of them
// was in force.
func (m *measuring) killedAt(ctx context.Context, g series.Grid, at map[*row][]int) error {
	pods := map[string]float64{}
	for r := range at {
		pods[r.Namespace] += r.Pods
	}
	g.Start, g.Len = g.Start.Add(-g.Step), g.Len+1
	all := groups(pods, g.Len)
	m.planned += len(all)
	for _, names := range all {
		err := m.each(ctx, byWorkload("min", panels.Limited("memory")), g, m.among(names),
			func(ls series.Labels, values []float64) {
				r := m.rows[idOf(ls)]
				for _, i := range at[r] {
					limit := values[i+1]
					if !(values[i] > limit) && series.Finite(values[i]) {
						limit = values[i]
					}
					if series.Finite(limit) && !(r.KilledAt >= limit) {
						r.KilledAt = limit
					}
				}
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// newest returns the one step that reaches from a grid to the end. The steps of a grid are
// multiples in Unix time, so its last one may be earlier.
func (m *measuring) newest(g series.Grid) series.Grid {
	return series.Grid{Start: m.o.End, Step: g.Step, Len: 1}
}

// use measures the use of all rows, some namespaces at a time. The error joins those of the
// namespaces that could not be measured.
func (m *measuring) use(ctx context.Context) error {
	pods := map[string]float64{} // by namespace
	all := 0.0
	for _, r := range m.rows {
		pods[r.Namespace] += r.Pods
		all += r.Pods
	}
	steps := cpuSteps
	for len(steps) > 1 && all*float64(m.o.Window/steps[0]) > cpuPoints {
		steps = steps[1:]
	}
	var errs []error
	for _, way := range []struct {
		steps []time.Duration
		ask   func(context.Context, []string, time.Duration) error
	}{{memorySteps, m.askMemory}, {steps, m.askCPU}} {
		all := groups(pods, int(m.o.Window/way.steps[0]))
		m.planned += len(all)
		for _, names := range all {
			if err := ctx.Err(); err != nil {
				errs = append(errs, context.Cause(ctx))
				break
			}
			errs = append(errs, m.smaller(ctx, names, way.steps, way.ask))
		}
	}
	return errors.Join(errs...)
}

// groups divides namespaces into groups whose queries the server computes with a limited number of
// samples.
func groups(pods map[string]float64, steps int) [][]string {
	var out [][]string
	points, length := math.Inf(1), 0
	for _, name := range slices.Sorted(maps.Keys(pods)) {
		p := pods[name] * float64(steps)
		if points+p > queryPoints || length+len(name) > queryNames {
			out, points, length = append(out, nil), 0, 0
		}
		last := len(out) - 1
		out[last] = append(out[last], name)
		points, length = points+p, length+len(name)+1
	}
	return out
}

// smaller asks about namespaces. If that is too much for the server, it asks about halves of them,
// and about a single one in longer steps.
func (m *measuring) smaller(ctx context.Context, names []string, steps []time.Duration,
	ask func(context.Context, []string, time.Duration) error) error {
	err := ask(ctx, names, steps[0])
	switch {
	case err == nil:
		m.measured = true
		return nil
	case !tooMuch(err) || ctx.Err() != nil:
		return err
	case len(names) > 1:
		half := len(names) / 2
		m.planned += 2
		return errors.Join(m.smaller(ctx, names[:half], steps, ask),
			m.smaller(ctx, names[half:], steps, ask))
	case len(steps) > 1:
		m.planned++
		return m.smaller(ctx, names, steps[1:], ask)
	}
	return err
}

// tooMuch reports whether a smaller query may succeed.
func tooMuch(err error) bool {
	var e *promapi.Error
	var limit *promapi.LimitError
	return errors.As(err, &limit) || errors.As(err, &e) && (e.Kind == promapi.KindTooMuch ||
		e.Kind == promapi.KindTimeout || e.Kind == promapi.KindGaveUp)
}

// askMemory measures the memory of namespaces.
func (m *measuring) askMemory(ctx context.Context, names []string, step time.Duration) error {
	expr := byWorkload("max", panels.UsedMemory())
	g := panel.PlanGrid(m.o.End, m.o.Window, step)
	highest := func(ls series.Labels, values []float64) (*row, coverage) {
		r := m.rows[idOf(ls)]
		if r == nil {
			return nil, coverage{}
		}
		var c coverage
		m.kept, c = covered(values, m.kept)
		for _, v := range m.kept {
			if !(r.Memory.Peak >= v) { // also if it is not known
				r.Memory.Peak = v
			}
		}
		r.Memory.Used = r.Memory.Peak
		return r, c
	}
	err := m.each(ctx, expr, g, m.among(names), func(ls series.Labels, values []float64) {
		if r, c := highest(ls, values); r != nil {
			r.memory, r.history = c.unknown(g), c.history(g)
			m.a.History = max(m.a.History, min(r.history, m.o.Window))
		}
	})
	if err == nil {
		m.planned++
		err = m.each(ctx, expr, m.newest(g), m.among(names),
			func(ls series.Labels, values []float64) { highest(ls, values) })
	}
	if err != nil {
		m.forget(names, func(r *row) { r.memory = NoPeak })
		return fmt.Errorf("the memory use of containers (container_memory_working_set_bytes): %w",
			err)
	}
	return nil
}

// askCPU measures the CPU use of namespaces.
func (m *measuring) askCPU(ctx context.Context, names []string, step time.Duration) error {
	m.a.Step = max(m.a.Step, step)
	g := panel.PlanGrid(m.o.End, m.o.Window, step)
	err := m.each(ctx, byWorkload("max", panels.UsedCPU()), g, m.among(names),
		func(ls series.Labels, values []float64) {
			r := m.rows[idOf(ls)]
			if r == nil {
				return
			}
			var c coverage
			m.kept, c = covered(values, m.kept)
			r.cpu = c.unknown(g)
			if len(m.kept) > 0 {
				r.CPU.Peak = slices.Max(m.kept)
				r.CPU.Used = quantile(percentile, m.kept)
			}
		})
	if err != nil {
		m.forget(names, func(r *row) { r.cpu = NoPeak })
		return fmt.Errorf("the CPU use of containers (container_cpu_usage_seconds_total): %w", err)
	}
	return nil
}

// forget makes the use of namespaces unknown: the series before an error are not valid.
func (m *measuring) forget(names []string, unknown func(r *row)) {
	for k, r := range m.rows {
		if slices.Contains(names, k.namespace) {
			unknown(r)
		}
	}
}
