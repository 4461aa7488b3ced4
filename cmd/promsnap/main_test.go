//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A signal ends a run that waits for its configuration: the first or, at the latest, the next one.
func TestASignalEndsTheWaitForTheConfiguration(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		pipe := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		writer, err := os.OpenFile(pipe, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = writer.Close() }()
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Second,
			fmt.Errorf("no signal ended it"))
		defer cancel()
		cmd := exec.CommandContext(ctx, "promsnap", "run", "-c", pipe)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait() // the state has the result
			close(ended)
		}()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for running := true; running; {
			select {
			case <-ended:
				running = false
			case <-tick.C:
				_ = cmd.Process.Signal(s) // fails if it has ended
			}
		}
		state := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if by := state.Signal(); by != s && state.ExitStatus() != exitUsage {
			t.Errorf("%v: got the end by %v with status %d (%v), want by the signal or status %d",
				s, by, state.ExitStatus(), context.Cause(ctx), exitUsage)
		}
	}
}
