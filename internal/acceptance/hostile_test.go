//go:build acceptance

package acceptance

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/lab"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// The bounds of a run against a hostile Prometheus on a busy machine.
const (
	mostHostileMiB  = 192
	mostHostileTime = 20 * time.Second
	// the default timeout of a query; the client waits twice as long for the whole answer
	hostileTimeout = time.Second
)

// hostileReport has one panel that meets the fault between two ordinary ones.
const hostileReport = `version: 1
cluster: test
prometheus:
  timeout: %s
  query_offset: 0s
%s
reports:
  - name: check
    range: 1h
    panels:
      - {use: node-memory}
      - {name: hostile, query: 'max by (pod) (hostile)', rules: [{alertname: High, above: {warning: 100}, for: 15m}]}
      - {use: node-cpu}
`

// fault is one thing that a Prometheus does wrong.
type fault struct {
	name     string
	answer   http.HandlerFunc
	config   string                     // of prometheus, without its url
	url      func(proper string) string // nil: the proper one
	tls      bool
	hits     func(*http.Request) bool // reports whether a request meets the fault
	code     int
	say      string        // in the panel's error or in the notes of a valid answer
	data     string        // of the panel; "" for failed
	patience time.Duration // the timeout of a query; 0: hostileTimeout
	within   time.Duration // 0: mostHostileTime
	// how often the panel's query is sent; 0: the run stops before it
	asked int
}

// panelOnly reports whether a request is the hostile panel's query.
func panelOnly(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/query_range") && strings.Contains(r.FormValue("query"),
		"hostile")
}

func every(*http.Request) bool { return true }

// TestHostilePrometheus runs the program against a Prometheus with one fault, in every answer or in
// those to one panel. The program must name the fault and what to do, exit with the right code,
// deliver the other panels unchanged, and keep its bounds of memory and time.
func TestHostilePrometheus(t *testing.T) {
	t.Parallel()
	good := newHostileLab(t)
	calm := runHostile(t, fault{code: 0, data: "absent", asked: 1, hits: func(*http.Request) bool {
		return false
	}}, good)
	for _, f := range slices.Concat(hostileServers(t), hostileAnswers(), hostileOddities()) {
		t.Run(f.name, func(t *testing.T) {
			doc := runHostile(t, f, good)
			if f.hits(httptest.NewRequest(http.MethodGet, "/api/v1/query_range?query=up", nil)) {
				return // no panel has data
			}
			for _, name := range []string{"node-memory", "node-cpu"} {
				if diff := gocmp.Diff(panelOf(t, calm, name), panelOf(t, doc, name)); diff != "" {
					t.Errorf("panel %s: diff (-want as without the fault, +got with it):\n%s", name,
						diff)
				}
			}
		})
	}
}

func newHostileLab(t *testing.T) http.Handler {
	t.Helper()
	l, err := lab.New(lab.Options{Now: slot, Nodes: 5, Profile: lab.KPS})
	if err != nil {
		t.Fatal(err)
	}
	return l.Handler()
}

// runHostile runs the program against the fault, checks what holds for every such run, and returns
// its report.
func runHostile(t *testing.T, f fault, good http.Handler) reportjson.Document {
	t.Helper()
	var asked atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		// The server notices a client that leaves only if the body was read. The form is read again
		// below.
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		_ = r.ParseForm()
		if panelOnly(r) {
			asked.Add(1)
		}
		if f.hits(r) {
			f.answer(w, r)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		good.ServeHTTP(w, r)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it logs the handshakes that must fail
	if f.tls {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	defer srv.Close()
	address := srv.URL
	if f.url != nil {
		address = f.url(address)
	}
	config := configFile(t, fmt.Sprintf(hostileReport, cmp.Or(f.patience, hostileTimeout),
		f.config))
	o := begin(t, "run", "-c", config, "--prometheus-url", address, "--time",
		slot.Format(time.RFC3339), "--output-dir", "out", "--log-format", "text").wait()
	t.Logf("%6.0f MiB %6.2f s  exit %d", o.resident, o.took.Seconds(), o.code)
	o.want(t, f.code)
	within := cmp.Or(f.within, mostHostileTime)
	if o.took > within || o.resident > mostHostileMiB {
		t.Errorf("the run took %v and %.0f MiB, want at most %v and %d MiB", o.took, o.resident,
			within, mostHostileMiB)
	}
	if n := int(asked.Load()); n != f.asked {
		t.Errorf("the panel's query was sent %d times, want %d", n, f.asked)
	}
	o.file(t, "check", slot, "index.html")
	doc := o.document(t, "check", slot)
	checkHostilePanel(t, f, o.outcome, doc)
	for name, text := range o.everything(t) {
		if len(text) > 4<<20 || strings.Contains(text, "hunter2") {
			t.Errorf("%s has %d bytes, a secret: %v; want at most 4 MiB and none", name, len(text),
				strings.Contains(text, "hunter2"))
		}
	}
	return doc
}

// checkHostilePanel checks what the report, the terminal and the log say of the panel that meets
// the fault.
func checkHostilePanel(t *testing.T, f fault, o outcome, doc reportjson.Document) {
	t.Helper()
	p := panelOf(t, doc, "hostile")
	want := f.data
	if want == "" {
		want = "failed"
	}
	if p.Data != want {
		t.Errorf("the panel's data are %s, want %s: %s%s", p.Data, want, p.Error, p.Notes)
	}
	if f.code == 0 {
		if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, f.say) {
			t.Errorf("the panel's notes are\n%s\nwant %s", notes, f.say)
		}
		return
	}
	failed := slices.IndexFunc(doc.Failures, func(d reportjson.DocFailure) bool {
		return d.Panel == "hostile"
	})
	if failed < 0 {
		t.Fatalf("the report's failures are %+v, want one of the panel hostile", doc.Failures)
	}
	for where, text := range map[string]string{
		"the terminal": o.stdout, "the report": doc.Failures[failed].Error,
		"the log": strings.ReplaceAll(o.stderr, `\"`, `"`),
	} {
		if !strings.Contains(text, f.say) {
			t.Errorf("%s says\n%s\nwant %s", where, tail(text, 800), f.say)
		}
	}
}

// running is the program while it runs.
type running struct {
	t              testing.TB
	cmd            *exec.Cmd
	began          time.Time
	stdout, stderr output
	dir            string
	peak           chan float64
}

// watched is the outcome of a run and its peak resident memory in MiB.
type watched struct {
	outcome
	resident float64
}

// begin starts the program in its own directory.
func begin(t testing.TB, args ...string) *running {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	r := &running{
		t: t, cmd: exec.Command(path, args...), dir: t.TempDir(), peak: make(chan float64, 1),
	}
	r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = r.dir, &r.stdout, &r.stderr
	r.began = time.Now()
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill() }) // fails if it has ended
	go func() { r.peak <- peakOf(r.cmd.Process.Pid) }()
	return r
}

