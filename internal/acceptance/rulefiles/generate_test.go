package rulefiles

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rulefile"
)

// evaluations is the length of a generated test, in minutes.
const evaluations = 60

// generated returns a suite with random series for every rule of a file. They are the same in every
// run.
func generated(t *testing.T, name, file string) suite {
	t.Helper()
	g := generator{metrics: map[string]*metric{}, shared: map[string]bool{}}
	recorded := map[string]bool{}
	for _, group := range parse(t, []string{file}) {
		for _, r := range group.Rules {
			recorded[r.Record] = true
			g.read(t, r)
		}
	}
	out := suite{name: name, rules: []string{file}, brief: true}
	for g.seed = range uint64(2) {
		tt := test{
			Name: fmt.Sprintf("%02d", g.seed+1), Interval: model.Duration(time.Minute),
			step: time.Minute, evaluations: evaluations,
		}
		for _, name := range slices.Sorted(maps.Keys(g.metrics)) {
			if !recorded[name] {
				tt.Input = append(tt.Input, g.series(name)...)
			}
		}
		out.tests = append(out.tests, tt)
	}
	return out
}

// generator makes series for rules.
type generator struct {
	metrics map[string]*metric
	shared  map[string]bool // labels that all series have, so that they join
	seed    uint64
}

// metric is what the rules ask of a metric.
type metric struct {
	selectors [][]*labels.Matcher
	levels    []float64 // numbers in its rules
}

var templateLabel = regexp.MustCompile(`\$labels\.([a-z_]+)`)

// read adds what a rule asks for.
func (g *generator) read(t *testing.T, r rulefile.Rule) {
	t.Helper()
	expr, err := panel.Parser().ParseExpr(r.Expr)
	if err != nil {
		t.Fatalf("%s: %v", r.Name(), err)
	}
	var levels []float64
	var selectors []*parser.VectorSelector
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.NumberLiteral:
			levels = append(levels, n.Val)
		case *parser.VectorSelector:
			selectors = append(selectors, n)
		case *parser.AggregateExpr:
			g.share(n.Grouping)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil && n.VectorMatching.On {
				g.share(n.VectorMatching.MatchingLabels)
			}
		}
		return nil
	})
	for _, a := range slices.Concat(r.Annotations, r.Labels) {
		for _, m := range templateLabel.FindAllStringSubmatch(a.Value, -1) {
			g.share(m[1:])
		}
	}
	for _, vs := range selectors {
		if vs.Name == "" || vs.Name == "ALERTS" {
			continue
		}
		m := g.metrics[vs.Name]
		if m == nil {
			m = &metric{}
			g.metrics[vs.Name] = m
		}
		m.selectors = append(m.selectors, vs.LabelMatchers)
		m.levels = append(m.levels, levels...)
	}
}

func (g *generator) share(names []string) {
	for _, name := range names {
		if name != model.BucketLabel {
			g.shared[name] = true
		}
	}
}

// series returns the series of a metric: two for each selector, and more for a histogram. All
// labels of two series differ, so joins find one partner.
func (g *generator) series(name string) []input {
	var out []input
	seen := map[string]bool{}
	for _, selector := range g.metrics[name].selectors {
		for i := range 2 {
			ls := map[string]string{}
			for l := range g.shared {
				ls[l] = fmt.Sprintf("%s-%d", l, i)
			}
			for _, m := range selector {
				if m.Name != model.MetricNameLabel {
					ls[m.Name] = matching(m, ls[m.Name])
				}
			}
			bounds := []string{ls[model.BucketLabel]}
			if strings.HasSuffix(name, "_bucket") {
				bounds = []string{"0.1", "1", "5", "30", "+Inf"}
			}
			for _, bound := range bounds {
				ls[model.BucketLabel] = bound
				// an empty label is none
				text := labels.FromMap(ls).WithoutEmpty().String()
				if !seen[text] {
					seen[text] = true
					out = append(out, input{name + text, g.values(name, text)})
				}
			}
		}
	}
	return out
}

// matching returns a value that a matcher matches: the present one if it does.
func matching(m *labels.Matcher, present string) string {
	candidates := []string{present, m.Value, "", "x", "1"}
	for _, part := range strings.Split(strings.Trim(m.Value, "()"), "|") {
		part = strings.NewReplacer(".+", "x", ".*", "x", "\\", "", "(", "", ")", "").Replace(part)
		candidates = append(candidates, part)
	}
	for _, c := range candidates {
		if m.Matches(c) && (c != "" || m.Matches(present)) {
			return c
		}
	}
	return ""
}

var (
	counters = regexp.MustCompile(`_(total|count|sum|bucket)$`)
	moments  = regexp.MustCompile(`timestamp|time_seconds|_created|_time$`)
)

// values returns the samples of a series: pieces of some minutes, some of them missing.
func (g *generator) values(name, text string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name + text))
	random := rand.New(rand.NewPCG(h.Sum64(), g.seed))
	choices := []float64{0, 0, 1, 1, 2, 0.5, 20, 95, 1e6}
	for _, l := range g.metrics[name].levels {
		choices = append(choices, l, l*0.7, l*1.3, l+1, l-1)
	}
	var out []string
	total := 0.0
	for len(out) < evaluations-8 {
		v := choices[random.IntN(len(choices))]
		missing := random.IntN(12)
		for range 1 + random.IntN(25) {
			switch {
			case missing == 0:
				out = append(out, "_")
			case missing == 1:
				out, missing = append(out, "stale"), 0
			case counters.MatchString(name):
				if total += max(v, 0); random.IntN(40) == 0 {
					total = 0 // a reset
				}
				out = append(out, fmt.Sprint(total))
			case moments.MatchString(name):
				out = append(out, fmt.Sprint(float64(len(out)*60)-v))
			default:
				out = append(out, fmt.Sprint(v))
			}
		}
	}
	return strings.Join(out, " ")
}
