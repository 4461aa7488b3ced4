package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// screenOf returns the screen of an output that is no terminal.
func screenOf(w io.Writer) *screen { return &screen{plain: plain{w}, width: defaultWidth} }

// terminalOf returns the screen of a terminal with colours.
func terminalOf(w io.Writer, width int) *screen {
	return &screen{plain: plain{w}, width: width, terminal: true, rewrites: true, color: true}
}

func TestKnowsEscapes(t *testing.T) {
	for _, tc := range []struct {
		term, windows string
		want          bool
	}{{"xterm-256color", "", true}, {"dumb", "", false}, {"", "", false}, {"", "guid", true}} {
		got := knowsEscapes(func(name string) string {
			return map[string]string{"TERM": tc.term, "WT_SESSION": tc.windows}[name]
		})
		if got != tc.want {
			t.Errorf("TERM=%q WT_SESSION=%q: got %v, want %v", tc.term, tc.windows, got, tc.want)
		}
	}
}

// Text from outside cannot write an escape sequence, also in colour.
func TestPaint(t *testing.T) {
	var out bytes.Buffer
	s := terminalOf(&out, 80)
	s.paint(red, "a\x1b[2Jb")
	s.paint(normal, "c")
	s.color = false
	s.paint(red, "d")
	if want := "\x1b[31ma\\u001b[2Jb\x1b[0mcd"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestSay(t *testing.T) {
	const text = "ip-10-0-1-10 memory 94.5 % (60.5 of 64 GiB) since 17:50"
	var out bytes.Buffer
	terminalOf(&out, 40).say(red, "CRITICAL", " "+text, 2)
	want := "\x1b[31mCRITICAL\x1b[0m ip-10-0-1-10 memory 94.5 %\n  (60.5 of 64 GiB) since 17:50\n"
	if out.String() != want {
		t.Errorf("on a terminal: got %q, want %q", out.String(), want)
	}
	out.Reset()
	screenOf(&out).say(red, "CRITICAL", " "+text, 2)
	if want := "CRITICAL " + text + "\n"; out.String() != want {
		t.Errorf("elsewhere: got %q, want %q", out.String(), want)
	}
}

func TestStateOf(t *testing.T) {
	en, ko := words.In(words.English), words.In(words.Korean)
	for _, tc := range []struct {
		line  string
		w     *words.Words
		look  style
		state string
	}{
		{"CRITICAL node-a memory 94 %", en, red, "CRITICAL"},
		{"WARNING node-a", en, yellow, "WARNING"},
		{"NO DATA node-a", en, magenta, "NO DATA"},
		{"FAILED node-memory: timeout", en, red, "FAILED"},
		{"위험 node-a 메모리", ko, red, "위험"},
		{"CRITICALLY", en, normal, ""},
		{"3 critical, 6 warning", en, normal, ""},
	} {
		if look, state := stateOf(tc.line, tc.w); look != tc.look || state != tc.state {
			t.Errorf("%s: got %q in style %q, want %q in %q", tc.line, state, look, tc.state,
				tc.look)
		}
	}
}

func TestColorFlag(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want [2]bool // the colours of standard output and standard error
		err  string
	}{
		{[]string{"version"}, [2]bool{true, false}, ""},
		{[]string{"version", "--color", "auto"}, [2]bool{true, false}, ""},
		{[]string{"version", "--color=always"}, [2]bool{true, true}, ""},
		{[]string{"--color", "never", "version"}, [2]bool{false, false}, ""},
		{[]string{"version", "--color", "pink"}, [2]bool{true, false}, "use auto, always or never"},
		{[]string{"version", "--colour", "x"}, [2]bool{true, false}, "did you mean --color?"},
	} {
		c := &console{
			stdout: terminalOf(io.Discard, 80), stderr: screenOf(io.Discard),
			getenv: func(string) string { return "" },
		}
		root := rootCommand(c)
		root.SetArgs(tc.args)
		err := root.ExecuteContext(t.Context())
		if got := [2]bool{c.stdout.color, c.stderr.color}; got != tc.want {
			t.Errorf("%q: got the colours %v, want %v", tc.args, got, tc.want)
		}
		if tc.err == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%q: got error %v, want %q", tc.args, err, tc.err)
		}
	}
}

