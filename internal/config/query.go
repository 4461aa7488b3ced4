package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
)

// maxQuery is the longest query, in bytes.
const maxQuery = 16 << 10

// queryVariables are the variables of a query. Each may also be in braces.
var queryVariables = []string{
	"$__rate_interval", "$__interval", "$__range", "$__rate_interval_ms", "$__interval_ms",
	"$__range_ms", "$__range_s",
}

// isOurs reports whether a variable is one of queryVariables.
func isOurs(variable string) bool {
	return slices.Contains(queryVariables, plain(variable)) ||
		slices.Contains(builtinVariables, plain(variable))
}

// builtinVariables are the variables of the built-in panels' queries, which a file may copy.
var builtinVariables = []string{"$__virtual_nodes", "$__virtual_targets"}

// detailQuery checks a query that may contain {{label}} for the value of a label.
func (b *builder) detailQuery(path, query string, v panel.Vars) {
	filled, at := filledLabels(query)
	if at >= 0 {
		b.problemIn(path, query, at,
			`{{label}} is allowed only between double quotes, for the value of a label; write it `+
				`as in node="{{node}}"`)
		return
	}
	b.promqlOf(path, query, filled, v)
}

// filledLabels replaces each {{label}} of a query with the same number of letters, so that offsets
// stay the same. at is the offset of the first {{ that is not allowed, or -1. It is not allowed
// outside of double quotes, where a value could change the query.
func filledLabels(query string) (filled string, at int) {
	out, quote := []byte(query), byte(0)
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case strings.HasPrefix(query[i:], "{{"):
			long := strings.Index(query[i:], "}}")
			if quote != '"' || long < 0 || !isLabel(strings.TrimSpace(query[i+2:i+long])) {
				return "", i
			}
			for end := i + long + 2; i < end; i++ {
				out[i] = 'x'
			}
			i--
		case quote == 0 && (c == '"' || c == '\'' || c == '`'):
			quote = c
		case c == '\\' && quote != 0 && quote != '`':
			i++
		case c == quote:
			quote = 0
		case c == '#' && quote == 0:
			for i < len(query) && query[i] != '\n' {
				i++
			}
		}
	}
	return string(out), -1
}

