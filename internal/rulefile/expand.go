package rulefile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// maxExpanded is the largest expanded expression, in bytes.
const maxExpanded = 1 << 16

// expander expands one expression.
type expander struct {
	all    Recordings
	exists func(string) bool
	open   []string          // the metrics that are expanded now, each inside the one before
	done   map[string]string // the expanded expressions of recording rules, by their own
}

// expand returns an expression without recorded metrics that do not exist.
func (x *expander) expand(expr string) (string, error) {
	tree, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		return "", fmt.Errorf("reading the expression: %w", err)
	}
	if !x.within(tree) {
		return expr, nil
	}
	if tree, err = x.rewrite(tree); err != nil {
		return "", err
	}
	out := tree.String()
	if len(out) > maxExpanded {
		return "", fmt.Errorf("the expression is larger than %d KiB with its recording rules",
			maxExpanded>>10)
	}
	return out, nil
}

// within reports whether a tree selects a metric that must be expanded.
func (x *expander) within(tree parser.Node) bool {
	found := false
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		vs, ok := n.(*parser.VectorSelector)
		found = found || ok && x.missing(vs) != nil
		return nil
	})
	return found
}

// missing returns the recording rules that replace a selector, or nil if it stays.
func (x *expander) missing(vs *parser.VectorSelector) []recording {
	for _, m := range vs.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual &&
			len(x.all[m.Value]) > 0 && !x.exists(m.Value) {
			return x.all[m.Value]
		}
	}
	return nil
}

// rewrite replaces the selectors in a tree.
func (x *expander) rewrite(e parser.Expr) (parser.Expr, error) {
	var err error
	into := func(child *parser.Expr) {
		if err == nil && *child != nil {
			*child, err = x.rewrite(*child)
		}
	}
	switch e := e.(type) {
	case *parser.ParenExpr:
		into(&e.Expr)
	case *parser.StepInvariantExpr:
		into(&e.Expr)
	case *parser.UnaryExpr:
		into(&e.Expr)
	case *parser.SubqueryExpr:
		into(&e.Expr)
	case *parser.BinaryExpr:
		into(&e.LHS)
		into(&e.RHS)
	case *parser.AggregateExpr:
		into(&e.Expr)
		into(&e.Param)
	case *parser.Call:
		return x.call(e)
	case *parser.MatrixSelector:
		if vs, ok := e.VectorSelector.(*parser.VectorSelector); ok {
			return x.matrix(e, vs)
		}
	case *parser.VectorSelector:
		return x.vector(e)
	}
	return e, err
}

// call replaces the selectors in the arguments of a function. absent returns the labels of its
// selector, which a replaced one no longer has.
func (x *expander) call(c *parser.Call) (parser.Expr, error) {
	var lost series.Labels
	if len(c.Args) == 1 && strings.HasPrefix(c.Func.Name, "absent") {
		lost = x.absentLabels(c.Args[0])
	}
	for i := range c.Args {
		if i > 0 && c.Func.Name == "info" {
			break // a selector of labels
		}
		var err error
		if c.Args[i], err = x.rewrite(c.Args[i]); err != nil {
			return nil, err
		}
	}
	if len(lost) == 0 {
		return c, nil
	}
	return parsed(labelled(c.String(), lost))
}

// absentLabels returns the labels that absent would have for a selector that is replaced.
func (x *expander) absentLabels(e parser.Expr) series.Labels {
	if p, ok := e.(*parser.ParenExpr); ok {
		return x.absentLabels(p.Expr)
	}
	if m, ok := e.(*parser.MatrixSelector); ok {
		e = m.VectorSelector
	}
	vs, ok := e.(*parser.VectorSelector)
	if !ok || x.missing(vs) == nil {
		return nil
	}
	count := map[string]int{}
	for _, m := range vs.LabelMatchers {
		count[m.Name]++
	}
	var ls series.Labels
	for _, m := range vs.LabelMatchers {
		if m.Name != model.MetricNameLabel && m.Type == labels.MatchEqual && count[m.Name] == 1 {
			ls = append(ls, series.Label{Name: m.Name, Value: m.Value})
		}
	}
	return ls
}

// lookback is how old the sample of a selector may be on a server. Recorded samples that are
// further apart have gaps between them.
const lookback = 5 * time.Minute

// vector replaces a selector. One with an offset or @ takes the newest value of a subquery with one
// step.
func (x *expander) vector(vs *parser.VectorSelector) (parser.Expr, error) {
	found := x.missing(vs)
	if found == nil {
		return vs, nil
	}
	text, err := x.replacement(vs, found)
	if err != nil {
		return nil, err
	}
	if at := modifiers(vs); at != "" {
		step := found[0].interval
		text = fmt.Sprintf("last_over_time((%s)[%s:%s]%s)", text,
			model.Duration(min(step, lookback)), model.Duration(step), at)
	}
	return parsed("(" + text + ")")
}

// matrix replaces a range of a selector by a subquery.
func (x *expander) matrix(m *parser.MatrixSelector, vs *parser.VectorSelector) (parser.Expr,
	error) {
	found := x.missing(vs)
	if found == nil {
		return m, nil
	}
	text, err := x.replacement(vs, found)
	if err != nil {
		return nil, err
	}
	length := model.Duration(m.Range).String()
	if m.RangeExpr != nil {
		length = m.RangeExpr.String()
	}
	return parsed(fmt.Sprintf("(%s)[%s:%s]%s", text, length, model.Duration(found[0].interval),
		modifiers(vs)))
}

