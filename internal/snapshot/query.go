package snapshot

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Vars are what the variables of a query stand for.
type Vars struct {
	Step           time.Duration // $__interval
	ScrapeInterval time.Duration
	Range          time.Duration // $__range
	Virtual        Virtual       // $__virtual_nodes and $__virtual_targets, of built-in queries alone
}

// Virtual are regular expressions of what is no machine's. The zero value knows the names that only virtual nodes have.
type Virtual struct {
	Nodes   string // the nodes' names, beside those of virtualNames
	Targets string // the instances of their kubelets, likewise
}

// RateInterval is the smallest window in which rate() sees two samples at every step, even where one scrape failed. The formula is
// Grafana's: max(step + scrape interval, 4 × scrape interval).
func (v Vars) RateInterval() time.Duration {
	return max(v.Step+v.ScrapeInterval, 4*v.ScrapeInterval)
}

// Expand puts the values of $__rate_interval, $__interval and $__range in their places, in Grafana's forms. What is not one of these
// stays as it is, so that PromQL's parser names it.
func Expand(expr string, v Vars) string {
	return strings.NewReplacer(
		"$__rate_interval", model.Duration(v.RateInterval()).String(),
		"${__rate_interval}", model.Duration(v.RateInterval()).String(),
		"$__virtual_nodes", alternatives(virtualNames, v.Virtual.Nodes),
		"$__virtual_targets", alternatives(`(`+virtualNames+`)`, v.Virtual.Targets),
		"$__interval", model.Duration(v.Step).String(),
		"${__interval}", model.Duration(v.Step).String(),
		"$__range", strconv.FormatInt(int64(v.Range/time.Second), 10)+"s",
		"${__range}", strconv.FormatInt(int64(v.Range/time.Second), 10)+"s",
	).Replace(expr)
}

// alternatives joins regular expressions.
func alternatives(always, also string) string {
	if also == "" {
		return always
	}
	return always + "|" + also
}

// Parser reads PromQL as promsnap understands it: the language of a Prometheus with its default flags.
func Parser() parser.Parser { return parser.NewParser(parser.Options{}) }

// MetricNames returns the names that the selectors of an expanded query ask for, each once, in the query's order. A selector by
// regular expression or without a name adds none.
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
