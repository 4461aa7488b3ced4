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
		"checks of the soak; make acceptance makes a week of 2,000")
	soakSeed = flag.Uint64("soak-seed", 1, "what chance makes of the soak")
)

const (
	soakEvery   = 5 * time.Minute
	soakTimeout = 12 * time.Second // of a run; a hang takes its share of it
	// the rule's for, and the newest sample is of a minute before the slot
	soakToldWithin = 4 * time.Minute
	soakOverWithin = 12 * time.Minute // keep_firing_for, and some
	soakMaxState   = 64 << 10         // bytes of a document
	soakTells      = 300              // slots that meet every kind of fault
	soakKeeps      = 24 * time.Hour   // what the bucket's lifecycle leaves of the archive
)

// TestSoak lives through a week of checks, with a summary a day, while Prometheus, S3 and Slack
// fail by chance, one by one and together, each run being a new App, as a CronJob's is. After each
// slot at which nothing failed, everything that had to be told by then is told, and what was told
// twice was told by a run after a failure, and said so, unless the run before it was of the same
// slot, could not write down what it told, and said that; latest/ never went back; and at the end
// nothing is left open.
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
	t.Logf("%d slots, %d with failures: %d runs, %d with an error, %d stood back; %d incidents, "+
		"%d messages, %d duplicates, %d announced by the one before of their slot, all others "+
		"marked; %d times blind, %d summaries; "+
		"faults met: Prometheus %d, S3 %d, Slack %d; state at most %d bytes; %d goroutines and "+
		"files at the begin, %d at the end",
		*soakSlots, s.foul, s.runs, s.failed, s.stoodBack, s.told.incidents(), s.heard,
		s.duplicates, s.announced, s.blind, s.summaries,
		s.weather.met[overPrometheus], s.weather.met[overS3], s.slackFaults, s.largest, s.atFirst,
		left)
	if *soakSlots >= soakTells && (s.foul < *soakSlots/10 || s.weather.met[overPrometheus] == 0 ||
		s.weather.met[overS3] == 0 || s.slackFaults == 0 || len(s.told) == 0) {
		t.Error("this has tried too little")
	}
	if refused := s.slack.Refused(); len(refused) > 0 {
		t.Errorf("Slack refused %q", refused)
	}
}

// soak is a fleet, those who watch it, and what they were told.
type soak struct {
	random  *rand.Rand
	begin   time.Time
	fleet   fleet
	weather *weather
	fronts  []*httptest.Server // whose connections end with each run, as a process' do
	store   *cloudtest.Server
	slack   *slackdouble.Double
	cfg     *config.Config

	summary time.Time // that is due; zero: none
	heard   int
	told    facts
	marks   map[string]string // of latest/, by key

	foul, runs, failed, stoodBack, duplicates, announced, blind, summaries int
	slackFaults, largest, atFirst                                          int
	// slots since S3 or Slack last failed
	sinceFoul int
}

