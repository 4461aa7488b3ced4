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
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

// lambdaSlot is a time at which an alert fires in the simulated cluster.
const lambdaSlot = "2026-11-21T18:40:00Z"

// simulatedCluster serves a Prometheus of a simulated cluster.
func simulatedCluster(t *testing.T) string {
	t.Helper()
	l, err := lab.New(lab.Options{
		Now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Profile: lab.KPS, Nodes: 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, l.Handler())
}

// lambdaConfig is a configuration that uses all the services of AWS.
func lambdaConfig(cluster, prometheus, slack, token string) string {
	return fmt.Sprintf(`version: 1
cluster: %s
prometheus: {url: '%s', timeout: 1m}
reports:
  - name: check
    range: 1h
    send: changes
    receivers: [archive, oncall]
    panels: [{use: node-memory, rules: [{alertname: NodeMemoryHigh, above: {critical: 0.9}, for: 15m}]}]
receivers:
  - {name: archive, s3: {bucket: %s, prefix: archive}}
  - {name: oncall, slack: {channel: C0123456789, api_url: '%s', token_from: '%s'}}
state: {s3: {bucket: %s, prefix: state}}
`, cluster, prometheus, s3Bucket, strings.TrimSuffix(slack, "/"), token, s3Bucket)
}

// lambdaFunction starts the function with an S3 and a store of secrets.
func lambdaFunction(t *testing.T, g *gateway, env ...string) (*function, *cloudtest.Store) {
	t.Helper()
	path, err := bootstrap()
	if err != nil {
		t.Fatal(err)
	}
	store := cloudtest.NewStore(t, map[string]string{
		"/promsnap/slack": "xoxb-lambda", "promsnap": `{"slack": "xoxb-other"}`,
	})
	for name, value := range store.Env() {
		env = append(env, name+"="+value)
	}
	if g != nil {
		env = append(env, "AWS_ENDPOINT_URL_S3="+g.url)
	}
	return startFunction(t, path, env...), store
}

// top returns the messages of a channel that are not replies.
func top(d *slackdouble.Double) []slackdouble.Message {
	return slices.DeleteFunc(d.Messages(), func(m slackdouble.Message) bool {
		return m.Thread != ""
	})
}

func TestLambda(t *testing.T) {
	t.Parallel()
	g, prometheus := startS3(t), simulatedCluster(t)
	slack := slackdouble.Start("xoxb-lambda")
	t.Cleanup(slack.Close)
	other := slackdouble.Start("xoxb-other")
	t.Cleanup(other.Close)
	root := t.TempDir()
	for name, text := range map[string]string{
		"promsnap.yaml": lambdaConfig("prod-seoul", prometheus, slack.APIURL(),
			"aws-ssm:/promsnap/slack"),
		"other.yaml": lambdaConfig("prod-tokyo", prometheus, other.APIURL(),
			"aws-secretsmanager:promsnap#slack"),
		"third.yaml": lambdaConfig("prod-osaka", prometheus, slack.APIURL(),
			"aws-ssm:/promsnap/slack"),
		"fourth.yaml": lambdaConfig("prod-kyoto", prometheus, slack.APIURL(),
			"aws-ssm:/promsnap/later"),
		"bad.yaml": "version: 1\nprometheus: {url: x}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "other.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := bucket(t, g.url, statetest.Secret).Put(t.Context(), "other.yaml",
		cloud.Object{Body: text}); err != nil {
		t.Fatal(err)
	}
	f, store := lambdaFunction(t, g, "LAMBDA_TASK_ROOT="+root)
	event := fmt.Sprintf(`{"config": "promsnap.yaml", "reports": ["check"], "time": %q}`,
		lambdaSlot)

	// A good event is archived, sent and saved in the state.
	kind, v := f.invoke(t, event)
	if kind != "response" || v.Verdict != "ok" || len(v.Reports) != 1 ||
		v.Reports[0].Critical == 0 || v.Reports[0].Slot.Format(time.RFC3339) != lambdaSlot {
		t.Fatalf("%s %+v, want ok, a critical finding and the slot %s", kind, v, lambdaSlot)
	}
	if n := len(top(slack)); n != 1 || len(slack.Refused()) > 0 {
		t.Errorf("Slack got %d messages and refused %v, want 1 and none", n, slack.Refused())
	}
	for _, path := range []string{
		"archive/prod-seoul/check/2026/11/21/20261121T184000Z/index.html",
		"state/prod-seoul/check.json",
	} {
		if _, err := os.Stat(filepath.Join(g.root, s3Bucket,
			filepath.FromSlash(path))); err != nil {
			t.Error(err)
		}
	}

	files := f.files(t)

	// The warm sandbox, with another configuration: nothing of the first run is in it, and a
	// message is sent because its state is empty.
	kind, v = f.invoke(t, strings.Replace(event, "promsnap.yaml", "s3://"+s3Bucket+"/other.yaml",
		1))
	if kind != "response" || v.Verdict != "ok" || len(top(other)) != 1 || len(top(slack)) != 1 {
		t.Errorf("%s %+v; the second channel has %d messages, the first %d; want ok, 1 and 1", kind,
			v, len(top(other)),
			len(top(slack)))
	}
	if text := fmt.Sprint(other.Messages()); strings.Contains(text, "prod-seoul") ||
		!strings.Contains(text, "prod-tokyo") {
		t.Errorf("the second channel's messages are %s, want only prod-tokyo", text)
	}
	page, err := os.ReadFile(filepath.Join(g.root, s3Bucket,
		filepath.FromSlash("archive/prod-tokyo/check/2026/11/21/20261121T184000Z/index.html")))
	if err != nil || bytes.Contains(page, []byte("prod-seoul")) {
		t.Errorf("the page of prod-tokyo holds prod-seoul, want it absent: %v", err)
	}

	// The first event again, as in a retry: no second message, and no second request for the
	// secret.
	calls := len(store.Calls())
	kind, v = f.invoke(t, event)
	if kind != "response" || v.Verdict != "ok" || len(top(slack)) != 1 ||
		len(store.Calls()) != calls {
		t.Errorf("%s %+v, %d messages, calls %v; want ok, 1 message and no new call", kind, v,
			len(top(slack)), store.Calls())
	}

	// These runs leave nothing open: the sandbox has no more files than after the first run.
	await(t, "the function to close its files", func() error {
		if now := f.files(t); now > files {
			return fmt.Errorf("the function has %d files open, want at most %d as after its "+
				"first run", now,
				files)
		}
		return nil
	})

	// A retry cannot help here, so the function reports no error.
	for event, says := range map[string]string{
		`{"config": "promsnap.yaml", "report": "check"}`: `unknown field "report"`,
		`[]`:                   "the event cannot be read",
		`{"time": "tomorrow"}`: "is not a time",
		`{"config": "promsnap.yaml", "reports": ["weekly"]}`: `no report "weekly" in the configuration; it has check`,
		`{"config": "none.yaml"}`:                            "no such file",
		`{"config": "bad.yaml"}`: "prometheus.url: not an http or " +
			"https URL",
		`{"config": "../../etc/passwd"}`:                  "is not in the function's package",
		`{"config": "ssm:/promsnap/none"}`:                "it does not exist in",
		`{"config": "s3://no-such-bucket/promsnap.yaml"}`: "create the bucket no-such-bucket",
	} {
		if kind, v := f.invoke(t, event); kind != "response" || v.Verdict != "refused" ||
			!strings.Contains(v.Error, says) {
			t.Errorf("%s: %s %+v, want %q", event, kind, v, says)
		}
	}

	// The limit leaves too little time to deliver anything.
	if kind, v := f.invoke(t, event, 5*time.Second); kind != "response" || v.Verdict != "refused" ||
		!strings.Contains(v.Error, "set it to a minute or more") {
		t.Errorf("%s %+v, want refused with a word about the timeout", kind, v)
	}

	// A receiver is down for a while: a retry may help.
	// more often than the run tries
	slack.Fail(slackdouble.Fault{
		Method: "chat.postMessage", Status: http.StatusServiceUnavailable, Times: 4,
	})
	kind, v = f.invoke(t, strings.Replace(event, "promsnap.yaml", "third.yaml", 1), 45*time.Second)
	if kind != "error" || !strings.Contains(v.ErrorMessage, "worth another try") {
		t.Errorf("%s %+v, want an error that is worth another try", kind, v)
	}

	slack.Mend()

	// The store of secrets throttles the reading of a configuration.
	store.Set("/promsnap/config", lambdaConfig("prod-nara", prometheus, slack.APIURL(),
		"aws-ssm:/promsnap/slack"))
	store.Break(func(string, int) *cloudtest.Fault {
		return &cloudtest.Fault{Status: 400, Code: "ThrottlingException", Message: "Rate exceeded"}
	})
	stored := strings.Replace(event, "promsnap.yaml", "ssm:/promsnap/config", 1)
	if kind, v := f.invoke(t, stored); kind != "error" ||
		!strings.Contains(v.ErrorMessage, "Rate exceeded") {
		t.Errorf("%s %+v, want the error of the store", kind, v)
	}
	store.Break(nil)
	if kind, v := f.invoke(t, stored); kind != "response" || v.Verdict != "ok" {
		t.Errorf("%s %+v, want ok", kind, v)
	}

	// The store throttles or fails when a receiver's token is read. A retry sends the message.
	store.Set("/promsnap/later", "xoxb-lambda")
	sent, later := len(top(slack)), strings.Replace(event, "promsnap.yaml", "fourth.yaml", 1)
	for _, fault := range []cloudtest.Fault{
		{Status: 400, Code: "ThrottlingException", Message: "Rate exceeded"}, {
			Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable",
		},
	} {
		store.Break(func(string, int) *cloudtest.Fault { return &fault })
		if kind, v := f.invoke(t, later); kind != "error" ||
			!strings.Contains(v.ErrorMessage, "reading Slack's token: reading the parameter "+
				"/promsnap/later: "+fault.Code) ||
			!strings.Contains(v.ErrorMessage, "worth another try") {
			t.Errorf("%s: %s %+v, want the error of the store", fault.Code, kind, v)
		}
	}
	store.Break(nil)
	if kind, v := f.invoke(t, later); kind != "response" || v.Verdict != "ok" ||
		len(top(slack)) != sent+1 {
		t.Errorf("%s %+v, %d messages; want ok and 1", kind, v, len(top(slack))-sent)
	}

	log := f.logged()
	for _, secret := range []string{
		"xoxb-lambda", "xoxb-other", statetest.Secret, cloudtest.Secret, "X-Amz-Signature",
	} {
		if strings.Contains(log, secret) {
			t.Errorf("the log shows %s, want it hidden", secret)
		}
	}
	if !strings.Contains(log, `"msg":"run ends","seconds":`) ||
		!strings.Contains(log, `"verdict":"ok"`) {
		t.Errorf("the log is %s, want the ends of runs with their verdict", tail(log, 2000))
	}
}

// panickingClock builds the function with a clock whose first reading panics. Only that line of its
// sources is replaced, so no released function has such a clock.
func panickingClock(t *testing.T) string {
	t.Helper()
	main, err := filepath.Abs("../../functions/report/main.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	const with, without = "now: clock(),\n", "now: time.Now,\n"
	if !bytes.Contains(source, []byte(without)) {
		t.Fatalf("main.go is\n%s\nwant %q in it", source, without)
	}
	source = append(bytes.Replace(source, []byte(without), []byte(with), 1), `
func clock() func() time.Time {
	var readings int
	return func() time.Time {
		if readings++; readings == 1 {
			panic("the clock is broken")
		}
		return time.Now()
	}
}
`...)
	dir := t.TempDir()
	overlay, err := json.Marshal(map[string]map[string]string{
		"Replace": {main: filepath.Join(dir, "main.go")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"main.go": source, "overlay.json": overlay} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-tags",
		"lambda.norpc", "-trimpath", "-o", path, "../../functions/report")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the function: %v\n%s", err, out)
	}
	return path
}

// TestLambdaPanics checks an internal error. It must be a result that no retry repeats, the log
// must hold the stack, and the sandbox must handle the next event.
func TestLambdaPanics(t *testing.T) {
	t.Parallel()
	f := startFunction(t, panickingClock(t), "AWS_REGION=us-east-1",
		"LAMBDA_TASK_ROOT="+t.TempDir())
	if kind, v := f.invoke(t, `{}`); kind != "response" || v.Verdict != "failed" ||
		!strings.Contains(v.Error, "internal error (please report it): the clock is broken") {
		t.Errorf("%s %+v, want failed and the internal error", kind, v)
	}
	if kind, v := f.invoke(t, `{}`); kind != "response" || v.Verdict != "refused" ||
		!strings.Contains(v.Error, "no such file") {
		t.Errorf("the next event: %s %+v, want refused", kind, v)
	}
	f.kill() // so that the log is complete
	if log := f.logged(); !strings.Contains(log, `"stack":"goroutine `) ||
		!strings.Contains(log, "functions/report") {
		t.Errorf("the log is %s, want the stack in it", log)
	}
}

// stuck is a Prometheus that accepts queries and answers none.
func stuck(t *testing.T) (string, chan struct{}) {
	t.Helper()
	asked := make(chan struct{}, 100)
	var ended atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/buildinfo") || ended.Load() {
			http.NotFound(w, r)
			return
		}
		asked <- struct{}{}
		_ = r.ParseForm() // the server notices a client that leaves only if the body was read
		<-r.Context().Done()
	}))
	t.Cleanup(func() { ended.Store(true); s.CloseClientConnections(); s.Close() })
	return s.URL, asked
}

