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

// Vars are the values of the variables in a query.
type Vars struct {
	Step           time.Duration // $__interval
	ScrapeInterval time.Duration
	Range          time.Duration // $__range
	// $__virtual_nodes and $__virtual_targets, only for built-in queries
	Virtual Virtual
}

// VirtualNames matches names that only virtual nodes have.
const VirtualNames = `fargate-.*|virtual-node-.*|virtual-kubelet.*`

// Virtual holds regular expressions for nodes without a machine. The zero value only knows the
// usual names.
type Virtual struct {
	Nodes   string // node names in addition to VirtualNames
	Targets string // the same for the instances of their kubelets
}

// RateInterval returns the smallest window in which rate() sees two samples at every step even if
// one scrape failed. The formula is Grafana's: max(step + scrape interval, 4 × scrape interval).
func (v Vars) RateInterval() time.Duration {
	return max(v.Step+v.ScrapeInterval, 4*v.ScrapeInterval)
}

// variable matches a Grafana variable, with or without braces.
var variable = regexp.MustCompile(`\$(?:\w+|\{\w+\})`)

// Expand replaces $__rate_interval, $__interval and $__range, and their forms in milliseconds (_ms)
// and seconds (_s), as Grafana does. Other variables stay, so that the PromQL parser reports them.
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

// Parser returns a PromQL parser with all optional features enabled. The server decides which of
// them it supports.
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

// MetricNames returns the metric names in the selectors of an expanded query, each once, in order.
// A selector by regular expression or without a name adds none.
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

// NeedsAll reports whether partial data may make a query's result wrong for a limit on one side:
// the query looks for what is missing (unless, absent), averages or divides over several targets,
// or counts them against a lower limit. Sums and counts compared with an upper limit only grow with
// the missing data. A query that cannot be parsed needs nothing.
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

// oneTarget are labels that distinguish scrape targets. A series with one of them comes from a
// single store.
var oneTarget = []string{"instance", "node", "pod"}

// mergesTargets reports whether an aggregation merges several targets into one series.
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

// compared reports whether one of the parent nodes subtracts or divides, so that a smaller operand
// may give a larger result.
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

// RangedNames returns the names of the metrics that a query selects as a range of this length.
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
