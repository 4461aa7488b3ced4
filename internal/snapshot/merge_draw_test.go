package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
)

// server is a Prometheus with the answers of a few queries.
type server struct {
	answers map[string][]series.Series
	err     error
	partial string
}

func (s server) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	metric, narrowed, _ := strings.Cut(strings.TrimPrefix(q.Expr, "node_"), "{")
	answer, known := s.answers[metric]
	if narrowed != "" && metric != "used" && metric != "has" {
		answer, known = nil, false
	}
	if !known && strings.HasPrefix(q.Expr, "behind ") {
		// up to two parts of every series, chosen by its labels
		h := fnv.New32a()
		_, _ = h.Write([]byte(q.Expr))
		for i := range h.Sum32() % 3 {
			answer = append(answer, series.Series{
				Labels: series.FromPairs("pod", fmt.Sprintf("p%d-%d", i, h.Sum32()%9)),
				Values: []float64{float64(i)},
			})
		}
		known = true
	}
	if q.Expr == "count by zone" {
		answer, known = s.zones(), true
	}
	if answer == nil && q.Expr == panel.ByWorkload("used") {
		answer, known = s.workloads("used"), true
	}
	if answer == nil && q.Expr == panel.ByWorkload("capacity") {
		answer, known = s.workloads("capacity"), true
	}
	if s.err != nil || !known {
		return promapi.Meta{}, cmp.Or(s.err, errors.New("refused"))
	}
	for _, a := range answer {
		if q.Grid.Step == historyStep {
			a.Values = historyOf(a.Labels, q.Grid.Len)
		}
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = a.Values[i*len(a.Values)/len(values)]
		}
		if err := each(series.Series{Labels: a.Labels, Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	m := promapi.Meta{Expr: q.Expr, Grid: q.Grid}
	if s.partial != "" {
		m.Partial, m.Warnings = true, []string{s.partial}
	}
	return m, nil
}

// workloads returns the answer to a query by workload.
func (s server) workloads(query string) []series.Series {
	var out []series.Series
	seen := map[string]bool{}
	for _, x := range s.answers[query] {
		cluster, pod := x.Labels.Get("cluster"), x.Labels.Get("pod")
		if !seen[cluster+"/"+pod] {
			seen[cluster+"/"+pod] = true
			out = append(out, series.Series{
				Labels: series.FromPairs("cluster", cluster, "workload", pod), Values: x.Values,
			})
		}
	}
	return out
}

// historyOf returns a course over four weeks that depends on the labels: it grows, it changed in
// the last days, it began a few days ago, or nothing of these.
func historyOf(ls series.Labels, n int) []float64 {
	h := ls.Hash()
	kind, size := h%6, float64(h/6%50)
	values := make([]float64, n)
	for i := range values {
		before := float64(n-1-i) / 24 // days
		switch kind {
		case 0, 1:
			values[i] = 0.8 - (size+1)/1000*before
		case 2, 3:
			values[i] = 0.1
			if before < 1+size/20 {
				values[i] += (size - 25) * math.Abs(size-25) / 50
			}
		case 4:
			values[i] = math.NaN()
			if before < 1 {
				values[i] = size / 100
			}
		default:
			values[i] = size / 50
		}
	}
	return values
}

// zones counts the series in every zone.
func (s server) zones() []series.Series {
	n := map[string]float64{}
	for _, x := range s.answers["used"] {
		n[x.Labels.Get("zone")]++
	}
	var out []series.Series
	for zone, v := range n {
		out = append(out, series.Series{
			Labels: series.FromPairs("zone", zone), Values: []float64{v},
		})
	}
	return out
}

func (s server) Present(_ context.Context, names []string, _,
	_ time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out, nil
}

// only returns a server with the series of one of several parts.
func (s server) only(part, parts int) server {
	out := s
	out.answers = map[string][]series.Series{}
	for q, all := range s.answers {
		out.answers[q] = nil
		for _, x := range all {
			if partOf(x.Labels, parts) == part {
				out.answers[q] = append(out.answers[q], x)
			}
		}
	}
	return out
}

// partOf returns the part of a series, by its cluster.
func partOf(ls series.Labels, parts int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(ls.Get("cluster")))
	return int(h.Sum32()) % parts
}

