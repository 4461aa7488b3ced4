package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/cloud"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// Remove implements archive.Store. It handles one day after the other: first the pictures and
// tables, which also shows whether this identity may delete; then the lists, so that no page links
// to what is gone; then the pages. A slot's report.json is deleted last. It says which files
// promsnap has written, so a second call can continue.
func (n *Notifier) Remove(ctx context.Context, slots []archive.Slot,
	removed func(archive.Removed)) error {
	for len(slots) > 0 {
		home := path.Dir(slots[0].Path)
		end := slices.IndexFunc(slots, func(s archive.Slot) bool {
			return path.Dir(s.Path) != home
		})
		if end < 0 {
			end = len(slots)
		}
		if err := n.removeDay(ctx, home, slots[:end], removed); err != nil {
			return err
		}
		slots = slots[end:]
	}
	return nil
}

// removal is a slot that is being removed.
type removal struct {
	archive.Removed
	last []string // the names of the page and of report.json, as far as they are there
}

// removeDay removes slots of one day.
func (n *Notifier) removeDay(ctx context.Context, home string, slots []archive.Slot,
	removed func(archive.Removed)) error {
	key := path.Join(n.o.Prefix, home, listName)
	have, err := n.bucket.Get(ctx, key, maxListSize)
	if err != nil {
		return err
	}
	if _, err := readList(have, n.bucket.URL(key)); err != nil {
		return err
	}
	var going []removal
	var names []string
	for _, s := range slots {
		written, err := n.written(ctx, s)
		if err != nil {
			return err
		}
		if written == nil {
			removed(archive.Removed{Slot: s, Why: "it has no report.json that can be read"})
			continue
		}
		r, err := n.strip(ctx, s, written)
		if err != nil {
			return err
		}
		going, names = append(going, r), append(names, path.Base(s.Path))
	}
	if len(going) == 0 {
		return nil
	}
	if err := n.unlist(ctx, home, names); err != nil {
		return err
	}
	for _, r := range going {
		for _, name := range r.last {
			if err := n.bucket.Delete(ctx, n.below(r.Slot.Path)+name); err != nil {
				return err
			}
		}
		removed(r.Removed)
	}
	return nil
}

// written returns the names of the files that promsnap has written into a slot, or nil if its
// report.json does not say them.
func (n *Notifier) written(ctx context.Context, s archive.Slot) ([]string, error) {
	o, err := n.bucket.Get(ctx, path.Join(n.o.Prefix, s.Path, documentName), maxFile)
	if err != nil && !errors.Is(err, cloud.ErrTooLarge) {
		return nil, err
	}
	names, ok := reportjson.ReadFiles(bytes.NewReader(o.Body))
	if !ok {
		return nil, nil
	}
	return append(names, pageName, documentName), nil
}

// strip deletes the files of a slot that promsnap has written, without the page and report.json.
func (n *Notifier) strip(ctx context.Context, s archive.Slot, written []string) (removal, error) {
	out := removal{Removed: archive.Removed{Slot: s}}
	prefix := n.below(s.Path)
	var names []string
	for o, err := range n.bucket.List(ctx, prefix, "") {
		if err != nil {
			return out, err
		}
		name := strings.TrimPrefix(o.Key, prefix)
		switch {
		case !slices.Contains(written, name):
			out.Kept++
			continue
		case name == pageName, name == documentName: // in this order
			out.last = append(out.last, name)
		default:
			names = append(names, name)
		}
		out.Files++
		out.Bytes += o.Size
	}
	// one by one, because not every S3 deletes several objects with one request
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for _, name := range names {
		group.Go(func() error { return n.bucket.Delete(within, prefix+name) })
	}
	return out, group.Wait()
}

// unlist removes slots from the list of their day, and the day from the list of days if that was
// all. Both are changed on condition that no run has changed them. A day without a list is left
// out: then no list names its slots.
func (n *Notifier) unlist(ctx context.Context, home string, slots []string) error {
	of, etag, err := n.withdraw(ctx, home, func(l *list) bool {
		before := len(l.Entries)
		l.Entries = slices.DeleteFunc(l.Entries, func(e entry) bool {
			return slices.Contains(slots, e.Name)
		})
		return len(l.Entries) != before
	})
	if err != nil || etag == "" {
		return err
	}
	root, day := home[:len(home)-len("/"+dayLayout)], home[len(home)-len(dayLayout):]
	of.Day = day
	if _, _, err := n.withdraw(ctx, root, func(l *list) bool {
		if len(of.Entries) > 0 {
			return l.has(day) && l.put(dayEntry(of))
		}
		before := len(l.Entries)
		l.Entries = slices.DeleteFunc(l.Entries, func(e entry) bool {
			return e.Name == day && e.Rev <= of.Rev
		})
		return len(l.Entries) != before
	}); err != nil || len(of.Entries) > 0 {
		return err
	}
	return n.dropList(ctx, home, etag)
}

// dropList deletes the empty list of a day and its page. If a run has added a report, or if the S3
// has no conditional deletes, both stay.
func (n *Notifier) dropList(ctx context.Context, home, etag string) error {
	if err := n.bucket.Delete(ctx, path.Join(n.o.Prefix, home, pageName)); err != nil {
		return err
	}
	err := n.bucket.DeleteIf(ctx, path.Join(n.o.Prefix, home, listName), etag)
	if errors.Is(err, cloud.ErrConflict) || errors.Is(err, errors.ErrUnsupported) {
		_, _, err = n.withdraw(ctx, home, func(*list) bool { return false })
	}
	return err
}

// has reports whether the list has an entry of that name.
func (l *list) has(name string) bool {
	return slices.ContainsFunc(l.Entries, func(e entry) bool { return e.Name == name })
}

// withdraw changes the list at a directory of the archive, and writes its page. It returns the list
// as it is then and its ETag, which is "" if there is no list. change reports whether it changed the
// list; it is called again if another run is faster.
func (n *Notifier) withdraw(ctx context.Context, at string,
	change func(*list) bool) (l list, etag string, err error) {
	dir := path.Join(n.o.Prefix, at)
	key := path.Join(dir, listName)
	for range rounds {
		have, err := n.bucket.Get(ctx, key, maxListSize)
		if err != nil || have.ETag == "" {
			return list{}, "", err
		}
		if l, err = readList(have, n.bucket.URL(key)); err != nil {
			return list{}, "", err
		}
		if !change(&l) { // a call that was stopped may not have written the page
			return l, have.ETag, n.putPage(ctx, dir, &l)
		}
		l.Rev++
		body, err := json.Marshal(l)
		if err != nil {
			return list{}, "", fmt.Errorf("writing %s: %w", n.bucket.URL(key), err)
		}
		etag, err = n.bucket.Swap(ctx, key, cloud.Object{
			Body: append(body, '\n'), Type: "application/json", Cache: cacheALittle,
		}, have.ETag)
		if err == nil {
			return l, etag, n.putPage(ctx, dir, &l)
		}
		if !errors.Is(err, cloud.ErrConflict) {
			return list{}, "", err
		}
	}
	return list{}, "", fmt.Errorf("writing %s: %w, %d times", n.bucket.URL(key), cloud.ErrConflict,
		rounds)
}
