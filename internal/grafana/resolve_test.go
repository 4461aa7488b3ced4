package grafana

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/series"
)

// fake answers from lists that are written as it is asked: label(selector), names(selector), or the
// expression of a query.
type fake struct {
	answers map[string][]string
	samples map[string][]Sample
	asked   []string
	err     error
}

func (f *fake) LabelNames(_ context.Context, selector string) ([]string, error) {
	f.asked = append(f.asked, "names("+selector+")")
	return f.answers["names("+selector+")"], f.err
}

func (f *fake) LabelValues(_ context.Context, label, selector string) ([]string, error) {
	f.asked = append(f.asked, label+"("+selector+")")
	return f.answers[label+"("+selector+")"], f.err
}

func (f *fake) Query(_ context.Context, expr string) ([]Sample, error) {
	f.asked = append(f.asked, expr)
	return f.samples[expr], f.err
}

var testWindow = Window{From: time.Unix(1_700_000_000, 0), To: time.Unix(1_700_086_400, 0)}

// boardOf is a dashboard of one text panel with variables.
func boardOf(t *testing.T, variables ...string) *Dashboard {
	t.Helper()
	return board(t, `{"panels": [{"type": "text"}], "templating": {"list": [`+
		strings.Join(variables, ",")+`]}}`)
}

func resolved(t *testing.T, b *Dashboard, src Source, given map[string][]string) *Values {
	t.Helper()
	v, err := b.Resolve(t.Context(), src, given, testWindow)
	if err != nil {
		t.Fatalf("Resolve: %v, want no error", err)
	}
	return v
}

func valuesOf(options []Option) []string {
	var all []string
	for _, o := range options {
		all = append(all, o.Value)
	}
	return all
}

func TestQueriesOfVariables(t *testing.T) {
	at := time.UnixMilli(1_700_086_400_000)
	sample := func(v float64, labels ...string) Sample {
		return Sample{Labels: series.FromPairs(labels...), Value: v, Time: at}
	}
	src := &fake{
		answers: map[string][]string{
			"job(up)":               {"b", "a", "b"},
			`job({x="1, 2"})`:       {"c"},
			"job()":                 {"d"},
			`a.b(up{x=~"a,b"})`:     {"e"},
			"names()":               {"instance", "job"},
			"names(up)":             {"job"},
			"__name__()":            {"node_cpu", "node_load1", "up", "my_node"},
			`node(up{job="it\"s"})`: {"f"},
		},
		samples: map[string][]Sample{
			"up":                   {sample(1, "__name__", "up", "job", "a", "instance", "i")},
			"count(up)":            {sample(7.5)},
			"scalar(count(up))":    {sample(7)},
			`topk(1, x{a="b, c"})`: {sample(0.000001, "__name__", "x", "z", "1", "a", "2")},
		},
	}
	for _, tt := range []struct {
		query, regex string
		want         []string
	}{
		{"label_values(up, job)", "", []string{"b", "a"}},
		{"label_values(up,job) ", "", []string{"b", "a"}},
		{`label_values({x=\"1, 2\"}, job)`, "", []string{"c"}},
		{"label_values(job)", "", []string{"d"}},
		{`label_values(up{x=~\"a,b\"}, \"a.b\")`, "", []string{"e"}},
		{"label_names()", "", []string{"instance", "job"}},
		{"label_names(up)", "", []string{"job"}},
		{"metrics(node)", "", []string{"node_cpu", "node_load1", "my_node"}},
		{"metrics(^node_)", "", []string{"node_cpu", "node_load1"}},
		{"up", "", []string{`up{instance="i",job="a"}`}},
		{"query_result(count(up))", "", []string{"{} 7.5 1700086400000"}},
		{"query_result(count(up))", `/{} (.*) .*/`, []string{"7.5"}},
		{"query_result(scalar(count(up)))", "", []string{"7"}},
		{
			`query_result(topk(1, x{a=\"b, c\"}))`, "", []string{
				`x{a="2",z="1"} 0.000001 1700086400000`,
			},
		},
		{`query_result(topk(1, x{a=\"b, c\"}))`, `/.*z=\"([^\"]*).*/`, []string{"1"}},
	} {
		b := boardOf(t, `{"type": "query", "name": "v", "includeAll": true, "query": "`+tt.query+
			`", "regex": "`+tt.regex+`"}`)
		v := resolved(t, b, src, nil).Get("v")
		if diff := cmp.Diff(tt.want, valuesOf(v.Options)); diff != "" || v.Problem != "" {
			t.Errorf("%s %s: got the problem %q, and (-want +got):\n%s", tt.query, tt.regex,
				v.Problem, diff)
		}
	}
}

