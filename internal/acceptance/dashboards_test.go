//go:build acceptance

package acceptance

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

// The dashboards that the tests name.
const nodeExporterFull = "rfmoz_grafana-dashboards__node-exporter-full.json"

// dashboardsDir returns the directory of real dashboards, which are not part of the repository.
// PROMSNAP_DASHBOARDS names it. It skips the test if there are none.
func dashboardsDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PROMSNAP_DASHBOARDS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "dashboards")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIPPED: the real dashboards are not here: %v. PROMSNAP_DASHBOARDS names their "+
			"directory", err)
	}
	return dir
}

// realDashboard returns the content of a real dashboard.
func realDashboard(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(dashboardsDir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// realDashboards returns the paths of all real dashboards.
func realDashboards(t testing.TB) []string {
	t.Helper()
	dir := dashboardsDir(t)
	f, err := os.Open(filepath.Join(dir, "INDEX.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	index, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, row := range index[1:] {
		paths = append(paths, filepath.Join(dir, row[0]))
	}
	return paths
}
