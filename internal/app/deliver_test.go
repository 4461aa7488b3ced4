package app_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/panels"
)

// notified is a configuration whose report nodes is sent to the receiver team, and its Slack.
func notified(t *testing.T, report string) (*config.Config, *slackdouble.Double) {
	t.Helper()
	double := slackdouble.Start("xoxb-marked")
	t.Cleanup(double.Close)
	text := fmt.Sprintf(`
version: 1
cluster: test
prometheus: {}
reports:
  - {name: nodes, range: 1h, receivers: [team], panels: [{use: node-memory}], %s}
receivers:
  - {name: team, slack: {channel: C0123456789, token: xoxb-marked, api_url: '%s'}}
state: {dir: '%s'}
`, report, double.APIURL(), filepath.Join(t.TempDir(), "state"))
	return load(t, serve(t, newLab(t)), text), double
}

// deliver runs all reports of a configuration and returns the first result.
func deliver(t *testing.T, cfg *config.Config, o app.Options) app.Result {
	t.Helper()
	o.Version, o.Timeout, o.To, o.Now = "test", 5*time.Minute, app.Receivers{}, time.Now
	a, err := app.New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	return a.Run(t.Context()).Results[0]
}

// A run that starts late, or again, is for the time at which the report was scheduled.
func TestScheduledSlot(t *testing.T) {
	cfg, double := notified(t, `send: summary, schedule: "0 6 * * *", timezone: Asia/Seoul`)
	scheduled := time.Date(2026, 11, 21, 21, 0, 0, 0, time.UTC)
	for _, late := range []time.Duration{0, 7 * time.Minute, 90 * time.Minute} {
		r := deliver(t, cfg, app.Options{
			Slot: scheduled.Add(late), Scheduled: true,
			Command: func(report string, slot time.Time) string {
				return report + " " + slot.Format(time.RFC3339)
			},
		})
		if r.Err != nil || !r.Report.Info.Slot.Equal(scheduled) ||
			r.Report.Info.Command != "nodes 2026-11-21T21:00:00Z" {
			t.Errorf("%s late: got slot %v, command %q, error %v; want slot %v", late,
				r.Report.Info.Slot, r.Report.Info.Command, r.Err, scheduled)
		}
		if want := late == 0; want != (len(r.Sent) == 1) {
			t.Errorf("%s late: got sent %v, want one only at first", late, r.Sent)
		}
	}
	// With an explicit time the slot is that time.
	if r := deliver(t, cfg, app.Options{Slot: scheduled.Add(time.Hour)}); !r.Report.Info.Slot.Equal(
		scheduled.Add(time.Hour)) || len(r.Sent) != 1 {
		t.Errorf("got slot %v, sent %v; want the requested slot and one message",
			r.Report.Info.Slot, r.Sent)
	}
	messages := 0
	for _, m := range double.Messages() {
		if m.Thread == "" {
			messages++
		}
	}
	if messages != 2 {
		t.Errorf("got %d messages, want 2", messages)
	}
}

// Of two runs at once only one sends messages.
func TestTwoRunsAtOnce(t *testing.T) {
	cfg, double := notified(t, "send: changes")
	results := make(chan app.Result)
	for range 2 {
		go func() {
			a, err := app.New(t.Context(), cfg, app.Options{
				Slot: slot, Timeout: time.Minute, To: app.Receivers{}, Now: time.Now,
			})
			if err != nil {
				results <- app.Result{Err: err}
				return
			}
			results <- a.Run(t.Context()).Results[0]
		}()
	}
	sent := 0
	for range 2 {
		r := <-results
		if r.Err != nil {
			t.Error(r.Err)
		}
		sent += len(r.Sent)
	}
	seen := map[string]int{}
	for _, m := range double.Messages() {
		if m.Thread == "" {
			seen[m.Text]++
		}
	}
	for text, n := range seen {
		if n > 1 || strings.Contains(text, "duplicate") {
			t.Errorf("got %q %d times, want once and unmarked", text, n)
		}
	}
	if sent == 0 || len(seen) != sent {
		t.Errorf("got %d messages, want as many as were sent, %d, and at least one", len(seen),
			sent)
	}
}

