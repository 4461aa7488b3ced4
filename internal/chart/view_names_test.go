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

func TestCommonStart(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  int
	}{
		{[]string{"ip-10-0-1", "", "ip-10-7-2"}, len("ip-10-")},
		{[]string{"same-a"}, 0},
		{[]string{"a-", "a-"}, 0},
		{[]string{"가/나", "가/다"}, len("가/")},
		{[]string{"abc", "abd"}, 0},
		{nil, 0},
	} {
		if got := commonStart(c.names); got != c.want {
			t.Errorf("commonStart(%q): got %d, want %d", c.names, got, c.want)
		}
	}
}

func TestElideAll(t *testing.T) {
	p := newPicture(Options{}.bounded())
	st := style{10, regular, textInk}
	names := []string{"pay-a.example.org", "pay-b.example.org", "pay-ccc.example.org", ""}
	for _, c := range []struct {
		room float64
		want string
	}{
		{200, "[pay-a.example.org pay-b.example.org pay-ccc.example.org ]"},
		{60, "[pay-a… pay-b… pay-ccc… ]"},
		{36, "[…a… …b… …ccc… ]"},
	} {
		if got := fmt.Sprint(p.elideAll(names, st, c.room)); got != c.want {
			t.Errorf("in %v: got %s, want %s", c.room, got, c.want)
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
