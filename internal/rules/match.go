package rules

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/series"
)

// Matchers choose alerts by their labels. All of them must match; none match everything.
type Matchers []*labels.Matcher

// maxMatchers is how long matchers may be, in bytes.
const maxMatchers = 1000

// ParseMatchers parses matchers written as in PromQL or Alertmanager, with or without braces:
//
//	namespace=~"shop|pay", severity=critical
//
// As in Alertmanager, a value without spaces and special characters needs no quotes.
func ParseMatchers(s string) (Matchers, error) {
	if len(s) > maxMatchers {
		return nil, fmt.Errorf("the matchers have %d characters, more than %d", len(s), maxMatchers)
	}
	text := strings.TrimSpace(s)
	if !strings.HasPrefix(text, "{") {
		text = "{" + text + "}"
	}
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(quoteValues(text))
	if err != nil {
		return nil, fmt.Errorf("the matchers %q cannot be read; write them as in PromQL, such as "+
			"node=~\"kafka-.*\": %w", s, err)
	}
	if slices.ContainsFunc(ms, func(m *labels.Matcher) bool {
		return m.Name == model.MetricNameLabel
	}) {
		return nil, errors.New("the matchers name a metric, which alerts do not have; write " +
			"labels and values, such as node=~\"kafka-.*\"")
	}
	return ms, nil
}

// valueSyntax matches text in quotes, and an operator with a value that has none.
var valueSyntax = regexp.MustCompile(
	`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|` + "`[^`]*`" + `|(=~|!~|!=|=)\s*([^\s"'` + "`" +
		`{}=!~,\\]+)`)

// quoteValues puts the values that have no quotes between quotes.
func quoteValues(s string) string {
	return valueSyntax.ReplaceAllStringFunc(s, func(found string) string {
		if m := valueSyntax.FindStringSubmatch(found); m[1] != "" {
			return m[1] + strconv.Quote(m[2])
		}
		return found
	})
}

// Match reports whether all matchers match. label returns the value of a label, or "".
func (ms Matchers) Match(label func(name string) string) bool {
	return !slices.ContainsFunc(ms, func(m *labels.Matcher) bool {
		return !m.Matches(label(m.Name))
	})
}

// String writes the matchers as ParseMatchers reads them.
func (ms Matchers) String() string {
	texts := make([]string, len(ms))
	for i, m := range ms {
		texts[i] = m.String()
	}
	return strings.Join(texts, ", ")
}

// Label returns the value of a label that matchers and group_by know an alert by: a label of its
// object or its series, or alertname, severity or panel.
func (a Alert) Label(name string) string {
	return labelOf(a.ID(), a.Severity, name, func(name string) string {
		if v, ok := a.Identity[name]; ok {
			return v
		}
		return a.Labels[name]
	})
}

func labelOf(id RuleID, s Severity, name string, label func(string) string) string {
	switch name {
	case labels.AlertName:
		return id.Rule
	case "severity":
		return s.String()
	case "panel":
		return id.Panel
	}
	return label(name)
}

// MatchedBy reports whether matchers match the alert as it was with a severity. promsnap's own
// alert, PromsnapBlind, is matched by all: nobody may miss that nothing is seen.
func (a Alert) MatchedBy(ms Matchers, severity Severity) bool {
	a.Severity = severity
	return a.IsBlindness() || ms.Match(a.Label)
}

// MatchFinding reports whether the matchers match a finding of a rule as they would match its
// alert. object has the labels of its object that its series lacks, such as the workload. A finding
// without a severity, such as one without data, may have any.
func (ms Matchers) MatchFinding(id RuleID, s Severity, own, object series.Labels) bool {
	severities := []Severity{s}
	if s == None {
		severities = []Severity{Warning, Critical}
	}
	return slices.ContainsFunc(severities, func(s Severity) bool {
		return ms.Match(func(name string) string {
			return labelOf(id, s, name, func(name string) string {
				return cmp.Or(object.Get(name), own.Get(name))
			})
		})
	})
}
