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
	"time"

	"github.com/promsnap/promsnap/internal/report"
)

// Dir is the store in a directory: ROOT/<cluster>/<report>.json. A document is written beside its place, brought to the disk and renamed,
// so that it is the old one or the new one after a crash too. Programs on one machine keep out of each other's way by a lock, which the
// system takes back from one that dies.
type Dir struct{ root string }

var _ Store = (*Dir)(nil)

// NewDir returns the store below root, which need not exist.
func NewDir(root string) *Dir { return &Dir{root} }

const (
	dirMode  = 0o700 // what fires is nobody else's business
	fileMode = 0o600
	lockWait = 10 * time.Millisecond // between two looks at a lock that somebody has
)

// path is where the document of k lies; words from outside become slugs.
func (s *Dir) path(k Key) string {
	return filepath.Join(s.root, report.Slug(k.Cluster), report.Slug(k.Report)+".json")
}

// Load implements Store.
func (s *Dir) Load(ctx context.Context, k Key) (Doc, Version, error) {
	if err := ctx.Err(); err != nil {
		return Doc{}, "", err
	}
	data, err := read(s.path(k))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Doc{}, "", nil
	case err != nil:
		return Doc{}, "", fmt.Errorf("%w; let this user read and write there", err)
	}
	d, err := Decode(k, data)
	return d, VersionOf(data), err
}

// read reads a document, or as much of a file as shows that it is none.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, 2*MaxSize+1))
}

// VersionOf is a hash of the document: the same bytes are the same version.
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
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return "", fmt.Errorf("%w; let this user write there", err)
	}
	unlock, err := lock(ctx, path+".lock")
	if err != nil {
		return "", fmt.Errorf("waiting for another run to finish writing %s: %w", path, err)
	}
	defer unlock()
	var now Version
	switch old, err := read(path); {
	case err == nil:
		now = VersionOf(old)
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w; let this user read and write there", err)
	}
	if now != v {
		return "", ErrConflict
	}
	if err := replace(path, data); err != nil {
		return "", fmt.Errorf("%w; there must be room, and this user must be allowed to write there", err)
	}
	return VersionOf(data), nil
}

// replace writes a file beside path, brings it to the disk, and renames it into place.
func replace(path string, data []byte) (err error) {
	// One name for all: who holds the lock may overwrite what a crash has left.
	work := path + ".new"
	f, err := os.OpenFile(work, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(work))
	}
	if err := os.Rename(work, path); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil { // not every file system can bring a name to the disk
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}
