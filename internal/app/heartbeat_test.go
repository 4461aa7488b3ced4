package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/report"
)

// calls records the paths of the requests to a server.
type calls struct {
	sync.Mutex
	paths []string
}

func (c *calls) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	c.Lock()
	defer c.Unlock()
	c.paths = append(c.paths, r.URL.Path)
}

func (c *calls) heard() []string {
	c.Lock()
	defer c.Unlock()
	return slices.Clone(c.paths)
}

// watched returns a configuration with a heartbeat, and the heartbeat's server.
func watched(t *testing.T, prom http.Handler) (*config.Config, *calls) {
	t.Helper()
	double, c := slackdouble.Start("xoxb-marked"), &calls{}
	t.Cleanup(double.Close)
	heart := httptest.NewServer(c)
	t.Cleanup(heart.Close)
	return load(t, serve(t, prom), fmt.Sprintf(`
version: 1
cluster: test
prometheus: {}
reports:
  - {name: check, range: 1h, send: changes, schedule: "*/5 * * * *", receivers: [team], panels: [{use: node-memory}], heartbeat: {url: '%s/ping'}}
receivers:
  - {name: team, slack: {channel: C0123456789, token: xoxb-marked, api_url: '%s'}}
state: {dir: '%s'}
`, heart.URL, double.APIURL(), filepath.Join(t.TempDir(), "state"))), c
}

// A run that is out of time, was told to stop, or was interrupted reports that by its heartbeat,
// although its context has ended.
func TestHeartbeatOfARunThatIsCutShort(t *testing.T) {
	t.Parallel() // it waits
	hanging := func(asked chan<- struct{}) http.Handler {
		var once sync.Once
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			once.Do(func() { close(asked) })
			<-r.Context().Done()
		})
	}
	for name, cut := range map[string]func(o *app.Options, cancel func(), asked <-chan struct{}){
		"out of time": func(o *app.Options, _ func(), _ <-chan struct{}) {
			o.Timeout = 12 * time.Second
		},
		"told to stop": func(o *app.Options, _ func(), asked <-chan struct{}) { o.Stop = asked },
		"interrupted": func(_ *app.Options, cancel func(), asked <-chan struct{}) {
			go func() { <-asked; cancel() }()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{})
			cfg, heart := watched(t, hanging(asked))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := app.Options{
				Version: "test", Slot: slot, Timeout: time.Minute, To: app.Receivers{},
				Now: time.Now,
			}
			cut(&o, cancel, asked)
			a, err := app.New(ctx, cfg, o)
			if err != nil {
				t.Fatal(err)
			}
			if r := a.Run(ctx).Results[0]; len(r.Report.Failures) == 0 || len(r.Notes) != 0 {
				t.Errorf("got failures %v, notes %q; want failures and no note", r.Report.Failures,
					r.Notes)
			}
			if heard := heart.heard(); !slices.Equal(heard, []string{"/ping/fail"}) {
				t.Errorf("got heartbeats %q, want /ping/fail", heard)
			}
		})
	}
}

// A run that delivered everything reports success.
func TestHeartbeat(t *testing.T) {
	cfg, heart := watched(t, newLab(t))
	for range 2 { // the second run has nothing to send
		if r := deliver(t, cfg, app.Options{Slot: slot}); r.Err != nil || len(r.Notes) != 0 {
			t.Errorf("got notes %q, %v; want none", r.Notes, r.Err)
		}
	}
	if heard := heart.heard(); !slices.Equal(heard, []string{"/ping", "/ping"}) {
		t.Errorf("got heartbeats %q, want two of /ping", heard)
	}
}

// lossy is a server that, once lost is set, omits the series of some hosts and warns that its
// answers are incomplete.
type lossy struct {
	http.Handler
	host string
	lost atomic.Bool
}

func (l *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !l.lost.Load() || !strings.HasSuffix(r.URL.Path, "/query_range") {
		l.Handler.ServeHTTP(w, r)
		return
	}
	r.Header.Del("Accept-Encoding")
	whole := httptest.NewRecorder()
	l.Handler.ServeHTTP(whole, r)
	var answer map[string]any
	if err := json.Unmarshal(whole.Body.Bytes(), &answer); err != nil ||
		answer["status"] != "success" {
		w.WriteHeader(whole.Code)
		_, _ = w.Write(whole.Body.Bytes())
		return
	}
	data := answer["data"].(map[string]any)
	data["result"] = slices.DeleteFunc(data["result"].([]any), func(s any) bool {
		return strings.HasPrefix(
			fmt.Sprint(s.(map[string]any)["metric"].(map[string]any)["instance"]), l.host)
	})
	answer["warnings"] = []string{"store a is down"}
	_ = json.NewEncoder(w).Encode(answer)
}

// While a store is down, no message says that its nodes lack their exporters or that anything is
// resolved. The run fails, and a message says that promsnap has incomplete data.
func TestAStoreThatIsDown(t *testing.T) {
	t.Parallel() // it waits
	prom := &lossy{Handler: newLab(t), host: "10.0.1.1"}
	double, heart := slackdouble.Start("xoxb-marked"), &calls{}
	t.Cleanup(double.Close)
	beats := httptest.NewServer(heart)
	t.Cleanup(beats.Close)
	cfg := load(t, serve(t, prom), fmt.Sprintf(`
version: 1
cluster: test
prometheus: {}
reports: [{name: check, range: 1h, send: changes, receivers: [team], heartbeat: {url: '%s/ping'}}]
receivers: [{name: team, slack: {channel: C0123456789, token: xoxb-marked, api_url: '%s'}}]
state: {dir: '%s'}
`, beats.URL, double.APIURL(), filepath.Join(t.TempDir(), "state")))
	run := func(at time.Time) (app.Result, string) {
		t.Helper()
		before := len(double.Messages())
		r := deliver(t, cfg, app.Options{Slot: at})
		var texts []string
		for _, m := range double.Messages()[before:] {
			texts = append(texts, m.Text)
		}
		return r, strings.Join(texts, "\n")
	}
	if r, _ := run(slot.Add(-15 * time.Minute)); r.Report.Partial != "" {
		t.Fatalf("got the partial answers %q, want complete ones", r.Report.Partial)
	}
	prom.lost.Store(true)
	for i, want := range []string{"", "Only part of the data from test"} {
		r, texts := run(slot.Add(time.Duration(i-2) * 5 * time.Minute))
		for _, untrue := range []string{"without node_exporter", "targets up", "resolved"} {
			if strings.Contains(texts, untrue) {
				t.Errorf("got %q, want nothing about %s, which is unknown", texts, untrue)
			}
		}
		for _, f := range r.Report.Findings {
			if f.Panel == "coverage" || f.Panel == "scrape-health" {
				t.Errorf("got the finding %q from a part of the data, want none", f.Sentence)
			}
		}
		if !strings.Contains(texts, want) {
			t.Errorf("got %q, want %q", texts, want)
		}
		if r.Report.Verdict() == report.VerdictOK ||
			!slices.Contains(r.Report.Blind, "the answers are incomplete: store a is down") {
			t.Errorf("got verdict %s, blind for %q; want that the answers are incomplete",
				r.Report.Verdict(), r.Report.Blind)
		}
	}
	prom.lost.Store(false)
	if _, texts := run(slot); !strings.Contains(texts, "Data from test is back") {
		t.Errorf("got %q, want that the data is back", texts)
	}
	if got, want := heart.heard(),
		[]string{"/ping", "/ping/fail", "/ping/fail", "/ping"}; !slices.Equal(got, want) {
		t.Errorf("got heartbeats %q, want %q", got, want)
	}
}
