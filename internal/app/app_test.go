package app_test

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/lab/labtest"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// TestMain runs many parallel tests at once, because they mostly wait. The flag -parallel has no
// effect.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "16")
	os.Exit(m.Run())
}

var slot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

const twoReports = `
version: 1
cluster: test
prometheus: {}
reports:
  - {name: check, range: 1h, panels: [{use: node-memory}, {use: node-cpu}]}
  - {name: daily, range: 24h, panels: [{use: pvc}]}
`

func load(t *testing.T, url, text string) *config.Config {
	t.Helper()
	cfg, err := config.Load("promsnap.yaml", []byte(text), config.Options{
		Builtin: panels.In, URL: url,
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func newLab(t *testing.T) http.Handler {
	t.Helper()
	return labtest.Handler(t, "--now="+slot.Format(time.RFC3339), "--nodes=12", "--profile=kps")
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

// hang does not answer until the client is gone. A server notices that only after it has read the
// request.
func hang(r *http.Request) {
	_ = r.ParseForm()
	<-r.Context().Done()
}

func TestRunWritesTheReportsThatWereAskedFor(t *testing.T) {
	cfg, out := load(t, serve(t, newLab(t)), twoReports), t.TempDir()
	a, err := app.New(t.Context(), cfg, app.Options{
		Version: "test", Reports: []string{"check"}, Slot: slot, Timeout: time.Minute,
		Now: time.Now, To: app.Files{Dir: out},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := a.Run(t.Context())
	if len(o.Results) != 1 || o.Failed() || o.Results[0].Report.Info.Name != "check" {
		t.Fatalf("got outcome %+v, want one report check without a failure", o)
	}
	want := filepath.Join(out, "check", "20261122T000000Z")
	if got := o.Results[0].Receipt.Location; got != filepath.Join(want, "index.html") {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, name := range []string{"index.html", "report.json", "node-memory.png", "node-cpu.png"} {
		if info, err := os.Stat(filepath.Join(want, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: got %+v and error %v, want a file that is not empty", name, info, err)
		}
	}
	if o.Worst() != rules.Critical {
		t.Errorf("got worst severity %v, want critical: a node of the lab has a leak", o.Worst())
	}
}

func TestUnknownReport(t *testing.T) {
	cfg := load(t, "http://localhost:1", twoReports)
	_, err := app.New(t.Context(), cfg, app.Options{
		Reports: []string{"weekly"}, Slot: slot, Timeout: time.Minute,
		To: app.Files{Dir: t.TempDir()},
	})
	var unknown *app.UnknownReportError
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "check, daily") {
		t.Errorf("got %v, want an UnknownReportError that lists check, daily", err)
	}
}

// After a refused login the server is not asked again for every panel.
func TestUnreachableServerIsAskedOnce(t *testing.T) {
	var queries atomic.Int64
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "query_range") {
			queries.Add(1)
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	out := t.TempDir()
	a, err := app.New(t.Context(), load(t, url, twoReports), app.Options{
		Reports: []string{"check"}, Slot: slot, Timeout: time.Minute, Now: time.Now,
		To: app.Files{Dir: out},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := a.Run(t.Context())
	if n := queries.Load(); n != 1 {
		t.Errorf("got %d queries, want 1", n)
	}
	if !o.Failed() || len(o.Results[0].Report.Failures) != 2 || o.Results[0].Err != nil {
		t.Errorf("got %+v, want two failures and no error", o.Results[0])
	}
	page, err := os.ReadFile(o.Results[0].Receipt.Location)
	if err != nil || !strings.Contains(string(page), "401") {
		t.Errorf("got the report (%v)\n%s\nwant it to contain the status 401", err, page)
	}
}

// The run is stopped while the query of the second panel hangs.
func TestStopDeliversThePanelsSoFar(t *testing.T) {
	t.Parallel() // it waits
	stop := make(chan struct{})
	inner := newLab(t)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err == nil &&
			strings.Contains(r.Form.Get("query"), "node_cpu_seconds_total") &&
			r.Form.Get("start") != r.Form.Get("end") {
			close(stop)
			hang(r)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	cfg := load(t, url, twoReports)
	cfg.Prometheus.Concurrency = 1
	a, err := app.New(t.Context(), cfg, app.Options{
		Reports: []string{"check"}, Slot: slot, Timeout: time.Minute, Now: time.Now,
		To: app.Files{Dir: t.TempDir()}, Stop: stop,
	})
	if err != nil {
		t.Fatal(err)
	}
	o := a.Run(t.Context())
	r := o.Results[0]
	if r.Err != nil || r.Report.Incomplete() == "" {
		t.Fatalf("got error %v, incomplete %q; want no error, and incomplete", r.Err,
			r.Report.Incomplete())
	}
	if p := r.Report.Panels; p[0].Failure != nil || p[1].Failure == nil ||
		p[1].Failure.Kind != snapshot.FailureStopped {
		t.Errorf("got failures %v, %v; want only the second panel stopped", p[0].Failure,
			p[1].Failure)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(r.Receipt.Location),
		"node-memory.png")); err != nil {
		t.Error(err)
	}
}

// The run has 40 seconds. A quarter of them is kept for the delivery, which is enough even on a
// slow machine.
func TestTimeoutDeliversAnIncompleteReport(t *testing.T) {
	t.Parallel() // it waits
	url := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { hang(r) }))
	a, err := app.New(t.Context(), load(t, url, twoReports), app.Options{
		Reports: []string{"daily"}, Slot: slot, Timeout: 40 * time.Second, Now: time.Now,
		To: app.Files{Dir: t.TempDir()},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := a.Run(t.Context()).Results[0]
	if r.Err != nil || !strings.Contains(r.Report.Incomplete(), "--timeout") {
		t.Errorf("got error %v, incomplete %q; want no error, and --timeout named", r.Err,
			r.Report.Incomplete())
	}
}

// A run whose context is cancelled delivers nothing and leaves no files.
func TestInterruptEndsTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		hang(r)
	}))
	out := t.TempDir()
	a, err := app.New(t.Context(), load(t, url, twoReports), app.Options{
		Slot: slot, Timeout: time.Minute, Now: time.Now, To: app.Files{Dir: out},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := a.Run(ctx)
	if !o.Failed() {
		t.Errorf("got %+v for a cancelled run, want a failure", o)
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) != 0 {
		t.Errorf("got the files %v (%v), want none", left, err)
	}
}
