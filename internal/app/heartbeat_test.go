package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// calls are the paths that a server was asked for.
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

// watched is a configuration with a heartbeat, over a Prometheus.
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

// A run that is out of time, was told to stop, or was interrupted says so by its heartbeat, although its context is over.
func TestHeartbeatOfARunThatIsCutShort(t *testing.T) {
	hanging := func(asked chan<- struct{}) http.Handler {
		var once sync.Once
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			once.Do(func() { close(asked) })
			<-r.Context().Done()
		})
	}
	for name, cut := range map[string]func(o *app.Options, cancel func(), asked <-chan struct{}){
		"out of time":  func(o *app.Options, _ func(), _ <-chan struct{}) { o.Timeout = 12 * time.Second },
		"told to stop": func(o *app.Options, _ func(), asked <-chan struct{}) { o.Stop = asked },
		"interrupted":  func(_ *app.Options, cancel func(), asked <-chan struct{}) { go func() { <-asked; cancel() }() },
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan struct{})
			cfg, heart := watched(t, hanging(asked))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := app.Options{Version: "test", Slot: slot, Timeout: time.Minute, Mode: app.Deliver, Now: time.Now}
			cut(&o, cancel, asked)
			a, err := app.New(ctx, cfg, o)
			if err != nil {
				t.Fatal(err)
			}
			if r := a.Run(ctx).Results[0]; len(r.Report.Failures) == 0 || len(r.Notes) != 0 {
				t.Errorf("failures %v, notes %q", r.Report.Failures, r.Notes)
			}
			if heard := heart.heard(); !slices.Equal(heard, []string{"/ping/fail"}) {
				t.Errorf("the heartbeat heard %q", heard)
			}
		})
	}
}

// A run that has delivered everything says that all is well.
func TestHeartbeat(t *testing.T) {
	cfg, heart := watched(t, newLab(t))
	for range 2 { // the second time there is nothing new to tell
		if r := deliver(t, cfg, app.Options{Slot: slot}); r.Err != nil || len(r.Notes) != 0 {
			t.Errorf("notes %q, %v", r.Notes, r.Err)
		}
	}
	if heard := heart.heard(); !slices.Equal(heard, []string{"/ping", "/ping"}) {
		t.Errorf("heard %q", heard)
	}
}
