package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
)

const where = "daily/20261122T000000Z"

// delivery returns a report with two files.
func delivery(page string) notify.Delivery {
	slot := time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("KST", 9*60*60))
	return notify.Delivery{
		Report: report.Build(report.Info{Name: "daily", Slot: slot}, nil),
		Files: []report.File{
			{Name: "index.html", Body: []byte(page)},
			{Name: "node-memory.png", Body: []byte("picture of " + page)},
		},
	}
}

// tree returns the content of every file below root. Directories end with a slash.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			out[name+"/"] = ""
			return nil
		}
		body, err := os.ReadFile(path)
		out[name] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantTree(t *testing.T, root, page string) {
	t.Helper()
	want := map[string]string{
		"daily/": "", where + "/": "", where + "/index.html": page,
		where + "/node-memory.png": "picture of " + page,
	}
	got := tree(t, root)
	for name, body := range want {
		if have, ok := got[name]; !ok || have != body {
			t.Errorf("%s holds %q, want %q", name, have, body)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("got %s, want it removed", name)
		}
	}
}

func deliver(t *testing.T, root, page string) notify.Receipt {
	t.Helper()
	receipt, err := New(root).Notify(context.Background(), delivery(page))
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func TestWritesUnderTheSlotInUTC(t *testing.T) {
	root := filepath.Join(t.TempDir(), "not", "there", "yet")
	receipt := deliver(t, root, "one")
	wantTree(t, root, "one")
	if want := filepath.Join(root, "daily", "20261122T000000Z",
		"index.html"); receipt.Location != want {
		t.Errorf("location %s, want %s", receipt.Location, want)
	}
	for _, name := range []string{"daily", where, where + "/index.html"} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o022 != 0 {
			t.Errorf("got the mode of %s: %v; want it not writable for others", name, info.Mode())
		}
	}
}

