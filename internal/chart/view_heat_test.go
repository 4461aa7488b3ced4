package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/race"
)

// colours reads colours such as ff9830.
func colours(hex ...uint32) []color.NRGBA {
	var out []color.NRGBA
	for _, h := range hex {
		out = append(out, color.NRGBA{R: uint8(h >> 16), G: uint8(h >> 8), B: uint8(h), A: 255})
	}
	return out
}

// latency is a heatmap of the latency of requests: most take 10 to 50 ms, and a few of them became
// slow for some time.
func latency(n int) *board.View {
	h := &board.Heat{
		Grid:   gridTo(slotTime, n, day/time.Duration(n)),
		Colors: colours(0xfff5eb, 0xfdd0a2, 0xfd8d3c, 0xd94801, 0x7f2704),
		Format: value.New("short", slotTime), Low: 1, High: 1,
	}
	h.Dark = slices.Clone(h.Colors)
	slices.Reverse(h.Dark)
	uppers := []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, math.Inf(1)}
	for i, u := range uppers {
		b := board.HeatBucket{
			Name: value.New("s", slotTime).Format(u, nil).String(), Upper: u,
			Values: make([]float64, n),
		}
		if math.IsInf(u, 1) {
			b.Name = "+Inf"
		}
		for k := range b.Values {
			at := float64(k) / float64(n)
			middle := 2.6 + math.Sin(float64(at*12))
			if at > 0.6 && at < 0.7 {
				middle += 4
			}
			away := float64(i) - middle
			b.Values[k] = math.Floor(180 * math.Exp(-float64(away*away)/3))
			if at > 0.4 && at < 0.43 {
				b.Values[k] = math.NaN()
			}
			if b.Values[k] > h.High {
				h.High = b.Values[k]
			}
		}
		h.Buckets = append(h.Buckets, b)
	}
	return &board.View{Kind: board.HeatKind, Title: "Latency of requests", Heat: h}
}

// durations is a histogram of two series.
func durations() *board.View {
	h := &board.Histogram{Series: []board.BarSeries{
		{Name: "checkout", Color: green}, {Name: "search", Color: blue},
	}}
	for i := range 24 {
		b := board.HistogramBucket{From: float64(i) * 50, To: float64(i+1) * 50}
		b.Name = fmt.Sprintf("%g ms – %g ms", b.From, b.To)
		for _, middle := range []float64{7, 13} {
			away := float64(i) - middle
			b.Counts = append(b.Counts, math.Floor(1800*math.Exp(-float64(away*away)/16)))
			h.High = max(h.High, b.Counts[len(b.Counts)-1])
		}
		h.Buckets = append(h.Buckets, b)
	}
	return &board.View{Kind: board.HistogramKind, Title: "Durations", Histogram: h}
}

// health is a timeline of the states of some services.
func health(cells bool) *board.View {
	s := &board.States{From: slotTime.Add(-day), To: slotTime, Cells: cells, ShowText: true}
	s.Legend = []board.State{
		{Text: "Healthy", Color: green}, {Text: "Degraded", Color: orange},
		{Text: "Down", Color: red},
	}
	for i, name := range []string{"api", "checkout", "payments-staging", "결제", "search"} {
		row := board.StateRow{Name: name}
		every := day / 24
		for k := range 24 {
			state := s.Legend[0]
			switch {
			case i == 2 && k > 10 && k < 15:
				state = s.Legend[2]
			case (k+i*5)%11 == 3:
				state = s.Legend[1]
			case i == 3 && k > 18:
				continue
			}
			from := s.From.Add(time.Duration(k) * every)
			last := len(row.Runs) - 1
			if last >= 0 && !cells && row.Runs[last].State == state && row.Runs[last].To.Equal(from) {
				row.Runs[last].To = from.Add(every)
				continue
			}
			row.Runs = append(row.Runs, board.Run{From: from, To: from.Add(every), State: state})
		}
		s.Rows = append(s.Rows, row)
	}
	return &board.View{Kind: board.StatesKind, Title: "Health of services", States: s}
}

func TestGoldenHeatAndStates(t *testing.T) {
	race.SkipSerial(t)
	for name, c := range map[string]struct {
		view *board.View
		o    ViewOptions
	}{
		"view-heat":       {latency(144), ViewOptions{Width: 584, Height: 296, Scale: 2}},
		"view-heat-dark":  {latency(400), ViewOptions{Width: 360, Height: 200, Dark: true}},
		"view-heat-small": {latency(30), ViewOptions{Width: 140, Height: 144}},
		"view-histogram":  {durations(), ViewOptions{Width: 584, Height: 296}},
		"view-states":     {health(false), ViewOptions{Width: 584, Height: 220, Scale: 2}},
		"view-states-dark": {
			health(false), ViewOptions{Width: 360, Height: 200, Dark: true},
		},
		"view-history": {health(true), ViewOptions{Width: 584, Height: 220}},
	} {
		c.o.Zone = seoul()
		got, err := ViewPNG(c.view, c.o)
		if err != nil {
			t.Fatal(err)
		}
		comparePicture(t, filepath.Join("testdata", name+".png"), got)
	}
}

