package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/series"
)

// Problem is a mistake in the configuration of a rule.
type Problem struct {
	// the key below the rule: above, above.critical, for, reduce; empty: the rule itself
	Field   string
	Message string // what is wrong and what to write instead
}

// Check returns every mistake in r for a panel with this range and step. A step of 0 is not known
// yet; checks that depend on it are skipped.
func (r Rule) Check(rng, step time.Duration) []Problem {
	if r.FullIn {
		return nil // it does not judge the samples of the panel
	}
	problems := r.checkLimits()
	add := func(field, format string, args ...any) {
		problems = append(problems, Problem{field, fmt.Sprintf(format, args...)})
	}
	if !r.Reduce.known() {
		add("reduce", "unknown figure %.40q; write one of %s", string(r.Reduce), reduceNames())
	}
	switch {
	case r.For < 0:
		add("for", "%s is negative; write a duration such as 15m, or leave it out to alert on "+
			"one sample", r.For)
	case r.For == 0:
	case !r.IsAlert():
		add("for", "a rule with reduce judges the window as a whole and has no for; leave out "+
			"one of the two")
	case step > 0 && r.For > rng-3*step:
		add("for", "%s does not fit into a range of %s with steps of %s; write %s, or a longer "+
			"range",
			format(r.For), format(rng), format(step), atMost(rng-3*step))
	case step > r.For/3:
		add("for", "%s is less than three steps of %s, too few samples to tell; write at least "+
			"%s, or a step of %s",
			format(r.For), format(step), format(3*step), atMost(r.For/3))
	}
	return problems
}

// checkLimits checks the limits alone.
func (r Rule) checkLimits() []Problem {
	var problems []Problem
	side := r.Direction.String()
	for _, l := range []struct {
		severity Severity
		limit    Limit
	}{{Warning, r.Warning}, {Critical, r.Critical}} {
		if l.limit.Set && !series.Finite(l.limit.Value) {
			problems = append(problems, Problem{
				side + "." + l.severity.String(),
				"a limit must be a finite number; leave it out for no limit",
			})
		}
	}
	switch {
	case !r.Warning.Set && !r.Critical.Set:
		problems = append(problems, Problem{
			"", "no limit; write above: or below: with warning, critical or both",
		})
	case r.Warning.Set && r.Critical.Set && r.Direction.Beyond(r.Warning.Value, r.Critical.Value):
		problems = append(problems, Problem{
			side + ".critical",
			fmt.Sprintf("the critical limit is not %s the warning limit; swap the two", side),
		})
	}
	return problems
}

// figures returns the figures in the order of the documentation.
func figures() []Reduce { return []Reduce{Last, Avg, Min, Max, P50, P90, P95, P99} }

// known reports whether r is a figure or empty.
func (r Reduce) known() bool {
	for _, f := range figures() {
		if r == f {
			return true
		}
	}
	return r == ""
}

func reduceNames() string {
	var names []string
	for _, f := range figures() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// format formats a duration as in the configuration: 1h30m, not 1h30m0s.
func format(d time.Duration) string { return model.Duration(d).String() }

// atMost advises a largest duration, to the second, or "less" if that would be 0 or negative.
func atMost(d time.Duration) string {
	if d = d.Truncate(time.Second); d > 0 {
		return "at most " + format(d)
	}
	return "less"
}
