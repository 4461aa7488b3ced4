package report_test

import (
	"path"
	"regexp"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
)

// FuzzSlug checks that a slug of any text is a file name, does not change when it is slugged again,
// and leads to no other directory.
func FuzzSlug(f *testing.F) {
	for _, w := range corpus.Words() {
		f.Add(w.Text, "node-memory")
	}
	f.Add("../../etc/passwd", "..")
	f.Add("Node", "node")
	f.Add("", "\xff")
	name := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,78}[a-z0-9])?$`)
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, word := range []string{a, b} {
			if slug := report.Slug(word); !name.MatchString(slug) || report.Slug(slug) != slug {
				t.Errorf("Slug(%q): got %q, want a file name that stays the same", word, slug)
			}
		}
		if key := path.Join("archive", report.Slug(a), report.Slug(b),
			"index.html"); key != "archive/"+report.Slug(a)+"/"+report.Slug(b)+"/index.html" {
			t.Errorf("key of %q and %q: got %q, want it inside the archive", a, b, key)
		}
	})
}
