//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package state_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/state"
)

// A directory in which others can write is refused, and its files stay. Directories as clusters
// have them are accepted.
func TestDirThatOthersCanWrite(t *testing.T) {
	const foreign = 54321 // another group and user
	for _, tc := range []struct {
		name         string
		root, home   os.FileMode // modes of the root and of the cluster's directory
		uid, gid     int         // of the root; -1: this user's
		says, advice string      // "": it is taken
	}{
		{"private", 0o700, 0o700, -1, -1, "", ""},
		{"others may read", 0o755, 0o755, -1, -1, "", ""},
		{"a volume with fsGroup", 0o775 | os.ModeSetgid, 0o770 | os.ModeSetgid, -1, -1, "", ""},
		{"as /tmp is", 0o777 | os.ModeSticky, 0o700, -1, -1, "", ""},
		{"everybody", 0o777, 0o700, -1, -1, "can be written by everybody", "chmod o-w "},
		{"everybody, below", 0o700, 0o777, -1, -1, "can be written by everybody", "chmod o-w "},
		{
			"everybody, below, as /tmp is", 0o700, 0o777 | os.ModeSticky, -1, -1,
			"can be written by everybody", "chmod o-w ",
		},
		{
			"a strange group", 0o770, 0o700, -1, foreign, "can be written by group 54321",
			"chmod g-w ",
		},
		{"a strange group that only reads", 0o750, 0o700, -1, foreign, "", ""},
		{"a strange user's", 0o755, 0o700, foreign, -1, "belongs to user 54321", "chown "},
		{"a share's that knows no users", 0o755, 0o700, 65534, -1, "", ""},
		{"a share's that cannot map names", 0o755, 0o700, 1<<32 - 2, -1, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if (tc.uid >= 0 || tc.gid >= 0) && os.Geteuid() != 0 {
				t.Skip("only root gives directories away")
			}
			root := filepath.Join(t.TempDir(), "state")
			s := state.NewDir(root)
			v, err := s.Save(t.Context(), check, state.Doc{Serial: 1}, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Chown(root, tc.uid, tc.gid), os.Chmod(root, tc.root),
				os.Chmod(filepath.Dir(place(root, check)), tc.home)); err != nil {
				t.Fatal(err)
			}
			_, _, loading := s.Load(t.Context(), check)
			_, saving := s.Save(t.Context(), check, state.Doc{Serial: 2}, v)
			for _, err := range []error{loading, saving} {
				switch {
				case tc.says == "" && err != nil:
					t.Errorf("got %v, want none", err)
				case tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says) ||
					!strings.Contains(err.Error(), tc.advice)):
					t.Errorf("got %v, want %q with %q", err, tc.says, tc.advice)
				}
			}
		})
	}
}

// Something else in place of a file, such as a link or a pipe, stays; it is not followed, and
// nothing waits for it.
func TestDirWithSomethingElseInAPlace(t *testing.T) {
	for _, name := range []string{"", ".lock", ".new"} {
		for kind, put := range map[string]func(target, path string) error{
			"a link": os.Symlink,
			"a link to nothing": func(target, path string) error {
				return os.Symlink(target+"-none", path)
			},
			"a pipe": func(_, path string) error { return syscall.Mkfifo(path, 0o600) },
		} {
			t.Run(kind+" as "+filepath.Base(place("", check))+name, func(t *testing.T) {
				root := filepath.Join(t.TempDir(), "state")
				target := filepath.Join(filepath.Dir(place(root, check)), "mine")
				s := state.NewDir(root)
				v, err := s.Save(t.Context(), check, state.Doc{Serial: 1}, "")
				if err != nil {
					t.Fatal(err)
				}
				path := place(root, check) + name
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(os.WriteFile(target, []byte("mine"), 0o600),
					put(target, path)); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err = s.Save(ctx, check, state.Doc{Serial: 2}, v)
				switch {
				case ctx.Err() != nil:
					t.Errorf("saving: got %v after a wait, want an answer at once", err)
				case name == ".new" && err != nil:
					// the leftover of a crash, which is replaced and not followed
					t.Errorf("got %v, want no error", err)
				case name != ".new" &&
					(err == nil || !strings.Contains(err.Error(), "move it away")):
					t.Errorf("saving: got %v, want advice to move it away", err)
				}
				if body, err := os.ReadFile(target); err != nil || string(body) != "mine" {
					t.Errorf("target of the link: got %q (%v), want mine", body, err)
				}
				if name != "" {
					return
				}
				if _, _, err := s.Load(ctx, check); err == nil ||
					!strings.Contains(err.Error(), "move it away") {
					t.Errorf("loading: got %v, want advice to move it away", err)
				}
			})
		}
	}
}

// Something else in place of a directory is an error at once, and nothing is created behind it.
func TestDirWithSomethingElseInItsPlace(t *testing.T) {
	pipe := func(path string) error { return syscall.Mkfifo(path, 0o600) }
	file := func(path string) error { return os.WriteFile(path, nil, 0o600) }
	nowhere := func(path string) error { return os.Symlink(path+"-none", path) }
	const moved = "not a directory; inspect it and move it away"
	for _, tc := range []struct {
		name, where string
		put         func(path string) error
		says        string
	}{
		{"a pipe", "state", pipe, moved},
		{"a file", "state", file, moved},
		{"a file above", ".", file, moved},
		{
			"a link that leads nowhere", "state", nowhere,
			"leads nowhere; create or mount the directory that it leads to",
		},
		{"a cluster's pipe", "state/prod-seoul", pipe, moved},
		{"a cluster's link", "state/prod-seoul", nowhere, moved},
	} {
		t.Run(tc.name, func(t *testing.T) {
			above := filepath.Join(t.TempDir(), "above")
			root, path := filepath.Join(above, "state"), filepath.Join(above, tc.where)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700),
				tc.put(path)); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, _, loading := state.NewDir(root).Load(ctx, state.Key{
				Cluster: "prod-seoul", Report: "check",
			})
			_, saving := state.NewDir(root).Save(ctx, state.Key{
				Cluster: "prod-seoul", Report: "check",
			}, state.Doc{Serial: 1}, "")
			for _, err := range []error{loading, saving} {
				if err == nil || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("got %v, want %q", err, tc.says)
				}
			}
			if _, err := os.Lstat(path + "-none"); err == nil {
				t.Errorf("got %s-none behind the link, want nothing there", path)
			}
		})
	}
}

// The directory of a cluster must not be a link. The root may be a link, but not somebody else's.
func TestDirBehindALink(t *testing.T) {
	root, elsewhere := filepath.Join(t.TempDir(), "state"), t.TempDir()
	if err := errors.Join(os.Mkdir(root, 0o700),
		os.Symlink(elsewhere, filepath.Dir(place(root, check)))); err != nil {
		t.Fatal(err)
	}
	if _, err := state.NewDir(root).Save(t.Context(), check, state.Doc{Serial: 1},
		""); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("the cluster's directory: got %v, want advice to move it away", err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(elsewhere, link); err != nil {
		t.Fatal(err)
	}
	if _, err := state.NewDir(link).Save(t.Context(), check, state.Doc{Serial: 1}, ""); err != nil {
		t.Errorf("this user's own link: got %v, want no error", err)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root gives links away")
	}
	if err := os.Lchown(link, 54321, -1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := state.NewDir(link).Load(t.Context(), check); err == nil ||
		!strings.Contains(err.Error(), "is a link of user 54321") {
		t.Errorf("somebody else's link: got %v, want an error that names user 54321", err)
	}
}