func TestHeatAndStatesSayWhatTheyShow(t *testing.T) {
	for _, c := range []struct {
		view *board.View
		want []string
	}{
		{latency(100), []string{"+Inf", "10 ms", ">1<", ">179<", ">12:00<", "--chart-pair-"}},
		{durations(), []string{"checkout", "search", "750 ms", "1 K", ">500<"}},
		{health(false), []string{"payments-staging", "Degraded", "결제", ">06:00<"}},
	} {
		svg, _, err := ViewSVG(c.view, ViewOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(string(svg), want) {
				t.Errorf("%s: got no %q in\n%.3000s", c.view.Title, want, svg)
			}
		}
	}
}

// An outage that is much shorter than a pixel is seen.
func TestShortStateIsDrawn(t *testing.T) {
	s := &board.States{From: slotTime.Add(-day), To: slotTime}
	at := slotTime.Add(-7 * time.Hour)
	up, down := board.State{Text: "up", Color: green}, board.State{Text: "down", Color: red}
	s.Rows = []board.StateRow{{Name: "api", Runs: []board.Run{
		{From: s.From, To: at, State: up}, {From: at, To: at.Add(time.Second), State: down},
		{From: at.Add(time.Second), To: s.To, State: up},
	}}}
	v := &board.View{Kind: board.StatesKind, States: s}
	file, err := ViewPNG(v, ViewOptions{Width: 300, Height: 80})
	if err != nil {
		t.Fatal(err)
	}
	img := pixels(t, file)
	for i := 0; i < len(img.Pix); i += 4 {
		if bytes.Equal(img.Pix[i:i+3], []byte{red.R, red.G, red.B}) {
			return
		}
	}
	t.Error("got no red pixel, want the outage of a second in a day")
}

func (m made) heat() *board.Heat {
	h := &board.Heat{
		Grid: series.Grid{
			Start: slotTime, Step: time.Duration(m.IntN(100)) * time.Minute,
			Len: []int{0, 1, 3, 200, 5000}[m.IntN(5)],
		},
		Format: value.New(m.of("short", "s", "bytes", "none"), slotTime),
		Low:    m.number(), High: m.number(),
	}
	for range m.IntN(5) {
		h.Colors, h.Dark = append(h.Colors, m.color()), append(h.Dark, m.color())
	}
	for range []int{1, 2, 12, 300}[m.IntN(4)] {
		b := board.HeatBucket{Name: m.name(), Upper: m.number()}
		for range min(h.Grid.Len, m.IntN(6000)) {
			b.Values = append(b.Values, m.number())
		}
		h.Buckets = append(h.Buckets, b)
	}
	return h
}

func (m made) histogram() *board.Histogram {
	h := &board.Histogram{High: m.number()}
	for range []int{0, 1, 2, 50}[m.IntN(4)] {
		h.Series = append(h.Series, board.BarSeries{Name: m.name(), Color: m.color()})
	}
	for range []int{1, 2, 20, 500}[m.IntN(4)] {
		b := board.HistogramBucket{Name: m.name() + " – " + m.name()}
		for range m.IntN(len(h.Series) + 1) {
			b.Counts = append(b.Counts, m.number())
		}
		h.Buckets = append(h.Buckets, b)
	}
	return h
}

func (m made) states() *board.States {
	s := &board.States{
		From: slotTime, To: slotTime.Add(time.Duration(m.IntN(100)) * time.Hour),
		Cells: m.IntN(2) == 0, ShowText: m.IntN(2) == 0, Hidden: m.IntN(3) == 0,
	}
	state := func() board.State { return board.State{Text: m.name(), Color: m.color()} }
	for range m.IntN(31) {
		s.Legend = append(s.Legend, state())
	}
	for range []int{1, 2, 20, 200}[m.IntN(4)] {
		row := board.StateRow{Name: m.name()}
		at := s.From.Add(-time.Duration(m.IntN(10)) * time.Hour)
		for range []int{1, 3, 100, 2000}[m.IntN(4)] {
			to := at.Add(time.Duration(m.IntN(3600*10)) * time.Second)
			row.Runs = append(row.Runs, board.Run{From: at, To: to, State: state()})
			at = to.Add(time.Duration(m.IntN(2)*m.IntN(9)) * time.Minute)
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func TestHeatAndStatesStayInTheirBox(t *testing.T) {
	checkRandom(t, 200, func(m made) *board.View {
		return &board.View{Kind: board.HeatKind, Title: m.name(), Heat: m.heat()}
	})
	checkRandom(t, 400, func(m made) *board.View {
		return &board.View{Kind: board.HistogramKind, Title: m.name(), Histogram: m.histogram()}
	})
	checkRandom(t, 300, func(m made) *board.View {
		return &board.View{Kind: board.StatesKind, Title: m.name(), States: m.states()}
	})
}
