package rulefile

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

var (
	testExternal = External{
		Labels: map[string]string{"cluster": "blue", "region": "eu"},
		URL:    "https://prometheus.example.com/path?x=1",
	}
	testSource = series.FromPairs("__name__", "up", "instance", "web-1.example.com:9100",
		"job", "node", "path", "a/b_c", "quote", `"x" <y>`)
	testTime = time.Unix(1773120600, 500e6).UTC()
)

// prometheus expands a text as Prometheus does.
func prometheus(text string, source series.Labels, value float64) string {
	ls := map[string]string{}
	for _, l := range source {
		ls[l.Name] = l.Value
	}
	u, err := url.Parse(testExternal.URL)
	if err != nil {
		panic(err)
	}
	x := template.NewTemplateExpander(context.Background(), defined+text, "__alert_A",
		template.AlertTemplateData(ls, testExternal.Labels, testExternal.URL,
			promql.Sample{F: value}),
		model.TimeFromUnixNano(testTime.UnixNano()), func(context.Context, string, time.Time) (
			promql.Vector, error) {
			return nil, nil
		}, u, nil)
	got, err := x.Expand()
	if err != nil {
		return fmt.Sprintf("<error expanding template: %s>", err)
	}
	return got
}

// ours expands a text as an annotation.
func ours(text string, source series.Labels, value float64) (string, []Note) {
	rule := Rule{Alert: "A", Annotations: series.FromPairs("a", text)}
	got, notes := NewTemplates(rule, testExternal).Annotations(source, value, testTime)
	return got.Get("a"), notes
}

// texts are templates with every function that promsnap has.
var texts = []string{
	"plain", "", "{{ $value }}", "{{ .Value }}", "{{ $labels }}", "{{ .Labels.job }}",
	"{{ $labels.instance }} of {{ $labels.missing }}.", "{{ $externalLabels.cluster }}",
	"{{ $externalURL }}", "{{ externalURL }}", "{{ pathPrefix }}", "{{ . }}", "{{ $ }}",
	"{{ $value | humanize }}", "{{ $value | humanize1024 }}", "{{ $value | humanizeDuration }}",
	"{{ $value | humanizePercentage }}", "{{ $value | humanizeTimestamp }}",
	`{{ "1.5e3" | humanize }}`, `{{ "x" | humanize }}`, `{{ "x" | humanizePercentage }}`,
	"{{ $labels.job | title }}", `{{ title "a-b c_d éa" }}`, "{{ $labels.job | toUpper }}",
	`{{ toLower "ÀB" }}`, `{{ reReplaceAll "([a-z]+)/.*" "<$1>" $labels.path }}`,
	`{{ reReplaceAll "(" "" "x" }}`, `{{ if match "^a/" $labels.path }}yes{{ else }}no{{ end }}`,
	`{{ match "(" "x" }}`, "{{ stripPort $labels.instance }}", "{{ stripDomain $labels.instance }}",
	`{{ stripPort "[::1]:90" }} {{ stripDomain "10.0.0.1:9" }} {{ stripDomain "a.b" }}`,
	`{{ parseDuration "1h30m" }} {{ parseDuration "-5s" }}`, `{{ parseDuration "x" }}`,
	"{{ toTime 1e9 }}", "{{ (toTime 1773120600.25).Year }}", "{{ toTime $value }}", "{{ now }}",
	"{{ now | toTime }}", "{{ toDuration 90 }}", `{{ toDuration "x" }}`,
	`{{ graphLink "up == 0" }} {{ tableLink "up{a=\"b\"}" }}`, `{{ urlQueryEscape "a b&c" }}`,
	`{{ safeHtml $labels.quote }}`, `{{ html $labels.quote }} {{ js "<a'>" }} {{ urlquery "a b" }}`,
	`{{ printf "%.2f %s %d %v %q" $value $labels.job 5 $labels "x" }}`,
	`{{ printf "%*d|%-10s|%[1]v" 4 7 "x" }}`, `{{ printf "%d" "x" }}`, `{{ printf "%.3g%%" 12.3456 }}`,
	`{{ print $value 1 "x" }}{{ println "y" 2 }}`, `{{ len $labels }} {{ index $labels "job" }}`,
	`{{ with args 1 "two" $value }}{{ .arg0 }} {{ .arg1 }} {{ .arg2 }}{{ end }}`, `{{ args }}`,
	`{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ else }}none{{ end }}`,
	`{{ range 3 }}x{{ . }}{{ end }}`,
	`{{ range $externalLabels }}{{ . }},{{ end }}`,
	`{{ if gt $value 10.0 }}high{{ else if gt $value 1.0 }}middle{{ else }}low{{ end }}`,
	`{{ if gt $value 10 }}x{{ end }}`, // types differ: an error
	`{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" $labels.job }}{{ template "t" 5 }}`,
	`{{ define "t" }}{{ range . }}{{ . }}{{ end }}{{ end }}{{ template "t" $labels }}`,
	`{{ template "missing" }}`, "{{ $x := 5 }}{{ $x = 6 }}{{ $x }}", "{{- /* c */ -}} x ",
	`{{ $labels.job.x }}`, `{{ slice "abc" 1 2 }} {{ and 1 0 }} {{ or "" "b" }} {{ not true }}`,
	`{{ eq $labels.job "node" }} {{ $value | printf "%.1f" | toUpper }}`,
	"{{ $value", "{{ nothing }}", "{{ $undefined }}", "{{ end }}", "{{ tmpl \"x\" . }}",
	`{{ "\"" }}{{ "é" | len }} {{ 'x' }} {{ nil }}`, `{{ label "a" }}`,
	`{{ break }}`, `{{ range 5 }}{{ if eq . 2 }}{{ break }}{{ end }}{{ . }}{{ end }}`,
	`{{ try }}`, `{{ block "b" . }}{{ .Value }}{{ end }}`, `{{ $value.x }}`, `{{ .Nothing }}`,
}

