package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/promsnap/promsnap/internal/state"
)

// Volumes of clusters are accepted with their usual modes and owners: whoever has mounted them can
// write there.
func TestDirOnAVolume(t *testing.T) {
	const foreign = 54321
	for _, tc := range []struct {
		name     string
		top      os.FileMode
		uid, gid int         // of the top, and uid of what is below
		below    os.FileMode // of the state's directory, a subdirectory of the volume
		says     string      // "": it is taken
	}{
		{"an emptyDir", 0o777, -1, -1, 0o700, ""},
		{"an emptyDir with fsGroup", 0o777 | os.ModeSetgid, -1, foreign, 0o777 | os.ModeSetgid, ""},
		{"a claim", 0o755, -1, -1, 0o700, ""},
		{"a claim with fsGroup", 0o775 | os.ModeSetgid, -1, -1, 0o775 | os.ModeSetgid, ""},
		{"a share of one user, such as an access point of EFS", 0o755, foreign, -1, 0o755, ""},
		{"a share that is open to everybody, as SMB is", 0o777, foreign, foreign, 0o777, ""},
		{
			"a claim of a strange group", 0o775 | os.ModeSetgid, -1, foreign, 0o775 | os.ModeSetgid,
			"can be written by group 54321",
		},
		{"as /tmp is", 0o777 | os.ModeSticky, -1, -1, 0o777, "can be written by everybody"},
		{"a strange user's and open", 0o755, foreign, -1, 0o777, "can be written by everybody"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			top := t.TempDir()
			if err := syscall.Mount("none", top, "tmpfs", 0, ""); err != nil {
				t.Skipf("nothing can be mounted here: %v", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(top, 0) })
			for _, root := range []string{top, filepath.Join(top, "state")} {
				if err := errors.Join(os.Chown(top, -1, os.Getegid()),
					os.Chmod(top, 0o700)); err != nil {
					t.Fatal(err)
				}
				s := state.NewDir(root)
				v, err := s.Save(t.Context(), check, state.Doc{Serial: 1}, "")
				if err != nil {
					t.Fatal(err)
				}
				for dir := filepath.Dir(place(root, check)); ; dir = filepath.Dir(dir) {
					mode := tc.below
					if dir == top {
						mode = tc.top
					}
					if err := errors.Join(os.Chown(dir, tc.uid, tc.gid),
						os.Chmod(dir, mode)); err != nil {
						t.Fatal(err)
					}
					if dir == top {
						break
					}
				}
				_, err = s.Save(t.Context(), check, state.Doc{Serial: 2}, v)
				if tc.says == "" && err != nil ||
					tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
					t.Errorf("%s: got %v, want %q", root, err, tc.says)
				}
				if err := errors.Join(os.Chown(top, os.Geteuid(), os.Getegid()),
					os.Chmod(top, 0o700)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
