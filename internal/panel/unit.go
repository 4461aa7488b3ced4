package panel

import (
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/units"
)

// GuessUnit returns the unit of a query's values by the names of its metrics and by what the query
// does with them: a name that ends in _bytes is in bytes, its rate in bytes per second, the
// quotient of two of them a ratio. from is the metric that the guess is based on. GuessUnit returns
// false if nothing says what the unit is. The query's variables must be expanded.
func GuessUnit(expr string) (unit units.Unit, from string, ok bool) {
	e, err := Parser().ParseExpr(expr)
	if err != nil {
		return units.None, "", false
	}
	q := quantityOf(e)
	unit, ok = q.unit()
	return unit, q.from, ok
}

// A base is what a quantity counts.
type base uint8

const (
	unknown base = iota
	number       // a literal, which has no unit of its own
	counts
	bytesBase
	secondsBase
	instants // a time as seconds since 1970
	ratioBase
	percentBase
)

// quantity is what the values of an expression are.
type quantity struct {
	base base
	rate bool   // per second
	from string // the metric that says so
}

// unit returns the unit of a quantity.
func (q quantity) unit() (units.Unit, bool) {
	switch {
	case q.base == counts && q.rate && strings.Contains(q.from, "request"):
		return units.RequestsPerSecond, true
	case q.base == counts && q.rate && strings.Contains(q.from, "packet"):
		return units.PacketsPerSecond, true
	case q.base == counts && q.rate:
		return units.CountsPerSecond, true
	case q.base == counts:
		return units.Short, true
	case q.base == bytesBase && q.rate:
		return units.BytesPerSecond, true
	case q.base == bytesBase:
		return units.Bytes, true
	case q.base == secondsBase && q.rate && strings.Contains(q.from, "cpu"):
		return units.Cores, true
	case q.base == secondsBase && q.rate: // the share of the time
		return units.PercentUnit, true
	case q.base == secondsBase:
		return units.Seconds, true
	case q.base == ratioBase && !q.rate:
		return units.PercentUnit, true
	case q.base == percentBase && !q.rate:
		return units.Percent, true
	}
	return units.None, false
}

// quantityOf returns what the values of an expression are.
func quantityOf(e parser.Expr) quantity {
	switch n := e.(type) {
	case *parser.NumberLiteral:
		return quantity{base: number}
	case *parser.VectorSelector:
		return quantityOfMetric(nameOf(n))
	case *parser.MatrixSelector:
		return quantityOf(n.VectorSelector)
	case *parser.SubqueryExpr:
		return quantityOf(n.Expr)
	case *parser.ParenExpr:
		return quantityOf(n.Expr)
	case *parser.StepInvariantExpr:
		return quantityOf(n.Expr)
	case *parser.UnaryExpr:
		return quantityOf(n.Expr)
	case *parser.AggregateExpr:
		switch n.Op {
		case parser.COUNT, parser.COUNT_VALUES:
			return quantity{base: counts}
		case parser.GROUP, parser.STDVAR:
			return quantity{}
		}
		return quantityOf(n.Expr)
	case *parser.BinaryExpr:
		return quantityOfBinary(n)
	case *parser.Call:
		return quantityOfCall(n)
	}
	return quantity{}
}

// nameOf returns the name of a selector's metric, "" if it has none.
func nameOf(s *parser.VectorSelector) string {
	for _, m := range s.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return s.Name
}

// quantityOfMetric reads the end of a metric's name, as https://prometheus.io/docs/practices/naming
// asks for it.
func quantityOfMetric(name string) quantity {
	// The name of a recording rule is level:metric:operations.
	metric, rated := name, false
	if parts := strings.Split(name, ":"); len(parts) == 3 {
		metric, rated = parts[1], strings.Contains(parts[2], "rate")
	}
	counter := strings.HasSuffix(metric, "_total") || strings.HasSuffix(metric, "_count")
	stem := strings.TrimSuffix(metric, "_total")
	for _, part := range []string{"_sum", "_bucket"} {
		stem = strings.TrimSuffix(stem, part)
	}
	q := quantity{from: name, rate: rated}
	switch {
	case strings.HasSuffix(metric, "_bucket"): // counts, whose quantile has the unit of stem
		q.base = counts
	case strings.HasSuffix(stem, "_bytes"):
		q.base = bytesBase
	case strings.HasSuffix(stem, "_timestamp_seconds"), strings.HasSuffix(stem, "_time_seconds") &&
		!counter, strings.HasSuffix(name, "_created"):
		q.base = instants
	case strings.HasSuffix(stem, "_seconds"):
		q.base = secondsBase
	case strings.HasSuffix(stem, "_ratio"):
		q.base = ratioBase
	case strings.HasSuffix(stem, "_percent"):
		q.base = percentBase
	case counter:
		q.base = counts
	default:
		q.from = ""
	}
	return q
}

