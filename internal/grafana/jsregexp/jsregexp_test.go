package jsregexp_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/jsregexp"
)

// judged is a line of testdata/javascript.jsonl, which testdata/judge.mjs writes.
type judged struct {
	Pattern, Flags string
	Error          bool
	Found          []found
	Texts          []string // of the last line
}

type found struct {
	Text                  string
	Count                 int
	Matches               [][]*string // nil for a group that took no part
	Groups                map[string]*string
	Replacement, Replaced string
}

// differs names the patterns that we read in another way than Node.
var differs = map[string]string{
	"(?i)a":        lenient,
	"(?i:A)":       lenient, // browsers of today read it too
	"(?-i:a)":      lenient,
	"(?x) a":       lenient,
	"(?#comment)a": lenient,
	"(?>a+)b":      lenient,
	"(?'n'a)":      lenient,
	"(?(a)b|c)":    lenient,
}

// lenient: a dashboard whose pattern Grafana refuses has lost something there, and not here.
const lenient = "our engine reads what Node refuses"

func TestAsJavaScript(t *testing.T) {
	lines, texts := golden(t)
	for _, line := range lines {
		if _, ok := differs[line.Pattern]; ok {
			continue
		}
		re, err := jsregexp.Compile(line.Pattern, line.Flags)
		if (err != nil) != line.Error {
			t.Errorf("/%s/%s: got error %v, want error %t",
				line.Pattern, line.Flags, err, line.Error)
			continue
		}
		if err != nil {
			continue
		}
		want := map[string]found{}
		for _, f := range line.Found {
			want[f.Text] = f
		}
		for _, text := range texts {
			got := run(t, re, text, want[text].Replacement, want[text])
			if !reflect.DeepEqual(got, want[text]) {
				t.Errorf("/%s/%s of %q:\n got %s\nwant %s",
					line.Pattern, line.Flags, text, show(got), show(want[text]))
			}
		}
	}
}

// run does what the judge does.
func run(t *testing.T, re *jsregexp.Regexp, text, replacement string, want found) found {
	t.Helper()
	all, err := re.FindAll(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		return found{}
	}
	got := found{Text: text, Count: len(all), Replacement: replacement}
	for _, m := range all[:min(len(all), 12)] {
		var groups []*string
		for i := range re.Groups() + 1 {
			groups = append(groups, pointer(m.Group(i)))
		}
		got.Matches = append(got.Matches, groups)
	}
	for name := range want.Groups {
		if got.Groups == nil {
			got.Groups = map[string]*string{}
		}
		got.Groups[name] = pointer(all[0].Named(name))
	}
	if got.Replaced, err = re.Replace(text, replacement); err != nil {
		t.Fatal(err)
	}
	return got
}

func pointer(s string, ok bool) *string {
	if !ok {
		return nil
	}
	return &s
}

func show(f found) string {
	b, _ := json.Marshal(f)
	return string(b)
}

func golden(t *testing.T) (lines []judged, texts []string) {
	t.Helper()
	f, err := os.Open("testdata/javascript.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var line judged
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Texts != nil {
			return lines, line.Texts
		}
		lines = append(lines, line)
	}
	t.Fatal("testdata/javascript.jsonl: got no texts at the end, want them")
	return nil, nil
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text, matches, not string
	}{
		{"abc", "abc", "xabc"},
		{"/abc/", "xabcx", "ab"},
		{"/ABC/i", "xabcx", "ab"},
		{"/^a/b$/", "a/b", "a"},
		{"//", "", ""},
		{"a|b", "ax", "x"}, // ^a or b$, as in Grafana
	} {
		re, err := jsregexp.Parse(c.text)
		if err != nil {
			t.Errorf("Parse(%q): got error %v, want none", c.text, err)
			continue
		}
		if got, err := re.Match(c.matches); !got || err != nil {
			t.Errorf("%q of %q: got %t, %v, want a match", c.text, c.matches, got, err)
		}
		if got, err := re.Match(c.not); c.not != "" && (got || err != nil) {
			t.Errorf("%q of %q: got %t, %v, want no match", c.text, c.not, got, err)
		}
	}
	long := "/" + strings.Repeat("a", 40_000) + "/"
	for _, text := range []string{"/", "/abc", "/a/x", "/(/", "(", "/a/gg", long} {
		if _, err := jsregexp.Parse(text); err == nil {
			t.Errorf("Parse(%.20q): got no error, want one", text)
		}
	}
}

func TestBounds(t *testing.T) {
	slow, err := jsregexp.Compile(`^(a+)+$`, "")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a", 40) + "b"
	if _, err := slow.Match(text); !errors.Is(err, jsregexp.ErrTooSlow) {
		t.Errorf("a pattern without an end: got %v, want ErrTooSlow", err)
	}
	if _, err := slow.Match("a"); !errors.Is(err, jsregexp.ErrTooSlow) {
		t.Errorf("the next match of it: got %v, want ErrTooSlow at once", err)
	}
	for _, pattern := range []string{
		strings.Repeat("(a)", 1000), strings.Repeat("(", 100) + strings.Repeat(")", 100),
		strings.Repeat(`[\S]`, 100), strings.Repeat(`[a-\uffff]`, 100), strings.Repeat("a", 10_000),
	} {
		if _, err := jsregexp.Compile(pattern, "i"); err == nil {
			t.Errorf("Compile(%.20q): got no error, want one", pattern)
		}
	}
	every, err := jsregexp.Compile("", "g")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := every.FindAll(strings.Repeat("a", 20_000)); err == nil {
		t.Error("20,000 matches: got no error, want one")
	}
	if _, err := every.Replace(strings.Repeat("a", 2000), strings.Repeat("b", 2000)); err == nil {
		t.Error("a replacement of 4 MB: got no error, want one")
	}
	if _, err := every.Match(strings.Repeat("a", 1<<20)); err == nil {
		t.Error("a text of 1 MB: got no error, want one")
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"a|(b)", `(?<n>a)\k<n>`, "[^]a]", `\c`, "(?<=a)b{2,3}?"} {
		f.Add(s, "gi", "abb", "$1$<n>$&")
	}
	f.Fuzz(func(t *testing.T, pattern, flags, text, replacement string) {
		re, err := jsregexp.Compile(pattern, flags)
		if err != nil {
			return
		}
		all, err := re.FindAll(text)
		if err == nil && len(all) > 0 {
			got, ok := all[0].Group(0)
			if !ok || !strings.Contains(string([]rune(text)), got) {
				t.Errorf("/%s/%s of %q: got %q, want a part of the text", pattern, flags, text, got)
			}
		}
		_, _ = re.Replace(text, replacement)
	})
}
