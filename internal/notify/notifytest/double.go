package notifytest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Double is the other side of a receiver under test: a server that accepts what a product's public
// description allows, and that the test can break.
type Double struct {
	*httptest.Server
	accept func(r *http.Request, body []byte) (status int, answer, arrived string)

	mu      sync.Mutex
	arrived []string
	asked   int
	broken  http.HandlerFunc // instead of accepting anything; nil: accepts
	lose    bool
	hang    chan struct{}
}

// NewDouble starts a double. accept checks a request and returns the answer; with a status below
// 300, also a line for what has arrived.
func NewDouble(t *testing.T,
	accept func(r *http.Request, body []byte) (status int, answer, arrived string)) *Double {
	t.Helper()
	d := &Double{accept: accept}
	d.Server = httptest.NewServer(d)
	t.Cleanup(func() {
		if d.hang != nil {
			close(d.hang)
		}
		d.Close()
	})
	return d
}

// ServeHTTP implements http.Handler.
func (d *Double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	d.mu.Lock()
	d.asked++
	broken, hang := d.broken, d.hang
	d.mu.Unlock()
	switch {
	case hang != nil:
		<-hang
		return
	case broken != nil:
		broken(w, r)
		return
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	status, answer, arrived := d.accept(r, body)
	if status < http.StatusMultipleChoices {
		d.arrived = append(d.arrived, arrived)
		if d.lose {
			d.lose = false
			panic(http.ErrAbortHandler)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

// Answer makes the double answer each request with a status and a body, and accept nothing. The
// headers are names and values in turn.
func (d *Double) Answer(status int, body string, headers ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Lose makes the double accept the next request, and break the connection instead of answering.
func (d *Double) Lose() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lose = true
}

// Hang makes the double answer nothing until the test ends.
func (d *Double) Hang() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hang = make(chan struct{})
}

// Arrived returns a line for each accepted request.
func (d *Double) Arrived() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.arrived, "\n")
}

// Asked returns how many requests there were.
func (d *Double) Asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

// Golden compares got with the file of this name in testdata, or writes the file if update is set.
func Golden(t *testing.T, update bool, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run with -update, and look at the file", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}
