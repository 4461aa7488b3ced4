//go:build acceptance

package acceptance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// function is the real bootstrap, run as Lambda does: behind the Runtime API, and only with the
// environment that Lambda and the owner set.
type function struct {
	cmd     *exec.Cmd
	began   time.Time
	first   chan time.Time // of the first request for an invocation
	queue   chan invocation
	answers chan answered
	ended   chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

type invocation struct {
	id, event string
	deadline  time.Time
}

// answered is the function's answer to an invocation.
type answered struct {
	kind string // response, or error
	id   string
	body []byte
}

// Write keeps what the function logs.
func (f *function) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.Write(p)
}

func (f *function) logged() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.String()
}

// bootstrap returns the path of the function's program. It is built as `make lambda` does, with the
// command's version.
var bootstrap = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("PROMSNAP_BOOTSTRAP"); path != "" {
		return filepath.Abs(path)
	}
	return buildStatic("bootstrap", "../../functions/report", "-tags", "lambda.norpc")
})

// startFunction starts a program as Lambda starts a sandbox. The test ends it.
func startFunction(t testing.TB, path string, env ...string) *function {
	t.Helper()
	f := &function{
		first: make(chan time.Time, 1), queue: make(chan invocation),
		answers: make(chan answered, 1), ended: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.next)
	for _, kind := range []string{"response", "error"} {
		mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/"+kind,
			func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.WriteHeader(http.StatusAccepted)
				f.answers <- answered{kind, r.PathValue("id"), body}
			})
	}
	mux.HandleFunc("POST /2020-01-01/extension/register",
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Lambda-Extension-Identifier", "extension-1")
			_, _ = io.WriteString(w, `{}`)
		})
	mux.HandleFunc("GET /2020-01-01/extension/event/next",
		func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := httptest.NewServer(mux)
	f.cmd = exec.Command(path)
	f.cmd.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(s.URL, "http://"),
		"AWS_LAMBDA_FUNCTION_NAME=promsnap", "AWS_EC2_METADATA_DISABLED=true",
	}, env...)
	f.cmd.Stdout, f.cmd.Stderr = f, f
	f.began = time.Now()
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = f.cmd.Wait()
		close(f.ended)
	}()
	t.Cleanup(func() {
		f.kill()
		s.CloseClientConnections()
		s.Close()
		if t.Failed() {
			t.Logf("the function logged:\n%s", tail(f.logged(), 6000))
		}
	})
	return f
}

// next sends the invocations, one at a time.
func (f *function) next(w http.ResponseWriter, r *http.Request) {
	select {
	case f.first <- time.Now():
	default:
	}
	select {
	case i := <-f.queue:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", i.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(i.deadline.UnixMilli()))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn",
			"arn:aws:lambda:eu-west-1:123456789012:function:promsnap")
		w.Header().Set("Lambda-Runtime-Trace-Id",
			"Root=1-5e1b4151-5ac6c58f3f3f3f3f3f3f3f3f;Sampled=0")
		_, _ = io.WriteString(w, i.event)
	case <-r.Context().Done():
	}
}

// kill ends the sandbox and returns its peak memory in MiB, or 0 if it had already ended.
func (f *function) kill() float64 {
	peak, _ := peakNow(f.cmd.Process.Pid)
	_ = f.cmd.Process.Kill()
	<-f.ended
	return peak
}

// files returns the number of open files and connections of the sandbox.
func (f *function) files(t testing.TB) int {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", f.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// send begins an invocation with this time limit.
func (f *function) send(t testing.TB, event string, limit time.Duration) {
	t.Helper()
	select {
	case f.queue <- invocation{
		fmt.Sprintf("id-%d", time.Now().UnixNano()), event, time.Now().Add(limit),
	}:
	case <-f.ended:
		t.Fatal("the function ended, want a request for an invocation")
	case <-time.After(patience):
		t.Fatalf("no request for an invocation after %s, want one", patience)
	}
}

// receive waits for the answer to an invocation.
func (f *function) receive(t testing.TB) answered {
	t.Helper()
	select {
	case a := <-f.answers:
		return a
	case <-f.ended:
		t.Fatal("the function ended, want an answer")
	case <-time.After(3 * patience):
		t.Fatalf("no answer after %s, want one", 3*patience)
	}
	return answered{}
}

// verdict is the function's answer.
type verdict struct {
	Verdict, Error string
	Reports        []struct {
		Name                          string
		Slot                          time.Time
		Critical, Warning, NoData, OK int
		Incomplete, Error             string
		StoodBack                     string `json:"stood_back"`
		Failures, Delivered, Notes    []string
	}
	ErrorMessage, ErrorType string // in the form that Lambda defines
}

// invoke sends an event and returns the kind and the content of the answer.
func (f *function) invoke(t testing.TB, event string, limit ...time.Duration) (string, verdict) {
	t.Helper()
	f.send(t, event, cmp.Or(append(limit, 5*time.Minute)...))
	return f.read(t)
}

func (f *function) read(t testing.TB) (string, verdict) {
	t.Helper()
	a := f.receive(t)
	var v verdict
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("got the answer %s, want JSON: %v", a.body, err)
	}
	return a.kind, v
}
