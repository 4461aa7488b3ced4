//go:build acceptance

package acceptance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// diskConfig is a report that is kept in a directory, told to a channel, and remembered.
const diskConfig = `version: 1
cluster: prod-seoul
prometheus: {url: '%s'}
reports:
  - name: check
    range: 1h
    send: changes
    receivers: [oncall, archive]
    panels: [{name: memory, subject: memory, query: %s, unit: percentunit, legend: '{{node}}', step: 1m, rules: [{alertname: NodeMemoryHigh, above: {critical: 90%%}, for: 3m}]}]
receivers:
  - {name: oncall, slack: {channel: C0123456789, token: xoxb-disk, api_url: '%s'}}
  - {name: archive, dir: {path: '%s'}}
state: {dir: '%s'}
`

// disk is where one run writes: a directory of the test's, which a case takes away in its own
// manner.
type disk struct {
	dir    string // out, archive and state lie in it
	slack  *slackdouble.Double
	config string
	url    string // of Prometheus
}

func newDisk(t *testing.T, dir string) *disk {
	t.Helper()
	d := &disk{dir: dir, slack: slackdouble.Start("xoxb-disk")}
	t.Cleanup(d.slack.Close)
	d.url = serve(t, fleet{"ip-10-0-1-11": {{sweepSlot.Add(-30 * time.Minute), sweepSlot}}})
	d.config = configFile(t, fmt.Sprintf(diskConfig, d.url, fleetQuery, d.slack.APIURL(),
		filepath.Join(dir, "archive"), filepath.Join(dir, "state")))
	return d
}

// write has the program write the report's files, and tell nobody.
func (d *disk) write(t *testing.T) outcome {
	t.Helper()
	return promsnap(t, "run", "-c", d.config, "--time", sweepSlot.Format(time.RFC3339),
		"--output-dir", filepath.Join(d.dir, "out"))
}

// deliver has the program keep the report and tell of it.
func (d *disk) deliver(t *testing.T, slot time.Time) outcome {
	t.Helper()
	return promsnap(t, "run", "-c", d.config, "--deliver", "--time", slot.Format(time.RFC3339),
		"--timeout", "20s")
}

// messages are what people were told, without what fills threads.
func (d *disk) messages() (told []slackdouble.Message) {
	for _, m := range d.slack.Messages() {
		if m.Thread == "" {
			told = append(told, m)
		}
	}
	return told
}

// wantWhole asserts that every report below dir is whole, and that nothing else lies there.
func wantWhole(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".promsnap-") || strings.Contains(e.Name(), ".tmp") {
			t.Errorf("%s is left over", path)
		}
		if !e.IsDir() {
			if info, err := e.Info(); err == nil && info.Size() == 0 &&
				!strings.HasSuffix(path, ".lock") {
				t.Errorf("%s is empty", path)
			}
			if e.Name() == "index.html" {
				body, err := os.ReadFile(path)
				if err != nil || !strings.HasSuffix(strings.TrimSpace(string(body)), "</html>") {
					t.Errorf("%s is half a page (%v)", path, err)
				}
			}
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
}

// tmpfs mounts a file system of so many bytes, which root alone may.
func tmpfs(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mounting a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// wantSaid asserts that an error says all of this, and shows no internal error.
func (o outcome) wantSaid(t *testing.T, words ...string) outcome {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(o.stderr, w) {
			t.Errorf("standard error does not say %q:\n%s", w, tail(o.stderr, 1500))
		}
	}
	if strings.Contains(o.stderr, "goroutine") ||
		strings.Contains(o.stderr, "internal error") {
		t.Errorf("a fault:\n%s", tail(o.stderr, 3000))
	}
	return o
}

