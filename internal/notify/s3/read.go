package s3

import (
	"cmp"
	"context"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/report"
)

var _ archive.Store = (*Notifier)(nil)

// maxFile limits the size of a file that is read from the archive, in bytes.
const maxFile = 256 << 20

// Name implements archive.Store.
func (n *Notifier) Name() string { return strings.TrimRight(n.bucket.URL(n.o.Prefix), "/") }

// Reports implements archive.Store. It returns every pair of directories. Those that are no report
// have no slots.
func (n *Notifier) Reports(ctx context.Context, f archive.Filter) ([]archive.Report, error) {
	clusters, err := n.dirs(ctx, "", func(name string) bool {
		return archive.Matches(f.Cluster, name)
	})
	if err != nil {
		return nil, err
	}
	reports := make([][]archive.Report, len(clusters))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for i, cluster := range clusters {
		group.Go(func() error {
			names, err := n.dirs(within, cluster, func(name string) bool {
				return archive.Matches(f.Report, name)
			})
			for _, name := range names {
				reports[i] = append(reports[i], archive.Report{
					Path: path.Join(cluster, name), Cluster: cluster, Name: name,
				})
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(reports...), nil
}

// dirs returns the names of the directories at a path of the archive that match, sorted.
func (n *Notifier) dirs(ctx context.Context, at string,
	match func(name string) bool) ([]string, error) {
	prefix := n.below(at)
	var out []string
	for o, err := range n.bucket.List(ctx, prefix, "/") {
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(o.Key, prefix), "/")
		if o.Group && report.IsFileName(name) && match(name) {
			out = append(out, name)
		}
	}
	return out, nil
}

// below returns the start of all keys in a directory of the archive.
func (n *Notifier) below(at string) string {
	prefix := path.Join(n.o.Prefix, at)
	if prefix == "" {
		return ""
	}
	return prefix + "/"
}

// Slots implements archive.Store. It lists years, months and days, and then the objects of each
// day, so that the newest slots of a large archive cost few requests.
func (n *Notifier) Slots(ctx context.Context, r archive.Report,
	from time.Time) iter.Seq2[archive.Slot, error] {
	return func(yield func(archive.Slot, error) bool) {
		for day, err := range n.days(ctx, r.Path, from) {
			if err != nil {
				yield(archive.Slot{}, err)
				return
			}
			slots, err := n.slotsOf(ctx, r, day)
			if err != nil {
				yield(archive.Slot{}, err)
				return
			}
			for _, s := range slots {
				if (from.IsZero() || !s.Time.After(from)) && !yield(s, nil) {
					return
				}
			}
		}
	}
}

// dayForms are the forms of the directories of years, months and days.
var dayForms = []*regexp.Regexp{
	regexp.MustCompile(`^[0-9]{4}$`), regexp.MustCompile(`^[0-9]{2}$`),
	regexp.MustCompile(`^[0-9]{2}$`),
}

// days yields the days of a report as yyyy/mm/dd, the newest first, from a time back.
func (n *Notifier) days(ctx context.Context, root string,
	from time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { n.walkDays(ctx, root, "", 0, from, yield) }
}

// walkDays yields the days below a year or month, and reports whether the caller wants more.
func (n *Notifier) walkDays(ctx context.Context, root, at string, depth int, from time.Time,
	yield func(string, error) bool) bool {
	if depth == len(dayForms) {
		t, err := time.Parse(dayLayout, at)
		return err != nil || t.Format(dayLayout) != at || yield(at, nil)
	}
	names, err := n.dirs(ctx, path.Join(root, at), dayForms[depth].MatchString)
	if err != nil {
		return yield("", err) && false
	}
	for _, name := range slices.Backward(names) {
		next := path.Join(at, name)
		if !from.IsZero() && next > from.UTC().Format(dayLayout)[:len(next)] {
			continue
		}
		if !n.walkDays(ctx, root, next, depth+1, from, yield) {
			return false
		}
	}
	return true
}

// slotsOf returns the slots of a day of a report, the newest first.
func (n *Notifier) slotsOf(ctx context.Context, r archive.Report,
	day string) ([]archive.Slot, error) {
	home := path.Join(r.Path, day)
	prefix := n.below(home)
	found := map[string]*archive.Slot{}
	for o, err := range n.bucket.List(ctx, prefix, "") {
		if err != nil {
			return nil, err
		}
		name, file, ok := strings.Cut(strings.TrimPrefix(o.Key, prefix), "/")
		at, is := archive.ParseSlot(name)
		if !ok || !is || at.Format(dayLayout) != day || !report.IsFileName(file) {
			continue
		}
		s := found[name]
		if s == nil {
			s = &archive.Slot{
				Path: path.Join(home, name), Cluster: r.Cluster, Report: r.Name, Time: at,
				Partial: true,
			}
			found[name] = s
		}
		s.Files++
		s.Bytes += o.Size
		if o.Modified.After(s.Written) {
			s.Written = o.Modified
		}
		s.Partial = s.Partial && file != documentName
	}
	if len(found) == 0 {
		return nil, nil
	}
	if err := n.describe(ctx, home, found); err != nil {
		return nil, err
	}
	out := make([]archive.Slot, 0, len(found))
	for _, s := range found {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b archive.Slot) int { return cmp.Compare(b.Path, a.Path) })
	return out, nil
}

// describe adds to the slots of a day what its list says about them. For a slot that is not in the
// list, the mark of its report.json says whether it is whole. A list that cannot be read says
// nothing.
func (n *Notifier) describe(ctx context.Context, home string,
	slots map[string]*archive.Slot) error {
	key := path.Join(n.o.Prefix, home, listName)
	have, err := n.bucket.Get(ctx, key, maxListSize)
	if err != nil {
		return err
	}
	l, _ := readList(have, n.bucket.URL(key))
	for i := range l.Entries {
		e := &l.Entries[i]
		if s := slots[e.Name]; s != nil {
			s.Whole = !e.Unseen
			s.Summary = &archive.Summary{
				Critical: e.Critical, Warning: e.Warning, NoData: e.NoData, Pending: e.Pending,
				OK: e.OK, Headline: e.Headline, Zone: l.Zone,
			}
		}
	}
	for _, s := range slots {
		s.Cluster, s.Report = cmp.Or(l.Cluster, s.Cluster), cmp.Or(l.Report, s.Report)
		if s.Summary != nil || s.Partial {
			continue
		}
		o, err := n.bucket.Stat(ctx, path.Join(n.o.Prefix, s.Path, documentName))
		if err != nil {
			return err
		}
		s.Whole = o.Mark == wholeMark
	}
	return nil
}

// Files implements archive.Store.
func (n *Notifier) Files(ctx context.Context, s archive.Slot) ([]archive.File, error) {
	prefix := n.below(s.Path)
	var out []archive.File
	for o, err := range n.bucket.List(ctx, prefix, "") {
		if err != nil {
			return nil, err
		}
		if name := strings.TrimPrefix(o.Key, prefix); report.IsFileName(name) {
			out = append(out, archive.File{Name: name, Bytes: o.Size})
		}
	}
	return out, nil
}

// Read implements archive.Store.
func (n *Notifier) Read(ctx context.Context, s archive.Slot, name string) ([]byte, error) {
	key := path.Join(n.o.Prefix, s.Path, name)
	o, err := n.bucket.Get(ctx, key, maxFile)
	if err == nil && o.ETag == "" {
		return nil, &archive.GoneError{Name: n.bucket.URL(key)}
	}
	return o.Body, err
}

// Page implements archive.Store.
func (n *Notifier) Page(ctx context.Context, s archive.Slot) (location string, expires time.Time,
	err error) {
	return n.link(ctx, path.Join(n.o.Prefix, s.Path, pageName))
}
