package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/config"
)

// stores starts an S3 and a Parameter Store that contain a configuration.
func stores(t *testing.T, text string) *cloudtest.Server {
	t.Helper()
	s3, store := cloudtest.New(t), cloudtest.NewStore(t, map[string]string{
		"/promsnap/config": text,
	})
	s3.Write("promsnap/promsnap.yaml", []byte(text))
	for name, value := range store.Env() {
		t.Setenv(name, value)
	}
	t.Setenv("AWS_ENDPOINT_URL_S3", s3.URL)
	return s3
}

// Relative paths in a configuration from a bucket or a parameter are in the function's package. No
// directory with the name of the bucket is created.
func TestRelativePathsAreInThePackage(t *testing.T) {
	h, _, root := in(t, "http://127.0.0.1:1")
	if err := os.WriteFile(filepath.Join(root, "token"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	const text = `version: 1
cluster: prod
prometheus: {url: 'http://127.0.0.1:1', http_config: {authorization: {credentials_file: token}}}
reports: [{name: daily, range: 1h, receivers: [a]}]
receivers: [{name: a, dir: {path: out}}]
state: {dir: state}
`
	stores(t, text)
	for _, from := range []string{"ssm:/promsnap/config", "s3://reports/promsnap/promsnap.yaml"} {
		cfg, err := h.load(t.Context(), from)
		if err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		if got := cfg.Prometheus.HTTP.Client().Authorization.CredentialsFile; got != filepath.Join(
			root, "token") {
			t.Errorf("%s: got the token at %s, want it in %s", from, got, root)
		}
		if cfg.Receivers[0].To != config.Dir(filepath.Join(root, "out")) ||
			cfg.State.Dir != filepath.Join(root, "state") {
			t.Errorf("%s: got reports in %s and the state in %s, want out and state in %s", from,
				cfg.Receivers[0].To, cfg.State.Dir, root)
		}
	}
	stores(t, "version: 2")
	if _, err := h.load(t.Context(), "ssm:/promsnap/config"); err == nil ||
		!strings.HasPrefix(err.Error(), "ssm:/promsnap/config:1:") {
		t.Errorf("got the mistake in %v, want it in the parameter", err)
	}
}

// A dashboard is in the function's package, or beside the configuration in its bucket.
func TestDashboardsOfTheFunction(t *testing.T) {
	h, _, root := in(t, "http://127.0.0.1:1")
	board := func(title string) []byte {
		return fmt.Appendf(nil, `{"title": %q, "panels": [{"type": "stat", "targets":
			[{"expr": "up"}]}]}`, title)
	}
	text := `version: 1
prometheus: {url: 'http://127.0.0.1:1'}
reports:
  - {name: zip, dashboard: {file: zip.json}}
  - {name: bucket, dashboard: {file: boards/bucket.json}}
`
	if err := os.WriteFile(filepath.Join(root, "zip.json"), board("Zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	s3 := stores(t, text)
	s3.Write("promsnap/zip.json", board("Not this one"))
	s3.Write("promsnap/boards/bucket.json", board("Bucket"))
	cfg, err := h.load(t.Context(), "s3://reports/promsnap/promsnap.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"Zip", "Bucket"} {
		if got := cfg.Reports[i].Dashboard.Board.Title; got != want {
			t.Errorf("got the dashboard %q, want %q", got, want)
		}
	}
	if _, err := h.load(t.Context(), "ssm:/promsnap/config"); err == nil ||
		!strings.Contains(err.Error(), "reports[1].dashboard.file: there is no file") {
		t.Errorf("got %v, want that a parameter has no files beside it", err)
	}
	s3.Write("promsnap/boards/bucket.json", make([]byte, 17<<20))
	if _, err := h.load(t.Context(), "s3://reports/promsnap/promsnap.yaml"); err == nil ||
		!strings.Contains(err.Error(), "boards/bucket.json is larger than 16 MiB") {
		t.Errorf("got %v, want that the object is too large", err)
	}
	s3.Break(func(r *http.Request, _ int) *cloudtest.Fault {
		if strings.HasSuffix(r.URL.Path, "bucket.json") {
			return &cloudtest.Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
		}
		return nil
	})
	if _, err := h.load(t.Context(), "s3://reports/promsnap/promsnap.yaml"); !passing(err) {
		t.Errorf("got %v, want an error after which a retry may help", err)
	}
	stores(t, strings.ReplaceAll(text, "boards/bucket.json", "../../../none.json"))
	if _, err := h.load(t.Context(), "s3://reports/promsnap/promsnap.yaml"); err == nil ||
		!strings.Contains(err.Error(), "and none beside the configuration") {
		t.Errorf("got %v, want that there is no such object", err)
	}
}

// A store that does not answer does not make the configuration wrong.
func TestASlowStoreIsRetried(t *testing.T) {
	over := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-over:
		}
	}))
	t.Cleanup(func() { close(over); hung.Close() })
	stores(t, "")
	t.Setenv("AWS_ENDPOINT_URL_S3", hung.URL)
	t.Setenv("AWS_ENDPOINT_URL_SSM", hung.URL)
	h, log, _ := in(t, "http://127.0.0.1:1")
	h.loading = 50 * time.Millisecond
	for _, from := range []string{"ssm:/promsnap/config", "s3://reports/promsnap/promsnap.yaml"} {
		_, err := h.report(t.Context(), fmt.Appendf(nil, `{"config": %q}`, from))
		if err == nil || !strings.Contains(err.Error(), "no answer within 50ms") ||
			!strings.Contains(err.Error(), "worth another try") {
			t.Errorf("%s: got %v, want that a retry may help\n%s", from, err, log)
		}
	}
}

// A function's timeout that leaves no time is a mistake, and the configuration is not read then. If
// reading it took the time, a retry may help.
func TestTimeToRun(t *testing.T) {
	h, _, _ := in(t, "http://127.0.0.1:1")
	short, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Hour))
	defer cancel()
	deadline, _ := short.Deadline()
	h.now = func() time.Time { return deadline.Add(-12 * time.Second) }
	out, err := h.report(short, []byte(`{"config": "none.yaml"}`))
	if err != nil || out.Verdict != verdictRefused ||
		out.Error != "the function's timeout leaves 9s for the run; set it to a minute or more" {
		t.Errorf("got %+v, %v; want a refusal", out, err)
	}
	asked := 0
	h.now = func() time.Time { // the third call is after the configuration was read
		asked++
		return deadline.Add(-time.Minute + time.Duration(asked/3)*50*time.Second)
	}
	out, err = h.report(short, []byte(`{}`))
	if err == nil || !strings.Contains(err.Error(), "reading the configuration took 50s: the "+
		"function's timeout leaves 7s for the run (worth another try)") {
		t.Errorf("got %+v, %v; want that a retry may help", out, err)
	}
}
