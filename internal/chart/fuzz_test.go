package chart

import (
	"regexp"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// FuzzSVG checks that any words and sizes give a bounded document of well-formed XML with only our
// elements.
func FuzzSVG(f *testing.F) {
	for i, w := range hostile.Words() {
		f.Add(w.Text, w.Text, 700, 200, 3, uint8(i), uint8(i))
	}
	f.Add(`</text><script>alert("1")</script>&amp;`, "]]><!--", 0, 0, 0, uint8(0), uint8(0))
	f.Add("a", "b", -1<<62, 1<<62, 40, uint8(1), uint8(1))
	tags := regexp.MustCompile(`</?([a-zA-Z][^\s/>]*)[^>]*>`)
	values := regexp.MustCompile(`"[^"]*"`)
	attributes := regexp.MustCompile(`\s(on[a-z]*|href|style|id|xlink:href)\s*=`)
	f.Fuzz(func(t *testing.T, title, name string, width, height, series int, kind, flags uint8) {
		names, samples := []string{}, [][]float64{}
		for i := range min(max(series, 0), 40) {
			names, samples = append(names, name), append(samples, []float64{float64(i), 1, 2})
		}
		p := panelOf(title, units.Bytes, gridTo(slotTime, 3, time.Minute), 8, names, samples)
		p.Spec.Rules, p.Notes = []rules.Rule{
			{Name: name, Warning: rules.At(1), Critical: rules.At(2)},
		}, []snapshot.Note{snapshot.NoteOf(title, name)}
		p.References = []snapshot.ReferenceLine{{Name: name, Values: []float64{1, 1, 1}}}
		o := Options{
			Width: width, Height: height, Zone: seoul(), Bare: flags&1 != 0, Phone: flags&2 != 0,
			Dark: flags&4 != 0,
		}
		doc, err := SVG(as(panel.Kinds()[int(kind)%len(panel.Kinds())], p), o)
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, doc)
		for _, tag := range tags.FindAllSubmatch(doc, -1) {
			switch e := string(tag[1]); e {
			case "svg", "g", "path", "rect", "text", "circle", "title", "tspan", "line", "defs",
				"pattern", "polyline", "polygon":
			default:
				t.Errorf("an element %q, want one of our own", e)
			}
			if attributes.Match(values.ReplaceAll(tag[0], []byte(`""`))) {
				t.Errorf("an attribute in %q, want only our own", tag[0])
			}
		}
		if most := 1<<20 + 200*len(title) + 2000*len(name); len(doc) > most {
			t.Errorf("%d bytes for words of %d and %d, want at most %d", len(doc), len(title),
				len(name),
				most)
		}
	})
}
