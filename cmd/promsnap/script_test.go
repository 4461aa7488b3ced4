package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/promsnap/promsnap/internal/grafana/fetch/grafanadouble"
	"github.com/promsnap/promsnap/internal/lab/labtest"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/testdata/race"
)

// labNow is the last time of the simulated clusters. The numbers in the scripts depend on it.
var labNow = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// TestMain runs several scripts at once on any machine, because many of them wait for retries.
// -parallel overrides the number.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "6")
	testscript.Main(m, map[string]func(){"promsnap": timed})
}

// timed is main, with a clock that starts at $CLOCK where that is set.
func timed() {
	begin, err := time.Parse(time.RFC3339, os.Getenv("CLOCK"))
	if err != nil {
		main()
		return
	}
	started := time.Now()
	os.Exit(run(func() time.Time { return begin.Add(time.Since(started)) }))
}

const scripts = "../../testdata/script"

// shortScripts are the scripts that -short runs. They cover most of the program in a few seconds.
var shortScripts = []string{"check-config", "deliver-changes", "exit-codes", "run-url"}

// printed are the scripts that the race detector leaves out: they look at what is printed or
// written, and most run the built-in panels several times. The script run-url runs them there.
var printed = []string{
	"advice", "archive", "csv", "home", "init", "init-tune", "json", "korean", "metrics", "no-data",
	"pdf", "pipes", "same-bytes", "sizing",
}

// TestScripts runs testdata/script/*.txtar: the real binary, as users call it, against promlab.
func TestScripts(t *testing.T) {
	params := testscript.Params{
		Dir: scripts,
		Setup: func(env *testscript.Env) error {
			env.Setenv("NOW", labNow.Format(time.RFC3339))
			// by the wall clock, because claims use it
			env.Setenv("SOON", time.Now().UTC().Add(time.Hour).Format(time.RFC3339))
			env.Setenv("NO_PROXY", "127.0.0.1")
			// with the race detector each process sleeps for a second before it ends
			env.Setenv("GORACE", "atexit_sleep_ms=10")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"lab": newLabs(t).start, "closed": closedPort,
			"exits": exits, "slack": startSlack, "said": printMessages,
			"fill": fill, "program": startProgram, "heard": printRequests,
			"cluster": startCluster, "grafana": startGrafana, "asked": printCalls, "grow": grow,
			"uploaded": uploaded, "granted": grant,
		},
	}
	if testing.Short() {
		params.Dir = ""
		for _, name := range shortScripts {
			params.Files = append(params.Files, filepath.Join(scripts, name+".txtar"))
		}
	} else if race.Enabled {
		all, err := filepath.Glob(filepath.Join(scripts, "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		params.Dir, params.Files = "", slices.DeleteFunc(all, func(path string) bool {
			return slices.Contains(printed, strings.TrimSuffix(filepath.Base(path), ".txtar"))
		})
	}
	testscript.Run(t, params)
}

// labs are simulated Prometheus servers with a shared cache of answers. All have the same clock, so
// the same request to the same cluster has the same answer in every script. Computing the answers
// would take most of the scripts' time.
type labs struct {
	t *testing.T // of all scripts
	sync.Mutex
	clusters map[string]http.Handler // by the flags of promlab
	answers  map[string]*answer
}

func newLabs(t *testing.T) *labs {
	return &labs{t: t, clusters: map[string]http.Handler{}, answers: map[string]*answer{}}
}

// answer is a cached answer of a lab. The first request computes it.
type answer struct {
	sync.Once
	*http.Response
	body []byte
}

