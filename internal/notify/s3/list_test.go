package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// lists returns the list of days, and that of one day.
func lists(t *testing.T, s *cloudtest.Server, day string) (days, reports list) {
	t.Helper()
	if err := json.Unmarshal(s.Object(base+"index.json").Body, &days); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(s.Object(base+day+"/index.json").Body, &reports); err != nil {
		t.Fatal(err)
	}
	return days, reports
}

func TestManyWritersLoseNothing(t *testing.T) {
	s := cloudtest.New(t)
	var group sync.WaitGroup
	for i := range 8 {
		n := receiver(t, s, Options{Prefix: "cap"})
		group.Go(func() {
			d := delivery(morning.Add(time.Duration(i) * 5 * time.Minute))
			if i%4 == 0 {
				bad(d.Report)
			}
			if _, err := n.Notify(context.Background(), d); err != nil {
				t.Errorf("got %v, want no error", err)
			}
		})
	}
	group.Wait()
	days, reports := lists(t, s, "2026/11/22")
	if len(reports.Entries) != 8 || reports.Entries[0].Name != "20261122T003500Z" {
		t.Errorf("got a day with %d reports: %+v; want 8", len(reports.Entries), reports.Entries)
	}
	if e := days.Entries[0]; len(days.Entries) != 1 || e.Reports != 8 || e.Critical != 2 ||
		e.OK != 6 {
		t.Errorf("got the list of days %+v, want 8 reports", days.Entries)
	}
	if n := strings.Count(string(s.Object(base+"2026/11/22/index.html").Body),
		"<li class="); n != 8 {
		t.Errorf("got %d reports on the day's page, want 8", n)
	}
	if page := string(s.Object(base + "index.html").Body); !strings.Contains(page, "8 reports") {
		t.Errorf("got the page of days\n%s\nwant it to count 8 reports", page)
	}
	for _, name := range []string{"index.html", "report.json", "node-memory.png"} {
		if mark := s.Object(base + "latest/" +
			name).Header.Get("X-Amz-Meta-Promsnap-Mark"); mark != "20261122T003500Z-whole" {
			t.Errorf("got latest/%s of %s, want the newest slot", name, mark)
		}
	}
}

func TestConflictsAreBegunAgain(t *testing.T) {
	for _, f := range []cloudtest.Fault{
		{Status: http.StatusConflict, Code: "ConditionalRequestConflict"}, {
			Status: http.StatusPreconditionFailed, Code: "PreconditionFailed",
		},
	} {
		s := cloudtest.New(t)
		n := receiver(t, s, Options{Prefix: "cap"})
		seen := map[string]bool{}
		s.Break(func(r *http.Request, _ int) *cloudtest.Fault {
			if conditional := r.Header.Get("If-Match")+
				r.Header.Get("If-None-Match") != ""; !conditional || seen[r.URL.Path] {
				return nil
			}
			seen[r.URL.Path] = true
			return &f
		})
		deliver(t, n, delivery(morning))
		if len(seen) != 7 {
			t.Errorf("%s: got conditional writes of %v, want 7", f.Code, seen)
		}
		if days, reports := lists(t, s, "2026/11/22"); len(days.Entries) != 1 ||
			len(reports.Entries) != 1 {
			t.Errorf("%s: got %+v %+v, want one report", f.Code, days, reports)
		}
	}
}

func TestListThatCannotBeRead(t *testing.T) {
	for name, body := range map[string]string{
		"damaged": `{"schema":1,"entr`, "newer": `{"schema":2}`,
	} {
		s := cloudtest.New(t)
		n := receiver(t, s, Options{Prefix: "cap", PublicURL: "https://r.example.com"})
		key := base + "2026/11/22/index.json"
		s.Write(key, []byte(body))
		receipt, err := n.Notify(context.Background(), delivery(morning))
		var refused *notify.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "left as it is") {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
		if got := string(s.Object(key).Body); got != body {
			t.Errorf("%s: got the list %s, want it unchanged", name, got)
		}
		if receipt.Location == "" || s.Object(base+"latest/index.html").ETag == "" {
			t.Errorf("%s: got the receipt %+v, want the report archived", name, receipt)
		}
	}
}

func TestALostListStartsOver(t *testing.T) {
	s := cloudtest.New(t)
	n := receiver(t, s, Options{Prefix: "cap"})
	for i := range 3 {
		deliver(t, n, delivery(morning.Add(time.Duration(i)*time.Minute)))
	}
	s.Delete(base + "index.json")
	s.Delete(base + "2026/11/22/index.json")
	deliver(t, n, delivery(morning.Add(time.Hour)))
	if page := string(s.Object(base + "2026/11/22/index.html").Body); strings.Count(page,
		"<li class=") != 1 {
		t.Errorf("got the page\n%s\nwant only the one report after the loss of the list", page)
	}
}

func TestListHasBounds(t *testing.T) {
	var l list
	for i := range maxEntries {
		l.Entries = append(l.Entries, entry{Name: fmt.Sprintf("%05d", 9000-i)})
	}
	if !l.put(entry{Name: "09500"}) || len(l.Entries) != maxEntries ||
		l.Entries[0].Name != "09500" {
		t.Errorf("got %d entries, the first %s; want %d, the first 09500", len(l.Entries),
			l.Entries[0].Name, maxEntries)
	}
	if l.put(entry{Name: "00001"}) {
		t.Error("an entry older than all others: got a change of the full list, want none")
	}
	if l.put(entry{Name: "09000", Rev: -1}) {
		t.Error("an older revision of an entry: got a change of the list, want none")
	}
	long := entry{Headline: headline(strings.Repeat("<", 2*maxHeadline))}
	l.Entries = slices.Repeat([]entry{long}, maxEntries)
	body, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if len(body) > maxListSize {
		t.Errorf("got a full list of %d bytes, want at most %d", len(body), maxListSize)
	}
}

