package app_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/state"
)

var (
	soakSlots = flag.Int("soak-slots", 30,
		"number of checks; make acceptance runs a week of 2,000")
	soakSeed = flag.Uint64("soak-seed", 1, "seed of the random faults")
)

const (
	soakEvery   = 5 * time.Minute
	soakTimeout = 12 * time.Second // of a run; a request that hangs uses a part of it
	// soakSentWithin is the rule's for, with the newest sample a minute before the slot.
	soakSentWithin = 4 * time.Minute
	soakEndWithin  = 12 * time.Minute // keep_firing_for, and a reserve
	soakMaxState   = 64 << 10         // bytes of a document
	soakCovers     = 300              // slots after which every kind of fault has occurred
	soakKeeps      = 24 * time.Hour   // how long the bucket's lifecycle keeps reports
)

// TestSoak runs checks for a week, with a summary a day, while Prometheus, S3 and Slack fail at
// random, alone and together. Each run is a new App, as in a CronJob. After each slot without a
// failure, everything that had to be sent by then was sent. A message was sent twice only after a
// failure. The second one says so, unless it is from a run of the same slot whose predecessor could
// not record it and announced that. latest/ never goes back, and at the end nothing stays open.
func TestSoak(t *testing.T) {
	t.Logf("-soak-seed %d", *soakSeed)
	s := newSoak(t)
	for n := range *soakSlots {
		s.slot(t, n)
		if t.Failed() {
			return
		}
		if n == 2 {
			s.atFirst = s.open(t, 0)
		}
		if n > 2 && n%100 == 0 {
			t.Logf("%d slots, %d messages, state at most %d bytes, %d goroutines and files", n,
				s.heard, s.largest, s.open(t, s.atFirst+soakSlack))
		}
	}
	left := s.open(t, s.atFirst+soakSlack)
	t.Logf("%d slots, %d with failures: %d runs, %d with an error, %d skipped for a claim; %d "+
		"incidents, %d messages, %d duplicates, %d announced by an earlier message of the slot, "+
		"all others marked; %d times blind, %d summaries; "+
		"faults met: Prometheus %d, S3 %d, Slack %d; state at most %d bytes; %d goroutines and "+
		"files at the start, %d at the end",
		*soakSlots, s.foul, s.runs, s.failed, s.skipped, s.sent.incidents(), s.heard,
		s.duplicates, s.announced, s.blind, s.summaries,
		s.weather.met[overPrometheus], s.weather.met[overS3], s.slackFaults, s.largest, s.atFirst,
		left)
	if *soakSlots >= soakCovers && (s.foul < *soakSlots/10 || s.weather.met[overPrometheus] == 0 ||
		s.weather.met[overS3] == 0 || s.slackFaults == 0 || len(s.sent) == 0) {
		t.Errorf("got %d slots with failures, %d incidents; want more of each kind", s.foul,
			len(s.sent))
	}
	if refused := s.slack.Refused(); len(refused) > 0 {
		t.Errorf("got requests that Slack refuses: %q, want none", refused)
	}
}

// soak is a simulated fleet with its servers, and the messages that were sent about it.
type soak struct {
	random  *rand.Rand
	begin   time.Time
	fleet   fleet
	weather *weather
	fronts  []*httptest.Server // their connections end with each run, as those of a process
	store   *cloudtest.Server
	slack   *slackdouble.Double
	cfg     *config.Config

	summary time.Time // the slot of the summary that is not sent yet; zero: none
	heard   int
	sent    facts
	marks   map[string]string // of latest/, by key

	foul, runs, failed, skipped, duplicates, announced, blind, summaries int
	slackFaults, largest, atFirst                                        int
	// slots since S3 or Slack last failed, without those in which Prometheus fails: a run that sees
	// nothing leaves what the failure lost to the next one
	sinceFoul int
}