func newSoak(t *testing.T) *soak {
	s := &soak{
		random: rand.New(rand.NewPCG(*soakSeed, 7)), begin: time.Date(2025, 11, 3, 8, 0, 0, 0,
			time.UTC), store: cloudtest.New(t),
		slack: slackdouble.Start("xoxb-soak"), told: facts{}, marks: map[string]string{},
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

// slot is one check, sometimes by two runs at once or with one that is late, and the summary where
// it is due, with whatever fails at it.
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
	s.sinceFoul++
	if slackFails || s.weather.fails(overS3) {
		s.sinceFoul = 0
	}
	if at.Hour() == 9 && at.Minute() == 0 {
		s.summary = at
	}
	results := s.runSummary(t)
	switch s.random.IntN(12) {
	case 0: // two at once
		second := make(chan app.Result, 1)
		go func() { second <- s.run(t, "check", at) }()
		results = append(results, s.run(t, "check", at), <-second)
	case 1: // and the one before again, late
		results = append(results, s.run(t, "check", at), s.run(t, "check", at.Add(-soakEvery)))
	default:
		results = append(results, s.run(t, "check", at))
	}
	s.listen(t, at)
	if t.Failed() {
		for _, r := range results { // what the runs of the slot say themselves
			t.Logf("slot %s: a run ended: stood back %+v, notes %q, error: %v", at, r.ClaimedBy,
				r.Notes, r.Err)
		}
	}
	calm = calm && !slackFails
	for _, r := range results {
		s.runs++
		if r.ClaimedBy != nil {
			s.stoodBack++
		}
		if r.Err != nil {
			s.failed++
		}
		if calm && (r.Err != nil || len(r.Notes) > 0) {
			t.Errorf("slot %s: nothing failed, and yet: %v, %q", at, r.Err, r.Notes)
		}
	}
	s.after(t, at, calm)
	s.slack.Mend()
	for _, f := range s.fronts {
		f.CloseClientConnections()
	}
}

// runSummary makes the summary that is due, as often as its Job would: until a run says that it is
// told.
func (s *soak) runSummary(t *testing.T) []app.Result {
	if s.summary.IsZero() {
		return nil
	}
	r := s.run(t, "daily", s.summary)
	s.listen(t, s.summary)
	if r.Err == nil {
		if !s.told.has("summary", s.summary.Format(time.DateOnly)) {
			t.Errorf("the summary of %s is said to be told, and is not", s.summary)
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

// failSlack makes calls of Slack go wrong until it is mended.
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
			f = slackdouble.Fault{Drop: true} // to an upload every 200 says that it is there
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

// after asserts what holds after a slot, the more where nothing failed at it, and lets five minutes
// pass for the claims.
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
			t.Fatalf("slot %s: the state of %s has %d bytes, %v", at, report, len(body), err)
		}
		if doc.Ledger.Claim == nil {
			continue
		}
		if calm && report == "check" {
			t.Errorf("slot %s: the claim was not given back", at)
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
		t.Errorf("slot %s: the summary is not told", at)
	}
	for node, incidents := range s.fleet {
		for _, in := range incidents {
			name := in.name(node)
			late := s.told.has("late", name)
			if at.Sub(in.from) >= soakToldWithin && !late && !s.told.has("new", name) {
				t.Errorf("slot %s: %s was not told", at, name)
			}
			if at.Sub(in.to) >= soakOverWithin && !late && !s.told.has("over", name) {
				t.Errorf("slot %s: the end of %s was not told", at, name)
			}
		}
	}
}

// checkLatest asserts that what lies at latest/ is never older than what lay there, and of this
// slot where nothing failed.
func (s *soak) checkLatest(t *testing.T, report string, at time.Time, calm bool) {
	for _, name := range []string{"index.html", "report.json", "memory.png"} {
		key := "archive/prod/" + report + "/latest/" + name
		mark := s.store.Object(key).Header.Get("X-Amz-Meta-Promsnap-Mark")
		if mark < s.marks[key] {
			t.Errorf("slot %s: %s went back from %s to %s", at, key, s.marks[key], mark)
		}
		if s.marks[key] = mark; calm && report == "check" &&
			!strings.HasPrefix(mark, at.Format("20060102T150405Z")) {
			t.Errorf("slot %s: %s is of %s", at, key, mark)
		}
	}
}

// listen takes down what people were told since it was called last.
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
			t.Errorf("slot %s: a message about nothing: %s %s", at, m.Text, m.Blocks)
		}
		says := string(m.Blocks)
		marked := strings.Contains(says, "Possible duplicate") ||
			strings.Contains(says, "This may repeat an earlier message")
		again, announced := false, true
		for _, a := range about {
			// What was told as new, where the record of that was lost, is seen late.
			if before := append(slices.Clone(s.told[kind+" "+a]),
				s.told[map[string]string{"late": "new "}[kind]+a]...); len(before) > 0 {
				last := before[len(before)-1]
				again = true
				// Of two runs of one slot, the one that cannot write the state knows nothing of the
				// other: it says so itself, or the one before it did.
				announced = announced && last.slot.Equal(at) &&
					(last.unwritten || strings.Contains(says, "may send it again"))
			}
		}
		for _, a := range about {
			s.told[kind+" "+a] = append(s.told[kind+" "+a], telling{
				at, strings.Contains(says, "may send it again"),
			})
		}
		if !again {
			continue
		}
		s.duplicates++
		if s.sinceFoul > 1 {
			t.Errorf("slot %s: told twice, %d slots after a failure: %s", at, s.sinceFoul, m.Text)
		}
		switch {
		case marked:
		case announced:
			s.announced++
		default:
			t.Errorf("slot %s: %s of %s is a duplicate, and not marked; told before: %+v:\n%s", at,
				kind, about, s.told, m.Blocks)
		}
	}
	s.heard = len(messages)
}

// understand says what a message tells, and of which incidents; nothing of what fills its thread.
func (s *soak) understand(m slackdouble.Message, at time.Time) (kind string, about []string) {
	all := m.Text + string(m.Blocks)
	ended := true
	switch {
	case strings.Contains(m.Text, "Daily capacity"):
		return "summary", []string{at.Format(time.DateOnly)}
	case m.Thread != "" && !strings.HasPrefix(m.Text, "✅"):
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
		for _, in := range slices.Backward(incidents) { // the last that it can be about
			if !ended && at.After(in.from) || ended && at.After(in.to) {
				about = append(about, in.name(node))
				break
			}
		}
	}
	return kind, about
}

// facts are what people were told, each as often as it was.
type facts map[string][]telling

// telling is one time that people were told something: at which slot, and whether it said that it
// could not be written down.
type telling struct {
	slot      time.Time
	unwritten bool
}

func (f facts) has(kind, about string) bool { return len(f[kind+" "+about]) > 0 }

// incidents counts those of which something was told.
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

// soakSlack is how many goroutines and files more than at the begin are no leak: the test's own
// connections come and go.
const soakSlack = 12

// open counts the goroutines and the files that are open once idle connections are closed, and
// asserts that they are no more than most; 0 is no bound.
func (s *soak) open(t *testing.T, most int) int {
	t.Helper()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	var n int
	for deadline := time.Now().Add(10 * time.Second); ; {
		files, _ := os.ReadDir("/proc/self/fd") // where there is one
		n = runtime.NumGoroutine() + len(files)
		if n <= most || time.Now().After(deadline) || most == 0 {
			break
		}
		runtime.Gosched()
	}
	if most > 0 && n > most {
		stacks := make([]byte, 64<<10)
		t.Errorf("%d goroutines and files are open, more than %d:\n%s", n, most,
			stacks[:runtime.Stack(stacks, true)])
	}
	return n
}
