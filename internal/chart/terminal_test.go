package chart

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// weekBefore returns a panel with a limit and with the lines of a week before.
func weekBefore() *snapshot.Panel {
	g := gridTo(slotTime, 361, time.Minute)
	now, before := make([]float64, g.Len), make([]float64, g.Len)
	for i := range now {
		x := float64(i) / 60
		now[i], before[i] = 0.55+0.3*math.Sin(x), 0.45+0.2*math.Sin(x+0.4)
		if i > 140 && i < 170 {
			now[i] = math.NaN()
		}
	}
	p := panelOf("memory in use", units.PercentUnit, g, 8, []string{"node-1"}, [][]float64{now})
	p.Lines[0].Before, p.Spec.Compare = before, 7*24*time.Hour
	p.Spec.Rules = []rules.Rule{{
		Name: "limit", Warning: rules.At(0.8),
	}}
	return p
}

// TestTerminalGolden draws charts for terminals of several widths. Look at each change: cat the
// file in a terminal.
func TestTerminalGolden(t *testing.T) {
	twelve := fleetCPU(200, 721)
	for _, c := range []struct {
		name string
		data *snapshot.Panel
		o    TerminalOptions
	}{
		{"node-memory", nodeMemory(721, 2*time.Minute), TerminalOptions{Zone: seoul()}},
		{"fleet", twelve, TerminalOptions{}},
		{"week-before", weekBefore(), TerminalOptions{}},
		{"korean", korean(), TerminalOptions{Zone: seoul(), Language: words.Korean}},
		{"one-sample", panelOf("one", units.Bytes, gridTo(slotTime, 1, time.Minute), 8,
			[]string{"a", "b"}, [][]float64{{gib}, {2 * gib}}), TerminalOptions{}},
		{"failed", oddPanels()["failed"], TerminalOptions{}},
		{"absent", oddPanels()["absent"], TerminalOptions{}},
	} {
		for _, width := range []int{20, 60, 80, 200} {
			for _, look := range []struct {
				name string
				set  func(*TerminalOptions)
			}{
				{"plain", func(*TerminalOptions) {}},
				{"ascii", func(o *TerminalOptions) { o.ASCII = true }},
				{"256", func(o *TerminalOptions) { o.Colours, o.Dark = Colours256, true }},
				{"16", func(o *TerminalOptions) { o.Colours = Colours16 }},
			} {
				if look.name != "plain" && (width != 80 || c.name != "node-memory") &&
					(width != 60 || c.name != "week-before") {
					continue
				}
				name := fmt.Sprintf("%s-%d-%s", c.name, width, look.name)
				t.Run(name, func(t *testing.T) {
					o := c.o
					o.Width = width
					look.set(&o)
					got := Terminal(c.data, o)
					checkTerminal(t, got, o)
					compareText(t, filepath.Join("testdata", "terminal", name+".txt"), got)
				})
			}
		}
	}
}

// compareText compares a text with a file, or writes the file with -update.
func compareText(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\n(-update rewrites it)", file, got, want)
	}
}

var colourSequence = regexp.MustCompile("\x1b\\[[0-9;]*m")

// checkTerminal checks what Terminal promises for any panel.
func checkTerminal(t interface {
	Helper()
	Fatalf(string, ...any)
}, got string, o TerminalOptions) {
	t.Helper()
	o = o.bounded()
	text := got
	if o.Colours != Colourless {
		text = colourSequence.ReplaceAllString(got, "")
	}
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) ||
			o.ASCII && r > '~' {
			t.Fatalf("the character %U in %q, want none of its kind", r, got)
		}
	}
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		if n := outside.Columns(line); n > o.Width {
			t.Fatalf("%d columns in %q, want at most %d", n, line, o.Width)
		}
	}
	if most := o.Height + 80; len(lines) > most {
		t.Fatalf("got %d lines, want at most %d", len(lines), most)
	}
}

// FuzzTerminal checks that any names, values and sizes give lines that fit and are harmless.
func FuzzTerminal(f *testing.F) {
	for i, w := range hostile.Words() {
		f.Add(w.Text, w.Text, 80, 12, 3, uint8(i), 1.0, 2.0, math.NaN())
	}
	f.Add("", "노드\x1b[31m", 20, 4, 60, uint8(7), math.Inf(1), -1e308, 1e308)
	f.Fuzz(func(t *testing.T, title, name string, width, height, series int, flags uint8,
		a, b, c float64) {
		names, samples := []string{}, [][]float64{}
		for i := range min(max(series, 0), 60) {
			names = append(names, outside.Line(outside.Middle(name, 200)))
			samples = append(samples, []float64{a + float64(i), b, c, a})
		}
		unit := []units.Unit{units.Bytes, units.PercentUnit, units.None, units.Seconds}[flags&3]
		p := panelOf(title, unit, gridTo(slotTime, 4, time.Minute), 60, names, samples)
		p.Spec.Rules = []rules.Rule{{Name: name, Warning: rules.At(b), Critical: rules.At(c)}}
		if len(p.Lines) > 0 {
			p.Lines[0].Before = []float64{c, b, a, b}
		}
		o := TerminalOptions{
			Width: width, Height: height, Zone: seoul(), Colours: Depth(flags >> 2 & 3 % 3),
			Dark: flags&16 != 0, ASCII: flags&32 != 0,
		}
		checkTerminal(t, Terminal(p, o), o)
	})
}

// TestTerminalShowsWhereValuesAre checks that the dots of a rising line rise.
func TestTerminalShowsWhereValuesAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 200).Draw(t, "samples")
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(i)
		}
		p := panelOf("rising", units.None, gridTo(slotTime, n, time.Minute), 1, []string{"a"},
			[][]float64{values})
		o := TerminalOptions{Width: rapid.IntRange(20, 200).Draw(t, "width"), ASCII: true}
		last := -1
		for _, line := range strings.Split(Terminal(p, o), "\n") {
			at := strings.LastIndex(line, "*")
			if !strings.Contains(line, "|") || at < 0 {
				continue
			}
			if last >= 0 && at > last {
				t.Fatalf("the line reaches column %d below column %d, want it to fall to the left:"+
					"\n%s", at, last, Terminal(p, o))
			}
			last = at
		}
		if last < 0 {
			t.Fatalf("got no line in\n%s", Terminal(p, o))
		}
	})
}
