package s3

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// listName is the name of a list.
const listName = "index.json"

// listSchema is the version of index.json. A program leaves a list of an unknown version unchanged.
const listSchema = 1

// The limits of a list. Older entries are removed from the list; their reports stay.
const (
	maxEntries  = 4000 // eleven years of days
	maxListSize = 8 << 20
	maxHeadline = 200 // characters
)

// list is an index.json, from which the index.html beside it is made. It lists the reports of a
// day, or the days of a report.
type list struct {
	Schema int `json:"schema"`
	// Rev grows with each write. A list that replaces a lost one starts at the Unix time of its
	// slot, and so above the Rev of the old one.
	Rev     int64  `json:"rev"`
	Cluster string `json:"cluster"`
	Report  string `json:"report"`
	Title   string `json:"title"`
	Day     string `json:"day,omitempty"` // yyyy/mm/dd in a list of reports; "" in a list of days
	// Language and Zone are those of the report that was added last. The page uses them.
	Language words.Language `json:"language,omitempty"`
	Zone     string         `json:"zone,omitempty"`

	Entries []entry `json:"entries"` // the newest first
}

// entry is a report in the list of a day, or a day in the list of days.
type entry struct {
	// Name is 20261122T000000Z or 2026/11/22. Entries are sorted by it.
	Name string `json:"name"`
	// Path is relative to the list, without index.html.
	Path string `json:"path"`
	Rev  int64  `json:"rev,omitempty"` // of the day's list when the entry was made
	// Reports is the number of reports of a day. If there are several, the counts below count
	// reports by verdict; otherwise they count the checks of the one report.
	Reports  int    `json:"reports,omitempty"`
	Critical int    `json:"critical"`
	Warning  int    `json:"warning"`
	NoData   int    `json:"no_data"`
	Pending  int    `json:"pending,omitempty"`
	OK       int    `json:"ok"`
	Headline string `json:"headline,omitempty"`
	// Unseen says that the report did not see everything: it was cut short, or queries failed.
	Unseen bool `json:"unseen,omitempty"`
}

// verdict returns the entry's verdict as the name of a style. It is ok only if everything was seen.
func (e *entry) verdict() string {
	switch {
	case e.Critical > 0:
		return "critical"
	case e.Warning > 0:
		return "warning"
	case e.NoData > 0 || e.Unseen || e.OK+e.Pending == 0:
		return "nodata"
	case e.Pending > 0:
		return "pending"
	}
	return "ok"
}

// list puts the report into the list of its day, and the day into the list of days.
func (n *Notifier) list(ctx context.Context, root string, r *report.Report) error {
	slot := r.Info.Slot.UTC()
	day := slot.Format(dayLayout)
	of, err := n.amend(ctx, path.Join(root, day), r, day, reportEntry(r))
	if err != nil {
		return err
	}
	_, err = n.amend(ctx, root, r, "", dayEntry(of))
	return err
}

// reportEntry returns the entry of a report.
func reportEntry(r *report.Report) entry {
	slot := report.SlotName(r.Info.Slot)
	return entry{
		Name: slot, Path: slot, Critical: r.Critical, Warning: r.Warning, NoData: r.NoData,
		Pending: r.Pending, OK: r.OK,
		Headline: headline(r.Headline), Unseen: !r.Whole(),
	}
}

func headline(s string) string { return outside.Clip(strings.ToValidUTF8(s, ""), maxHeadline) }

// dayEntry returns the entry of a day with the headline of its worst report. If there is only one
// report, the entry is that report's and links to it.
func dayEntry(of list) entry {
	e := entry{Name: of.Day, Path: of.Day, Rev: of.Rev, Reports: len(of.Entries)}
	if e.Reports == 1 {
		name := e.Name
		e = of.Entries[0]
		e.Name, e.Path, e.Rev, e.Reports = name, path.Join(name, e.Path), of.Rev, 1
		return e
	}
	worst := map[string]string{} // by verdict, the newest headline
	for i := range of.Entries {
		verdict := of.Entries[i].verdict()
		if worst[verdict] == "" {
			worst[verdict] = of.Entries[i].Headline
		}
		switch verdict {
		case "critical":
			e.Critical++
		case "warning":
			e.Warning++
		case "nodata":
			e.NoData++
		case "pending":
			e.Pending++
		default:
			e.OK++
		}
	}
	e.Headline = worst[e.verdict()]
	return e
}

