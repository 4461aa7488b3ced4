//go:build acceptance && linux

package acceptance

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// outside is everything that a run of promsnap talks to: servers in this process, and directories.
// It counts the steps at which the run does something lasting, and kills the run at one of them.
type outside struct {
	mu     sync.Mutex
	steps  int
	killAt int // the step at which to kill the run; 0: none
	victim *os.Process
	dead   chan struct{}
	killed string // the step at which the run was killed; "": it ended by itself
}

// run runs a command to its end or kills it at a step.
func (o *outside) run(t *testing.T, cmd *exec.Cmd, killAt int) (steps int, killed string) {
	t.Helper()
	dead := make(chan struct{})
	o.mu.Lock()
	o.steps, o.killAt, o.killed, o.dead = 0, killAt, "", dead
	err := cmd.Start()
	o.victim = cmd.Process
	o.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the caller looks at cmd.ProcessState
	close(dead)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.victim = nil
	return o.steps, o.killed
}

// step counts one step and reports whether the run goes on. If it does not, it is dead when step
// returns.
func (o *outside) step(what string) (alive bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.victim == nil || o.killed != "" {
		return o.killed == ""
	}
	if o.steps++; o.steps != o.killAt {
		return true
	}
	o.killed = what
	_ = o.victim.Kill() // SIGKILL; fails only if it has ended
	<-o.dead
	return false
}

// serve puts a server in front of the run. Each request is two steps: before it is handled and
// before it is answered.
func (o *outside) serve(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := r.Method + " " + r.URL.Path
		if !o.step(what) {
			panic(http.ErrAbortHandler)
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if !o.step("the answer to " + what) {
			panic(http.ErrAbortHandler)
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
}

// watch makes a step of every event of a file in dirs. The run goes on until this process reads the
// event, so it ends a little after the step or in the middle of the next one.
func (o *outside) watch(t *testing.T, dirs ...string) {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	events := os.NewFile(uintptr(fd), "inotify")
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		const all = syscall.IN_CREATE | syscall.IN_MODIFY | syscall.IN_CLOSE_WRITE |
			syscall.IN_MOVED_TO | syscall.IN_DELETE
		if _, err := syscall.InotifyAddWatch(fd, dir, all); err != nil {
			t.Fatal(err)
		}
	}
	var done sync.WaitGroup
	done.Go(func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := events.Read(buffer)
			if err != nil {
				return // closed
			}
			for at := 0; at+syscall.SizeofInotifyEvent <= n; {
				e := (*syscall.InotifyEvent)(unsafe.Pointer(&buffer[at]))
				name := buffer[at+syscall.SizeofInotifyEvent:][:e.Len]
				o.step(fmt.Sprintf("event %#x of %s", e.Mask, bytes.TrimRight(name, "\x00")))
				at += syscall.SizeofInotifyEvent + int(e.Len)
			}
		}
	})
	t.Cleanup(func() {
		_ = events.Close()
		done.Wait()
	})
}
