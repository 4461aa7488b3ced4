package report_test

import (
	"path"
	"regexp"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
)

// Whatever the words: what is made of them for files, keys and anchors is a name, stays one, and
// leads nowhere else.
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
				t.Errorf("%q becomes %q, and that %q", word, slug, report.Slug(slug))
			}
		}
		if key := path.Join("archive", report.Slug(a), report.Slug(b),
			"index.html"); key != "archive/"+report.Slug(a)+"/"+report.Slug(b)+"/index.html" {
			t.Errorf("%q and %q lead to %q", a, b, key)
		}
	})
}