func newSoak(t *testing.T) *soak {
	s := &soak{
		random: rand.New(rand.NewPCG(*soakSeed, 7)), begin: time.Date(2025, 11, 3, 8, 0, 0, 0,
			time.UTC), store: cloudtest.New(t),
		slack: slackdouble.Start("xoxb-soak"), sent: facts{}, marks: map[string]string{},
		sinceFoul: 2,
	}
	t.Cleanup(s.slack.Close)
	s.weather = &weather{random: rand.New(rand.NewPCG(*soakSeed, 8)), met: map[string]int{}}
	s.fleet = newFleet(s.random, s.begin, time.Duration(*soakSlots)*soakEvery)
	s.store.Break(s.weather.overS3)
	serve := func(h http.Handler) string {
		front := httptest.NewServer(h)
		t.Cleanup(front.Close)
		s.fronts = append(s.fronts, front)
		return front.URL
	}
	bucket := fmt.Sprintf("bucket: %s, endpoint: '%s', path_style: true, region: us-east-1, "+
		"access_key: %s, secret_key: %s", s.store.Name, serve(s.store), cloudtest.AccessKey,
		cloudtest.Secret)
	s.cfg = load(t, serve(s.weather.over(s.fleet)), fmt.Sprintf(`
version: 1
cluster: prod
prometheus: {timeout: 1s}
reports:
  - name: check
    range: 1h
    send: changes
    receivers: [oncall, archive]
    panels: &panels
      - {name: memory, title: Memory, subject: memory, query: %s, unit: percentunit, legend: '{{node}}', step: 1m, rules: [{alertname: NodeMemoryHigh, above: {critical: 90%%}, for: 3m}]}
  - {name: daily, title: Daily capacity, range: 3h, send: summary, receivers: [oncall, archive], panels: *panels}
receivers:
  - {name: oncall, slack: {channel: C0123456789, token: xoxb-soak, api_url: '%s'}}
  - {name: archive, s3: {%s, prefix: archive, public_url: 'https://reports.example.com'}}
state: {s3: {%s, prefix: state}}
`, fleetQuery, s.slack.APIURL(), bucket, bucket))
	return s
}

// slot runs one check and the summary if it is scheduled, with random faults. Sometimes two runs
// overlap, or an older slot runs again.
func (s *soak) slot(t *testing.T, n int) {
	at := s.begin.Add(time.Duration(n) * soakEvery)
	s.store.Clock(at)
	calm := s.weather.change(n)
	slackFails := n > 2 && s.random.IntN(6) == 0
	if slackFails {
		s.failSlack()
	}
	if !calm || slackFails {
		s.foul++
	}
	if !s.weather.fails(overPrometheus) {
		s.sinceFoul++
	}
	if slackFails || s.weather.fails(overS3) {
		s.sinceFoul = 0
	}
	if at.Hour() == 9 && at.Minute() == 0 {
		s.summary = at
	}
	results := s.runSummary(t)
	switch s.random.IntN(12) {
	case 0: // two runs at once
		second := make(chan app.Result, 1)
		go func() { second <- s.run(t, "check", at) }()
		results = append(results, s.run(t, "check", at), <-second)
	case 1: // the slot before again, late
		results = append(results, s.run(t, "check", at), s.run(t, "check", at.Add(-soakEvery)))
	default:
		results = append(results, s.run(t, "check", at))
	}
	s.listen(t, at)
	if t.Failed() {
		for _, r := range results { // what the runs of the slot report
			t.Logf("slot %s: a run ended: claimed by %+v, notes %q, error: %v", at, r.ClaimedBy,
				r.Notes, r.Err)
		}
	}
	calm = calm && !slackFails
	for _, r := range results {
		s.runs++
		if r.ClaimedBy != nil {
			s.skipped++
		}
		if r.Err != nil {
			s.failed++
		}
		if calm && (r.Err != nil || len(r.Notes) > 0) {
			t.Errorf("slot %s: got error %v, notes %q; want none without a failure", at, r.Err,
				r.Notes)
		}
	}
	s.after(t, at, calm)
	s.slack.Mend()
	for _, f := range s.fronts {
		f.CloseClientConnections()
	}
}

// runSummary runs the scheduled summary, again after each check until a run has sent it, as its Job
// would.
func (s *soak) runSummary(t *testing.T) []app.Result {
	if s.summary.IsZero() {
		return nil
	}
	r := s.run(t, "daily", s.summary)
	s.listen(t, s.summary)
	if r.Err == nil {
		if !s.sent.has("summary", s.summary.Format(time.DateOnly)) {
			t.Errorf("summary of %s: got a run without an error and no message, want it sent",
				s.summary)
		}
		s.summary = time.Time{}
	}
	return []app.Result{r}
}

func (s *soak) run(t *testing.T, report string, at time.Time) app.Result {
	a, err := app.New(t.Context(), s.cfg, app.Options{
		Version: "test", Reports: []string{report}, Slot: at, Timeout: soakTimeout,
		To: app.Receivers{}, Now: time.Now,
	})
	if err != nil {
		t.Error(err)
		return app.Result{}
	}
	return a.Run(t.Context()).Results[0]
}

