package dir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/json"
)

var _ archive.Store = (*Notifier)(nil)

// maxFile limits the size of a file that is read from the archive, in bytes.
const maxFile = 256 << 20

// Name implements archive.Store.
func (n *Notifier) Name() string { return n.root }

// Reports implements archive.Store. A root that does not exist has no reports. Below the root are
// the directories of reports, whose slots know their clusters, and in a fleet those of clusters.
// Those that are no report have no slots.
func (n *Notifier) Reports(ctx context.Context, f archive.Filter) ([]archive.Report, error) {
	first, err := n.dirs(ctx, "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var out []archive.Report
	for _, name := range first {
		if archive.Matches(f.Report, name) {
			out = append(out, archive.Report{Path: name, Name: name})
		}
		if !archive.Matches(f.Cluster, name) {
			continue
		}
		below, err := n.dirs(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, report := range below {
			if archive.Matches(f.Report, report) {
				out = append(out, archive.Report{
					Path: filepath.Join(name, report), Cluster: name, Name: report,
				})
			}
		}
	}
	return out, nil
}

// dirs returns the names of the directories in a directory that may be those of reports, sorted.
func (n *Notifier) dirs(ctx context.Context, below string) ([]string, error) {
	entries, err := n.entries(ctx, below)
	var out []string
	for _, e := range entries {
		if e.IsDir() && report.IsFileName(e.Name()) {
			out = append(out, e.Name()) // the names of slots have capital letters
		}
	}
	return out, err
}

// entries returns what is in a directory below the root, sorted by name.
func (n *Notifier) entries(ctx context.Context, below string) ([]fs.DirEntry, error) {
	at := filepath.Join(n.root, below)
	entries, err := disk.Within(ctx, at, func() ([]fs.DirEntry, error) { return os.ReadDir(at) })
	if err != nil {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	return entries, nil
}

// Slots implements archive.Store.
func (n *Notifier) Slots(ctx context.Context, r archive.Report,
	from time.Time) iter.Seq2[archive.Slot, error] {
	return func(yield func(archive.Slot, error) bool) {
		entries, err := n.entries(ctx, r.Path)
		if err != nil {
			yield(archive.Slot{}, err)
			return
		}
		for _, e := range slices.Backward(entries) {
			at, is := archive.ParseSlot(e.Name())
			if !is || !e.IsDir() || !from.IsZero() && at.After(from) {
				continue
			}
			home := filepath.Join(n.root, r.Path, e.Name())
			s, err := disk.Within(ctx, home, func() (archive.Slot, error) {
				return describe(home, archive.Slot{
					Path: filepath.Join(r.Path, e.Name()), Cluster: r.Cluster, Report: r.Name,
					Time: at,
				})
			})
			if errors.Is(err, fs.ErrNotExist) { // replaced or removed in the meantime
				continue
			} else if err != nil {
				err = fmt.Errorf("reading the archive: %w", err)
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// describe adds to a slot what its files say.
func describe(home string, s archive.Slot) (archive.Slot, error) {
	files, err := filesOf(home)
	if err != nil {
		return s, err
	}
	for _, f := range files {
		s.Files++
		s.Bytes += f.Bytes
	}
	s.Partial = true
	f, err := disk.Open(filepath.Join(home, documentName), os.O_RDONLY, 0, os.OpenFile)
	if err != nil {
		return s, nil //nolint:nilerr // then the slot is partial
	}
	defer func() { _ = f.Close() }() // it was only read
	head, ok := json.ReadHead(f)
	if !ok {
		return s, nil
	}
	s.Partial, s.Whole = false, head.Whole()
	s.Cluster, s.Report = cmp.Or(head.Cluster, s.Cluster), cmp.Or(head.Report, s.Report)
	s.Summary = &archive.Summary{
		Critical: head.Counts.Critical, Warning: head.Counts.Warning, NoData: head.Counts.NoData,
		Pending: head.Counts.Pending, OK: head.Counts.OK, Headline: head.Headline, Zone: head.Zone,
	}
	return s, nil
}

// filesOf returns the regular files in a slot's directory that promsnap may have written.
func filesOf(home string) ([]archive.File, error) {
	entries, err := os.ReadDir(home)
	if err != nil {
		return nil, err
	}
	var out []archive.File
	for _, e := range entries {
		if !e.Type().IsRegular() || !report.IsFileName(e.Name()) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		out = append(out, archive.File{Name: e.Name(), Bytes: info.Size()})
	}
	return out, nil
}

// Files implements archive.Store.
func (n *Notifier) Files(ctx context.Context, s archive.Slot) ([]archive.File, error) {
	home := filepath.Join(n.root, s.Path)
	return disk.Within(ctx, home, func() ([]archive.File, error) { return filesOf(home) })
}

// Read implements archive.Store. It follows no link out of the slot.
func (n *Notifier) Read(ctx context.Context, s archive.Slot, name string) ([]byte, error) {
	at := filepath.Join(n.root, s.Path, name)
	return disk.Within(ctx, at, func() ([]byte, error) {
		root, err := n.open(s)
		if err != nil {
			return nil, err
		}
		defer func() { _ = root.Close() }()
		f, err := disk.Open(name, os.O_RDONLY, 0, root.OpenFile)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &archive.GoneError{Name: at}
		} else if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // it was only read
		body, err := io.ReadAll(io.LimitReader(f, maxFile+1))
		if err == nil && len(body) > maxFile {
			return nil, fmt.Errorf("%s is larger than anything that promsnap writes", at)
		}
		return body, err
	})
}

// Page implements archive.Store. A directory's page is a file.
func (n *Notifier) Page(_ context.Context, s archive.Slot) (location string, expires time.Time,
	err error) {
	at, err := filepath.Abs(filepath.Join(n.root, s.Path, pageName))
	return at, time.Time{}, err
}

// Remove implements archive.Store. The page of a slot goes first and report.json last: it says
// which files promsnap has written, so a second call can continue.
func (n *Notifier) Remove(ctx context.Context, slots []archive.Slot,
	removed func(archive.Removed)) error {
	for _, s := range slots {
		home := filepath.Join(n.root, s.Path)
		r, err := disk.Within(ctx, home, func() (archive.Removed, error) { return n.remove(s) })
		if err != nil {
			return fmt.Errorf("removing %s: %w%s", home, err, advice(err))
		}
		removed(r)
	}
	return nil
}

// remove removes the files of a slot that promsnap has written, and then the directory if it is
// empty. It works on the directory that it has opened: a run that replaces the slot at the same
// time loses nothing.
func (n *Notifier) remove(s archive.Slot) (archive.Removed, error) {
	out := archive.Removed{Slot: s}
	root, err := n.open(s)
	if err != nil {
		return out, ignore(err, fs.ErrNotExist)
	}
	defer func() { _ = root.Close() }()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return out, err
	}
	listed, known := documented(documentName, root.OpenFile)
	if !known {
		out.Why = "it has no report.json that can be read"
		return out, nil
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return rank(a) - rank(b) })
	for _, e := range entries {
		if !e.Type().IsRegular() || !isOurs(e.Name(), listed) {
			out.Kept++
			continue
		}
		info, err := e.Info()
		if err == nil {
			err = root.Remove(e.Name())
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return out, err
		}
		out.Files++
		out.Bytes += info.Size()
	}
	if out.Kept > 0 {
		return out, nil
	}
	// it is not empty if a run has written the slot again
	return out, ignore(os.Remove(filepath.Join(n.root, s.Path)), fs.ErrNotExist, fs.ErrExist)
}

// rank returns in which order files are removed: the page, the others, report.json.
func rank(e fs.DirEntry) int {
	switch e.Name() {
	case pageName:
		return 0
	case documentName:
		return 2
	}
	return 1
}

// open opens the directory of a slot. It follows no link out of the archive.
func (n *Notifier) open(s archive.Slot) (*os.Root, error) {
	root, err := os.OpenRoot(n.root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	return root.OpenRoot(s.Path)
}

// ignore returns err, or nil if it is one of others.
func ignore(err error, others ...error) error {
	for _, other := range others {
		if errors.Is(err, other) {
			return nil
		}
	}
	return err
}