// isLabel reports whether text is the name of a label that can be between double quotes.
func isLabel(text string) bool {
	return model.UTF8Validation.IsValidLabelName(text) && !strings.ContainsAny(text, `"\`) &&
		foreignField(text) == ""
}

// promql checks a query as it will run.
func (b *builder) promql(path, query string, v panel.Vars) { b.promqlOf(path, query, query, v) }

// promqlOf checks a query that is in the file as text, which has the same length. The positions of
// its mistakes are those within the text, if the file shows it unchanged.
func (b *builder) promqlOf(path, text, query string, v panel.Vars) {
	if len(query) > maxQuery {
		b.problem(path, "longer than %d KiB; use recording rules for parts of it",
			maxQuery>>10)
		return
	}
	variables := foreignMatchers(query)
	for _, v := range variables {
		b.problemIn(path, text, v.at, adviceOnVariable(v.text))
	}
	if variable, at := unknownVariable(query); variable != "" {
		advice := "promsnap does not fill in dashboard variables; write a value, or one of " +
			strings.Join(queryVariables, ", ")
		if near := Nearest(plain(variable), queryVariables); near != "" {
			advice = "did you mean " + near + "?"
		}
		b.problemIn(path, text, at, fmt.Sprintf("unknown variable %s; %s", shorten(variable),
			advice))
		return
	}
	if len(variables) > 0 {
		return
	}
	expr, ok := b.parsed(path, text, query, v)
	if !ok {
		return
	}
	switch t := expr.Type(); t {
	case parser.ValueTypeVector, parser.ValueTypeScalar:
	case parser.ValueTypeMatrix:
		b.problem(path, "PromQL: the result is a range vector, which cannot be drawn; put a "+
			"function around it, such as rate(...[$__rate_interval])")
	default:
		b.problem(path, "PromQL: the result is a %s, which cannot be drawn; write a query that "+
			"returns an instant vector", t)
	}
}

// parsed parses a query as a Prometheus with default flags does. If another server may accept the
// query, it records a note instead of a mistake, and the server decides.
func (b *builder) parsed(path, text, query string, v panel.Vars) (parser.Expr, bool) {
	expanded := panel.Expand(query, v)
	expr, unaided := parser.NewParser(parser.Options{}).ParseExpr(expanded)
	if unaided == nil {
		return expr, true
	}
	for _, f := range features {
		if expr, err := parser.NewParser(f.on).ParseExpr(expanded); err == nil {
			what := "this"
			if m := switchedOff.FindStringSubmatch(unaided.Error()); m != nil {
				what = m[1] + m[2]
			}
			b.note(path, "PromQL: Prometheus knows %s only if it runs with --enable-feature=%s; "+
				"the server decides", what, f.flag)
			b.reachable(path, expr)
			return expr, true
		}
	}
	expr, err := panel.Parser().ParseExpr(expanded)
	if err == nil {
		b.note(path, "PromQL: Prometheus knows this only if it runs with several "+
			"--enable-feature=promql-… flags; the server decides")
		b.reachable(path, expr)
		return expr, true
	}
	at, message := -1, promqlMessage(err, query)
	if errs, ok := errors.AsType[parser.ParseErrors](err); ok && len(errs) > 0 {
		at = unexpanded(query, v, int(errs[0].PositionRange.Start))
	}
	switch {
	case isWrongEverywhere(expanded, err):
		b.problemIn(path, text, at, message)
	case b.has("prometheus.matchers"):
		b.problemIn(path, text, at, message+"; promsnap cannot add prometheus.matchers to a "+
			"query that it cannot read: write the query in plain PromQL, or remove "+
			"prometheus.matchers and add them to each query")
	default:
		before := len(b.problems)
		b.problemIn(path, text, at, message+"; the server decides"+renamed(expanded)+
			". promsnap cannot read this query, so if its answer is empty, promsnap cannot name "+
			"the missing metric")
		for i := before; i < len(b.problems); i++ {
			b.problems[i].Note = true
		}
	}
	return nil, false
}

// switchedOff matches the parser's error about a function whose feature is off.
var switchedOff = regexp.MustCompile(`(\w+)\(\) is experimental|function "(\w+)" is not enabled`)

// features are the optional features of Prometheus' parser and the flags that enable them.
var features = []struct {
	on   parser.Options
	flag string
}{
	{parser.Options{EnableExperimentalFunctions: true}, "promql-experimental-functions"},
	{parser.Options{ExperimentalDurationExpr: true}, "promql-duration-expr"},
	{parser.Options{EnableExtendedRangeSelectors: true}, "promql-extended-range-selectors"},
	{parser.Options{EnableBinopFillModifiers: true}, "promql-binop-fill-modifiers"},
}

// reachable checks that prometheus.matchers apply to all of a query.
func (b *builder) reachable(path string, expr parser.Expr) {
	if !b.has("prometheus.matchers") {
		return
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if call, ok := n.(*parser.Call); ok && call.Func.Name == "info" {
			b.problem(path, "info() selects its own metrics, and prometheus.matchers does not "+
				"apply to them; write the join with group_left instead")
		}
		return nil
	})
}

// renamed returns the new name of a renamed function, for the end of a message.
func renamed(query string) string {
	if strings.Contains(query, "holt_winters") {
		return ": Prometheus 3 calls holt_winters double_exponential_smoothing; Prometheus 2 and " +
			"Mimir still call it holt_winters"
	}
	return ""
}

// dialect matches what MetricsQL, the language of VictoriaMetrics, adds to PromQL.
var dialect = regexp.MustCompile(
	`(?i)\b(?:with\s*\(|keep_metric_names\b|default\b|if(?:not)?\b|limit\s+\d|prefix\b|` +
		`offset\s*[(-])|(?-i:\d(?:Ki|Mi|Gi|Ti|K|M|G|T)B?\b)|` +
		`\[[^]]*\di\b|\{[^}]*\bor\b|,\s*[)}\]]`)

// elsewhere matches the parser's errors about a function, a modifier or an argument that another
// server may accept.
var elsewhere = regexp.MustCompile(
	`^(?:unknown function|expected (?:type|at least|at most|\d)|` +
		`unexpected identifier|unexpected <aggr:|wrong number of arguments|bad number or duration)`)

// notElsewhere matches the parser's errors about places where all servers have the same syntax.
var notElsewhere = regexp.MustCompile(`in (?:grouping opts|label matching|label matchers)`)

// isWrongEverywhere reports whether a query that the parser rejects is wrong in every dialect of
// PromQL.
func isWrongEverywhere(query string, err error) bool {
	outside, balanced := outsideQuotes(query)
	if !balanced || strings.TrimSpace(outside) == "" {
		return true
	}
	message := strings.TrimPrefix(promqlMessage(err, ""), "PromQL: ")
	if strings.Contains(message, "parsing regexp") {
		return true
	}
	return !dialect.MatchString(outside) && (!elsewhere.MatchString(message) ||
		notElsewhere.MatchString(message))
}

// outsideQuotes returns a query without its comments and the text between quotes. balanced says
// whether all quotes and brackets are closed.
func outsideQuotes(query string) (outside string, balanced bool) {
	var out strings.Builder
	var open []byte
	closes := map[byte]byte{')': '(', ']': '[', '}': '{'}
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch c {
		case '"', '\'', '`':
			for i++; i < len(query) && query[i] != c; i++ {
				if query[i] == '\\' && c != '`' {
					i++
				}
			}
			if i >= len(query) {
				return out.String(), false
			}
			out.WriteByte(c)
		case '#':
			for i < len(query) && query[i] != '\n' {
				i++
			}
			c = '\n'
		case '(', '[', '{':
			open = append(open, c)
		case ')', ']', '}':
			if len(open) == 0 || open[len(open)-1] != closes[c] {
				return out.String(), false
			}
			open = open[:len(open)-1]
		}
		out.WriteByte(c)
	}
	return out.String(), len(open) == 0
}