// TestLambdaEndsInTime uses a Prometheus that never answers. Before Lambda's deadline and after
// SIGTERM the function must deliver what it has, marked as incomplete, and save its state.
func TestLambdaEndsInTime(t *testing.T) {
	for name, tc := range map[string]struct {
		reports []string // each has a heartbeat that never answers either
		limit   time.Duration
		end     func(*testing.T, *function, chan struct{})
		says    string
	}{
		"the deadline": {
			[]string{"check"}, 35 * time.Second, func(*testing.T, *function, chan struct{}) {},
			"timeout",
		},
		"the deadline of three reports": {
			[]string{"check", "daily", "weekly"}, 35 * time.Second,
			func(*testing.T, *function, chan struct{}) {}, "timeout",
		},
		"SIGTERM": {[]string{
			"check",
		}, 5 * time.Minute, func(t *testing.T, f *function, asked chan struct{}) {
			<-asked
			if err := f.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		}, "stopped from outside"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			prometheus, asked := stuck(t)
			var reports strings.Builder
			for _, name := range tc.reports {
				fmt.Fprintf(&reports, "  - {name: %s, range: 1h, receivers: [archive], panels: "+
					"[{use: node-memory}], heartbeat: {url: '%s/heartbeat'}}\n", name, prometheus)
			}
			config := fmt.Sprintf(`version: 1
cluster: prod-seoul
prometheus: {url: '%s', timeout: 1h}
reports:
%sreceivers: [{name: archive, dir: {path: archive}}]
state: {dir: state}
`, prometheus, reports.String())
			if err := os.WriteFile(filepath.Join(root, "promsnap.yaml"), []byte(config),
				0o600); err != nil {
				t.Fatal(err)
			}
			f, _ := lambdaFunction(t, nil, "LAMBDA_TASK_ROOT="+root)
			begin := time.Now()
			f.send(t, fmt.Sprintf(`{"time": %q}`, lambdaSlot), tc.limit)
			tc.end(t, f, asked)
			kind, v := f.read(t)
			if took := time.Since(begin); took > tc.limit-2*time.Second {
				t.Errorf("the function took %v, want at most %v", took, tc.limit-2*time.Second)
			}
			if kind != "response" || v.Verdict != "failed" || len(v.Reports) != len(tc.reports) {
				t.Fatalf("%s %+v, want failed and %d reports", kind, v, len(tc.reports))
			}
			for i, r := range v.Reports {
				if !strings.Contains(r.Incomplete, tc.says) || len(r.Delivered) != 1 {
					t.Errorf("%s is incomplete because %q, want %q; delivered to %v, want one "+
						"receiver", r.Name,
						r.Incomplete, tc.says, r.Delivered)
				}
				for _, path := range []string{
					"archive/" + tc.reports[i] + "/20261121T184000Z/index.html",
					"state/prod-seoul/" + tc.reports[i] + ".json",
				} {
					if _, err := os.Stat(filepath.Join(root,
						filepath.FromSlash(path))); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

// TestLambdaIsTheCommand gives command and function the same configuration, to the function from
// each supported place, and compares what they deliver.
func TestLambdaIsTheCommand(t *testing.T) {
	t.Parallel()
	config := fmt.Sprintf(`version: 1
cluster: prod-seoul
prometheus: {url: '%s'}
reports: [{name: daily, title: Daily capacity, timezone: Asia/Seoul, language: ko, range: 24h, receivers: [archive]}]
receivers: [{name: archive, dir: {path: archive}}]
state: {dir: state}
`, simulatedCluster(t))
	command := filepath.Dir(configFile(t, config))
	promsnap(t, "run", "daily", "-c", filepath.Join(command, "promsnap.yaml"), "--deliver",
		"--time", lambdaSlot).want(t, 0)
	files, err := filepath.Glob(filepath.Join(command, "archive", "daily", "20261121T184000Z", "*"))
	if err != nil || len(files) < 10 {
		t.Fatalf("the command delivered %v, want 10 files or more: %v", files, err)
	}
	s3 := cloudtest.New(t)
	s3.Write("promsnap.yaml", []byte(config))
	for from, root := range map[string]string{
		"promsnap.yaml": filepath.Dir(configFile(t, config)), "ssm:/promsnap/config": t.TempDir(),
		"s3://" + s3.Name + "/promsnap.yaml": t.TempDir(),
	} {
		f, store := lambdaFunction(t, nil, "LAMBDA_TASK_ROOT="+root, "AWS_ENDPOINT_URL_S3="+s3.URL)
		store.Set("/promsnap/config", config)
		if kind, v := f.invoke(t, fmt.Sprintf(`{"config": %q, "reports": ["daily"], "time": %q}`,
			from, lambdaSlot)); kind != "response" || v.Verdict != "ok" {
			t.Fatalf("%s: %s %+v, want ok", from, kind, v)
		}
		for _, path := range files {
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(strings.Replace(path, command, root, 1))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: the function's %s has %d bytes, want the command's %d, the same: %v",
					from,
					filepath.Base(path), len(got), len(want), err)
			}
		}
	}
}
