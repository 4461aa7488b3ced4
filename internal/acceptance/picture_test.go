//go:build acceptance

package acceptance

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"
	"time"
)

// The zones beyond the limits have the severity's colour, thin over white. The time axis has its
// own colour.
var (
	criticalZone = color.NRGBA{250, 237, 237, 255}
	warningZone  = color.NRGBA{248, 243, 235, 255}
	axisLine     = color.NRGBA{0x9A, 0xA5, 0xB1, 255}
)

// checkPicture reads node-memory.png without knowing its layout. The zones, whose values are known,
// give the places of values and times, and the lines must be there.
func checkPicture(t *testing.T, body []byte) {
	img, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if w := img.Bounds().Dx(); w != 2000 {
		t.Errorf("the picture is %d pixels wide, want 2000", w)
	}
	p, ok := findPlot(img)
	if !ok {
		t.Fatalf("got a plot %+v, want a critical zone above a warning zone above a time axis", p)
	}
	if got := p.valueAt(p.criticalBottom); math.Abs(got-0.90) > 0.004 {
		t.Errorf("the critical zone begins at %.3f, want 0.90", got)
	}

	lines := map[string]color.Color{
		"n1": p.at("23:50", 0.94), "n2": p.at("23:00", 0.82), "n3": p.at("18:30", 0.40),
		"n4": p.at("19:00", 0.60), "n6": p.at("19:00", 0.30),
	}
	for a, ca := range lines {
		if light(ca) {
			t.Errorf("the colour at the value of %s is %v, want that of a line", a, ca)
		}
		for b, cb := range lines {
			if a != b && like(ca, cb) {
				t.Errorf("%s and %s have the colours %v and %v, want different ones", a, b, ca, cb)
			}
		}
	}
	for _, tt := range []struct {
		node, clock string
		value       float64
		drawn       bool
	}{
		{"n1", "18:30", 0.50, true}, {"n1", "23:30", 0.50, true}, {"n1", "23:30", 0.94, false},
		{"n1", "23:50", 0.50, false},
		{"n2", "19:30", 0.82, true}, {"n2", "21:30", 0.82, true},
		{"n3", "22:30", 0.40, true}, {"n3", "20:00", 0.40, false},
		{"n4", "20:20", 0.86, true}, {"n4", "23:30", 0.60, true}, {"n4", "20:20", 0.60, false},
		{"n6", "22:20", 0.30, true}, {"n6", "23:00", 0.30, false},
	} {
		if got := like(p.at(tt.clock, tt.value), lines[tt.node]); got != tt.drawn {
			t.Errorf("%s at %s, %.2f: drawn %v, want %v", tt.node, tt.clock, tt.value, got,
				tt.drawn)
		}
	}
	// Nothing joins the ends of a gap at any height.
	p.checkNone(t, "n3", lines["n3"], "19:15", "20:50")
	p.checkNone(t, "n6", lines["n6"], "22:45", "23:55")
}

// plot is the place of values and times in a picture.
type plot struct {
	image.Image
	left, right             int // the columns of the first and the last sample
	warningBottom, axis     int // the rows of 0.80 and of 0
	criticalBottom, topEdge int // the rows of 0.90 and of the axis' end
}

func findPlot(img image.Image) (plot, bool) {
	critical, warning, axis := rowsOf(img, criticalZone), rowsOf(img, warningZone), rowsOf(img,
		axisLine)
	if len(critical) == 0 || len(warning) == 0 || len(axis) == 0 {
		return plot{}, false
	}
	p := plot{
		Image: img, topEdge: critical[0], criticalBottom: critical[len(critical)-1] + 1,
		warningBottom: warning[len(warning)-1] + 1,
	}
	for _, y := range axis { // the first line below the zones; those of the table follow
		if y > p.warningBottom {
			p.axis = y
			break
		}
	}
	p.left, p.right = img.Bounds().Max.X, 0
	for x := range img.Bounds().Max.X {
		if same(img.At(x, p.topEdge+2), criticalZone) {
			p.left, p.right = min(p.left, x), max(p.right, x)
		}
	}
	return p, p.axis > p.warningBottom && p.warningBottom > p.criticalBottom && p.right > p.left
}

// rowsOf returns the rows of which a fifth or more has the colour. That much of a zone is visible
// even under a limit's dashes.
func rowsOf(img image.Image, c color.Color) []int {
	var rows []int
	for y := range img.Bounds().Max.Y {
		n := 0
		for x := range img.Bounds().Max.X {
			if same(img.At(x, y), c) {
				n++
			}
		}
		if n > img.Bounds().Max.X/5 {
			rows = append(rows, y)
		}
	}
	return rows
}

func (p plot) valueAt(row int) float64 {
	return 0.80 * float64(p.axis-row) / float64(p.axis-p.warningBottom)
}

// column returns the column of a time.
func (p plot) column(t time.Time) int {
	share := t.Sub(fixtureGrid.Start).Seconds() / fixtureGrid.Range().Seconds()
	return p.left + int(math.Round(share*float64(p.right-p.left)))
}

// at returns the darkest colour within two pixels of a value at a time, which is a line's middle.
func (p plot) at(hhmm string, value float64) color.Color {
	x := p.column(clock(hhmm))
	row := p.axis - int(math.Round(value/0.80*float64(p.axis-p.warningBottom)))
	darkest := p.At(x, row)
	for y := row - 2; y <= row+2; y++ {
		if c := p.At(x, y); brightness(c) < brightness(darkest) {
			darkest = c
		}
	}
	return darkest
}

// checkNone checks that a colour is nowhere in the plot between two times.
func (p plot) checkNone(t *testing.T, name string, c color.Color, from, to string) {
	for x := p.column(clock(from)); x <= p.column(clock(to)); x++ {
		for y := p.topEdge; y < p.axis; y++ {
			if like(p.At(x, y), c) {
				t.Errorf(
					"%s: its colour is at (%d, %d), want it nowhere from %s to %s, in a gap",
					name, x, y, from, to)
				return
			}
		}
	}
}

func rgba(c color.Color) color.NRGBA { return color.NRGBAModel.Convert(c).(color.NRGBA) }

// same allows for the rounding of a colour, like for the edge of a line.
func same(a, b color.Color) bool { return distance(a, b) <= 3 }
func like(a, b color.Color) bool { return distance(a, b) < 36 }

func distance(a, b color.Color) float64 {
	p, q := rgba(a), rgba(b)
	far := func(a, b uint8) float64 { return math.Abs(float64(a) - float64(b)) }
	return far(p.R, q.R) + far(p.G, q.G) + far(p.B, q.B)
}

func brightness(c color.Color) int {
	v := rgba(c)
	return int(v.R) + int(v.G) + int(v.B)
}

// light reports whether a colour is that of paper, zones or grid lines, and not of lines.
func light(c color.Color) bool { return brightness(c) > 600 }
