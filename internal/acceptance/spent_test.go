//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// measureEnv makes the test binary run one program and report its cost. A child's peak memory
// starts at its parent's, so the parent is this small process and not the one with the benchmarks.
const measureEnv = "PROMSNAP_MEASURE"

// spent is the cost of one process from start to end.
type spent struct {
	Took         time.Duration
	User, System time.Duration
	Peak         float64 // of resident memory, MiB
	Parent       float64 // the peak of the process that started it, MiB
	Code         int
}

func (s spent) cpu() time.Duration { return s.User + s.System }

// reportSpent runs a program and writes its cost to w.
func reportSpent(w io.Writer, path string, args []string) error {
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// of its memory alone: what getrusage returns begins at the peak of its own parent
	own, ok := peakNow(os.Getpid())
	if !ok {
		return errors.New("reading the peak memory of this process failed")
	}
	begin := time.Now()
	err := cmd.Run()
	s := spent{Took: time.Since(begin), Parent: own}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	state := cmd.ProcessState
	s.User, s.System, s.Code = state.UserTime(), state.SystemTime(), state.ExitCode()
	s.Peak = mebibytes(state.SysUsage().(*syscall.Rusage))
	return json.NewEncoder(w).Encode(s)
}

// spend runs a program in its own directory and returns its outcome and its cost. A failure ends
// the benchmark or test.
func spend(b testing.TB, path string, args ...string) (outcome, spent) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	o := outcome{dir: b.TempDir()}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(self, append([]string{path}, args...)...)
	cmd.Env = append(os.Environ(), measureEnv+"=1")
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = o.dir, &stdout, &stderr, []*os.File{write}
	err = cmd.Run()
	_ = write.Close() // the child has its own copy
	var s spent
	if err := errors.Join(err, json.NewDecoder(read).Decode(&s)); err != nil {
		b.Fatalf("measuring %s: %v\n%s", path, err, tail(stderr.String(), 1000))
	}
	o.code, o.stdout, o.stderr, o.took = s.Code, stdout.String(), stderr.String(), s.Took
	if s.Code != 0 {
		b.Fatalf("%s %s: got exit code %d, want 0\n%s", path, strings.Join(args, " "), s.Code,
			tail(o.stderr, 1000))
	}
	return o, s
}

// peak returns the peak resident memory in MiB. It fails if the parent's peak hides it.
func (s spent) peak(b *testing.B) float64 {
	b.Helper()
	if s.Peak <= s.Parent {
		b.Fatalf("the measuring process used %.0f MiB itself, want less than the measured "+
			"%.0f MiB", s.Parent, s.Peak)
	}
	return s.Peak
}

// mebibytes returns the peak resident memory in MiB. Linux counts it in kilobytes.
func mebibytes(u *syscall.Rusage) float64 { return float64(u.Maxrss) / 1024 }

// peakNow returns the peak resident memory of a running process in MiB so far, and false if it has
// ended.
func peakNow(pid int) (float64, bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, line, found := strings.Cut(string(status), "VmHWM:")
	if err != nil || !found {
		return 0, false
	}
	kib, err := strconv.ParseFloat(strings.Fields(line)[0], 64)
	return kib / 1024, err == nil
}

// bound is the most that a figure may be, and a goal below it.
type bound struct {
	what          string // "promsnap's time against curl's"
	most, stretch float64
	unit          string // of the metric: "×curl"
}

// hold prints a figure with its bound and fails the benchmark if the figure is above it.
func (x bound) hold(b *testing.B, got float64) {
	b.Helper()
	b.ReportMetric(got, x.unit)
	b.Logf("%s: %.2f %s; the bound is %g, the goal %g", x.what, got, x.unit, x.most, x.stretch)
	if !(got <= x.most) { // so that NaN fails too
		b.Errorf("%s: %.2f %s, want at most %g", x.what, got, x.unit, x.most)
	}
}
