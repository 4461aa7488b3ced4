package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// TestRefused compares what people read about a refused query with what servers say.
func TestRefused(t *testing.T) {
	const prometheus = `range query at http://p:9090: HTTP 400: bad_data: invalid parameter "query": `
	const victoria = `range query at http://v:8428: HTTP 422: 422: error when executing query="x" on ` +
		`the time range (start=1, end=2, step=3): cannot execute query: `
	for _, c := range []struct{ expr, message, want string }{
		{
			"sum((", prometheus + "1:6: parse error: unclosed left parenthesis",
			"the query is not PromQL: unclosed left parenthesis\n  sum((\n       ^",
		},
		{
			"up +\n  sums(up)", prometheus + `2:3: parse error: unknown function with name "sums"`,
			"the query is not PromQL: unknown function with name \"sums\"; did you mean sum?\n" +
				"    sums(up)\n    ^",
		},
		{
			"rate(up)", prometheus + `1:6: parse error: expected type range vector in call to ` +
				`function "rate", got instant vector`,
			"the query is not PromQL: expected type range vector in call to function \"rate\", got " +
				"instant vector; write a range behind the metric: rate(…[5m])\n  rate(up)\n       ^",
		},
		{
			"up{a='한국'} )", prometheus + "1:16: parse error: unexpected right parenthesis ')'",
			"the query is not PromQL: unexpected right parenthesis ')'\n  up{a='한국'} )\n" +
				"               ^",
		},
		{
			"up", prometheus + "9:9999: parse error: odd",
			"the query is not PromQL: odd",
		},
		{
			"sum((", victoria + `singleExpr: unexpected token ""`,
			"the query is not PromQL: unclosed left parenthesis\n  sum((\n       ^",
		},
		{
			"avgg(up)", victoria + `unknown func "avgg"`,
			`the server cannot run the query: unknown func "avgg"; did you mean avg?`,
		},
		{
			"up / ignoring (a) up", "instant query at http://p: HTTP 422: execution: found duplicate " +
				"series for the match group {}: [a, b];many-to-many matching not allowed: x",
			"the server cannot run the query: found duplicate series for the match group {}: [a, b]; " +
				"hint",
		},
	} {
		f := &snapshot.Failure{Kind: snapshot.FailureQuery, Message: c.message, Hint: "hint"}
		if got := refused(f, c.expr).Error(); got != c.want {
			t.Errorf("%q: got\n%s\nwant\n%s", c.message, got, c.want)
		}
	}
	down := &snapshot.Failure{Kind: snapshot.FailureRefused, Message: "connection refused"}
	if got := refused(down, "up"); !errors.Is(got, down) {
		t.Errorf("got %v, want another failure as it is", got)
	}
}

// TestMarkedStaysShort checks the mark of a mistake far behind in a query with any characters.
func TestMarkedStaysShort(t *testing.T) {
	for _, w := range hostile.Words() {
		expr := strings.Repeat("up + ", 100) + strings.ReplaceAll(w.Text, "\n", " ") + ")"
		line, mark, ok := marked(expr, 1, len(expr)-1)
		if !ok || strings.ContainsAny(line+mark, "\n\x1b") || len([]rune(line)) > 80 {
			t.Errorf("%s: got %v and\n%q\n%q, want a short line", w.Name, ok, line, mark)
		}
	}
}
