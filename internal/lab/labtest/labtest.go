// Package labtest runs promlab for tests, as a process of its own. Under the race detector the
// simulation of a cluster would take most of a test's time, and it has tests itself.
package labtest

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

// Start runs promlab with these flags until the test ends and returns its address.
func Start(t testing.TB, flags ...string) *url.URL {
	t.Helper()
	// go builds promlab without the race detector and caches it. The command prints the address
	// and ends when its input does, so that nothing runs on if this process dies.
	args := append([]string{"run", "github.com/promsnap/promsnap/cmd/promlab"}, flags...)
	cmd := exec.Command("go", append(args, "--", "sh", "-c", "echo {url}; exec cat >/dev/null")...)
	var failure bytes.Buffer
	cmd.Stderr = &failure
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(output).ReadString('\n')
	address, err := url.Parse(strings.TrimSpace(line))
	if err != nil || address.Host == "" {
		_ = input.Close()
		t.Fatalf("promlab %q printed %q, want its address: %v %s", flags, line, cmd.Wait(), &failure)
	}
	t.Cleanup(func() {
		_ = input.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("promlab %q: %v %s", flags, err, &failure)
		}
	})
	return address
}

// Handler passes requests on to a promlab that Start runs with these flags. A handler in front of
// it may have parsed the form and changed it.
func Handler(t testing.TB, flags ...string) http.Handler {
	t.Helper()
	address := Start(t, flags...)
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(address)
		// Read the body before promlab answers: a server closes the body when its handler begins to
		// write, and the transport would then take that for a failure and break off the answer.
		_ = r.In.ParseForm() // promlab says what is wrong with a form
		form := r.In.Form.Encode()
		if r.Out.Method != http.MethodPost {
			r.Out.URL.RawQuery = form
			return
		}
		r.Out.URL.RawQuery = ""
		r.Out.Body, r.Out.ContentLength = io.NopCloser(strings.NewReader(form)), int64(len(form))
	}}
}