var values = []float64{
	0, 1, -1, 0.5, 12.3456, 1e6, 1.5e12, -2048, 1e-7, 1e30, math.Inf(1), math.Inf(-1), math.NaN(),
	86461.5, 1773120600,
}

func TestTemplatesAreThoseOfPrometheus(t *testing.T) {
	for _, text := range texts {
		for _, v := range values {
			want := prometheus(text, testSource, v)
			got, notes := ours(text, testSource, v)
			if got != want {
				t.Errorf("%s with %v:\n got %s\nwant %s", text, v, got, want)
			}
			bad := strings.HasPrefix(want, "<error expanding template")
			if noted := len(notes) > 0; noted != bad {
				t.Errorf("%s with %v: got the notes %v, want one: %v", text, v, notes, bad)
			}
		}
	}
}

func TestTemplatesCombined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3).Draw(t, "parts")
		var text string
		for range n {
			text += rapid.SampledFrom(texts).Draw(t, "text")
		}
		v := rapid.OneOf(rapid.SampledFrom(values), rapid.Float64()).Draw(t, "value")
		want := prometheus(text, testSource, v)
		if got, _ := ours(text, testSource, v); got != want {
			t.Fatalf("%s with %v:\n got %s\nwant %s", text, v, got, want)
		}
	})
}

func TestTemplatesLeaveQueriesOut(t *testing.T) {
	for text, want := range map[string]string{
		`up: {{ query "up" | first | value | humanize }}.`:                     "up: ….",
		`{{ with printf "up{x='%s'}" $labels.job | query }}{{ . }}{{ end }}!`:  "…!",
		`{{ range query "up" }}{{ .Value }}{{ else }}none{{ end }}`:            "…",
		`{{ if query "up" }}a{{ else }}b{{ end }}`:                             "…",
		`{{ $x := query "up" }}{{ range $x }}x{{ end }}done`:                   "done",
		`{{ $x := query "up" }}{{ $x | first | value }}`:                       "…",
		`{{ if true }}{{ (query "up" | first).Value }}{{ end }}`:               "…",
		`{{ template "t" (query "up") }}{{ define "t" }}{{ . }}{{ end }}`:      "…",
		`{{ range query "up" | sortByLabel "a" }}{{ . | label "a" }}{{ end }}`: "…",
	} {
		got, notes := ours(text, testSource, 1)
		if diff := cmp.Diff([]Note{{Code: NeedsQuery, Name: "a"}}, notes); got != want || diff != "" {
			t.Errorf("%s: got %q, want %q; notes (-want +got):\n%s", text, got, want, diff)
		}
	}
	// what is not reached needs no query
	got, notes := ours(`{{ if false }}{{ query "up" }}{{ end }}a`, testSource, 1)
	if got != "a" || notes != nil {
		t.Errorf("got %q and the notes %v, want a and none", got, notes)
	}
}

