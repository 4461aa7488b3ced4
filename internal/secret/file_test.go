package secret

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Files and pipes are read, with a bound, and nobody is waited for who never writes.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
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
		got, err := ReadFile(context.Background(), tc.path, 4)
		if string(got) != tc.want || tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
			t.Errorf("%s: %q, %v", tc.path, got, err)
		}
	}
}

// What a shell writes for <(…) is a pipe that has its writer, who may take time.
func TestReadFileFromAPipe(t *testing.T) {
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
	if got, err := ReadFile(context.Background(), path, 100); err != nil || string(got) != "in parts" {
		t.Errorf("%q, %v", got, err)
	}
	_ = r.Close()
}

// Who has the pipe open and writes nothing is waited for until the context ends, which says why.
func TestReadFileEndsWithItsContext(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close() })
	over := errors.New("the run's minute is over")
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan error)
	go func() {
		_, err := File(pipe).Reveal(ctx)
		ended <- err
	}()
	cancel(over)
	if err := <-ended; !errors.Is(err, over) {
		t.Error(err)
	}
}
