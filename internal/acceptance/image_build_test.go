//go:build acceptance

package acceptance

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestDockerfileBuilds runs the build command of the Dockerfile on the files that .dockerignore
// leaves of this checkout, with the installed Go. docker build runs that stage by default, but
// TestImage does not.
func TestDockerfileBuilds(t *testing.T) {
	t.Parallel()
	dockerfile := readText(t, "../../deploy/Dockerfile")
	m := regexp.MustCompile(
		`(?s)FROM \S+ golang:(\S+) AS build\n.*?\nRUN ([^\n]* go build [^\n]*)\n`).
		FindStringSubmatch(dockerfile)
	if m == nil {
		t.Fatalf("the Dockerfile is\n%s\nwant a stage that builds", dockerfile)
	}
	version, command := m[1], m[2]
	if wants := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(readText(t,
		"../../go.mod")); wants == nil || !strings.HasPrefix(wants[1]+".", version+".") {
		t.Errorf("the Dockerfile builds with Go %s, want that of go.mod, %q", version, wants)
	}
	root, program := t.TempDir(), filepath.Join(t.TempDir(), "promsnap")
	copyContext(t, "../..", root)
	rewritten := strings.Replace(command, "-o /promsnap ", "-o "+program+" ", 1)
	if rewritten == command {
		t.Fatalf("the Dockerfile's command is %s, want -o /promsnap in it", command)
	}
	build := exec.Command("sh", "-c", rewritten)
	build.Dir = root
	build.Env = append(os.Environ(), "TARGETARCH="+runtime.GOARCH, "VERSION=v9.9.9")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, tail(string(out), 3000))
	}
	out, err := exec.Command(program, "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "promsnap v9.9.9 ") {
		t.Errorf("promsnap version prints %q, %v; want v9.9.9", out, err)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// copyContext copies the build context of a directory.
func copyContext(t *testing.T, from, to string) {
	t.Helper()
	ignored := ignorer(t, filepath.Join(from, ".dockerignore"))
	files := 0
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && rel != "." {
				// caches and history, which may be large
				return filepath.SkipDir
			}
			return nil
		}
		if ignored(filepath.ToSlash(rel)) {
			return nil
		}
		files++
		at := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(at, b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Fatalf("the build context has %d files, want 100 or more", files)
	}
}

// ignorer reads a .dockerignore and reports whether a path is ignored. The last pattern that
// matches the path or a directory above it decides.
func ignorer(t *testing.T, file string) func(path string) bool {
	t.Helper()
	type pattern struct {
		match *regexp.Regexp
		keep  bool
	}
	var patterns []pattern
	for line := range strings.Lines(readText(t, file)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		text, keep := strings.CutPrefix(line, "!")
		text = regexp.QuoteMeta(text)
		text = strings.ReplaceAll(text, `\*\*/`, `(.*/)?`)
		text = strings.ReplaceAll(text, `\*`, `[^/]*`)
		patterns = append(patterns, pattern{regexp.MustCompile("^" + text + "(/.*)?$"), keep})
	}
	return func(path string) bool {
		ignored := false
		for _, p := range patterns {
			if p.match.MatchString(path) {
				ignored = !p.keep
			}
		}
		return ignored
	}
}
