package promapi

import (
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"pgregory.net/rapid"
)

func prod() []*labels.Matcher {
	return []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "cluster", "prod")}
}

func TestAddMatchers(t *testing.T) {
	two := append(prod(), labels.MustNewMatcher(labels.MatchNotRegexp, "a.b", `x"\d+`))
	tests := []struct {
		expr, want string
		matchers   []*labels.Matcher
	}{
		{"up  ==  1 # as written", "up  ==  1 # as written", nil},
		{"not ( PromQL", "not ( PromQL", nil},
		{"up", `up{cluster="prod"}`, prod()},
		{"up", `up{"a.b"!~"x\"\\d+",cluster="prod"}`, two},
		{`{__name__=~"a|b"}`, `{__name__=~"a|b",cluster="prod"}`, prod()},
		{`up{cluster="dev"}`, `up{cluster="dev",cluster="prod"}`, prod()},
		{`rate(x{a="b"}[5m] offset 1h)`, `rate(x{a="b",cluster="prod"}[5m] offset 1h)`, prod()},
		{
			`max_over_time(rate(x[5m])[1h:30s] @ end())`,
			`max_over_time(rate(x{cluster="prod"}[5m])[1h:30s] @ end())`, prod(),
		},
		{
			`sum by (node) (x) / on (node) group_left (y) z > bool 1`,
			`sum by (node) (x{cluster="prod"}) / on (node) group_left (y) z{cluster="prod"} > bool 1`, prod(),
		},
		{
			`absent(up{job="x"}) or absent_over_time(up[5m])`,
			`absent(up{cluster="prod",job="x"}) or absent_over_time(up{cluster="prod"}[5m])`,
			prod(),
		},
		{
			`quantile(scalar(q), x) + count_values("v", y) - -z ^ 2`,
			`quantile(scalar(q{cluster="prod"}), x{cluster="prod"}) + count_values("v", y{cluster="prod"}) - -z{cluster="prod"} ^ 2`, prod(),
		},
		{`vector(1)`, `vector(1)`, prod()},
		{`limitk(2, up)`, `limitk(2, up{cluster="prod"})`, prod()},
	}
	for _, tt := range tests {
		got, err := AddMatchers(tt.expr, tt.matchers)
		if err != nil || got != tt.want {
			t.Errorf("%s\ngot  %s, %v\nwant %s", tt.expr, got, err, tt.want)
		}
	}
}

func TestAddMatchersRefuses(t *testing.T) {
	for expr, want := range map[string]string{
		"sum(":                                 "the query is not PromQL: 1:5",
		"":                                     "the query is not PromQL",
		`info(rate(x[5m]), {k8s_cluster="c"})`: "info() selects its own metrics",
	} {
		var e *Error
		if _, err := AddMatchers(expr, prod()); !errors.As(err, &e) || e.Kind != KindQuery ||
			!strings.Contains(e.Error(), want) {
			t.Errorf("%s: %v, want %s", expr, err, want)
		}
	}
}

// selectors counts the selectors of expr and those that have the matcher cluster="prod".
func selectors(t interface{ Fatalf(string, ...any) }, expr string) (all, matched int) {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			all++
			for _, m := range s.LabelMatchers {
				if m.Name == "cluster" && m.Value == "prod" && m.Type == labels.MatchEqual {
					matched++
					break
				}
			}
		}
		return nil
	})
	return all, matched
}

// expressions generates PromQL of instant vectors, nested at most depth deep.
func expressions(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		modifier := rapid.SampledFrom([]string{
			"", " offset 5m", " offset -1h", " @ 1700000000.123", " @ start()",
			" @ end() offset 1d",
		})
		selector := rapid.SampledFrom([]string{
			"up", `x{a="b"}`, `{__name__=~"n.+"}`, `y{cluster!="dev"}`, `z{v="{}\"[5m]"}`,
		}).Draw(t, "selector")
		if depth == 0 {
			return selector + modifier.Draw(t, "modifier")
		}
		inner := expressions(depth - 1)
		a := inner.Draw(t, "inner")
		switch rapid.IntRange(0, 7).Draw(t, "form") {
		case 0:
			return "rate(" + selector + "[5m]" + modifier.Draw(t, "modifier") + ")"
		case 1:
			return "max_over_time((" + a + ")[1h:30s]" + modifier.Draw(t, "modifier") + ")"
		case 2:
			return "sum without (pod, \"a.b\") (" + a + ")"
		case 3:
			return "topk(3, " + a + ")"
		case 4:
			return "(" + a + ")" + rapid.SampledFrom([]string{
				" + ", " / on (node) group_left (x) ", " == bool ", " unless ignoring (a) ", " or ",
			}).Draw(t, "op") + "(" + inner.Draw(t, "other") + ")"
		case 5:
			return "-(" + a + ") ^ 2"
		case 6:
			return "label_replace(" + a + `, "x", "$1", "y", "(.*)")`
		}
		return "absent(" + a + ")"
	})
}

func TestAddMatchersReachesEverySelector(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expr := expressions(3).Draw(t, "expression")
		before, _ := selectors(t, expr)
		got, err := AddMatchers(expr, prod())
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		all, matched := selectors(t, got)
		if all != before || matched != all {
			t.Fatalf("%s\nbecame %s:\ngot the matcher in %d of %d selectors, want it in all %d",
				expr, got, matched, all, before)
		}
		// Nothing else changed: without the matcher, the expression is the original.
		if strip(t, got) != strip(t, expr) {
			t.Fatalf("got %s\nwant %s with nothing but the matcher added", got, expr)
		}
	})
}

// strip prints expr without the matcher cluster="prod".
func strip(t interface{ Fatalf(string, ...any) }, expr string) string {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			kept := s.LabelMatchers[:0]
			for _, m := range s.LabelMatchers {
				if m.String() != `cluster="prod"` {
					kept = append(kept, m)
				}
			}
			s.LabelMatchers = kept
		}
		return nil
	})
	return tree.String()
}

func FuzzAddMatchers(f *testing.F) {
	for _, s := range []string{
		"up", `sum by (a) (rate(x{b="c"}[5m]))`, `{"a.b"}`, `x @ end() offset -5m`,
		`max_over_time(x[1h:])`, `x == bool on (a) group_left y`, `-1 ^ 2`, `{__name__="a b"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		p := parser.NewParser(parser.Options{})
		if _, err := p.ParseExpr(expr); err != nil {
			return
		}
		got, err := AddMatchers(expr, prod())
		if err != nil {
			return
		}
		before, _ := selectors(t, expr)
		if all, matched := selectors(t, got); all != before || matched != all {
			t.Fatalf("%s\nbecame %s:\ngot the matcher in %d of %d selectors, want it in all %d",
				expr, got, matched, all, before)
		}
	})
}