func TestTheSameAgainTouchesNothing(t *testing.T) {
	root := t.TempDir()
	deliver(t, root, "one")
	before, err := os.Stat(filepath.Join(root, where, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, root, "one")
	after, err := os.Stat(filepath.Join(root, where, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) {
		t.Error("the same bytes again: got a new file, want the old one kept")
	}
	wantTree(t, root, "one")
}

// Files of a removed panel are removed, and so are the pictures of a dashboard and the messages of
// a dry run.
func TestOtherBytesReplaceTheDirectory(t *testing.T) {
	root := t.TempDir()
	d := delivery("one")
	for _, name := range []string{
		"old-panel.png", "message-01-team-post.json", report.BoardPicture,
		report.BoardLargePicture, report.BoardPhonePicture,
	} {
		d.Files = append(d.Files, report.File{Name: name})
	}
	d.Files = append(d.Files, report.File{
		Name: "report.json",
		Body: []byte(`{"version":1,"dashboard":{},` +
			`"panels":[{"name":"node-memory"},{"name":"old-panel"}]}`),
	})
	if _, err := New(root).Notify(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	deliver(t, root, "two")
	wantTree(t, root, "two")
}

// countdown is a context that ends after some calls of Err: a run that is stopped between two
// files.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	c.left--
	if c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestAStoppedRunLeavesTheOldFiles(t *testing.T) {
	for after := range 2 {
		root := t.TempDir()
		deliver(t, root, "one")
		_, err := New(root).Notify(&countdown{context.Background(), after}, delivery("two"))
		if err == nil {
			t.Fatalf("stopped after %d files: got no error, want one", after)
		}
		wantTree(t, root, "one")
	}
}

func TestCrashesAreCleanedUp(t *testing.T) {
	hours := func(n int) time.Time { return time.Unix(0, 0).Add(time.Duration(n) * time.Hour) }
	crash := func(t *testing.T, root, name string, files map[string]string) {
		t.Helper()
		work := filepath.Join(root, "daily", name)
		for path, body := range files {
			path = filepath.Join(work, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(work, hours(1), hours(1)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("half written", func(t *testing.T) {
		root := t.TempDir()
		crash(t, root, ".promsnap-1", map[string]string{"new/index.html": "half"})
		deliver(t, root, "one")
		wantTree(t, root, "one")
	})
	t.Run("between the renames", func(t *testing.T) {
		root := t.TempDir()
		crash(t, root, ".promsnap-1", map[string]string{
			"20261121T000000Z/index.html": "yesterday", "new/index.html": "newer",
		})
		deliver(t, root, "one")
		got := tree(t, root)
		if got["daily/20261121T000000Z/index.html"] != "yesterday" {
			t.Errorf("got %v, want yesterday's report in it", got)
		}
	})
	t.Run("after the renames", func(t *testing.T) {
		root := t.TempDir()
		deliver(t, root, "new")
		crash(t, root, ".promsnap-1", map[string]string{"20261122T000000Z/index.html": "old"})
		deliver(t, root, "new")
		wantTree(t, root, "new")
	})
	t.Run("of a run that is still at work", func(t *testing.T) {
		root := t.TempDir()
		work := filepath.Join(root, "daily", ".promsnap-2", "new")
		if err := os.MkdirAll(work, 0o755); err != nil {
			t.Fatal(err)
		}
		deliver(t, root, "one")
		if _, err := os.Stat(work); err != nil {
			t.Errorf("the work of another run: got %v, want it kept", err)
		}
	})
}

func TestErrorsOfTheFileSystem(t *testing.T) {
	file := func(t *testing.T, path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name, path string // a file in place of a directory
	}{
		{"the root", ""},
		{"the report", "daily"},
		{"the slot", where},
	} {
		t.Run("a file in place of "+tc.name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "out")
			file(t, filepath.Join(root, tc.path))
			_, err := New(root).Notify(context.Background(), delivery("one"))
			if err == nil {
				t.Fatal("got no error, want one")
			}
			for _, want := range []string{where, "there is a file where a directory must be"} {
				if !strings.Contains(filepath.ToSlash(err.Error()), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			body, err := os.ReadFile(filepath.Join(root, tc.path))
			if err != nil || string(body) != "mine" {
				t.Errorf("got %q, %v; want the file unchanged", body, err)
			}
			if entries, err := os.ReadDir(filepath.Join(root, "daily")); err == nil {
				for _, e := range entries {
					if strings.HasPrefix(e.Name(), workPrefix) {
						t.Errorf("got %s, want it removed", e.Name())
					}
				}
			}
		})
	}
	t.Run("no permission", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root may write everywhere")
		}
		root := t.TempDir()
		if err := os.Chmod(root, 0o555); err != nil {
			t.Fatal(err)
		}
		_, err := New(root).Notify(context.Background(), delivery("one"))
		if err == nil || !strings.Contains(err.Error(), "choose another directory") {
			t.Errorf("got %v, want advice to choose another directory", err)
		}
	})
}

func TestRefusesNames(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", "../index.html", "a/b.png", `a\b.png`, "/etc/passwd", ".hidden",
		"Index.html", "a b", "a\x00", "한.png", strings.Repeat("a", 201),
	} {
		root := t.TempDir()
		d := delivery("one")
		d.Files = append(d.Files, report.File{Name: name})
		if _, err := New(root).Notify(context.Background(), d); err == nil {
			t.Errorf("%q: got no error, want a refusal", name)
		}
		if got := tree(t, root); len(got) != 0 {
			t.Errorf("%q: got files %v, want none", name, got)
		}
	}
	d := delivery("one")
	d.Files = append(d.Files, d.Files[0])
	if _, err := New(t.TempDir()).Notify(context.Background(), d); err == nil ||
		!strings.Contains(err.Error(), "two files") {
		t.Errorf("the same name twice: got %v, want an error about two files", err)
	}
}

// ofSlot returns a delivery with a report.json that says whether the report is whole.
func ofSlot(page string, change func(*report.Report)) notify.Delivery {
	d := delivery(page)
	change(d.Report)
	failed := len(d.Report.Failures)
	doc := fmt.Sprintf(`{"incomplete":%q,"counts":{"failed":%d}}`, d.Report.Incomplete(), failed)
	d.Files = append(d.Files, report.File{Name: "report.json", Body: []byte(doc)})
	return d
}

func blind(r *report.Report) { r.Failures = []report.Failure{{}} }
func stopped(r *report.Report) {
	r.Info.Incomplete = snapshot.NoteOf(snapshot.NoteCutShort, "SIGTERM")
}
func seeing(*report.Report) {}

// An archive keeps a whole report if another one of the slot is not whole. A directory for one run
// has the last report.
func TestAWholeReportStays(t *testing.T) {
	for _, tc := range []struct {
		name        string
		open        func(string) *Notifier
		first, then func(*report.Report)
		want        string
	}{
		{"a blind one after a whole one", NewArchive, seeing, blind, "one"},
		{"one that was stopped after a whole one", NewArchive, seeing, stopped, "one"},
		{"a whole one after a whole one", NewArchive, seeing, seeing, "two"},
		{"a whole one after a blind one", NewArchive, blind, seeing, "two"},
		{"a blind one after one that was stopped", NewArchive, stopped, blind, "two"},
		{"a blind one after a whole one, to look at", New, seeing, blind, "two"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := t.TempDir()
			n := tc.open(root)
			first, err := n.Notify(t.Context(), ofSlot("one", tc.first))
			if err != nil {
				t.Fatal(err)
			}
			then, err := n.Notify(t.Context(), ofSlot("two", tc.then))
			if err != nil || then != first {
				t.Errorf("receipt %+v, want %+v (%v)", then, first, err)
			}
			got := tree(t, root)
			if page := got[where+"/index.html"]; page != tc.want || len(got) != 5 {
				t.Errorf("there is page %q, want %q, in %v", page, tc.want, got)
			}
		})
	}
}

// A report that cannot be read as a whole one is replaced.
func TestADamagedReportIsReplaced(t *testing.T) {
	for _, doc := range []string{
		"", "{}", `{"counts":{"failed":0`, `{"counts":{}}`, `[]`, `{"counts":`,
		`{"incomplete":"","counts":{"failed":"0"}}`,
	} {
		root := t.TempDir()
		d := delivery("one")
		d.Files = append(d.Files, report.File{Name: "report.json", Body: []byte(doc)})
		for _, d := range []notify.Delivery{d, ofSlot("two", blind)} {
			if _, err := NewArchive(root).Notify(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		if page := tree(t, root)[where+"/index.html"]; page != "two" {
			t.Errorf("%s: got page %q, want two", doc, page)
		}
	}
}

// TestManyAtOnce runs one slot many times at once: the renames of the runs interleave.
func TestManyAtOnce(t *testing.T) {
	pages := []string{"one", "two", "three", "four", "five", "six"}
	for range 50 {
		root := t.TempDir()
		own := filepath.Join(root, where, "own")
		if err := errors.Join(os.MkdirAll(filepath.Dir(own), 0o755),
			os.WriteFile(own, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		for _, page := range pages {
			go func() {
				_, err := New(root).Notify(context.Background(), delivery(page))
				done <- err
			}()
		}
		for range pages {
			if err := <-done; err != nil {
				t.Errorf("got %v, want no error", err)
			}
		}
		got := tree(t, root)[where+"/index.html"]
		if !slices.Contains(pages, got) {
			t.Fatalf("got index.html with %q, want the page of a run", got)
		}
		if err := os.Remove(own); err != nil {
			t.Errorf("somebody's own file: got %v, want it kept", err)
		}
		wantTree(t, root, got)
		if t.Failed() {
			return
		}
	}
}
