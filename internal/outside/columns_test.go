package outside

import (
	"testing"

	"pgregory.net/rapid"
)

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "node-1": 6, "노드": 4, "é": 1, "e\u0301": 1, "😀": 2, "±2 µs": 5,
	} {
		if got := Columns(text); got != want {
			t.Errorf("the columns of %q: got %d, want %d", text, got, want)
		}
	}
}

func TestMiddleColumns(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"ip-10-0-1-12.ec2", 16, "ip-10-0-1-12.ec2"}, {"ip-10-0-1-12.ec2", 9, "ip-1….ec2"},
		{"노드이름이길다", 7, "노…길다"}, {"abc", 1, "…"}, {"abc", 0, ""}, {"abc", -1, ""},
	} {
		if got := MiddleColumns(c.text, c.n); got != c.want {
			t.Errorf("%q in %d columns: got %q, want %q", c.text, c.n, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text, n := rapid.String().Draw(t, "text"), rapid.IntRange(0, 40).Draw(t, "n")
		if got := Columns(MiddleColumns(text, n)); got > n {
			t.Fatalf("%q: got %d columns, want at most %d", text, got, n)
		}
	})
}
