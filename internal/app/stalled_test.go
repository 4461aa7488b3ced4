//go:build unix

package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// silentFile returns a file that never answers: a pipe whose writer writes nothing.
func silentFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "silent")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close() })
	return path
}

// A file that does not answer while the parts are opened does not stop messages. If it is for
// Prometheus, they say that nothing can be seen. If it is for a receiver, the other receivers get
// theirs.
func TestAFileThatDoesNotAnswer(t *testing.T) {
	silent := silentFile(t)
	authority := fmt.Sprintf("http_config: {tls_config: {ca_file: %q}}", silent)
	for name, where := range map[string]struct{ prometheus, receiver string }{
		"Prometheus": {authority, ""},
		"receiver":   {"", ", " + authority},
	} {
		t.Run(name, func(t *testing.T) {
			double := slackdouble.Start("xoxb-marked")
			t.Cleanup(double.Close)
			alertmanager := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			cfg := load(t, serve(t, newLab(t)), fmt.Sprintf(`
version: 1
cluster: test
prometheus: {%s}
reports:
  - {name: nodes, range: 1h, send: changes, schedule: "*/5 * * * *", receivers: [alerts, team], panels: [{use: node-memory}]}
receivers:
  - {name: team, slack: {channel: C0123456789, token: xoxb-marked, api_url: '%s'}}
  - {name: alerts, alertmanager: {url: '%s'%s}}
state: {dir: '%s'}
`, where.prometheus, double.APIURL(), alertmanager, where.receiver,
				filepath.Join(t.TempDir(), "state")))
			for _, at := range []time.Time{slot.Add(-5 * time.Minute), slot} {
				short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				o := app.Options{
					Version: "test", Slot: at, Timeout: 5 * time.Minute, To: app.Receivers{},
					Now: time.Now,
				}
				a, err := app.New(short, cfg, o)
				if err != nil {
					t.Fatal(err)
				}
				r := a.Run(t.Context()).Results[0]
				said := fmt.Sprint(r.Err)
				for _, f := range r.Report.Failures {
					said += f.Error
				}
				if want := silent + " does not answer"; !strings.Contains(said, want) {
					t.Errorf("got %q, want %q", said, want)
				}
				o.To = app.Files{Dir: t.TempDir()}
				over, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				if _, err := app.New(over, cfg, o); (err != nil) != (where.prometheus != "") {
					t.Errorf("writing files: got %v, want an error only for Prometheus", err)
				}
			}
			if len(double.Messages()) == 0 {
				t.Error("got no message, want at least one")
			}
		})
	}
}
