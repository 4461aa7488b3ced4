package snapshot

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

func TestLegend(t *testing.T) {
	ls := series.FromPairs("namespace", "shop", "pod", "api-1", "instance", "10.0.0.1:9100", "evil",
		"a\x00b\u202ec\nd")
	const all = `{evil="a\x00b\u202ec\nd", ` +
		`instance="10.0.0.1:9100", namespace="shop", pod="api-1"}`
	for format, want := range map[string]string{
		"{{namespace}}/{{ pod }}": "shop/api-1",
		"{{pod}} of {{missing}}":  "api-1 of",
		"{{node}}":                "10.0.0.1",
		"plain":                   "plain",
		"{{pod":                   "{{pod",
		"{{evil}}":                "abc d",
		"{{missing}}/{{missing}}": all,
		"":                        all,
	} {
		if got := legend(format, ls); got != want {
			t.Errorf("legend(%q) = %q, want %q", format, got, want)
		}
	}
}

func TestLegendOfLongNames(t *testing.T) {
	got := legend("{{pod}}", series.FromPairs("pod", "head"+strings.Repeat("한", 4096)+"tail"))
	if n := utf8.RuneCountInString(got); n != maxName {
		t.Errorf("got %d runes, want %d", n, maxName)
	}
	if !strings.HasPrefix(got, "head") || !strings.HasSuffix(got, "tail") ||
		!strings.Contains(got, "…") {
		t.Errorf("got %q, want its head and its tail kept", got)
	}
}

// An unclosed {{ stays as it is, in a legend as in a query.
func TestFill(t *testing.T) {
	for format, want := range map[string]string{
		"": "", "plain": "plain", "{{a}}": "<a>", "{{ a }}-{{b}}.": "<a>-<b>.", "{{}}": "<>",
		"{{a": "{{a", "x{{a}}{{b": "x<a>{{b", "{{": "{{", "}}": "}}", "a}}b{{c}}": "a}}b<c>",
	} {
		if got := fill(format, func(name string) string { return "<" + name + ">" }); got != want {
			t.Errorf("%q: got %q, want %q", format, got, want)
		}
	}
	if got := detailQuery(`x{a="{{a}}", b="{{b"}`, panel.Vars{},
		series.FromPairs("a", `1"`)); got != `x{a="1\"", b="{{b"}` {
		t.Errorf("got the detail query %s, want the unclosed {{b unchanged", got)
	}
}

// Series whose legends are equal get the labels that differ in their names.
func TestDistinctNames(t *testing.T) {
	pairs := func(sets ...string) (out []series.Labels) {
		for _, set := range sets {
			var nv []string
			for pair := range strings.SplitSeq(set, " ") {
				name, value, _ := strings.Cut(pair, "=")
				nv = append(nv, name, value)
			}
			out = append(out, series.FromPairs(nv...))
		}
		return out
	}
	for _, tc := range []struct {
		format string
		all    []series.Labels
		want   []string
	}{
		{panel.AutoLegend, pairs("job=a pod=x", "job=a pod=y"), []string{"x", "y"}},
		{
			panel.AutoLegend, pairs("job=a pod=x ns=s", "job=a pod=y ns=t"), []string{
				`{ns="s", pod="x"}`, `{ns="t", pod="y"}`,
			},
		},
		{
			panel.AutoLegend, pairs("job=a pod=x ns=s", "job=a pod=x ns=t", "job=a pod=y ns=t"),
			[]string{`{ns="s", pod="x"}`, `{ns="t", pod="x"}`, `{ns="t", pod="y"}`},
		},
		{
			panel.AutoLegend, pairs("node=n1 instance=10.0.0.1:9100",
				"node=n2 instance=10.0.0.2:9100"), []string{"n1", "n2"},
		},
		{panel.AutoLegend, pairs("a=1 b=2"), []string{`{a="1", b="2"}`}},
		{panel.AutoLegend, pairs("node=n1 instance=10.0.0.1:9100"), []string{"n1"}},
		{panel.AutoLegend, pairs("__name__=up a=1", "__name__=down a=1"), []string{"up", "down"}},
		{
			" " + panel.AutoLegend, pairs("a=1 k8s.pod=x", "a=2 k8s.pod=y"), []string{
				`{a="1", "k8s.pod"="x"}`, `{a="2", "k8s.pod"="y"}`,
			},
		},
		{"load", pairs("job=a pod=x", "job=a pod=y"), []string{"load (x)", "load (y)"}},
		{
			"{{node}}", pairs("node=n1 device=sda", "node=n1 device=sdb", "node=n2 device=sda"),
			[]string{"n1 (sda)", "n1 (sdb)", "n2"},
		},
		{
			"{{node}}", pairs("node=n1 device=sda mode=r", "node=n1 device=sdb mode=w"), []string{
				`n1 (device="sda", mode="r")`, `n1 (device="sdb", mode="w")`,
			},
		},
		{"{{node}}", pairs("node=n1", "node=n1 device=sda"), []string{"n1", "n1 (sda)"}},
		{
			"{{k8s.pod}} {{ \"k8s.ns\" }}", pairs("k8s.pod=x k8s.ns=s", "k8s.pod=y k8s.ns=s"),
			[]string{"x s", "y s"},
		},
	} {
		names := make([]string, len(tc.all))
		for i, ls := range tc.all {
			names[i] = legend(tc.format, ls)
		}
		if got := distinctNames(tc.format, names, tc.all); !slices.Equal(got, tc.want) {
			t.Errorf("%s of %v: got %q, want %q", tc.format, tc.all, got, tc.want)
		}
	}
}

func TestShort(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"short", "node-1", "node-1"},
		{"as long as allowed", strings.Repeat("a", 200), strings.Repeat("a", 200)},
		{"as many runes of several bytes", strings.Repeat("é", 200), strings.Repeat("é", 200)},
		{
			"one rune too long", strings.Repeat("a", 120) + "bb" + strings.Repeat("c", 79),
			strings.Repeat("a", 120) + "…" + strings.Repeat("c", 79),
		},
		{
			"long, of several bytes", strings.Repeat("é", 120) + strings.Repeat("x", 500) +
				strings.Repeat("한", 79),
			strings.Repeat("é", 120) + "…" + strings.Repeat("한", 79),
		},
	} {
		if got := short(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
