package snapshot

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// The name of a series is one short line whatever the format and the labels, and not empty if there
// are labels.
func FuzzLegend(f *testing.F) {
	for _, format := range []string{
		"", "{{pod}}", "{{ namespace }}/{{pod}}", "{{node}}", "{{", "}}{{", "{{{{pod}}}}", "{{}}",
		"plain", "{{pod}}{{", strings.Repeat("{{pod}}", 50),
	} {
		f.Add(format, "api-7d9f", "10.0.0.1:9100")
	}
	for _, w := range hostile.Words() {
		f.Add("{{pod}} on {{node}}", w.Text, w.Text)
		f.Add(w.Text, "a", "b")
	}
	f.Fuzz(func(t *testing.T, format, pod, instance string) {
		for _, ls := range []series.Labels{
			nil, series.FromPairs("pod", pod, "instance", instance),
		} {
			got := legend(format, ls)
			if utf8.RuneCountInString(got) > maxName || len(ls) > 0 && got == "" {
				t.Errorf("%q of %v: got %q, want a short name", format, ls, got)
			}
			for _, r := range got {
				if joins := r == '\u200c' ||
					r == '\u200d'; unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) &&
					!joins {
					t.Errorf("%q of %v: got %q with %U, want printable characters", format, ls, got,
						r)
				}
			}
		}
	})
}

// Whatever the query, no variable remains, and inserted values do not form a new one.
func FuzzExpand(f *testing.F) {
	for _, query := range []string{
		"rate(a[$__rate_interval])", "a[${__range}] offset $__interval", "$__$__range",
		"${__${__range}}", "$$__range$", "$__range_interval", "$__interval_ms",
	} {
		f.Add(query, int64(time.Minute), int64(15*time.Second), int64(24*time.Hour))
	}
	f.Add("$__range", int64(-1), int64(0), int64(1<<62))
	f.Fuzz(func(t *testing.T, query string, step, scrape, length int64) {
		if len(query) > 4<<10 || scrape > 1<<60 || step > 1<<60 || scrape < -1<<60 ||
			step < -1<<60 {
			return
		}
		v := panel.Vars{
			Step: time.Duration(step), ScrapeInterval: time.Duration(scrape),
			Range: time.Duration(length),
		}
		got := panel.Expand(query, v)
		if panel.Expand(got, v) != got {
			t.Errorf("%q expanded twice: got %q, want %q, as once", query, panel.Expand(got, v),
				got)
		}
		if !strings.Contains(query, "$__") && !strings.Contains(query, "${__") && got != query {
			t.Errorf("%q has no variable: got %q, want it unchanged", query, got)
		}
		if len(got) > len(query)*10 {
			t.Errorf("got %d bytes from %d, want at most ten times as many", len(got), len(query))
		}
	})
}

// Whatever a label contains, the query about its series selects exactly this value.
func FuzzDetailQuery(f *testing.F) {
	for _, w := range hostile.Words() {
		f.Add(w.Text, w.Text)
	}
	for _, value := range []string{
		`"} or up{a="`, `\`, `\"`, "{{pod}}", "$__range", "\xff\xfe", "\ufffd", "\x00\n", "`",
	} {
		f.Add(value, value)
	}
	const query = `topk(3, sum by (pod) (max_over_time(used{node="{{node}}", ` +
		`pod!="{{ pod }}", missing="{{missing}}"}[$__range])))`
	f.Fuzz(func(t *testing.T, node, pod string) {
		full := detailQuery(query, panel.Vars{
			Step: time.Minute, ScrapeInterval: time.Minute, Range: time.Hour,
		}, series.FromPairs("node", node, "pod", pod))
		e, err := panel.Parser().ParseExpr(full)
		if err != nil {
			t.Fatalf("%s: %v", full, err)
		}
		want := map[string]string{
			model.MetricNameLabel: "used", "node": node, "pod": pod, "missing": "",
		}
		selectors := 0
		parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
			vs, ok := n.(*parser.VectorSelector)
			if !ok {
				return nil
			}
			selectors++
			if len(vs.LabelMatchers) != len(want) {
				t.Errorf("%s: got the matchers %v, want %d", full, vs.LabelMatchers, len(want))
			}
			for _, m := range vs.LabelMatchers {
				if strings.ToValidUTF8(m.Value, "\ufffd") != strings.ToValidUTF8(want[m.Name],
					"\ufffd") {
					t.Errorf("%s: got the matcher %s, want %q", full, m, want[m.Name])
				}
			}
			return nil
		})
		if selectors != 1 {
			t.Errorf("%s: got %d selectors, want 1", full, selectors)
		}
	})
}
