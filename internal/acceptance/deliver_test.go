//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

// delivery runs the real program with a bucket of a real S3, a directory and a channel as
// receivers.
type delivery struct {
	*gateway
	slack *slackdouble.Double
	dir   string // where it runs
	s3URL string // the endpoint that the program uses
	fleet string
}

// postSlot is a slot at which a node of the fleet is above its limit.
var postSlot = time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC)

func newDelivery(t *testing.T) *delivery {
	p := &delivery{gateway: startS3(t), slack: slackdouble.Start("xoxb-deliver"), dir: t.TempDir()}
	t.Cleanup(p.slack.Close)
	p.s3URL = p.url
	p.fleet = serve(t, fleet{
		"ip-10-0-1-11": {{postSlot.Add(-40 * time.Minute), postSlot.Add(30 * time.Minute)}},
		"ip-10-0-1-12": {{postSlot.Add(2 * time.Minute), postSlot.Add(30 * time.Minute)}},
		"ip-10-0-1-13": {{postSlot.Add(7 * time.Minute), postSlot.Add(30 * time.Minute)}},
		"ip-10-0-1-14": {{postSlot.Add(12 * time.Minute), postSlot.Add(30 * time.Minute)}},
	})
	return p
}

// deliver runs a report at a slot with S3's secret key and the name of its bucket.
func (p *delivery) deliver(t *testing.T, report string, slot time.Time, key,
	bucket string) outcome {
	t.Helper()
	in := func(prefix string) string {
		return strings.Replace(s3Config(p.s3URL, prefix, key), s3Bucket, bucket, 1)
	}
	config := configFile(t, fmt.Sprintf(`version: 1
cluster: prod-seoul
prometheus: {url: '%s'}
reports:
  - name: check
    range: 1h
    send: changes
    receivers: [bucket, disk, oncall]
    panels: &panels
      - {name: memory, subject: memory, query: %s, unit: percentunit, legend: '{{node}}', step: 1m, rules: [{alertname: NodeMemoryHigh, above: {critical: 90%%}, for: 3m}]}
  - {name: daily, title: Daily capacity, range: 3h, send: summary, receivers: [bucket, disk, oncall], panels: *panels}
receivers:
  - {name: bucket, s3: %s}
  - {name: disk, dir: {path: '%s'}}
  - {name: oncall, slack: {channel: C0123456789, token: xoxb-deliver, api_url: '%s'}}
state: {s3: %s}
`, p.fleet, fleetQuery, in("archive"), filepath.Join(p.dir, "disk"), p.slack.APIURL(), in("state")))
	return promsnap(t, "run", report, "-c", config, "--deliver", "--time",
		slot.Format(time.RFC3339), "--timeout", "40s")
}

// sent returns the messages about new alerts and summaries, also those that join a thread, from the
// nth on.
func (p *delivery) sent(from int) []slackdouble.Message {
	var out []slackdouble.Message
	for _, m := range p.slack.Messages() {
		if m.Thread == "" || strings.Contains(m.Text, " also: ") {
			out = append(out, m)
		}
	}
	return out[from:]
}

