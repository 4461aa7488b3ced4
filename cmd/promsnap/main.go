// Command promsnap takes snapshots of a Kubernetes fleet out of Prometheus and tells people what
// they mean.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // a container from scratch has no zones of its own

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// version is set by the build; `go install` leaves it to the module's.
var version = ""

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // a query or a delivery failed; what worked is written
	exitUsage  = 2 // the command line or the configuration is wrong
	exitBreach = 3 // --fail-on, and a finding of that severity or a graver one
)

// exitError carries an exit code. A nil Err means that all has been said.
type exitError struct {
	code int
	Err  error
}

func (e *exitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.Err.Error()
}

func (e *exitError) Unwrap() error { return e.Err }

func usage(err error) error { return &exitError{exitUsage, err} }

// console is what the commands know of the world outside: this file is the only one that looks.
type console struct {
	stdout, stderr io.Writer
	// stdout, as it is, for a line that is rewritten; nil where that is no terminal
	terminal io.Writer
	width    int // of the terminal, in columns
	now      func() time.Time
	getenv   func(string) string
	stop     <-chan struct{} // closed by SIGTERM
	args     []string
}

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	os.Exit(run(time.Now))
}

// garbage is how much of it there may be before it is collected, in percent of what is in use. Go's
// own 100 % suits servers. A run is over in seconds, and its peak is what a Pod has to be given:
// this lowers it by a tenth to a fifth, for at most a tenth of the processor's time.
const garbage = 50

// run runs the command line and returns its exit code. Times come from now.
func run(now func() time.Time) (code int) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	// a second one ends the process, whatever it does not come away from
	context.AfterFunc(ctx, cancel)
	c := &console{
		stdout: plain{os.Stdout}, stderr: plain{os.Stderr}, now: now, getenv: os.Getenv,
		stop: onTerminate(), args: os.Args[1:], width: 80,
	}
	if term.IsTerminal(int(os.Stdout.Fd())) {
		c.terminal = os.Stdout
	}
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		c.width = w
	}
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(c.stderr, "promsnap: a fault in promsnap itself: %v\n%s", r, debug.Stack())
			code = exitFailed
		}
	}()
	cmd := rootCommand(c)
	cmd.SetArgs(c.args)
	err := cmd.ExecuteContext(ctx)
	var exit *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		if exit.Err != nil {
			fmt.Fprintf(c.stderr, "promsnap: %v\n", exit.Err)
		}
		return exit.code
	default: // cobra's own: a use of it that nobody thought of
		fmt.Fprintf(c.stderr, "promsnap: %v\n", err)
		return exitUsage
	}
}

// onTerminate returns a channel that SIGTERM closes: Kubernetes sends it before it kills, and what
// is there by then is delivered. A second one ends the process.
func onTerminate() <-chan struct{} {
	got, stop := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(got, syscall.SIGTERM)
	go func() {
		<-got
		signal.Stop(got)
		close(stop)
	}()
	return stop
}

func rootCommand(c *console) *cobra.Command {
	root := &cobra.Command{
		Use:   "promsnap",
		Short: "Snapshots of a Kubernetes fleet out of Prometheus, and what they mean",
		Long: `promsnap asks Prometheus how full the nodes and containers of a cluster are, compares the answers with
thresholds, and writes one self-contained report with charts. No Grafana, no browser, no server.`,
		Example: `  # the built-in panels of the last 24 hours, without a configuration: of the cluster of your kubeconfig, or of a URL
  promsnap run
  promsnap run --prometheus-url http://localhost:9090

  # a configuration that fits the cluster
  promsnap init

  # the reports of a configuration
  promsnap run -c promsnap.yaml

  # tell its receivers what is new
  promsnap run check -c promsnap.yaml --deliver`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetFlagErrorFunc(flagError)
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(runCommand(c), initCommand(c), checkConfigCommand(c), panelsCommand(c),
		deliverCommand(c), doctorCommand(c), silenceCommand(c), stateCommand(c), versionCommand(c))
	group(root)
	completion(root)
	return root
}

// completion adds cobra's own command, which has no examples, and takes what it does not know for a
// call of help.
func completion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Example = `  promsnap completion bash > /etc/bash_completion.d/promsnap
  source <(promsnap completion zsh)
  promsnap completion fish > ~/.config/fish/completions/promsnap.fish`
			group(cmd)
		}
	}
}

func versionCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print promsnap's version", Args: atMost(0),
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(c.stdout, versionLine())
			return nil
		},
	}
}

// versionLine is what `promsnap version` and --version print.
func versionLine() string {
	return fmt.Sprintf("promsnap %s (%s)", versionString(), runtime.Version())
}

func versionString() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "dev"
}
