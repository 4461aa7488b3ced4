package main

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/lab/labtest"
	"github.com/promsnap/promsnap/internal/outside"
)

// TestQueryOnATerminal compares what `promsnap query` prints on terminals with files. Look at each
// change of them.
func TestQueryOnATerminal(t *testing.T) {
	lab := httptest.NewServer(labtest.Handler(t, "--now="+labNow.Format(time.RFC3339),
		"--profile=kps", "--nodes=6"))
	t.Cleanup(lab.Close)
	const memory = "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
	for _, c := range []struct {
		name string
		o    chart.TerminalOptions
		args []string
		want int
	}{
		{"memory-20", chart.TerminalOptions{Width: 20}, []string{memory, "--above", "80%"}, 0},
		{"memory-60", chart.TerminalOptions{Width: 60}, []string{memory, "--above", "80%"}, 0},
		{"memory-80", chart.TerminalOptions{Width: 80}, []string{memory, "--above", "80%,90%"}, 0},
		{
			"memory-200", chart.TerminalOptions{Width: 200},
			[]string{memory, "--above", "80%", "--compare", "7d"}, 0,
		},
		{
			"memory-80-colour",
			chart.TerminalOptions{Width: 80, Colours: chart.Colours256, Dark: true},
			[]string{memory, "--above", "80%,90%", "--fail-on", "critical"}, exitBreach,
		},
		{
			"memory-20-colour", chart.TerminalOptions{Width: 20, Colours: chart.Colours16, Dark: true},
			[]string{memory, "--above", "80%"}, 0,
		},
		{
			"memory-60-colour", chart.TerminalOptions{Width: 60, Colours: chart.Colours16},
			[]string{memory, "--above", "80%"}, 0,
		},
		{
			"memory-200-colour",
			chart.TerminalOptions{Width: 200, Colours: chart.Colours256, Dark: true},
			[]string{memory, "--above", "80%", "--compare", "7d"}, 0,
		},
		{
			"load-80-ascii", chart.TerminalOptions{Width: 80, ASCII: true},
			[]string{"sum(node_load1)", "--title", "load of all nodes"}, 0,
		},
		{
			"instant-60", chart.TerminalOptions{Width: 60},
			[]string{"--instant", "topk(3, node_load1)"}, 0,
		},
		{
			"breach-60", chart.TerminalOptions{Width: 60},
			[]string{"vector(5)", "--above", "3", "--fail-on", "warning"}, exitBreach,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			s := terminalOf(&out, c.o.Width)
			s.charts, s.color = c.o, c.o.Colours != chart.Colourless
			root := rootCommand(&console{
				stdout: s, stderr: screenOf(new(bytes.Buffer)), now: time.Now,
				stop: t.Context().Done(), getenv: func(string) string { return "" },
			})
			root.SetArgs(append([]string{
				"query", "-c", "", "--prometheus-url", lab.URL, "--time",
				labNow.Format(time.RFC3339),
			}, c.args...))
			err := root.ExecuteContext(t.Context())
			code := exitOK
			if exit := new(exitError); errors.As(err, &exit) {
				code = exit.code
			}
			if code != c.want {
				t.Fatalf("got exit code %d (%v), want %d", code, err, c.want)
			}
			for line := range strings.Lines(out.String()) {
				if n := outside.Columns(strings.TrimRight(line, "\n")); n > c.o.Width &&
					c.o.Colours == chart.Colourless && !strings.Contains(c.name, "instant") {
					t.Errorf("%d columns in %q, want at most %d", n, line, c.o.Width)
				}
			}
			compareGolden(t, "query-"+c.name, out.Bytes())
		})
	}
}

func TestChartsOn(t *testing.T) {
	for _, c := range []struct {
		env  string
		want chart.TerminalOptions
	}{
		{"LANG=en_US.UTF-8 TERM=xterm-256color", chart.TerminalOptions{
			Colours: chart.Colours256, Dark: true,
		}},
		{"LANG=ko_KR.utf8 TERM=screen COLORFGBG=0;15", chart.TerminalOptions{
			Colours: chart.Colours16,
		}},
		{"LANG=en_US.UTF-8 LC_ALL=C TERM=xterm COLORTERM=truecolor", chart.TerminalOptions{
			Colours: chart.Colours256, Dark: true, ASCII: true,
		}},
		{"LANG=en_US.UTF-8 TERM=dumb", chart.TerminalOptions{
			Colours: chart.Colours16, Dark: true, ASCII: true,
		}},
		{"WT_SESSION=1", chart.TerminalOptions{Colours: chart.Colours256, Dark: true}},
		{"", chart.TerminalOptions{Colours: chart.Colours16, Dark: true, ASCII: true}},
	} {
		env := map[string]string{}
		for _, v := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(v, "=")
			env[name] = value
		}
		if got := chartsOn(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.env, got, c.want)
		}
	}
}
