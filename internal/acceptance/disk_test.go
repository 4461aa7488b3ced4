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

// diskConfig has a report with a directory and a channel as receivers, and a state.
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

// disk is where one run writes: a directory that each case breaks in its own way.
type disk struct {
	dir    string // holds out, archive and state
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

// write runs the program to write the report's files without messages.
func (d *disk) write(t *testing.T) outcome {
	t.Helper()
	return promsnap(t, "run", "-c", d.config, "--time", sweepSlot.Format(time.RFC3339),
		"--output-dir", filepath.Join(d.dir, "out"))
}

// deliver runs the program to keep the report and send messages.
func (d *disk) deliver(t *testing.T, slot time.Time) outcome {
	t.Helper()
	return promsnap(t, "run", "-c", d.config, "--deliver", "--time", slot.Format(time.RFC3339),
		"--timeout", "20s")
}

// messages returns the messages that were sent, without replies.
func (d *disk) messages() (sent []slackdouble.Message) {
	for _, m := range d.slack.Messages() {
		if m.Thread == "" {
			sent = append(sent, m)
		}
	}
	return sent
}

// wantComplete checks that every report below dir is complete and that nothing else is there.
func wantComplete(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".promsnap-") || strings.Contains(e.Name(), ".tmp") {
			t.Errorf("%s is there, want no temporary files", path)
		}
		if !e.IsDir() {
			if info, err := e.Info(); err == nil && info.Size() == 0 &&
				!strings.HasSuffix(path, ".lock") {
				t.Errorf("%s is empty, want some bytes", path)
			}
			if e.Name() == "index.html" {
				body, err := os.ReadFile(path)
				if err != nil || !strings.HasSuffix(strings.TrimSpace(string(body)), "</html>") {
					t.Errorf("%s does not end with </html>, want a complete page (%v)", path, err)
				}
			}
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
}

// tmpfs mounts a file system of this size. Only root can.
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

// wantStderr checks that standard error holds all of words and no internal error.
func (o outcome) wantStderr(t *testing.T, words ...string) outcome {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(o.stderr, w) {
			t.Errorf("standard error, want %q in it:\n%s", w, tail(o.stderr, 1500))
		}
	}
	if strings.Contains(o.stderr, "goroutine") ||
		strings.Contains(o.stderr, "internal error") {
		t.Errorf("standard error, want no internal error:\n%s", tail(o.stderr, 3000))
	}
	return o
}

// TestFullDisk checks that a report without room says so and leaves no partial file, that messages
// are sent anyway, and that the next run with room writes what is missing.
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
			d.write(t).want(t, 1).wantStderr(t, "no space left on device",
				"the disk is full: make "+
					"room, or choose another directory")
			wantComplete(t, d.dir)
		})
	}
	fill(0)
	before := len(d.messages())
	d.deliver(t, sweepSlot).want(t, 1).wantStderr(t, "no space left on device", "the disk is full")
	if sent := d.messages()[before:]; len(sent) != 1 ||
		!strings.Contains(sent[0].Text, "ip-10-0-1-11") {
		t.Errorf("messages with a full disk: %+v, want one of ip-10-0-1-11", sent)
	}
	wantComplete(t, d.dir)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	d.write(t).want(t, 0)
	d.deliver(t, sweepSlot.Add(time.Minute)).want(t, 0)
	d.deliver(t, sweepSlot.Add(2*time.Minute)).want(t, 0)
	if n := len(d.messages()) - before; n > 2 {
		t.Errorf("%d messages of one alert, want at most 2: the state is lost", n)
	}
	wantComplete(t, d.dir)
}

// TestLimitOnFiles checks that a limit on the size of files (ulimit -f) is an ordinary error and
// not death by a signal.
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
			"file system: raise the limit (ulimit -f)") ||
		strings.Contains(string(out), "goroutine") {
		t.Errorf("%v, want exit code 1 and a word about ulimit -f:\n%s", err,
			tail(string(out), 2000))
	}
	wantComplete(t, d.dir)
}

// TestReadOnlyDisk checks that a run that can write nothing says so.
func TestReadOnlyDisk(t *testing.T) {
	d := newDisk(t, tmpfs(t, "1m"))
	d.deliver(t, sweepSlot).want(t, 0)
	if err := syscall.Mount("", d.dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
	d.write(t).want(t, 1).wantStderr(t, "read-only file system", "mount a volume there, or choose "+
		"another directory")
	d.deliver(t, sweepSlot.Add(time.Minute)).want(t, 1).wantStderr(t, "read-only file system")
	if n := len(d.messages()); n != 1 {
		t.Errorf("%d messages, want 1: the state can still be read", n)
	}
}

// TestReadOnlyFromTheBeginning checks that messages are sent even if the state can never be
// written.
func TestReadOnlyFromTheBeginning(t *testing.T) {
	d := newDisk(t, tmpfs(t, "1m"))
	if err := syscall.Mount("", d.dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
	d.deliver(t, sweepSlot).want(t, 1).wantStderr(t, "read-only file system")
	if sent := d.messages(); len(sent) != 1 || !strings.Contains(sent[0].Text, "ip-10-0-1-11") {
		t.Errorf("messages %+v, want one of ip-10-0-1-11", sent)
	}
}

// TestVanishingDirectory checks that a directory that was removed between two runs is made again.
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
		t.Errorf("%d messages, want 2: the state was removed", n)
	}
	wantComplete(t, d.dir)
}

// TestDirectoryOfAnother checks that a run of a user without permission to write names that
// permission and still sends messages.
func TestDirectoryOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("running as another user needs root")
	}
	const nobody = 65534
	dir := t.TempDir()
	for path := dir; path != filepath.Dir(os.TempDir()) && path != "/"; path = filepath.Dir(path) {
		// Every directory above must let other users pass.
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
			t.Errorf("exit code %d, want 1 and \"permission denied\":\n%s", code, tail(said, 2000))
		}
	}
	code, said := as("--output-dir", filepath.Join(dir, "out"))
	want(code, said)
	if !strings.Contains(said, "let this user write there, or choose another directory") {
		t.Errorf("output, want what to do in it:\n%s", tail(said, 1000))
	}
	code, said = as("--deliver")
	want(code, said)
	if sent := d.messages(); len(sent) != 1 || !strings.Contains(sent[0].Text, "ip-10-0-1-11") {
		t.Errorf("messages %+v, want one of ip-10-0-1-11", sent)
	}
	// Another user's report can be read but not replaced.
	d.write(t).want(t, 0)
	page := filepath.Join(dir, "out", "check", sweepSlot.UTC().Format("20060102T150405Z"),
		"index.html")
	if err := os.WriteFile(page, []byte("<html>mine</html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, said = as("--output-dir", filepath.Join(dir, "out"))
	want(code, said)
	if body, err := os.ReadFile(page); err != nil || string(body) != "<html>mine</html>" {
		t.Errorf("the other user's report is %q (%v), want it unchanged", body, err)
	}
}
