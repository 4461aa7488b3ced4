//go:build acceptance

package acceptance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// sweep runs cases in parallel, because they mostly wait.
type sweep struct {
	fleet, slack string // addresses of servers without faults
	places       chan struct{}
	running      sync.WaitGroup
	runs         atomic.Int32
}

// sweepSlot is a slot at which node ip-10-0-1-11 of the sweep's fleet is above its limit.
var sweepSlot = time.Date(2026, 11, 9, 6, 0, 0, 0, time.UTC)

func newSweep(t *testing.T) *sweep {
	nodes := fleet{"ip-10-0-1-11": {{sweepSlot.Add(-30 * time.Minute), sweepSlot}}}
	double := slackdouble.Start("xoxb-well")
	t.Cleanup(double.Close)
	return &sweep{fleet: serve(t, nodes), slack: double.APIURL(), places: make(chan struct{}, 6)}
}

// wait waits for all cases.
func (s *sweep) wait(t *testing.T) {
	s.running.Wait()
	if n := s.runs.Load(); n < 900 {
		t.Errorf("%d runs, want 900 or more", n)
	}
	t.Logf("%d runs", s.runs.Load())
}

// sweepConfig holds the parts of a configuration that a case may replace.
type sweepConfig struct {
	prometheus string // the content of its section
	receiver   string // the receiver for people
	mirror     string // a receiver for programs
	state      string
	report     string // more of its keys
}

// try runs one configuration with every command that the case concerns.
func (s *sweep) try(t *testing.T, name string, c sweepConfig) {
	t.Helper()
	dir := t.TempDir()
	receivers := "team"
	mirror := ""
	if c.mirror != "" {
		receivers, mirror = "team, program", "\n  - {name: program, "+c.mirror+"}"
	}
	text := fmt.Sprintf(`version: 1
cluster: prod-seoul
prometheus: {%s}
reports:
  - name: check
    range: 1h
    schedule: "*/5 * * * *"
    send: changes
    receivers: [%s, archive]
    %s
    panels: [{name: memory, subject: memory, query: %s, unit: percentunit, legend: '{{node}}', step: 1m, rules: [{alertname: NodeMemoryHigh, above: {critical: 90%%}, for: 3m}]}]
receivers:
  - {name: team, %s}
  - {name: archive, dir: {path: archive}}%s
state: {%s}
`, cmp.Or(c.prometheus, "url: '"+s.fleet+"'"), receivers, c.report, fleetQuery,
		cmp.Or(c.receiver, "slack: {channel: C0123456789, token: xoxb-well, api_url: '"+s.slack+
			"'}"), mirror, cmp.Or(c.state, "dir: state"))
	for file, body := range map[string]string{
		"config/promsnap.yaml": text, "config/secret": marked + "\n",
	} {
		path := filepath.Join(dir, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755),
			os.WriteFile(path, []byte(body), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s.running.Go(func() {
		s.places <- struct{}{}
		defer func() { <-s.places }()
		for _, args := range c.commands() {
			if !s.look(t, name, dir, args) {
				return
			}
		}
	})
}

// commands returns the commands that the case concerns.
func (c sweepConfig) commands() [][]string {
	const file = "config/promsnap.yaml"
	at := []string{"-c", file, "--time", sweepSlot.Format(time.RFC3339), "--timeout", "9s"}
	run := func(args ...string) []string { return append(append([]string{"run"}, args...), at...) }
	out := [][]string{run("--deliver", "--log-format", "json")}
	switch {
	case c.prometheus != "":
		return append(out, run("-o", "json", "--log-format", "text"), run("--dry-run"),
			[]string{"check-config", file})
	case c.receiver != "":
		out = append(out, []string{"slack", "test", "team", "-c", file})
	case c.mirror != "":
		out = append(out, []string{"deliver", "--test", "program", "-c", file})
	case c.state != "":
		out = append(out, []string{"silence", "list", "-c", file})
	}
	return append(out, run("--dry-run"), run("--deliver", "-o", "json", "--log-format", "text"),
		[]string{"state", "show", "check", "-c", file})
}

// look runs promsnap once and looks for the secret in its output and in all files except the
// configuration. It reports whether none shows it.
func (s *sweep) look(t *testing.T, name, dir string, args []string) (clean bool) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Error(err)
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = []string{"HOME=" + dir, "MARKED=" + marked, "AWS_EC2_METADATA_DISABLED=true"}
	_ = cmd.Run() // most of these fail
	s.runs.Add(1)
	if code := cmd.ProcessState.ExitCode(); code < 0 || code > 3 ||
		strings.Contains(stderr.String(), "goroutine ") {
		t.Errorf("%s: promsnap %s: exit code %d, want 0 to 3 and no panic\n%s", name,
			strings.Join(args, " "), code,
			tail(stderr.String(), 2000))
	}
	clean = true
	o := outcome{dir: dir, stdout: stdout.String(), stderr: stderr.String()}
	for where, text := range o.everything(t) {
		if strings.HasPrefix(where, "config/") {
			continue
		}
		for _, trace := range traces() {
			if i := strings.Index(text, trace); i >= 0 {
				clean = false
				t.Errorf("%s: promsnap %s: %s shows the secret, want it hidden: …%s…", name,
					strings.Join(args[:2], " "), where, text[max(0, i-200):min(len(text), i+60)])
				break
			}
		}
	}
	return clean
}

// logins are ways to log in with http_config, each with the secret from another source.
func logins() map[string]string {
	return map[string]string{
		"basic_auth":    "basic_auth: {username: me, password_file: secret}",
		"authorization": "authorization: {type: Token, credentials_env: MARKED}",
		"http_headers":  "http_headers: {X-Scope-Key: {secrets: ['" + marked + "']}}",
	}
}

// prometheus breaks what is queried first.
func (s *sweep) prometheus(t *testing.T) {
	for login, http := range logins() {
		for _, p := range append(parrots(), prometheusParrots()...) {
			s.try(t, "prometheus "+login+" "+p.name, sweepConfig{
				prometheus: fmt.Sprintf("url: '%s', http_config: {%s}", serve(t, p), http),
			})
		}
	}
	for _, p := range parrots() {
		address := serve(t, p)
		s.try(t, "oauth2 "+p.name, sweepConfig{prometheus: fmt.Sprintf(
			"url: '%s', http_config: {oauth2: {client_id: me, client_secret: '%s', token_url: "+
				"'%s/token', endpoint_params: {key: '%s'}}}", s.fleet, marked, address, marked)})
		s.try(t, "proxy "+p.name, sweepConfig{prometheus: fmt.Sprintf(
			"url: 'http://prometheus.invalid', http_config: {proxy_url: 'http://me:%s@%s'}",
			url.QueryEscape(marked), strings.TrimPrefix(address, "http://"))})
	}
	userinfo := strings.Replace(s.fleet, "http://", "http://me:"+url.QueryEscape(marked)+"@", 1)
	s.try(t, "userinfo", sweepConfig{prometheus: "url: '" + userinfo + "'"})
	dir := t.TempDir()
	for _, p := range append(parrots(), prometheusParrots()...) {
		address := strings.Replace(serve(t, p), "http://", "http://me:"+url.QueryEscape(marked)+"@",
			1)
		s.look(t, "userinfo of --prometheus-url "+p.name, dir, []string{
			"run", "--prometheus-url=" + address, "--log-format", "json", "--time",
			sweepSlot.Format(time.RFC3339), "--timeout", "5s",
		})
	}
}

// people breaks the receivers for people.
func (s *sweep) people(t *testing.T) {
	for _, p := range append(parrots(), slackParrots()...) {
		address := serve(t, p)
		s.try(t, "slack "+p.name, sweepConfig{
			receiver: "slack: {channel: C0123456789, token: '" + marked + "', api_url: '" +
				address + "'}",
		})
		s.try(t, "slack_webhook "+p.name, sweepConfig{
			receiver: "slack_webhook: {url: '" + address + "/services/" + url.PathEscape(marked) +
				"'}",
		})
	}
	for _, method := range []string{
		"files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info",
	} {
		for _, p := range append(parrots(), slackParrots()...) {
			double := slackdouble.Start(marked)
			t.Cleanup(double.Close)
			address := "" // of the parrot for one method, and else the double
			address = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, method) {
					p.ServeHTTP(w, r)
					return
				}
				answer := httptest.NewRecorder()
				double.ServeHTTP(answer, r)
				_, _ = w.Write(bytes.ReplaceAll(answer.Body.Bytes(),
					[]byte(strings.TrimSuffix(double.APIURL(), "/api/")), []byte(address)))
			}))
			s.try(t, method+" "+p.name, sweepConfig{
				receiver: "slack: {channel: C0123456789, token: '" + marked + "', api_url: '" +
					address + "/api/'}",
			})
		}
	}
	for _, smarthost := range []string{mailParrot(t), "127.0.0.1:1"} {
		s.try(t, "email "+smarthost, sweepConfig{
			receiver: "email: {smarthost: '" + smarthost + "', from: a@example.com, " +
				"to: b@example.com, auth_username: me, auth_password: '" + marked +
				"', require_tls: false}",
		})
	}
	s.try(t, "unreachable webhook", sweepConfig{
		receiver: "slack_webhook: {url: 'http://127.0.0.1:1/" + url.PathEscape(marked) + "'}",
	})
	s.try(t, "invalid webhook URL", sweepConfig{
		receiver: "slack_webhook: {url: '" + marked + "'}",
	})
	s.try(t, "unknown webhook host", sweepConfig{
		receiver: "slack_webhook: {url: 'https://" + url.QueryEscape(marked) + ".invalid/'}",
	})
}

