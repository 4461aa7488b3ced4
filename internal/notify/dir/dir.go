// Package dir is the receiver that writes a report into a directory: completely or not at all.
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

// Notifier writes the files of a report into ROOT/<report>/<slot>/: all of them or none. It
// implements notify.Notifier.
//
// The files are written into a directory beside the target, synced to the disk, and renamed into
// place. If the target already has the same bytes, nothing happens. If it has others, it is moved
// away, the new one takes its place, and the old one is removed. After a crash there are the old
// files or the new ones, or, between two renames, the old ones moved away; a later run puts these
// back.
//
// Files that somebody else has put beside the report are not removed: they move into the new
// directory.
type Notifier struct {
	root string
	keep bool // a whole report is not replaced by one that is not
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns a receiver that writes below root, which need not exist. The newest delivery replaces
// an older one: somebody looks at the run that just ended.
func New(root string) *Notifier { return &Notifier{root: root} }

// NewArchive returns a receiver that writes below root, which need not exist. It keeps a whole
// report (report.Whole) if one of the same slot follows that is not whole: a run that saw less does
// not replace it.
func NewArchive(root string) *Notifier { return &Notifier{root: root, keep: true} }

const (
	workPrefix = ".promsnap-" // of the directories that files are written into
	newName    = "new"        // in a work directory: what is being written
	// roundMark is in the names of what was moved away into a work directory, between the old name
	// and the number of the round.
	roundMark = "~"

	pageName     = "index.html"
	documentName = "report.json"
	dirMode      = 0o755
	fileMode     = 0o644

	// abandonedAfter is how much older than a new work directory another one must be to count as
	// left by a crash. No run writes for that long, so two runs at once do not remove each other's.
	abandonedAfter = time.Hour
)

// Write writes files into the directory target, completely or not at all. It returns the path of
// index.html, or target if there is none.
func Write(ctx context.Context, target string, files []report.File) (location string, err error) {
	return save(ctx, target, files, func(string) bool { return false })
}

// save writes files into a directory, unless stays says that the files of that directory stay.
func save(ctx context.Context, target string, files []report.File,
	stays func(dir string) bool) (location string, err error) {
	if err := report.CheckNames(files); err != nil {
		return "", err
	}
	if err := disk.Do(ctx, target, func() error {
		return write(ctx, target, files, stays)
	}); err != nil {
		return "", explain(target, err)
	}
	for _, f := range files {
		if f.Name == pageName {
			return filepath.Join(target, f.Name), nil
		}
	}
	return target, nil
}

// Notify writes d. The receipt's location is the path of index.html, or of the directory if there
// is no index.html.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	target := filepath.Join(n.root, filepath.FromSlash(d.Report.Key()))
	stays := func(string) bool { return false }
	if n.keep && !d.Report.Whole() {
		stays = whole
	}
	location, err := save(ctx, target, d.Files, stays)
	return notify.Receipt{Location: location}, err
}

// whole reports whether dir has a whole report.
func whole(dir string) bool {
	f, err := disk.Open(filepath.Join(dir, documentName), os.O_RDONLY, 0, os.OpenFile)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return json.ReadWhole(f)
}

// write makes target hold files and nothing else, unless stays says that target stays.
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
	if err := ctx.Err(); err != nil { // nobody waits for the result anymore
		return err
	}
	return swap(work, target, stays)
}

// holds reports whether dir has exactly these files, apart from files of others. A missing dir
// holds nothing. It is an error if dir is not a directory.
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
			return false, nil // missing or unreadable: write it again
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

// same reports whether a file has the body.
func same(path string, body []byte) bool {
	f, err := disk.Open(path, os.O_RDONLY, 0, os.OpenFile)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	is, err := io.ReadAll(io.LimitReader(f, int64(len(body))+1))
	return err == nil && bytes.Equal(is, body)
}

