package panel

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/rules"
)

// Vars are what the variables of a query stand for.
type Vars struct {
	Step           time.Duration // $__interval
	ScrapeInterval time.Duration
	Range          time.Duration // $__range
	// $__virtual_nodes and $__virtual_targets, of built-in queries alone
	Virtual Virtual
}

// VirtualNames are names that are given to virtual nodes alone.
const VirtualNames = `fargate-.*|virtual-node-.*|virtual-kubelet.*`

// Virtual are regular expressions of what is no machine's. The zero value knows the names that only
// virtual nodes have.
type Virtual struct {
	Nodes   string // the nodes' names, beside those of VirtualNames
	Targets string // the instances of their kubelets, likewise
}

// RateInterval is the smallest window in which rate() sees two samples at every step, even where
// one scrape failed. The formula is Grafana's: max(step + scrape interval, 4 × scrape interval).
func (v Vars) RateInterval() time.Duration {
	return max(v.Step+v.ScrapeInterval, 4*v.ScrapeInterval)
}

// variable is a variable of Grafana, with or without braces.
var variable = regexp.MustCompile(`\$(?:\w+|\{\w+\})`)

// Expand puts the values of $__rate_interval, $__interval and $__range, and of their forms in
// milliseconds (_ms) and seconds (_s), in their places, in Grafana's forms. What is not one of
// these stays as it is, so that PromQL's parser names it.
func Expand(expr string, v Vars) string {
	return variable.ReplaceAllStringFunc(expr, func(name string) string {
		switch strings.Trim(name, "${}") {
		case "__rate_interval":
			return model.Duration(v.RateInterval()).String()
		case "__virtual_nodes":
			return alternatives(VirtualNames, v.Virtual.Nodes)
		case "__virtual_targets":
			return alternatives(`(`+VirtualNames+`)`, v.Virtual.Targets)
		case "__interval":
			return model.Duration(v.Step).String()
		case "__range":
			return strconv.FormatInt(int64(v.Range/time.Second), 10) + "s"
		case "__rate_interval_ms":
			return strconv.FormatInt(v.RateInterval().Milliseconds(), 10)
		case "__interval_ms":
			return strconv.FormatInt(v.Step.Milliseconds(), 10)
		case "__range_ms":
			return strconv.FormatInt(v.Range.Milliseconds(), 10)
		case "__range_s":
			return strconv.FormatInt(int64(v.Range/time.Second), 10)
		}
		return name
	})
}

// Parser reads PromQL with everything that Prometheus can be told to understand: what of it a
// server knows, the server decides.
func Parser() parser.Parser {
	return parser.NewParser(parser.Options{
		EnableExperimentalFunctions:  true,
		ExperimentalDurationExpr:     true,
		EnableExtendedRangeSelectors: true,
		EnableBinopFillModifiers:     true,
	})
}

// alternatives joins regular expressions.
func alternatives(always, also string) string {
	if also == "" {
		return always
	}
	return always + "|" + also
}

// MetricNames returns the names that the selectors of an expanded query ask for, each once, in the
// query's order. A selector by regular expression or without a name adds none.
func MetricNames(expr string) ([]string, error) {
	e, err := Parser().ParseExpr(expr)
	if err != nil {
		return nil, fmt.Errorf("reading the query: %w", err)
	}
	var names []string
	seen := map[string]bool{}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		vs, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		for _, m := range vs.LabelMatchers {
			if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && !seen[m.Value] {
				seen[m.Value] = true
				names = append(names, m.Value)
			}
		}
		return nil
	})
	return names, nil
}

// NeedsAll reports whether what a query says of a limit on one side may be false where only a part
// of the data is there: it asks for what is missing (unless, absent), for a mean or a share of
// several targets, or for a number of them that must not be too low. Sums and counts above a limit
// only grow with the other part. A query that cannot be read needs nothing.
func NeedsAll(expr string, d rules.Direction) bool {
	e, err := Parser().ParseExpr(Expand(expr, Vars{
		Step: time.Minute, ScrapeInterval: time.Minute, Range: time.Hour,
	}))
	if err != nil {
		return false
	}
	needs := false
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		switch n := n.(type) {
		case *parser.Call:
			needs = needs || n.Func.Name == "absent" || n.Func.Name == "absent_over_time"
		case *parser.BinaryExpr:
			needs = needs || n.Op == parser.LUNLESS
		case *parser.AggregateExpr:
			needs = needs || mergesTargets(n) && (means(n.Op) || d == rules.Below && adds(n.Op) ||
				adds(n.Op) && compared(path))
		}
		return nil
	})
	return needs
}

// oneTarget are labels that tell the targets of a scrape from each other: what has one of them is
// of one store.
var oneTarget = []string{"instance", "node", "pod"}

// mergesTargets reports whether an aggregation puts several targets into one series.
func mergesTargets(n *parser.AggregateExpr) bool {
	has := slices.ContainsFunc(n.Grouping, func(l string) bool {
		return slices.Contains(oneTarget, l)
	})
	return has == n.Without
}

func means(op parser.ItemType) bool {
	return op == parser.AVG || op == parser.QUANTILE || op == parser.STDDEV || op == parser.STDVAR
}

func adds(op parser.ItemType) bool {
	return op == parser.SUM || op == parser.COUNT || op == parser.COUNT_VALUES
}

// compared reports whether one of the nodes above subtracts or divides, so that less of one side is
// more of the result.
func compared(path []parser.Node) bool {
	return slices.ContainsFunc(path, func(n parser.Node) bool {
		b, ok := n.(*parser.BinaryExpr)
		if !ok || b.Op != parser.DIV && b.Op != parser.SUB {
			return false
		}
		_, number := b.RHS.(*parser.NumberLiteral)
		return !number
	})
}

// RangedNames returns the names of the metrics that a query has selectors of so long a window of.
func RangedNames(expr string, window time.Duration) []string {
	e, err := Parser().ParseExpr(expr)
	if err != nil {
		return nil
	}
	var names []string
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		m, ok := n.(*parser.MatrixSelector)
		if !ok || m.Range != window {
			return nil
		}
		for _, matcher := range m.VectorSelector.(*parser.VectorSelector).LabelMatchers {
			if matcher.Name == model.MetricNameLabel && matcher.Type == labels.MatchEqual &&
				!slices.Contains(names, matcher.Value) {
				names = append(names, matcher.Value)
			}
		}
		return nil
	})
	return names
}
