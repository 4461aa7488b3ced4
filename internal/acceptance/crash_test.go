//go:build acceptance && linux

package acceptance

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

var crashSeed = flag.Uint64("crash-seed", 1, "seed of the random choices in the crash tests")

// TestCrashes kills the real program at random steps of its input and output through a week of
// checks and daily summaries, and runs it again. The next run that ends by itself must send
// whatever is missing. The archive must hold each report once, complete, with bytes that never
// change. Each crash may cause one repeated message, which must be marked.
func TestCrashes(t *testing.T) {
	t.Parallel()
	t.Logf("-crash-seed %d", *crashSeed)
	inDirectory, inS3 := newWeek(t), newWeek(t)
	t.Run("stores", func(t *testing.T) {
		t.Run("directory", func(t *testing.T) {
			t.Parallel()
			inDirectory.liveInDirectory(t)
		})
		t.Run("S3", func(t *testing.T) {
			t.Parallel()
			inS3.liveInS3(t)
		})
	})
	if kills := inDirectory.kills + inS3.kills; kills < 500 && !t.Failed() {
		t.Errorf("%d runs were killed, want 500", kills)
	}
}

// liveInDirectory runs the week with the archive and the state in directories.
func (w *week) liveInDirectory(t *testing.T) {
	dir := t.TempDir()
	w.watch(t, filepath.Join(dir, "state", "prod-seoul"), filepath.Join(dir, "archive", "check"),
		filepath.Join(dir, "archive", "daily"))
	w.archived = func(report string, slot time.Time) string {
		return filepath.Join(dir, "archive", report, slot.Format("20060102T150405Z"))
	}
	document := func(report string) string {
		return filepath.Join(dir, "state", "prod-seoul", report+".json")
	}
	w.load = func(report string) ([]byte, error) { return os.ReadFile(document(report)) }
	w.save = func(report string, body []byte) error {
		return os.WriteFile(document(report), body, 0o600)
	}
	w.atOnce = true
	w.live(t, fmt.Sprintf("dir: {path: '%s'}", filepath.Join(dir, "archive")),
		fmt.Sprintf("dir: '%s'", filepath.Join(dir, "state")))
}

// liveInS3 runs the week with both in a bucket.
func (w *week) liveInS3(t *testing.T) {
	g := startS3(t)
	target, err := url.Parse(g.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := w.serve(t, &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ErrorLog: log.New(io.Discard, "", 0), // of requests whose sender was killed
	})
	root := filepath.Join(g.root, s3Bucket, "archive", "prod-seoul")
	w.archived = func(report string, slot time.Time) string {
		return filepath.Join(root, report, slot.Format("2006/01/02/20060102T150405Z"))
	}
	b := bucket(t, g.url, statetest.Secret)
	document := func(report string) string { return "state/prod-seoul/" + report + ".json" }
	w.load = func(report string) ([]byte, error) {
		o, err := b.Get(context.Background(), document(report), state.MaxSize)
		if err == nil && o.ETag == "" {
			err = fs.ErrNotExist
		}
		return o.Body, err
	}
	w.save = func(report string, body []byte) error {
		return b.Put(context.Background(), document(report), cloud.Object{
			Body: body, Type: "application/json",
		})
	}
	w.live(t, "s3: "+s3Config(proxy, "archive", statetest.Secret),
		"s3: "+s3Config(proxy, "state", statetest.Secret))
	w.checkLists(t, root)
}

// week is a week of incidents in a fleet and of the messages about them.
type week struct {
	outside
	random *rand.Rand
	begin  time.Time
	nodes  fleet
	slack  *slackdouble.Double
	config string

	archived func(report string, slot time.Time) (dir string)
	load     func(report string) ([]byte, error) // the state document
	save     func(report string, body []byte) error
	atOnce   bool // the archive's files appear at once, not the page last

	heard   int             // messages already read
	sent    map[string]bool // facts
	bodies  map[string][32]byte
	longest map[string]int // steps of a report's longest run

	runs, kills, heldBack, duplicates int
	since                             int // kills after the last run that ended by itself
	twice                             int // duplicates since then
	where                             map[string]int
}

