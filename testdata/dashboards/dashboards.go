// Package dashboards finds the real Grafana dashboards that tests try. They have licences of their
// own and are not part of the repository.
package dashboards

import (
	"os"
	"path/filepath"
	"testing"
)

// Env names the directory of the dashboards. Without it, they are looked for beside the checkout.
const Env = "PROMSNAP_DASHBOARDS"

// Dir returns the directory of the dashboards. It skips the test if there is none.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(Env)
	if dir == "" {
		dir = filepath.Join(root(t), "..", "shared", "dashboards")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIPPED: the real dashboards are not here: %v. %s names their directory", err, Env)
	}
	return dir
}

// Files returns the content of the dashboards by the names of their files, such as nodes.json. It
// skips the test if there are none.
func Files(t testing.TB) map[string][]byte {
	t.Helper()
	dir := Dir(t)
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skipf("SKIPPED: %s has no dashboards. %s names their directory", dir, Env)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = content
	}
	return files
}

// root returns the directory of go.mod. Tests run in the directory of their package.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no directory above the test has a go.mod")
		}
		dir = parent
	}
}
