//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// execution is how an execution of a state machine ended.
type execution struct {
	Status, Error, Cause string
	Output               json.RawMessage
}

// stepFunctions runs run.mjs next to the modules that install.sh installed.
func stepFunctions(t *testing.T, args ...string) []byte {
	t.Helper()
	script, err := filepath.Abs(filepath.Join("..", "..", "testdata", "stepfunctions", "run.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	cmd.Dir = filepath.Dir(installed(t, "stepfunctions/package.json"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run.mjs: %v\n%s", err, tail(stderr.String(), 4000))
	}
	return out
}

// stateMachine writes the state machine of the SAM template with its placeholders filled in.
func stateMachine(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "lambda", "fleet.asl.json"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "fleet.asl.json")
	filled := strings.NewReplacer("${MaxConcurrency}", "40", "${FunctionArn}",
		"arn:aws:lambda:eu-west-1:123456789012:function:promsnap").Replace(string(text))
	if err := os.WriteFile(path, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sandboxes invokes a few sandboxes of the function for the tasks of a state machine.
type sandboxes struct {
	free chan *function
	fail func(event string, attempt int) string // the error of a task that does not run, or ""

	mu       sync.Mutex
	live     int
	most     int // at once
	attempts map[string]int
	t        *testing.T
}

// ServeHTTP runs one task.
func (s *sandboxes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	if _, err := body.ReadFrom(r.Body); err != nil {
		s.t.Errorf("reading an event: got error %v, want none", err)
		return
	}
	event := body.String()
	s.mu.Lock()
	s.live++
	s.most = max(s.most, s.live)
	s.attempts[event]++
	attempt := s.attempts[event]
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.live--
		s.mu.Unlock()
	}()
	answer := map[string]any{}
	if failure := s.fail(event, attempt); failure != "" {
		answer["error"], answer["cause"] = failure, "the sandbox ended"
	} else {
		f := <-s.free
		f.send(s.t, event, 5*time.Minute)
		a := f.receive(s.t)
		s.free <- f
		answer["ok"] = json.RawMessage(a.body)
		if a.kind == "error" {
			var e struct{ ErrorType, ErrorMessage string }
			_ = json.Unmarshal(a.body, &e)
			answer = map[string]any{"error": e.ErrorType, "cause": e.ErrorMessage}
		}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// fleetConfig is a configuration of n clusters of one Prometheus. Cluster c011 is down.
func fleetConfig(n int, prometheus, slack string) string {
	var clusters strings.Builder
	for i := range n {
		url := prometheus
		if i == 11 {
			url = "http://127.0.0.1:1"
		}
		fmt.Fprintf(&clusters, "    - {name: c%03d, labels: {region: r%d}, prometheus: {url: '%s'}}\n",
			i, i%3, url)
	}
	return fmt.Sprintf(`version: 1
prometheus: {timeout: 1m}
reports:
  - name: daily
    range: 1h
    trends: false
    receivers: [archive]
    panels: [{use: node-memory, rules: [{alertname: NodeMemoryHigh, above: {critical: 0.9}, for: 15m}]}]
receivers:
  - {name: archive, s3: {bucket: %s, prefix: archive}}
  - {name: team, slack: {channel: C0123456789, api_url: '%s', token_from: 'aws-ssm:/promsnap/slack'}}
state: {s3: {bucket: %s, prefix: state}}
fleet:
  name: acme
  receivers: [archive, team]
  store: {s3: {bucket: %s, prefix: fleet}}
  clusters:
%s`, s3Bucket, strings.TrimSuffix(slack, "/"), s3Bucket, s3Bucket, clusters.String())
}

// TestStepFunctions runs the state machine of the SAM template with the real function and a real
// S3: 300 clusters, 40 at a time. One sandbox always ends, and one ends once.
func TestStepFunctions(t *testing.T) {
	t.Parallel()
	machine := stateMachine(t)
	var valid struct {
		Valid  bool
		Errors string
	}
	if err := json.Unmarshal(stepFunctions(t, machine), &valid); err != nil || !valid.Valid {
		t.Fatalf("the definition: got %+v, %v; want it valid", valid, err)
	}

	g, prometheus := startS3(t), simulatedCluster(t)
	slack := slackdouble.Start("xoxb-lambda")
	t.Cleanup(slack.Close)
	const clusters = 300
	root := t.TempDir()
	config := fleetConfig(clusters, prometheus, slack.APIURL())
	if err := os.WriteFile(filepath.Join(root, "promsnap.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	pool := &sandboxes{
		free: make(chan *function, 4), attempts: map[string]int{}, t: t,
		fail: func(event string, attempt int) string {
			switch {
			case strings.Contains(event, `"cluster":"c007"`):
				return "Sandbox.Timedout"
			case strings.Contains(event, `"cluster":"c009"`) && attempt == 1:
				return "Lambda.TooManyRequestsException"
			}
			return ""
		},
	}
	for range cap(pool.free) {
		f, _ := lambdaFunction(t, g, "LAMBDA_TASK_ROOT="+root)
		pool.free <- f
	}
	s := httptest.NewServer(pool)
	t.Cleanup(s.Close)
	began := time.Now()
	run := func() execution {
		var e execution
		out := stepFunctions(t, machine, `{"reports": ["daily"], "time": "`+lambdaSlot+`"}`, s.URL)
		if err := json.Unmarshal(out, &e); err != nil {
			t.Fatalf("got %s, want JSON: %v", out, err)
		}
		return e
	}
	e := run()
	t.Logf("%d clusters in %s, at most %d at once", clusters, time.Since(began).Round(time.Second),
		pool.most)

	// Two clusters are blind, so the execution fails; its report is there.
	if e.Status != "FAILED" || !strings.Contains(e.Cause, "A cluster has no data") {
		t.Errorf("got %+v, want the execution to fail, because two clusters are blind", e)
	}
	if pool.most > 40 || pool.most < 10 {
		t.Errorf("got %d tasks at once, want 10 to 40", pool.most)
	}
	for name, want := range map[string]int{"c007": 4, "c009": 2, "c011": 1, "c100": 1} {
		got := 0
		for event, n := range pool.attempts {
			if strings.Contains(event, `"cluster":"`+name+`"`) {
				got += n
			}
		}
		if got != want {
			t.Errorf("cluster %s: got %d attempts, want %d", name, got, want)
		}
	}
	home := filepath.Join(g.root, s3Bucket, "archive", "acme", "daily", "2026", "11", "21",
		"20261121T184000Z")
	page, err := os.ReadFile(filepath.Join(home, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"c007", "c011", "c299"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page: got no %s, want every cluster", want)
		}
	}
	if n := len(top(slack)); n != 1 {
		t.Errorf("Slack: got %d messages, want 1", n)
	}

	// The same slot again, as after a failure: the same report, and no second message.
	run()
	again, err := os.ReadFile(filepath.Join(home, "index.html"))
	if err != nil || !bytes.Equal(page, again) {
		t.Errorf("the same slot again: got another page (%v), want the same bytes", err)
	}
	if n := len(top(slack)); n != 1 {
		t.Errorf("the same slot again: got %d messages, want 1", n)
	}
}
