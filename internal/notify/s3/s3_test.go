package s3

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var morning = time.Date(2026, 11, 22, 9, 0, 0, 0, seoul())

func seoul() *time.Location {
	zone, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		panic(err)
	}
	return zone
}

// delivery returns a report of a slot with three files.
func delivery(slot time.Time, change ...func(*report.Report)) notify.Delivery {
	r := &report.Report{
		Info: report.Info{
			Cluster: "prod-seoul", Name: "daily", Title: "Daily capacity", Slot: slot,
			Zone: morning.Location(),
		},
		OK: 40, Headline: "All values are within their limits.",
	}
	for _, c := range change {
		c(r)
	}
	stamp := report.SlotName(slot)
	return notify.Delivery{Report: r, Files: []report.File{
		{
			Name: "index.html", ContentType: "text/html; charset=utf-8",
			Body: []byte("page of " + stamp),
		},
		{
			Name: "report.json", ContentType: "application/json",
			Body: []byte(`{"slot":"` + stamp + `"}`),
		},
		{Name: "node-memory.png", ContentType: "image/png", Body: []byte("picture of " + stamp)},
	}}
}

func bad(r *report.Report) {
	r.Critical, r.Warning, r.Headline = 2, 3, "ip-10-0-1-12 memory 94 %, since 02:10"
}

