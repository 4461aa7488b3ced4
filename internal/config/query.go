package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/snapshot"
)

// maxQuery is the longest query, in bytes.
const maxQuery = 16 << 10

var queryVariables = []string{"$__rate_interval", "$__interval", "$__range"}

// detailQuery checks a query in which {{label}} stands for the value of a label.
func (b *builder) detailQuery(path, query string, v snapshot.Vars) {
	filled, at := filledLabels(query)
	if at >= 0 {
		b.problemIn(path, query, at, `{{label}} stands for a label's value between double quotes, and is closed there; write it as in node="{{node}}"`)
		return
	}
	b.promqlOf(path, query, filled, v)
}

// filledLabels puts as many letters in the place of each {{label}} of a query, so that what follows stays where it is. It returns where
// one stands that is no such thing: outside of double quotes, where a value could be more than a value; -1: nowhere.
func filledLabels(query string) (filled string, at int) {
	out, quote := []byte(query), byte(0)
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case strings.HasPrefix(query[i:], "{{"):
			long := strings.Index(query[i:], "}}")
			if quote != '"' || long < 0 || !labelSyntax.MatchString(strings.TrimSpace(query[i+2:i+long])) {
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

// promql checks a query as it will run.
func (b *builder) promql(path, query string, v snapshot.Vars) { b.promqlOf(path, query, query, v) }

// promqlOf checks a query that stands in the file as text, which is as long. Its mistakes stand where they are inside the text, where the
// file shows that.
func (b *builder) promqlOf(path, text, query string, v snapshot.Vars) {
	if len(query) > maxQuery {
		b.problem(path, "longer than %d KiB; record parts of it in Prometheus and query those", maxQuery>>10)
		return
	}
	if variable, at := unknownVariable(query); variable != "" {
		advice := "write one of " + strings.Join(queryVariables, ", ")
		if near := nearest(plain(variable), queryVariables); near != "" {
			advice = "did you mean " + near + "?"
		}
		b.problemIn(path, text, at, fmt.Sprintf("unknown variable %s; %s", shorten(variable), advice))
		return
	}
	expr, err := snapshot.Parser().ParseExpr(snapshot.Expand(query, v))
	if err != nil {
		at := -1
		if errs, ok := errors.AsType[parser.ParseErrors](err); ok && len(errs) > 0 {
			at = unexpanded(query, v, int(errs[0].PositionRange.Start))
		}
		b.problemIn(path, text, at, promqlMessage(err))
		return
	}
	switch t := expr.Type(); t {
	case parser.ValueTypeVector, parser.ValueTypeScalar:
	case parser.ValueTypeMatrix:
		b.problem(path, "PromQL: gives a range vector, which cannot be drawn; put a function around it, such as rate(...[$__rate_interval])")
	default:
		b.problem(path, "PromQL: gives a %s, which cannot be drawn; write a query that gives an instant vector", t)
	}
}

// promqlMessage is an error of PromQL's parser without its position, which is that in the query with its variables expanded.
func promqlMessage(err error) string {
	if errs, ok := errors.AsType[parser.ParseErrors](err); ok && len(errs) > 0 {
		err = errs[0].Err
	}
	return "PromQL: " + shortenTo(err.Error(), 200)
}

// problemIn records a mistake at an offset into a text of the file; a negative one is not known.
func (b *builder) problemIn(path, text string, offset int, message string) {
	n := b.nodes[path]
	if n == nil || offset < 0 || offset > len(text) {
		b.problem(path, "%s", message)
		return
	}
	// The line of the text that the offset lies in stands somewhere below the node as it is, unless it is folded or escaped.
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

var variable = regexp.MustCompile(`\$\{?\w+\}?`)

// plain is a variable without its braces.
func plain(v string) string { return strings.NewReplacer("{", "", "}", "").Replace(v) }

// unknownVariable returns the first variable of a query, outside of its strings and comments, that is none of promsnap's; "" where
// there is none.
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
		case '$':
			v := variable.FindString(query[i:])
			if !strings.HasPrefix(query[i:], v) || v == "" {
				continue // a lone $ is PromQL's to name
			}
			known := false
			for _, k := range queryVariables {
				known = known || plain(v) == k
			}
			if !known {
				return v, i
			}
		}
	}
	return "", 0
}

// unexpanded returns the offset into a query of what lies at an offset into the same query with its variables expanded.
func unexpanded(query string, v snapshot.Vars, offset int) int {
	grown := 0 // how much longer what lies before is when expanded
	for _, m := range variable.FindAllStringIndex(query, -1) {
		long := len(snapshot.Expand(query[m[0]:m[1]], v))
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
