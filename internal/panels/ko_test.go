package panels_test

import (
	"regexp"
	"slices"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/words"
)

var (
	placeholder = regexp.MustCompile(`{{[^}]*}}`)
	identifier  = regexp.MustCompile(`[A-Za-z]+(?:[._/][A-Za-z]+)+`)
)

// alike are titles and subjects that are the same in Korean.
var alike = []string{"CPU", "inodes"}

// TestKoreanHasEveryTextOfEveryPanel fails if a text of a panel has no translation, or if the
// translation lost a placeholder or a name.
func TestKoreanHasEveryTextOfEveryPanel(t *testing.T) {
	english, korean := panels.All(), panels.In(words.Korean)
	for i, e := range english {
		k := korean[i]
		if len(k.Remarks) != len(e.Remarks) {
			t.Fatalf("%s: got %d remarks in Korean, want %d", e.Name, len(k.Remarks),
				len(e.Remarks))
		}
		pairs := [][2]string{
			{e.Title, k.Title}, {e.Section, k.Section}, {e.Subject, k.Subject}, {e.Why, k.Why},
			{e.Hint, k.Hint}, {e.WithoutAll, k.WithoutAll},
		}
		for j := range e.Remarks {
			pairs = append(pairs, [2]string{e.Remarks[j].Text, k.Remarks[j].Text})
		}
		for _, p := range pairs {
			if (p[0] == "") != (p[1] == "") || p[0] != "" && !slices.Contains(alike, p[0]) &&
				!hasHangul(p[1]) {
				t.Errorf("%s: got %q in Korean, want a translation of %q", e.Name, p[1], p[0])
			}
			if a, b := placeholder.FindAllString(p[0], -1), placeholder.FindAllString(p[1],
				-1); !slices.Equal(a, b) {
				t.Errorf("%s: got placeholders %v in Korean, want %v as in %q", e.Name, b, a, p[0])
			}
		}
		if a, b := names(e.Hint), names(k.Hint); !slices.Equal(a, b) {
			t.Errorf("%s: got the names %v in the Korean hint, want %v", e.Name, b, a)
		}
	}
}

// names returns the settings, files and metrics that a hint mentions.
func names(hint string) []string {
	found := identifier.FindAllString(hint, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func hasHangul(s string) bool {
	for _, r := range s {
		if unicode.Is(unicode.Hangul, r) {
			return true
		}
	}
	return false
}

// TestALanguageChangesOnlyTexts compares everything except the texts.
func TestALanguageChangesOnlyTexts(t *testing.T) {
	same := cmp.Options{
		cmpopts.IgnoreFields(panel.Spec{}, "Title", "Section", "Subject", "Why", "Hint",
			"WithoutAll", "States"), cmpopts.IgnoreFields(panel.Remark{}, "Text"),
		cmpopts.IgnoreFields(panel.Events{}, "Said"),
	}
	if diff := cmp.Diff(panels.All(), panels.In(words.Korean), same); diff != "" {
		t.Errorf("Korean: diff (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(panels.All(), panels.In(words.English), same); diff != "" {
		t.Errorf("English: diff (-want +got):\n%s", diff)
	}
}
