package snapshot

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/series"
)

func TestLegend(t *testing.T) {
	ls := series.FromPairs("namespace", "shop", "pod", "api-1", "instance", "10.0.0.1:9100", "evil", "a\x00b\u202ec\nd")
	for format, want := range map[string]string{
		"{{namespace}}/{{ pod }}": "shop/api-1",
		"{{pod}} of {{missing}}":  "api-1 of",
		"{{node}}":                "10.0.0.1",
		"plain":                   "plain",
		"{{pod":                   "{{pod",
		"{{evil}}":                "a b c d",
		"{{missing}}/{{missing}}": `{evil="a\x00b\u202ec\nd", instance="10.0.0.1:9100", namespace="shop", pod="api-1"}`,
		"":                        `{evil="a\x00b\u202ec\nd", instance="10.0.0.1:9100", namespace="shop", pod="api-1"}`,
	} {
		if got := legend(format, ls); got != want {
			t.Errorf("legend(%q) = %q, want %q", format, got, want)
		}
	}
}

func TestLegendOfLongNames(t *testing.T) {
	got := legend("{{pod}}", series.FromPairs("pod", "head"+strings.Repeat("한", 4096)+"tail"))
	if n := utf8.RuneCountInString(got); n != maxName {
		t.Errorf("%d runes, want %d", n, maxName)
	}
	if !strings.HasPrefix(got, "head") || !strings.HasSuffix(got, "tail") || !strings.Contains(got, "…") {
		t.Errorf("%q lost its head or its tail", got)
	}
}

func TestHost(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1:9100": "10.0.0.1", "node-1": "node-1", "[fd00::1]:9100": "fd00::1", "fd00::1": "fd00::1", "": "", "[broken": "broken",
	} {
		if got := host(in); got != want {
			t.Errorf("host(%q) = %q, want %q", in, got, want)
		}
	}
}

// What is not closed is no label: it stays as it is, in a legend as in a query.
func TestFill(t *testing.T) {
	for format, want := range map[string]string{
		"": "", "plain": "plain", "{{a}}": "<a>", "{{ a }}-{{b}}.": "<a>-<b>.", "{{}}": "<>",
		"{{a": "{{a", "x{{a}}{{b": "x<a>{{b", "{{": "{{", "}}": "}}", "a}}b{{c}}": "a}}b<c>",
	} {
		if got := fill(format, func(name string) string { return "<" + name + ">" }); got != want {
			t.Errorf("%q is filled in as %q, want %q", format, got, want)
		}
	}
	if got := detailQuery(`x{a="{{a}}", b="{{b"}`, Vars{}, series.FromPairs("a", `1"`)); got != `x{a="1\"", b="{{b"}` {
		t.Errorf("the detail query is %s", got)
	}
}
