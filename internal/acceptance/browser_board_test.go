//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/html"
	"github.com/promsnap/promsnap/internal/report/reporttest"
)

// TestBrowserDashboard opens dashboards with a panel of every kind in Chromium, one of them with
// script in every text.
func TestBrowserDashboard(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*report.Report{
		"every kind": reporttest.Dashboard(t, reporttest.EveryKind(t, "word")),
		"hostile":    reporttest.HostileDashboard(t, reporttest.Evil),
	} {
		t.Run(name, func(t *testing.T) {
			file, _, err := html.Render(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			pictures := t.ArtifactDir()
			page := filepath.Join(pictures, "index.html")
			if err := os.WriteFile(page, file.Body, 0o600); err != nil {
				t.Fatal(err)
			}
			saw := browse(t, "board", page, pictures)
			checkQuiet(t, saw)
			for what, broken := range map[string][]string{
				"axe-core, light": saw.AxeLight, "axe-core, dark": saw.AxeDark,
				"axe-core, phone": saw.AxePhone, "html-validate": withoutLongTitle(saw.Invalid),
			} {
				if len(broken) > 0 {
					t.Errorf("%s: got %d violations, want none:\n%s", what, len(broken),
						strings.Join(broken[:min(len(broken), 10)], "\n"))
				}
			}
			if saw.WideOverflow > 0 || saw.PhoneOverflow > 0 {
				t.Errorf("the page overflows by %v px on a desktop and by %v px on a phone, want 0",
					saw.WideOverflow, saw.PhoneOverflow)
			}
			if want := len(r.Info.Board.Panels); saw.Cards != want || saw.Overlaps > 0 {
				t.Errorf("got %d cards of which %d overlap, want %d and none", saw.Cards,
					saw.Overlaps, want)
			}
			if saw.Closed != 1 {
				t.Errorf("got %d closed rows, want 1 as in the file", saw.Closed)
			}
			slices.Sort(saw.Widths)
			if len(saw.Widths) != 2 || saw.Widths[1] < 2*saw.Widths[0] {
				t.Errorf("got cards %v px wide on a phone, want one column, and small figures "+
					"beside each other", saw.Widths)
			}
			if saw.Text == "" {
				t.Error("got no text behind the first card's button, want its description")
			}
		})
	}
}

// withoutLongTitle leaves out what the title of a dashboard decides.
func withoutLongTitle(broken []string) []string {
	return slices.DeleteFunc(broken, func(s string) bool { return strings.Contains(s, "long-title") })
}
