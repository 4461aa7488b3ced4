package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/report"
)

// Dir is the store in a directory: ROOT/<cluster>/<report>.json. A document is written beside its
// place, synced to the disk and renamed, so that after a crash it is the old one or the new one.
// Programs on one machine use a lock, which the system releases if a program dies. New files are
// created exclusively, links are not followed, and a directory in which others can write is
// refused.
type Dir struct{ root string }

var _ Store = (*Dir)(nil)

// NewDir returns the store below root, which need not exist.
func NewDir(root string) *Dir { return &Dir{root} }

const (
	dirMode  = 0o700 // what fires is private
	fileMode = 0o600
	lockWait = 10 * time.Millisecond // between two tries to take a lock
)

// path returns where the document of k is; text from outside becomes a slug.
func (s *Dir) path(k Key) string {
	return filepath.Join(s.root, report.Slug(k.Cluster), report.Slug(k.Report)+".json")
}

// Load implements Store.
func (s *Dir) Load(ctx context.Context, k Key) (Doc, Version, error) {
	path := s.path(k)
	data, err := disk.Within(ctx, path, func() ([]byte, error) {
		home, err := s.open(k, false)
		if err != nil {
			return nil, err
		}
		defer func() { _ = home.Close() }()
		return read(home, filepath.Base(path))
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Doc{}, "", nil
	case err != nil:
		return Doc{}, "", explain(path, err)
	}
	d, err := Decode(k, data)
	return d, VersionOf(data), err
}

// open opens the directory of a cluster, and creates it first if write is set. It refuses a
// directory in which others can write.
func (s *Dir) open(k Key, write bool) (*os.Root, error) {
	root, err := openRoot(s.root)
	if write && errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(s.root, dirMode); err != nil {
			return nil, err
		}
		root, err = openRoot(s.root)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	if err := checkDir(root, true); err != nil {
		return nil, err
	}
	name := report.Slug(k.Cluster)
	if write {
		if err := root.Mkdir(name, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: filepath.Join(s.root, name), Err: errNoDir}
	}
	home, err := root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if err := checkDir(home, false); err != nil {
		_ = home.Close()
		return nil, err
	}
	return home, nil
}

// openRoot opens an existing directory. The path may be a link, unless somebody else has created
// it.
func openRoot(path string) (*os.Root, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		if err := checkLink(path, info); err != nil {
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

// read reads a document, or enough of a file to see that it is too large.
func read(home *os.Root, name string) ([]byte, error) {
	f, err := openFile(home, name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, 2*MaxSize+1))
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

// VersionOf returns a hash of the document: the same bytes have the same version.
func VersionOf(data []byte) Version {
	sum := sha256.Sum256(data)
	return Version(hex.EncodeToString(sum[:16]))
}

// Save implements Store.
func (s *Dir) Save(ctx context.Context, k Key, d Doc, v Version) (Version, error) {
	data, err := Encode(k, d)
	if err != nil {
		return "", err
	}
	path := s.path(k)
	version, err := disk.Within(ctx, path, func() (Version, error) {
		return s.save(ctx, k, path, data, v)
	})
	if err != nil && !errors.Is(err, ErrConflict) {
		err = explain(path, err)
	}
	return version, err
}

func (s *Dir) save(ctx context.Context, k Key, path string, data []byte,
	v Version) (Version, error) {
	home, err := s.open(k, true)
	if err != nil {
		return "", err
	}
	defer func() { _ = home.Close() }()
	name := filepath.Base(path)
	unlock, err := lock(ctx, home, name+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	var now Version
	switch old, err := read(home, name); {
	case err == nil:
		now = VersionOf(old)
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if now != v {
		return "", ErrConflict
	}
	if err := replace(home, name, data); err != nil {
		return "", err
	}
	return VersionOf(data), nil
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
func explain(path string, err error) error {
	var open *openError
	var stalled *disk.StalledError
	switch {
	case errors.As(err, &open), errors.As(err, &stalled), errors.Is(err, errLocked),
		errors.Is(err, errors.ErrUnsupported):
		return err
	case errors.Is(err, errLeadsNowhere):
		return fmt.Errorf("%w; create or mount the directory that it leads to, or choose another "+
			"one for the state", err)
	case errors.Is(err, errLink), errors.Is(err, disk.ErrNotAFile), errors.Is(err, errNoDir),
		errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w; inspect it and move it away, or choose another directory for the "+
			"state", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", path, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%s: %w; make room there, or choose another directory for the state",
			path, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s: %w; mount a volume there that can be written, or choose another "+
			"directory for the state", path, err)
	}
	return fmt.Errorf("%s: %w; let this user read and write there", path, err)
}
