package snapshot

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// A name is one line of valid characters with a bounded length and no text-direction marks. It is
// expanded once: braces inside a label's value are not a label.
func TestLegendOfHostileWords(t *testing.T) {
	for _, w := range hostile.Words() {
		ls := series.FromPairs("node", "secret", "l", w.Text, w.Text, w.Text)
		for _, format := range []string{
			"", "{{l}}", "{{ l }} / {{l}}", "{{" + w.Text + "}}", w.Text, w.Text + "{{l}}",
		} {
			name := legend(format, ls)
			if n := utf8.RuneCountInString(name); n > maxName || len(name) > maxName*utf8.UTFMax {
				t.Errorf("%s in %.40q: got %d characters, want at most %d", w.Name, format, n,
					maxName)
			}
			if r, bad := hostile.Unprintable(name); bad {
				t.Errorf("%s in %.40q: got %U in the name %.80q, want none", w.Name, format, r,
					name)
			}
			if format == "{{l}}" && strings.Contains(name, "secret") &&
				strings.TrimSpace(strings.Trim(outside.Line(w.Text), "/ ")) != "" {
				t.Errorf("%s: got %.80q, want no other label in it", w.Name, name)
			}
		}
	}
}

// A label's value in a detail query stays inside its matcher.
func TestDetailQueryOfHostileWords(t *testing.T) {
	p := parser.NewParser(parser.Options{})
	for _, w := range hostile.Words() {
		text := detailQuery(`sum by (pod) (x{a="{{l}}", b="{{ l }}-$__range"})`,
			panel.Vars{Range: 3600e9}, series.FromPairs("l", w.Text))
		expr, err := p.ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %.100q: got error %v, want PromQL", w.Name, text, err)
			continue
		}
		var got []*labels.Matcher
		parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
			if v, ok := n.(*parser.VectorSelector); ok {
				got = append(got, v.LabelMatchers...)
			}
			return nil
		})
		if len(got) != 3 || got[0].Value != w.Text || got[1].Value != w.Text+"-3600s" {
			t.Errorf("%s: got %.200q, want matchers of the exact value", w.Name, text)
		}
	}
}