// failSlack makes requests to Slack fail until Mend is called.
func (s *soak) failSlack() {
	s.slackFaults++
	kinds := []slackdouble.Fault{
		{Status: http.StatusInternalServerError}, {Status: http.StatusServiceUnavailable},
		{Status: http.StatusTooManyRequests, RetryAfter: 1}, {
			Status: http.StatusTooManyRequests, RetryAfter: 60,
		},
		{Error: "internal_error"}, {Error: "ratelimited"}, {Error: "invalid_auth"},
		{Body: `{"ok":tr`}, {Drop: true}, {Lose: true}, {Lose: true}, {Lose: true}, {Lose: true},
		{Hang: true},
	}
	for _, method := range []string{
		"chat.postMessage", "chat.update", "files.getUploadURLExternal",
		"files.completeUploadExternal", "upload",
	} {
		f := kinds[s.random.IntN(len(kinds))]
		if method == "upload" && (f.Error != "" || f.Body != "") {
			f = slackdouble.Fault{Drop: true} // any 200 would mean that the upload succeeded
		}
		f.Method, f.Skip, f.Times = method, s.random.IntN(2), 1+s.random.IntN(2)
		if s.random.IntN(4) == 0 && !f.Hang {
			f.Skip, f.Times = 0, 100
		}
		if method == "chat.postMessage" || s.random.IntN(4) == 0 {
			s.slack.Fail(f)
		}
	}
}

// after checks what must hold after a slot, and more if nothing failed. It ends the claims, as the
// five minutes until the next slot would.
func (s *soak) after(t *testing.T, at time.Time, calm bool) {
	for _, report := range []string{"check", "daily"} {
		key := state.Key{Cluster: "prod", Report: report}
		s.checkLatest(t, report, at, calm)
		path := "state/prod/" + report + ".json"
		body := s.store.Object(path).Body
		if body == nil {
			continue
		}
		s.largest = max(s.largest, len(body))
		doc, err := state.Decode(key, body)
		if err != nil || len(body) > soakMaxState {
			t.Fatalf("slot %s: got a state of %s with %d bytes, %v; want at most %d", at, report,
				len(body), err, soakMaxState)
		}
		if doc.Ledger.Claim == nil {
			continue
		}
		if calm && report == "check" {
			t.Errorf("slot %s: got the claim %+v, want none", at, doc.Ledger.Claim)
		}
		doc.Ledger.Claim.Until = at
		if body, err = state.Encode(key, doc); err != nil {
			t.Fatal(err)
		}
		s.store.Write(path, body)
	}
	for _, key := range s.store.Keys() {
		if day := strings.Split(key, "/"); len(day) == 8 &&
			day[6] < at.Add(-soakKeeps).Format("20060102T150405Z") {
			s.store.Delete(key)
		}
	}
	if !calm {
		return
	}
	if !s.summary.IsZero() {
		t.Errorf("slot %s: got no summary of %s, want it sent", at, s.summary)
	}
	for node, incidents := range s.fleet {
		for _, in := range incidents {
			name := in.name(node)
			late := s.sent.has("late", name)
			if at.Sub(in.from) >= soakSentWithin && !late && !s.sent.has("new", name) {
				t.Errorf("slot %s: got no message about %s, want one", at, name)
			}
			if at.Sub(in.to) >= soakEndWithin && !late && !s.sent.has("over", name) {
				t.Errorf("slot %s: got no message about the end of %s, want one", at, name)
			}
		}
	}
}

// checkLatest checks that latest/ is never older than before, and is of this slot if nothing
// failed.
func (s *soak) checkLatest(t *testing.T, report string, at time.Time, calm bool) {
	for _, name := range []string{"index.html", "report.json", "memory.png"} {
		key := "archive/prod/" + report + "/latest/" + name
		mark := s.store.Object(key).Header.Get("X-Amz-Meta-Promsnap-Mark")
		if mark < s.marks[key] {
			t.Errorf("slot %s: %s: got mark %s, want %s or newer", at, key, mark, s.marks[key])
		}
		if s.marks[key] = mark; calm && report == "check" &&
			!strings.HasPrefix(mark, at.Format("20060102T150405Z")) {
			t.Errorf("slot %s: got %s of %s, want it of the slot", at, key, mark)
		}
	}
}

