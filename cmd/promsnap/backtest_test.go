package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/backtest/backtesttest"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/words"
)

func toldBacktests(l words.Language) tuning.Told {
	return tuning.Tell(tuning.Info{Report: "check", Language: l}, []backtest.Result{
		backtesttest.Memory(), backtesttest.Disk(), backtesttest.Calm(), backtesttest.Short(),
		backtesttest.Hopeless(),
	})
}

func TestTellBacktests(t *testing.T) {
	rules := tuning.Tell(tuning.Info{Files: []string{"rules/node.yml"}}, backtesttest.Rules())
	english, korean := toldBacktests(words.English), toldBacktests(words.Korean)
	for _, c := range []struct {
		name  string
		told  tuning.Told
		width int // of the terminal; 0: it is a pipe
		color bool
	}{
		{"pipe", english, 0, false}, {"80", english, 80, false}, {"color", english, 160, true},
		{"40", english, 40, false}, {"korean", korean, 80, false},
		{"rules-pipe", rules, 0, false}, {"rules-color", rules, 120, true},
		{"rules-60", rules, 60, false},
	} {
		var out bytes.Buffer
		s := screenOf(&out)
		if c.width > 0 {
			s = terminalOf(&out, c.width)
			s.color = c.color
		}
		if err := tell(s, c.told); err != nil {
			t.Fatal(err)
		}
		compareGolden(t, "backtest-"+c.name, out.Bytes())
		if c.width == 0 || c.color {
			continue
		}
		for line := range strings.Lines(out.String()) {
			// lines to paste stay whole
			line = strings.TrimRight(line, "\n")
			if outside.Columns(line) > c.width && !strings.HasPrefix(line, "      ") {
				t.Errorf("%s: got a line of %d columns, want at most %d: %s", c.name,
					outside.Columns(line), c.width, line)
			}
		}
	}
}

// The table of levels fits a terminal of 80 columns.
func TestTableOfLevelsFits(t *testing.T) {
	var out bytes.Buffer
	if err := tell(terminalOf(&out, 80), toldBacktests(words.English)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "LEVEL  FOR") {
		t.Errorf("got\n%s\nwant a table and not a list", out.String())
	}
}

func TestChunks(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	p := newChunks(terminalOf(&out, 80), func() time.Time { return now })
	step := app.BacktestStep{Panel: "node-memory", Rule: "NodeMemoryHigh", Index: 1, Of: 4}
	step.Done, step.All = 10*time.Hour, 40*time.Hour
	p.step(step)
	now = now.Add(50 * time.Second)
	step.Done = 20 * time.Hour
	p.step(step)
	p.end()
	want := "\r\x1b[K2 of 4: NodeMemoryHigh of node-memory, 25 % read" +
		"\r\x1b[K2 of 4: NodeMemoryHigh of node-memory, 50 % read, about 1 min 23 s left\r\x1b[K"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	step.All = 0
	if got := shareOf(step); got != 0.25 {
		t.Errorf("without a known length: got a share of %v, want 0.25", got)
	}
}

func TestBacktestOptions(t *testing.T) {
	good := backtestFlags{since: "30d", pages: 2, output: "text", timeout: time.Minute}
	for _, c := range []struct {
		change func(*backtestFlags)
		args   []string
		want   string // of the error
	}{
		{func(*backtestFlags) {}, []string{"check"}, ""},
		{func(f *backtestFlags) { f.levels = []string{"80%"} }, []string{"check", "a/B"}, ""},
		{func(f *backtestFlags) { f.since = "6d" }, nil, "too short; use 7d or more"},
		{func(f *backtestFlags) { f.since = "2y" }, nil, "too long; use 365d or less"},
		{func(f *backtestFlags) { f.since = "a week" }, nil, "is not a duration"},
		{func(f *backtestFlags) { f.pages = 0 }, nil, "use more than 0"},
		{func(f *backtestFlags) { f.output = "yaml" }, nil, "use text, json or html"},
		{func(f *backtestFlags) { f.holds = []string{"0s"} }, nil, "write it like 15m,1h"},
		{func(f *backtestFlags) { f.severity = "page" }, nil, "use warning or critical"},
		{func(f *backtestFlags) { f.levels = []string{"80%"} }, []string{"check"}, "needs a PANEL"},
		{func(f *backtestFlags) { f.levels = make([]string, 25) }, nil,
			"has 25 levels; give at most 24"},
		{
			func(f *backtestFlags) { f.holds = make([]string, 7) }, nil,
			"7 durations; give at most 6",
		},
		{func(f *backtestFlags) { f.timeout = 0 }, nil, "is too short; use at least 1s"},
	} {
		f := good
		c.change(&f)
		o, err := f.options(c.args)
		if got := errorText(err); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%+v: got error %q, want %q", f, got, c.want)
		}
		if len(c.args) > 1 && (o.Panel != "a" || o.Rule != "B") {
			t.Errorf("got the panel %q and the rule %q, want a and B", o.Panel, o.Rule)
		}
	}
}

// What is asked for and cannot be is wrong usage.
func TestBacktestUsage(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&backtest.RangeError{}, true}, {&backtest.StepError{}, true},
		{&backtest.LevelError{}, true},
		{&backtest.ShortError{}, false},
	} {
		if got := isUsage(c.err); got != c.want {
			t.Errorf("%T: got wrong usage %v, want %v", c.err, got, c.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
