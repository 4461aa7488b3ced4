package dir

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
)

// mine are somebody's own files in the directory of a slot. One has the name of a later panel.
var mine = map[string]string{
	"notes.txt": "my notes", "screen.png": "my picture", "deep/down.txt": "further down",
	"later.png": "my own picture", "dashboard.png": "mine: the report has no dashboard",
}

// putMine writes them.
func putMine(t *testing.T, dir string) {
	t.Helper()
	for name, body := range mine {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755),
			os.WriteFile(path, []byte(body), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
}

// wantMine fails the test if any of them is missing.
func wantMine(t *testing.T, dir string, renamed map[string]string) {
	t.Helper()
	for name, body := range mine {
		path := filepath.Join(dir, cmp.Or(renamed[name], name))
		if got, err := os.ReadFile(path); err != nil || string(got) != body {
			t.Errorf("%s holds %q, want %q (%v)", path, got, body, err)
		}
	}
	if to, err := os.Readlink(filepath.Join(dir, "link")); err != nil || to != "nowhere" {
		t.Errorf("the link leads to %q, want nowhere (%v)", to, err)
	}
}

// Somebody's own file in the directory of a slot stays, whatever happens to the report's files.
func TestSomebodysOwnFilesStay(t *testing.T) {
	with := func(page string, panels ...string) notify.Delivery {
		d := delivery(page)
		doc := ""
		for _, p := range panels {
			d.Files = append(d.Files, report.File{
				Name: p + ".png", Body: []byte("picture of " + page),
			})
			doc += fmt.Sprintf(`,{"name":%q}`, p)
		}
		d.Files = append(d.Files, report.File{
			Name: "report.json", Body: []byte(`{"panels":[{"name":"node-memory"}` + doc +
				`],"page":"` + page + `"}`),
		})
		return d
	}
	for _, open := range []func(string) *Notifier{New, NewArchive} {
		root := t.TempDir()
		slot := filepath.Join(root, where)
		notify := func(d notify.Delivery) {
			t.Helper()
			if _, err := open(root).Notify(t.Context(), d); err != nil {
				t.Errorf("got %v, want no error", err)
			}
		}
		notify(with("one", "old"))
		putMine(t, slot)
		notify(with("one", "old")) // the same
		wantMine(t, slot, nil)
		notify(with("two", "new"))
		wantMine(t, slot, nil)
		if _, err := os.Stat(filepath.Join(slot, "old.png")); err == nil {
			t.Error("got the picture of a removed panel, want it removed")
		}
		for after := range 4 { // stopped between two files
			if _, err := open(root).Notify(&countdown{t.Context(), after},
				with("three", "new")); err == nil {
				t.Errorf("stopped after %d files: got no error, want one", after)
			}
			wantMine(t, slot, nil)
		}
		notify(with("four", "later"))
		wantMine(t, slot, map[string]string{"later.png": "later.png.kept-1"})
		notify(with("five", "later"))
		wantMine(t, slot, map[string]string{"later.png": "later.png.kept-1"})
		if got, err := os.ReadFile(filepath.Join(slot, "later.png")); err != nil ||
			string(got) != "picture of five" {
			t.Errorf("got later.png with %q (%v), want the picture of five", got, err)
		}
	}
}

// A crash between or after the renames keeps them too.
func TestSomebodysOwnFilesOutliveACrash(t *testing.T) {
	for _, name := range []string{
		"20261122T000000Z", "20261122T000000Z~00", "20261122T000000Z~19",
	} {
		for _, taken := range []bool{false, true} {
			root := t.TempDir()
			work := filepath.Join(root, "daily", ".promsnap-1")
			away := filepath.Join(work, name)
			putMine(t, away)
			for path, body := range map[string]string{
				"report.json": `{"panels":[{"name":"gone"}]}`, "gone.png": "", "index.html": "old",
			} {
				if err := os.WriteFile(filepath.Join(away, path), []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chtimes(work, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
				t.Fatal(err)
			}
			if taken {
				if err := os.MkdirAll(filepath.Join(root, where), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			deliver(t, root, "new")
			wantMine(t, filepath.Join(root, where), nil)
			if entries, err := os.ReadDir(filepath.Join(root, "daily")); err != nil ||
				len(entries) != 1 {
				t.Errorf("%s: got %v (%v) left, want one directory", name, entries, err)
			}
			if _, err := os.Stat(filepath.Join(root, where, "gone.png")); err == nil {
				t.Errorf("%s: got the picture of a removed panel, want it removed", name)
			}
		}
	}
}

// If somebody's link is in the place of a slot, its target is not changed.
func TestALinkInASlotsPlace(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	putMine(t, elsewhere)
	if err := errors.Join(os.MkdirAll(filepath.Join(root, "daily"), 0o755),
		os.Symlink(elsewhere, filepath.Join(root, where))); err != nil {
		t.Fatal(err)
	}
	deliver(t, root, "new")
	wantMine(t, elsewhere, nil)
	if got, err := os.ReadFile(filepath.Join(root, where, "index.html")); err != nil ||
		string(got) != "new" {
		t.Errorf("got index.html with %q (%v), want new", got, err)
	}
}
