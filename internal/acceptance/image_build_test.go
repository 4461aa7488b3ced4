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

// TestDockerfileBuilds runs the command of the Dockerfile's stage build over what .dockerignore
// leaves of this checkout, with the Go that is here: docker build takes it by default, and the
// image that TestImage makes does not.
func TestDockerfileBuilds(t *testing.T) {
	dockerfile := readText(t, "../../deploy/Dockerfile")
	m := regexp.MustCompile(
		`(?s)FROM \S+ golang:(\S+) AS build\n.*?\nRUN ([^\n]* go build [^\n]*)\n`).
		FindStringSubmatch(dockerfile)
	if m == nil {
		t.Fatal("the Dockerfile has no stage that builds")
	}
	version, command := m[1], m[2]
	if wants := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(readText(t,
		"../../go.mod")); wants == nil || !strings.HasPrefix(wants[1]+".", version+".") {
		t.Errorf("the Dockerfile builds with Go %s, and go.mod wants %q", version, wants)
	}
	root, program := t.TempDir(), filepath.Join(t.TempDir(), "promsnap")
	copyContext(t, "../..", root)
	rewritten := strings.Replace(command, "-o /promsnap ", "-o "+program+" ", 1)
	if rewritten == command {
		t.Fatalf("the Dockerfile's command puts the program elsewhere: %s", command)
	}
	build := exec.Command("sh", "-c", rewritten)
	build.Dir = root
	build.Env = append(os.Environ(), "TARGETARCH="+runtime.GOARCH, "VERSION=v9.9.9")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, tail(string(out), 3000))
	}
	out, err := exec.Command(program, "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "promsnap v9.9.9 ") {
		t.Errorf("promsnap version says %q, %v", out, err)
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

// copyContext copies what docker build is given of a directory.
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
				// caches and history, as large as they are
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
		t.Fatalf("docker build is given %d files", files)
	}
}

// ignorer reads a .dockerignore: of the patterns that a path or a directory above it matches, the
// last one counts.
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