// quantityOfCall returns what the values of a function are.
func quantityOfCall(n *parser.Call) quantity {
	name := n.Func.Name
	var arg quantity
	if at := valueArgument(name); at < len(n.Args) {
		arg = quantityOf(n.Args[at])
	}
	switch name {
	case "rate", "irate", "deriv":
		arg.rate = true
	case "time":
		return quantity{base: instants}
	case "timestamp":
		return quantity{base: instants, from: arg.from}
	case "count_over_time", "changes", "resets", "histogram_count":
		return quantity{base: counts, from: arg.from}
	case "histogram_quantile":
		q := quantityOfMetric(strings.TrimSuffix(arg.from, "_bucket"))
		q.from, q.rate = arg.from, false
		return q
	case "histogram_fraction":
		return quantity{base: ratioBase, from: arg.from}
	case "absent", "absent_over_time", "present_over_time", "sgn", "stdvar_over_time", "ln", "log2",
		"log10", "exp", "sqrt", "day_of_month", "day_of_week", "day_of_year", "days_in_month",
		"hour", "minute", "month", "year", "histogram_stdvar":
		return quantity{}
	}
	return arg
}

// valueArgument returns which argument of a function has the values.
func valueArgument(function string) int {
	switch function {
	case "quantile_over_time", "histogram_quantile":
		return 1
	case "histogram_fraction":
		return 2
	}
	return 0
}

// quantityOfBinary returns what the values of an operation are.
func quantityOfBinary(n *parser.BinaryExpr) quantity {
	a, b := quantityOf(n.LHS), quantityOf(n.RHS)
	switch n.Op {
	case parser.ADD, parser.SUB:
		return sum(a, b, n.Op == parser.SUB)
	case parser.DIV:
		return quotient(a, b)
	case parser.MUL:
		if isHundred(n.LHS) {
			a, b = b, a
			n = &parser.BinaryExpr{RHS: n.LHS}
		}
		switch {
		case isHundred(n.RHS) && (a.base == ratioBase || a.base == secondsBase && a.rate):
			return quantity{base: percentBase, from: a.from}
		case b.base == secondsBase && !b.rate && a.rate:
			a.rate = false
			return a
		}
		return quantity{}
	case parser.LAND, parser.LUNLESS:
		return a
	case parser.LOR, parser.MOD:
		if a.base == unknown || a.base == number {
			return b
		}
		return a
	}
	if n.Op.IsComparisonOperator() && !n.ReturnBool {
		return a
	}
	return quantity{}
}

// sum returns what a sum or a difference is of.
func sum(a, b quantity, minus bool) quantity {
	switch {
	case a.base == number:
		return b
	case b.base == number:
		return a
	case minus && a.base == instants && b.base == instants:
		if a.from == "" {
			a.from = b.from
		}
		return quantity{base: secondsBase, from: a.from}
	case a.base == b.base && a.rate == b.rate:
		return a
	}
	return quantity{}
}

// quotient returns what a quotient is of.
func quotient(a, b quantity) quantity {
	switch {
	case a.base == unknown || b.base == unknown || b.base == number:
		return quantity{}
	case a.base == b.base && a.rate == b.rate:
		return quantity{base: ratioBase, from: a.from}
	case b.base == counts && a.rate == b.rate: // a mean
		return quantity{base: a.base, from: a.from}
	case b.base == secondsBase && !b.rate && !a.rate:
		a.rate = true
		return a
	}
	return quantity{}
}

// isHundred reports whether e is the number 100.
func isHundred(e parser.Expr) bool {
	if p, ok := e.(*parser.ParenExpr); ok {
		return isHundred(p.Expr)
	}
	n, ok := e.(*parser.NumberLiteral)
	return ok && n.Val == 100
}
