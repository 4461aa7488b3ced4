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

// named returns a panel of a kind with word in every place for words.
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

// shapes returns the elements and attributes of a document, and its text.
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
			t.Fatalf("parsing the document: %v in %.300q", err, doc)
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
			t.Fatalf("got a %T %.100q, want only elements and text", e, e)
		}
	}
}

// TestSVGOfHostileWords checks that a word is only text: it adds no element or attribute and
// reverses no text.
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
				t.Errorf("%s, %s: %v, want no error", kind, w.Name, err)
				continue
			}
			shape, said := shapes(t, doc)
			for _, s := range shape {
				if !known[s] {
					t.Errorf("%s, %s: got <%s>, want only known shapes", kind, w.Name, s)
				}
			}
			if len(doc) > 64<<10+8*len(w.Text) {
				t.Errorf("%s, %s: %d bytes, want at most %d", kind, w.Name, len(doc),
					64<<10+8*len(w.Text))
			}
			if r, bad := hostile.Unprintable(strings.ReplaceAll(said, "\n", "")); bad {
				t.Errorf("%s, %s: %U in the document, want only printable characters", kind, w.Name,
					r)
			}
			if w.Name == "attribute" && kind == panel.Lines && !strings.Contains(said, w.Text) {
				t.Errorf("%s, %s: got the text %q, want %q in it", kind, w.Name, said, w.Text)
			}
		}
	}
}

// TestPNGOfHostileWords checks that any word gives a picture of the same size, in a time that
// depends only on the visible part of the word.
func TestPNGOfHostileWords(t *testing.T) {
	kinds := []panel.Kind{panel.Lines, panel.Bars}
	for i, w := range hostile.Words() {
		for _, kind := range []panel.Kind{kinds[i%2]} {
			doc := inTime(t, named(kind, w.Text), Options{Width: 600, Height: 300})
			cfg, err := png.DecodeConfig(bytes.NewReader(doc))
			if err != nil || cfg.Width != 600 || cfg.Height < 100 || cfg.Height > 3000 {
				t.Errorf("%s, %s: %d × %d, want 600 × 100 to 3000 (%v)", kind, w.Name, cfg.Width,
					cfg.Height, err)
			}
		}
	}
}

// TestUndrawableOfHostileWords checks that each undrawable character is listed once.
func TestUndrawableOfHostileWords(t *testing.T) {
	for _, w := range hostile.Words() {
		runes := Undrawable(named(panel.Lines, w.Text), nil)
		slices.Sort(runes)
		if n := len(runes); len(slices.Compact(runes)) != n {
			t.Errorf("%s: got %q, want each character once", w.Name, runes[:min(n, 10)])
		}
	}
}
