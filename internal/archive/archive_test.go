package archive_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/notify/s3"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/testdata/race"
)

// kept is an archive of one of the two kinds, and what a test does behind its back.
type kept struct {
	notify.Notifier
	archive.Store
	home  func(s archive.Slot) string // the start of the names of a slot's files
	files func() []string             // the names of all files, sorted
	write func(name, body string)
}

// eachKind runs a test with an archive in a directory and one in a bucket.
func eachKind(t *testing.T, test func(t *testing.T, k kept)) {
	t.Run("dir", func(t *testing.T) {
		root := t.TempDir()
		n := dir.NewArchive(root)
		test(t, kept{
			Notifier: n, Store: n,
			home: func(s archive.Slot) string { return filepath.ToSlash(s.Path) + "/" },
			files: func() (out []string) {
				err := filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
					if err == nil && !d.IsDir() {
						out = append(out, filepath.ToSlash(strings.TrimPrefix(at, root+"/")))
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(out)
				return out
			},
			write: func(name, body string) {
				at := filepath.Join(root, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
	t.Run("s3", func(t *testing.T) {
		s := cloudtest.New(t)
		n, err := s3.New(s.Bucket(t), s3.Options{
			Prefix: "cap", PublicURL: "https://r.example.com",
		})
		if err != nil {
			t.Fatal(err)
		}
		test(t, kept{
			Notifier: n, Store: n,
			home:  func(s archive.Slot) string { return "cap/" + s.Path + "/" },
			files: s.Keys,
			write: func(name, body string) { s.Write(name, []byte(body)) },
		})
	})
}

// delivery returns the report of a slot with four files.
func delivery(name string, slot time.Time, change ...func(*report.Report)) notify.Delivery {
	r := &report.Report{
		Info:     report.Info{Cluster: "prod", Name: name, Slot: slot, Zone: time.UTC},
		Critical: 2, OK: 40, Headline: "disk of " + report.SlotName(slot),
	}
	for _, c := range change {
		c(r)
	}
	incomplete := ""
	if !r.Whole() {
		incomplete = `"incomplete":"cut short",`
	}
	doc := fmt.Sprintf(`{"cluster":%q,"report":%q,"zone":"UTC",%s"headline":%q,"counts":{"critical":`+
		`%d,"ok":%d,"failed":0},"csv":["findings.csv"],"panels":[{"name":"node-memory"}]}`,
		r.Info.Cluster, r.Info.Name, incomplete, r.Headline, r.Critical, r.OK)
	return notify.Delivery{Report: r, Files: []report.File{
		{Name: "index.html", ContentType: "text/html", Body: []byte("<!DOCTYPE html>" + r.Headline)},
		{Name: "report.json", ContentType: "application/json", Body: []byte(doc)},
		{Name: "node-memory.png", ContentType: "image/png", Body: []byte("\x89PNG")},
		{Name: "findings.csv", ContentType: "text/csv", Body: []byte("a,b\n")},
	}}
}

// fill archives a report of each age in days.
func (k kept) fill(t *testing.T, name string, days ...int) {
	t.Helper()
	for _, d := range days {
		k.deliver(t, delivery(name, now.Add(-time.Duration(d)*day)))
	}
}

func (k kept) deliver(t *testing.T, d notify.Delivery) {
	t.Helper()
	if _, err := k.Notify(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// ages returns the slots as ages in days.
func ages(slots []archive.Slot) (out []int) {
	for _, s := range slots {
		out = append(out, int(now.Sub(s.Time)/day))
	}
	return out
}

func (k kept) list(t *testing.T, f archive.Filter) []archive.Slot {
	t.Helper()
	slots, err := archive.List(t.Context(), k, f)
	if err != nil {
		t.Fatal(err)
	}
	return slots
}

func TestList(t *testing.T) {
	eachKind(t, func(t *testing.T, k kept) {
		if got := k.list(t, archive.Filter{}); len(got) > 0 {
			t.Errorf("an empty archive: got %v, want nothing", got)
		}
		k.fill(t, "check", 0, 1, 40, 400)
		k.fill(t, "daily", 2)
		for _, tc := range []struct {
			filter archive.Filter
			want   []int
		}{
			{archive.Filter{}, []int{0, 1, 2, 40, 400}},
			{archive.Filter{Report: "check"}, []int{0, 1, 40, 400}},
			{archive.Filter{Report: "check", Limit: 2}, []int{0, 1}},
			{archive.Filter{Limit: 3}, []int{0, 1, 2}},
			{archive.Filter{Since: now.Add(-41 * day)}, []int{0, 1, 2, 40}},
			{archive.Filter{Cluster: "prod", Report: "daily"}, []int{2}},
			{archive.Filter{Cluster: "stage"}, nil},
			{archive.Filter{Report: "nightly"}, nil},
		} {
			if got := ages(k.list(t, tc.filter)); !slices.Equal(got, tc.want) {
				t.Errorf("%+v: got the ages %v, want %v", tc.filter, got, tc.want)
			}
		}
		got := k.list(t, archive.Filter{Limit: 1})[0]
		want := archive.Summary{
			Critical: 2, OK: 40, Headline: "disk of 20261122T090000Z", Zone: "UTC",
		}
		if got.Cluster != "prod" || got.Report != "check" || got.Files != 4 || got.Bytes == 0 ||
			!got.Whole || got.Partial || got.Summary == nil || *got.Summary != want {
			t.Errorf("got %+v with %+v, want a whole report of 4 files with %+v", got, got.Summary,
				want)
		}
	})
}

func TestFind(t *testing.T) {
	eachKind(t, func(t *testing.T, k kept) {
		var none *archive.EmptyError
		if _, err := archive.Find(t.Context(), k, archive.Filter{}, time.Time{}); !errors.As(err,
			&none) || !strings.HasSuffix(err.Error(), " has no reports yet") {
			t.Errorf("an empty archive: got %v, want that it has no reports yet", err)
		}
		k.fill(t, "check", 0, 1, 2, 40)
		check := archive.Filter{Report: "check"}
		for age, at := range map[int]time.Time{0: {}, 1: now.Add(-day), 40: now.Add(-40 * day)} {
			got, err := archive.Find(t.Context(), k, check, at)
			if err != nil || !got.Time.Equal(now.Add(-time.Duration(age)*day)) {
				t.Errorf("%v: got %v, %v; want the slot of %d days ago", at, got.Time, err, age)
			}
		}
		if got, err := archive.Find(t.Context(), k, archive.Filter{}, time.Time{}); err != nil ||
			got.Report != "check" {
			t.Errorf("the only report: got %v, %v; want check", got, err)
		}
		for at, want := range map[time.Time]string{
			now.Add(-30 * time.Hour): "check of prod has no slot 20261121T030000Z; the nearest are " +
				"20261120T090000Z and 20261121T090000Z",
			now.Add(-20 * day): "the nearest are 20261013T090000Z and 20261122T090000Z",
			now.Add(day):       "the nearest are 20261122T090000Z",
		} {
			_, err := archive.Find(t.Context(), k, check, at)
			if err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%v: got %v, want %q", at, err, want)
			}
		}
		if _, err := archive.Find(t.Context(), k, archive.Filter{Report: "chek"},
			time.Time{}); err == nil || !strings.HasSuffix(err.Error(),
			`has no report "chek"; it has check`) {
			t.Errorf("an unknown report: got %v, want its name and what there is", err)
		}
		k.fill(t, "daily", 0)
		var several *archive.SeveralError
		if _, err := archive.Find(t.Context(), k, archive.Filter{}, time.Time{}); !errors.As(err,
			&several) || !slices.Equal(several.Have, []string{"check", "daily"}) {
			t.Errorf("two reports: got %v, want that one must be chosen", err)
		}
	})
}

// prune removes what a retention says, and returns what was removed.
func (k kept) prune(t *testing.T, f archive.Filter, r archive.Retention) []archive.Removed {
	t.Helper()
	var out []archive.Removed
	plans, err := archive.Plans(t.Context(), k, f, r, now)
	if err == nil {
		err = archive.Prune(t.Context(), k, plans, func(r archive.Removed) { out = append(out, r) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPrune(t *testing.T) {
	eachKind(t, func(t *testing.T, k kept) {
		k.fill(t, "check", 0, 1, 2, 3, 50)
		k.deliver(t, delivery("check", now.Add(-50*day-time.Hour))) // another one of that day
		k.fill(t, "daily", 0, 60)
		before := k.files()
		if r := k.prune(t, archive.Filter{}, archive.Retention{}); len(r) > 0 ||
			!slices.Equal(k.files(), before) {
			t.Errorf("without rules: got %v removed, want nothing", r)
		}
		got := k.prune(t, archive.Filter{Report: "check"}, archive.Retention{Keep: 2})
		if len(got) != 4 || !got[0].Slot.Time.Before(got[1].Slot.Time) || got[0].Files != 4 ||
			got[0].Bytes != got[0].Slot.Bytes || got[0].Why != "" || got[0].Kept != 0 {
			t.Errorf("got %+v removed, want 4 slots of 4 files, the oldest first", got)
		}
		if got := ages(k.list(t, archive.Filter{})); !slices.Equal(got, []int{0, 0, 1, 60}) {
			t.Errorf("after: got the ages %v, want those of the newest two and the other report", got)
		}
		for _, name := range k.files() {
			if !slices.Contains(before, name) || strings.Contains(name, "/2026/10/03/") &&
				strings.Contains(name, "check") {
				t.Errorf("after: got %s, want it gone", name)
			}
		}
		if r := k.prune(t, archive.Filter{Report: "check"}, archive.Retention{Keep: 2}); len(r) > 0 {
			t.Errorf("a second time: got %v removed, want nothing", r)
		}
		k.prune(t, archive.Filter{}, archive.Retention{Age: time.Second})
		if got := ages(k.list(t, archive.Filter{})); !slices.Equal(got, []int{0, 0}) {
			t.Errorf("after everything old: got the ages %v, want the newest of each report", got)
		}
	})
}

// TestPruneLeavesWhatIsNotOurs puts everything that is not a slot beside old slots.
func TestPruneLeavesWhatIsNotOurs(t *testing.T) {
	eachKind(t, func(t *testing.T, k kept) {
		k.fill(t, "check", 0, 30, 31)
		slots := k.list(t, archive.Filter{})
		old, report := k.home(slots[1]), k.home(slots[0])
		report = report[:strings.Index(report, "check/")+len("check/")]
		theirs := []string{
			old + "notes.txt", old + "index.html.bak", old + "sub/index.html", report + "README",
			report + "latest/mine.html", report + "20260101T000000Z.bak/index.html",
			report + "20261301T000000Z/report.json", report + "2026-01-01/report.json",
			report + "2026/01/01/20260102T000000Z/report.json",
			report + "20260101T000000Z/notes.txt", // a slot without report.json
			report + "2026/01/01/20260101T000000Z/notes.txt",
		}
		for _, name := range theirs {
			k.write(name, "{}")
		}
		got := k.prune(t, archive.Filter{}, archive.Retention{Keep: 1})
		if len(got) != 2 || got[0].Kept != 0 || got[1].Kept != 3 && got[1].Kept != 4 {
			t.Errorf("got %+v, want two slots removed, and the files of others kept in one", got)
		}
		files := k.files()
		for _, name := range theirs {
			if !slices.Contains(files, name) {
				t.Errorf("got %s removed, want it left alone", name)
			}
		}
		for _, name := range []string{"index.html", "report.json", "node-memory.png"} {
			if slices.Contains(files, old+name) {
				t.Errorf("got %s left, want it removed", old+name)
			}
		}
	})
}

// A whole report stays as long as no newer one is whole.
func TestPruneKeepsTheNewestWholeOne(t *testing.T) {
	eachKind(t, func(t *testing.T, k kept) {
		k.fill(t, "check", 8, 9)
		for d := range 4 {
			k.deliver(t, delivery("check", now.Add(-time.Duration(d)*day),
				func(r *report.Report) { r.Info.Incomplete = snapshot.Note{Code: "x"} }))
		}
		k.prune(t, archive.Filter{}, archive.Retention{Keep: 2})
		if got := ages(k.list(t, archive.Filter{})); !slices.Equal(got, []int{0, 1, 8}) {
			t.Errorf("got the ages %v, want the newest two and the newest whole one", got)
		}
	})
}

func TestGet(t *testing.T) {
	eachKind(t, func(t *testing.T, k kept) {
		k.fill(t, "check", 0)
		slot := k.list(t, archive.Filter{})[0]
		for _, name := range []string{"..", "../up", "a\x1b[31m", "-rf", ".hidden", "UPPER"} {
			if !strings.HasPrefix(name, "..") || k.home(slot)[:3] == "cap" {
				k.write(k.home(slot)+name, "hostile")
			}
		}
		into := filepath.Join(t.TempDir(), "a", "b")
		var copied []string
		get := func(names []string, replace bool) error {
			copied = nil
			return archive.Get(t.Context(), k, slot, names, into, replace, func(f archive.File) {
				copied = append(copied, f.Name)
			})
		}
		want := []string{"findings.csv", "index.html", "node-memory.png", "report.json"}
		if err := get(nil, false); err != nil || !slices.Equal(copied, want) {
			t.Errorf("got %v, %v; want %v", copied, err, want)
		}
		if got := names(t, into); !slices.Equal(got, want) {
			t.Errorf("in the directory: got %q, want %q", got, want)
		}
		if err := get([]string{"index.html"}, false); !errors.Is(err, archive.ErrExists) {
			t.Errorf("again: got %v, want %v", err, archive.ErrExists)
		}
		mine := filepath.Join(into, "index.html")
		if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := get([]string{"index.html"}, true); err != nil {
			t.Errorf("again, with replace: got %v, want no error", err)
		}
		if body, err := os.ReadFile(mine); err != nil || !strings.Contains(string(body), "disk of") {
			t.Errorf("got %q, %v; want the page", body, err)
		}
		var unknown *archive.UnknownFileError
		for _, name := range []string{"nope.png", "../up", "..", "-rf", "/etc/passwd"} {
			if err := get([]string{name}, true); !errors.As(err, &unknown) {
				t.Errorf("%q: got %v, want that there is no such file", name, err)
			}
		}
	})
}

// names returns the names in a directory.
func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// A link in place of a file is replaced, and what it leads to stays.
func TestGetFollowsNoLink(t *testing.T) {
	eachKind(t, func(t *testing.T, k kept) {
		k.fill(t, "check", 0)
		slot := k.list(t, archive.Filter{})[0]
		outside, into := filepath.Join(t.TempDir(), "mine"), t.TempDir()
		if err := os.WriteFile(outside, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(into, "index.html")); err != nil {
			t.Fatal(err)
		}
		for _, replace := range []bool{false, true} {
			err := archive.Get(t.Context(), k, slot, nil, into, replace, func(archive.File) {})
			if errors.Is(err, archive.ErrExists) == replace {
				t.Errorf("replace %v: got %v", replace, err)
			}
			if body, err := os.ReadFile(outside); err != nil || string(body) != "mine" {
				t.Errorf("behind the link: got %q, %v; want it unchanged", body, err)
			}
		}
	})
}

func TestPage(t *testing.T) {
	eachKind(t, func(t *testing.T, k kept) {
		k.fill(t, "check", 0)
		at, expires, err := k.Page(t.Context(), k.list(t, archive.Filter{})[0])
		if err != nil || !expires.IsZero() || !filepath.IsAbs(at) &&
			at != "https://r.example.com/prod/check/2026/11/22/20261122T090000Z/index.html" {
			t.Errorf("got %s until %v, %v; want the page", at, expires, err)
		}
	})
}

func TestSlotNames(t *testing.T) {
	for name, want := range map[string]bool{
		"20261122T090000Z": true, "20261322T090000Z": false, "20261122T090000": false, "": false,
		"20261122T090000Z/": false, "2026-11-22T09:00:00Z": false, "latest": false,
	} {
		if at, got := archive.ParseSlot(name); got != want || got && !at.Equal(now) {
			t.Errorf("%q: got %v, %v; want %v", name, at, got, want)
		}
	}
}

// A directory may have the reports of several clusters, and a fleet has one directory for each.
func TestDirectoryOfSeveralClusters(t *testing.T) {
	root := t.TempDir()
	of := func(below, cluster string, days ...int) {
		k := kept{Notifier: dir.NewArchive(filepath.Join(root, below))}
		for _, d := range days {
			k.deliver(t, delivery("check", now.Add(-time.Duration(d)*day), func(r *report.Report) {
				r.Info.Cluster = cluster
			}))
		}
	}
	of("", "prod", 0, 2, 4)
	of("", "stage", 1, 3, 5)
	of("edge", "edge", 1, 6)
	n := dir.NewArchive(root)
	k := kept{Notifier: n, Store: n}
	if got := ages(k.list(t, archive.Filter{})); !slices.Equal(got, []int{0, 1, 1, 2, 3, 4, 5, 6}) {
		t.Errorf("got the ages %v, want those of all clusters", got)
	}
	if got := ages(k.list(t, archive.Filter{Cluster: "edge"})); !slices.Equal(got, []int{1, 6}) {
		t.Errorf("got the ages %v of edge, want its two", got)
	}
	k.prune(t, archive.Filter{Cluster: "stage"}, archive.Retention{Keep: 1})
	if got := ages(k.list(t, archive.Filter{})); !slices.Equal(got, []int{0, 1, 1, 2, 4, 6}) {
		t.Errorf("after pruning stage: got the ages %v, want its newest and all others", got)
	}
	k.prune(t, archive.Filter{}, archive.Retention{Keep: 1})
	if got := ages(k.list(t, archive.Filter{})); !slices.Equal(got, []int{0, 1, 1}) {
		t.Errorf("after pruning: got the ages %v, want the newest of each cluster", got)
	}
}

// The slots of a report in a bucket are of one cluster, also if the list of a day is lost.
func TestALostListIsNoOtherCluster(t *testing.T) {
	k, s := bucketArchive(t)
	for _, d := range []int{0, 30, 31} {
		k.deliver(t, delivery("check", now.Add(-time.Duration(d)*day), func(r *report.Report) {
			r.Info.Cluster = "Prod Seoul"
		}))
	}
	for _, key := range s.Keys() {
		if strings.HasSuffix(key, "/2026/10/23/index.json") {
			s.Delete(key)
		}
	}
	if got := k.prune(t, archive.Filter{Cluster: "Prod Seoul"},
		archive.Retention{Keep: 1}); len(got) != 2 {
		t.Errorf("got %+v removed, want both old slots", got)
	}
}

// A removal that fails can be called again, whatever it had done before.
func TestAStoppedPruneContinues(t *testing.T) {
	race.SkipSerial(t)
	for stop := range 24 {
		s := cloudtest.New(t)
		n, err := s3.New(s.Bucket(t), s3.Options{Prefix: "cap"})
		if err != nil {
			t.Fatal(err)
		}
		k := kept{Notifier: n, Store: n}
		k.fill(t, "check", 0, 30, 31)
		k.deliver(t, delivery("check", now.Add(-30*day-time.Hour)))
		plans, err := archive.Plans(t.Context(), k, archive.Filter{}, archive.Retention{Keep: 1}, now)
		if err != nil {
			t.Fatal(err)
		}
		writes := 0
		s.Break(func(r *http.Request, _ int) *cloudtest.Fault {
			if r.Method == http.MethodDelete || r.Method == http.MethodPut {
				writes++
			}
			if writes > stop {
				return &cloudtest.Fault{Status: 403, Code: "AccessDenied"}
			}
			return nil
		})
		stopped := archive.Prune(context.Background(), k, plans, func(archive.Removed) {})
		s.Break(nil)
		k.prune(t, archive.Filter{}, archive.Retention{Keep: 1})
		var got []string
		for _, key := range s.Keys() {
			if !strings.Contains(key, "/latest/") && !strings.Contains(key, "20261122T090000Z") {
				got = append(got, strings.TrimPrefix(key, "cap/prod/check/"))
			}
		}
		want := []string{
			"2026/11/22/index.html", "2026/11/22/index.json", "index.html", "index.json",
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("stopped after %d writes (%v): got %q, want %q", stop, stopped, got, want)
		}
		if page := string(s.Object("cap/prod/check/index.html").Body); strings.Count(page,
			"<li class=") != 1 {
			t.Errorf("stopped after %d writes: got the page\n%s\nwant one report", stop, page)
		}
	}
}
