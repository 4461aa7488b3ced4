//go:build unix

package disk_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/promsnap/promsnap/internal/disk"
)

var errOver = errors.New("the run's minute is over")

// A call that never returns is abandoned when the context ends. The error has the file and the
// cause.
func TestWithinAbandonsABlockedCall(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	_, err := disk.Within(ctx, "/nfs/state", func() (int, error) {
		cancel(errOver)
		<-never
		return 1, nil
	})
	var stalled *disk.StalledError
	if !errors.As(err, &stalled) || !errors.Is(err, errOver) ||
		!strings.Contains(err.Error(), "/nfs/state does not answer (the run's minute is over)") {
		t.Errorf("got %v, want a StalledError", err)
	}
}

// A call that ends with the context returns its own error, which is better.
func TestWithinReturnsTheErrorOfACallThatEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	own := errors.New("another run holds the lock")
	_, err := disk.Within(ctx, "state", func() (int, error) {
		cancel(errOver)
		<-ctx.Done()
		return 0, own
	})
	if !errors.Is(err, own) {
		t.Errorf("got %v, want %v", err, own)
	}
	if _, err := disk.Within(ctx, "state", func() (int, error) {
		t.Error("got a call after the end of the context, want none")
		return 0, nil
	}); !errors.Is(err, errOver) {
		t.Errorf("after the end: got %v, want %v", err, errOver)
	}
}

func TestWithinPassesAPanicOn(t *testing.T) {
	defer func() {
		if got := recover(); got != "mine" {
			t.Errorf("got panic %v, want mine", got)
		}
	}()
	_ = disk.Do(t.Context(), "state", func() error { panic("mine") })
}

// A regular file is opened. Anything else is refused, without waiting.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		file: "", pipe: "a pipe", dir: "a directory", "/dev/null": "a device",
	} {
		f, err := disk.Open(path, os.O_RDONLY, 0, os.OpenFile)
		if says == "" {
			if err != nil {
				t.Errorf("%s: got %v, want no error", path, err)
			}
			_ = f.Close()
			continue
		}
		if !errors.Is(err, disk.ErrNotAFile) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %s", path, err, says)
		}
		if _, err := disk.Open(path, os.O_WRONLY, 0, os.OpenFile); path != dir &&
			(!errors.Is(err, disk.ErrNotAFile) || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s, to write: got %v, want %s", path, err, says)
		}
	}
}

// Files and pipes are read up to a limit, without waiting for a pipe that has no writer.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	path, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.WriteFile(path, []byte("0123456789"), 0o600),
		syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path, want, says string
	}{
		{path, "01234", ""},
		{"/dev/zero", "\x00\x00\x00\x00\x00", ""},
		{pipe, "", "is a pipe that nobody writes into"},
		{dir, "", "is a directory"},
	} {
		got, err := disk.Read(t.Context(), tc.path, 4)
		if string(got) != tc.want || tc.says == "" && err != nil ||
			tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
			t.Errorf("%s: got %q, %v, want %q, %q", tc.path, got, err, tc.want, tc.says)
		}
	}
}

// A shell's <(…) is a pipe with a writer, which may take time.
func TestReadFromAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("/dev/fd", strconv.Itoa(int(r.Fd())))
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	go func() {
		for _, part := range []string{"in ", "parts"} {
			_, _ = w.WriteString(part)
		}
		_ = w.Close()
	}()
	if got, err := disk.Read(t.Context(), path, 100); err != nil || string(got) != "in parts" {
		t.Errorf("got %q, %v; want in parts", got, err)
	}
	_ = r.Close()
}

// A pipe whose writer writes nothing is waited for until the context ends. The error has the cause.
func TestReadEndsWithItsContext(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close() })
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error)
	go func() {
		_, err := disk.Read(ctx, pipe, 4)
		ended <- err
	}()
	cancel(errOver)
	if err := <-ended; !errors.Is(err, errOver) {
		t.Errorf("got %v, want %v", err, errOver)
	}
}
