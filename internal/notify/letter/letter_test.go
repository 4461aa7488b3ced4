package letter

import (
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// limits has the limits of a transport that counts in UTF-16.
var limits = Limits{
	Title: 60, Line: 140, Place: 500, Body: 3000, Code: 2000, URL: 3000, Alt: 1000,
	Width: utf16.RuneLen,
}

// slot is ten past three in the morning in Seoul.
var slot = time.Date(2026, 11, 21, 18, 10, 0, 0, time.UTC)

func seoul(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// said returns a letter as a person reads it.
func said(l Letter) string {
	text := []string{l.Title}
	for _, ln := range l.Lines {
		text = append(text, ln.String())
	}
	return strings.Join(text, "\n")
}

func TestCut(t *testing.T) {
	at := time.Unix(1795283520, 0)
	l := Line{{Text: "since "}, {Text: "02:52", At: at}, {Text: " for long"}}
	for n, want := range map[int]string{
		99: "since 02:52 for long", 12: "since 02:52…", 9: "since 02…", 1: "…",
	} {
		if got := limits.Cut(l, n).String(); got != want {
			t.Errorf("cut to %d is %q, want %q", n, got, want)
		}
	}
	for _, p := range limits.Cut(l, 9) {
		if !p.At.IsZero() {
			t.Error("got a time after it was cut, want plain text")
		}
	}
}

func TestMiddle(t *testing.T) {
	for _, tc := range []struct {
		s    string
		n    int
		want string
	}{
		{"checkout-7d9f-abcde", 19, "checkout-7d9f-abcde"}, {"checkout-7d9f-abcde", 9, "chec…bcde"},
		{"한국어노드이름", 5, "한국…이름"},
		{"😀😀😀😀", 5, "😀…😀"}, {"ab", 1, "…"}, {"abcdef", 2, "a…"},
	} {
		if got := limits.middle(tc.s, tc.n); got != tc.want || limits.Size(got) > tc.n {
			t.Errorf("%q in %d is %q, want %q", tc.s, tc.n, got, tc.want)
		}
	}
}

func TestFill(t *testing.T) {
	if got := fill("%[2]s of %[1]s, 100 %", text("a"), text("b")).String(); got != "b of a, 100 %" {
		t.Errorf("got %q, want %q", got, "b of a, 100 %")
	}
	if got := fillText("%[1]s %[2]s", "%[2]s", "x"); got != "%[2]s x" {
		t.Errorf("a word that looks like a format: got %q, want %q", got, "%[2]s x")
	}
}

// A text is cut between words. Text in backquotes, an address or a location is never cut.
func TestCutKeepsWordsWhole(t *testing.T) {
	place := "/" + strings.Repeat("p/", 100)
	for _, c := range []struct {
		l    Line
		n    int
		want string
	}{
		{text("the server restarts or limits requests"), 20, "the server restarts…"},
		{text("the server restarts or limits requests"), 21, "the server restarts…"},
		{text("log in again (`aws sso login`), or use a role"), 24, "log in again (…"},
		{text("run `a` and `b` and more of it"), 18, "run `a` and `b`…"},
		{text("see https://docs.example.com/one/two/three"), 24, "see…"},
		{text("https://docs.example.com/one/two/three"), 24, "…"},
		{text(strings.Repeat("n", 30)), 10, strings.Repeat("n", 9) + "…"},
		{text("a " + strings.Repeat("n", 30)), 10, "a " + strings.Repeat("n", 7) + "…"},
		{text("메모리 사용량이 한계를 넘었습니다"), 12, "메모리 사용량이…"},
		{Line{{Text: "Report: "}, {Text: place, Whole: true}}, 50, "Report: " + place},
		{Line{{Text: "Report: "}, {Text: strings.Repeat("p/", 300), Whole: true}}, 50, "Report: …"},
	} {
		if got := limits.Cut(c.l, c.n).String(); got != c.want {
			t.Errorf("%.60q cut to %d: got %q, want %q", c.l.String(), c.n, got, c.want)
		}
	}
}

// Any line cut to any length fits, and no rune of a shortened word is broken.
func FuzzShorten(f *testing.F) {
	for i, word := range hostile.Words() {
		f.Add(word.Text, "a "+word.Text, i)
	}
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		n = min(max(n, 1), 5000)
		a, b = outside.Line(a), outside.Line(b)
		if got := limits.Cut(Line{{Text: a}, {Text: b, Bold: true}},
			n).String(); limits.Size(got) > n {
			t.Errorf("%q and %q: got %q of size %d, want at most %d", a, b, got,
				limits.Size(got), n)
		}
		for _, got := range []string{limits.Clip(a, n), limits.middle(a, n)} {
			if limits.Size(got) > n || limits.Size(a) <= n && got != a {
				t.Errorf("%q: got %q, want at most %d characters, and no change if it fits", a, got,
					n)
			}
		}
	})
}
