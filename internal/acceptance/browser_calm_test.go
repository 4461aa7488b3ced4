//go:build acceptance

package acceptance

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// The size of the page of a calm cluster of 42 nodes, on a screen of 1440 × 900 pixels, on a phone
// of 390 × 844, and on A4. In all of them its panels are lines.
const (
	calmScreens, calmPhoneScreens = 4, 7
	calmSheets                    = 6
)

// TestBrowserCalm opens the report of a cluster in which nothing is wrong.
func TestBrowserCalm(t *testing.T) {
	t.Parallel()
	page, doc := simulated(t, demoSlot, "42",
		filepath.Join("..", "..", "testdata", "demo", "promsnap.yaml"), "--calm")
	if len(doc.Findings) > 0 || len(doc.Panels) < 20 {
		t.Fatalf("got %d findings in %d panels, want none in all panels", len(doc.Findings),
			len(doc.Panels))
	}
	pictures := t.ArtifactDir()
	saw := browse(t, "calm", page, pictures)
	checkQuiet(t, saw)
	for what, broken := range map[string][]string{
		"light": saw.AxeLight, "dark": saw.AxeDark, "phone": saw.AxePhone,
	} {
		if len(broken) > 0 {
			t.Errorf("axe-core, %s: got %q, want no violations", what, broken)
		}
	}
	sheets := sheetsOf(t, filepath.Join(pictures, "report.pdf"))
	t.Logf("%.1f screens, %.1f on a phone, %d sheets", saw.Screens, saw.PhoneScreens, sheets)
	if saw.Screens > calmScreens || saw.Screens == 0 {
		t.Errorf("got %.1f screens, want at most %d", saw.Screens, calmScreens)
	}
	if saw.PhoneScreens > calmPhoneScreens || saw.PhoneScreens == 0 || saw.PhoneOverflow > 0 {
		t.Errorf("got %.1f screens on a phone, and %v px beside them; want at most %d and 0",
			saw.PhoneScreens, saw.PhoneOverflow, calmPhoneScreens)
	}
	if sheets > calmSheets {
		t.Errorf("got %d sheets of paper, want at most %d", sheets, calmSheets)
	}
	for name, f := range map[string]folding{
		"with its script": saw.Folds, "without a script": saw.BareFolds,
	} {
		if want := []int{0, 1, 0, 1}; !slices.Equal(f.Charts, want) || f.Top < 0 || f.Top > 200 {
			t.Errorf("%s: got %v charts and the line of %s at %v px, want %v and at the top", name,
				f.Charts, f.ID, f.Top, want)
		}
	}
}

// sheetsOf returns the number of pages of a PDF.
func sheetsOf(t *testing.T, path string) int {
	t.Helper()
	out, err := exec.Command("pdfinfo", path).Output()
	if err != nil {
		t.Fatalf("pdfinfo: %v", err)
	}
	m := regexp.MustCompile(`(?m)^Pages: +(\d+)$`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("pdfinfo printed %s, want a number of pages", out)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
