//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/s3"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

// TestArchiveInS3 lists, copies and prunes an archive in a real S3 with the program, while runs
// write there.
func TestArchiveInS3(t *testing.T) {
	t.Parallel()
	const old, runs = 4, 4
	g := startS3(t)
	address := g.atomic(t)
	// days ago: the slots of archived are five minutes apart
	report := func(days, n int) notify.Delivery {
		d := archived(n)
		in := &d.Report.Info
		in.Slot = in.Slot.AddDate(0, 0, -days)
		d.Report.Headline = "disk of " + in.Slot.Format("2006-01-02")
		d.Files[1].Body = []byte(`{"panels":[{"name":"node-memory"}]}`)
		return d
	}
	deliver := func(d notify.Delivery) {
		n := archive(t, bucket(t, address, statetest.Secret, once), s3.Options{Prefix: "reports"})
		if _, err := n.Notify(context.Background(), d); err != nil {
			t.Errorf("archiving: %v, want no error", err)
		}
	}
	for i := range old {
		deliver(report(30+i/2, i))
	}
	deliver(report(0, 0))
	config := configFile(t, "version: 1\ncluster: prod-seoul\n"+
		"prometheus: {url: 'http://127.0.0.1:1'}\nstate: {dir: state}\n"+
		"reports: [{name: check, range: 1h, panels: [{use: node-memory}], receivers: [archive]}]\n"+
		"receivers: [{name: archive, s3: "+s3Config(address, "reports", statetest.Secret)+"}]\n")
	list := func() (slots []string) {
		t.Helper()
		var doc struct {
			Reports []struct {
				Slot, Headline string
				Files          int
			}
		}
		out := promsnap(t, "archive", "list", "check", "-c", config, "-o", "json").want(t, 0).stdout
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatal(err)
		}
		for _, r := range doc.Reports {
			if r.Files != 3 || !strings.HasPrefix(r.Headline, "disk of ") {
				t.Errorf("%s: got %d files and the headline %q, want 3 and that of the run",
					r.Slot, r.Files, r.Headline)
			}
			slots = append(slots, r.Slot)
		}
		return slots
	}
	if got := list(); len(got) != old+1 || got[0] != "20261122T000000Z" {
		t.Errorf("got the slots %v, want %d with the newest first", got, old+1)
	}

	got := promsnap(t, "archive", "get", "-c", config, "-d", "copy").want(t, 0)
	page, err := os.ReadFile(filepath.Join(got.dir, "copy", "index.html"))
	if err != nil || !bytes.Equal(page, report(0, 0).Files[0].Body) {
		t.Errorf("got the page %q, %v; want that of the newest slot", page, err)
	}
	link := strings.TrimSpace(promsnap(t, "archive", "open", "check", "-c", config).want(t, 0).stdout)
	answer, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the link answers %d, want 200", answer.StatusCode)
	}

	home := filepath.Join(g.root, s3Bucket, "reports", "prod-seoul", "check")
	age(t, home)
	// half of the runs write into a day that is pruned at that moment
	var group sync.WaitGroup
	for i := range runs {
		group.Go(func() { deliver(report(30*(i%2), 10+i)) })
	}
	pruned := promsnap(t, "archive", "prune", "-c", config, "--keep", "1", "--yes")
	group.Wait()
	pruned.want(t, 0)
	want := []string{
		"20261122T010000Z", "20261122T005000Z", "20261122T000000Z", "20261023T010500Z",
		"20261023T005500Z",
	}
	newest := slices.Delete(slices.Clone(want), 2, 3) // if prune saw one that a run wrote
	if got := list(); !slices.Equal(got, want) && !slices.Equal(got, newest) {
		t.Errorf("after pruning: got the slots %v, want all that the runs wrote: %v", got, want)
	}
	age(t, home)
	again := promsnap(t, "archive", "prune", "-c", config, "--keep", "1", "--yes").want(t, 0)
	if got := list(); len(got) != 1 || got[0] != "20261122T010000Z" {
		t.Errorf("after pruning again: got the slots %v, want only the newest\n%s", got,
			again.stdout)
	}
	for path, want := range map[string]string{
		"index.html": "1 report", "2026/11/22/index.html": "20261122T010000Z/index.html",
		"latest/index.html": "<title>12<",
	} {
		if body, err := os.ReadFile(filepath.Join(home, path)); err != nil ||
			!bytes.Contains(body, []byte(want)) {
			t.Errorf("%s is\n%s\nwant %q in it (%v)", path, tail(string(body), 500), want, err)
		}
	}
	if _, err := os.Stat(filepath.Join(home, "2026", "10")); !os.IsNotExist(err) {
		t.Errorf("the directory of the old month: got %v, want it gone", err)
	}
}

// age makes files as old as those of earlier runs: prune leaves what a run may still be writing.
func age(t *testing.T, root string) {
	t.Helper()
	before := time.Now().Add(-time.Hour)
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, before, before)
	}); err != nil {
		t.Fatal(err)
	}
}
