package chart

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// TestConcurrent checks that charts drawn at the same time equal those drawn alone.
func TestConcurrent(t *testing.T) {
	data := nodeMemory(200, time.Minute)
	for i := range data.Lines {
		data.Lines[i].Name = "노드 " + data.Lines[i].Name
	}
	alone, err := PNG(data, Options{Width: 500, Height: 200})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			o := Options{Width: 500, Height: 200}
			if i%2 == 1 {
				// other goroutines use sheets of another size
				o = Options{Scale: 2, Dark: true, Width: 400, Height: 150}
			}
			file, err := PNG(data, o)
			if err != nil {
				t.Error(err)
			} else if i%2 == 0 && !bytes.Equal(file, alone) {
				t.Errorf("a chart drawn at the same time as others has %d bytes, want the %d of "+
					"one alone",
					len(file), len(alone))
			}
		})
	}
	wg.Wait()
}

func TestTextContrast(t *testing.T) {
	for name, th := range map[string]*theme{"light": &light, "dark": &dark} {
		inks := []ink{textInk, mutedInk, warningText, criticalText}
		for i := range seriesColours {
			inks = append(inks, seriesTextInk(i))
		}
		for _, i := range inks {
			if c := contrast(th[i], th[paper]); c < 4.5 {
				t.Errorf("%s: ink %d on paper has a contrast of %.2f, want 4.5 or more", name, i, c)
			}
			// Text in a limit's zone is on translucent paper, through which the zone shines.
			if c := contrast(th[i], mix(mix(th[paper], th[criticalInk], zoneAlpha), th[paper],
				215)); c < 4.4 {
				t.Errorf("%s: ink %d in a zone has a contrast of %.2f, want 4.4 or more", name, i,
					c)
			}
		}
	}
}

// TestTraceKeepsExtremes checks that however dense the samples, the highest and the lowest are on
// the path, at most a device pixel aside, and gaps stay gaps.
func TestTraceKeepsExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4000).Draw(t, "samples")
		values := wander(rapid.Uint64().Draw(t, "seed"), n, 100, 20, 10)
		spike, hole := rapid.IntRange(0, n-1).Draw(t, "spike"), rapid.IntRange(0, n-1).Draw(t,
			"hole")
		values[spike] = 1000
		if hole != spike {
			values[hole] = math.NaN()
		}
		f := frame{box: box{50, 60, 950, 460}, x0: 0, x1: float64(max(n-1, 1)), y0: 0, y1: 1000}
		path := f.trace(nil, values, times{0, 1, n}, 1)
		top := slices.MinFunc(path, func(a, b point) int {
			if !a.drawable() || a.y > b.y {
				return 1
			}
			return -1
		})
		if math.Abs(float64(top.y)-f.top) > 0.01 ||
			math.Abs(float64(top.x)-f.x(float64(spike))) > 1 {
			t.Fatalf("the spike is drawn at %v, want at %v", top, f.x(float64(spike)))
		}
		if hole > 0 && hole < n-1 && hole != spike &&
			!slices.ContainsFunc(path, func(p point) bool { return !p.drawable() }) {
			t.Fatalf("the path is %v, want a gap in it", path)
		}
		if len(path) > 2*n+4 || len(path) > 4*902+4 {
			t.Fatalf("%d points for %d samples, want at most two each and 3612", len(path), n)
		}
	})
}

func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SliceOfN(rapid.Float64Range(0, 400), 0, 29).Draw(t, "places")
		slices.Sort(places)
		out := spread(places, 14, 0, 400)
		if len(out) != len(places) {
			t.Fatalf("got %d places, want %d", len(out), len(places))
		}
		for i, y := range out {
			if y < -1e-9 || y > 400+1e-9 || i > 0 && y-out[i-1] < 14-1e-9 {
				t.Fatalf("got %v, want places from 0 to 400, 14 apart", out)
			}
		}
	})
	if got := spread([]float64{100, 101, 300}, 14, 0, 400); !slices.Equal(got,
		[]float64{93.5, 107.5, 300}) {
		t.Errorf("got %v, want two neighbours moved by the same and the third unmoved", got)
	}
}

// TestEncode checks that a decoded picture equals the encoded one if its colours fit into a
// palette.
func TestEncode(t *testing.T) {
	var e encoder
	for _, colours := range []int{1, 2, 256, 1000, 70_000} {
		b := bitmap{width: 300, bottom: 250, pix: make([]rgb, 300*250)}
		for i := range b.pix {
			b.pix[i] = rgb(uint32(i%colours) * 239)
		}
		var out bytes.Buffer
		if e.begin(allBits); !e.add(&b) {
			if e.begin(someBits); !e.add(&b) {
				t.Fatalf("%d colours reduced to some bits do not fit, want them to", colours)
			}
		}
		if err := e.finish(&out, 300, 250); err != nil {
			t.Fatal(err)
		}
		img := decode(t, out.Bytes())
		worst := 0.0
		for i, want := range b.pix {
			r, g, bl, _ := img.At(i%300, i/300).RGBA()
			for k, got := range []uint32{r, g, bl} {
				worst = max(worst, math.Abs(float64(got>>8)-float64(split3(want)[k])))
			}
		}
		if limit := map[bool]float64{true: 0, false: 64}[colours <= 256]; worst > limit {
			t.Errorf("%d colours: a channel is off by %v, want at most %v", colours, worst, limit)
		}
	}
}