// An error is wrapped between words, and the commands in it stay whole.
func TestFail(t *testing.T) {
	var out bytes.Buffer
	c := &console{stderr: terminalOf(&out, 30)}
	c.fail(errors.New("nothing listens at this address\n  promsnap run --prometheus-url http://a"))
	want := "\x1b[31mpromsnap: \x1b[0mnothing listens at\n  this address\n" +
		"  promsnap run --prometheus-url http://a\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	p := newProgress(terminalOf(&out, 50), func() time.Time { return now })
	query := []panel.Query{{Expr: "up"}}
	memory := snapshot.Event{Index: 0, Spec: &panel.Spec{Name: "container-memory", Queries: query}}
	disk := snapshot.Event{Index: 1, Spec: &panel.Spec{Name: "node-disk", Queries: query}}
	step := func(what, want string, do func()) {
		t.Helper()
		out.Reset()
		do()
		if out.String() != want {
			t.Errorf("%s: got %q, want %q", what, out.String(), want)
		}
	}
	const clear = "\r\x1b[K"
	p.begin(23)
	step("the first panel", clear+"asking 1 of 23 panels: container-memory", func() {
		p.panel(memory)
	})
	now = now.Add(3200 * time.Millisecond)
	step("a second one", clear+"asking 1 of 23 panels: container-memory, 3 s", func() {
		p.panel(disk)
	})
	now = now.Add(time.Second)
	step("a tick", clear+"asking 1 of 23 panels: container-memory, 4 s", func() {
		ticks, done := make(chan time.Time), make(chan struct{})
		ended := make(chan struct{})
		go func() {
			p.each(ticks, done)
			close(ended)
		}()
		ticks <- now
		close(done)
		<-ended
	})
	memory.Panel = &snapshot.Panel{}
	step("the end of one", clear+"asking 2 of 23 panels: node-disk, 1 s", func() {
		if took := p.panel(memory); took != 4200*time.Millisecond {
			t.Errorf("took: got %v, want 4.2s", took)
		}
	})
	step("a line above", clear+"above\n"+clear+"asking 2 of 23 panels: node-disk, 1 s", func() {
		p.above(func() { p.screen.say(normal, "above", "", 0) })
	})
	disk.Panel = &snapshot.Panel{}
	step("the last one", clear, func() { p.panel(disk) })
	disk.Panel, disk.History = nil, true
	step("a history", clear+"asking for four weeks of node-disk", func() { p.panel(disk) })
	disk.Panel = &snapshot.Panel{}
	step("its end", clear, func() { p.panel(disk) })
	if p.done != 2 {
		t.Errorf("got %d panels done, want the 2 that are not histories", p.done)
	}

	p = newProgress(screenOf(&out), func() time.Time { return now })
	p.begin(1)
	memory.Panel = nil
	step("no terminal", "", func() { p.panel(memory) })
}

func TestMoment(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		at   time.Time
		zone *time.Location
		want string
	}{
		{now, time.UTC, "03:00 UTC"},
		{now.Add(-4 * time.Hour), time.UTC, "2026-11-21 23:00 UTC"},
		{now.Add(-4 * time.Hour), seoul, "08:00 KST"},
		{now.Add(24 * time.Hour), seoul, "2026-11-23 12:00 KST"},
	} {
		if got := moment(tc.at, now, tc.zone); got != tc.want {
			t.Errorf("%v in %v: got %q, want %q", tc.at, tc.zone, got, tc.want)
		}
	}
}

// eachCommand calls do with every command of a console.
func eachCommand(c *console, do func(root, cmd *cobra.Command)) {
	root := rootCommand(c)
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		do(root, cmd)
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}
