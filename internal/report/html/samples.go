package html

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

const (
	// sampledLines is the highest number of lines that a chart draws.
	sampledLines = 48
	// resolution is the number of heights between the lowest and the highest sample: more than a
	// plot has pixels.
	resolution = 1000
	// letters are the digits of a sample's level.
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// samples is the data that a chart's crosshair reads, as JSON in the page. Values are texts, so
// that the page shows a value exactly as the report does. A level is a text and a height in the
// plot, and many samples share one. Levels ascend. A line has one level for each sample, each in
// Digits letters. Level 0 means no sample; level n is Texts[n-1] at Heights[n-1].
type samples struct {
	Start      float64   `json:"start"` // time of the first sample, in seconds since 1970
	Step       float64   `json:"step"`  // seconds
	Len        int       `json:"len"`
	Days       []dayView `json:"days"`
	Low        float64   `json:"low"` // the value at height 0, in the panel's unit
	High       float64   `json:"high"`
	Resolution int       `json:"resolution"` // the height of High
	Texts      []string  `json:"texts"`      // "": the text of the previous level
	Heights    []int     `json:"heights"`    // -1: infinite, not in the plot
	Digits     int       `json:"digits"`
	Lines      []string  `json:"lines"`
	More       []more    `json:"more"`    // other curves in the plot
	Between    string    `json:"between"` // the text of a band: "{from} to {to}"
	Rows       bool      `json:"rows"`    // whether each line is a row of cells
}

// more is a reference line, or the series that are not drawn: their sum, or their band from p5 to
// p95.
type more struct {
	Name  string   `json:"name"`
	Lines []string `json:"lines"`
}

// dayView is a run of samples on one day in the report's zone with one offset from UTC, so that the
// clock has no jump in it.
type dayView struct {
	From   int    `json:"from"` // its first sample
	Date   string `json:"date"`
	Zone   string `json:"zone"`
	Offset int    `json:"offset"` // seconds east of UTC
}

// samplesOf returns the samples of p that are drawn over time, or nil if there are none.
func (l layout) samplesOf(p *snapshot.Panel) *samples {
	if p.Grid.Len <= 0 || p.Grid.Step <= 0 || len(p.Lines) == 0 || p.Spec.Kind == panel.Bars ||
		p.Spec.Kind == panel.Stat {
		return nil
	}
	var drawn [][]float64
	for i := range p.Lines[:min(len(p.Lines), sampledLines)] {
		drawn = append(drawn, p.Lines[i].Values)
	}
	besides := l.besides(p)
	for _, b := range besides {
		drawn = append(drawn, b.values...)
	}
	s := &samples{
		Start: float64(p.Grid.Start.UnixMilli()) / 1000, Step: p.Grid.Step.Seconds(),
		Len: p.Grid.Len, Resolution: resolution,
		Days: l.days(p.Grid), Between: fmt.Sprintf(l.words.FromTo, "{from}", "{to}"),
		Rows: p.Spec.Kind == panel.Heatmap,
	}
	level := s.addLevels(drawn, func(v float64) string {
		return l.words.Figure(p.Spec.Unit().Format(v))
	})
	for i := range p.Lines[:min(len(p.Lines), sampledLines)] {
		s.Lines = append(s.Lines, s.line(p.Lines[i].Values, level))
	}
	for _, b := range besides {
		m := more{Name: b.name}
		for _, values := range b.values {
			m.Lines = append(m.Lines, s.line(values, level))
		}
		s.More = append(s.More, m)
	}
	return s
}

// beside is a curve of a chart that is not a series of the panel.
type beside struct {
	name   string
	values [][]float64
}

func (l layout) besides(p *snapshot.Panel) []beside {
	var all []beside
	for _, ref := range p.References {
		all = append(all, beside{ref.Name, [][]float64{ref.Values}})
	}
	if p.Rest == nil || p.Spec.Kind == panel.Heatmap {
		return all
	}
	name := l.words.OtherSeries
	if p.OfNodes() {
		name = l.words.OtherNodes
	}
	if p.Spec.Kind == panel.Area {
		return append(all, beside{name.Of(p.Rest.Series), [][]float64{p.Rest.Sum}})
	}
	return append(all, beside{name.Of(p.Rest.Series), [][]float64{p.Rest.P05, p.Rest.P95}})
}

// addLevels adds the levels of all samples and returns the level of each value.
func (s *samples) addLevels(drawn [][]float64, format func(float64) string) map[float64]int {
	level := map[float64]int{}
	low, high := math.Inf(1), math.Inf(-1)
	for _, values := range drawn {
		for _, v := range values {
			if math.IsNaN(v) {
				continue
			}
			level[v] = 0
			if series.Finite(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if low <= high {
		s.Low, s.High = low, high
	}
	values := make([]float64, 0, len(level))
	for v := range level {
		values = append(values, v)
	}
	slices.Sort(values)
	text, height := "", 0
	for _, v := range values {
		t, h := format(v), s.height(v)
		if t != text || h != height || len(s.Heights) == 0 {
			shown := t
			if t == text {
				shown = ""
			}
			s.Texts, s.Heights = append(s.Texts, shown), append(s.Heights, h)
			text, height = t, h
		}
		level[v] = len(s.Heights)
	}
	s.Digits = 1
	for n := len(letters); n <= len(s.Heights); n *= len(letters) {
		s.Digits++
	}
	return level
}

// height returns the position of v between Low and High.
func (s *samples) height(v float64) int {
	switch {
	case !series.Finite(v):
		return -1
	case s.High == s.Low:
		return 0
	}
	// halves, so that no difference overflows
	return int(math.Round(float64(s.Resolution) * ((v/2 - s.Low/2) / (s.High/2 - s.Low/2))))
}

// line returns the level of each sample. Samples beyond the end of values are missing.
func (s *samples) line(values []float64, level map[float64]int) string {
	var b strings.Builder
	b.Grow(s.Len * s.Digits)
	digits := make([]byte, s.Digits)
	for i := range s.Len {
		n := 0
		if i < len(values) && !math.IsNaN(values[i]) {
			n = level[values[i]]
		}
		for d := s.Digits - 1; d >= 0; d-- {
			digits[d] = letters[n%len(letters)]
			n /= len(letters)
		}
		b.Write(digits)
	}
	return b.String()
}

// days splits a grid where the date or the offset from UTC changes.
func (l layout) days(g series.Grid) []dayView {
	var days []dayView
	var last time.Time
	for i := range g.Len {
		t := g.At(i).In(l.Info.Zone)
		_, offset := t.Zone()
		if i > 0 && t.YearDay() == last.YearDay() && t.Year() == last.Year() &&
			offset == days[len(days)-1].Offset {
			continue
		}
		last = t
		days = append(days, dayView{i, l.words.Date(t), words.Zone(t), offset})
	}
	return days
}