// A picture with more large surfaces than a palette has colours keeps the colour of each.
func TestEncodeManySurfaces(t *testing.T) {
	const width, surfaces = 2400, 300
	b := bitmap{width: width, bottom: 2 * surfaces, pix: make([]rgb, width*2*surfaces)}
	for i := range b.pix {
		b.pix[i] = rgb(i / width / 2 * 55_001)
	}
	var e encoder
	for range 2 { // the memory is used again
		e.begin(allBits)
		if !e.add(&b) {
			t.Fatal("got too many colours, want 300")
		}
		var out bytes.Buffer
		if err := e.finish(&out, width, 2*surfaces); err != nil {
			t.Fatal(err)
		}
		img := pixels(t, out.Bytes())
		for i, want := range b.pix {
			p := img.Pix[4*i : 4*i+3]
			if got := rgb(p[0])<<16 | rgb(p[1])<<8 | rgb(p[2]); got != want {
				t.Fatalf("pixel %d: got %06x, want %06x", i, got, want)
			}
		}
	}
}

func TestFallback(t *testing.T) {
	for _, w := range []weight{regular, medium} {
		latin, err := typefaces[w][0]()
		if err != nil {
			t.Fatal(err)
		}
		hangul, err := typefaces[w][1]()
		if err != nil {
			t.Fatal(err)
		}
		for r, want := range map[rune]*fontFile{
			'a': latin, '0': latin, '…': latin, '–': latin, '가': hangul, '힝': hangul, '힣': nil,
			'🙂': nil,
		} {
			if got := typefaces[w].find(r); got.font != want || got.advance <= 0 {
				t.Errorf("weight %d: %q comes from %v, want %v", w, r, got.font, want)
			}
		}
	}
}

func TestValueAxis(t *testing.T) {
	percent := func(warning, critical float64) limits {
		return limits{lines: []limit{{warning, 1}, {critical, 2}}}
	}
	for _, c := range []struct {
		name      string
		low, high float64
		limits    limits
		unit      units.Unit
		lo, hi    float64
		hidden    int
	}{
		{"a ratio near its limits", 0.3, 0.85, percent(0.8, 0.9), units.PercentUnit, 0, 1, 0},
		{"a ratio far below them", 0.01, 0.1, percent(0.8, 0.9), units.PercentUnit, 0, 0.1, 2},
		{
			"a ratio that is nothing beside them", 0, 2.5e-6, percent(0.01, 0.02),
			units.PercentUnit, 0, 0.001, 2,
		},
		{"a ratio at a quarter", 0.01, 0.25, percent(0.8, 0.9), units.PercentUnit, 0, 1, 0},
		{"a small ratio without limits", 0, 0.1, limits{}, units.PercentUnit, 0, 0.1, 0},
		{"a large one", 0.2, 0.6, limits{}, units.PercentUnit, 0, 1, 0},
		{"above the total", 0.2, 1.3, percent(0.8, 0.9), units.PercentUnit, 0, 1.5, 0},
		{"bytes", 10 * gib, 54 * gib, limits{}, units.Bytes, 0, 64 * gib, 0},
		{"nothing happens", 0, 0, percent(2.5, 5.5), units.Short, 0, 6, 0},
		{"negative", -4, -2, limits{}, units.None, -4, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bounds
			b.add(c.low, c.high)
			a, hidden := valueAxis(b, Options{}.speech().limitGuides(c.limits, c.unit), c.unit, 7)
			if a.Lo != c.lo || a.Hi != c.hi || len(hidden) != c.hidden {
				t.Errorf("the axis goes from %v to %v and hides %d limits; want %v to %v and %d",
					a.Lo, a.Hi, len(hidden), c.lo, c.hi, c.hidden)
			}
		})
	}
}

func FuzzPNG(f *testing.F) {
	for kind := range uint8(len(panel.Kinds()) + 1) { // the last is none
		f.Add(1.0, 2.0, 3.0, 0.8, 0.9, int64(60e9), int64(1.7e9), 3, uint8(0), kind, "node")
		f.Add(math.NaN(), math.Inf(1), math.Inf(-1), math.NaN(), 0.0, int64(0), int64(0),
			0, uint8(5), kind, "")
		f.Add(math.MaxFloat64, -math.MaxFloat64, 5e-324, 1e300, -1e300, int64(math.MaxInt64),
			int64(math.MaxInt64), 11000, uint8(9), kind, "서울\u202e🙂\x00")
		f.Add(0.0, -1e-320, 1e-300, -5.0, -6.0, int64(-1), int64(-1e11), -4, uint8(200), kind,
			"<script>")
	}
	f.Fuzz(func(t *testing.T, a, b, c, warning, critical float64, step, start int64, n int, unit,
		kind uint8, name string) {
		kinds := append(panel.Kinds(), panel.Kind(name))
		n = min(max(n, -10), 12_000)
		values := make([]float64, 0, max(n, 0))
		for i := range max(n, 0) {
			values = append(values, [...]float64{a, b, c, a + float64(i)*b}[i%4])
		}
		g := gridTo(time.Unix(start, 0), n, time.Duration(step))
		g.Start = time.Unix(start, 0)
		p := panelOf(name, units.Unit(unit), g, 2, []string{name}, [][]float64{values})
		p.Spec.Rules = limitRules(warning, critical)
		p.References = []snapshot.ReferenceLine{
			{Name: name, Values: values}, {Name: name, Values: []float64{critical}},
		}
		decode(t, inTime(t, as(kinds[int(kind)%len(kinds)], p), Options{
			Width: 400, Height: 120, Zone: seoul(), Phone: unit%2 == 1,
		}))
	})
}

func ExamplePNG() {
	file, err := PNG(nodeMemory(61, time.Minute), Options{Scale: 2, Zone: time.UTC})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", file[1:4])
	// Output: "PNG"
}
