package html

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
)

// realDashboards returns the files of real dashboards by their names. They are not part of the
// repository; PROMSNAP_DASHBOARDS names their directory.
func realDashboards(t testing.TB) map[string][]byte {
	t.Helper()
	dir := os.Getenv("PROMSNAP_DASHBOARDS")
	if dir == "" {
		dir = "../../../../shared/dashboards"
	}
	f, err := os.Open(filepath.Join(dir, "INDEX.csv"))
	if err != nil {
		t.Skipf("SKIPPED: the real dashboards are not here: %v. PROMSNAP_DASHBOARDS names their "+
			"directory", err)
	}
	defer func() { _ = f.Close() }()
	index, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("reading INDEX.csv: %v", err)
	}
	files := map[string][]byte{}
	for _, row := range index[1:] {
		file, err := os.ReadFile(filepath.Join(dir, row[0]))
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(row[0], ".json")] = file
	}
	return files
}

// Every panel of real dashboards is a card of the page, whose files have names of their own.
func TestRealDashboards(t *testing.T) {
	for name, file := range realDashboards(t) {
		r := reporttest.Dashboard(t, file)
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
