// Package swapdir keeps small files in a directory, which several programs of one machine read and
// write at once: each file is replaced as a whole, if it is still the one that was read.
package swapdir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/promsnap/promsnap/internal/disk"
)

// Dir is a directory of files. A file is written beside its place, synced to the disk and renamed,
// so that after a crash it is the old one or the new one. Writers use a lock, which the system
// releases if a program dies. New files are created exclusively, links are not followed, and a
// directory in which others can write is refused.
type Dir struct{ root, use string }

// New returns the directory at root, which need not exist. use is what it is for, as errors name
// it: "the state".
func New(root, use string) *Dir { return &Dir{root, use} }

// ErrConflict says that a file is not the one that Swap was to replace.
var ErrConflict = errors.New("the file was written by another program in the meantime")

const (
	dirMode  = 0o700 // what fires is private
	fileMode = 0o600
	lockWait = 10 * time.Millisecond // between two tries to take a lock
)

// Get returns a file by its key, with slashes between names, and its version, "" if there is none.
// Of a file that is larger than limit it returns limit+1 bytes.
func (d *Dir) Get(ctx context.Context, key string, limit int64) (data []byte, version string,
	err error) {
	at := filepath.Join(d.root, filepath.FromSlash(key))
	data, err = disk.Within(ctx, at, func() ([]byte, error) {
		home, err := d.open(path.Dir(key), false)
		if err != nil {
			return nil, err
		}
		defer func() { _ = home.Close() }()
		return read(home, path.Base(key), limit)
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", nil
	case err != nil:
		return nil, "", d.explain(at, err)
	}
	return data, VersionOf(data), nil
}

// VersionOf returns a hash of a file's content: the same bytes have the same version.
func VersionOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// Swap writes a file if its version is still was ("": there is none), else the error is
// ErrConflict. limit is that of Get. The directories of the key are created.
func (d *Dir) Swap(ctx context.Context, key string, data []byte, was string, limit int64) error {
	at := filepath.Join(d.root, filepath.FromSlash(key))
	err := disk.Do(ctx, at, func() error { return d.swap(ctx, key, data, was, limit) })
	if err != nil && !errors.Is(err, ErrConflict) {
		err = d.explain(at, err)
	}
	return err
}

func (d *Dir) swap(ctx context.Context, key string, data []byte, was string, limit int64) error {
	home, err := d.open(path.Dir(key), true)
	if err != nil {
		return err
	}
	defer func() { _ = home.Close() }()
	name := path.Base(key)
	unlock, err := d.lock(ctx, home, name+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	now := ""
	switch old, err := read(home, name, limit); {
	case err == nil:
		now = VersionOf(old)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if now != was {
		return ErrConflict
	}
	return replace(home, name, data)
}

// open opens the directory of a key, and creates it first if write is set. It refuses a directory
// in which others can write.
func (d *Dir) open(key string, write bool) (*os.Root, error) {
	home, err := d.openRoot()
	if write && errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(d.root, dirMode); err != nil {
			return nil, err
		}
		home, err = d.openRoot()
	}
	if err != nil {
		return nil, err
	}
	if err := d.checkDir(home, true); err != nil {
		_ = home.Close()
		return nil, err
	}
	for name := range strings.SplitSeq(key, "/") {
		if name == "." {
			continue
		}
		below, err := d.below(home, name, write)
		_ = home.Close()
		if err != nil {
			return nil, err
		}
		home = below
	}
	return home, nil
}

// below opens a directory in home, and creates it first if write is set.
func (d *Dir) below(home *os.Root, name string, write bool) (*os.Root, error) {
	if write {
		if err := home.Mkdir(name, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	info, err := home.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: filepath.Join(home.Name(), name), Err: errNoDir}
	}
	below, err := home.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if err := d.checkDir(below, false); err != nil {
		_ = below.Close()
		return nil, err
	}
	return below, nil
}

// openRoot opens an existing directory. The path may be a link, unless somebody else has created
// it.
func (d *Dir) openRoot() (*os.Root, error) {
	path := d.root
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		if err := d.checkLink(path, info); err != nil {
			return nil, err
		}
		if info, err = os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, &fs.PathError{Op: "open", Path: path, Err: errLeadsNowhere}
		} else if err != nil {
			return nil, err
		}
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNoDir}
	}
	return os.OpenRoot(path)
}

// read reads a file, or limit+1 bytes of one that is larger.
func read(home *os.Root, name string, limit int64) ([]byte, error) {
	f, err := openFile(home, name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, limit+1))
}

// openFile opens a regular file: no link and no pipe.
func openFile(home *os.Root, name string, flag int) (*os.File, error) {
	info, err := home.Lstat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil, &fs.PathError{Op: "open", Path: filepath.Join(home.Name(), name), Err: errLink}
	}
	f, err := disk.Open(name, flag, fileMode, home.OpenFile)
	if err != nil {
		return nil, err
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		_ = f.Close()
		return nil, errors.Join(&fs.PathError{
			Op: "open", Path: filepath.Join(home.Name(), name), Err: errLink,
		}, err)
	}
	return f, nil
}

// replace writes a file beside the one of that name, syncs it to the disk, and renames it into
// place.
func replace(home *os.Root, name string, data []byte) (err error) {
	// The name is always the same, so the holder of the lock can remove what a crash left.
	work := name + ".new"
	if err := home.Remove(work); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := home.OpenFile(work, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, home.Remove(work))
	}
	if err := home.Rename(work, name); err != nil {
		return err
	}
	if dir, err := home.Open("."); err == nil {
		// not every file system can sync a name to the disk
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// The things that may be in the way of a file or directory.
var (
	errLink         = errors.New("it is a link, and links are not followed")
	errLeadsNowhere = errors.New("it is a link that leads nowhere")
	errNoDir        = errors.New("it is not a directory")
)

// explain adds advice to an error of the file system.
func (d *Dir) explain(path string, err error) error {
	var open *openError
	var stalled *disk.StalledError
	switch {
	case errors.As(err, &open), errors.As(err, &stalled), errors.Is(err, ErrConflict),
		errors.Is(err, errLocked),
		errors.Is(err, errors.ErrUnsupported):
		return err
	case errors.Is(err, errLeadsNowhere):
		return fmt.Errorf("%w; create or mount the directory that it leads to, or choose another "+
			"one for %s", err, d.use)
	case errors.Is(err, errLink), errors.Is(err, disk.ErrNotAFile), errors.Is(err, errNoDir),
		errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w; inspect it and move it away, or choose another directory for "+
			"%s", err, d.use)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", path, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%s: %w; make room there, or choose another directory for %s",
			path, err, d.use)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s: %w; mount a volume there that can be written, or choose another "+
			"directory for %s", path, err, d.use)
	}
	return fmt.Errorf("%s: %w; let this user read and write there", path, err)
}
