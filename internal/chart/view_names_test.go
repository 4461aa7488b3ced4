package chart

import (
	"fmt"
	"testing"
)

func TestCommonEnd(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  int
	}{
		{[]string{"a.example.org", "", "b.example.org"}, len(".example.org")},
		{[]string{"a.example.org"}, 0},
		{[]string{"same.org", "same.org"}, 0},
		{[]string{".org", ".org"}, 0},
		{[]string{"가.나", "다.나"}, len(".나")},
		{[]string{"abc", "xbc"}, 0},
		{[]string{"", ""}, 0},
		{nil, 0},
		{[]string{"2026-11-22 00:00:00", "2026-11-22 00:00:00", ""}, 0},
	} {
		if got := commonEnd(c.names); got != c.want {
			t.Errorf("commonEnd(%q): got %d, want %d", c.names, got, c.want)
		}
	}
}

// Names that differ still differ when they are short of room.
func TestElideAllKeepsNamesApart(t *testing.T) {
	p := newPicture(Options{}.bounded())
	st := style{12, regular, textInk}
	var names []string
	for i := range 9 {
		names = append(names, fmt.Sprintf("ip-10-0-%d-12.eu-west-1.compute.internal", i))
	}
	seen := map[string]bool{}
	for _, name := range p.elideAll(names, st, 90) {
		if w := p.textWidth(name, st); w > 90 {
			t.Errorf("%q: got a width of %v, want at most 90", name, w)
		}
		seen[name] = true
	}
	if len(seen) != len(names) {
		t.Errorf("got %d distinct names %v, want %d", len(seen), seen, len(names))
	}
}
