// Package archive reads archives of reports, copies reports out of them, and decides which ones to
// remove. The receivers that write an archive, notify/dir and notify/s3, implement Store.
package archive

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/report"
)

// Store is an archive. The names that it returns are from outside.
type Store interface {
	// Name returns what messages call the archive: its path or its address.
	Name() string
	// Reports returns the reports that match a filter as far as the layout shows it, sorted.
	Reports(ctx context.Context, f Filter) ([]Report, error)
	// Slots yields the slots of a report, the newest first, from one time back; from the newest if
	// the time is zero. An error is the last that it yields.
	Slots(ctx context.Context, r Report, from time.Time) iter.Seq2[Slot, error]
	// Files returns the files of a slot, sorted by name. It leaves out those whose names promsnap
	// does not write.
	Files(ctx context.Context, s Slot) ([]File, error)
	// Read returns a file of a slot.
	Read(ctx context.Context, s Slot, name string) ([]byte, error)
	// Page returns where people find the page of a slot, and until when; the time is zero if the
	// link does not expire.
	Page(ctx context.Context, s Slot) (location string, expires time.Time, err error)
	// Remove removes slots of one report in their order, and calls removed after each. It leaves
	// every file that promsnap has not written. If it is stopped, a second call removes the rest.
	Remove(ctx context.Context, slots []Slot, removed func(Removed)) error
}

// Report is a report of a cluster in an archive.
type Report struct {
	Path string // below the archive
	// Cluster and Name are the names of directories, and "" if only the slots say it.
	Cluster, Name string
}

// Slot is one archived report.
type Slot struct {
	Path string // below the archive
	// Cluster and Report are the names of the configuration, or those of directories if the archive
	// does not say more.
	Cluster, Report string
	Time            time.Time // in UTC
	Files           int
	Bytes           int64
	// Written is when the last of its files was written, by the archive's clock. It is zero if a
	// slot appears as a whole, or if the archive does not say.
	Written time.Time
	Summary *Summary // nil if the archive does not have it
	// Whole is set if the report is complete (report.Whole).
	Whole bool
	// Partial is set if the slot has no report.json that can be read: a run or a removal was
	// stopped, or promsnap has not written it.
	Partial bool
}

// Summary is what a report said.
type Summary struct {
	Critical, Warning, NoData, Pending, OK int

	Headline string
	Zone     string // the report's time zone; "" if unknown
}

// File is a file of a slot.
type File struct {
	Name  string
	Bytes int64
}

// Removed is what became of one slot.
type Removed struct {
	Slot  Slot
	Files int
	Bytes int64
	Kept  int    // files that promsnap has not written
	Why   string // why the slot was left alone, or ""
}

// ParseSlot returns the time of a slot's name, and false for every other text.
func ParseSlot(name string) (time.Time, bool) {
	t, err := time.Parse(report.SlotLayout, name)
	return t, err == nil && report.SlotName(t) == name
}

// Filter chooses slots. An empty field chooses all.
type Filter struct {
	Cluster, Report string // the names or their directories
	Since           time.Time
	Limit           int // the newest of all reports
}

// Matches reports whether a name, or the name of its directory, is the one that is wanted.
func Matches(want, name string) bool {
	return want == "" || want == name || report.Slug(want) == name || want == report.Slug(name)
}

// holds reports whether the filter chooses a slot.
func (f Filter) holds(s *Slot) bool {
	return Matches(f.Cluster, s.Cluster) && Matches(f.Report, s.Report) && !s.Time.Before(f.Since)
}

// maxParallel is how many reports are read at once.
const maxParallel = 8

// List returns the slots that a filter chooses, the newest first.
func List(ctx context.Context, s Store, f Filter) ([]Slot, error) {
	found, err := read(ctx, s, f)
	if err != nil {
		return nil, err
	}
	var all []Slot
	for _, one := range found {
		all = append(all, one.slots...)
	}
	slices.SortFunc(all, func(a, b Slot) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.Path, b.Path))
	})
	if f.Limit > 0 {
		all = all[:min(len(all), f.Limit)]
	}
	return all, nil
}

// found is a report with slots that a filter chooses, the newest first.
type found struct {
	report Report
	slots  []Slot
}

// name returns the name of the report with its cluster, for messages.
func (f found) name() string { return f.slots[0].Title() }

// Title returns the name of the slot's report with its cluster: "check of prod".
func (s *Slot) Title() string {
	if s.Cluster == "" {
		return s.Report
	}
	return s.Report + " of " + s.Cluster
}