const mergePoints = 21

// drawServer draws a server of up to 900 series, more than a band's sample has. It draws the kind
// of the values; the values themselves come from a seed, because drawing each of them takes rapid
// too long.
func drawServer(t *rapid.T) server {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	n := rapid.OneOf(rapid.IntRange(0, 12), rapid.IntRange(0, 60), rapid.IntRange(300, 900)).Draw(t,
		"series")
	few := rapid.Bool().Draw(t, "few values")
	holes := rapid.SampledFrom([]float64{0, .05, .5}).Draw(t, "holes")
	clusters, names := rapid.IntRange(1, 6).Draw(t, "clusters"),
		rapid.SampledFrom([]int{3, 40, 1000}).Draw(t, "names")
	lags := rapid.IntRange(0, 2).Draw(t, "one lags") == 2
	s := server{
		answers: map[string][]series.Series{"used": nil, "capacity": nil, "limit": nil, "has": nil},
	}
	seen := map[uint64]bool{}
	for i := range n {
		ls := series.FromPairs(
			"cluster", fmt.Sprintf("c%d", r.IntN(clusters)), "pod",
			fmt.Sprintf("pod-%d", r.IntN(names)), "zone", fmt.Sprint(r.IntN(3)), "uid",
			fmt.Sprint(i%max(1, n/2)))
		if r.IntN(3) == 0 {
			ls = ls.With("node", fmt.Sprintf("n%d", r.IntN(names)))
		}
		if seen[ls.Hash()] {
			continue
		}
		seen[ls.Hash()] = true
		values := drawValues(r, few, holes)
		if lags && ls.Get("cluster") == "c0" {
			copy(values[mergePoints/2:], nans(mergePoints))
		}
		s.answers["used"] = append(s.answers["used"], series.Series{Labels: ls, Values: values})
		if r.IntN(2) == 0 {
			s.answers["has"] = append(s.answers["has"], series.Series{
				Labels: ls, Values: drawValues(r, few, holes),
			})
		}
		if r.IntN(2) == 0 {
			s.answers["capacity"] = append(s.answers["capacity"], series.Series{
				Labels: ls.With("device", fmt.Sprint("d", r.IntN(2))),
				Values: []float64{float64(r.IntN(3))},
			})
		}
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "references") {
		if used := s.answers["used"]; len(used) > 0 { // without series no references are queried
			s.answers["limit"] = append(s.answers["limit"], series.Series{
				Labels: series.FromPairs("cluster", used[r.IntN(len(used))].Labels.Get("cluster"),
					"of", fmt.Sprint(i%2), "id", fmt.Sprint(i)),
				Values: drawValues(r, few, 0),
			})
		}
	}
	return s
}

// drawValues draws a series: a constant one, one that came and went, or one with all kinds of
// values.
func drawValues(r *rand.Rand, few bool, holes float64) []float64 {
	values := make([]float64, mergePoints)
	base := float64(r.IntN(3))
	kind := r.IntN(5)
	from, to := r.IntN(mergePoints), r.IntN(mergePoints)
	for i := range values {
		switch {
		case few && kind < 3, kind == 0:
			values[i] = base
			if kind == 2 && i >= from && i < to {
				values[i] = 1 - base
			}
		case kind == 1:
			values[i] = []float64{
				math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1,
			}[r.IntN(6)]
		default:
			values[i] = r.NormFloat64() * 3
		}
		if r.Float64() < holes || kind == 4 && i >= from {
			values[i] = math.NaN()
		}
	}
	return values
}