const slotEvery = 5 * time.Minute

func newWeek(t *testing.T) *week {
	w := &week{
		random: rand.New(rand.NewPCG(*crashSeed, 4)),
		begin:  time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC), nodes: fleet{},
		slack: slackdouble.Start("xoxb-crash"), sent: map[string]bool{},
		bodies: map[string][32]byte{}, longest: map[string]int{}, where: map[string]int{},
	}
	t.Cleanup(w.slack.Close)
	for i := range 4 {
		node := fmt.Sprintf("ip-10-0-1-%d", 11+i)
		for at := w.begin; ; {
			at = at.Add(time.Duration(45+w.random.IntN(560)) * time.Minute)
			in := incident{at, at.Add(time.Duration(3+w.random.IntN(60)) * time.Minute)}
			if in.to.After(w.begin.Add(7*24*time.Hour - time.Hour)) {
				break
			}
			w.nodes[node] = append(w.nodes[node], in)
			at = in.to
		}
	}
	return w
}

// eventSlots returns the slots with something to send, in order: checks and one summary a day.
func (w *week) eventSlots() []time.Time {
	var out []time.Time
	for day := range 7 {
		out = append(out, w.begin.Add(time.Duration(24*day+9)*time.Hour))
	}
	up := func(at time.Time) time.Time { return at.Add(slotEvery - 1).Truncate(slotEvery) }
	for _, incidents := range w.nodes {
		for _, in := range incidents {
			out = append(out, up(in.from.Add(sentWithin)), up(in.to.Add(resolvedWithin)))
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

const (
	// the rule's for; the newest sample is a minute older than the slot
	sentWithin     = 4 * time.Minute
	resolvedWithin = 12 * time.Minute // keep_firing_for and some more
)

// live runs the week.
func (w *week) live(t *testing.T, archive, memory string) {
	var slackURL string
	slackURL = w.serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder() // its upload URLs name the double itself
		w.slack.ServeHTTP(answer, r)
		own := strings.TrimSuffix(w.slack.APIURL(), "/api/")
		rw.WriteHeader(answer.Code)
		_, _ = rw.Write(bytes.ReplaceAll(answer.Body.Bytes(), []byte(own), []byte(slackURL)))
	}))
	w.config = configFile(t, fmt.Sprintf(`version: 1
cluster: prod-seoul
prometheus: {url: '%s'}
reports:
  - name: check
    range: 1h
    send: changes
    receivers: [oncall, archive]
    panels: &panels
      - {name: memory, title: Memory, subject: memory, query: %s, unit: percentunit, legend: '{{node}}', step: 1m, rules: [{alertname: NodeMemoryHigh, above: {critical: 90%%}, for: 3m}]}
  - {name: daily, title: Daily capacity, range: 3h, send: summary, receivers: [oncall, archive], panels: *panels}
receivers:
  - {name: oncall, slack: {channel: C0123456789, token: xoxb-crash, api_url: '%s/api/'}}
  - {name: archive, %s}
state: {%s}
`, w.serve(t, w.nodes), fleetQuery, slackURL, archive, memory))

	slots := w.eventSlots()
	for i, slot := range slots {
		report := "check"
		if slot.Hour() == 9 && slot.Minute() == 0 {
			w.pass(t, "daily", slot, slot)
		}
		end := slot.Add(time.Hour)
		if i+1 < len(slots) {
			end = slots[i+1]
		}
		w.pass(t, report, slot, end)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d slots with something to send: %d runs, %d killed at %d kinds of steps, %d "+
		"held back; %d messages, %d duplicates",
		len(slots), w.runs, w.kills, len(w.where), w.heldBack, w.heard, w.duplicates)
	if w.kills < 200 || len(w.where) < 20 || w.heldBack == 0 || w.duplicates == 0 {
		t.Errorf("%d kills at %v, %d runs held back, %d duplicates; want 200, 20 kinds of "+
			"steps, 1 and 1",
			w.kills, w.where, w.heldBack, w.duplicates)
	}
	if refused := w.slack.Refused(); len(refused) > 0 {
		t.Errorf("Slack refused %q, want nothing refused", refused)
	}
}
