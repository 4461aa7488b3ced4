package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
)

// connections counts the connections to a server that plays Prometheus, S3 and the receivers.
type connections struct {
	url    string
	change chan int // +1 of a connection that begins, -1 of one that ends
	open   int
	seen   int
}

func everybody(t *testing.T) *connections {
	t.Helper()
	c := &connections{change: make(chan int, 1000)}
	store := cloudtest.New(t)
	mux := http.NewServeMux()
	mux.Handle("/"+store.Name+"/", store)
	mux.HandleFunc("/prometheus/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/values"):
			_, _ = io.WriteString(w, `{"status":"success","data":[]}`)
		default:
			_, _ = io.WriteString(w,
				`{"status":"success","data":{"resultType":"matrix","result":[]}}`)
		}
	})
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	})
	s := httptest.NewUnstartedServer(mux)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			c.change <- 1
		case http.StateClosed, http.StateHijacked:
			c.change <- -1
		case http.StateActive, http.StateIdle:
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

// settle waits until no connection is open.
func (c *connections) settle(t *testing.T) {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case n := <-c.change:
			c.open += n
			c.seen += max(n, 0)
			continue
		default:
		}
		if c.open == 0 {
			return
		}
		select {
		case n := <-c.change:
			c.open += n
			c.seen += max(n, 0)
		case <-late:
			t.Fatalf("got %d of %d connections open, want none", c.open, c.seen)
		}
	}
}

// TestWarmRunsLeaveNoConnections checks that every invocation closes its connections. Otherwise
// they would pile up until the sandbox has no file descriptors left.
func TestWarmRunsLeaveNoConnections(t *testing.T) {
	c := everybody(t)
	h, log, root := in(t, c.url+"/prometheus")
	bucket := fmt.Sprintf("bucket: reports, region: us-east-1, endpoint: '%s', path_style: true, "+
		"access_key: %s, secret_key: %s", c.url, cloudtest.AccessKey, cloudtest.Secret)
	text := fmt.Sprintf(`version: 1
cluster: prod
prometheus: {url: '%[1]s/prometheus'}
reports: [{name: daily, range: 1h, schedule: '*/5 * * * *', send: changes, receivers: [archive, alertmanager, pushgateway, webhook, team], heartbeat: {url: '%[1]s/heartbeat'}, panels: [{name: none, query: none}]}]
receivers:
  - {name: archive, s3: {%[2]s}}
  - {name: alertmanager, alertmanager: {url: '%[1]s/alertmanager'}}
  - {name: pushgateway, pushgateway: {url: '%[1]s/pushgateway'}}
  - {name: webhook, webhook: {url: '%[1]s/webhook'}}
  - {name: team, slack_webhook: {url: '%[1]s/slack'}}
state: {s3: {%[2]s, prefix: state}}
`, c.url, bucket)
	if err := os.WriteFile(filepath.Join(root, "promsnap.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		got, err := h.report(t.Context(),
			json.RawMessage(fmt.Sprintf(`{"time": "2026-11-22T08:5%d:00Z"}`, i)))
		if err != nil || got.Verdict != verdictOK {
			t.Fatalf("got %+v and error %v, want verdict %v\n%s", got, err, verdictOK, log)
		}
		c.settle(t)
	}
	if c.seen < 9 {
		t.Errorf("got %d connections, want at least 9", c.seen)
	}
}

// Too many open files do not make the configuration wrong.
func TestTooManyFilesIsRetried(t *testing.T) {
	_, err := refuse(fmt.Errorf("reading the configuration: %w", &os.PathError{
		Op: "open", Path: "promsnap.yaml", Err: syscall.EMFILE,
	}))
	if err == nil || !strings.Contains(err.Error(), "worth another try") {
		t.Errorf("got %v, want that a retry may help", err)
	}
	if out, err := refuse(fmt.Errorf("reading the configuration: %w",
		os.ErrNotExist)); err != nil || out.Verdict != verdictRefused {
		t.Errorf("got %+v, %v; want a refusal", out, err)
	}
}