func drawSpec(t *rapid.T) panel.Spec {
	rule := func(name string) rules.Rule {
		r := rules.Rule{
			Name: name,
			Direction: rapid.SampledFrom([]rules.Direction{rules.Above, rules.Below}).Draw(t,
				"direction"),
			Warning: rules.At(rapid.SampledFrom([]float64{0, .5, 1}).Draw(t, "warning")),
			NoData: rapid.SampledFrom([]rules.NoDataPolicy{
				rules.AlertOnNoData, rules.ResolveOnNoData,
			}).Draw(t, "no data"),
			Reduce: rapid.SampledFrom([]rules.Reduce{
				"", "", rules.Max, rules.P90, rules.Last,
			}).Draw(t, "reduce"),
		}
		if rapid.Bool().Draw(t, "critical") {
			r.Critical = rules.At(rapid.SampledFrom([]float64{-1, 2}).Draw(t, "critical"))
		}
		if r.IsAlert() {
			r.For = rapid.SampledFrom([]time.Duration{0, 5 * time.Minute}).Draw(t, "for")
			r.Condition = rapid.Bool().Draw(t, "condition")
		}
		return r
	}
	spec := panel.Spec{
		Name: "p", EmptyIsOK: true, Needs: []string{"used"},
		Kind: rapid.SampledFrom(panel.Kinds()).Draw(t, "kind"),
		Top:  rapid.SampledFrom([]int{0, 1, 3, 10}).Draw(t, "top"),
		Queries: []panel.Query{
			{
				Expr: "used", Unit: units.PercentUnit,
				Legend: rapid.SampledFrom([]string{
					"", "{{pod}}", "{{pod}} ({{device}})", "{{zone}}", "plain", panel.AutoLegend,
					"{{node}}",
				}).Draw(t, "legend"),
			},
		},
		Builtin: rapid.Bool().Draw(t, "builtin"),
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "rules") {
		spec.Rules = append(spec.Rules, rule(fmt.Sprint("R", i)))
	}
	if rapid.Bool().Draw(t, "override") {
		spec.Overrides = []panel.Override{
			{Match: []panel.Matcher{{Label: "zone", Op: "=", Value: "1"}}, Warning: rules.At(2)},
		}
	}
	switch rapid.IntRange(0, 5).Draw(t, "and") {
	case 4: // nodes without something
		spec.Without = "has"
	case 5:
		spec.Queries[0].Ref = "A"
		spec.Queries = append(spec.Queries, panel.Query{
			Ref: "B", Expr: "has", Legend: rapid.SampledFrom([]string{
				"{{pod}}", panel.AutoLegend,
			}).Draw(t, "other legend"),
		})
		for i := range spec.Rules {
			spec.Rules[i].Ref = rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "ref")
		}
	}
	if rapid.Bool().Draw(t, "capacity") {
		spec.Capacity = &panel.Capacity{Query: "capacity", Aside: []string{"device"}}
	}
	if rapid.Bool().Draw(t, "detail") {
		spec.Detail = &panel.Detail{Query: `behind {{cluster}} {{pod}} {{uid}}`, Legend: "{{pod}}"}
	}
	if rapid.Bool().Draw(t, "remark") {
		spec.Remarks = []panel.Remark{{Query: "count by zone", Text: "zone {{zone}}: {{value}}"}}
	}
	if rapid.Bool().Draw(t, "reference") {
		spec.References = []panel.Reference{{Name: "limit {{of}}", Query: "limit"}}
	}
	spec.Compare = rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(t, "compare")
	switch rapid.IntRange(0, 3).Draw(t, "history") { // it takes long
	case 0: // not of pods
		spec.Queries[0].Expr = "node_used"
		spec.Forecast = &panel.Forecast{
			Limit: 1, Below: rapid.Bool().Draw(t, "below"), Horizon: 30 * 24 * time.Hour,
		}
		if rapid.Bool().Draw(t, "full in") {
			spec.Rules = append(spec.Rules, rules.Rule{
				Name: "Full", FullIn: true, Direction: rules.Below, Warning: rules.At(20 * 86400),
				Critical: rules.At(5 * 86400), For: 24 * time.Hour, NoData: rules.ResolveOnNoData,
			})
		}
		fallthrough
	case 1:
		spec.Change = &panel.Change{By: rapid.SampledFrom([]float64{0, .05}).Draw(t, "by")}
	}
	return spec
}
