package html

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/report/reporttest"
)

// rowsOf returns the texts of the rows below an element.
func rowsOf(n *html.Node) []string {
	var out []string
	for _, row := range all(n, "tr") {
		out = append(out, strings.Join(strings.Fields(text(row)), " "))
	}
	return out
}

// TestManyRules checks that the worst rules have charts, and that the page names the others.
func TestManyRules(t *testing.T) {
	r := reporttest.ManyRules(t, 130)
	root := pageOf(t, r)
	section := classed(root, "rules")[0]
	rest := all(classed(section, "others")[0], "li")
	if n := len(all(section, "tbody")); n != 100 || len(rest) != 30 {
		t.Errorf("got %d rules and %d others, want 100 and 30", n, len(rest))
	}
	if first := rowsOf(section)[1]; !strings.HasPrefix(first, "critical Rule0129 ") {
		t.Errorf("got the first rule %q, want Rule0129", first)
	}
	const want = "warning Rule0128 1 time 4 h"
	if got := strings.Join(strings.Fields(text(rest[29])), " "); got != want {
		t.Errorf("got the last rule %q, want %q", got, want)
	}
	pictures := 0
	for name := range files(t, r) {
		if strings.HasSuffix(name, ".png") {
			pictures++
		}
	}
	if pictures != 100 {
		t.Errorf("got %d pictures, want 100", pictures)
	}
}
