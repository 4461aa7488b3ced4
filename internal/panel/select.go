package panel

import (
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// Selects reports whether a query has the same series with some values of a label after each of its
// selectors is limited to these values. If that is not certain, it returns false.
func Selects(expr, label string) bool {
	e, err := Parser().ParseExpr(expr)
	return err == nil && selects(e, label)
}

// ReadsRanges reports whether a query has range selectors, as in rate(x[5m]). Its first values
// after the data begins come from ranges that are not full.
func ReadsRanges(expr string) bool {
	e, err := Parser().ParseExpr(expr)
	if err != nil {
		return false
	}
	found := false
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if _, ok := n.(*parser.MatrixSelector); ok {
			found = true
		}
		return nil
	})
	return found
}

// mixing are the functions whose result depends on several series at once.
var mixing = []string{"absent", "absent_over_time", "scalar", "info"}

func selects(e parser.Expr, label string) bool {
	switch n := e.(type) {
	case *parser.VectorSelector, *parser.MatrixSelector, *parser.NumberLiteral,
		*parser.StringLiteral:
		return true
	case *parser.ParenExpr:
		return selects(n.Expr, label)
	case *parser.UnaryExpr:
		return selects(n.Expr, label)
	case *parser.SubqueryExpr:
		return selects(n.Expr, label)
	case *parser.AggregateExpr:
		return slices.Contains(n.Grouping, label) != n.Without && !writes(n.Param, label) &&
			selects(n.Expr, label) && (n.Param == nil || selects(n.Param, label))
	case *parser.Call:
		if slices.Contains(mixing, n.Func.Name) ||
			(n.Func.Name == "label_replace" || n.Func.Name == "label_join") &&
				writes(n.Args[1], label) {
			return false
		}
		return !slices.ContainsFunc(n.Args, func(a parser.Expr) bool { return !selects(a, label) })
	case *parser.BinaryExpr:
		return joins(n.VectorMatching, label) && selects(n.LHS, label) && selects(n.RHS, label)
	}
	return false
}

// writes reports whether e, the name of a label that a function or an aggregation sets, is label.
func writes(e parser.Expr, label string) bool {
	s, ok := e.(*parser.StringLiteral)
	return ok && s.Val == label
}

// joins reports whether only series with the same value of the label are matched. m is nil beside a
// scalar.
func joins(m *parser.VectorMatching, label string) bool {
	return m == nil || slices.Contains(m.MatchingLabels, label) == m.On &&
		!slices.Contains(m.Include, label)
}
