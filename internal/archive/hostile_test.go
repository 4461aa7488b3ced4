package archive_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/notify/s3"
	"github.com/promsnap/promsnap/testdata/race"
)

// bucketArchive returns an archive in the bucket of a double.
func bucketArchive(t *testing.T) (kept, *cloudtest.Server) {
	t.Helper()
	s := cloudtest.New(t)
	n, err := s3.New(s.Bucket(t), s3.Options{Prefix: "cap"})
	if err != nil {
		t.Fatal(err)
	}
	return kept{
		Notifier: n, Store: n, files: s.Keys,
		home:  func(s archive.Slot) string { return "cap/" + s.Path + "/" },
		write: func(name, body string) { s.Write(name, []byte(body)) },
	}, s
}

// An identity that may not delete changes no list: every report is still listed.
func TestPruneWithoutTheRightToDelete(t *testing.T) {
	k, s := bucketArchive(t)
	k.fill(t, "check", 0, 30, 31)
	before := string(s.Object("cap/prod/check/index.json").Body)
	plans, err := archive.Plans(t.Context(), k, archive.Filter{}, archive.Retention{Keep: 1}, now)
	if err != nil {
		t.Fatal(err)
	}
	s.Break(func(r *http.Request, _ int) *cloudtest.Fault {
		if r.Method != http.MethodDelete {
			return nil
		}
		return &cloudtest.Fault{Status: 403, Code: "AccessDenied", Message: "Access Denied"}
	})
	err = archive.Prune(t.Context(), k, plans, func(r archive.Removed) {
		t.Errorf("got %v removed, want nothing", r.Slot.Path)
	})
	if err == nil || !strings.Contains(err.Error(), "allow this identity s3:DeleteObject on") {
		t.Errorf("got %v, want an error that names s3:DeleteObject", err)
	}
	if got := string(s.Object("cap/prod/check/index.json").Body); got != before {
		t.Errorf("got the list\n%s\nwant it unchanged:\n%s", got, before)
	}
}

// A slot that a run is writing stays, however old it is.
func TestPruneLeavesWhatARunIsWriting(t *testing.T) {
	k, s := bucketArchive(t)
	s.Clock(now.Add(-time.Hour))
	k.fill(t, "check", 0, 30)
	s.Clock(now.Add(-time.Minute))
	k.fill(t, "check", 31)
	k.prune(t, archive.Filter{}, archive.Retention{Keep: 1})
	if got := ages(k.list(t, archive.Filter{})); !slices.Equal(got, []int{0, 31}) {
		t.Errorf("got the ages %v, want the newest and the one that was written a minute ago", got)
	}
}

// A list that cannot be read stays, and so do the reports of its day.
func TestPruneStopsAtAListThatCannotBeRead(t *testing.T) {
	for name, body := range map[string]string{"damaged": "{", "newer": `{"schema":2}`} {
		k, s := bucketArchive(t)
		k.fill(t, "check", 0, 30)
		s.Write("cap/prod/check/2026/10/23/index.json", []byte(body))
		before := s.Keys()
		plans, err := archive.Plans(t.Context(), k, archive.Filter{}, archive.Retention{Keep: 1},
			now)
		if err != nil {
			t.Fatal(err)
		}
		err = archive.Prune(t.Context(), k, plans, func(archive.Removed) {})
		if err == nil || !strings.Contains(err.Error(), "left as it is") ||
			!slices.Equal(s.Keys(), before) {
			t.Errorf("%s: got %v and %d objects, want an error and all %d", name, err,
				len(s.Keys()), len(before))
		}
	}
}

// Runs that write while slots are removed lose nothing, also if they write a slot of a day that is
// removed at that moment.
func TestPruneWhileRunsWrite(t *testing.T) {
	const runs = 6
	k, s := bucketArchive(t)
	k.fill(t, "check", 1, 30, 31, 32)
	plans, err := archive.Plans(t.Context(), k, archive.Filter{}, archive.Retention{Keep: 1}, now)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range runs {
		at := now.Add(time.Duration(i) * time.Minute)
		if i%2 == 1 {
			at = now.Add(-30*day + time.Duration(i)*time.Minute)
		}
		group.Go(func() { k.deliver(t, delivery("check", at)) })
	}
	if err := archive.Prune(t.Context(), k, plans, func(archive.Removed) {}); err != nil {
		t.Error(err)
	}
	group.Wait()
	slots := k.list(t, archive.Filter{})
	if len(slots) != runs+1 {
		t.Errorf("got %d slots, want those of %d runs and one that stayed", len(slots), runs)
	}
	page := string(s.Object("cap/prod/check/2026/10/23/index.html").Body)
	if n := strings.Count(page, "<li class="); n != runs/2 {
		t.Errorf("got %d reports on the page of the day, want %d", n, runs/2)
	}
	days := string(s.Object("cap/prod/check/index.html").Body)
	for _, want := range []string{"2026/10/23", "2026/11/21", "2026/11/22"} {
		if !strings.Contains(days, `href="`+want) {
			t.Errorf("got the page of days\n%s\nwant a link to %s", days, want)
		}
	}
	for _, slot := range slots {
		if slot.Summary == nil || slot.Files != 4 {
			t.Errorf("got %+v, want 4 files and an entry in the list", slot)
		}
	}
}

