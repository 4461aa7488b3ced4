//go:build unix

package secret

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Who has the pipe open and writes nothing is waited for until the context ends, which says why.
func TestFileEndsWithItsContext(t *testing.T) {
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
		t.Errorf("got error %v, want %v", err, over)
	}
}