func TestRegexAndSort(t *testing.T) {
	pods := []string{"web-10", "web-9", "db-1", "Web-2", "web-10"}
	for _, tt := range []struct {
		regex string
		sort  Sort
		want  []Option
	}{
		{"", 0, optionsOf("web-10", "web-9", "db-1", "Web-2")},
		{"web.*", 0, optionsOf("web-10", "web-9")},
		{"web", 0, nil}, // without slashes it is the whole value
		{"/web/", 0, optionsOf("web-10", "web-9")},
		{"/web/i", 0, optionsOf("web-10", "web-9", "Web-2")},
		{"/^(?!web)/", 0, optionsOf("db-1", "Web-2")},
		{"/(.*)-/", 0, optionsOf("web", "db", "Web")},
		{
			"/(?<text>[a-z]+)-(?<value>[0-9]+)/", 0, []Option{
				{"web", "10"}, {"web", "9"}, {"db", "1"}, {"eb", "2"},
			},
		},
		{"/(?<value>[0-9]+)/", 0, optionsOf("10", "9", "1", "2")},
		{"/([a-z])/g", 0, optionsOf("w", "e", "b", "d")},
		{"", 1, optionsOf("Web-2", "db-1", "web-10", "web-9")},
		{"", 2, optionsOf("web-9", "web-10", "db-1", "Web-2")},
		{"", 3, optionsOf("db-1", "Web-2", "web-9", "web-10")},
		{"", 4, optionsOf("web-10", "web-9", "Web-2", "db-1")},
		{"", 5, optionsOf("db-1", "web-10", "Web-2", "web-9")},
		{"/web/", 7, optionsOf("web-9", "web-10")},
		{"/web/", 8, optionsOf("web-10", "web-9")},
	} {
		got, cut, err := toOptions(pods, tt.regex, tt.sort)
		if diff := cmp.Diff(tt.want, got); diff != "" || cut != 0 || err != nil {
			t.Errorf("%q sorted by %d: got %d cut and the error %v, and (-want +got):\n%s",
				tt.regex, tt.sort, cut, err, diff)
		}
	}
	if _, _, err := toOptions(pods, "/(/", 0); err == nil ||
		!strings.Contains(err.Error(), "its regex") {
		t.Errorf("got the error %v, want one about the regex", err)
	}
}

func TestOptionsAreBounded(t *testing.T) {
	src := &fake{answers: map[string][]string{}}
	for i := range maxOptions + 7 {
		src.answers["l()"] = append(src.answers["l()"], fmt.Sprintf("v%05d", i))
	}
	b := boardOf(t,
		`{"type": "query", "name": "v", "query": "label_values(l)", "includeAll": true}`)
	v := resolved(t, b, src, nil).Get("v")
	if len(v.Options) != maxOptions || v.Cut != 7 ||
		!strings.Contains(v.How, "7 more values are left out") {
		t.Errorf("got %d options, %d cut, %q; want %d and 7 with a word of it", len(v.Options),
			v.Cut, v.How, maxOptions)
	}
}

func TestCustomOptions(t *testing.T) {
	for _, tt := range []struct {
		query string
		want  []Option
	}{
		{"a, b ,c", optionsOf("a", "b", "c")},
		{`one : 1, two : 2`, []Option{{"one", "1"}, {"two", "2"}}},
		{`a\, b,c`, optionsOf("a, b", "c")},
		{"ä,ö", optionsOf("ä", "ö")},
		{"http://x:80, b", optionsOf("http://x:80", "b")},
		{"", nil},
		{`["a", {"text": "T", "value": "v"}]`, []Option{{"a", "a"}, {"T", "v"}}},
	} {
		if diff := cmp.Diff(tt.want, customOptions(tt.query)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.query, diff)
		}
	}
}

