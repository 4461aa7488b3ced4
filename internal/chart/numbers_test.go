package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/testdata/race"
)

// The grammar of what we write: https://www.w3.org/TR/SVG2/paths.html#PathDataBNF, without
// exponents and without a minus zero. Only l is left out where it is repeated.
var (
	svgNumber = regexp.MustCompile(`^-?(\d+(\.\d+)?|\.\d+)$`)
	svgToken  = regexp.MustCompile(`[A-Za-z]|-?(\d+(\.\d+)?|\.\d+)`)
	svgTakes  = map[string]int{"M": 2, "L": 2, "l": 2, "h": 1, "v": 1, "z": 0}
)

func badNumber(text string) bool {
	return !svgNumber.MatchString(text) || strings.HasPrefix(text, "-") && strings.Trim(text,
		"-0.") == ""
}

// badPath returns what is wrong with the data of a path, or "".
func badPath(d string) string {
	if rest := strings.Trim(svgToken.ReplaceAllString(d, ""), " "); rest != "" {
		return "holds " + rest
	}
	wants, repeats := 0, false
	for i, token := range svgToken.FindAllString(d, -1) {
		takes, isCommand := svgTakes[token]
		switch {
		case isCommand && wants > 0:
			return "lacks a number before " + token
		case isCommand:
			wants, repeats = takes, token == "l"
			continue
		case wants == 0 && repeats:
			wants = svgTakes["l"]
		}
		switch {
		case i == 0 || wants == 0 || badNumber(token):
			return "holds the number " + token
		default:
			wants--
		}
	}
	if wants > 0 {
		return "ends within a step"
	}
	return ""
}

// checkNumbers checks every number of a document. A browser that cannot read one omits the rest of
// the path.
func checkNumbers(t *testing.T, name string, doc []byte) {
	t.Helper()
	lists := map[string]bool{
		"x": true, "y": true, "cx": true, "cy": true, "r": true, "width": true, "height": true,
		"viewBox": true, "data-plot": true,
		"font-size": true, "textLength": true, "stroke-width": true, "stroke-dasharray": true,
		"fill-opacity": true, "stroke-opacity": true,
	}
	words := map[string]bool{
		"xmlns": true, "class": true, "aria-hidden": true, "role": true, "aria-label": true,
		"font-family": true, "font-weight": true,
		"text-anchor": true, "lengthAdjust": true, "fill": true, "stroke": true,
		"stroke-linejoin": true, "stroke-linecap": true,
	}
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range e.Attr {
			switch {
			case a.Name.Local == "d":
				if bad := badPath(a.Value); bad != "" {
					t.Errorf("%s: a path %s, want one that browsers read: %.200s", name, bad,
						a.Value)
				}
			case lists[a.Name.Local]:
				for n := range strings.FieldsSeq(a.Value) {
					if badNumber(n) {
						t.Errorf("%s: got %s=%q, want a finite plain number", name, a.Name.Local,
							a.Value)
					}
				}
			case !words[a.Name.Local]:
				t.Errorf("%s: got an unknown attribute %s, want one that is listed in this test",
					name, a.Name.Local)
			}
		}
	}
}

func TestNumbersOfEveryKind(t *testing.T) {
	race.SkipSerial(t)
	panels := oddPanels()
	for name, p := range map[string]*snapshot.Panel{
		"memory": nodeMemory(30, time.Minute), "fleet": fleetCPU(30, 30), "states": states(),
		"traffic": traffic(),
	} {
		panels[name] = p
	}
	for name, p := range panels {
		for _, kind := range panel.Kinds() {
			for _, o := range []Options{
				{Width: 700}, {Width: 1176, Height: 320, Bare: true},
				{Width: 380, Height: 220, Bare: true}, {Phone: true},
			} {
				doc, err := SVG(as(kind, p), o)
				if err != nil {
					t.Errorf("%s as %s: %v, want no error", name, kind, err)
					continue
				}
				checkNumbers(t, name+" as "+string(kind), doc)
			}
		}
	}
}

func TestNumbersOfSparklines(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, values := range [][]float64{
		nil, {nan}, {0, 0}, {math.Copysign(0, -1), 0}, {inf, -inf, 1}, {1e300, -1e300, 5},
		{1e-310, 0}, {1, nan, 2}, {math.MaxFloat64, -math.MaxFloat64},
	} {
		doc, err := SparkSVG(values, rules.None, 96, 22)
		if err != nil {
			t.Errorf("%v: %v, want no error", values, err)
			continue
		}
		checkNumbers(t, "sparkline", doc)
	}
}

// TestNumbersOfShapes draws every shape of a surface where a length is zero, negative, or rounds to
// zero.
func TestNumbersOfShapes(t *testing.T) {
	places := []float64{
		0, math.Copysign(0, -1), -0.001, 0.004, 3, 6, 12.3, -7.25, 1e7, math.NaN(), math.Inf(1),
	}
	for _, x := range places {
		for _, w := range places {
			if math.Abs(w) > 1000 { // millions of hatching lines test nothing more
				continue
			}
			b := box{x, -x, x + w, w - x}
			v := &vector{picture: &picture{width: 100, height: 100}}
			v.Rect(b, solid(textInk))
			if math.Abs(x) < 1e6 {
				v.Hatch(b, solid(hatchInk))
			}
			at := []point{
				{float32(x), float32(w)}, {float32(x + w), float32(w)}, {float32(x), float32(-x)},
			}
			v.Line(at, w, []float64{w, x}, paint{textInk, 3})
			v.Area(at, []point{{0, 0}, {float32(w), 0}, {1, 1}}, solid(textInk))
			v.Dot(at[0], w, solid(textInk))
			v.Text("x", 0, 0)
			var doc bytes.Buffer
			if err := v.Save(&doc); err != nil {
				t.Fatal(err)
			}
			checkNumbers(t, "shapes", doc.Bytes())
		}
	}
}