// At every request of a removal, a run archives a slot of the day that is removed. Its report is
// then whole, in both lists and on both pages.
func TestPruneAndARunAtEveryRequest(t *testing.T) {
	race.SkipSerial(t)
	for at, more := 0, true; more; at++ {
		runs, s := bucketArchive(t)
		runs.fill(t, "check", 0, 30, 31)
		runs.deliver(t, delivery("check", now.Add(-30*day-time.Hour)))
		var one sync.Mutex
		requests := 0
		between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
			r *http.Request) {
			one.Lock() // files are deleted in parallel
			defer one.Unlock()
			if requests == at {
				runs.deliver(t, delivery("check", now.Add(-30*day+time.Minute)))
			}
			requests++
			s.ServeHTTP(w, r)
		}))
		n, err := s3.New(s.Bucket(t, func(o *cloud.BucketOptions) { o.Endpoint = between.URL }),
			s3.Options{Prefix: "cap"})
		if err != nil {
			t.Fatal(err)
		}
		plans, err := archive.Plans(t.Context(), runs, archive.Filter{},
			archive.Retention{Keep: 1}, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := archive.Prune(t.Context(), n, plans, func(archive.Removed) {}); err != nil {
			t.Errorf("a run at request %d: got %v, want no error", at, err)
		}
		between.Close()
		if more = requests > at; !more {
			break
		}
		slots := runs.list(t, archive.Filter{})
		if !slices.Equal(ages(slots), []int{0, 29}) || slots[1].Summary == nil ||
			slots[1].Files != 4 {
			t.Errorf("a run at request %d: got %+v, want the newest and that of the run", at, slots)
		}
		for key, want := range map[string]string{
			"index.json": `"2026/10/23"`, "index.html": "2026/10/23/20261023T090100Z/index.html",
			"2026/10/23/index.json": "20261023T090100Z",
			"2026/10/23/index.html": "20261023T090100Z/index.html",
		} {
			if body := string(s.Object("cap/prod/check/" + key).Body); !strings.Contains(body,
				want) || strings.Contains(body, "20261023T090000Z") {
				t.Errorf("a run at request %d: got %s\n%s\nwant only the run's slot", at, key, body)
			}
		}
	}
}

// Ten thousand objects with hostile names cost a bounded number of requests, and none is removed.
func TestManyHostileObjects(t *testing.T) {
	race.SkipSerial(t)
	k, s := bucketArchive(t)
	k.fill(t, "check", 0, 30)
	old := k.home(k.list(t, archive.Filter{})[1])
	const many = 10_000
	for i := range many {
		name := []string{
			"../%d", "..%%2f%d", "\x00\x1b[2J%d", "a/b/%d.png", "%d.PNG", "<script>%d", "-%d", " %d",
			"\u202e%d", "node-memory.png/%d",
		}[i%10]
		k.write(old+fmt.Sprintf(name, i), "x")
	}
	before := len(s.Keys())
	s.Break(nil)
	slots := k.list(t, archive.Filter{})
	if len(slots) != 2 || slots[1].Files != 4 {
		t.Errorf("got %+v, want two slots of 4 files", slots)
	}
	files, err := k.Files(t.Context(), slots[1])
	if err != nil || len(files) != 4 {
		t.Errorf("got %v, %v; want the 4 files of promsnap", files, err)
	}
	if n := len(s.Calls()); n > 40 {
		t.Errorf("got %d requests, want at most 40", n)
	}
	got := k.prune(t, archive.Filter{}, archive.Retention{Keep: 1})
	if len(got) != 1 || got[0].Files != 4 || got[0].Kept != many {
		t.Errorf("got %+v, want 4 files removed and %d kept", got, many)
	}
	// the slot's 4 files, and the list of its day with its page
	if n := len(s.Keys()); n != before-6 {
		t.Errorf("got %d objects, want %d", n, before-6)
	}
}

// Names from the archive go no further than its own directories.
func TestHostileDirectories(t *testing.T) {
	k, _ := bucketArchive(t)
	for _, key := range []string{
		"cap/../check/2026/11/22/20261122T000000Z/report.json",
		"cap/prod//2026/11/22/20261122T000000Z/report.json",
		"cap/prod/check/2026/../../20261122T000000Z/report.json",
		"cap/prod/check/2026/13/45/20261345T000000Z/report.json",
		"cap/prod/check/2026/02/30/20260230T000000Z/report.json",
		"cap/prod/check/2026/11/22/20261123T000000Z/report.json", // in the directory of another day
		"cap/\x1b[31m/check/2026/11/22/20261122T000000Z/report.json",
		"cap/PROD/check/2026/11/22/20261122T000000Z/report.json",
		"other/prod/check/2026/11/22/20261122T000000Z/report.json",
	} {
		k.write(key, "{}")
	}
	if got := k.list(t, archive.Filter{}); len(got) > 0 {
		t.Errorf("got %+v, want no slot", got)
	}
}