// An alert whose query fails still fires: nothing is sent, and nothing is resolved.
func TestFailedQueryResolvesNothing(t *testing.T) {
	t.Parallel() // it waits
	cfg, double := notified(t, "send: changes")
	if r := deliver(t, cfg, app.Options{Slot: slot.Add(-time.Hour)}); len(r.Sent) != 1 {
		t.Fatalf("got sent %v, %v; want one", r.Sent, r.Err)
	}
	before := len(double.Messages())
	good := cfg.Prometheus.URL
	cfg.Prometheus.URL = "http://127.0.0.1:1"
	if r := deliver(t, cfg, app.Options{Slot: slot.Add(-30 * time.Minute)}); len(r.Sent) != 0 ||
		len(r.Report.Failures) != 1 {
		t.Errorf("got sent %v, failures %v; want none and one", r.Sent, r.Report.Failures)
	}
	cfg.Prometheus.URL = good
	if r := deliver(t, cfg, app.Options{Slot: slot.Add(-20 * time.Minute)}); len(r.Sent) != 0 ||
		r.Err != nil {
		t.Errorf("got sent %v, %v; want none", r.Sent, r.Err)
	}
	if got := len(double.Messages()); got != before {
		t.Errorf("got %d more messages, want none", got-before)
	}
}

// A bucket holds the archive and the state. The same slot again changes nothing there, and messages
// link to the archive.
func TestDeliverToS3(t *testing.T) {
	store, double := cloudtest.New(t), slackdouble.Start("xoxb-marked")
	t.Cleanup(double.Close)
	bucket := fmt.Sprintf("bucket: %s, endpoint: '%s', path_style: true, region: us-east-1, "+
		"access_key: AKIDEXAMPLE, secret_key: %s", store.Name, store.URL, cloudtest.Secret)
	cfg := load(t, serve(t, newLab(t)), fmt.Sprintf(`
version: 1
cluster: prod
prometheus: {}
reports:
  - {name: check, range: 1h, receivers: [team, archive], send: changes, panels: [{use: node-memory}]}
receivers:
  - {name: archive, s3: {%s, prefix: reports, public_url: 'https://reports.example.com/prod'}}
  - {name: team, slack: {channel: C0123456789, token: xoxb-marked, api_url: '%s'}}
state: {s3: {%s, prefix: state}}
`, bucket, double.APIURL(), bucket))
	first := deliver(t, cfg, app.Options{Slot: slot})
	const home = "prod/check/2026/11/22/20261122T000000Z/index.html"
	if first.Err != nil || len(first.Sent) != 2 || first.Sent[0].Receiver != "archive" ||
		first.Receipt.Location != "https://reports.example.com/prod/"+home {
		t.Fatalf("got sent %v, location %s, error %v; want two sent, the archive first, and %s",
			first.Sent, first.Receipt.Location, first.Err, "https://reports.example.com/prod/"+home)
	}
	for _, key := range []string{
		"reports/" + home, "reports/prod/check/latest/report.json", "state/prod/check.json",
	} {
		if !slices.Contains(store.Keys(), key) {
			t.Errorf("got keys %v, want %s among them", store.Keys(), key)
		}
	}
	var blocks string
	for _, m := range double.Messages() {
		blocks += string(m.Blocks)
	}
	if !strings.Contains(blocks, first.Receipt.Location) {
		t.Errorf("got messages without a link to the report, want %s in\n%s",
			first.Receipt.Location, blocks)
	}
	page := store.Object("reports/" + home).ETag
	again := deliver(t, cfg, app.Options{Slot: slot})
	if again.Err != nil || len(again.Sent) != 1 || store.Object("reports/"+home).ETag != page {
		t.Errorf("again: got sent %v, %v; want only the archive, unchanged", again.Sent, again.Err)
	}
	if strings.Contains(string(store.Object("state/prod/check.json").Body), cloudtest.Secret) {
		t.Errorf("got state %s, want it without the secret key",
			store.Object("state/prod/check.json").Body)
	}
	// If the bucket refuses, messages are sent anyway, and say that they may be repetitions.
	store.Break(func(*http.Request, int) *cloudtest.Fault {
		return &cloudtest.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
	})
	before := len(double.Messages())
	lost := deliver(t, cfg, app.Options{Slot: slot.Add(5 * time.Minute)})
	if lost.Err == nil || !strings.Contains(lost.Err.Error(), "AccessDenied") ||
		strings.Contains(lost.Err.Error(), cloudtest.Secret) {
		t.Errorf("got error %v, want AccessDenied without the secret", lost.Err)
	}
	after := double.Messages()
	if len(after) == before || !strings.Contains(string(after[before].Blocks), "AccessDenied") {
		t.Errorf("got %d more messages, the first is %s; want one that names AccessDenied",
			len(after)-before, after[min(before, len(after)-1)].Blocks)
	}
}