// modifiers returns the offset and the @ of a selector.
func modifiers(vs *parser.VectorSelector) string {
	bare := parser.VectorSelector{
		Name: "x", OriginalOffset: vs.OriginalOffset, OriginalOffsetExpr: vs.OriginalOffsetExpr,
		Timestamp: vs.Timestamp, StartOrEnd: vs.StartOrEnd,
	}
	return strings.TrimPrefix(bare.String(), "x")
}

// parsed returns the tree of a text that was made here.
func parsed(text string) (parser.Expr, error) {
	if len(text) > maxExpanded {
		return nil, fmt.Errorf("the expression is larger than %d KiB with its recording rules",
			maxExpanded>>10)
	}
	e, err := panel.Parser().ParseExpr(text)
	if err != nil {
		return nil, fmt.Errorf("expanding recording rules: %w", err)
	}
	return e, nil
}

// replacement returns the expression of the series that a selector selects of the recording rules
// found.
func (x *expander) replacement(vs *parser.VectorSelector, found []recording) (string, error) {
	name := found[0].rule.Record
	if vs.Anchored || vs.Smoothed {
		return "", fmt.Errorf("%s is recorded by a rule, so it cannot be anchored or smoothed",
			name)
	}
	if i := slices.Index(x.open, name); i >= 0 {
		return "", fmt.Errorf("recording rules need each other in a circle: %s",
			strings.Join(append(x.open[i:], name), " needs "))
	}
	x.open = append(x.open, name)
	defer func() { x.open = x.open[:len(x.open)-1] }()
	var parts []string
	for _, r := range found {
		rest, may := unmet(vs.LabelMatchers, r.rule.Labels)
		if !may {
			continue
		}
		text, err := x.recorded(r)
		if err != nil {
			return "", err
		}
		for _, m := range rest {
			text = filtered(text, m)
		}
		parts = append(parts, text)
	}
	switch len(parts) {
	case 0:
		return "vector(1) < 0", nil // no series
	case 1:
		return parts[0], nil
	}
	return "(" + strings.Join(parts, ") or (") + ")", nil
}

// recorded returns the expression of a recording rule with its labels.
func (x *expander) recorded(r recording) (string, error) {
	if text, ok := x.done[r.rule.Expr]; ok {
		return labelled(text, r.rule.Labels), nil
	}
	text, err := x.expand(r.rule.Expr)
	if err != nil {
		return "", err
	}
	tree, err := parsed(text)
	if err != nil {
		return "", err
	}
	if tree.Type() == parser.ValueTypeScalar {
		text = "vector(" + text + ")"
	}
	x.done[r.rule.Expr] = text
	return labelled(text, r.rule.Labels), nil
}

// labelled returns an expression with labels set.
func labelled(text string, ls series.Labels) string {
	for _, l := range ls {
		text = fmt.Sprintf("label_replace(%s, %s, %s, \"\", \"\")", text, strconv.Quote(l.Name),
			strconv.Quote(strings.ReplaceAll(l.Value, "$", "$$")))
	}
	return text
}

// unmet returns the matchers that the labels of a recording rule do not decide. may is false if
// they decide that no series matches.
func unmet(ms []*labels.Matcher, ls series.Labels) (rest []*labels.Matcher, may bool) {
	for _, m := range ms {
		i := slices.IndexFunc(ls, func(l series.Label) bool { return l.Name == m.Name })
		switch {
		case m.Name == model.MetricNameLabel:
		case i < 0:
			rest = append(rest, m)
		case !m.Matches(ls[i].Value):
			return nil, false
		}
	}
	return rest, true
}

// matchLabel marks series that match a regular expression. No metric has it.
const matchLabel = "promsnap_match"

// filtered returns an expression of the series that match.
func filtered(text string, m *labels.Matcher) string {
	op := "and"
	if m.Type == labels.MatchNotEqual || m.Type == labels.MatchNotRegexp {
		op = "unless"
	}
	if m.Type == labels.MatchEqual || m.Type == labels.MatchNotEqual {
		only := "vector(1)"
		if m.Value != "" {
			only = labelled(only, series.FromPairs(m.Name, m.Value))
		}
		return fmt.Sprintf("(%s) %s on (%s) %s", text, op, labelName(m.Name), only)
	}
	marked := fmt.Sprintf("label_replace(%s, %q, \"1\", %s, %s)", text, matchLabel,
		strconv.Quote(m.Name), strconv.Quote(m.Value))
	only := labelled("vector(1)", series.FromPairs(matchLabel, "1"))
	return labelled(fmt.Sprintf("%s %s on (%s) %s", marked, op, matchLabel, only),
		series.FromPairs(matchLabel, ""))
}

// labelName returns a label's name as PromQL writes it in a list. Older servers read no quotes.
func labelName(name string) string {
	if model.LegacyValidation.IsValidLabelName(name) {
		return name
	}
	return strconv.Quote(name)
}