func TestChoosing(t *testing.T) {
	src := &fake{answers: map[string][]string{"l(up)": {"a", "b", "c"}}}
	const query = `{"type": "query", "name": "v", "query": "label_values(up, l)"`
	for _, tt := range []struct {
		name, variable string
		given          []string
		want           []string
		all            bool
		how            string
	}{
		{
			name: "nothing saved", variable: query + `}`, want: []string{"a"},
			how: "the first of 3 values",
		},
		{
			name: "saved", variable: query + `, "current": {"value": "b"}}`, want: []string{"b"},
			how: "as saved",
		},
		{
			name: "saved, and not valid", variable: query + `, "current": {"value": "x"}}`,
			want: []string{"a"}, how: "the first of 3 values",
		},
		{
			name: "saved, some valid", variable: query +
				`, "multi": true, "current": {"value": ["x", "c"]}}`, want: []string{"c"},
			how: "as saved",
		},
		{
			name: "All is saved", variable: query +
				`, "includeAll": true, "current": {"value": "$__all"}}`,
			want: []string{"a", "b", "c"}, all: true, how: "all values, as saved",
		},
		{
			name: "All is saved and not offered", variable: query +
				`, "current": {"value": "$__all"}}`, want: []string{"a"},
			how: "the first of 3 values",
		},
		{
			name: "nothing saved, with All", variable: query +
				`, "includeAll": true, "allValue": ".*"}`, want: []string{"a", "b", "c"}, all: true,
			how: "all values, because none is saved",
		},
		{
			name: "given", variable: query + `, "current": {"value": "b"}}`, given: []string{"c"},
			want: []string{"c"}, how: "given",
		},
		{
			name: "several given", variable: query + `, "multi": true}`, given: []string{"c", "z"},
			want: []string{"c", "z"}, how: "given",
		},
		{
			name: "several given for one", variable: query + `}`, given: []string{"c", "z"},
			want: []string{"c"}, how: "given; it takes one value, and 1 more are left out",
		},
		{
			name: "All given", variable: query + `, "includeAll": true}`, given: []string{"All"},
			want: []string{"a", "b", "c"}, all: true, how: "all values, as given",
		},
		{
			name:     "no values",
			variable: `{"type": "query", "name": "v", "query": "label_values(up, none)"}`,
			want:     []string{""}, how: "Prometheus has no values: it is empty, as in Grafana",
		},
		{
			name:     "custom",
			variable: `{"type": "custom", "name": "v", "query": "x : 1, y : 2", "current": {"text": "y", "value": "y"}}`, want: []string{"2"}, how: "as saved",
		},
		{
			name:     "custom given by its text",
			variable: `{"type": "custom", "name": "v", "query": "x : 1, y : 2"}`,
			given:    []string{"y"}, want: []string{"2"}, how: "given",
		},
		{
			name: "text", variable: `{"type": "textbox", "name": "v", "query": "t"}`,
			want: []string{"t"}, how: "as saved",
		},
		{
			name: "an empty text", variable: `{"type": "textbox", "name": "v"}`, want: []string{""},
			how: "as saved",
		},
		{
			name: "text given", variable: `{"type": "textbox", "name": "v", "query": "t"}`,
			given: []string{"x", "y"}, want: []string{"x,y"}, how: "given",
		},
		{
			name: "constant", variable: `{"type": "constant", "name": "v", "query": "t"}`,
			want: []string{"t"}, how: "fixed in the dashboard",
		},
		{
			name:     "datasource",
			variable: `{"type": "datasource", "name": "v", "query": "prometheus"}`,
			want:     []string{"Prometheus"}, how: "the Prometheus that promsnap queries",
		},
		{
			name:     "interval saved",
			variable: `{"type": "interval", "name": "v", "query": "1m,5m", "current": {"value": "5m"}}`, want: []string{"5m"}, how: "as saved",
		},
		{
			name: "interval", variable: `{"type": "interval", "name": "v", "query": "1m,5m"}`,
			want: []string{"1m"}, how: "the first of 2 values",
		},
		{
			name:     "interval of the query",
			variable: `{"type": "interval", "name": "v", "query": "$__rate_interval,5m"}`,
			want:     []string{"$__rate_interval"}, how: "the first of 2 values",
		},
		{
			name:     "interval by range",
			variable: `{"type": "interval", "name": "v", "query": "1m,5m", "auto": true, "auto_count": 30, "auto_min": "10s", "current": {"value": "$__auto_interval_v"}}`, want: []string{"1h"}, how: "by the range",
		},
		{
			name:     "another kind",
			variable: `{"type": "groupby", "name": "v", "current": {"value": ["job"]}}`,
			want:     []string{"job"}, how: "as saved",
		},
		{
			name:     "filters",
			variable: `{"type": "adhoc", "name": "v", "filters": [{"key": "a", "operator": "=", "value": "b"}]}`, want: []string{`a="b"`}, how: "as saved",
		},
		{
			name: "filters given", variable: `{"type": "adhoc", "name": "v"}`,
			given: []string{`job=~"x"`, `y="z"`}, want: []string{`job=~"x",y="z"`}, how: "given",
		},
	} {
		given := map[string][]string{}
		if tt.given != nil {
			given["v"] = tt.given
		}
		v := resolved(t, boardOf(t, tt.variable), src, given).Get("v")
		if !cmp.Equal(valuesOf(v.Selected), tt.want) || v.All != tt.all || v.How != tt.how ||
			v.Problem != "" {
			t.Errorf("%s: got %q, all %t, %q, problem %q; want %q, %t, %q and none",
				tt.name, valuesOf(v.Selected), v.All, v.How, v.Problem, tt.want, tt.all, tt.how)
		}
	}
}