func TestTemplatesAreBounded(t *testing.T) {
	big := strings.Repeat("x", 1<<15)
	for name, text := range map[string]string{
		"rounds":         `{{ range 9223372036854775807 }}{{ end }}`,
		"rounds inside":  `{{ range 900 }}{{ range 900 }}{{ end }}{{ end }}`,
		"recursion":      `{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}`,
		"itself":         `{{ define "t" }}{{ template "t" . }}{{ template "t" . }}{{ end }}{{ template "t" . }}`,
		"text":           big + `{{ range 900 }}` + big + `{{ end }}`,
		"doubling":       `{{ $x := "xxxxxxxx" }}{{ range 900 }}{{ $x = printf "%s%s" $x $x }}{{ end }}`,
		"printing":       `{{ $x := "xxxxxxxx" }}{{ range 900 }}{{ $x = print $x $x }}{{ end }}`,
		"a width":        `{{ printf "%1000000d%1000000d" 1 1 }}`,
		"many widths":    `{{ printf "` + strings.Repeat("%99999d", 1000) + `" 1 }}`,
		"a star":         `{{ printf "%*d%[1]*[2]d" 999999 1 }}`,
		"arguments":      `{{ $x := args 1 2 }}{{ range 900 }}{{ $x = args $x $x }}{{ end }}{{ $x }}`,
		"replacements":   `{{ $x := printf "%1000d" 1 }}{{ range 900 }}{{ $x = reReplaceAll "" $x $x }}{{ end }}`,
		"an expression":  `{{ match "` + strings.Repeat("(a|b)*", 1000) + `" "ab" }}`,
		"repeated upper": `{{ $x := "x" }}{{ range 900 }}{{ $x = print $x "` + big[:2000] + `" | toUpper }}{{ end }}`,
	} {
		got, notes := ours(text, testSource, 1)
		if len(notes) != 1 || notes[0].Code != TemplateFailed || len(got) > maxText {
			t.Errorf("%s: got %d bytes and the notes %v, want an error", name, len(got), notes)
		}
	}
}

func TestTemplatesLabels(t *testing.T) {
	source := series.FromPairs("__name__", "up", "instance", "a", "job", "b", "zone", "c")
	for name, tt := range map[string]struct {
		labels, want series.Labels
	}{
		"none":         {nil, series.FromPairs("alertname", "A", "instance", "a", "job", "b", "zone", "c")},
		"of the rule":  {series.FromPairs("a", "1", "job", "x", "zz", "9"), series.FromPairs("a", "1", "alertname", "A", "instance", "a", "job", "x", "zone", "c", "zz", "9")},
		"empty":        {series.FromPairs("job", "", "zone", "{{ $labels.nothing }}"), series.FromPairs("alertname", "A", "instance", "a")},
		"alertname":    {series.FromPairs("alertname", "B"), series.FromPairs("alertname", "A", "instance", "a", "job", "b", "zone", "c")},
		"templates":    {series.FromPairs("job", "{{ $labels.__name__ }}-{{ $value }}"), series.FromPairs("alertname", "A", "instance", "a", "job", "up-2.5", "zone", "c")},
		"a failed one": {series.FromPairs("job", "{{ $nothing }}"), series.FromPairs("alertname", "A", "instance", "a", "job", prometheus("{{ $nothing }}", source, 2.5), "zone", "c")},
	} {
		got, _ := NewTemplates(Rule{Alert: "A", Labels: tt.labels}, External{}).Labels(source, 2.5,
			testTime)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
