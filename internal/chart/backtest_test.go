package chart

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/backtest/backtesttest"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/race"
)

func TestBacktestGolden(t *testing.T) {
	race.SkipSerial(t)
	for _, c := range []struct {
		name string
		r    backtest.Result
		o    Options
	}{
		{"backtest", backtesttest.Memory(), Options{Scale: 2, Height: 300}},
		{"backtest-dark", backtesttest.Memory(), Options{Dark: true, Height: 300}},
		{
			"backtest-korean", backtesttest.Memory(), Options{
				Language: words.Korean, Zone: seoul(), Height: 300,
			},
		},
		{"backtest-narrow", backtesttest.Memory(), Options{Width: 380, Height: 240, Bare: true}},
		{"backtest-wall", backtesttest.Disk(), Options{Height: 300}},
		{"backtest-hopeless", backtesttest.Hopeless(), Options{Height: 300}},
		{"backtest-below", backtesttest.Calm(), Options{Height: 300}},
	} {
		t.Run(c.name, func(t *testing.T) {
			levels, err := LevelsPNG(&c.r, c.o)
			if err != nil {
				t.Fatal(err)
			}
			comparePicture(t, filepath.Join("testdata", c.name+"-levels.png"), levels)
			days, err := DaysPNG(&c.r, c.o)
			if err != nil {
				t.Fatal(err)
			}
			comparePicture(t, filepath.Join("testdata", c.name+"-days.png"), days)
		})
	}
}

// A back-test without data, or with hostile words, is drawn too.
func TestBacktestOdd(t *testing.T) {
	one := backtesttest.Short()
	for name, r := range map[string]backtest.Result{
		"empty": {}, "one": one, "hostile": backtesttest.Hostile(`<script>"&'` + "\u202e\n"),
		"indexes": {Now: 7, Proposed: -9, From: one.From, To: one.To},
	} {
		for _, draw := range []func(*backtest.Result, Options) ([]byte, error){LevelsSVG, DaysSVG} {
			doc, err := draw(&r, Options{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			wellFormed(t, doc)
		}
		for _, draw := range []func(*backtest.Result, Options) ([]byte, error){LevelsPNG, DaysPNG} {
			file, err := draw(&r, Options{Width: 320})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			decode(t, file)
		}
	}
}

// Words are written where no line is, if they have such a place.
func TestWordsAvoidLines(t *testing.T) {
	p := newPicture(Options{}.bounded())
	p.plot.IsSet, p.plot.Left, p.plot.Right, p.plot.Top, p.plot.Bottom = true, 0, 500, 0, 300
	c := &levelsChart{picture: p, drawn: [][]point{{{0, 100}, {400, 100}, {400, 280}}}}
	on := label{box: box{10, 90, 60, 110}}
	beside := label{box: box{10, 120, 60, 140}}
	taken := label{box: box{10, 150, 60, 170}}
	c.taken = append(c.taken, taken.box)
	for _, tt := range []struct {
		places []label
		want   []box
	}{
		{[]label{taken, on, beside}, []box{beside.box}},
		{[]label{taken, on}, []box{on.box}},
		{[]label{taken}, nil},
	} {
		c.labels, c.taken = nil, c.taken[:1]
		c.writeOneOf(tt.places)
		var got []box
		for _, l := range c.labels {
			got = append(got, l.box)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("got words at %v, want them at %v", got, tt.want)
		}
	}
}