// Variables that need each other are asked in that order, wherever they are.
func TestChains(t *testing.T) {
	src := &fake{answers: map[string][]string{
		`pod(up{node="n\\.1",job=~"(a|b\\.1)"})`: {"p-x"},
		`node(up{job=~"(a|b\\.1)"})`:             {"n.1"},
		"job(up)":                                {"a", "b.1"},
	}}
	src.answers[`pod(up{node="n.1",job=~"(a|b\\.1)"})`] = []string{"p-x", "q"}
	b := boardOf(t,
		`{"type": "query", "name": "pod", "query": "label_values(up{node=\"$node\",job=~\"$job\"}, pod)", "regex": "/^$prefix-/"}`,
		`{"type": "query", "name": "node", "query": "label_values(up{job=~\"${job}\"}, node)"}`,
		`{"type": "query", "name": "job", "query": "label_values(up, job)", "multi": true, "includeAll": true}`,
		`{"type": "constant", "name": "prefix", "query": "p"}`)
	v := resolved(t, b, src, nil)
	if got := valuesOf(v.Get("pod").Selected); !cmp.Equal(got, []string{"p-x"}) {
		t.Errorf("got %q for pod, want p-x; asked %q", got, src.asked)
	}
	want := []string{
		"job(up)", `node(up{job=~"(a|b\\.1)"})`, `pod(up{node="n.1",job=~"(a|b\\.1)"})`,
	}
	if diff := cmp.Diff(want, src.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestTroubleOfVariables(t *testing.T) {
	const chained = `{"type": "query", "name": "w", "query": "label_values(up{a=\"$v\"}, l)"}`
	for _, tt := range []struct {
		name, variable string
		src            Source
		problem        string // of v
		chained        string // of w, which needs v
	}{
		{"a circle", `{"type": "query", "name": "v", "query": "label_values(up{a=\"$w\"}, l)"}`, &fake{},
			"variables refer to each other in a circle: v → w → v", "the variable v has no value"},
		{"itself", `{"type": "query", "name": "v", "query": "label_values(up{a=\"$v\"}, l)"}`, &fake{},
			"variables refer to each other in a circle: v → v", "the variable v has no value"},
		{"an unknown variable", `{"type": "query", "name": "v", "query": "label_values(up{a=\"$gone\"}, l)"}`, &fake{},
			"the dashboard has no variable gone", "the variable v has no value"},
		{"Prometheus fails", `{"type": "query", "name": "v", "query": "label_values(l)"}`, &fake{
			err: errors.New("connection refused"),
		},
			"querying Prometheus for its values: connection refused", "the variable v has no value"},
		{"a bad regex", `{"type": "query", "name": "v", "query": "label_values(l)", "regex": "/(/"}`, &fake{answers: map[string][]string{"l()": {"a"}}},
			"its regex: ", "the variable v has no value"},
		{
			"no PromQL", `{"type": "query", "name": "v", "query": "query_result(sum()"}`, &fake{},
			"its query is not PromQL", "the variable v has no value",
		},
		{
			"no query", `{"type": "query", "name": "v"}`, &fake{},
			"it has no query: give its value", "the variable v has no value",
		},
		{"another datasource", `{"type": "query", "name": "v", "query": "x", "datasource": {"type": "loki"}}`, &fake{},
			"it queries loki and not Prometheus: give its value", "the variable v has no value"},
		{
			"another kind", `{"type": "snapshot", "name": "v"}`, &fake{},
			"variables of kind snapshot are not known: give its value",
			"the variable v has no value",
		},
		{
			"a constant that was exported without its value",
			`{"type": "constant", "name": "v", "query": "${VAR_X}"}`, &fake{},
			"the dashboard has no variable VAR_X", "the variable v has no value",
		},
		{
			"a custom one with an unknown variable",
			`{"type": "custom", "name": "v", "query": "a,$gone"}`, &fake{},
			"the dashboard has no variable gone", "the variable v has no value",
		},
		{
			"no interval", `{"type": "interval", "name": "v", "query": ""}`, &fake{},
			"it has no interval such as 5m: give one", "the variable v has no value",
		},
	} {
		v := resolved(t, boardOf(t, tt.variable, chained), tt.src, nil)
		if got := v.Get("v").Problem; !strings.Contains(got, tt.problem) {
			t.Errorf("%s: got the problem %q, want %q", tt.name, got, tt.problem)
		}
		if got := v.Get("w").Problem; got != tt.chained {
			t.Errorf("%s: got the problem %q of what needs it, want %q", tt.name, got, tt.chained)
		}
	}
}

// A value that is given helps where nothing else does.
func TestGivenValuesAreNotAskedFor(t *testing.T) {
	src := &fake{err: errors.New("no")}
	b := boardOf(t, `{"type": "query", "name": "v", "query": "label_values(l)"}`)
	v := resolved(t, b, src, map[string][]string{"v": {"x"}}).Get("v")
	if v.Problem != "" || len(src.asked) != 0 {
		t.Errorf("got the problem %q, and asked %q; want neither", v.Problem, src.asked)
	}
}

func TestGivenForNoVariable(t *testing.T) {
	b := boardOf(t, `{"type": "custom", "name": "node", "query": "a"}`,
		`{"type": "custom", "name": "job", "query": "a"}`)
	_, err := b.Resolve(t.Context(), nil, map[string][]string{"nod": {"a"}}, testWindow)
	if want := "the dashboard has no variable nod: it has node, job"; err == nil ||
		err.Error() != want {
		t.Errorf("got the error %v, want %q", err, want)
	}
}

func TestResolveEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := boardOf(t, `{"type": "query", "name": "v", "query": "label_values(l)"}`).Resolve(ctx,
		&fake{}, nil, testWindow)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want that of the context", err)
	}
}

