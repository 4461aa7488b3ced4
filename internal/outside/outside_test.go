package outside

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/testdata/hostile"
)

func TestLine(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"ip-10-0-1-12", "ip-10-0-1-12"},
		{"노드 漢字 é", "노드 漢字 é"},
		{"a\nb\r\nc\td\u2028e\u0085f", "a b  c d e f"},
		{"a\x1b[2Jb\x00\x7f\u009b", "a[2Jb"},
		{"a\u202eb\u200bc\x07", "abc"},
		{"\u2066a\u2069\ufeffb\u00adc\U000e0041", "abc"},
		{"می\u200cشود 👩\u200d👧", "می\u200cشود 👩\u200d👧"},
		{"a\xff\xfeb\ufffdc\ufffe\uffffd", "abcd"},
		{"a\xe2\x82\xff\xacb", "ab"},
	} {
		if got := Line(tt.in); got != tt.want {
			t.Errorf("Line(%+q): got %+q, want %+q", tt.in, got, tt.want)
		}
	}
}

func TestLineOfHostileWords(t *testing.T) {
	for _, w := range hostile.Words() {
		got := Line(w.Text)
		if r, bad := hostile.Unprintable(got); bad || !utf8.ValidString(got) ||
			len(got) > len(w.Text) {
			t.Errorf("%s: got %.100q, want valid UTF-8, not longer, without %U", w.Name, got, r)
		}
		if again := Line(got); again != got {
			t.Errorf("%s: twice: got %.100q, want %.100q, as once", w.Name, again, got)
		}
	}
}

func TestLengths(t *testing.T) {
	for _, tt := range []struct {
		in                         string
		n                          int
		clip, middle, head, saying string
	}{
		{"abc", 3, "abc", "abc", "abc", "abc"},
		{"abcdefghijk", 10, "abcdefghi…", "abcdef…ijk", "abcdefghij", "abcdefghi…"},
		{"가나다라마바사아자차카", 10, "가나다라마바사아자…", "가나다라마바…자차카", "가나다", "가나다라마바사아자…"},
		{"가나", 2, "가나", "가나", "", "가나"},
		{" a \n\n b  c ", 5, " a \n…", " a … ", " a \n\n", "a b c"},
		{"abc", 1, "…", "…", "a", "…"},
		{"abc", 0, "…", "…", "", "…"},
		{"", 0, "", "", "", ""},
	} {
		for _, c := range []struct{ of, got, want string }{
			{"Clip", Clip(tt.in, tt.n), tt.clip}, {"Middle", Middle(tt.in, tt.n), tt.middle},
			{"Head", Head(tt.in, tt.n), tt.head},
			{"Said", Said(tt.in, tt.n), tt.saying},
		} {
			if c.got != c.want {
				t.Errorf("%s(%q, %d): got %q, want %q", c.of, tt.in, tt.n, c.got, c.want)
			}
		}
	}
}

func TestLengthsAreBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, n := rapid.String().Draw(t, "s"), rapid.IntRange(1, 40).Draw(t, "n")
		for _, got := range []string{Clip(s, n), Middle(s, n), Said(s, n)} {
			if utf8.RuneCountInString(got) > n || !utf8.ValidString(got) {
				t.Errorf("of %q: got %q, want valid text of at most %d characters", s, got, n)
			}
		}
		if got := Head(s, n); len(got) > n || !strings.HasPrefix(s, got) || !utf8.ValidString(got) {
			t.Errorf("of %q: got %q, want its beginning in at most %d bytes", s, got, n)
		}
	})
}

func TestSlug(t *testing.T) {
	for _, tt := range []struct {
		text string
		most int
		want string
	}{
		{"CPU  Usage (%)", 80, "cpu-usage"},
		{"../..", 80, ""},
		{"한글 a", 80, "a"},
		{"CPU Usage", 4, "cpu"},
		{"", 80, ""},
	} {
		if got := Slug(tt.text, tt.most); got != tt.want {
			t.Errorf("Slug(%q, %d): got %q, want %q", tt.text, tt.most, got, tt.want)
		}
	}
}
