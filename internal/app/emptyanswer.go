package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
)

// The bounds of what WhyEmpty asks and says.
const (
	mostSelectors = 8
	mostValues    = 5
)

// WhyEmpty says why an expanded query has no series over rng to End though its metrics exist: which
// selector matches nothing, and by which label, or which operations may leave nothing. It returns
// "" if that is not known.
func (s *Source) WhyEmpty(ctx context.Context, expr string, rng time.Duration) string {
	e, err := panel.Parser().ParseExpr(expr)
	if err != nil { // the server knows more PromQL than promsnap
		return ""
	}
	var selectors []*parser.VectorSelector
	var sieves []string
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			selectors = append(selectors, v)
		}
		if text := sieve(n, expr); text != "" && !slices.Contains(sieves, text) {
			sieves = append(sieves, text)
		}
		return nil
	})
	for _, v := range selectors[:min(len(selectors), mostSelectors)] {
		if v.Timestamp != nil || v.StartOrEnd != 0 {
			continue
		}
		end := s.End().Add(-v.OriginalOffset)
		if why := s.unmatched(ctx, v, end.Add(-rng), end); why != "" {
			return why
		}
	}
	switch {
	case len(sieves) == 0 || len(selectors) > mostSelectors:
		return ""
	case len(sieves) == 1:
		return "each selector has series, but none is left after " + sieves[0]
	}
	return "each selector has series, but none is left after one of these:\n  " +
		strings.Join(sieves, "\n  ")
}

// unmatched says why a selector matches no series of a metric that exists, "" if it matches some or
// if that is not known.
func (s *Source) unmatched(ctx context.Context, v *parser.VectorSelector,
	start, end time.Time) string {
	of := promapi.Selection{Start: start, End: end}
	of.Selector = selectorOf(v.LabelMatchers)
	// Errors are ignored here: they only make the advice shorter.
	found, _, err := s.client.LabelValues(ctx, model.MetricNameLabel, of)
	if err != nil || len(found) > 0 {
		return ""
	}
	var metric []*labels.Matcher
	name := "the selector"
	for _, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			metric = append(metric, m)
			name = outside.Line(m.Value)
		}
	}
	if len(metric) == 0 {
		return "no series matches " + outside.Said(of.Selector, 200)
	}
	of.Selector = selectorOf(metric)
	for _, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel || m.Matches("") {
			continue
		}
		values, _, err := s.client.LabelValues(ctx, m.Name, of)
		switch {
		case err != nil:
			return ""
		case len(values) == 0:
			names, _, _ := s.client.LabelNames(ctx, of)
			names = slices.DeleteFunc(names, func(n string) bool {
				return n == model.MetricNameLabel
			})
			return fmt.Sprintf("%s has no label %s; %s", name, outside.Said(m.Name, 100),
				choice("its labels are", m.Name, names))
		case !slices.ContainsFunc(values, m.Matches):
			return fmt.Sprintf("no series of %s has %s; %s", name, outside.Said(m.String(), 200),
				choice("the values of "+outside.Said(m.Name, 100)+" are", m.Value, values))
		}
	}
	return fmt.Sprintf("no series of %s has all of these labels: %s", name,
		outside.Said(selectorOf(slices.DeleteFunc(slices.Clone(v.LabelMatchers),
			func(m *labels.Matcher) bool { return m.Name == model.MetricNameLabel })), 300))
}

// choice returns the texts that a wrong one may stand for: those that are like it, or a few of all.
func choice(begin, wrong string, all []string) string {
	if near := metrics.Nearest(wrong, all, 3); len(near) > 0 {
		return "did you mean " + quoted(near, " or ") + "?"
	}
	text := begin + " " + quoted(all[:min(len(all), mostValues)], ", ")
	if more := len(all) - mostValues; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func quoted(texts []string, between string) string {
	var all []string
	for _, t := range texts {
		if t = outside.Middle(outside.Line(t), 60); strings.ContainsAny(t, " ,") || t == "" {
			t = `"` + t + `"`
		}
		all = append(all, t)
	}
	return strings.Join(all, between)
}

// selectorOf returns a selector with these matchers.
func selectorOf(matchers []*labels.Matcher) string {
	var all []string
	for _, m := range matchers {
		all = append(all, m.String())
	}
	return "{" + strings.Join(all, ",") + "}"
}

// twoSamples are functions without an answer for a single sample.
var twoSamples = []string{
	"rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear",
}

// sieve returns the words for an operation of a query that may leave no series, "" for other
// operations.
func sieve(n parser.Node, expr string) string {
	switch n := n.(type) {
	case *parser.Call:
		switch {
		case n.Func.Name == "absent" || n.Func.Name == "absent_over_time":
			return n.Func.Name + "(…), which is empty while there are series"
		case slices.Contains(twoSamples, n.Func.Name):
			if m, ok := n.Args[0].(*parser.MatrixSelector); ok {
				return fmt.Sprintf("%s(…[%s]), which needs two samples within %[2]s", n.Func.Name,
					model.Duration(m.Range))
			}
		}
	case *parser.BinaryExpr:
		series := n.LHS.Type() == parser.ValueTypeVector && n.RHS.Type() == parser.ValueTypeVector
		switch {
		case n.Op.IsComparisonOperator() && !n.ReturnBool && !series:
			limit := n.RHS
			if n.LHS.Type() == parser.ValueTypeScalar {
				limit = n.LHS
			}
			at := limit.PositionRange()
			return fmt.Sprintf("the comparison %s %s", n.Op, outside.Said(expr[at.Start:at.End], 60))
		case series && n.Op == parser.LUNLESS:
			return "unless, which drops what its right side has"
		case series && n.Op != parser.LOR:
			return matching(n)
		}
	}
	return ""
}

// matching returns the words for an operation on the series of two sides.
func matching(n *parser.BinaryExpr) string {
	m, on := n.VectorMatching, "the same labels"
	switch names := outside.Said(strings.Join(m.MatchingLabels, ", "), 100); {
	case m.On && names == "":
		return ""
	case m.On:
		on = "the same " + names
	case names != "":
		on += " except " + names
	}
	return fmt.Sprintf("%s, whose two sides must have %s", n.Op, on)
}
