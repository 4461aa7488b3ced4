package report

import (
	"slices"
	"testing"

	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/ruleset"
	"github.com/promsnap/promsnap/internal/words"
)

// A name that looks like a format is shown as it is.
func TestRuleNotes(t *testing.T) {
	rule := &ruleset.Rule{
		Rule: rulefile.Rule{Alert: "A%[2]s"},
		Notes: []rulefile.Note{
			{Code: rulefile.NeedsQuery, Name: "summary"},
			{Code: rulefile.TemplateFailed, Name: "summary", Err: "no field %[1]s"},
		},
	}
	want := []string{
		"A%[2]s: a part of summary needs a query of its template, which is not sent",
		"A%[2]s: the template of summary fails: no field %[1]s",
	}
	if got := wordingIn(words.English).ruleNotes(rule); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