func receiver(t *testing.T, s *cloudtest.Server, o Options) *Notifier {
	t.Helper()
	n, err := New(s.Bucket(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func deliver(t *testing.T, n *Notifier, d notify.Delivery) notify.Receipt {
	t.Helper()
	receipt, err := n.Notify(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// TestContract: the same delivery has the same location, except for signed links.
func TestContract(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		if cloudtest.Secret != notifytest.Secret {
			t.Fatalf("got the secret %q, want that of the contract, %q", cloudtest.Secret,
				notifytest.Secret)
		}
		s := cloudtest.New(t)
		always := func(f cloudtest.Fault) {
			s.Break(func(*http.Request, int) *cloudtest.Fault { return &f })
		}
		gone := s.Bucket(t, func(o *cloud.BucketOptions) { o.Endpoint = "http://127.0.0.1:1" })
		unreachable, err := New(gone, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return notifytest.Tested{
			Notifier: receiver(t, s, Options{PublicURL: "https://reports.example.com"}),
			Role:     notify.RoleArchive, Unreachable: unreachable,
			Arrived: func() string {
				var b strings.Builder
				for _, key := range s.Keys() {
					o := s.Object(key)
					fmt.Fprintf(&b, "%s %s %s\n", key, o.Header.Get("X-Amz-Meta-Promsnap-Mark"),
						o.Body)
				}
				return b.String()
			},
			Busy: func(after time.Duration) {
				always(cloudtest.Fault{
					Status: 503, Code: "SlowDown", Header: map[string]string{
						"Retry-After": fmt.Sprint(after.Seconds()),
					},
				})
			},
			Refuse: func() { always(cloudtest.Fault{Status: 403, Code: "InvalidAccessKeyId"}) },
			Hang:   func() { always(cloudtest.Fault{Hang: true}) },
		}
	})
}

const base = "cap/prod-seoul/daily/"

func TestKeysAndHeaders(t *testing.T) {
	s := cloudtest.New(t)
	receipt := deliver(t, receiver(t, s, Options{
		Prefix: "/cap/", PublicURL: "https://reports.example.com/x/",
	}), delivery(morning))
	const html, short, good = "text/html; charset=utf-8", "max-age=60",
		"max-age=31536000, immutable"
	slot := base + "2026/11/22/20261122T000000Z/"
	want := map[string][3]string{ // type, cache, mark
		base + "2026/11/22/index.html": {html, short, "001795305600"},
		base + "2026/11/22/index.json": {"application/json", short, ""},
		base + "index.html":            {html, short, "001795305600"}, base + "index.json": {
			"application/json", short, "",
		},
		base + "latest/index.html":      {html, short, "20261122T000000Z-whole"},
		base + "latest/report.json":     {"application/json", short, "20261122T000000Z-whole"},
		base + "latest/node-memory.png": {"image/png", short, "20261122T000000Z-whole"},
		slot + "index.html":             {html, good, "whole"},
		slot + "report.json":            {"application/json", good, "whole"},
		slot + "node-memory.png":        {"image/png", good, "whole"},
	}
	for _, key := range s.Keys() {
		h := s.Object(key).Header
		got := [3]string{
			h.Get("Content-Type"), h.Get("Cache-Control"), h.Get("X-Amz-Meta-Promsnap-Mark"),
		}
		if w, ok := want[key]; !ok || got != w {
			t.Errorf("%s: %q, want %q", key, got, w)
		}
		delete(want, key)
	}
	for key := range want {
		t.Errorf("got no %s, want it among the keys", key)
	}
	if w := "https://reports.example.com/x/prod-seoul/daily/2026/11/22/20261122T000000Z/index.html"; receipt != (notify.Receipt{Location: w}) {
		t.Errorf("receipt %+v, want %s", receipt, w)
	}
}

func TestPageIsWrittenLast(t *testing.T) {
	s := cloudtest.New(t)
	n := receiver(t, s, Options{})
	s.Break(func(*http.Request, int) *cloudtest.Fault { return nil })
	deliver(t, n, delivery(morning))
	var order []string
	for _, call := range s.Calls() {
		if key, ok := strings.CutPrefix(call, "PUT prod-seoul/daily/"); ok {
			order = append(order, key)
		}
	}
	at := func(key string) int { return slices.Index(order, key) }
	slot := "2026/11/22/20261122T000000Z/"
	for _, pair := range [][2]string{
		{
			slot + "node-memory.png", slot + "index.html",
		}, {slot + "index.html", "latest/report.json"}, {
			"latest/node-memory.png", "latest/index.html",
		},
		{
			"latest/index.html", "2026/11/22/index.json",
		}, {"2026/11/22/index.json", "2026/11/22/index.html"},
		{"2026/11/22/index.html", "index.json"}, {"index.json", "index.html"},
	} {
		if at(pair[0]) < 0 || at(pair[0]) > at(pair[1]) {
			t.Errorf("got the order %v, want %s before %s", order, pair[0], pair[1])
		}
	}
}

func TestTheSameAgainGivesTheSame(t *testing.T) {
	s := cloudtest.New(t)
	n := receiver(t, s, Options{PublicURL: "https://r.example.com"})
	tree := func() map[string]string {
		out := map[string]string{}
		for _, key := range s.Keys() {
			o := s.Object(key)
			out[key] = string(o.Body) + o.Header.Get("Cache-Control") +
				o.Header.Get("X-Amz-Meta-Promsnap-Mark")
		}
		return out
	}
	first := deliver(t, n, delivery(morning, bad))
	before := tree()
	if again := deliver(t, n, delivery(morning, bad)); again != first {
		t.Errorf("got the receipts %+v and %+v, want the same", first, again)
	}
	if fmt.Sprint(tree()) != fmt.Sprint(before) {
		t.Errorf("delivering the same again: got the objects %v, want %v", tree(), before)
	}
}

func TestLatestNeverGoesBack(t *testing.T) {
	s := cloudtest.New(t)
	n := receiver(t, s, Options{Prefix: "cap"})
	deliver(t, n, delivery(morning))
	deliver(t, n, delivery(morning.Add(-24*time.Hour)))
	if got := string(s.Object(base + "latest/index.html").Body); got != "page of 20261122T000000Z" {
		t.Errorf("after an older slot: got %s at latest/, want page of 20261122T000000Z", got)
	}
	deliver(t, n, delivery(morning.Add(time.Hour)))
	if got := string(s.Object(base + "latest/index.html").Body); got != "page of 20261122T010000Z" {
		t.Errorf("after a newer slot: got %s at latest/, want page of 20261122T010000Z", got)
	}
	if got := string(s.Object(base +
		"2026/11/21/20261121T000000Z/index.html").Body); got != "page of 20261121T000000Z" {
		t.Errorf("the older slot: got %q, want page of 20261121T000000Z", got)
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		name    string
		fault   cloudtest.Fault
		refused bool
		after   time.Duration
		says    string
	}{
		{"denied", cloudtest.Fault{Status: 403, Code: "AccessDenied"}, true, 0, "s3:PutObject"},
		{
			"no bucket", cloudtest.Fault{Status: 404, Code: "NoSuchBucket"}, true, 0,
			"create the bucket",
		},
		{
			"throttled", cloudtest.Fault{
				Status: 503, Code: "SlowDown", Header: map[string]string{"Retry-After": "3"},
			}, false, 3 * time.Second, "SlowDown",
		},
		{"lost", cloudtest.Fault{Lost: true}, false, 0, "does not answer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := cloudtest.New(t)
			n := receiver(t, s, Options{})
			s.Break(func(*http.Request, int) *cloudtest.Fault { return &tc.fault })
			receipt, err := n.Notify(context.Background(), delivery(morning))
			var refused *notify.RefusedError
			var retry *notify.RetryError
			switch {
			case tc.refused && !errors.As(err, &refused), !tc.refused && !errors.As(err, &retry):
				t.Fatalf("got %T %v, want another kind of error", err, err)
			case !tc.refused && retry.After != tc.after:
				t.Errorf("to wait %v, want %v", retry.After, tc.after)
			}
			if !strings.Contains(err.Error(), tc.says) ||
				strings.Contains(err.Error(), cloudtest.Secret) {
				t.Errorf("got %v, want the cause without the secret", err)
			}
			if receipt != (notify.Receipt{}) {
				t.Errorf("got the receipt %+v, want none", receipt)
			}
			for _, key := range s.Keys() {
				if strings.HasSuffix(key, "index.html") {
					t.Errorf("got the page %s without its files, want no page", key)
				}
			}
			s.Break(nil)
			deliver(t, n, delivery(morning)) // and later it goes well
		})
	}
}

// TestEveryLostAnswerHeals cuts the connection after each request in turn. A second delivery leaves
// the same objects as one without a fault.
func TestEveryLostAnswerHeals(t *testing.T) {
	want := cloudtest.New(t)
	n := receiver(t, want, Options{})
	want.Break(func(*http.Request, int) *cloudtest.Fault { return nil })
	deliver(t, n, delivery(morning, bad))
	calls := len(want.Calls())
	if calls < 15 {
		t.Fatalf("got %d calls of a delivery, want at least 15", calls)
	}
	for lost := range calls {
		s := cloudtest.New(t)
		n := receiver(t, s, Options{})
		s.Break(func(r *http.Request, i int) *cloudtest.Fault {
			if i == lost {
				return &cloudtest.Fault{Lost: true}
			}
			return nil
		})
		if _, err := n.Notify(context.Background(), delivery(morning, bad)); err == nil &&
			s.Calls()[lost][:3] == "PUT" {
			t.Errorf("the answer to %s was lost: got no error, want one", s.Calls()[lost])
		}
		s.Break(nil)
		deliver(t, n, delivery(morning, bad))
		if !slices.Equal(s.Keys(), want.Keys()) {
			t.Errorf("lost %d: got the keys %v, want %v", lost, s.Keys(), want.Keys())
		}
		for _, key := range s.Keys() {
			if !bytes.Equal(s.Object(key).Body, want.Object(key).Body) {
				t.Errorf("lost %d: %s: got %s, want %s", lost, key, s.Object(key).Body,
					want.Object(key).Body)
			}
		}
	}
}

func TestLink(t *testing.T) {
	s := cloudtest.New(t)
	receipt := deliver(t, receiver(t, s, Options{LinkLife: time.Hour}), delivery(morning))
	if left := time.Until(receipt.Expires); left < 50*time.Minute || left > time.Hour {
		t.Errorf("got a link that expires in %v, want an hour", left)
	}
	response, err := http.Get(receipt.Location)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.Header.Get("Etag") != s.Object(
		"prod-seoul/daily/2026/11/22/20261122T000000Z/index.html").ETag {
		t.Errorf("%s: got %s with the ETag %q, want the ETag of the page", receipt.Location,
			response.Status, response.Header.Get("Etag"))
	}
	if strings.Contains(fmt.Sprintf("%+v", receipt), cloudtest.Secret) {
		t.Errorf("got the receipt %+v, want it without the secret", receipt)
	}
}

// The links of pictures are like the link of the page.
func TestLinksOfPictures(t *testing.T) {
	const key = "prod-seoul/daily/2026/11/22/20261122T000000Z/node-memory.png"
	s := cloudtest.New(t)
	for public, want := range map[string]string{
		"": "X-Amz-Signature=", "https://reports.example.com": "https://reports.example.com/" + key,
	} {
		n := receiver(t, s, Options{PublicURL: public})
		d := delivery(morning)
		deliver(t, n, d)
		got, err := n.Links(t.Context(), d)
		if link := got["node-memory.png"]; err != nil || len(got) != 1 ||
			!strings.Contains(link, key) || !strings.Contains(link, want) {
			t.Errorf("got %v (%v), want one link to %s with %s", got, err, key, want)
		}
	}
}

func TestCacheOfAReportThatIsNotWhole(t *testing.T) {
	s := cloudtest.New(t)
	n := receiver(t, s, Options{})
	deliver(t, n, delivery(morning, func(r *report.Report) {
		r.Info.Incomplete = snapshot.NoteOf(snapshot.NoteCutShort, "SIGTERM")
	}))
	deliver(t, n, delivery(morning.Add(time.Hour), func(r *report.Report) {
		r.Failures = []report.Failure{{}}
	}))
	for _, key := range s.Keys() {
		if got := s.Object(key).Header.Get("Cache-Control"); got != cacheALittle {
			t.Errorf("%s: got the cache control %s, want %s", key, got, cacheALittle)
		}
	}
}

// A run that saw less than another one of the slot replaces nothing. One that saw everything
// replaces one that saw less.
func TestAWholeReportStays(t *testing.T) {
	blind := func(r *report.Report) {
		r.OK, r.Failures, r.Headline = 0, []report.Failure{{}}, "Nothing could be measured"
	}
	stopped := func(r *report.Report) {
		r.Info.Incomplete = snapshot.NoteOf(snapshot.NoteCutShort, "SIGTERM")
	}
	whole := func(*report.Report) {}
	const home, day = base + "2026/11/22/20261122T000000Z/", base + "2026/11/22/index.json"
	for _, tc := range []struct {
		name  string
		runs  []func(*report.Report)
		stays int // the run whose files are there at the end
	}{
		{"a blind one after a whole one", []func(*report.Report){whole, blind}, 0},
		{"one that was stopped after a whole one", []func(*report.Report){whole, stopped, stopped}, 0},
		{"a whole one after a blind one", []func(*report.Report){blind, whole}, 1},
		{"a whole one after a whole one", []func(*report.Report){whole, whole}, 1},
		{"a blind one after one that was stopped", []func(*report.Report){stopped, blind}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := cloudtest.New(t)
			n := receiver(t, s, Options{Prefix: "cap", PublicURL: "https://r.example.com"})
			var first notify.Receipt
			for i, run := range tc.runs {
				d := delivery(morning, run)
				for j := range d.Files {
					d.Files[j].Body = fmt.Appendf(nil, "of run %d: %s", i, d.Files[j].Name)
				}
				receipt := deliver(t, n, d)
				if i == 0 {
					first = receipt
				}
				if receipt != first {
					t.Errorf("run %d: receipt %+v, want %+v", i, receipt, first)
				}
			}
			for _, dir := range []string{home, base + "latest/"} {
				for _, name := range []string{"index.html", "report.json", "node-memory.png"} {
					if got, want := string(s.Object(dir+name).Body), fmt.Sprintf("of run %d: %s",
						tc.stays, name); got != want {
						t.Errorf("%s%s is %q, want %q", dir, name, got, want)
					}
				}
			}
			want := reportEntry(delivery(morning, tc.runs[tc.stays]).Report)
			if _, reports := lists(t, s, "2026/11/22"); len(reports.Entries) != 1 ||
				reports.Entries[0] != want {
				t.Errorf("%s lists %+v, want %+v", day, reports.Entries, want)
			}
			if tc.stays == 0 &&
				s.Object(home+pageName).Header.Get("Cache-Control") != cacheForGood {
				t.Errorf("a whole report: got the cache control %s, want %s",
					s.Object(home+pageName).Header.Get("Cache-Control"), cacheForGood)
			}
		})
	}
}

// The same holds if both write at once.
func TestAWholeReportStaysAmongMany(t *testing.T) {
	for range 20 {
		s := cloudtest.New(t)
		var group sync.WaitGroup
		for i := range 4 {
			n, d := receiver(t, s, Options{Prefix: "cap"}), delivery(morning)
			if i > 0 {
				d.Report.Failures = []report.Failure{{}}
				d.Files[0].Body = fmt.Appendf(nil, "blind %d", i)
			}
			group.Go(func() {
				if _, err := n.Notify(context.Background(), d); err != nil {
					t.Errorf("got %v, want no error", err)
				}
			})
		}
		group.Wait()
		for _, dir := range []string{"2026/11/22/20261122T000000Z/", "latest/"} {
			if got := string(s.Object(base + dir +
				pageName).Body); got != "page of 20261122T000000Z" {
				t.Fatalf("got %s with %q, want the whole report", dir+pageName, got)
			}
		}
	}
}

func TestHostileNames(t *testing.T) {
	s := cloudtest.New(t)
	n := receiver(t, s, Options{Prefix: "cap"})
	odd := delivery(morning, func(r *report.Report) {
		r.Info.Cluster, r.Info.Name, r.Info.Title = "../../etc", `a/b?<script>"`,
			`<script>alert(1)</script>`
		r.Headline = `</bdi><img src=x onerror=alert(1)> ` + strings.Repeat("é", 500) + "\xff"
	})
	deliver(t, n, odd)
	safe := regexp.MustCompile(`^cap/etc-[0-9a-f]{8}/a-b-script-[0-9a-f]{8}/[0-9A-Za-z/.-]+$`)
	for _, key := range s.Keys() {
		if !safe.MatchString(key) || strings.Contains(key, "..") {
			t.Errorf("got the key %q, want it to match %s, without ..", key, safe)
		}
		if body := s.Object(key).Body; strings.Contains(string(body), "<script") ||
			strings.Contains(string(body), "<img") {
			t.Errorf("%s: got\n%s\nwant no markup from outside", key, body)
		}
	}
	for _, name := range []string{"", "../x", "a/b", ".x", "A.png", "x\x00"} {
		d := delivery(morning)
		d.Files = append(d.Files, report.File{Name: name})
		var refused *notify.RefusedError
		if _, err := n.Notify(context.Background(), d); !errors.As(err, &refused) {
			t.Errorf("a file called %q: got %v, want a refusal", name, err)
		}
	}
	twice := delivery(morning)
	twice.Files = append(twice.Files, twice.Files[0])
	var refused *notify.RefusedError
	if _, err := n.Notify(context.Background(), twice); !errors.As(err, &refused) ||
		!strings.Contains(err.Error(), "two files") {
		t.Errorf("the same name twice: got %v, want a refusal because of two files", err)
	}
}

func TestNothingDrawnLeavesNoTrace(t *testing.T) {
	s := cloudtest.New(t)
	d := delivery(morning)
	d.Files = nil
	if receipt := deliver(t, receiver(t, s, Options{}), d); receipt != (notify.Receipt{}) ||
		len(s.Keys()) != 0 {
		t.Errorf("got the receipt %+v and the keys %v, want none", receipt, s.Keys())
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{PublicURL: "reports.example.com"}, {PublicURL: "javascript://x/y"},
		{PublicURL: "https://x/?a=b"}, {LinkLife: 8 * 24 * time.Hour}, {LinkLife: time.Millisecond},
	} {
		if _, err := New(nil, o); err == nil {
			t.Errorf("%+v: got no error, want one", o)
		}
	}
}