// quotedPart matches a part of a query in an error of the parser.
var quotedPart = regexp.MustCompile(`"[^"]*"`)

// promqlMessage returns the text of a parser error. It omits the position, which counts expanded
// variables, and parts of the query if one of them looks like a secret.
func promqlMessage(err error, query string) string {
	if errs, ok := errors.AsType[parser.ParseErrors](err); ok && len(errs) > 0 {
		err = errs[0].Err
	}
	message := err.Error()
	if masked(query) != query {
		message = quotedPart.ReplaceAllString(message, redacted)
	}
	return "PromQL: " + shortenTo(message, 200)
}

// problemIn records a mistake at an offset of a text of the file. A negative offset is unknown.
func (b *builder) problemIn(path, text string, offset int, message string) {
	n := b.nodes[path]
	if n == nil || offset < 0 || offset > len(text) {
		b.problem(path, "%s", message)
		return
	}
	// The file has this line of the text unchanged below the node, unless it is folded or escaped.
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	row, _, _ := strings.Cut(text[start:], "\n")
	skip := strings.Count(text[:start], "\n")
	for l := n.Line + skip; l <= n.Line+skip+1; l++ {
		from := 0
		if l == n.Line {
			from = min(max(n.Column-1, 0), len(b.line(l)))
		}
		if i := strings.Index(b.line(l)[from:], row); row != "" && i >= 0 {
			b.problemAt(l, from+i+offset-start+1, path, message)
			return
		}
	}
	b.problem(path, "%s (at character %d of the query)", message, offset+1)
}

var variable = regexp.MustCompile(`\$(?:\w+|\{\w+(?:[:.][^}]*)?\})|\[\[\w+(?:[:.][^]]*)?\]\]`)

// plain returns a variable without its braces.
func plain(v string) string { return strings.NewReplacer("{", "", "}", "").Replace(v) }

// unknownVariable returns the first unknown variable of a query outside of strings and comments, or
// "" if there is none.
func unknownVariable(query string) (name string, at int) {
	for i := 0; i < len(query); i++ {
		switch c := query[i]; c {
		case '"', '\'', '`':
			for i++; i < len(query) && query[i] != c; i++ {
				if query[i] == '\\' && c != '`' {
					i++
				}
			}
		case '#':
			for i < len(query) && query[i] != '\n' {
				i++
			}
		case '$', '[':
			v := variable.FindString(query[i:])
			if !strings.HasPrefix(query[i:], v) || v == "" {
				continue // a $ alone: the parser reports it
			}
			if !isOurs(v) {
				return v, i
			}
		}
	}
	return "", 0
}

// unexpanded converts an offset in a query with expanded variables to one in the query itself.
func unexpanded(query string, v panel.Vars, offset int) int {
	grown := 0 // the number of bytes that the expansion has added so far
	for _, m := range variable.FindAllStringIndex(query, -1) {
		long := len(panel.Expand(query[m[0]:m[1]], v))
		switch {
		case offset < m[0]+grown:
			return offset - grown
		case offset < m[0]+grown+long:
			return m[0]
		}
		grown += long - (m[1] - m[0])
	}
	return offset - grown
}
