package rulefile

import (
	"errors"
	"fmt"
	html "html/template"
	"maps"
	"math"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/prometheus/common/helpers/templates"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/util/strutil"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Limits of the functions of one template.
const (
	maxWork    = 1 << 20 // bytes of all texts that functions return
	maxPattern = 1 << 10 // bytes of a regular expression
)

var errTooMuch = errors.New("the template makes too much text")

// execution is the state of the template that is expanded now.
type execution struct {
	external External
	at       time.Time // the evaluation
	steps    int
	work     int // bytes of the texts until now
	queried  bool
	funcs    template.FuncMap
}

func newExecution(external External) *execution { return &execution{external: external} }

// begin prepares for the next template.
func (x *execution) begin(at time.Time) {
	x.at, x.steps, x.work, x.queried = at, 0, 0, false
}

// sample is one series of a query's answer, as templates see it. There are none, because no query
// is sent.
type sample struct {
	Labels map[string]string
	Value  any
}

// functions returns Prometheus' functions, and those that count.
func (x *execution) functions() template.FuncMap {
	if x.funcs != nil {
		return x.funcs
	}
	x.funcs = template.FuncMap{
		stepName: func() (string, error) {
			if x.steps++; x.steps > maxSteps {
				return "", errors.New("the template repeats itself too often")
			}
			return "", nil
		},
		queriedName: func() string {
			x.queried = true
			return ""
		},
		"args":              arguments,
		"stripPort":         stripPort,
		"stripDomain":       stripDomain,
		"humanizeDuration":  templates.HumanizeDuration,
		"humanizeTimestamp": templates.HumanizeTimestamp,
		"toTime": func(i any) (*time.Time, error) {
			v, err := templates.ConvertToFloat(i)
			if err != nil {
				return nil, err
			}
			return templates.FloatToTime(v)
		},
		"toDuration": func(i any) (*time.Duration, error) {
			v, err := templates.ConvertToFloat(i)
			d := time.Duration(v * float64(time.Second))
			return &d, err
		},
		"now":         func() float64 { return float64(x.at.UnixMilli()) / 1000 },
		"pathPrefix":  func() string { return x.external.externalURL().Path },
		"externalURL": func() string { return x.external.externalURL().String() },
		"parseDuration": func(d string) (float64, error) {
			v, err := model.ParseDurationAllowNegative(d)
			return float64(time.Duration(v)) / float64(time.Second), err
		},
	}
	maps.Copy(x.funcs, x.answers())
	maps.Copy(x.funcs, humanizers())
	maps.Copy(x.funcs, x.texts())
	return x.funcs
}

// answers returns the functions that read the answers of queries.
func (x *execution) answers() template.FuncMap {
	return template.FuncMap{
		"query": func(string) []*sample {
			x.queried = true
			return nil
		},
		"first": func(v []*sample) (*sample, error) {
			if len(v) > 0 {
				return v[0], nil
			}
			return nil, errors.New("first() called on vector with no elements")
		},
		"label":    func(label string, s *sample) string { return s.Labels[label] },
		"value":    func(s *sample) any { return s.Value },
		"strvalue": func(s *sample) string { return s.Labels["__value__"] },
		"sortByLabel": func(label string, v []*sample) []*sample {
			slices.SortStableFunc(v, func(a, b *sample) int {
				return strings.Compare(a.Labels[label], b.Labels[label])
			})
			return v
		},
	}
}

// texts returns the functions that make text, also those of text/template itself. What they return
// is limited.
func (x *execution) texts() template.FuncMap {
	title := cases.Title(language.AmericanEnglish, cases.NoLower)
	one := func(f func(string) string) func(string) (string, error) {
		return func(s string) (string, error) { return x.spend(f(s)) }
	}
	printed := func(f func(...any) string) func(...any) (string, error) {
		return func(args ...any) (string, error) {
			if weight(args...) > maxWork {
				return "", errTooMuch
			}
			return x.spend(f(args...))
		}
	}
	return template.FuncMap{
		"title":          one(title.String),
		"toUpper":        one(strings.ToUpper),
		"toLower":        one(strings.ToLower),
		"graphLink":      one(strutil.GraphLinkForExpression),
		"tableLink":      one(strutil.TableLinkForExpression),
		"urlQueryEscape": one(url.QueryEscape),
		// the text of an alert is no HTML, and is escaped where it becomes some
		"safeHtml": func(s string) html.HTML { return html.HTML(s) }, //nolint:gosec // as said
		"print":    printed(fmt.Sprint),
		"println":  printed(fmt.Sprintln),
		"html":     printed(template.HTMLEscaper),
		"js":       printed(template.JSEscaper),
		"urlquery": printed(template.URLQueryEscaper),
		"printf": func(format string, args ...any) (string, error) {
			if formatted(format, args) > maxWork {
				return "", errTooMuch
			}
			return x.spend(fmt.Sprintf(format, args...))
		},
		"match": func(pattern, s string) (bool, error) {
			if len(pattern) > maxPattern {
				return false, errTooMuch
			}
			return regexp.MatchString(pattern, s)
		},
		"reReplaceAll": func(pattern, repl, s string) (string, error) {
			if len(pattern) > maxPattern || len(repl) > maxWork/(len(s)+1) {
				return "", errTooMuch
			}
			// it panics as in Prometheus, and text/template makes that an error with the same words
			return x.spend(regexp.MustCompile(pattern).ReplaceAllString(s, repl))
		},
	}
}

// spend returns s, or an error if the functions of this template have returned more than maxWork.
func (x *execution) spend(s string) (string, error) {
	if x.work += len(s); x.work > maxWork {
		return "", errTooMuch
	}
	return s, nil
}

// weight returns about how many bytes values have when they are printed.
func weight(values ...any) int {
	n := 0
	for _, v := range values {
		switch v := v.(type) {
		case string:
			n += len(v)
		case map[string]any:
			for _, inner := range v {
				n += weight(inner)
			}
		case map[string]string:
			for k, inner := range v {
				n += len(k) + len(inner)
			}
		}
		n += 8
	}
	return n
}

// formatted returns at least how many bytes printf makes.
func formatted(format string, args []any) int {
	widest := 400 // of a number
	for _, a := range args {
		widest = max(widest, 4*weight(a))
		if v, ok := a.(int); ok && strings.Contains(format, "*") {
			widest = max(widest, min(max(v, -v), maxWork))
		}
	}
	digits := 0
	for _, c := range []byte(format) {
		if c < '0' || c > '9' {
			digits = 0
			continue
		}
		digits = min(digits*10+int(c-'0'), maxWork)
		widest = max(widest, digits)
	}
	return len(format) + strings.Count(format, "%")*widest
}

// arguments implements args. A value that holds many others would be printed as far too much.
func arguments(args ...any) (map[string]any, error) {
	if weight(args...) > maxOutput {
		return nil, errTooMuch
	}
	result := map[string]any{}
	for i, a := range args {
		result[fmt.Sprintf("arg%d", i)] = a
	}
	return result, nil
}

func stripPort(hostPort string) string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return hostPort
	}
	return host
}

