package chart

import (
	"image/color"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
)

func TestOwnColoursAreLegible(t *testing.T) {
	for _, c := range []color.NRGBA{
		{R: 0xFA, G: 0xDE, B: 0x2A, A: 255}, {R: 0x73, G: 0xBF, B: 0x69, A: 255},
		{R: 255, G: 255, B: 255, A: 255}, {A: 255}, {R: 0x37, G: 0x87, B: 0x2D, A: 255},
	} {
		for name, th := range map[string]*theme{"light": &light, "dark": &dark} {
			if got := contrast(th.of(ownInk(c)), th[paper]); got < leastContrast {
				t.Errorf("%s: line in %v: got contrast %.2f, want %v or more", name, c, got,
					leastContrast)
			}
			if got := contrast(th.of(ownTextInk(c)), th[paper]); got < leastTextContrast {
				t.Errorf("%s: text in %v: got contrast %.2f, want %v or more", name, c, got,
					leastTextContrast)
			}
			if got := contrast(th.of(onInk(c)), th.of(ownExactInk(c))); got < leastTextContrast {
				t.Errorf("%s: text on %v: got contrast %.2f, want %v or more", name, c, got,
					leastTextContrast)
			}
		}
	}
	blue := color.NRGBA{R: 0x1F, G: 0x60, B: 0xC4, A: 255}
	if got := light.of(ownInk(blue)); got != 0x1F60C4 {
		t.Errorf("a legible colour: got %06x, want it unchanged: 1f60c4", got)
	}
}

func TestViewWithoutData(t *testing.T) {
	v := &board.View{
		Kind: board.GraphKind, Title: "CPU", Empty: true,
		Failures: []board.Failure{{Ref: "A", Reason: "the server rejects the query", Sent: true}},
	}
	if _, err := ViewPNG(v, ViewOptions{}); err != nil {
		t.Fatalf("ViewPNG: got %v, want no error", err)
	}
	svg, _, err := ViewSVG(v, ViewOptions{})
	if err != nil {
		t.Fatalf("ViewSVG: got %v, want no error", err)
	}
	for _, want := range []string{"CPU", "the server rejects the query"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("ViewSVG: got no %q in\n%s", want, svg)
		}
	}
}

func TestOwnRangeInATitle(t *testing.T) {
	v := &board.View{
		Kind: board.GraphKind, Title: "CPU", Empty: true, Own: board.Window{Range: 24 * time.Hour, Shift: time.Hour},
	}
	for width, want := range map[int]bool{400: true, 100: false} {
		svg, _, err := ViewSVG(v, ViewOptions{Width: width})
		if err != nil {
			t.Fatalf("%d pixels: got %v, want no error", width, err)
		}
		if got := strings.Contains(string(svg), "24 h, until 1 h earlier"); got != want {
			t.Errorf("%d pixels: got the range %t, want %t in\n%s", width, got, want, svg)
		}
	}
}
