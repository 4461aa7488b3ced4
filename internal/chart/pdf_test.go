package chart

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/race"
)

// document returns a PDF with one page and what is drawn on it.
func document(t testing.TB, o PDFOptions, draw func(d *PDF)) (file []byte, page string) {
	t.Helper()
	o.Paper, o.Made = A4, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	d := NewPDF(o)
	d.AddPage()
	draw(d)
	file, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`/Length (\d+)>>\nstream\n`).FindSubmatchIndex(file)
	n, err := strconv.Atoi(string(file[m[2]:m[3]]))
	if err != nil {
		t.Fatal(err)
	}
	zr, err := zlib.NewReader(bytes.NewReader(file[m[1] : m[1]+n]))
	if err != nil {
		t.Fatal(err)
	}
	ops, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	return file, string(ops)
}

// TestPDFPicture checks that a chart in a PDF has the labels of the picture, and that its graphics
// state is restored.
func TestPDFPicture(t *testing.T) {
	p := nodeMemory(720, 2*time.Minute)
	o := Options{Width: 760, Height: 200, Bare: true}.bounded()
	_, page := document(t, PDFOptions{}, func(d *PDF) {
		if err := d.Place(Draw(p, o), 40, 40, 500); err != nil {
			t.Fatal(err)
		}
	})
	if got, want := strings.Count(page, " Tj ET"), len(compose(p, o).labels); got != want {
		t.Errorf("got %d texts, want a text for each of %d labels", got, want)
	}
	if open, closed := len(regexp.MustCompile(`(?m)^q\b`).FindAllString(page, -1)),
		len(regexp.MustCompile(`(?m)\bQ$`).FindAllString(page, -1)); open != closed {
		t.Errorf("got %d saved and %d restored states, want as many", open, closed)
	}
}

// notPlain matches a number that a PDF cannot have.
var notPlain = regexp.MustCompile(`(?m)NaN|Inf|(^| )-?[0-9.]+e[+-]?[0-9]+ `)

// TestPDFOddPanels draws panels of every kind and with odd values.
func TestPDFOddPanels(t *testing.T) {
	race.SkipSerial(t)
	for name, p := range oddPanels() {
		_, page := document(t, PDFOptions{}, func(d *PDF) {
			if err := d.Place(Draw(p, Options{Bare: true}), 40, 40, 500); err != nil {
				t.Error(err)
			}
		})
		if bad := notPlain.FindString(page); bad != "" {
			t.Errorf("%s: got %s on the page, want only numbers of a PDF", name, bad)
		}
	}
}

func TestPDFNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", math.Copysign(0, -1): "0", 1: "1", -1.5: "-1.5", 0.004: "0", 0.005: "0.01",
		12.345: "12.35", 1e300: "1048576", math.Inf(-1): "-1048576", math.NaN(): "0", 10.01: "10.01",
	} {
		if got := string(fixed2(nil, v)); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64().Draw(t, "v")
		got, err := strconv.ParseFloat(string(fixed3(nil, v)), 64)
		if want := min(max(v, -farthest), farthest); err != nil || math.Abs(got-want) > 0.0006 {
			t.Fatalf("%v: got %v, error %v; want %v", v, got, err, want)
		}
	})
}

// TestPDFText checks how text is drawn: what the embedded fonts have as text, the rest as shapes.
func TestPDFText(t *testing.T) {
	st := TextStyle{Size: 10, Colour: 0x1F2933}
	for _, tt := range []struct {
		text         string
		texts, boxes int
	}{
		{"node", 1, 0}, {"노드", 1, 0}, {"node 노드 1", 3, 0}, {"a中b", 2, 1}, {"a😀", 1, 1},
		{"a\u202eb\x00", 1, 0}, {"", 0, 0}, {"a\nb", 1, 0},
	} {
		_, page := document(t, PDFOptions{}, func(d *PDF) { d.Write(tt.text, st, 50, 50) })
		if got := strings.Count(page, " Tj ET"); got != tt.texts {
			t.Errorf("%q: got %d texts, want %d", tt.text, got, tt.texts)
		}
		if got := strings.Count(page, " re\n"); got != tt.boxes {
			t.Errorf("%q: got %d boxes, want %d", tt.text, got, tt.boxes)
		}
	}
}

// TestPDFUsersFont checks that the user's font is drawn as shapes and is not in the file.
func TestPDFUsersFont(t *testing.T) {
	f := typefaces[regular][1] // the font for Hangul in the role of the user's
	hangul, err := f()
	if err != nil {
		t.Fatal(err)
	}
	users := &Font{newFontFile(hangul.Font)}
	_, page := document(t, PDFOptions{}, func(d *PDF) {
		g := users.file.glyph('노')
		d.outline(g, 50, 50, 10, 0)
	})
	if n := strings.Count(page, " c\n") + strings.Count(page, " l\n"); n < 8 ||
		!strings.Contains(page, "h\nf") {
		t.Errorf("got %d lines and curves, want a filled letter: %.400s", n, page)
	}
}

func TestPDFWrap(t *testing.T) {
	d, st := NewPDF(PDFOptions{Paper: A4}), TextStyle{Size: 10}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab 노드 W-/\n中"))).Draw(t, "text")
		room := rapid.Float64Range(15, 200).Draw(t, "room")
		most := rapid.IntRange(1, 5).Draw(t, "most")
		lines := d.Wrap(text, st, room, most)
		if len(lines) > most {
			t.Fatalf("got %d lines, want at most %d", len(lines), most)
		}
		for _, l := range lines {
			if w := d.Width(l, st); w > room+1e-6 {
				t.Fatalf("got %q with a width of %v, want at most %v", l, w, room)
			}
		}
		without := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if all := strings.Join(lines, ""); len(lines) < most && without(all) != without(text) {
			t.Fatalf("got %q, want all of %q", all, text)
		}
	})
}

func TestPDFSubsets(t *testing.T) {
	draw := func(d *PDF) {
		d.Write("node 노드", TextStyle{Size: 10}, 50, 50)
		d.Write("node 노드", TextStyle{Size: 10, Bold: true}, 50, 70)
		d.Bookmark("제목 (1)", 0, 20)
	}
	file, _ := document(t, PDFOptions{Language: words.Korean, Title: "제목"}, draw)
	for i, name := range []string{
		"roboto-regular", "nanumsquare-regular", "roboto-medium", "nanumsquare-bold",
	} {
		want := fmt.Sprintf("/BaseFont /PSNAP%c+%s", 'A'+i, name)
		if !bytes.Contains(file, []byte(want)) {
			t.Errorf("got a file without %s, want one with it", want)
		}
	}
	if len(file) > 60_000 {
		t.Errorf("got %d bytes, want subsets of the fonts", len(file))
	}
	if again, _ := document(t, PDFOptions{Language: words.Korean, Title: "제목"}, draw); !bytes.Equal(
		file, again) {
		t.Error("got other bytes the second time, want the same")
	}
}
