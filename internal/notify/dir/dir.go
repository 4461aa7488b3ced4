// Package dir is the receiver that writes a report into a directory: whole or not at all.
package dir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
)

// Notifier writes ROOT/<report>/<slot>/: the report's files, all of them or none. It implements notify.Notifier.
//
// The files are written into a directory beside the target, brought to the disk, and renamed into place. Where the target is there
// already with the same bytes nothing happens; with others it is moved away, the new one takes its place, and the old one is removed.
// A crash leaves the old files or the new ones, or, between two renames, the old ones moved away, which a later run puts back.
type Notifier struct {
	root string
	keep bool // what is whole, where what is to be written is not
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver that writes below root, which need not exist. What it is given last is what is there: somebody looks at what
// has just run.
func New(root string) *Notifier { return &Notifier{root: root} }

// NewArchive returns the receiver that writes below root, which need not exist, and keeps a report that is whole (report.Whole) where one
// of the same slot comes that is not: a run that sees less does not take its place.
func NewArchive(root string) *Notifier { return &Notifier{root: root, keep: true} }

const (
	workPrefix = ".promsnap-" // of the directories that files are written into
	newName    = "new"        // inside of one: what is being written
	dirMode    = 0o755
	fileMode   = 0o644

	// abandonedAfter is how much older than a new one a work directory must be before it counts as a crash's. No run writes for as
	// long, so that two runs at once do not clean up after each other.
	abandonedAfter = time.Hour
)

// Notify writes d. The receipt's location is the path of index.html, or of the directory where there is none.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	if err := report.CheckNames(d.Files); err != nil {
		return notify.Receipt{}, err
	}
	target := filepath.Join(n.root, filepath.FromSlash(d.Report.Key()))
	stays := func(string) bool { return false }
	if n.keep && !d.Report.Whole() {
		stays = whole
	}
	if err := write(ctx, target, d.Files, stays); err != nil {
		return notify.Receipt{}, explain(target, err)
	}
	for _, f := range d.Files {
		if f.Name == "index.html" {
			return notify.Receipt{Location: filepath.Join(target, f.Name)}, nil
		}
	}
	return notify.Receipt{Location: target}, nil
}

// whole tells whether what lies in dir is a report that is whole.
func whole(dir string) bool {
	f, err := os.Open(filepath.Join(dir, "report.json"))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return report.ReadWhole(f)
}

// write makes target hold files and nothing else, unless what is there stays.
func write(ctx context.Context, target string, files []report.File, stays func(dir string) bool) (err error) {
	parent := filepath.Dir(target)
	if err := os.MkdirAll(parent, dirMode); err != nil {
		return err
	}
	work, err := os.MkdirTemp(parent, workPrefix+"*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, discard(work)) }()
	clean(work)
	same, err := holds(target, files)
	if err != nil || same {
		return err
	}
	if err := fill(ctx, filepath.Join(work, newName), files); err != nil {
		return err
	}
	return swap(work, target, stays)
}

// holds tells whether dir has exactly these files. A dir that is not there holds nothing; one that is no directory is an error.
func holds(dir string, files []report.File) (bool, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case len(entries) != len(files):
		return false, nil
	}
	for _, f := range files {
		body, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil || !bytes.Equal(body, f.Body) {
			return false, nil // not there or not readable: it is written again
		}
	}
	return true, nil
}

// fill writes files into a new directory and waits until they are on the disk.
func fill(ctx context.Context, dir string, files []report.File) error {
	if err := os.Mkdir(dir, dirMode); err != nil {
		return err
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, f.Name), f.Body); err != nil {
			return err
		}
	}
	syncDir(dir)
	return nil
}

func writeFile(path string, body []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir brings a directory's names to the disk. Not every file system can, and then a crash of the machine, though not of the
// program, may lose a rename: no reason to fail.
func syncDir(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

// mostRivals is how many other runs may put their report in the same place between two renames of this one.
const mostRivals = 20

// swap puts work/new in target's place. What was there waits in work under its own name, which tells discard where it belongs. Where
// another run takes the place meanwhile, that one's is moved away in turn: the run that comes last wins, and none fails. What stays is
// asked for before each round.
func swap(work, target string, stays func(dir string) bool) error {
	away := filepath.Join(work, filepath.Base(target))
	var err error
	for range mostRivals {
		if stays(target) {
			return nil
		}
		if err = os.Rename(target, away); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err = os.Rename(filepath.Join(work, newName), target); err == nil {
			syncDir(filepath.Dir(target))
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := os.RemoveAll(away); err != nil { // a newer one has its place
			return err
		}
	}
	return err
}

// discard removes a work directory. What was moved away into it goes back first where nothing has taken its place.
func discard(work string) error {
	entries, err := os.ReadDir(work)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == newName {
			continue
		}
		home := filepath.Join(filepath.Dir(work), e.Name())
		if _, err := os.Lstat(home); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		// Another run may take the place between the question and the rename: then nothing needs to go back.
		if err := os.Rename(filepath.Join(work, e.Name()), home); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return os.RemoveAll(work)
}

// clean discards the work directories that crashed runs left beside this run's. Which are theirs the file system's own clock tells,
// by the age of this run's. One that cannot be discarded costs space, not the report: the next run tries again.
func clean(work string) {
	parent := filepath.Dir(work)
	now, err := os.Stat(work)
	if err != nil {
		return
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), workPrefix) {
			continue
		}
		if info, err := e.Info(); err == nil && now.ModTime().Sub(info.ModTime()) >= abandonedAfter {
			_ = discard(filepath.Join(parent, e.Name()))
		}
	}
}

// explain says what to do about an error of the file system. What only a person can mend is not tried again: people wait to be told.
func explain(target string, err error) error {
	advice := advice(err)
	err = fmt.Errorf("writing the report into %s: %w%s", target, err, advice)
	if advice != "" && !errors.Is(err, fs.ErrNotExist) { // which another try makes anew
		return &notify.RefusedError{Err: err}
	}
	return err
}

func advice(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "; it was removed meanwhile: look for what cleans up there, and run again"
	case errors.Is(err, fs.ErrPermission):
		return "; let this user write there, or choose another directory"
	case errors.Is(err, syscall.EROFS):
		return "; the file system is read-only: mount a volume there, or choose another directory"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "; the disk is full: make room, or choose another directory"
	case errors.Is(err, syscall.EFBIG):
		return "; a file may not be as large as that here: raise the limit (ulimit -f)"
	case errors.Is(err, syscall.ENOTDIR):
		return "; a file stands where a directory must be: move it away, or choose another directory"
	}
	return ""
}
