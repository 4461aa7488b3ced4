//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/lab"
)

// What adds the receiver "pager" to promsnap: new files, and one line in each of two tables, after
// the line that opens it. docs/architecture.md lists them.
var (
	pagerFiles = map[string]string{
		"internal/notify/pager/pager.go":    "pager.go.txt",
		"internal/config/receiver_pager.go": "receiver_pager.go.txt",
		"internal/app/pager.go":             "pager_open.go.txt",
	}
	pagerLines = map[string]struct{ after, line string }{
		"internal/config/receiver.go": {
			"type kinds struct {\n", "\tPager *pager `yaml:\"pager\"`\n",
		},
		"internal/app/receivers.go": {
			"var kinds = map[config.Kind]kind{\n",
			"\tconfig.KindPager: {title: \"pager\", open: opener(openPager), rehearse: " +
				"rehearser(rehearsePager)},\n",
		},
	}
)

// TestANewKindOfReceiver builds promsnap with one more kind of receiver and no other change. Its
// keys must be read and checked, a dry run must show its messages, a run must send to it, doctor
// and deliver --test must try it, and it must work as a fallback.
func TestANewKindOfReceiver(t *testing.T) {
	t.Parallel()
	program := withPager(t)
	var mu sync.Mutex
	var arrived []string
	pager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		arrived = append(arrived, string(body))
	}))
	t.Cleanup(pager.Close)
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	l, err := lab.New(lab.Options{Now: now, Nodes: 42, Profile: lab.KPS})
	if err != nil {
		t.Fatal(err)
	}
	prometheus := httptest.NewServer(l.Handler())
	t.Cleanup(prometheus.Close)

	dir := t.TempDir()
	write := func(receivers string) {
		t.Helper()
		text := fmt.Sprintf(`version: 1
cluster: prod
prometheus: {url: '%s'}
reports: [{name: check, range: 1h, send: changes, panels: [{use: node-memory}], receivers: [archive, night]}]
receivers:
  - {name: archive, dir: {path: archive}}
%s
state: {dir: state}
`, prometheus.URL, receivers)
		if err := os.WriteFile(filepath.Join(dir, "promsnap.yaml"), []byte(text),
			0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(code int, args ...string) string {
		t.Helper()
		cmd := exec.Command(program, append(args, "-c", "promsnap.yaml")...)
		if args[0] == "check-config" {
			cmd = exec.Command(program, "check-config", "promsnap.yaml")
		}
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput() // the exit code is compared below
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Fatalf("promsnap %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code,
				out)
		}
		return string(out)
	}
	sent := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(arrived)
	}

	for _, tt := range []struct{ receivers, want string }{
		{"  - {name: night, pager: {}}", "receivers[1].pager.url: missing"},
		{"  - {name: night, pager: {number: 1}}", "unknown key"},
		{"  - {name: night}", "write one of pager, dir, s3"},
		{
			"  - {name: night, dir: {path: x}, pager: {url: 'http://p'}}",
			"receivers[1].dir: cannot be used with pager",
		},
		{
			"  - {name: night, pager: {url: 'http://p'}, fallback: archive}",
			"receiver for people (pager, ",
		},
	} {
		write(tt.receivers)
		if got := run(2, "check-config"); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got\n%s\nwant %q", tt.receivers, got, tt.want)
		}
	}

	write(fmt.Sprintf("  - {name: night, pager: {url: '%s'}, min_severity: critical, group_by: "+
		"[], fallback: day}\n  - {name: day, pager: {url: '%s'}}", pager.URL, pager.URL))
	run(0, "check-config")
	slot := now.Format(time.RFC3339)
	if got := run(0, "run", "check", "--dry-run", "--time", slot); !strings.Contains(got,
		"── night, new (post)") || !strings.Contains(got, "🔴 prod ip-10-0-1-12") || sent() != 0 {
		t.Errorf("a dry run sent %d messages, want 0; output:\n%s", sent(), got)
	}
	if got := run(0, "run", "check", "--deliver", "--time", slot); !strings.Contains(got,
		"night: ") || sent() != 1 {
		t.Errorf("a run sent %d messages, want 1; output:\n%s", sent(), got)
	}
	if got := run(0, "deliver", "--test", "night"); !strings.Contains(got,
		"sent a test to night") || sent() != 2 {
		t.Errorf("after deliver --test %d messages were sent, want 2\n%s", sent(), got)
	}
	if got := run(0, "doctor", "--send-test", "--time", slot); !strings.Contains(got,
		"pager night ok, test message sent") || sent() != 4 {
		t.Errorf("after doctor %d messages were sent, want 4\n%s", sent(), got)
	}
	if got := run(0, "state", "show", "check"); !strings.Contains(got, " UTC  night\n") {
		t.Errorf("state show prints\n%s\nwant an alert that was sent to night", got)
	}
}

// withPager builds the program from the files of this checkout and those of testdata/newkind.
func withPager(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for path, from := range pagerFiles {
		replace[filepath.Join(root, path)] = filepath.Join(root, "internal", "acceptance",
			"testdata", "newkind", from)
	}
	for path, add := range pagerLines {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), add.after); n != 1 {
			t.Fatalf("%s has %d lines %q, want 1 at the start of its table", path, n, add.after)
		}
		changed := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(changed,
			[]byte(strings.Replace(string(text), add.after, add.after+add.line, 1)),
			0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, path)] = changed
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "promsnap")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-overlay", file, "-o", program,
		"../../cmd/promsnap").CombinedOutput(); err != nil {
		t.Fatalf("building promsnap with a new kind of receiver: %v\n%s", err, out)
	}
	return program
}
