package report_test

import (
	"errors"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
	"regexp"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/series"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
)

// TestSlugOfHostileWords checks that a slug is one path element on every system, and that different
// texts have different slugs.
func TestSlugOfHostileWords(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,78}[a-z0-9])?$`)
	reserved := regexp.MustCompile(`^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)
	seen := map[string]string{}
	for _, w := range corpus.Words() {
		slug := report.Slug(w.Text)
		if !name.MatchString(slug) || reserved.MatchString(slug) {
			t.Errorf("%s: got slug %q, want a file name on every system", w.Name, slug)
		}
		if other := seen[slug]; other != "" {
			t.Errorf("%s and %s: got slug %q for both, want two slugs", w.Name, other, slug)
		}
		seen[slug] = w.Name
	}
}

// labelled returns a report with word wherever the server decides the text: in labels, warnings and
// errors.
func labelled(word string) *report.Report {
	a := reporttest.Answers{}
	a.Add("memory", series.FromPairs("node", word, "l", word), reporttest.Constant(0.9))
	spec := reporttest.Specs()[0]
	spec.Queries[0].Expr, spec.Queries[0].Legend = "memory", "{{node}} {{l}}"
	failed := spec
	failed.Name, failed.Queries = "failed", []panel.Query{{Expr: "nothing"}}
	panels := reporttest.Take(a, []panel.Spec{spec, failed})
	panels[0].Notes, panels[1].Failure = []snapshot.Note{
		snapshot.NoteOf(snapshot.NoteServerWarns, word),
	}, snapshot.FailureOf(errors.New(word))
	return report.Build(report.Info{
		Cluster: "prod", Name: "daily", Slot: reporttest.Slot, Range: 1,
		Nodes: []snapshot.Node{{Name: word}},
	}, panels)
}

// TestSummaryOfHostileWords checks that the lines of a summary are short and printable.
func TestSummaryOfHostileWords(t *testing.T) {
	for _, w := range corpus.Words() {
		r := labelled(w.Text)
		for _, line := range append(r.Summary(), r.Headline) {
			if r, bad := corpus.Unprintable(line); bad {
				t.Errorf("%s: got %U in %.200q, want only printable runes", w.Name, r, line)
			}
			if len(line) > 16<<10 {
				t.Errorf("%s: got a line of %d bytes, want at most 16 KiB", w.Name, len(line))
			}
		}
	}
}