// start implements `lab [profile=kps] [nodes=10] [without=metric,...] [tame] [store]` and `lab
// series=FILE`: flags of promlab. It starts a simulated Prometheus and sets $PROM to its URL. A
// store does not scrape.
func (c *labs) start(ts *testscript.TestScript, _ bool, args []string) {
	flags := []string{"--now=" + labNow.Format(time.RFC3339), "--query.timeout=10m"}
	if len(args) != 1 || !strings.HasPrefix(args[0], "series=") {
		flags = append(flags, "--profile=kps", "--nodes=10")
	}
	for _, a := range args {
		if a != "store" {
			flags = append(flags, "--"+a)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/", c.cached(strings.Join(flags, " "), c.cluster(flags)))
	if slices.Contains(args, "store") {
		mux.Handle("/api/v1/targets", http.NotFoundHandler())
	}
	srv := httptest.NewServer(mux)
	ts.Defer(srv.Close)
	ts.Setenv("PROM", srv.URL)
}

// cluster returns the promlab with these flags. It starts with the first script that wants it.
func (c *labs) cluster(flags []string) http.Handler {
	c.Lock()
	defer c.Unlock()
	key := strings.Join(flags, " ")
	if c.clusters[key] == nil {
		c.clusters[key] = labtest.Handler(c.t, flags...)
	}
	return c.clusters[key]
}

// cached returns a handler that answers as lab does and caches the answers.
func (c *labs) cached(cluster string, lab http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// the same for GET and POST
		request := strings.Join([]string{cluster, r.URL.Path, r.Form.Encode()}, "\n")
		c.Lock()
		a, ok := c.answers[request]
		if !ok {
			a = &answer{}
			c.answers[request] = a
		}
		c.Unlock()
		a.Do(func() {
			r.Form.Del("timeout") // later requests need the answer, however slow the machine is
			rec := httptest.NewRecorder()
			// the answer outlives this request
			lab.ServeHTTP(rec, r.WithContext(context.Background()))
			a.Response, a.body = rec.Result(), rec.Body.Bytes()
		})
		maps.Copy(w.Header(), a.Header)
		w.WriteHeader(a.StatusCode)
		_, _ = w.Write(a.body)
	})
}

// TestLabsAnswerConcurrently sends the same request several times at once, as parallel scripts do.
func TestLabsAnswerConcurrently(t *testing.T) {
	var computed atomic.Int32
	h := newLabs(t).cached("prod", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		computed.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "{}")
	}))
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/api/v1/query?query=up", nil))
			if rec.Code != http.StatusTeapot ||
				rec.Header().Get("Content-Type") != "application/json" ||
				rec.Body.String() != "{}" {
				t.Errorf("got %d %v %q, want %d, JSON and %q", rec.Code, rec.Header(), rec.Body,
					http.StatusTeapot, "{}")
			}
		})
	}
	all.Wait()
	if n := computed.Load(); n != 1 {
		t.Errorf("got an answer computed %d times, want once", n)
	}
}

// slackToken is the token of the Slack doubles. No output may show it.
const slackToken = "xoxb-marked-token"

// startSlack implements `slack [busy]`. It starts a workspace and sets $SLACK_API to the address of
// its API, $SLACK_WEBHOOK to that of its webhook and $SLACK_BOT_TOKEN to the app's token. A busy
// workspace delays the first message by a second.
func startSlack(ts *testscript.TestScript, _ bool, args []string) {
	d := slackdouble.Start(slackToken)
	ts.Defer(d.Close)
	if len(args) == 1 && args[0] == "busy" {
		d.Fail(slackdouble.Fault{
			Method: "chat.postMessage", Status: http.StatusTooManyRequests, RetryAfter: 1,
		})
	}
	ts.Setenv("SLACK_API", d.APIURL())
	ts.Setenv("SLACK_WEBHOOK", d.WebhookURL())
	ts.Setenv("SLACK_BOT_TOKEN", slackToken)
	workspaces.Store(ts.Name()+d.APIURL(), d)
}

// workspaces holds the doubles of the running scripts, by script and address.
var workspaces sync.Map

// printMessages implements `said`. It prints the messages in the channel, a paragraph for each,
// with the number of pictures in its thread.
func printMessages(ts *testscript.TestScript, _ bool, _ []string) {
	v, ok := workspaces.Load(ts.Name() + ts.Getenv("SLACK_API"))
	if !ok {
		ts.Fatalf("said: there is no slack")
	}
	d, out := v.(*slackdouble.Double), ts.Stdout()
	for _, m := range d.Messages() {
		head := "message"
		if m.Thread != "" {
			head = "reply"
		}
		if m.Broadcast {
			head += ", in the channel too"
		}
		if m.Edits > 0 {
			head += ", edited"
		}
		pictures := 0
		for _, f := range d.Files() {
			if f.Thread == m.TS {
				pictures++
			}
		}
		fmt.Fprintf(out, "%s, %d pictures: %s\n", head, pictures, m.Text)
	}
	for _, refused := range d.Refused() {
		fmt.Fprintf(out, "refused: %s\n", refused)
	}
}

