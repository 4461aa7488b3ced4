package promapi

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// AddMatchers adds matchers to every selector of the PromQL expression expr. If a selector already
// matches the same label, both matchers apply. Without matchers it returns expr unchanged.
func AddMatchers(expr string, matchers []*labels.Matcher) (string, error) {
	if len(matchers) == 0 {
		return expr, nil
	}
	// Accept optional features: the server decides whether they are enabled.
	tree, err := parser.NewParser(parser.Options{
		EnableExperimentalFunctions:  true,
		ExperimentalDurationExpr:     true,
		EnableExtendedRangeSelectors: true,
		EnableBinopFillModifiers:     true,
	}).ParseExpr(expr)
	if err != nil {
		return "", &Error{
			Kind: KindQuery, Message: fmt.Sprintf("the query is not PromQL: %v", err),
			Hint: "correct the query", Err: err,
		}
	}
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			n.LabelMatchers = append(n.LabelMatchers, matchers...)
		case *parser.Call:
			if n.Func.Name == "info" {
				err = &Error{
					Kind: KindQuery,
					Message: "info() selects its own metrics, and prometheus.matchers does not " +
						"apply to them",
					Hint: "write the join with group_left instead",
				}
			}
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return tree.String(), nil
}
