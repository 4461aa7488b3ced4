package pages

import (
	"slices"
	"testing"
)

func TestBlocks(t *testing.T) {
	const page = "# A page\n\n```sh\none\n```\n\n## Look at `it`, twice!\n\n" +
		"1. First:\n\n   ```sh\n   two \\\n     three\n   ```\n\n" +
		"```text\n# not a heading\n```\n\n```sh\nfour\n```\n"
	want := []Block{
		{"p.md#a-page", "sh", "one\n"},
		{"p.md#look-at-it-twice", "sh", "two \\\n  three\n"},
		{"p.md#look-at-it-twice", "text", "# not a heading\n"},
		{"p.md#look-at-it-twice:2", "sh", "four\n"},
	}
	got := Blocks("p.md", page)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if b, err := Find(got, "sh", "p.md#look-at-it-twice:2"); err != nil || b != want[3] {
		t.Errorf("Find: got %q, %v, want %q", b, err, want[3])
	}
	if b, err := Find(got, "yaml", "p.md#a-page"); err == nil {
		t.Errorf("Find of what is not there: got %q, want an error", b)
	}
}

func TestShows(t *testing.T) {
	const output = "head\nnode-memory   41 series   0.3s  1 critical\n" +
		"node-cpu   41 series   0.5s\nend (1.5 GiB)\n"
	for _, tc := range []struct {
		name, shown string
		want        bool
	}{
		{"all of it", output, true},
		{"its end", "end (1.5 GiB)\n", true},
		{"lines left out", "head\n…\nend (1.5 GiB)\n", true},
		{"another duration", "node-memory   41 series  12.4s  1 critical\n", true},
		{"another figure", "node-memory   42 series   0.3s  1 critical\n", false},
		{"a part of a line", "node-memory   41 series\n", false},
		{"another order", "node-cpu   41 series   0.5s\nhead\n", true},
		{"a line that is not there", "head\ntail\n", false},
	} {
		if err := (Block{Text: tc.shown}).Shows(output); (err == nil) != tc.want {
			t.Errorf("%s: got %v, want shown %v", tc.name, err, tc.want)
		}
	}
}
