package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

// named is a panel of a kind in which word stands wherever a word can.
func named(kind panel.Kind, word string) *snapshot.Panel {
	p := panelOf(word, units.None, gridTo(slotTime, 3, time.Minute), 2,
		[]string{word, "b" + word, "c"}, [][]float64{{1, 2, 3}, {3, 1, 2}, {1, 1, 1}})
	p.Spec.Kind, p.Spec.Subject, p.Spec.Section, p.Spec.Queries[0].Expr = kind, word, word, word
	p.Spec.Rules = limitRules(2, 2.5)
	p.Missing, p.Notes = []string{word}, []snapshot.Note{snapshot.NoteOf(word, word)}
	p.References = []snapshot.ReferenceLine{{Name: word, Values: []float64{2, 2, 2}}}
	breach(p, 0, rules.Critical, 2.5, slotTime.Add(-time.Minute))
	return p
}

// shapes are the elements and attributes of a document, without what they say.
func shapes(t *testing.T, doc []byte) (shape []string, said string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	var text strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return shape, text.String()
		}
		if err != nil {
			t.Fatalf("no XML: %v in %.300q", err, doc)
		}
		switch e := token.(type) {
		case xml.StartElement:
			line := e.Name.Local
			for _, a := range e.Attr {
				line += " " + a.Name.Local
				text.WriteString(a.Value + "\n")
			}
			shape = append(shape, line)
		case xml.CharData:
			text.Write(e)
			text.WriteByte('\n')
		case xml.Comment, xml.Directive, xml.ProcInst:
			t.Fatalf("%T %.100q", e, e)
		}
	}
}

// A word is text of the picture: it makes no element and no attribute that another word does not
// make, and turns nothing.
func TestSVGOfHostileWords(t *testing.T) {
	race.SkipSerial(t)
	known := map[string]bool{}
	for _, kind := range panel.Kinds() {
		for _, tame := range []string{"tame", "in no font: عقدة", strings.Repeat("x", 300), ""} {
			doc, err := SVG(named(kind, tame), Options{Width: 1200})
			if err != nil {
				t.Fatal(err)
			}
			shape, _ := shapes(t, doc)
			for _, s := range shape {
				known[s] = true
			}
		}
	}
	for _, kind := range panel.Kinds() {
		for _, w := range hostile.Words() {
			p := named(kind, w.Text)
			doc, err := SVG(p, Options{Width: 1200})
			if err != nil {
				t.Errorf("%s, %s: %v", kind, w.Name, err)
				continue
			}
			shape, said := shapes(t, doc)
			for _, s := range shape {
				if !known[s] {
					t.Errorf("%s, %s: <%s>", kind, w.Name, s)
				}
			}
			if len(doc) > 64<<10+8*len(w.Text) {
				t.Errorf("%s, %s: a document of %d bytes", kind, w.Name, len(doc))
			}
			if r, bad := hostile.Unprintable(strings.ReplaceAll(said, "\n", "")); bad {
				t.Errorf("%s, %s: %U in the document", kind, w.Name, r)
			}
			if w.Name == "attribute" && kind == panel.Lines && !strings.Contains(said, w.Text) {
				t.Errorf("%s, %s: the word is not in the text: %q", kind, w.Name, said)
			}
		}
	}
}

// A picture of any word is a picture, as large as every other, and made in a time that goes by what
// can be seen of the word.
func TestPNGOfHostileWords(t *testing.T) {
	kinds := []panel.Kind{panel.Lines, panel.Bars}
	for i, w := range hostile.Words() {
		for _, kind := range []panel.Kind{kinds[i%2]} {
			doc := inTime(t, named(kind, w.Text), Options{Width: 600, Height: 300})
			cfg, err := png.DecodeConfig(bytes.NewReader(doc))
			if err != nil || cfg.Width != 600 || cfg.Height < 100 || cfg.Height > 3000 {
				t.Errorf("%s, %s: %d × %d (%v)", kind, w.Name, cfg.Width, cfg.Height, err)
			}
		}
	}
}

// What the pictures cannot show is each character once.
func TestUndrawableOfHostileWords(t *testing.T) {
	for _, w := range hostile.Words() {
		runes := Undrawable(named(panel.Lines, w.Text), nil)
		slices.Sort(runes)
		if n := len(runes); len(slices.Compact(runes)) != n {
			t.Errorf("%s: a character is there twice: %q", w.Name, runes[:min(n, 10)])
		}
	}
}
