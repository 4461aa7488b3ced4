//go:build acceptance

package supply

import (
	"bytes"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestReproducible builds promsnap and the Lambda function's zip twice with the Makefile, from two
// copies of the sources, and wants the same bytes. The builds differ in directory, depth, path of
// the modules, time zone, umask and build cache.
func TestReproducible(t *testing.T) {
	modules, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	link := filepath.Join(elsewhere, "modules")
	if err := os.Symlink(strings.TrimSpace(string(modules)), link); err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(elsewhere, "cache")
	first := t.TempDir()
	second := filepath.Join(elsewhere, "some", "deeper", "place")
	makeIn(t, first, "umask 022", "TZ=UTC")
	makeIn(t, second, "umask 077", "TZ=Asia/Seoul", "GOCACHE="+cache, "GOMODCACHE="+link)

	for _, file := range []string{"promsnap", "lambda-" + runtime.GOARCH + ".zip"} {
		a, b := built(t, first, file), built(t, second, file)
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs between two builds of %d and %d bytes, want the same bytes", file,
				len(a), len(b))
			continue
		}
		t.Logf("%s: %d bytes, sha256 %x, twice", file, len(a), sha256.Sum256(a))
		for _, trace := range []string{first, elsewhere} {
			if bytes.Contains(a, []byte(trace)) {
				t.Errorf("%s holds %q, want no build directory", file, trace)
			}
		}
	}
}

// makeIn copies the sources into dir and builds the shipped files there.
func makeIn(t *testing.T, dir, umask string, env ...string) {
	t.Helper()
	for _, part := range []string{"cmd", "functions", "internal", "templates"} {
		if err := os.CopyFS(filepath.Join(dir, part),
			os.DirFS(filepath.Join(root, part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum", "Makefile"} {
		b, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh", "-c", umask+" && exec make bin/promsnap lambda VERSION=v0.0.0-test "+
		"LAMBDA_ARCHES="+runtime.GOARCH)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make in %s: %v\n%s", dir, err, out)
	}
	t.Logf("make took %v of processor time", cmd.ProcessState.UserTime()+
		cmd.ProcessState.SystemTime())
}

func built(t *testing.T, dir, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "bin", file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
