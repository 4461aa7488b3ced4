package grafana

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/grafana/jsregexp"
	"github.com/promsnap/promsnap/internal/series"
)

// The forms of a query variable, as Grafana knows them.
var (
	labelNames  = regexp.MustCompile(`^label_names\(\s*(.*?)\s*\)\s*$`)
	labelValues = regexp.MustCompile(`^label_values\(\s*(.*)\s*\)\s*$`)
	metricNames = regexp.MustCompile(`^metrics\((.+)\)\s*$`)
	queryResult = regexp.MustCompile(`^query_result\((.+)\)\s*$`)
)

// ask runs the query of a variable and returns Prometheus' answer as texts.
func (r *resolver) ask(ctx context.Context, query string) ([]string, error) {
	query = strings.TrimSpace(strings.ReplaceAll(query, "\n", " "))
	if query == "" {
		return nil, errors.New("it has no query: give its value")
	}
	if m := labelNames.FindStringSubmatch(query); m != nil {
		return said(r.src.LabelNames(ctx, m[1]))
	}
	if m := labelValues.FindStringSubmatch(query); m != nil {
		selector, label := splitLabel(m[1])
		if label == "" {
			return nil, fmt.Errorf("%s names no label", short(query, 100))
		}
		return said(r.src.LabelValues(ctx, label, selector))
	}
	if m := metricNames.FindStringSubmatch(query); m != nil {
		return r.metrics(ctx, m[1])
	}
	if m := queryResult.FindStringSubmatch(query); m != nil {
		return r.results(ctx, m[1])
	}
	samples, err := r.src.Query(ctx, query) // a selector, whose series are the values
	if err != nil {
		return said(nil, err)
	}
	var texts []string
	for _, s := range samples {
		texts = append(texts, seriesText(s.Labels))
	}
	return texts, nil
}

func said(texts []string, err error) ([]string, error) {
	if err != nil {
		return nil, fmt.Errorf("querying Prometheus for its values: %w", err)
	}
	return texts, nil
}

// splitLabel splits the arguments of label_values at the last comma outside of quotes and braces.
func splitLabel(args string) (selector, label string) {
	depth, at := 0, -1
	var quote byte
	for i := 0; i < len(args); i++ {
		switch c := args[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{' || c == '(' || c == '[':
			depth++
		case c == '}' || c == ')' || c == ']':
			depth--
		case c == ',' && depth == 0:
			at = i
		}
	}
	if at >= 0 {
		selector = strings.TrimSpace(args[:at])
	}
	return selector, strings.Trim(strings.TrimSpace(args[at+1:]), `"`)
}

// metrics returns the names of metrics that match a regular expression.
func (r *resolver) metrics(ctx context.Context, pattern string) ([]string, error) {
	re, err := jsregexp.Compile(pattern, "")
	if err != nil {
		return nil, err
	}
	names, err := said(r.src.LabelValues(ctx, model.MetricNameLabel, ""))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		ok, err := re.Match(name)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, name)
		}
	}
	return found, nil
}

// results returns the samples of a query as texts: name{l="v",…} value milliseconds.
func (r *resolver) results(ctx context.Context, expr string) ([]string, error) {
	if dialect, err := checkPromQL(expr); err != nil && dialect == "" {
		return nil, fmt.Errorf("its query is not PromQL: %w", err)
	}
	samples, err := r.src.Query(ctx, expr)
	if err != nil {
		return said(nil, err)
	}
	texts := make([]string, len(samples))
	for i, s := range samples {
		value := strconv.FormatFloat(s.Value, 'f', -1, 64)
		if len(s.Labels) == 0 && isScalar(expr) {
			texts[i] = value
			continue
		}
		texts[i] = seriesText(s.Labels) + " " + value + " " + strconv.FormatInt(s.Time.UnixMilli(),
			10)
	}
	return texts, nil
}

// seriesText writes a series as the editor of Grafana does, without escaping the values.
func seriesText(ls series.Labels) string {
	var parts []string
	for _, l := range ls {
		if l.Name != model.MetricNameLabel {
			parts = append(parts, l.Name+`="`+l.Value+`"`)
		}
	}
	return ls.Get(model.MetricNameLabel) + "{" + strings.Join(parts, ",") + "}"
}

// toOptions turns the texts of an answer into sorted options. It applies the regular expression and
// keeps each value once.
func toOptions(texts []string, pattern string, sort Sort) (options []Option, cut int, err error) {
	var re *jsregexp.Regexp
	if pattern != "" {
		if re, err = jsregexp.Parse(pattern); err != nil {
			return nil, 0, fmt.Errorf("its regex: %w", err)
		}
	}
	seen := map[string]bool{}
	for _, text := range texts {
		found, err := through(re, text)
		if err != nil {
			return nil, 0, fmt.Errorf("its regex: %w", err)
		}
		for _, o := range found {
			if !seen[o.Value] {
				seen[o.Value] = true
				options = append(options, o)
			}
		}
	}
	sortOptions(options, sort)
	if len(options) > maxOptions {
		cut = len(options) - maxOptions
		options = options[:maxOptions]
	}
	return options, cut, nil
}

