package pushgateway

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// No text adds a metric, a label or a line: Prometheus' parser reads the same metrics as for a
// harmless text, with the text in them.
func TestMetricsOfHostileWords(t *testing.T) {
	of := func(word string) map[string]int {
		d := run()
		d.Report = report.Build(report.Info{
			Cluster: word, Name: word, Title: word, Slot: d.Report.Info.Slot,
		}, []snapshot.Panel{
			{
				Spec: panel.Spec{Name: word, Title: word}, Total: 42, Data: snapshot.DataComplete,
				Notes: []snapshot.Note{snapshot.NoteOf(word, word)},
			},
		})
		body, err := text(d)
		if err != nil {
			t.Fatal(err)
		}
		p := expfmt.NewTextParser(model.LegacyValidation)
		families, err := p.TextToMetricFamilies(strings.NewReader(string(body)))
		if err != nil {
			t.Fatalf("%.100q: got error %v, want the text format:\n%.2000s", word, err, body)
		}
		shape := map[string]int{}
		for name, f := range families {
			for _, m := range f.GetMetric() {
				line := name
				for _, l := range m.GetLabel() {
					line += " " + l.GetName()
					if got, clean := l.GetValue(), strings.ToValidUTF8(word,
						"\uFFFD"); l.GetName() == "panel" && got != clean && len(clean) < 200 {
						t.Errorf("want the panel %q, got %q", clean, got)
					}
				}
				shape[line]++
			}
		}
		return shape
	}
	tame := of("tame")
	for _, w := range hostile.Words() {
		if got := of(w.Text); !maps.Equal(got, tame) {
			t.Errorf("%s: got the metrics %v, want %v", w.Name, slices.Sorted(maps.Keys(got)),
				slices.Sorted(maps.Keys(tame)))
		}
	}
}