// amend puts an entry into the list at dir, writes its page, and returns the list as written.
func (n *Notifier) amend(ctx context.Context, dir string, r *report.Report, day string,
	e entry) (list, error) {
	l, err := n.enter(ctx, path.Join(dir, listName), r, day, e)
	if err != nil {
		return list{}, err
	}
	return l, n.putPage(ctx, dir, &l)
}

// putPage writes the page of the list at dir, unless that of a newer list is there.
func (n *Notifier) putPage(ctx context.Context, dir string, l *list) error {
	page, err := l.page()
	if err != nil {
		return err
	}
	return n.putNewer(ctx, path.Join(dir, pageName), cloud.Object{
		Body: page, Type: "text/html; charset=utf-8", Cache: cacheALittle,
		Mark: fmt.Sprintf("%012d", l.Rev),
	})
}

// enter puts an entry into a list, and starts again if another run changes the list.
func (n *Notifier) enter(ctx context.Context, key string, r *report.Report, day string,
	e entry) (list, error) {
	for range rounds {
		have, err := n.bucket.Get(ctx, key, maxListSize)
		if err != nil {
			return list{}, err
		}
		l, err := readList(have, n.bucket.URL(key))
		if err != nil {
			return list{}, err
		}
		if !l.put(e) {
			return l, nil
		}
		l.Schema, l.Rev, l.Day = listSchema, max(l.Rev+1, r.Info.Slot.Unix()), day
		l.Cluster, l.Report, l.Title = r.Info.Cluster, r.Info.Name, r.Info.Title
		l.Language, l.Zone = r.Info.Language, r.Info.Zone.String()
		body, err := json.Marshal(l)
		if err != nil {
			return list{}, fmt.Errorf("writing %s: %w", n.bucket.URL(key), err)
		}
		_, err = n.bucket.Swap(ctx, key, cloud.Object{
			Body: append(body, '\n'), Type: "application/json", Cache: cacheALittle,
		}, have.ETag)
		if err == nil {
			return l, nil
		}
		if !errors.Is(err, cloud.ErrConflict) {
			return list{}, err
		}
	}
	return list{}, fmt.Errorf("writing %s: %w, %d times", n.bucket.URL(key), cloud.ErrConflict,
		rounds)
}

// stays reports whether a report's entry is kept because the next one saw less. The page is kept
// too. A day with several reports may get a milder verdict than before.
func (e *entry) stays(next entry) bool { return e.Reports == 0 && !e.Unseen && next.Unseen }

// readList reads a list; a missing list is empty. A list that cannot be read stays as it is.
func readList(o cloud.Object, name string) (list, error) {
	var l list
	if o.ETag == "" {
		return l, nil
	}
	err := json.Unmarshal(o.Body, &l)
	switch {
	case err != nil:
		return list{}, &cloud.Error{
			Doing: "reading " + name, Trouble: cloud.Lasting, Err: err,
			Hint: "it was left as it is: move it away, and a new list begins",
		}
	case l.Schema > listSchema:
		return list{}, &cloud.Error{
			Doing: "reading " + name, Trouble: cloud.Lasting,
			Err: fmt.Errorf("it has schema version %d, and this promsnap knows versions up to %d",
				l.Schema, listSchema),
			Hint: "it was left as it is: run the newer promsnap",
		}
	}
	return l, nil
}

// put puts an entry into the list, and reports whether that changed the list. Of two entries with
// one name, it keeps the newer one, and of two for one report, the one that saw everything.
func (l *list) put(e entry) bool {
	at, found := slices.BinarySearchFunc(l.Entries, e.Name, func(have entry, name string) int {
		return strings.Compare(name, have.Name)
	})
	switch {
	case found && (l.Entries[at] == e || l.Entries[at].Rev > e.Rev || l.Entries[at].stays(e)):
		return false
	case found:
		l.Entries[at] = e
		return true
	case at == maxEntries:
		return false // older than all entries of a full list
	}
	l.Entries = slices.Insert(l.Entries, at, e)
	l.Entries = l.Entries[:min(len(l.Entries), maxEntries)]
	return true
}