func stripDomain(hostPort string) string {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	if net.ParseIP(host) != nil {
		return hostPort
	}
	host, _, _ = strings.Cut(host, ".")
	if port != "" {
		return net.JoinHostPort(host, port)
	}
	return host
}

// humanizers returns the functions that write numbers.
func humanizers() template.FuncMap {
	number := func(f func(float64) string) func(any) (string, error) {
		return func(i any) (string, error) {
			v, err := templates.ConvertToFloat(i)
			if err != nil {
				return "", err
			}
			return f(v), nil
		}
	}
	return template.FuncMap{
		"humanize":           number(humanize),
		"humanize1024":       number(humanize1024),
		"humanizePercentage": number(func(v float64) string { return fmt.Sprintf("%.4g%%", v*100) }),
	}
}

func humanize(v float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Sprintf("%.4g", v)
	}
	prefix := ""
	if math.Abs(v) >= 1 {
		for _, p := range []string{"k", "M", "G", "T", "P", "E", "Z", "Y"} {
			if math.Abs(v) < 1000 {
				break
			}
			prefix = p
			v /= 1000
		}
		return fmt.Sprintf("%.4g%s", v, prefix)
	}
	for _, p := range []string{"m", "u", "n", "p", "f", "a", "z", "y"} {
		if math.Abs(v) >= 1 {
			break
		}
		prefix = p
		v *= 1000
	}
	return fmt.Sprintf("%.4g%s", v, prefix)
}

func humanize1024(v float64) string {
	if math.Abs(v) <= 1 || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Sprintf("%.4g", v)
	}
	prefix := ""
	for _, p := range []string{"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"} {
		if math.Abs(v) < 1024 {
			break
		}
		prefix = p
		v /= 1024
	}
	return fmt.Sprintf("%.4g%s", v, prefix)
}
