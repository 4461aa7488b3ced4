//go:build unix

package dir

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
)

// Notify does not wait for a pipe in place of a file, and replaces it with the report.
func TestAPipeInAFilesPlace(t *testing.T) {
	for _, name := range []string{"index.html", "report.json"} {
		root := t.TempDir()
		first, then := ofSlot("one", seeing), ofSlot("two", blind)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := NewArchive(root).Notify(ctx, first); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, where, name)
		if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
			t.Fatal(err)
		}
		for _, d := range []notify.Delivery{first, then} {
			if _, err := NewArchive(root).Notify(ctx, d); err != nil {
				t.Errorf("%s: got %v, want no error", name, err)
			}
		}
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: got %v (%v), want a regular file", name, info, err)
		}
	}
}
