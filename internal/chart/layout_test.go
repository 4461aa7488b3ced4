package chart

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/testdata/race"
)

// checkLabels returns an error if text overlaps other text or leaves the picture.
func checkLabels(p *picture) error {
	bounds := box{0, 0, float64(p.width), float64(p.height)}
	for i, l := range p.labels {
		if b := l.box; b.left < bounds.left || b.top < bounds.top || b.right > bounds.right ||
			b.bottom > bounds.bottom {
			return fmt.Errorf("%q at %v leaves the picture %v", l.text, b, bounds)
		}
		for _, other := range p.labels[:i] {
			if l.box.overlaps(other.box) {
				return fmt.Errorf("%q at %v overlaps %q at %v", l.text, l.box, other.text,
					other.box)
			}
		}
	}
	return nil
}

func TestLabelsOfOddPanels(t *testing.T) {
	for name, data := range oddPanels() {
		for _, kind := range append(panel.Kinds(), "", "pie") {
			for _, o := range []Options{
				{}, {Width: 320, Height: 80}, {Width: 800, Height: 600}, {Phone: true},
				{Bare: true}, {Bare: true, Width: 380},
			} {
				pic := compose(as(kind, data), o.bounded())
				if err := checkLabels(pic); err != nil {
					t.Errorf("%s as %s, %+v: got %v, want no text over another or outside", name,
						kind, o, err)
				}
				if _, nothing := o.speech().nothingToDraw(data); o.Phone && nothing == "" &&
					pic.height > phoneHeight {
					t.Errorf("%s as %s: a picture for phones is %d pixels high, want at most %d",
						name, kind, pic.height, phoneHeight)
				}
			}
		}
	}
}

func TestLabelsNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := drawPanel(t)
		o := Options{
			Phone: rapid.Bool().Draw(t, "phone"), Bare: rapid.Bool().Draw(t, "bare"),
			Width:  rapid.IntRange(320, 2000).Draw(t, "width"),
			Height: rapid.IntRange(80, 700).Draw(t, "height"),
			Zone: mustZone(rapid.SampledFrom([]string{
				"UTC", "Asia/Seoul", "America/New_York", "Australia/Lord_Howe",
			}).Draw(t, "zone")),
		}
		if err := checkLabels(compose(data, o.bounded())); err != nil {
			t.Fatal(err)
		}
	})
}

// TestALongHeaderOnAPhone checks that a long header, which depends on how much is drawn, leaves
// room for the plot.
func TestALongHeaderOnAPhone(t *testing.T) {
	race.SkipSerial(t)
	g := gridTo(slotTime, 66, 15*time.Second)
	for series := 1; series <= 25; series++ {
		names, values := make([]string, series), make([][]float64, series)
		for i := range names {
			names[i], values[i] = "ip-10-0-1-12", make([]float64, g.Len)
		}
		for _, kind := range panel.Kinds() {
			for words := range 40 {
				p := panelOf(strings.Repeat("Title ", words), units.None, g, 1+series/2, names,
					values)
				p.Spec.Rules = []rules.Rule{
					{Name: "r", Warning: rules.At(1), Critical: rules.At(1)},
				}
				breach(p, 0, rules.Warning, 1, g.Start)
				p.Data = snapshot.DataPartial
				if err := checkLabels(
					compose(as(kind, p), Options{
						Phone: true, Zone: mustZone("Australia/Lord_Howe"),
					}.bounded())); err != nil {
					t.Errorf("%s of %d series, %d words: %v, want no overlap", kind, series, words,
						err)
				}
			}
		}
	}
}

// drawPanel generates any panel.
func drawPanel(t *rapid.T) *snapshot.Panel {
	n := rapid.IntRange(1, 200).Draw(t, "samples")
	step := rapid.SampledFrom([]time.Duration{
		15 * time.Second, time.Minute, 5 * time.Minute, time.Hour, day,
	}).Draw(t, "step")
	u := rapid.SampledFrom([]units.Unit{
		units.None, units.Bytes, units.PercentUnit, units.Seconds, units.Cores,
	}).Draw(t, "unit")
	end := slotTime.Add(time.Duration(rapid.IntRange(0, 366*24).Draw(t, "hours")) * time.Hour)
	g := gridTo(end, n, step)
	series := rapid.IntRange(1, 25).Draw(t, "series")
	value := rapid.OneOf(rapid.Float64Range(-1, 1), rapid.Float64Range(0, 1e12), rapid.Float64())
	var names []string
	var values [][]float64
	for range series {
		name := rapid.SampledFrom([]string{
			"ip-10-0-1-12", "서울-노드-02", "shop/checkout-7d9c/app", "中\u202e🙂", "i",
		}).Draw(t, "name")
		names = append(names, strings.Repeat(name, rapid.IntRange(1, 12).Draw(t, "times")))
		v := make([]float64, n)
		for i := range v {
			v[i] = math.NaN()
		}
		for range rapid.IntRange(0, 8).Draw(t, "set") {
			v[rapid.IntRange(0, n-1).Draw(t, "at")] = value.Draw(t, "value")
		}
		values = append(values, v)
	}
	p := panelOf(strings.Repeat("Title ", rapid.IntRange(0, 40).Draw(t, "title")), u,
		g, rapid.IntRange(1, 25).Draw(t, "top"), names, values)
	if rapid.Bool().Draw(t, "limits") {
		p.Spec.Rules = []rules.Rule{{
			Name: "r", Direction: rules.Direction(rapid.IntRange(0, 1).Draw(t, "direction")),
			Warning:  rules.At(value.Draw(t, "warning")),
			Critical: rules.At(value.Draw(t, "critical")),
		}}
	}
	if rapid.Bool().Draw(t, "breach") {
		breach(p, 0, rules.Severity(rapid.IntRange(1, 2).Draw(t, "severity")),
			value.Draw(t, "limit"), g.Start)
	}
	p.Spec.Kind = rapid.SampledFrom(panel.Kinds()).Draw(t, "kind")
	for i := range rapid.IntRange(0, panel.MostReferences).Draw(t, "references") {
		p.References = append(p.References, snapshot.ReferenceLine{
			Name: fmt.Sprint("limit ", i), Values: []float64{value.Draw(t, "reference")},
		})
	}
	for i := range p.Lines {
		if rapid.Bool().Draw(t, "forecast") {
			foretell(p, i, value.Draw(t, "limit"), value.Draw(t, "days"), value.Draw(t, "soon"),
				value.Draw(t, "late"))
		}
		if rapid.Bool().Draw(t, "before") {
			p.Lines[i].Before = []float64{value.Draw(t, "value before")}
		}
	}
	if rapid.Bool().Draw(t, "partial") {
		p.Data = snapshot.DataPartial
	}
	return p
}