// wait waits for the program and returns its outcome.
func (r *running) wait() watched {
	r.t.Helper()
	_ = r.cmd.Wait() // the exit code is read below
	o := watched{outcome: outcome{
		code: r.cmd.ProcessState.ExitCode(), stdout: r.stdout.String(), stderr: r.stderr.String(),
		dir:  r.dir,
		took: time.Since(r.began), state: r.cmd.ProcessState,
	}}
	o.resident = <-r.peak
	r.t.Cleanup(func() {
		if r.t.Failed() {
			r.t.Logf("promsnap %s: exit %d\n%s%s", strings.Join(r.cmd.Args[1:], " "), o.code,
				tail(o.stdout, 3000), tail(o.stderr, 3000))
		}
	})
	return o
}

// peakOf watches a process until it ends and returns its peak resident memory in MiB, as the kernel
// counts it. The figure of wait4 starts with the peak of the process that forked it, which is this
// test.
func peakOf(pid int) float64 {
	peak := 0.0
	for tick := time.NewTicker(2 * time.Millisecond); ; <-tick.C {
		now, running := peakNow(pid)
		if !running { // a process that has ended has no memory
			tick.Stop()
			return peak
		}
		peak = max(peak, now)
	}
}

// hostileServers are the faults in the answer to every request.
func hostileServers(t *testing.T) []fault {
	const loginPage = "<!doctype html><title>Log in</title><form>"
	reply := func(status int, body string, head ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(head); i += 2 {
				w.Header().Set(head[i], head[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("got a request after a redirect, want none: %s %s with %v", r.Method, r.URL,
			r.Header)
	}))
	t.Cleanup(elsewhere.Close)
	to := func(status int) http.HandlerFunc {
		return reply(status, "", "Location", elsewhere.URL+"/login?token=hunter2")
	}
	token := func(answer http.HandlerFunc) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm() // the server notices a client that leaves only if the body was read
			answer(w, r)
		}))
		t.Cleanup(s.Close)
		return "  http_config: {oauth2: {client_id: me, client_secret: hunter2, token_url: '" +
			s.URL + "'}}"
	}
	at := func(u string) func(string) string { return func(string) string { return u } }
	const redirected = "the server redirects to http://127.0.0.1:"
	ok := reply(200, "{}")
	return []fault{
		{
			name: "no such host", answer: ok, hits: every, code: 1,
			url: at("http://prometheus..invalid:9090"), say: "check the host name; names like " +
				"prometheus-server.monitoring.svc are known only inside the cluster",
		},
		{
			name: "refused", answer: ok, hits: every, code: 1, url: at("http://" + freePort(t)),
			say: "connection refused; nothing listens there: check host and port",
		},
		{name: "https to http", answer: ok, hits: every, code: 1, url: func(u string) string {
			return strings.Replace(u, "http:", "https:", 1)
		}, say: "the server does not speak HTTPS: write http:// in the URL"},
		{
			name: "http to https", answer: ok, hits: every, code: 1, tls: true,
			url: func(u string) string {
				return strings.Replace(u, "https:", "http:", 1)
			}, say: "the server speaks HTTPS: write https:// in the URL",
		},
		{
			name: "unknown authority", answer: ok, hits: every, code: 1, tls: true,
			say: "give the authority's certificate in http_config: tls_config: ca_file",
		},
		{
			name: "401", answer: reply(401, "Unauthorized\n"), hits: every, code: 1,
			say: "HTTP 401: Unauthorized; give credentials that may query, in http_config",
		},
		{
			name: "403", answer: reply(403, "<h1>Forbidden</h1>", "Content-Type", "text/html"),
			hits: every, code: 1, say: "HTTP 403: a web page instead of JSON; give credentials",
		},
		{
			name: "404", answer: reply(404, "404 page not found\n"), hits: every, code: 1,
			say: "HTTP 404: 404 page not found; no Prometheus API at this URL: check whether a " +
				"path prefix is missing, such as /prometheus",
		},
		{
			name: "login page", answer: reply(200, loginPage, "Content-Type", "text/html"),
			hits: every, code: 1, say: "a login page for people instead of JSON; the login " +
				"in front of Prometheus is for people: set credentials for programs",
		},
		{
			name: "login page labelled JSON", answer: reply(200, loginPage, "Content-Type",
				"application/json"), hits: every, code: 1, say: "there is a login in front of it",
		},
		{
			name: "redirect, password", answer: to(302), hits: every, code: 1,
			config: "  http_config: {basic_auth: {username: me, password: hunter2}}",
			say:    redirected,
		},
		{
			name: "redirect, token", answer: to(307), hits: every, code: 1,
			config: "  http_config: {authorization: {credentials: hunter2}}", say: redirected,
		},
		{
			name: "redirect, headers", answer: to(308), hits: every, code: 1,
			config: "  http_config: {http_headers: {X-Scope-OrgID: {secrets: [hunter2]}, Cookie: " +
				"{secrets: [session=hunter2]}}}", say: redirected,
		},
		{
			name: "redirect of one panel", asked: 1, answer: to(307), hits: panelOnly, code: 1,
			config: "  http_config: {basic_auth: {username: me, password: hunter2}}",
			say:    redirected,
		},
		{
			name: "redirect of the OAuth2 server", answer: ok, hits: every, code: 1,
			config: token(to(307)), say: "the OAuth2 server redirects: HTTP 307; client_secret " +
				"is not sent to another address",
		},
		{name: "hang of the OAuth2 server", answer: ok, hits: every, code: 1, config: token(hang),
			say: "the OAuth2 server gave no token: no complete answer after 2s; check " +
				"token_url in " +
				"http_config's oauth2"},
		{name: "gRPC", asked: 1, answer: func(w http.ResponseWriter, _ *http.Request) {
			raw(w, "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00", false)
		}, hits: every, code: 1,
			say: "the server there does not speak HTTP as Prometheus does: check the port"},
		{name: "10 MiB of headers", asked: 1, answer: func(w http.ResponseWriter, _ *http.Request) {
			raw(w, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X:\r\n", 2<<20)+"\r\n", false)
		}, hits: every, code: 1, say: "the answer's headers are longer than 256 KiB; those of " +
			"Prometheus are short: a proxy may have answered instead"},
		{
			name: "down", asked: 3, answer: reply(503, "upstream connect error"), hits: every,
			code: 1, say: "HTTP 503: upstream connect error; Prometheus or the proxy in front of " +
				"it is not ready: check that its pod runs",
		},
		{
			name: "429 for an hour", asked: 1, answer: reply(429, "", "Retry-After", "3600"),
			hits: every, code: 1, within: 8 * time.Second,
			say: "limits requests: lower concurrency or query less often",
		},
		{name: "hang", asked: 1, answer: func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, hits: every, code: 1, say: "no complete answer after 2s; the server or the network is " +
			"too slow for so much data"},
		{
			name: "hang after headers", asked: 1, answer: hang, hits: every, code: 1,
			say: "no complete answer after 2s",
		},
		{
			name: "one byte a second", asked: 1, answer: drip, hits: every, code: 1,
			say: "no complete answer after 2s",
		},
		{
			name: "another protocol", asked: 1, answer: switches, hits: every, code: 1,
			say: "the server is no HTTP API: it switched protocols",
		},
		{name: "bomb for metadata", asked: 1, answer: bomb(`{"status":"success","data":["`,
			"x"), hits: func(r *http.Request) bool {
			return !strings.HasSuffix(r.URL.Path, "/query_range")
		}, code: 1,
			say: "the answer is longer than 4 MiB; answers of Prometheus are much shorter: a " +
				"proxy may have answered instead"},
	}
}

// gridOf returns the times of a range query, in seconds.
func gridOf(r *http.Request) (start, end, step float64) {
	number := func(name string) float64 {
		v, _ := strconv.ParseFloat(r.FormValue(name), 64) // promsnap sends numbers
		return v
	}
	return number("start"), number("end"), number("step")
}

// values returns a series' samples on the whole grid, all equal to value.
func values(r *http.Request, value string) string {
	start, end, step := gridOf(r)
	var parts []string
	for at := start; at <= end; at += step {
		parts = append(parts, fmt.Sprintf(`[%s,%q]`, strconv.FormatFloat(at, 'f', -1, 64), value))
	}
	return "[" + strings.Join(parts, ",") + "]"
}
