package dir

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// Whatever the names of a report, its cluster and its files are: everything is written below the
// root, and each name has its own directory.
func TestDirectoriesOfHostileWords(t *testing.T) {
	base := t.TempDir()
	root := filepath.Join(base, "out")
	safe := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,79}$`)
	slot := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, w := range hostile.Words() {
		d := notify.Delivery{
			Report: report.Build(report.Info{Cluster: w.Text, Name: w.Text, Slot: slot}, nil),
			Files: []report.File{
				{Name: "index.html", Body: []byte(w.Text)}, {Name: report.Slug(w.Text) + ".png"},
			},
		}
		receipt, err := New(root).Notify(context.Background(), d)
		if err != nil {
			t.Errorf("%s: got %v, want no error", w.Name, err)
			continue
		}
		body, err := os.ReadFile(receipt.Location)
		if err != nil || string(body) != w.Text {
			t.Errorf("%s: got %.100q at %s (%v), want %.100q", w.Name, body, receipt.Location, err,
				w.Text)
		}
		d.Files = append(d.Files, report.File{Name: w.Text})
		if _, err := New(root).Notify(context.Background(), d); err == nil &&
			report.CheckNames(d.Files) != nil {
			t.Errorf("%s: got no error for a file with a bad name, want one", w.Name)
		}
	}
	outside, err := os.ReadDir(base)
	if err != nil || len(outside) != 1 {
		t.Errorf("got beside the root: %v (%v); want nothing", outside, err)
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != len(hostile.Words()) {
		t.Errorf("got %d directories (%v), want one for each of %d names", len(entries), err,
			len(hostile.Words()))
	}
	for _, e := range entries {
		if !safe.MatchString(e.Name()) {
			t.Errorf("got a directory called %q, want a name that matches %s", e.Name(), safe)
		}
	}
}

// vanishing is a context that removes the directory between two files.
type vanishing struct {
	context.Context
	dir string
}

func (v vanishing) Err() error {
	_ = os.RemoveAll(v.dir)
	return nil
}

// Removing a directory while it is written is an error, and the next run creates it again.
func TestADirectoryThatIsRemoved(t *testing.T) {
	root := filepath.Join(t.TempDir(), "out")
	_, err := New(root).Notify(vanishing{context.Background(), root}, delivery("one"))
	var refused *notify.RefusedError
	if err == nil ||
		!strings.Contains(err.Error(), "; it was removed in the meantime") ||
		errors.As(err, &refused) {
		t.Errorf("got %v, want an error after which a retry helps", err)
	}
	deliver(t, root, "two")
	wantTree(t, root, "two")
}