// through applies a regular expression to a text. It returns nothing if the text does not match.
// Otherwise it returns the groups named text and value, else the first group, else the text.
func through(re *jsregexp.Regexp, text string) ([]Option, error) {
	if re == nil {
		return []Option{{Text: text, Value: text}}, nil
	}
	matches, err := re.FindAll(text)
	if err != nil || len(matches) == 0 {
		return nil, err
	}
	if re.HasGroup("value") || re.HasGroup("text") {
		value, hasValue := firstNamed(matches, "value")
		label, hasText := firstNamed(matches, "text")
		switch {
		case hasValue && hasText:
			return []Option{{Text: label, Value: value}}, nil
		case hasValue:
			return []Option{{Text: value, Value: value}}, nil
		case hasText:
			return []Option{{Text: label, Value: label}}, nil
		}
	}
	if re.Groups() == 0 {
		return []Option{{Text: text, Value: text}}, nil
	}
	var options []Option
	for _, m := range matches {
		if group, ok := m.Group(1); ok {
			options = append(options, Option{Text: group, Value: group})
		}
	}
	return options, nil
}

func firstNamed(matches []*jsregexp.Match, name string) (string, bool) {
	for _, m := range matches {
		if s, ok := m.Named(name); ok && s != "" {
			return s, true
		}
	}
	return "", false
}

var firstNumber = regexp.MustCompile(`\d+`)

// sortOptions sorts options in place.
func sortOptions(options []Option, sort Sort) {
	if sort <= 0 {
		return
	}
	number := func(o Option) float64 {
		f, err := strconv.ParseFloat(firstNumber.FindString(o.Text), 64)
		if err != nil {
			return -1
		}
		return f
	}
	slices.SortStableFunc(options, func(a, b Option) int {
		switch (sort + 1) / 2 {
		case 1:
			return cmp.Compare(a.Text, b.Text)
		case 2:
			return cmp.Compare(number(a), number(b))
		case 3:
			return cmp.Compare(strings.ToLower(a.Text), strings.ToLower(b.Text))
		}
		return natural(strings.ToLower(a.Text), strings.ToLower(b.Text))
	})
	if sort%2 == 0 {
		slices.Reverse(options)
	}
}

// natural compares texts. Numbers within them are compared as numbers.
func natural(a, b string) int {
	digits := func(s string) string {
		return s[:len(s)-len(strings.TrimLeftFunc(s, unicode.IsDigit))]
	}
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x == "" || y == "" {
			if c := cmp.Compare(a[0], b[0]); c != 0 {
				return c
			}
			a, b = a[1:], b[1:]
			continue
		}
		a, b = a[len(x):], b[len(y):]
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
			return c
		}
	}
	return cmp.Compare(a, b)
}

var customPair = regexp.MustCompile(`^\s*(.+)\s:\s(.+)$`)

// customOptions reads "a, b : c, d\, e": values with a comma between them, some with a text before
// a colon. A JSON list is one too.
func customOptions(query string) []Option {
	if trimmed := strings.TrimSpace(query); strings.HasPrefix(trimmed, "[") {
		if options, ok := jsonOptions(trimmed); ok {
			return options
		}
	}
	var options []Option
	for _, part := range splitCustom(query) {
		option := Option{Text: strings.TrimSpace(part), Value: strings.TrimSpace(part)}
		if m := customPair.FindStringSubmatch(part); m != nil {
			option = Option{Text: strings.TrimSpace(m[1]), Value: strings.TrimSpace(m[2])}
		}
		if option.Value != "" && len(options) < maxOptions {
			options = append(options, option)
		}
	}
	return options
}

// splitCustom splits at commas without a backslash before them.
func splitCustom(query string) []string {
	var parts []string
	var part strings.Builder
	for i := 0; i < len(query); i++ {
		switch {
		case query[i] == '\\' && i+1 < len(query) && query[i+1] == ',':
			part.WriteByte(',')
			i++
		case query[i] == ',':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(query[i])
		}
	}
	return append(parts, part.String())
}

// jsonOptions reads a list of values, or of objects with a text and a value.
func jsonOptions(query string) ([]Option, bool) {
	var list []any
	if json.Unmarshal([]byte(query), &list) != nil {
		return nil, false
	}
	var options []Option
	for _, e := range list[:min(len(list), maxOptions)] {
		switch e := e.(type) {
		case map[string]any:
			o := object{m: e}
			if value := o.text("value"); value != "" {
				options = append(options, Option{Text: cmp.Or(o.text("text"), value), Value: value})
			}
		case string:
			options = append(options, Option{Text: e, Value: e})
		}
	}
	return options, len(options) > 0
}
