package state_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

func place(root string, k state.Key) string {
	return filepath.Join(root, report.Slug(k.Cluster), report.Slug(k.Report)+".json")
}

func TestDir(t *testing.T) {
	statetest.Run(t, func(t *testing.T) statetest.Tested {
		root := filepath.Join(t.TempDir(), "not", "there", "yet")
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return statetest.Tested{
			Store:  state.NewDir(root),
			Broken: state.NewDir(file), // a file stands where a directory must be
			Corrupt: func(t *testing.T, k state.Key, data []byte) {
				if err := os.WriteFile(place(root, k), data, 0o600); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

// A crash leaves the document as it was, and other leftovers disturb nobody.
func TestDirAfterACrash(t *testing.T) {
	root, k := t.TempDir(), state.Key{Cluster: "prod", Report: "check"}
	s := state.NewDir(root)
	v, err := s.Save(t.Context(), k, state.Doc{Serial: 1}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place(root, k)+".new", []byte(`{"schema":1,"clu`), 0o600); err != nil {
		t.Fatal(err)
	}
	if d, _, err := s.Load(t.Context(), k); err != nil || d.Serial != 1 {
		t.Fatalf("got serial %d, %v; want 1", d.Serial, err)
	}
	if _, err := s.Save(t.Context(), k, state.Doc{Serial: 2}, v); err != nil {
		t.Fatal(err)
	}
	var left []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, d.Name())
			if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("got the mode of %s: %v (%v); want it private", path, info.Mode(), err)
			}
		}
		return err
	})
	if got := strings.Join(left, " "); err != nil || got != "check.json check.json.lock" {
		t.Errorf("got the files %s (%v), want check.json check.json.lock", got, err)
	}
}

func TestDirThatCannotBeRead(t *testing.T) {
	root, k := t.TempDir(), state.Key{Cluster: "prod", Report: "check"}
	if err := os.MkdirAll(place(root, k), 0o700); err != nil {
		// a directory in place of the document
		t.Fatal(err)
	}
	s := state.NewDir(root)
	if _, _, err := s.Load(t.Context(), k); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("loading: got %v, want an error", err)
	}
	if _, err := s.Save(t.Context(), k, state.Doc{}, ""); err == nil ||
		errors.Is(err, state.ErrConflict) {
		t.Errorf("saving: got %v, want an error that is no conflict", err)
	}
}