// programs breaks the receivers of every run.
func (s *sweep) programs(t *testing.T) {
	for _, p := range parrots() {
		address := serve(t, p)
		hook := address + "/" + url.PathEscape(marked)
		s.try(t, "webhook "+p.name, sweepConfig{
			mirror: "webhook: {url: '" + hook + "', token: '" + marked + "'}",
		})
		s.try(t, "heartbeat "+p.name, sweepConfig{report: "heartbeat: {url: '" + hook + "'}"})
		for _, login := range []string{"basic_auth", "http_headers"} {
			http := logins()[login]
			s.try(t, "alertmanager "+login+" "+p.name, sweepConfig{
				mirror: "alertmanager: {url: '" + address + "', http_config: {" + http + "}}",
			})
			s.try(t, "pushgateway "+login+" "+p.name, sweepConfig{
				mirror: "pushgateway: {url: '" + address + "', http_config: {" + http + "}}",
			})
		}
	}
	s.try(t, "unreachable heartbeat", sweepConfig{
		report: "heartbeat: {url: 'http://127.0.0.1:1/" + url.PathEscape(marked) + "'}",
	})
	s.try(t, "invalid heartbeat URL", sweepConfig{report: "heartbeat: {url: '" + marked + "'}"})
}

// bucket breaks the bucket of the archive and of the state.
func (s *sweep) bucket(t *testing.T) {
	for _, p := range append(parrots(), s3Parrot) {
		in := fmt.Sprintf("s3: {bucket: b, endpoint: '%s', path_style: true, access_key: me, "+
			"secret_key: '%s'}", serve(t, p), marked)
		s.try(t, "state "+p.name, sweepConfig{state: in})
		s.try(t, "archive "+p.name, sweepConfig{mirror: in})
	}
}