// If a message cannot be recorded, it is sent unmarked and says that the next run may send it
// again. The message that repeats it is marked.
func TestAfterAnOutageOfTheStoreTheRepetitionIsMarked(t *testing.T) {
	for name, schedule := range map[string]string{
		"with a schedule": `schedule: "*/5 * * * *", `, "without": "",
	} {
		t.Run(name, func(t *testing.T) {
			store, double := cloudtest.New(t), slackdouble.Start("xoxb-marked")
			t.Cleanup(double.Close)
			cfg := load(t, serve(t, newLab(t)), fmt.Sprintf(`
version: 1
cluster: prod
prometheus: {}
reports:
  - {name: check, %srange: 1h, receivers: [team], send: changes, panels: [{use: node-memory, rules: [{alertname: NodeMemoryHigh, above: {critical: 0.9}, for: 15m}]}]}
receivers:
  - {name: team, slack: {channel: C0123456789, token: xoxb-marked, api_url: '%s'}}
state: {s3: {bucket: %s, endpoint: '%s', path_style: true, region: us-east-1, access_key: AKIDEXAMPLE, secret_key: %s, prefix: state}}
`, schedule, double.APIURL(), store.Name, store.URL, cloudtest.Secret))
			fires := slot.Add(-6*time.Hour + 10*time.Minute)
			for n := range 4 {
				if r := deliver(t, cfg,
					app.Options{
						Slot: fires.Add(time.Duration(n-4) * 5 * time.Minute),
					}); r.Err != nil || len(r.Sent) != 0 {
					t.Fatalf("got sent %v, %v; want none", r.Sent, r.Err)
				}
			}
			said := func(slot time.Time, fails bool) string {
				t.Helper()
				before := len(double.Messages())
				r := deliver(t, cfg, app.Options{Slot: slot})
				if fails != (r.Err != nil) {
					t.Errorf("got error %v, want one: %v", r.Err, fails)
				}
				var all strings.Builder
				for _, m := range double.Messages()[before:] {
					all.Write(m.Blocks)
				}
				return all.String()
			}
			store.Break(func(r *http.Request, _ int) *cloudtest.Fault {
				if r.Method != http.MethodPut {
					return nil
				}
				return &cloudtest.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
			})
			if got := said(fires, true); got == "" || strings.Contains(got, "Possible duplicate") ||
				strings.Contains(got, "This may repeat an earlier message") ||
				!strings.Contains(got, "the next run may send it again") {
				t.Errorf("got the first message %s, want it unmarked, with the next run named", got)
			}
			store.Break(nil)
			if got := said(fires.Add(5*time.Minute), false); !strings.Contains(got,
				"Possible duplicate") || strings.Contains(got, "may send it again") {
				t.Errorf("got the repetition %s, want it marked", got)
			}
			if got := said(fires.Add(10*time.Minute), false); got != "" {
				t.Errorf("got a third message %s, want none", got)
			}
		})
	}
}

