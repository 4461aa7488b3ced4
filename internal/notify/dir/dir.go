// Package dir is the receiver that writes a report into a directory: whole or not at all.
package dir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/json"
)

// Notifier writes ROOT/<report>/<slot>/: the report's files, all of them or none. It implements
// notify.Notifier.
//
// The files are written into a directory beside the target, brought to the disk, and renamed into
// place. Where the target is there already with the same bytes nothing happens; with others it is
// moved away, the new one takes its place, and the old one is removed. A crash leaves the old files
// or the new ones, or, between two renames, the old ones moved away, which a later run puts back.
//
// What somebody else has put beside a report's files is not removed: it moves into the new
// directory.
type Notifier struct {
	root string
	keep bool // what is whole, where what is to be written is not
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver that writes below root, which need not exist. What it is given last is
// what is there: somebody looks at what has just run.
func New(root string) *Notifier { return &Notifier{root: root} }

// NewArchive returns the receiver that writes below root, which need not exist, and keeps a report
// that is whole (report.Whole) where one of the same slot comes that is not: a run that sees less
// does not take its place.
func NewArchive(root string) *Notifier { return &Notifier{root: root, keep: true} }

const (
	workPrefix = ".promsnap-" // of the directories that files are written into
	newName    = "new"        // inside of one: what is being written
	// inside of one: between the name of what was moved away and in which round
	roundMark = "~"

	documentName = "report.json"
	dirMode      = 0o755
	fileMode     = 0o644

	// abandonedAfter is how much older than a new one a work directory must be before it counts as
	// a crash's. No run writes for as long, so that two runs at once do not clean up after each
	// other.
	abandonedAfter = time.Hour
)

// Notify writes d. The receipt's location is the path of index.html, or of the directory where
// there is none.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	if err := report.CheckNames(d.Files); err != nil {
		return notify.Receipt{}, err
	}
	target := filepath.Join(n.root, filepath.FromSlash(d.Report.Key()))
	stays := func(string) bool { return false }
	if n.keep && !d.Report.Whole() {
		stays = whole
	}
	if err := disk.Do(ctx, target, func() error {
		return write(ctx, target, d.Files, stays)
	}); err != nil {
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
	f, err := disk.Open(filepath.Join(dir, documentName), os.O_RDONLY, 0, os.OpenFile)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return json.ReadWhole(f)
}

