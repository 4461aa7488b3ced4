package rulefile

import (
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
)

// Comparison is an expression that compares a vector with a number: its series are those of Left
// whose samples are Op Level.
type Comparison struct {
	Left  string // PromQL without the comparison
	Op    string // <, <=, >, >=, == or !=, as if the number is on the right
	Level float64
}

// Compare splits an expression that compares a vector with a number. It reads `a > 0.9`, `0.9 < a`
// and, because what follows only chooses series, `a > 0.9 and b` and `a > 0.9 unless b`: their
// Left is `a and b`. The number may be arithmetic of numbers, such as 15 * 60. ok is false for
// everything else, such as `a > b`, `a > bool 1` and `a > 1 or b > 2`.
func Compare(expr string) (c Comparison, ok bool) {
	e, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		return Comparison{}, false
	}
	left, c, ok := compare(e)
	if !ok {
		return Comparison{}, false
	}
	c.Left = left.String()
	return c, true
}

// compare returns the vector that an expression compares, and the comparison without Left.
func compare(e parser.Expr) (parser.Expr, Comparison, bool) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return compare(e.Expr)
	case *parser.StepInvariantExpr:
		return compare(e.Expr)
	case *parser.BinaryExpr:
		if e.Op == parser.LAND || e.Op == parser.LUNLESS {
			left, c, ok := compare(e.LHS)
			if !ok {
				return nil, c, false
			}
			all := *e
			all.LHS = &parser.ParenExpr{Expr: left}
			return &all, c, true
		}
		return compareNumber(e)
	}
	return nil, Comparison{}, false
}

// flipped are the operators of a comparison whose sides are exchanged.
var flipped = map[parser.ItemType]parser.ItemType{
	parser.LSS: parser.GTR, parser.LTE: parser.GTE, parser.GTR: parser.LSS, parser.GTE: parser.LTE,
	parser.EQLC: parser.EQLC, parser.NEQ: parser.NEQ,
}

// compareNumber reads a comparison of a vector with a number.
func compareNumber(e *parser.BinaryExpr) (parser.Expr, Comparison, bool) {
	if !e.Op.IsComparisonOperator() || e.ReturnBool || flipped[e.Op] == 0 {
		return nil, Comparison{}, false
	}
	if v, ok := number(e.RHS); ok && e.LHS.Type() == parser.ValueTypeVector {
		return e.LHS, Comparison{Op: e.Op.String(), Level: v}, true
	}
	if v, ok := number(e.LHS); ok && e.RHS.Type() == parser.ValueTypeVector {
		return e.RHS, Comparison{Op: flipped[e.Op].String(), Level: v}, true
	}
	return nil, Comparison{}, false
}

// number returns the value of an expression of numbers alone.
func number(e parser.Expr) (float64, bool) {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.ParenExpr:
		return number(e.Expr)
	case *parser.StepInvariantExpr:
		return number(e.Expr)
	case *parser.UnaryExpr:
		v, ok := number(e.Expr)
		if e.Op == parser.SUB {
			v = -v
		}
		return v, ok
	case *parser.BinaryExpr:
		l, ok := number(e.LHS)
		r, also := number(e.RHS)
		if !ok || !also {
			return 0, false
		}
		return arithmetic(e.Op, l, r)
	}
	return 0, false
}

func arithmetic(op parser.ItemType, l, r float64) (float64, bool) {
	switch op {
	case parser.ADD:
		return l + r, true
	case parser.SUB:
		return l - r, true
	case parser.MUL:
		return l * r, true
	case parser.DIV:
		return l / r, true
	}
	return 0, false
}
