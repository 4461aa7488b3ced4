package chart

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font/gofont/goregular"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// house is a rune that Go Regular has and the embedded fonts lack.
const house = "⌂"

func housePanel() *snapshot.Panel {
	return panelOf("Home", units.None, gridTo(slotTime, 3, time.Minute), 1,
		[]string{"node " + house + "🙂"}, [][]float64{{1, 2, 3}})
}

func TestUndrawable(t *testing.T) {
	own, err := ParseFont(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	p := housePanel()
	for f, want := range map[*Font]string{nil: house + "🙂", own: "🙂"} {
		if got := string(Undrawable(p, f)); got != want {
			t.Errorf("undrawable are %q, want %q", got, want)
		}
	}
	p.Spec.Kind = panel.Bars
	p.Rows = append(p.Rows, snapshot.Row{Name: "😀"})
	if got := string(Undrawable(p, own)); got != "🙂😀" {
		t.Errorf("of bars, undrawable are %q, want the two faces", got)
	}
}

// The font for Hangul lists Chinese characters without anything to draw. They must not be blank.
func TestHollowGlyphsAreMissing(t *testing.T) {
	for _, face := range typefaces {
		for _, r := range "使用率" {
			if face.find(r).font != nil {
				t.Errorf("%c: got a glyph without an outline, want none", r)
			}
		}
		for _, r := range "é노드…•\u00a0\u3000" {
			if face.find(r).font == nil {
				t.Errorf("%c: got no glyph, want one", r)
			}
		}
	}
}

// TestFont checks that a user's font changes pictures only in runes that the embedded fonts lack.
func TestFont(t *testing.T) {
	own, err := ParseFont(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(p *snapshot.Panel, f *Font) []byte {
		return inTime(t, p, Options{Width: 400, Height: 100, Font: f})
	}
	if p := housePanel(); bytes.Equal(draw(p, nil), draw(p, own)) {
		t.Error("a panel with ⌂ is the same with the font, want it used")
	}
	if p := nodeMemory(61, time.Minute); !bytes.Equal(draw(p, nil), draw(p, own)) {
		t.Error("a panel without ⌂ changes with the font, want it unchanged")
	}
}

func TestParseFont(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"empty":      {"", "not a TrueType font"},
		"text":       {"version: 1\n", "not a TrueType font"},
		"PostScript": {"OTTO\x00\x0b\x00\x80\x00\x03", "PostScript outlines"},
		"cut":        {string(goregular.TTF[:3000]), "not a TrueType font"},
	} {
		if _, err := ParseFont([]byte(c.file)); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// FuzzFont checks that a font with any tables gives a picture or is refused.
func FuzzFont(f *testing.F) {
	f.Add(0, byte(0), 100, byte(0))
	for i := 0; i < len(goregular.TTF); i += 9001 {
		f.Add(i, byte(0xff), i/2, byte(0x80))
	}
	f.Fuzz(func(t *testing.T, at int, b byte, also int, c byte) {
		file := bytes.Clone(goregular.TTF)
		file[uint(at)%uint(len(file))] = b
		file[uint(also)%uint(len(file))] = c
		if font, err := ParseFont(file); err == nil {
			p := housePanel()
			p.Lines[0].Name = "═║╒╓╔╕╖╗╘╙╚⌂⌐⌠⌡▀▄█"
			decode(t, inTime(t, p, Options{Width: 320, Height: 80, Font: font}))
		}
	})
}
