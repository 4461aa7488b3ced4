//go:build unix

package config_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/promsnap/promsnap/internal/config"
)

// A file without end and a pipe without a writer are errors, and do not block.
func TestLoadFileThatIsNoRegularFile(t *testing.T) {
	if _, err := config.LoadFile(t.Context(), "/dev/zero", options()); err == nil ||
		!strings.Contains(err.Error(), "larger than 1024 KiB") {
		t.Errorf("got error %v, want larger than 1024 KiB", err)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadFile(t.Context(), pipe, options()); err == nil ||
		!strings.Contains(err.Error(), "reading the configuration: "+pipe+" is a pipe that "+
			"nobody writes into") {
		t.Errorf("got error %v, want that the pipe has no writer", err)
	}
}
