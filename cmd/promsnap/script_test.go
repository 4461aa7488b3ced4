package main

import (
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
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// labNow is the end of the simulated clusters' time, and so what the scripts' numbers hold for.
var labNow = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// TestMain lets several scripts run at once on any machine: many wait until something is tried
// again. -parallel says it otherwise.
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

// telling are the scripts that pass through most of the program in a few seconds: what -short runs.
var telling = []string{"check-config", "deliver-changes", "exit-codes", "run-url"}

// TestScripts runs testdata/script/*.txtar: the real binary, as its users call it, against promlab.
func TestScripts(t *testing.T) {
	params := testscript.Params{
		Dir: scripts,
		Setup: func(env *testscript.Env) error {
			env.Setenv("NOW", labNow.Format(time.RFC3339))
			// by the wall clock, which claims go by
			env.Setenv("SOON", time.Now().UTC().Add(time.Hour).Format(time.RFC3339))
			env.Setenv("NO_PROXY", "127.0.0.1")
			// under the race detector each process sleeps for a second before it ends
			env.Setenv("GORACE", "atexit_sleep_ms=10")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"lab": (&labs{answers: map[string]*answer{}}).start, "closed": closedPort,
			"exits": exits, "slack": startSlack, "said": said, "fill": fill,
			"program": startProgram, "heard": heard, "uncomment": uncomment,
			"cluster": startCluster,
		},
	}
	if testing.Short() {
		params.Dir = ""
		for _, name := range telling {
			params.Files = append(params.Files, filepath.Join(scripts, name+".txtar"))
		}
	}
	testscript.Run(t, params)
}

// labs are simulated Prometheuses that remember their answers: with one clock for all, the same
// question of the same cluster has the same answer in every script, and computing it is what takes
// the scripts' time.
type labs struct {
	sync.Mutex
	answers map[string]*answer
}

// answer is what a lab answers a question with, computed by who asks first and only read from then
// on.
type answer struct {
	sync.Once
	*http.Response
	body []byte
}

// start is `lab [profile=kps] [nodes=10] [without=metric,...] [tame]`: it starts a simulated
// Prometheus and puts its URL into $PROM.
func (c *labs) start(ts *testscript.TestScript, _ bool, args []string) {
	o := lab.Options{Now: labNow, Profile: lab.KPS, Nodes: 10}
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "profile":
			o.Profile = lab.Profile(value)
		case "nodes":
			if _, err := fmt.Sscan(value, &o.Nodes); err != nil {
				ts.Fatalf("nodes: %v", err)
			}
		case "tame":
			o.Tame = true
		case "without":
			o.Without = strings.Split(value, ",")
		default:
			ts.Fatalf("lab knows no %q", key)
		}
	}
	l, err := lab.New(o)
	ts.Check(err)
	srv := httptest.NewServer(c.over(fmt.Sprint(o), l.Handler()))
	ts.Defer(srv.Close)
	ts.Setenv("PROM", srv.URL)
}

// over answers as lab does.
func (c *labs) over(cluster string, lab http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// asked by GET or by POST
		question := strings.Join([]string{cluster, r.URL.Path, r.Form.Encode()}, "\n")
		c.Lock()
		a, ok := c.answers[question]
		if !ok {
			a = &answer{}
			c.answers[question] = a
		}
		c.Unlock()
		a.Do(func() {
			r.Form.Del("timeout") // who asks first computes for all, however slow the machine
			rec := httptest.NewRecorder()
			// also for those who ask after this one is gone
			lab.ServeHTTP(rec, r.WithContext(context.Background()))
			a.Response, a.body = rec.Result(), rec.Body.Bytes()
		})
		maps.Copy(w.Header(), a.Header)
		w.WriteHeader(a.StatusCode)
		_, _ = w.Write(a.body)
	})
}

// TestLabsAnswerManyAtOnce holds labs to what scripts that run side by side do: they ask the same
// question at the same time.
func TestLabsAnswerManyAtOnce(t *testing.T) {
	var asked atomic.Int32
	h := (&labs{
		answers: map[string]*answer{},
	}).over("prod", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
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
				t.Errorf("answered with %d %v %q", rec.Code, rec.Header(), rec.Body)
			}
		})
	}
	all.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("the lab computed the answer %d times", n)
	}
}

// slackToken is what the doubles of Slack take, and what no output may show.
const slackToken = "xoxb-marked-token"

// startSlack is `slack [busy]`: it starts a workspace, and puts the address of its API into
// $SLACK_API, of its webhook into $SLACK_WEBHOOK and the token of the app into $SLACK_BOT_TOKEN. A
// busy one asks the first message to wait a second.
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

// workspaces are the doubles of the scripts that run, by script and address.
var workspaces sync.Map

// said is `said`: it prints what people were told in the channel, a paragraph for each message, and
// how many pictures its thread has.
func said(ts *testscript.TestScript, _ bool, _ []string) {
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

// startProgram is `program [STATUS [TEXT]]`: it starts a server of the reader's own, which writes
// down what it is asked and answers all with a status, 200 without one, and a text, and puts its
// address into $PROGRAM.
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
		p.heard = append(p.heard, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path,
			r.Header.Get("Authorization"), body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	ts.Defer(srv.Close)
	ts.Setenv("PROGRAM", srv.URL)
	programs.Store(ts.Name()+srv.URL, p)
}

// program is what a server was asked.
type program struct {
	sync.Mutex
	heard []string
}

// programs are the servers of the scripts that run, by script and address.
var programs sync.Map

// heard is `heard`: it prints what the server at $PROGRAM was asked since it was printed last, a
// paragraph for each request.
func heard(ts *testscript.TestScript, _ bool, _ []string) {
	v, ok := programs.Load(ts.Name() + ts.Getenv("PROGRAM"))
	if !ok {
		ts.Fatalf("heard: there is no program")
	}
	p, out := v.(*program), ts.Stdout()
	p.Lock()
	defer p.Unlock()
	for _, rq := range p.heard {
		fmt.Fprintln(out, rq)
	}
	p.heard = nil
}

// exits is `exits CODE COMMAND [ARGS]`: exec, with the exit code that is wanted.
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
		ts.Fatalf("%s exits with %d, want %s", args[1], code, args[0])
	}
}

// fill is `fill FILE`: it puts the values of variables into a file, in which they stand as ${NAME}.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: fill FILE")
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
}

// uncomment is `uncomment FILE`: it takes the # away from the lines of YAML that promsnap init has
// commented out, but for panels without data.
func uncomment(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: uncomment FILE")
	}
	line := regexp.MustCompile(
		`(?m)^( *)# ((?:schedule|send|history_from|receivers|state|external_url): ?.*|  (?:- name|  slack|configmap|dir): .*)$`)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), line.ReplaceAll([]byte(ts.ReadFile(args[0])),
		[]byte("$1$2")), 0o600))
}

// closedPort is `closed`: it puts the URL of a port that nobody listens on into $PROM.
func closedPort(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("PROM", "http://"+l.Addr().String())
	ts.Check(l.Close())
}
