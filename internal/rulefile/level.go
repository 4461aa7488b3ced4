package rulefile

import (
	"math"
	"strconv"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
)

// WithLevel returns an expression that Compare reads with another number in place of its own. The
// rest of the text stays as it is. ok is false for an expression that Compare does not read.
func WithLevel(expr string, level float64) (text string, ok bool) {
	e, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		return "", false
	}
	at, ok := levelOf(e)
	if !ok {
		return "", false
	}
	pos := at.PositionRange()
	return expr[:pos.Start] + levelText(level) + expr[pos.End:], true
}

// levelOf returns the number that an expression compares with. It goes the way of compare.
func levelOf(e parser.Expr) (parser.Expr, bool) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return levelOf(e.Expr)
	case *parser.StepInvariantExpr:
		return levelOf(e.Expr)
	case *parser.BinaryExpr:
		if e.Op == parser.LAND || e.Op == parser.LUNLESS {
			return levelOf(e.LHS)
		}
		if _, _, ok := compareNumber(e); !ok {
			return nil, false
		}
		if _, ok := number(e.RHS); ok && e.LHS.Type() == parser.ValueTypeVector {
			return e.RHS, true
		}
		return e.LHS, true
	}
	return nil, false
}

// levelText returns a number as people write it in PromQL.
func levelText(v float64) string {
	if a := math.Abs(v); a == 0 || a >= 1e-4 && a < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