// If the owners of pods are unknown, firing alerts are sent, nothing is resolved, and a note says
// why.
func TestOwnersUnknown(t *testing.T) {
	t.Parallel() // it waits
	cfg, _ := notified(t, "send: changes")
	inner := newLab(t)
	cfg.Prometheus.URL = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err == nil &&
			strings.Contains(r.Form.Get("query"), "kube_pod_owner") {
			http.Error(w, "out of order", http.StatusBadRequest)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	cfg.Reports[0].Panels = panels.In(cfg.Reports[0].Language)
	r := deliver(t, cfg, app.Options{Slot: slot})
	if r.Err != nil || len(r.Sent) == 0 || len(r.Notes) != 1 ||
		!strings.Contains(r.Notes[0], "kube_pod_owner") {
		t.Errorf("got sent %d, notes %q, %v; want a note about kube_pod_owner", len(r.Sent),
			r.Notes, r.Err)
	}
	pods := 0
	for _, s := range r.Sent {
		for _, i := range s.Message.Items {
			if i.Alert.Identity["workload"] != "" {
				pods++
			}
		}
	}
	if pods == 0 {
		t.Error("got no message about a pod, want at least one")
	}
}

// claim gives the report to another run until a time.
func claim(t *testing.T, cfg *config.Config, until time.Time) {
	t.Helper()
	claimed := fmt.Sprintf(`{"schema":1,"cluster":"test","report":"nodes","run":"another","serial":1,"memory":{},
		"ledger":{"claim":{"slot":"2026-11-21T19:10:00Z","run":"another","until":%q}}}`,
		until.UTC().Format(time.RFC3339Nano))
	file := filepath.Join(cfg.State.Dir, "test", "nodes.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(claimed), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A summary waits for the end of a claim if its own run lasts longer. The other run may be dead,
// and its Job may not retry again: the summary would be missing for a day.
func TestASummaryOutwaitsAClaim(t *testing.T) {
	t.Parallel() // it waits
	cfg, double := notified(t, "send: summary")
	until := time.Now().Add(2 * time.Second)
	claim(t, cfg, until)
	r := deliver(t, cfg, app.Options{Slot: slot})
	if r.Err != nil || r.ClaimedBy != nil || len(r.Sent) != 1 || time.Now().Before(until) {
		t.Errorf("got a claim of %v, sent %v, %v; want the summary after the claim", r.ClaimedBy,
			r.Sent, r.Err)
	}
	if got := double.Messages(); len(got) == 0 || got[0].Thread != "" {
		t.Errorf("got %+v in the channel, want the summary", got)
	}
}

// A run that is told to stop does not wait for another run.
func TestAStoppedSummaryDoesNotWait(t *testing.T) {
	cfg, double := notified(t, "send: summary")
	claim(t, cfg, time.Now().Add(time.Minute))
	stop, began := make(chan struct{}), time.Now()
	close(stop)
	if r := deliver(t, cfg, app.Options{Slot: slot, Stop: stop}); r.ClaimedBy == nil ||
		r.Err == nil || len(double.Messages()) != 0 || time.Since(began) > 30*time.Second {
		t.Errorf("got a claim of %v after %s, %d messages, %v; want an error at once", r.ClaimedBy,
			time.Since(began), len(double.Messages()), r.Err)
	}
}

// Filling the thread of one report does not delay the message of another.
func TestThreadsComeAfterAllMessages(t *testing.T) {
	t.Parallel() // it waits
	cfg, double := notified(t, "send: summary")
	second := cfg.Reports[0]
	second.Name = "second"
	cfg.Reports = append(cfg.Reports, second)
	if r := deliver(t, cfg, app.Options{Slot: slot}); r.Err != nil {
		t.Fatal(r.Err)
	}
	sent, threads := 0, 0
	for _, m := range double.Messages() {
		switch {
		case m.Thread != "":
			threads++
		case threads > 0:
			t.Errorf("got %q after a thread was filled, want all messages before", m.Text)
		default:
			sent++
		}
	}
	if sent != 2 || threads < 2 {
		t.Errorf("got %d messages and %d replies, want 2 and more", sent, threads)
	}
}

// A summary also waits for a run whose deadline is later than its own: most runs end long before
// their deadline.
func TestASummaryWaitsForARunThatEndsLater(t *testing.T) {
	t.Parallel() // it waits
	store, double := cloudtest.New(t), slackdouble.Start("xoxb-marked")
	t.Cleanup(double.Close)
	const doc = "state/prod/daily.json"
	claimed := fmt.Sprintf(`{"schema":1,"cluster":"prod","report":"daily","run":"another","serial":1,"memory":{},
		"ledger":{"claim":{"slot":"2026-11-22T00:00:00Z","run":"another","until":%q}}}`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	store.Write(doc, []byte(claimed))
	var polls atomic.Int32
	front := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, doc) && polls.Add(1) == 2 {
			// the other run is done
			store.Write(doc,
				[]byte(
					`{"schema":1,"cluster":"prod","report":"daily","run":"another","serial":2,"memory":{},"ledger":{}}`))
		}
		store.ServeHTTP(w, r)
	}))
	cfg := load(t, serve(t, newLab(t)), fmt.Sprintf(`
version: 1
cluster: prod
prometheus: {}
reports:
  - {name: daily, range: 1h, receivers: [team], send: summary, panels: [{use: node-memory}]}
receivers:
  - {name: team, slack: {channel: C0123456789, token: xoxb-marked, api_url: '%s'}}
state: {s3: {bucket: %s, endpoint: '%s', path_style: true, region: us-east-1, access_key: AKIDEXAMPLE, secret_key: %s, prefix: state}}
`, double.APIURL(), store.Name, front, cloudtest.Secret))
	r := deliver(t, cfg, app.Options{Slot: slot})
	if r.Err != nil || r.ClaimedBy != nil || len(r.Sent) != 1 || polls.Load() < 2 {
		t.Errorf("after %d polls: got a claim of %v, sent %v, %v; want the summary", polls.Load(),
			r.ClaimedBy, r.Sent, r.Err)
	}
}

// A check that is left to another run is no failure: the next check sends what it did not. A
// summary would be missing for a day.
func TestAClaimOfAnotherRun(t *testing.T) {
	t.Parallel() // it waits
	for send, fails := range map[string]bool{"changes": false, "summary": true} {
		t.Run(send, func(t *testing.T) {
			t.Parallel()
			cfg, double := notified(t, "send: "+send)
			claim(t, cfg, time.Now().Add(time.Hour))
			a, err := app.New(t.Context(), cfg, app.Options{
				Slot: slot, Timeout: 8 * time.Second, To: app.Receivers{}, Now: time.Now,
			})
			if err != nil {
				t.Fatal(err)
			}
			r := a.Run(t.Context()).Results[0]
			if r.ClaimedBy == nil || r.ClaimedBy.Run != "another" || len(double.Messages()) != 0 {
				t.Errorf("got a claim of %v, %d messages; want that of another, and none",
					r.ClaimedBy, len(double.Messages()))
			}
			if fails != (r.Err != nil) {
				t.Errorf("got error %v, want one: %v", r.Err, fails)
			}
		})
	}
}
