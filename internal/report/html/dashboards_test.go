package html

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/testdata/dashboards"
	"github.com/promsnap/promsnap/testdata/race"
)

// Every panel of real dashboards is a card of the page, whose files have names of their own.
func TestRealDashboards(t *testing.T) {
	files := dashboards.Files(t)
	for i, name := range slices.Sorted(maps.Keys(files)) {
		if race.Enabled && i%eighth != 0 {
			continue
		}
		r := reporttest.Dashboard(t, files[name])
		page, pictures, err := Render(t.Context(), r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out := os.Getenv("PROMSNAP_PAGES"); out != "" {
			if err := os.WriteFile(filepath.Join(out, name+".html"), page.Body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := report.CheckNames(append(pictures, page)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %d panels, %d pictures, %d bytes: %s", name, len(r.Info.Board.Panels),
			len(pictures), len(page.Body), r.Headline)
	}
}