// written returns a function that reports whether promsnap has written a file of that name into
// dir. It reads the names from the report's document. If there is none, it uses names.
func written(dir string, names []string) func(name string) bool {
	listed, known := documented(filepath.Join(dir, documentName), os.OpenFile)
	if !known {
		listed = names
	}
	return func(name string) bool { return isOurs(name, listed) }
}

// documented returns the names of files in a report's document, and false if it cannot be read.
func documented(path string, open func(name string, flag int, perm fs.FileMode) (*os.File,
	error)) (listed []string, known bool) {
	f, err := disk.Open(path, os.O_RDONLY, 0, open)
	if err != nil {
		return nil, false
	}
	defer func() { _ = f.Close() }() // it was only read
	return json.ReadFiles(f)
}

// isOurs reports whether promsnap has written a file of that name beside a document that lists
// names.
func isOurs(name string, listed []string) bool {
	return name == pageName || name == documentName || slices.Contains(listed, name) ||
		draftName.MatchString(name)
}

// draftName matches the files of a dry run's messages, and their pictures.
var draftName = regexp.MustCompile(`^message-[0-9]{2,}-[a-z0-9-]+\.(json|txt|png)$`)

// fill writes files into a new directory and syncs them to the disk.
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

// syncDir syncs the names in a directory to the disk. Not every file system can. A crash of the
// machine may then lose a rename, which is no reason to fail.
func syncDir(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

// maxRounds is how many other runs may take the target's place between two renames of this run.
const maxRounds = 20

// swap puts work/new in target's place. The old target waits in work under its name, so that
// discard knows where it belongs. If another run takes the place in between, its report is moved
// away too: the last run wins, and none fails. Each round asks stays first.
func swap(work, target string, stays func(dir string) bool) error {
	var err error
	for round := range maxRounds {
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

// discard removes a work directory. First it puts back what was moved away into it: the newest if
// the place is free, and otherwise the files that are not promsnap's.
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

// giveBack puts back what was moved away. If the place was taken, it moves the files that are not
// promsnap's into the new directory and removes the rest. Other runs may take or leave the place at
// any time.
func giveBack(away, home string, names []string) error {
	var err error
	for range maxRounds {
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

// unpack moves everything that promsnap has not written out of a report's directory, and removes
// the directory. The document goes last, because it lists what is promsnap's.
func unpack(from, to string, names []string) error {
	if info, err := os.Lstat(from); err != nil || !info.IsDir() {
		// not a report's directory but, for example, somebody's link
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

// keep moves somebody's file into a directory, under another name if a report's file has its name.
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

// clean discards the work directories that crashed runs left beside this run's. It compares their
// age with that of this run's, by the clock of the file system. If one cannot be discarded, the
// next run tries again.
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

// explain adds advice to an error of the file system. An error that only a person can fix is a
// RefusedError, because retries would delay the messages.
func explain(target string, err error) error {
	var stalled *disk.StalledError
	if errors.As(err, &stalled) {
		return fmt.Errorf("writing the report: %w", err)
	}
	advice := advice(err)
	err = fmt.Errorf("writing the report into %s: %w%s", target, err, advice)
	if advice != "" && !errors.Is(err, fs.ErrNotExist) { // a retry creates it again
		return &notify.RefusedError{Err: err}
	}
	return err
}

func advice(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "; it was removed in the meantime: find out what cleans up there, and run again"
	case errors.Is(err, fs.ErrPermission):
		return "; let this user write there, or choose another directory"
	case errors.Is(err, syscall.EROFS):
		return "; the file system is read-only: mount a volume there, or choose another directory"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "; the disk is full: make room, or choose another directory"
	case errors.Is(err, syscall.EFBIG):
		return "; the file is too large for this user or file system: raise the limit (ulimit -f)"
	case errors.Is(err, syscall.ENOTDIR):
		return "; there is a file where a directory must be: move it away, or choose another " +
			"directory"
	}
	return ""
}
