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

// alike are titles and subjects that Korean engineers write as English ones do.
var alike = []string{"CPU", "inodes"}

// TestKoreanHasEveryWordOfEveryPanel fails where a panel, or one field of it, has no translation,
// or lost a placeholder or a name.
func TestKoreanHasEveryWordOfEveryPanel(t *testing.T) {
	english, korean := panels.All(), panels.In(words.Korean)
	for i, e := range english {
		k := korean[i]
		if len(k.Remarks) != len(e.Remarks) {
			t.Fatalf("%s has %d remarks, in Korean %d", e.Name, len(e.Remarks), len(k.Remarks))
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
				t.Errorf("%s: %q is %q in Korean", e.Name, p[0], p[1])
			}
			if a, b := placeholder.FindAllString(p[0], -1), placeholder.FindAllString(p[1],
				-1); !slices.Equal(a, b) {
				t.Errorf("%s: %q has the placeholders %v, in Korean %v", e.Name, p[0], a, b)
			}
		}
		if a, b := names(e.Hint), names(k.Hint); !slices.Equal(a, b) {
			t.Errorf("%s: the hint names %v, in Korean %v", e.Name, a, b)
		}
	}
}

// names are the settings, files and metrics that a hint names.
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

// TestALanguageChangesWordsAlone compares all but the words.
func TestALanguageChangesWordsAlone(t *testing.T) {
	same := cmp.Options{
		cmpopts.IgnoreFields(panel.Spec{}, "Title", "Section", "Subject", "Why", "Hint",
			"WithoutAll"), cmpopts.IgnoreFields(panel.Remark{}, "Text"),
		cmpopts.IgnoreFields(panel.Events{}, "Said"),
	}
	if diff := cmp.Diff(panels.All(), panels.In(words.Korean), same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(panels.All(), panels.In(words.English), same); diff != "" {
		t.Error(diff)
	}
}