// write makes target hold files and nothing else, unless what is there stays.
func write(ctx context.Context, target string, files []report.File,
	stays func(dir string) bool) (err error) {
	parent := filepath.Dir(target)
	if err := os.MkdirAll(parent, dirMode); err != nil {
		return err
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	work, err := os.MkdirTemp(parent, workPrefix+"*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, discard(work, names)) }()
	clean(work, names)
	same, err := holds(target, files)
	if err != nil || same {
		return err
	}
	if err := fill(ctx, filepath.Join(work, newName), files); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // nobody waits for it any longer
		return err
	}
	return swap(work, target, stays)
}

// holds tells whether dir has these files, and none of a report's besides. A dir that is not there
// holds nothing; one that is no directory is an error.
func holds(dir string, files []report.File) (bool, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	for _, f := range files {
		if !same(filepath.Join(dir, f.Name), f.Body) {
			return false, nil // not there or not readable: it is written again
		}
	}
	ours := written(dir, nil)
	for _, e := range entries {
		named := func(f report.File) bool { return f.Name == e.Name() }
		if ours(e.Name()) && !slices.ContainsFunc(files, named) {
			return false, nil
		}
	}
	return true, nil
}

// same tells whether a file holds what it should.
func same(path string, body []byte) bool {
	f, err := disk.Open(path, os.O_RDONLY, 0, os.OpenFile)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	is, err := io.ReadAll(io.LimitReader(f, int64(len(body))+1))
	return err == nil && bytes.Equal(is, body)
}

// written returns which names in dir are those of files that promsnap has written there. Where no
// document of the report's says so, these are the names of what takes its place.
func written(dir string, names []string) func(name string) bool {
	var pictures []string
	known := false
	if f, err := disk.Open(filepath.Join(dir, documentName), os.O_RDONLY,
		0, os.OpenFile); err == nil {
		pictures, known = json.ReadPictures(f)
		_ = f.Close() // it was only read
	}
	return func(name string) bool {
		if name == "index.html" || name == documentName || slices.Contains(pictures, name) ||
			draftName.MatchString(name) {
			return true
		}
		return !known && slices.Contains(names, name)
	}
}

// draftName is how the messages of a dry run are called.
var draftName = regexp.MustCompile(`^message-[0-9]{2,}-[a-z0-9-]+\.(json|txt)$`)

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

// syncDir brings a directory's names to the disk. Not every file system can, and then a crash of
// the machine, though not of the program, may lose a rename: no reason to fail.
func syncDir(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

// mostRivals is how many other runs may put their report in the same place between two renames of
// this one.
const mostRivals = 20

// swap puts work/new in target's place. What was there waits in work under its own name, which
// tells discard where it belongs. Where another run takes the place meanwhile, that one's is moved
// away in turn: the run that comes last wins, and none fails. What stays is asked for before each
// round.
func swap(work, target string, stays func(dir string) bool) error {
	var err error
	for round := range mostRivals {
		if stays(target) {
			return nil
		}
		away := filepath.Join(work, fmt.Sprintf("%s%s%02d", filepath.Base(target), roundMark,
			round))
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
	}
	return err
}

// discard removes a work directory. What was moved away into it goes back first, the newest where
// nothing has taken its place, and of the others what is not promsnap's.
func discard(work string, names []string) error {
	entries, err := os.ReadDir(work)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(entries) {
		if e.Name() == newName {
			continue
		}
		name, _, _ := strings.Cut(e.Name(), roundMark)
		if err := giveBack(filepath.Join(work, e.Name()), filepath.Join(filepath.Dir(work), name),
			names); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(filepath.Join(work, newName)); err != nil {
		return err
	}
	return os.Remove(work)
}

// giveBack puts what was moved away back where it was or, where something has taken its place, what
// is not promsnap's into that, and removes the rest. Other runs may take the place, or leave it, at
// any time.
func giveBack(away, home string, names []string) error {
	var err error
	for range mostRivals {
		if _, err = os.Lstat(home); errors.Is(err, fs.ErrNotExist) {
			if err = os.Rename(away, home); err == nil {
				return nil
			}
		} else if err == nil {
			if err = unpack(away, home, names); err == nil {
				return nil
			}
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// unpack moves everything out of a report's directory that promsnap has not written, and removes
// the directory. Its document goes last, because it says what is promsnap's.
func unpack(from, to string, names []string) error {
	if info, err := os.Lstat(from); err != nil || !info.IsDir() {
		// such as a link: it is somebody's
		return errors.Join(err, keep(from, to))
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	ours := written(from, names)
	for _, e := range entries {
		if !ours(e.Name()) || e.IsDir() {
			if err := keep(filepath.Join(from, e.Name()), to); err != nil {
				return err
			}
		}
	}
	for _, e := range entries {
		if e.Name() != documentName {
			if err := os.Remove(filepath.Join(from, e.Name())); err != nil &&
				!errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := os.Remove(filepath.Join(from, documentName)); err != nil &&
		!errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Remove(from)
}

// keep moves a file of somebody's into a directory, under another name where a report's file has
// taken its own.
func keep(path, into string) error {
	name := filepath.Base(path)
	for i := 1; ; i++ {
		_, err := os.Lstat(filepath.Join(into, name))
		if errors.Is(err, fs.ErrNotExist) {
			return os.Rename(path, filepath.Join(into, name))
		} else if err != nil {
			return err
		}
		name = fmt.Sprintf("%s.kept-%d", filepath.Base(path), i)
	}
}

// clean discards the work directories that crashed runs left beside this run's. Which are theirs
// the file system's own clock tells, by the age of this run's. One that cannot be discarded costs
// space, not the report: the next run tries again.
func clean(work string, names []string) {
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
		if info, err := e.Info(); err == nil &&
			now.ModTime().Sub(info.ModTime()) >= abandonedAfter {
			_ = discard(filepath.Join(parent, e.Name()), names)
		}
	}
}

// explain says what to do about an error of the file system. What only a person can mend is not
// tried again: people wait to be told.
func explain(target string, err error) error {
	var stalled *disk.StalledError
	if errors.As(err, &stalled) {
		return fmt.Errorf("writing the report: %w", err)
	}
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
		return "; a file stands where a directory must be: move it away, or choose another " +
			"directory"
	}
	return ""
}
