package grafana

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
)

// selectors returns the matchers of an expression, without those of names.
func selectors(t interface{ Fatalf(string, ...any) }, expr string) []*labels.Matcher {
	e, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		t.Fatalf("ParseExpr(%s): %v", expr, err)
	}
	var all []*labels.Matcher
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			for _, m := range s.LabelMatchers {
				if m.Name != "__name__" {
					all = append(all, m)
				}
			}
		}
		return nil
	})
	return all
}

func TestCheckPromQL(t *testing.T) {
	for _, tt := range []struct{ expr, dialect, err string }{
		{`sum(rate(up[5m])) by (job)`, "", ""},
		{`  `, "", "it is empty"},
		{`sum(up`, "", "unclosed left parenthesis"},
		{`up{a="$x"}[`, "", "unexpected"},
		{`rate(up)`, MetricsQL, "range vector"},
		{`rate(up) + median_over_time(x[5m])`, MetricsQL, ""},
		{`sum(up) default 0`, MetricsQL, ""},
		{`label_set(up, "a", "b")`, MetricsQL, ""},
		{`rate(up[5m]) keep_metric_names`, MetricsQL, ""},
		{`WITH (x = up) x`, MetricsQL, ""},
		{`topk_last(5, up)`, MetricsQL, ""},
		{`up{a="label_set(x) default 0"} +`, "", "unexpected end of input"},
		{`nonsense(up)`, "", "unknown function"},
	} {
		dialect, err := checkPromQL(tt.expr)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if dialect != tt.dialect || (tt.err == "" && tt.dialect == "") != (err == nil) ||
			!strings.Contains(got, tt.err) {
			t.Errorf("%s: got %q and %q, want %q and %q", tt.expr, dialect, got, tt.dialect, tt.err)
		}
	}
}

func TestWithFilters(t *testing.T) {
	const expr = `sum(rate(a{x="1"}[5m])) / b`
	for _, tt := range []struct {
		filters   []Filter
		want, err string
	}{
		{nil, expr, ""},
		{[]Filter{{"job", "=", "n"}}, `sum(rate(a{job="n",x="1"}[5m])) / b{job="n"}`, ""},
		{
			[]Filter{{"job", "!~", "a|b"}, {"x", "", "1"}},
			`sum(rate(a{job!~"a|b",x="1",x="1"}[5m])) / b{job!~"a|b",x="1"}`, "",
		},
		{[]Filter{{"job", "<", "5"}}, "", "has no matcher in PromQL"},
		{[]Filter{{"job", "=~", "("}}, "", "the filter of job"},
	} {
		got, err := withFilters(expr, tt.filters)
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%v: got the error %v, want %q", tt.filters, err, tt.err)
			continue
		}
		if err == nil && len(tt.filters) > 0 {
			want, _ := panel.Parser().ParseExpr(tt.want)
			tt.want = want.String()
		}
		if got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.filters, got, tt.want)
		}
	}
}