// read returns the reports that have slots that a filter chooses, with at most f.Limit each.
func read(ctx context.Context, s Store, f Filter) ([]found, error) {
	reports, err := s.Reports(ctx, f)
	if err != nil {
		return nil, err
	}
	all := make([]found, len(reports))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for i, r := range reports {
		group.Go(func() (err error) {
			all[i].report = r
			all[i].slots, err = newest(within, s, r, f)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(one found) bool { return len(one.slots) == 0 }), nil
}

// newest returns the newest slots of a report that a filter chooses.
func newest(ctx context.Context, s Store, r Report, f Filter) ([]Slot, error) {
	var out []Slot
	for slot, err := range s.Slots(ctx, r, time.Time{}) {
		if err != nil {
			return nil, err
		}
		if slot.Time.Before(f.Since) {
			break
		}
		if !f.holds(&slot) {
			continue
		}
		if out = append(out, slot); len(out) == f.Limit {
			break
		}
	}
	return out, nil
}

// EmptyError says that an archive has no report that a filter chooses.
type EmptyError struct {
	Archive string
	Filter  Filter
	Have    []string // the names of the reports that are there
}

func (e *EmptyError) Error() string {
	switch {
	case len(e.Have) == 0:
		return fmt.Sprintf("%s has no reports yet", e.Archive)
	case e.Filter.Cluster != "" && e.Filter.Report != "":
		return fmt.Sprintf("%s has no report %q of the cluster %q; it has %s", e.Archive,
			e.Filter.Report, e.Filter.Cluster, some(e.Have))
	case e.Filter.Cluster != "":
		return fmt.Sprintf("%s has no report of the cluster %q; it has %s", e.Archive,
			e.Filter.Cluster, some(e.Have))
	}
	return fmt.Sprintf("%s has no report %q; it has %s", e.Archive, e.Filter.Report, some(e.Have))
}

// some returns names for a message.
func some(names []string) string {
	const most = 10
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// SeveralError says that a filter chooses several reports and one is wanted.
type SeveralError struct {
	Archive string
	Have    []string
}

func (e *SeveralError) Error() string {
	return fmt.Sprintf("%s has several reports; choose one: %s", e.Archive, some(e.Have))
}

// UnknownSlotError says that a report has no such slot.
type UnknownSlotError struct {
	Report string
	Time   time.Time
	Near   []time.Time // the slots next to it
}

func (e *UnknownSlotError) Error() string {
	text := fmt.Sprintf("%s has no slot %s", e.Report, report.SlotName(e.Time))
	var near []string
	for _, t := range e.Near {
		near = append(near, report.SlotName(t))
	}
	if len(near) == 0 {
		return text + "; promsnap archive list shows those it has"
	}
	return text + "; the nearest are " + strings.Join(near, " and ")
}

// Find returns the slot of the one report that a filter chooses: the newest if at is zero.
func Find(ctx context.Context, s Store, f Filter, at time.Time) (Slot, error) {
	f.Since, f.Limit = time.Time{}, 1
	all, err := read(ctx, s, f)
	switch {
	case err != nil:
		return Slot{}, err
	case len(all) == 0:
		return Slot{}, Empty(ctx, s, f)
	case len(all) > 1:
		return Slot{}, &SeveralError{s.Name(), names(all)}
	case at.IsZero():
		return all[0].slots[0], nil
	}
	unknown := &UnknownSlotError{Report: all[0].name(), Time: at}
	newer := time.Time{}
	for slot, err := range s.Slots(ctx, all[0].report, at.Add(nearby)) {
		if err != nil {
			return Slot{}, err
		}
		if !f.holds(&slot) {
			continue
		}
		if slot.Time.Equal(at) {
			return slot, nil
		}
		if slot.Time.Before(at) {
			unknown.Near = append(unknown.Near, slot.Time)
			break
		}
		newer = slot.Time
	}
	if newer.IsZero() && all[0].slots[0].Time.After(at) {
		newer = all[0].slots[0].Time
	}
	if !newer.IsZero() {
		unknown.Near = append(unknown.Near, newer)
	}
	return Slot{}, unknown
}

// nearby is how far after an unknown slot Find looks for one that is there.
const nearby = 24 * time.Hour

// Newest returns the newest slot of each report that a filter chooses, sorted by the paths of the
// reports.
func Newest(ctx context.Context, s Store, f Filter) ([]Slot, error) {
	f.Limit = 1
	all, err := read(ctx, s, f)
	var out []Slot
	for _, one := range all {
		out = append(out, one.slots[0])
	}
	return out, err
}

// Empty returns the *EmptyError of a filter that chooses nothing. If the archive cannot be read, it
// returns that error.
func Empty(ctx context.Context, s Store, f Filter) error {
	all, err := read(ctx, s, Filter{Limit: 1})
	if err != nil {
		return err
	}
	return &EmptyError{s.Name(), f, names(all)}
}

// names returns the names of reports for messages, without clusters if there is only one cluster.
func names(all []found) []string {
	clusters := map[string]bool{}
	for _, one := range all {
		clusters[one.slots[0].Cluster] = true
	}
	var out []string
	for _, one := range all {
		if len(clusters) == 1 {
			out = append(out, one.slots[0].Report)
		} else {
			out = append(out, one.name())
		}
	}
	return out
}

// GoneError says that a file of the archive was removed in the meantime.
type GoneError struct{ Name string }

func (e *GoneError) Error() string { return e.Name + " was removed in the meantime" }