// listen records the messages that were sent since the last call.
func (s *soak) listen(t *testing.T, at time.Time) {
	messages := s.slack.Messages()
	for _, m := range messages[s.heard:] {
		kind, about := s.understand(m, at)
		switch kind {
		case "":
			continue
		case "blind":
			s.blind++
			continue
		case "summary":
			s.summaries++
		}
		if len(about) == 0 {
			t.Errorf("slot %s: got a message about nothing, want one about an incident: %s %s", at,
				m.Text, m.Blocks)
		}
		says := string(m.Blocks)
		marked := strings.Contains(says, "Possible duplicate") ||
			strings.Contains(says, "This may repeat an earlier message")
		again, announced := false, true
		for _, a := range about {
			// If the record of a new alert was lost, the alert is seen late.
			if before := append(slices.Clone(s.sent[kind+" "+a]),
				s.sent[map[string]string{"late": "new "}[kind]+a]...); len(before) > 0 {
				last := before[len(before)-1]
				again = true
				// Of two runs of one slot, the run that cannot write the state does not know about
				// the other. It says so itself, or the run before it did.
				announced = announced && last.slot.Equal(at) &&
					(last.unwritten || strings.Contains(says, "may send it again"))
			}
		}
		for _, a := range about {
			s.sent[kind+" "+a] = append(s.sent[kind+" "+a], sending{
				at, strings.Contains(says, "may send it again"),
			})
		}
		if !again {
			continue
		}
		s.duplicates++
		if s.sinceFoul > 1 {
			t.Errorf("slot %s: got a message twice, %d slots after a failure, want it once: %s; "+
				"sent before: %+v", at, s.sinceFoul, m.Text, s.sent)
		}
		switch {
		case marked:
		case announced:
			s.announced++
		default:
			t.Errorf("slot %s: got an unmarked duplicate, want it marked: %s of %s; "+
				"sent before: %+v:\n%s", at, kind, about, s.sent, m.Blocks)
		}
	}
	s.heard = len(messages)
}

// understand returns what a message says and about which incidents; "" for the details of a message.
func (s *soak) understand(m slackdouble.Message, at time.Time) (kind string, about []string) {
	all := m.Text + string(m.Blocks)
	ended := true
	switch {
	case strings.Contains(m.Text, "Daily capacity"):
		return "summary", []string{at.Format(time.DateOnly)}
	case m.Thread != "" && !strings.HasPrefix(m.Text, "✅") &&
		!strings.Contains(m.Text, " also: "):
		return "", nil
	case strings.Contains(m.Text, "No data from"),
		strings.Contains(m.Text, "Only part of the data from"),
		strings.Contains(m.Text, "is back (gap: "):
		return "blind", nil
	case strings.Contains(all, "seen late"):
		kind = "late"
	case strings.HasPrefix(m.Text, "✅"):
		kind = "over"
	default:
		kind, ended = "new", false
	}
	for node, incidents := range s.fleet {
		if !strings.Contains(all, node) {
			continue
		}
		for _, in := range slices.Backward(incidents) { // the newest possible one
			if !ended && at.After(in.from) || ended && at.After(in.to) {
				about = append(about, in.name(node))
				break
			}
		}
	}
	return kind, about
}

// facts holds each message by its kind and incident, as often as it was sent.
type facts map[string][]sending

// sending is one message: its slot, and whether it said that it could not be recorded.
type sending struct {
	slot      time.Time
	unwritten bool
}

func (f facts) has(kind, about string) bool { return len(f[kind+" "+about]) > 0 }

// incidents counts the incidents with a message.
func (f facts) incidents() int {
	n := 0
	for fact := range f {
		if strings.HasPrefix(fact, "new ") ||
			strings.HasPrefix(fact, "late ") && !f.has("new", strings.TrimPrefix(fact, "late ")) {
			n++
		}
	}
	return n
}

// soakSlack is how many more goroutines and files than at the start are not a leak: the test's own
// connections come and go.
const soakSlack = 12

// open closes idle connections and counts the goroutines and open files. It fails the test if there
// are more than limit; 0 is no limit.
func (s *soak) open(t *testing.T, limit int) int {
	t.Helper()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	var n int
	for deadline := time.Now().Add(10 * time.Second); ; {
		files, _ := os.ReadDir("/proc/self/fd") // on systems that have it
		n = runtime.NumGoroutine() + len(files)
		if n <= limit || time.Now().After(deadline) || limit == 0 {
			break
		}
		runtime.Gosched()
	}
	if limit > 0 && n > limit {
		stacks := make([]byte, 64<<10)
		t.Errorf("got %d open goroutines and files, want at most %d:\n%s", n, limit,
			stacks[:runtime.Stack(stacks, true)])
	}
	return n
}
