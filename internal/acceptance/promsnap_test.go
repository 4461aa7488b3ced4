//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// binary returns the path of promsnap: PROMSNAP_BIN, or one built from this checkout.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("PROMSNAP_BIN"); path != "" {
		return filepath.Abs(path)
	}
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", "promsnap"))
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path,
		"../../cmd/promsnap").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building promsnap: %w\n%s", err, out)
	}
	return path, nil
})

// buildStatic builds a program of this checkout without a C library and returns its path. It has
// the version of the program under test, so that both write the same bytes.
func buildStatic(name, source string, flags ...string) (string, error) {
	promsnap, err := binary()
	if err != nil {
		return "", err
	}
	printed, err := exec.Command(promsnap, "version").Output()
	if err != nil {
		return "", fmt.Errorf("asking promsnap for its version: %w", err)
	}
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", name))
	if err != nil {
		return "", err
	}
	args := append([]string{"build", "-trimpath", "-ldflags",
		"-s -w -X main.version=" + strings.Fields(string(printed))[1], "-o", path}, flags...)
	build := exec.Command("go", append(args, source)...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", source, err, out)
	}
	return path, nil
}

// outcome is the result of one run of the program.
type outcome struct {
	code           int
	stdout, stderr string
	dir            string // where it ran; it wrote to dir/out
	took           time.Duration
	state          *os.ProcessState
}

// promsnap runs the program in its own directory, however it ends. If the test fails, it logs the
// output.
func promsnap(t *testing.T, args ...string) outcome {
	t.Helper()
	o := execute(t, args...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("promsnap %s: exit %d\n%s%s", strings.Join(args, " "), o.code,
				tail(o.stdout, 6000), tail(o.stderr, 4000))
		}
	})
	return o
}

// execute runs the program in its own directory.
func execute(t testing.TB, args ...string) outcome {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	o := outcome{dir: t.TempDir()}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = o.dir, &stdout, &stderr
	begin := time.Now()
	err = cmd.Run()
	o.took, o.state = time.Since(begin), cmd.ProcessState
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("promsnap %s: %v", strings.Join(args, " "), err)
	}
	o.code, o.stdout, o.stderr = cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
	return o
}

// want fails the test if the exit code is another.
func (o outcome) want(t testing.TB, code int) outcome {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit code %d, want %d: %s", o.code, code, tail(o.stderr, 500))
	}
	return o
}

// file reads one file of a report.
func (o outcome) file(t testing.TB, name string, at time.Time, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(o.dir, "out", name, at.UTC().Format("20060102T150405Z"),
		file))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// document reads a report.json and fails on undocumented fields.
func (o outcome) document(t testing.TB, name string, at time.Time) reportjson.Document {
	t.Helper()
	var doc reportjson.Document
	d := json.NewDecoder(bytes.NewReader(o.file(t, name, at, "report.json")))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatalf("report.json: %v", err)
	}
	return doc
}

// everything returns all output and files of the program, by place.
func (o outcome) everything(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{"stdout": o.stdout, "stderr": o.stderr}
	err := filepath.WalkDir(o.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(o.dir, path)
		all[rel] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// configFile writes a promsnap.yaml.
func configFile(t testing.TB, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "promsnap.yaml")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// panelOf returns a panel of the document.
func panelOf(t testing.TB, doc reportjson.Document, name string) reportjson.DocPanel {
	t.Helper()
	for _, p := range doc.Panels {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("report.json has %d panels, want %s among them", len(doc.Panels), name)
	return reportjson.DocPanel{}
}
