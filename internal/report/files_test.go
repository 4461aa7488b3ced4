package report_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/report"
)

func TestSlug(t *testing.T) {
	for word, want := range map[string]string{
		"node-memory": "node-memory", "a": "a", "default": "default",
	} {
		if got := report.Slug(word); got != want {
			t.Errorf("Slug(%q): got %q, want %q", word, got, want)
		}
	}
	kept := map[string]string{}
	for _, word := range []string{
		"", "Node", "node", "node ", "../etc", "etc", "노드", "a/b", "a-b", "-a", "a-", "a--b",
		strings.Repeat("a", 81), strings.Repeat("a", 82),
	} {
		slug := report.Slug(word)
		if other, taken := kept[slug]; taken {
			t.Errorf("Slug of %q and %q: got %q for both, want two slugs", word, other, slug)
		}
		kept[slug] = word
	}
}

func TestSlugIsAName(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,78}[a-z0-9])?$`)
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.String().Draw(t, "word")
		slug := report.Slug(word)
		if !name.MatchString(slug) {
			t.Fatalf("Slug(%q): got %q, want a file name", word, slug)
		}
		if report.Slug(slug) != slug {
			t.Fatalf("Slug(%q): got %q, want it unchanged", slug, report.Slug(slug))
		}
	})
}

func TestCheckNames(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", "../index.html", "a/b.png", `a\b.png`, "/etc/passwd", ".hidden",
		"Index.html", "a b", "a\x00", "한.png", strings.Repeat("a", 201),
	} {
		if report.CheckNames([]report.File{{Name: name}}) == nil {
			t.Errorf("file name %q: got no error, want one", name)
		}
	}
	if err := report.CheckNames(
		[]report.File{{Name: "index.html"}, {Name: "a-1.png"}, {Name: "index.html"}}); err == nil ||
		!strings.Contains(err.Error(), "two files") {
		t.Errorf("two equal names: got error %v, want one on two files", err)
	}
	if err := report.CheckNames(
		[]report.File{
			{Name: "index.html"}, {Name: "report.json"}, {Name: strings.Repeat("a", 200)},
		}); err != nil {
		t.Errorf("good names: got error %v, want none", err)
	}
}
