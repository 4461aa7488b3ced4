package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func fixed() time.Time { return time.Date(2026, 11, 22, 0, 30, 0, 0, time.UTC) }

// TestServesUntilStopped starts promlab on a free port, reads the address from its output, queries
// it, and stops it.
func TestServesUntilStopped(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	read, write := io.Pipe()
	c := command(fixed)
	c.SetArgs([]string{"--listen", "127.0.0.1:0", "--nodes", "3", "--cluster", "prod-seoul"})
	c.SetOut(write)
	done := make(chan error, 1)
	go func() { done <- c.ExecuteContext(ctx) }()

	said, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address, ok := strings.CutPrefix(strings.TrimSpace(said), "promlab: ready at ")
	if !ok {
		t.Fatalf("got the output %q, want the address", said)
	}
	response, err := http.Get(address + "/api/v1/query?query=" + `count(up{cluster="prod-seoul"})`)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	// Without --now, the end of the samples is the clock's time.
	if err != nil || !strings.Contains(string(body), `"value":[1795307400,"`) {
		t.Errorf("got body %s and error %v, want an answer", body, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("got error %v after the stop, want none", err)
	}
}

func TestRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--now", "yesterday"}, "write it like 2026-11-22T00:00:00Z"},
		{[]string{"--profile", "thanos"}, "write community or kps"},
		{[]string{"--nodes", "100000"}, "from 1 to 5000"},
		{
			[]string{"--listen", "nowhere.invalid:9090", "--nodes", "1"},
			"choose another address with --listen",
		},
		{[]string{"left", "over"}, "left"},
		{[]string{"--incidents", "nowhere.json"}, "--incidents"},
		{[]string{"--incidents", "main.go"}, "--incidents main.go: invalid character"},
	} {
		cmd := command(fixed)
		cmd.SetArgs(c.args)
		cmd.SetOut(&bytes.Buffer{})
		if err := cmd.ExecuteContext(t.Context()); err == nil ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: got error %v, want one with %q", c.args, err, c.says)
		}
	}
}

// TestRunsOneCommand checks that the command gets the address of promlab, and that promlab returns
// its exit code.
func TestRunsOneCommand(t *testing.T) {
	c := command(fixed)
	c.SetArgs([]string{
		"--nodes", "1", "--", "sh", "-c", `case "$0" in http://127.0.0.1:*/x) exit 7;; esac`,
		"{url}/x",
	})
	err := c.ExecuteContext(t.Context())
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("got error %v, want exit code 7", err)
	}
}