// Pending is counted separately, and a day with pending checks is not OK.
func TestPendingIsNotOK(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*report.Report)
		want   string
	}{
		"ok":               {func(*report.Report) {}, "ok"},
		"pending":          {func(r *report.Report) { r.Pending = 1 }, "pending"},
		"pending alone":    {func(r *report.Report) { r.OK, r.Pending = 0, 2 }, "pending"},
		"pending, no data": {func(r *report.Report) { r.Pending, r.NoData = 1, 1 }, "nodata"},
		"pending, warning": {func(r *report.Report) { r.Pending, r.Warning = 1, 1 }, "warning"},
	} {
		r := delivery(morning, c.change).Report
		e := reportEntry(r)
		if got := e.verdict(); got != c.want || e.OK != r.OK || e.Pending != r.Pending {
			t.Errorf("%s: got %s, %d OK, %d pending, want %s, %d, %d", name, got, e.OK, e.Pending,
				c.want, r.OK, r.Pending)
		}
		day := dayEntry(list{Day: "2026/11/22", Entries: []entry{e, e}})
		if got := day.verdict(); got != c.want {
			t.Errorf("%s: the day is %s, want %s", name, got, c.want)
		}
	}
}

// TestPages compares pages with golden files: look at them in a browser.
func TestPages(t *testing.T) {
	for _, language := range words.Languages() {
		s := cloudtest.New(t)
		n := receiver(t, s, Options{Prefix: "cap"})
		in := func(change ...func(*report.Report)) func(*report.Report) {
			return func(r *report.Report) {
				r.Info.Language = language
				for _, c := range change {
					c(r)
				}
			}
		}
		for i := range 20 {
			slot := morning.Add(-time.Duration(i*37) * time.Hour)
			switch i % 7 {
			case 1:
				deliver(t, n, delivery(slot, in(bad)))
			case 3:
				deliver(t, n, delivery(slot, in(func(r *report.Report) {
					r.Warning, r.Headline = 1, "data/kafka-0 volume 81 %, above 80 % since 06:20"
				})))
			case 4:
				deliver(t, n, delivery(slot, in(func(r *report.Report) {
					r.Pending, r.Headline = 2, "n1 memory is above 90 % for 3 min; an alert if "+
						"it lasts 15 min"
				})))
			case 5:
				deliver(t, n, delivery(slot, in(func(r *report.Report) {
					r.OK, r.Failures, r.Headline = 0, []report.Failure{{}}, "Nothing could be "+
						"measured: connection refused"
				})))
			default:
				deliver(t, n, delivery(slot, in()))
			}
		}
		for i := range 6 {
			deliver(t, n, delivery(morning.Add(time.Duration(i+1)*5*time.Minute),
				in(func(r *report.Report) {
					if i == 2 {
						bad(r)
					}
				})))
		}
		for key, name := range map[string]string{
			"index.html": "days", "2026/11/22/index.html": "day",
		} {
			golden := filepath.Join("testdata", fmt.Sprintf("%s-%s.html", name, language))
			got := s.Object(base + key).Body
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: got\n%s\nwant as in %s\n%s\ninspect it and run with -update", key,
					got, golden, want)
			}
		}
	}
}

// A list has times of summer and winter, so it names the zone and not its current abbreviation.
func TestPagesNameTheZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := cloudtest.New(t)
	n := receiver(t, s, Options{Prefix: "cap"})
	for _, slot := range []time.Time{morning.AddDate(0, -5, 0), morning} {
		deliver(t, n, delivery(slot, func(r *report.Report) { r.Info.Zone = berlin }))
	}
	page := string(s.Object(base + "index.html").Body)
	for _, want := range []string{"Europe/Berlin", "22 Jun 02:00", "22 Nov 01:00"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "CET") {
		t.Error("got CET on the page, want the name of the zone")
	}
}

// TestPagesLoadNothing: the page sends no request, and no script runs in it.
func TestPagesLoadNothing(t *testing.T) {
	s := cloudtest.New(t)
	deliver(t, receiver(t, s, Options{Prefix: "cap"}), delivery(morning, bad))
	page := string(s.Object(base + "index.html").Body)
	if !strings.Contains(page, `content="default-src &#39;none&#39;; style-src &#39;sha256-`) {
		t.Errorf("got the page\n%s\nwant it to have a content security policy", page)
	}
	if found := regexp.MustCompile(`(?i)<script|src=|@import|url\(|https?:`).
		FindString(page); found != "" {
		t.Errorf("got %q on the page, want no script and nothing from elsewhere", found)
	}
}

// FuzzList: any index.json is refused, or its page contains no markup from it.
func FuzzList(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "[]", `{"schema":1}`, `{"schema":2}`,
		`{"schema":1,"title":"<script>","entries":[{"name":"20261122T000000Z","path":"javascript:x"}]}`,
		`{"schema":1,"day":"2026/11/22","entries":[{"name":"2026/11/22","reports":-1,"critical":-5,"headline":"<img src=x>"},{}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		l, err := readList(cloud.Object{Body: body, ETag: "1"}, "index.json")
		if err != nil {
			return
		}
		l.put(reportEntry(delivery(morning).Report))
		page, err := l.page()
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`(?i)<script|<img|href="[a-z]+:`).Find(page); found != nil {
			t.Errorf("got %q on the page of %q, want no script, picture or absolute link", found,
				body)
		}
	})
}