// Without a Prometheus, what the file holds is used, and the rest is pending.
func TestWithoutPrometheus(t *testing.T) {
	b := boardOf(t,
		`{"type": "query", "name": "a", "query": "label_values(l)", "current": {"value": "x"}}`,
		`{"type": "query", "name": "b", "query": "label_values(up{l=\"$a\"}, m)"}`,
		`{"type": "query", "name": "c", "query": "label_values(up{l=\"$b\"}, m)", "includeAll": true, "allValue": ".*"}`)
	v := resolved(t, b, nil, nil)
	if got := valuesOf(v.Get("a").Selected); !cmp.Equal(got, []string{"x"}) {
		t.Errorf("a: got %q, want x", got)
	}
	if b := v.Get("b"); !b.Pending || b.Problem != "" {
		t.Errorf("b: got pending %t and the problem %q, want it pending", b.Pending, b.Problem)
	}
	if c := v.Get("c"); c.Pending || !c.All {
		t.Errorf("c: got pending %t and all %t, want All", c.Pending, c.All)
	}
}

// The same answers give the same values, and nothing is asked twice.
func TestNothingIsAskedTwice(t *testing.T) {
	src := &fake{answers: map[string][]string{"a()": {"1"}}}
	b := boardOf(t, `{"type": "query", "name": "a", "query": "label_values(a)"}`,
		`{"type": "query", "name": "b", "query": "label_values(up{a=\"$a\"}, b)"}`,
		`{"type": "query", "name": "c", "query": "label_values(up{a=\"$a\"}, c)"}`)
	resolved(t, b, src, nil)
	sorted := slices.Clone(src.asked)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(src.asked) {
		t.Errorf("asked %q, want each once", src.asked)
	}
}

// What a user gives is no text of the dashboard: a dollar sign in it is one.
func TestGivenTextIsNotFilledIn(t *testing.T) {
	b := boardOf(t, `{"type": "textbox", "name": "v"}`)
	v := resolved(t, b, nil, map[string][]string{"v": {"US$a"}}).Get("v")
	if got := valuesOf(v.Selected); !cmp.Equal(got, []string{"US$a"}) || v.Problem != "" {
		t.Errorf("got %q and the problem %q, want US$a", got, v.Problem)
	}
}
