package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// empty returns why the answer to an expanded query over rng has no series. missing are the metrics
// that Prometheus does not have.
func (f *queryFlags) empty(ctx context.Context, a *asked, expr string, missing []string,
	rng time.Duration) error {
	if len(missing) == 0 {
		if why := a.WhyEmpty(ctx, expr, rng); why != "" {
			return errors.New(why)
		}
		return errors.New("no series matches the query")
	}
	text := "Prometheus has no metric " + outside.Clip(strings.Join(missing, ", "), 500)
	// An error is ignored here: without the names of the metrics there is only less advice.
	near, known, err := a.Similar(ctx, missing, rng)
	switch {
	case len(near) > 0:
		return errors.New(text + "; did you mean one of these?\n  " +
			outside.Line(outside.Clip(strings.Join(near, "  "), 1000)))
	case err == nil && known == 0:
		const layout = "2006-01-02 15:04"
		return fmt.Errorf("Prometheus has no data at all from %s to %s: check --time, --range and "+
			"the matchers of the configuration", a.End().Add(-rng).UTC().Format(layout),
			a.End().UTC().Format(layout+" MST"))
	}
	return errors.New(text + "; look for one by words:\n  promsnap metrics memory")
}

var (
	// parseError matches what Prometheus says about a query that it cannot read: a line, a byte in
	// it, and the reason.
	parseError = regexp.MustCompile(`(\d+):(\d+): parse error: (.*)$`)
	// beforeReason matches what comes before the reason in an error about a query: the call and, of
	// VictoriaMetrics, the query again.
	beforeReason = regexp.MustCompile(`^\w+ query at \S+: (HTTP \d+: )?((execution|\d+): )?` +
		`(error when executing query=".*" (on the time range|for) \(.*?\): )?` +
		`(cannot execute query: )?`)
	// unknownFunction matches the reason that a function does not exist.
	unknownFunction = regexp.MustCompile(
		`(?:unknown function with name|unknown func|unsupported function) "(\w+)"`)
	// noRange matches the reason that a function needs a range.
	noRange = regexp.MustCompile(
		`expected type range vector in call to function "(\w+)", got instant vector`)
)

// refused returns a failure as a person can read it. If Prometheus cannot read the query, it shows
// where.
func refused(f *snapshot.Failure, expr string) error {
	if f.Kind != snapshot.FailureQuery {
		return f
	}
	message := f.Message
	reason := beforeReason.ReplaceAllString(message, "")
	reason, _, _ = strings.Cut(reason, ";many-to-many matching not allowed") // the hint says it
	what := correction(reason)
	if _, err := panel.Parser().ParseExpr(expr); err != nil && what == "" &&
		!parseError.MatchString(message) {
		message = err.Error() // clearer than what VictoriaMetrics says
	}
	m := parseError.FindStringSubmatch(message)
	if m == nil {
		return errors.New("the server cannot run the query: " + reason + "; " +
			cmp.Or(what, f.Hint))
	}
	text := "the query is not PromQL: " + m[3]
	if what = correction(m[3]); what != "" {
		text += "; " + what
	}
	row, _ := strconv.Atoi(m[1]) // numbers that do not fit are 0 or too large, so nothing is shown
	column, _ := strconv.Atoi(m[2])
	if line, mark, ok := marked(expr, row, column-1); ok {
		text += "\n  " + line + "\n  " + mark
	}
	return errors.New(text)
}

// correction returns what to write instead of what a server cannot read, "" if that is not known.
func correction(reason string) string {
	if name := unknownFunction.FindStringSubmatch(reason); name != nil {
		if near := metrics.Nearest(name[1], functions(), 3); len(near) > 0 {
			return "did you mean " + strings.Join(near, " or ") + "?"
		}
	}
	if name := noRange.FindStringSubmatch(reason); name != nil {
		return fmt.Sprintf("write a range behind the metric: %s(…[5m])", name[1])
	}
	if strings.HasSuffix(reason, "in label matching, expected string") {
		return "put quotes around the value"
	}
	return ""
}

// functions returns the names of PromQL's functions and aggregations.
func functions() []string {
	return slices.AppendSeq([]string{
		"sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk",
		"count_values", "quantile",
	}, maps.Keys(parser.Functions))
}

// marked returns a part of a line of a query, and below it a mark under one of its bytes.
func marked(expr string, row, at int) (line, mark string, ok bool) {
	const before, most = 40, 76 // characters
	lines := strings.Split(expr, "\n")
	if row < 1 || row > len(lines) || at < 0 || at > len(lines[row-1]) {
		return "", "", false
	}
	line = lines[row-1]
	head := line[:at]
	if n := utf8.RuneCountInString(head); n > before {
		head = "…" + string([]rune(head)[n-before:])
	}
	line = outside.Line(outside.Clip(head+line[at:], most))
	return line, strings.Repeat(" ", outside.Columns(outside.Line(head))) + "^", true
}
