package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/promsnap/promsnap/internal/chart"
)

// screen is an output of the process. What is written to it comes from outside, so its control
// characters are escaped. Only the screen itself writes colours and moves the cursor.
type screen struct {
	plain
	width    int  // of the terminal, in columns
	height   int  // of the terminal, in lines; 0 if it is unknown or no terminal
	terminal bool // whether a person reads it as it is written
	rewrites bool // whether a line of it can be written again
	shown    bool // whether there is such a line now
	color    bool
	charts   chart.TerminalOptions // how charts are drawn; their colours only if color is set
}

// defaultWidth is the width of an output that is no terminal.
const defaultWidth = 80

// newScreen returns the screen of an output of the process.
func newScreen(f *os.File, getenv func(string) string) *screen {
	s := &screen{plain: plain{f}, width: defaultWidth, charts: chartsOn(getenv)}
	if !term.IsTerminal(int(f.Fd())) {
		return s
	}
	if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		s.width, s.height = w, h
	}
	if w, err := strconv.Atoi(getenv("COLUMNS")); err == nil && w > 0 && w <= widest {
		s.width = w
	}
	s.terminal, s.rewrites = true, knowsEscapes(getenv)
	s.color = s.rewrites && getenv("NO_COLOR") == ""
	return s
}

// widest is the greatest width that $COLUMNS may set.
const widest = 10_000

// chartsOn returns how charts are drawn on the terminal that the environment describes: in ASCII
// unless the locale says UTF-8, and for a dark background unless $COLORFGBG says another one.
func chartsOn(getenv func(string) string) chart.TerminalOptions {
	o := chart.TerminalOptions{Colours: chart.Colours16, Dark: true}
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	o.ASCII = getenv("WT_SESSION") == "" && (getenv("TERM") == "dumb" ||
		!strings.Contains(strings.ReplaceAll(locale, "-", ""), "utf8"))
	if strings.Contains(getenv("TERM"), "256color") || getenv("COLORTERM") != "" ||
		getenv("WT_SESSION") != "" {
		o.Colours = chart.Colours256
	}
	of := getenv("COLORFGBG") // the numbers of two colours, as in 0;15 for black on white
	switch of[strings.LastIndexByte(of, ';')+1:] {
	case "7", "15":
		o.Dark = false
	}
	return o
}

// chart returns how a chart is drawn on the screen.
func (s *screen) chart() chart.TerminalOptions {
	o := s.charts
	o.Width = s.width
	if !s.color {
		o.Colours = chart.Colourless
	}
	return o
}

// knowsEscapes reports whether the terminal obeys escape sequences. Windows sets no TERM.
func knowsEscapes(getenv func(string) string) bool {
	name := getenv("TERM")
	return name != "" && name != "dumb" || getenv("WT_SESSION") != ""
}

// style is how a text looks, as the number of an escape sequence.
type style string

// The styles.
const (
	normal  style = ""
	bold    style = "1"
	red     style = "31"
	green   style = "32"
	yellow  style = "33"
	magenta style = "35"
	gray    style = "90"
)

// paint writes a text in a style.
func (s *screen) paint(look style, text string) {
	if !s.color || look == normal {
		fmt.Fprint(s, text)
		return
	}
	fmt.Fprintf(s.to, "\x1b[%sm", look)
	fmt.Fprint(s, text)
	fmt.Fprint(s.to, "\x1b[0m")
}

// say writes a paragraph that begins with a text in a style. On a terminal it breaks the lines
// between words, and indents all but the first.
func (s *screen) say(look style, begin, rest string, indent int) {
	text := begin + rest
	if s.terminal {
		text = wrap(text, s.width, indent)
	}
	if !strings.HasPrefix(text, begin) { // it is broken itself
		begin = ""
	}
	s.paint(look, begin)
	fmt.Fprintln(s, text[len(begin):])
}

// status writes a line over the one before it. "" removes the line. It writes nothing if that is
// impossible.
func (s *screen) status(text string) {
	if !s.rewrites || text == "" && !s.shown {
		return
	}
	fmt.Fprint(s.to, "\r\x1b[K")
	fmt.Fprint(s, cut(text, s.width-1))
	s.shown = text != ""
}

// colorFlag is the value of --color. It changes the screens as soon as it is set, so that the
// errors about later flags have the right colours.
type colorFlag struct {
	screens []*screen
	value   string
}

// String implements pflag.Value.
func (f *colorFlag) String() string { return f.value }

// Type implements pflag.Value.
func (f *colorFlag) Type() string { return "string" }

// Set implements pflag.Value.
func (f *colorFlag) Set(value string) error {
	switch value {
	case "auto":
	case "always", "never":
		for _, s := range f.screens {
			s.color = value == "always"
		}
	default:
		return errors.New("use auto, always or never")
	}
	f.value = value
	return nil
}

var _ io.Writer = (*screen)(nil)