// startProgram implements `program [STATUS [TEXT]]`. It starts a server and sets $PROGRAM to its
// address. The server records all requests and answers them with the status, 200 by default, and
// the text.
func startProgram(ts *testscript.TestScript, _ bool, args []string) {
	status := http.StatusOK
	if len(args) > 0 {
		_, err := fmt.Sscan(args[0], &status)
		ts.Check(err)
	}
	text := strings.Join(args[min(len(args), 1):], " ")
	p := &program{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.Lock()
		defer p.Unlock()
		p.requests = append(p.requests, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path,
			r.Header.Get("Authorization"), body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	ts.Defer(srv.Close)
	ts.Setenv("PROGRAM", srv.URL)
	programs.Store(ts.Name()+srv.URL, p)
}

// program holds the requests of a server.
type program struct {
	sync.Mutex
	requests []string
}

// programs holds the servers of the running scripts, by script and address.
var programs sync.Map

// printRequests implements `heard`. It prints the requests to $PROGRAM since the last call, a
// line for each.
func printRequests(ts *testscript.TestScript, _ bool, _ []string) {
	v, ok := programs.Load(ts.Name() + ts.Getenv("PROGRAM"))
	if !ok {
		ts.Fatalf("heard: there is no program")
	}
	p, out := v.(*program), ts.Stdout()
	p.Lock()
	defer p.Unlock()
	for _, rq := range p.requests {
		fmt.Fprintln(out, rq)
	}
	p.requests = nil
}

// grafanaToken is the token of the Grafana doubles. No output may show it.
const grafanaToken = "glsa_marked-token"

// startGrafana implements `grafana [PLACE=FILE...]`. It starts a double of grafana.com and of a
// Grafana server, and sets $GRAFANA to its address and $GRAFANA_TOKEN to its token. A place is the
// number of a dashboard, whose files are its revisions, uid:UID, or a path. The double answers 503
// for /busy.json and 50 MB for /large.json.
func startGrafana(ts *testscript.TestScript, _ bool, args []string) {
	d := grafanadouble.Start(grafanaToken)
	ts.Defer(d.Close)
	for _, a := range args {
		place, file, _ := strings.Cut(a, "=")
		text := ts.ReadFile(file)
		if number, err := strconv.Atoi(place); err == nil {
			d.Publish(number, text)
		} else if uid, ok := strings.CutPrefix(place, "uid:"); ok {
			d.Save(uid, text)
		} else {
			d.Serve(place, text)
		}
	}
	d.Fail(grafanadouble.Fault{Path: "/busy.json", Status: http.StatusServiceUnavailable})
	d.Fail(grafanadouble.Fault{Path: "/large.json", Length: 50 << 20})
	ts.Setenv("GRAFANA", d.URL())
	ts.Setenv("GRAFANA_TOKEN", grafanaToken)
	grafanas.Store(ts.Name(), d)
}

// grafanas holds the newest double of the running scripts, by script.
var grafanas sync.Map

// printCalls implements `asked`. It prints the paths that Grafana was asked for since the last call.
func printCalls(ts *testscript.TestScript, _ bool, _ []string) {
	v, ok := grafanas.Load(ts.Name())
	if !ok {
		ts.Fatalf("asked: there is no grafana")
	}
	for _, call := range v.(*grafanadouble.Double).Calls() {
		fmt.Fprintln(ts.Stdout(), call.Path)
	}
}

// grow implements `grow FILE MB`. It makes a file so long with spaces at its end.
func grow(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: grow FILE MB")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), append([]byte(text),
		bytes.Repeat([]byte(" "), n<<20)...), 0o600))
}

// exits implements `exits CODE COMMAND [ARGS]`. It is exec with an expected exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGS]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("%s: got exit code %d, want %s", args[1], code, args[0])
	}
}

// uploaded implements `uploaded NAME FILE`. Slack must have a picture of that name with the content
// of FILE.
func uploaded(ts *testscript.TestScript, _ bool, args []string) {
	v, ok := workspaces.Load(ts.Name() + ts.Getenv("SLACK_API"))
	if !ok || len(args) != 2 {
		ts.Fatalf("usage: uploaded NAME FILE, after slack")
	}
	want := ts.ReadFile(args[1])
	var names []string
	for _, f := range v.(*slackdouble.Double).Files() {
		if f.Name == args[0] && string(f.Body) == want {
			return
		}
		names = append(names, f.Name)
	}
	ts.Fatalf("got the uploads %q, want %s with the content of %s", names, args[0], args[1])
}

// grant implements `granted SCOPE...`. It sets the scopes of Slack's app.
func grant(ts *testscript.TestScript, _ bool, args []string) {
	v, ok := workspaces.Load(ts.Name() + ts.Getenv("SLACK_API"))
	if !ok {
		ts.Fatalf("granted: there is no slack")
	}
	v.(*slackdouble.Double).Grant(args...)
}

// fill implements `fill FILE`. It replaces each ${NAME} in a file by the value of the variable.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: fill FILE")
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
}

// closedPort implements `closed`. It sets $PROM to the URL of a port on which nothing listens.
func closedPort(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("PROM", "http://"+l.Addr().String())
	ts.Check(l.Close())
}