// TestFullDisk: a report that has no room says so and leaves nothing half; people are told all the
// same; and when there is room again the next run makes good what is missing.
func TestFullDisk(t *testing.T) {
	d := newDisk(t, tmpfs(t, "1m"))
	ballast := filepath.Join(d.dir, "ballast")
	fill := func(leave int) {
		t.Helper()
		f, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		chunk := make([]byte, 4096)
		for range 1000 {
			if _, err := f.Write(chunk); err != nil {
				break
			}
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(max(0, info.Size()-int64(leave))); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, leave := range []int{0, 4096, 8192, 40960} {
		t.Run(fmt.Sprint(leave, " bytes are left"), func(t *testing.T) {
			fill(leave)
			d.write(t).want(t, 1).wantSaid(t, "no space left on device", "the disk is full: make "+
				"room, or choose another directory")
			wantWhole(t, d.dir)
		})
	}
	fill(0)
	before := len(d.messages())
	d.deliver(t, sweepSlot).want(t, 1).wantSaid(t, "no space left on device", "the disk is full")
	if told := d.messages()[before:]; len(told) != 1 ||
		!strings.Contains(told[0].Text, "ip-10-0-1-11") {
		t.Errorf("with a full disk people are told %+v", told)
	}
	wantWhole(t, d.dir)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	d.write(t).want(t, 0)
	d.deliver(t, sweepSlot.Add(time.Minute)).want(t, 0)
	d.deliver(t, sweepSlot.Add(2*time.Minute)).want(t, 0)
	if n := len(d.messages()) - before; n > 2 {
		t.Errorf("%d messages of one alert: memory is not found again", n)
	}
	wantWhole(t, d.dir)
}

// TestLimitOnFiles: a limit on the size of files (ulimit -f) is an error as every other, and no
// death by a signal.
func TestLimitOnFiles(t *testing.T) {
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	d := newDisk(t, t.TempDir())
	out, err := exec.Command("prlimit", "--fsize=2000", "--", program, "run", "-c", d.config,
		"--time", sweepSlot.Format(time.RFC3339),
		"--output-dir", filepath.Join(d.dir, "out")).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 ||
		!strings.Contains(string(out), "file too large; the file is too large for this user or "+
			"file system: raise the limit (ulimit -f)") || strings.Contains(string(out), "goroutine") {
		t.Errorf("%v:\n%s", err, tail(string(out), 2000))
	}
	wantWhole(t, d.dir)
}

// TestReadOnlyDisk: where nothing can be written the run says so, and tells people what it could
// not remember.
func TestReadOnlyDisk(t *testing.T) {
	d := newDisk(t, tmpfs(t, "1m"))
	d.deliver(t, sweepSlot).want(t, 0)
	if err := syscall.Mount("", d.dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
	d.write(t).want(t, 1).wantSaid(t, "read-only file system", "mount a volume there, or choose "+
		"another directory")
	d.deliver(t, sweepSlot.Add(time.Minute)).want(t, 1).wantSaid(t, "read-only file system")
	if n := len(d.messages()); n != 1 {
		t.Errorf("%d messages: what was told can still be read", n)
	}
}

// TestReadOnlyFromTheBeginning: a memory that cannot be written at all keeps nobody from being
// told.
func TestReadOnlyFromTheBeginning(t *testing.T) {
	d := newDisk(t, tmpfs(t, "1m"))
	if err := syscall.Mount("", d.dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
	d.deliver(t, sweepSlot).want(t, 1).wantSaid(t, "read-only file system")
	if told := d.messages(); len(told) != 1 || !strings.Contains(told[0].Text, "ip-10-0-1-11") {
		t.Errorf("people are told %+v", told)
	}
}

// TestVanishingDirectory: a directory that somebody removes between two runs is made again.
func TestVanishingDirectory(t *testing.T) {
	d := newDisk(t, t.TempDir())
	d.write(t).want(t, 0)
	d.deliver(t, sweepSlot).want(t, 0)
	for _, name := range []string{"out", "archive", "state"} {
		if err := os.RemoveAll(filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	d.write(t).want(t, 0)
	d.deliver(t, sweepSlot.Add(time.Minute)).want(t, 0)
	if n := len(d.messages()); n != 2 {
		t.Errorf("%d messages; a memory that is gone is one that never was", n)
	}
	wantWhole(t, d.dir)
}

// TestDirectoryOfAnother: a run as somebody who may not write there says whose permission it lacks,
// and still tells people.
func TestDirectoryOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("running as another user needs root")
	}
	const nobody = 65534
	dir := t.TempDir()
	for path := dir; path != filepath.Dir(os.TempDir()) && path != "/"; path = filepath.Dir(path) {
		// what stands above it lets nobody pass
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if path != os.TempDir() && info.Mode()&0o011 != 0o011 {
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	d := newDisk(t, dir)
	body, err := os.ReadFile(d.config)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "promsnap.yaml")
	if err := os.WriteFile(config, body, 0o644); err != nil {
		t.Fatal(err)
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "promsnap")
	if err := os.Link(program, own); err != nil {
		copied, readErr := os.ReadFile(program)
		if readErr != nil || os.WriteFile(own, copied, 0o755) != nil {
			t.Fatal(err)
		}
	}
	as := func(args ...string) (int, string) {
		cmd := exec.Command(own, append([]string{
			"run", "-c", config, "--time", sweepSlot.Format(time.RFC3339), "--timeout", "20s",
		}, args...)...)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
		}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Skipf("running as another user: %v", err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	want := func(code int, said string) {
		t.Helper()
		if code != 1 || !strings.Contains(said, "permission denied") ||
			strings.Contains(said, "goroutine") {
			t.Errorf("exit code %d:\n%s", code, tail(said, 2000))
		}
	}
	code, said := as("--output-dir", filepath.Join(dir, "out"))
	want(code, said)
	if !strings.Contains(said, "let this user write there, or choose another directory") {
		t.Errorf("it does not say what to do:\n%s", tail(said, 1000))
	}
	code, said = as("--deliver")
	want(code, said)
	if told := d.messages(); len(told) != 1 || !strings.Contains(told[0].Text, "ip-10-0-1-11") {
		t.Errorf("people are told %+v", told)
	}
	// A report of another's, which can be read and not be replaced.
	d.write(t).want(t, 0)
	page := filepath.Join(dir, "out", "check", sweepSlot.UTC().Format("20060102T150405Z"),
		"index.html")
	if err := os.WriteFile(page, []byte("<html>mine</html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, said = as("--output-dir", filepath.Join(dir, "out"))
	want(code, said)
	if body, err := os.ReadFile(page); err != nil || string(body) != "<html>mine</html>" {
		t.Errorf("the other's report is %q (%v)", body, err)
	}
}