// objects returns the files below a folder of the bucket.
func (p *delivery) objects(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := os.DirFS(filepath.Join(p.root, s3Bucket, folder))
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(root, path)
		out[path] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDeliver delivers with the real program, first without faults and then with them.
func TestDeliver(t *testing.T) {
	t.Parallel() // it mostly waits
	p := newDelivery(t)
	t.Run("delivered", func(t *testing.T) { testDelivered(t, p) })
	t.Run("wrong secret key", func(t *testing.T) {
		testNoBucket(t, p, postSlot.Add(5*time.Minute), "MARKED-wrong", s3Bucket,
			"the access key or its secret is not right")
	})
	t.Run("no bucket", func(t *testing.T) {
		testNoBucket(t, p, postSlot.Add(5*time.Minute), statetest.Secret, "not-there",
			"create the bucket not-there")
	})
	t.Run("repaired", func(t *testing.T) { testRepaired(t, p, postSlot.Add(5*time.Minute)) })
	t.Run("killed", func(t *testing.T) { testKilledInARun(t, p) })
}

const (
	checkKey = "prod-seoul/check/2026/11/09/20261109T090000Z/"
	dailyKey = "prod-seoul/daily/2026/11/09/20261109T090000Z/"
)

// testDelivered delivers two reports twice.
func testDelivered(t *testing.T, p *delivery) {
	for _, report := range []string{"check", "daily"} {
		o := p.deliver(t, report, postSlot, statetest.Secret, s3Bucket).want(t, 0)
		for _, line := range []string{"bucket: the report\n", "disk: the report\n", "oncall: "} {
			if !strings.Contains(o.stdout, line) {
				t.Errorf("%s prints %s, want %q in it", report, o.stdout, line)
			}
		}
	}
	first := p.objects(t, "archive")
	var want []string
	for _, report := range []string{"check", "daily"} {
		for _, key := range []string{"2026/11/09/20261109T090000Z/", "latest/"} {
			for _, file := range []string{"index.html", "report.json", "memory.png"} {
				want = append(want, "prod-seoul/"+report+"/"+key+file)
			}
		}
		for _, list := range []string{"", "2026/11/09/"} {
			want = append(want, "prod-seoul/"+report+"/"+list+"index.html", "prod-seoul/"+report+
				"/"+list+"index.json")
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(first)); !slices.Equal(got, want) {
		t.Errorf("the bucket holds\n%s\nwant\n%s", strings.Join(got, "\n"),
			strings.Join(want, "\n"))
	}
	if got := slices.Sorted(maps.Keys(p.objects(t, "state"))); !slices.Equal(got,
		[]string{"prod-seoul/check.json", "prod-seoul/daily.json"}) {
		t.Errorf("the state is %q, want one document for each report", got)
	}
	p.checkHeaders(t)
	p.checkLink(t)
	for _, file := range []string{"index.html", "report.json", "memory.png"} {
		onDisk, err := os.ReadFile(filepath.Join(p.dir, "disk", "check", "20261109T090000Z", file))
		if err != nil || string(onDisk) != first[checkKey+file] {
			t.Errorf("%s on the disk has %d bytes, want the %d of the bucket: %v", file,
				len(onDisk),
				len(first[checkKey+file]), err)
		}
	}

	sent := len(p.slack.Messages())
	for _, report := range []string{"check", "daily"} {
		o := p.deliver(t, report, postSlot, statetest.Secret, s3Bucket).want(t, 0)
		if strings.Contains(o.stdout, "oncall: ") {
			t.Errorf("%s was sent again, want no message: %s", report, o.stdout)
		}
	}
	if again := len(p.slack.Messages()); again != sent {
		t.Errorf("%d more messages for the same slot, want 0", again-sent)
	}
	if again := p.objects(t, "archive"); !maps.Equal(again, first) {
		t.Errorf("after the same slot again the bucket holds %q, want the same bytes as before",
			slices.Sorted(maps.Keys(again)))
	}
}

// checkHeaders checks the headers that S3 sends to browsers and CDNs.
func (p *delivery) checkHeaders(t *testing.T) {
	t.Helper()
	b := bucket(t, p.url, statetest.Secret)
	const forGood, aLittle = "max-age=31536000, immutable", "max-age=60"
	for key, want := range map[string][2]string{
		checkKey + "index.html":              {"text/html; charset=utf-8", forGood},
		checkKey + "memory.png":              {"image/png", forGood},
		dailyKey + "report.json":             {"application/json", forGood},
		"prod-seoul/check/latest/index.html": {"text/html; charset=utf-8", aLittle},
		"prod-seoul/check/index.html":        {"text/html; charset=utf-8", aLittle},
		"prod-seoul/daily/index.json":        {"application/json", aLittle},
	} {
		o, err := b.Stat(context.Background(), "archive/"+key)
		if err != nil || o.Type != want[0] || o.Cache != want[1] {
			t.Errorf("%s: %q, %q, %v; want %q", key, o.Type, o.Cache, err, want)
		}
	}
	if o, err := b.Stat(context.Background(), "state/prod-seoul/check.json"); err != nil ||
		o.Cache != "no-store" {
		t.Errorf("the state: %+v, %v; want Cache-Control no-store", o, err)
	}
}

// signed matches a signed link in the blocks of a message.
var signed = regexp.MustCompile(`"(http://[^"]*X-Amz-Signature=[^"]*)"`)

// checkLink opens the link of each message without credentials, and checks that a reply says how
// long the link works.
func (p *delivery) checkLink(t *testing.T) {
	t.Helper()
	for i, m := range p.sent(0) {
		found := signed.FindSubmatch(m.Blocks)
		if found == nil {
			t.Errorf("message %s, want a link in it", m.Blocks)
			continue
		}
		var link string
		if err := json.Unmarshal(found[0], &link); err != nil {
			t.Fatal(err)
		}
		response, err := http.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK ||
			!bytes.Contains(body, []byte("<!DOCTYPE html>")) ||
			response.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("the link of message %d answers %s, %s; want 200 and a page: %.200s", i,
				response.Status,
				response.Header.Get("Content-Type"), body)
		}
		until := false
		for _, reply := range p.slack.Messages() {
			until = until || reply.Thread == m.TS && strings.Contains(string(reply.Blocks)+
				reply.Text, "The link to the report works until")
		}
		if !until {
			t.Errorf("no reply says how long the link of message %d works, want one", i)
		}
	}
}

// testNoBucket delivers while neither the archive nor the state can be reached. Messages are sent
// and say that they may repeat.
func testNoBucket(t *testing.T, p *delivery, slot time.Time, key, bucket, says string) {
	before, state := len(p.sent(0)), p.objects(t, "state")
	o := p.deliver(t, "check", slot, key, bucket).want(t, 1)
	if !strings.Contains(o.stderr, says) || strings.Contains(o.stdout+o.stderr, "MARKED") {
		t.Errorf("want %q and no secret in:\n%s%s", says, o.stdout, o.stderr)
	}
	p.wantLost(t, before)
	if got := p.objects(t, "state"); !maps.Equal(got, state) {
		t.Errorf("the state is %q, want %q as before", got, state)
	}
}

// wantLost checks that messages were sent and say that they may repeat.
func (p *delivery) wantLost(t *testing.T, before int) {
	t.Helper()
	sent := p.sent(before)
	if len(sent) == 0 {
		t.Fatal("no messages, want some")
	}
	for _, m := range sent {
		if all := string(m.Blocks); !strings.Contains(all, "This may repeat an earlier message") ||
			!strings.Contains(all, "ip-10-0-1-11") {
			t.Errorf("message %s, want ip-10-0-1-11 and that it may repeat", all)
		}
	}
}

// testRepaired delivers after the fault. Only what the state does not hold as sent is sent.
func testRepaired(t *testing.T, p *delivery, slot time.Time) {
	before := len(p.sent(0))
	p.deliver(t, "check", slot, statetest.Secret, s3Bucket).want(t, 0)
	sent := p.sent(before)
	if len(sent) != 0 {
		t.Errorf("%d messages of known alerts, want none; the first is %s", len(sent),
			sent[0].Blocks)
	}
	before = len(p.sent(0))
	p.deliver(t, "check", slot.Add(5*time.Minute), statetest.Secret, s3Bucket).want(t, 0)
	sent = p.sent(before)
	if len(sent) != 1 || !strings.Contains(string(sent[0].Blocks), "ip-10-0-1-12") ||
		strings.Contains(string(sent[0].Blocks), "lost") ||
		strings.Contains(string(sent[0].Blocks), "ip-10-0-1-11") {
		t.Errorf("%d messages, want one of ip-10-0-1-12 alone", len(sent))
	}
}

// testKilledInARun kills S3 itself at several places of a run and starts it again. Messages are
// sent, and the next run repairs the archive and the state.
func testKilledInARun(t *testing.T, p *delivery) {
	target, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	var left atomic.Int32 // responses until S3 is killed
	p.s3URL = serve(t, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ModifyResponse: func(*http.Response) error {
			if left.Add(-1) == 0 {
				p.stop()
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler)
		},
	})
	slot := postSlot.Add(15 * time.Minute) // the third node is above its limit
	for _, after := range []int32{1, 2, 7} {
		before := len(p.sent(0))
		left.Store(after)
		o := p.deliver(t, "check", slot, statetest.Secret, s3Bucket).want(t, 1)
		if !strings.Contains(o.stderr, "S3 does not answer: check the endpoint") {
			t.Errorf("killed after %d answers: stderr %s, want what to do", after, o.stderr)
		}
		sent := p.sent(before)
		if len(sent) == 0 || !strings.Contains(string(sent[0].Blocks), "ip-10-0-1-13") {
			t.Errorf("killed after %d answers, %d messages, want some and the first of "+
				"ip-10-0-1-13", after, len(sent))
		}
		for _, m := range sent {
			text := string(m.Blocks) // the state could not be read, or not be written
			if !strings.Contains(text, "This may repeat an earlier message") &&
				!strings.Contains(text, "the next run may send it again") {
				t.Errorf("killed after %d answers: message %s, want that it may repeat", after,
					m.Blocks)
			}
		}
		p.run(t)
		p.age(t)
	}
	// The messages sent while the state could not be written said that they may repeat. They repeat
	// once.
	before := len(p.sent(0))
	p.deliver(t, "check", slot, statetest.Secret, s3Bucket).want(t, 0)
	if sent := p.sent(before); len(sent) != 1 ||
		!strings.Contains(string(sent[0].Blocks), "ip-10-0-1-13") ||
		strings.Contains(string(sent[0].Blocks), "This may repeat an earlier message") {
		t.Errorf("%d messages after S3 is back, want one of ip-10-0-1-13", len(sent))
	}
	before = len(p.sent(0))
	p.deliver(t, "check", slot, statetest.Secret, s3Bucket).want(t, 0)
	if sent := p.sent(before); len(sent) != 0 {
		t.Errorf("sent again without a fault, want no message: %s", sent[0].Blocks)
	}
	for _, file := range []string{"index.html", "report.json", "memory.png"} {
		all := p.objects(t, "archive/prod-seoul/check")
		if body := all["2026/11/09/20261109T091500Z/"+file]; body == "" ||
			body != all["latest/"+file] {
			t.Errorf("%s has %d bytes, latest/ has %d; want the same", file, len(body),
				len(all["latest/"+file]))
		}
	}
	if list := p.objects(t, "archive/prod-seoul/check")["2026/11/09/index.json"]; strings.Count(
		list, `"20261109T091500Z"`) != 2 {
		t.Errorf("the day lists %s, want the report once, by name and path", list)
	}
}

// age ends a claim that a run could not release.
func (p *delivery) age(t *testing.T) {
	t.Helper()
	b := bucket(t, p.url, statetest.Secret)
	const key = "state/prod-seoul/check.json"
	o, err := b.Get(context.Background(), key, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	o.Body = claimEnd.ReplaceAll(o.Body, []byte("$1"+claimPast))
	if err := b.Put(context.Background(), key, o); err != nil {
		t.Fatal(err)
	}
}
