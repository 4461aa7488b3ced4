package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/outside"
)

func TestWrap(t *testing.T) {
	for _, tc := range []struct {
		name, text   string
		most, indent int
		want         string
	}{
		{"short", "one two", 20, 2, "one two"},
		{"between words", "one two three four five six", 22, 2, "one two three four\n  five six"},
		{
			"a long word", "a " + strings.Repeat("x", 30) + " b", 22, 2,
			"a\n  " + strings.Repeat("x", 30) + "\n  b",
		},
		{"Korean takes two columns", "메모리 사용량 디스크 사용량", 24, 2, "메모리 사용량 디스크\n  사용량"},
		{"too narrow", "one two three four five six", 3, 2, "one two three four\n  five six"},
		{"an indented one", "  one two three four five six", 24, 4, "  one two three four\n    five six"},
	} {
		if got := wrap(tc.text, tc.most, tc.indent); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		text string
		most int
		want string
	}{{"memory", 6, "memory"}, {"memory", 5, "memo…"}, {"메모리", 5, "메모…"}, {"메모리", 6, "메모리"}} {
		if got := cut(tc.text, tc.most); got != tc.want {
			t.Errorf("%s in %d columns: got %q, want %q", tc.text, tc.most, got, tc.want)
		}
	}
}

func TestTable(t *testing.T) {
	rows := [][]string{
		{"NAME", "FOR", "TITLE"}, {"node-memory", "15m", "The memory of each node in use"},
		{"pvc", "-", "Volumes"},
	}
	for _, tc := range []struct {
		name  string
		width int // 0: no terminal
		want  string
	}{
		{"no terminal", 0, `NAME         FOR  TITLE
node-memory  15m  The memory of each node in use
pvc          -    Volumes
`},
		{"wide", 60, `NAME         FOR  TITLE
node-memory  15m  The memory of each node in use
pvc          -    Volumes
`},
		{"narrower", 42, `NAME         FOR  TITLE
node-memory  15m  The memory of each node
                  in use
pvc          -    Volumes
`},
		{"narrow", 30, `node-memory
  for 15m · title The memory
  of each node in use
pvc
  title Volumes
`},
	} {
		var out bytes.Buffer
		s := screenOf(&out)
		if tc.width > 0 {
			s = terminalOf(&out, tc.width)
			s.color = false
		}
		if err := s.table(rows); err != nil || out.String() != tc.want {
			t.Errorf("%s: got error %v and\n%s\nwant\n%s", tc.name, err, out.String(), tc.want)
		}
	}
}

func TestWrapHelp(t *testing.T) {
	got := wrapHelp(`Queries Prometheus for
every panel of the reports, and draws.

Exit codes:
  0  success, and nothing else happened at all

Examples:
  promsnap run daily --time 2026-11-22T09:00:00+09:00
`, 30)
	want := `Queries Prometheus for every
panel of the reports, and
draws.

Exit codes:
  0  success, and nothing else
     happened at all

Examples:
  promsnap run daily --time 2026-11-22T09:00:00+09:00
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The help of every command fits 80 columns and, apart from commands to copy, 60.
func TestHelpFitsTheTerminal(t *testing.T) {
	for _, width := range []int{80, 60} {
		var out bytes.Buffer
		c := &console{
			stdout: terminalOf(&out, width), stderr: terminalOf(&out, width),
			getenv: func(string) string { return "" },
		}
		eachCommand(c, func(_, cmd *cobra.Command) {
			out.Reset()
			if err := cmd.Help(); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimRight(line, "\n")
				if n := outside.Columns(line); n > width && (width == 80 || !strings.Contains(line, "promsnap")) {
					t.Errorf("%s --help at %d columns: got a line of %d: %s", cmd.CommandPath(),
						width, n, line)
				}
			}
		})
	}
}
