package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/report"
)

// ErrExists says that Get would replace a file.
var ErrExists = errors.New("the file exists already")

// maxFiles limits the files of one slot that Get copies.
const maxFiles = 10_000

const (
	dirMode  = 0o755
	fileMode = 0o644
)

// UnknownFileError says that a slot has no file of that name.
type UnknownFileError struct {
	Name, Slot string
	Have       []string
}

func (e *UnknownFileError) Error() string {
	return fmt.Sprintf("%s has no file %q; it has %s", e.Slot, e.Name, some(e.Have))
}

// Get copies files of a slot into a directory, or all files if names is empty, and calls copied
// after each. The directory is created. Each file appears as a whole or not at all. Unless replace
// is set, a file that exists is ErrExists, and then nothing is copied.
func Get(ctx context.Context, s Store, slot Slot, names []string, dir string, replace bool,
	copied func(File)) error {
	files, err := chosen(ctx, s, slot, names)
	if err != nil {
		return err
	}
	if !replace {
		if err := disk.Do(ctx, dir, func() error { return free(dir, files) }); err != nil {
			return err
		}
	}
	for _, f := range files {
		body, err := s.Read(ctx, slot, f.Name)
		if err != nil {
			return err
		}
		at := filepath.Join(dir, f.Name)
		if err := disk.Do(ctx, at, func() error {
			return save(dir, f.Name, body, replace)
		}); err != nil {
			return fmt.Errorf("writing %s: %w", at, err)
		}
		copied(File{f.Name, int64(len(body))})
	}
	return nil
}

// chosen returns the files of a slot with these names, or all.
func chosen(ctx context.Context, s Store, slot Slot, names []string) ([]File, error) {
	files, err := s.Files(ctx, slot)
	if err != nil {
		return nil, err
	}
	if len(files) > maxFiles {
		return nil, fmt.Errorf("%s has more than %d files", report.SlotName(slot.Time), maxFiles)
	}
	for _, name := range names {
		if !slices.ContainsFunc(files, func(f File) bool { return f.Name == name }) {
			e := &UnknownFileError{Name: name, Slot: report.SlotName(slot.Time)}
			for _, f := range files {
				e.Have = append(e.Have, f.Name)
			}
			return nil, e
		}
	}
	files = slices.DeleteFunc(files, func(f File) bool {
		return len(names) > 0 && !slices.Contains(names, f.Name)
	})
	var check []report.File
	for _, f := range files {
		check = append(check, report.File{Name: f.Name})
	}
	return files, report.CheckNames(check)
}

// free returns ErrExists if a directory has one of the files.
func free(dir string, files []File) error {
	for _, f := range files {
		at := filepath.Join(dir, f.Name)
		if _, err := os.Lstat(at); err == nil {
			return fmt.Errorf("%s: %w", at, ErrExists)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// save writes a file beside its place and moves it there. A link in its place is replaced, not
// followed.
func save(dir, name string, body []byte, replace bool) (err error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	home, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = home.Close() }()
	f, err := os.CreateTemp(dir, ".promsnap-*")
	if err != nil {
		return err
	}
	work := filepath.Base(f.Name())
	defer func() {
		if err != nil {
			_ = home.Remove(work)
		}
	}()
	_, err = f.Write(body)
	if err = errors.Join(err, f.Chmod(fileMode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if replace {
		return home.Rename(work, name)
	}
	// a link fails if the name was taken in the meantime, which a rename does not
	switch err = home.Link(work, name); {
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	case err != nil: // a file system without links
		return home.Rename(work, name)
	}
	return home.Remove(work)
}

// DefaultDir returns the directory that a slot's files go into by default: its cluster, report and
// time as one name.
func DefaultDir(s Slot) string {
	parts := []string{report.Slug(s.Report), report.SlotName(s.Time)}
	if s.Cluster != "" {
		parts = append([]string{report.Slug(s.Cluster)}, parts...)
	}
	return strings.Join(parts, "-")
}
