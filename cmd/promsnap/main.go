// Command promsnap takes snapshots of a Kubernetes fleet from Prometheus, reports on them and
// sends alerts.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // a scratch container has no time zone files

	"github.com/spf13/cobra"
)

// version is set by the build. After `go install` it is empty and the module's version is used.
var version = ""

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // a query or a delivery failed; everything that worked is written
	exitUsage  = 2 // the command line or the configuration is wrong
	exitBreach = 3 // --fail-on is set and a finding has that severity or a higher one
)

// exitError carries an exit code. A nil Err means that the error was already printed.
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

// console holds everything that commands use from the process: output, clock, environment, signals
// and arguments. Only this file reads them from the operating system.
type console struct {
	stdout, stderr *screen
	now            func() time.Time
	getenv         func(string) string
	login          string          // the name of the user; "unknown" if there is none
	stop           <-chan struct{} // closed by SIGTERM
	args           []string
}

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(run(time.Now))
}

// gcPercent is the default of GOGC. Go's own default, 100, suits servers. A run lasts seconds, and
// a Pod's memory limit must cover its peak. 50 lowers the peak by 10 to 20 % and costs at most 10 %
// more CPU time.
const gcPercent = 50

// run runs the command line and returns its exit code. Times come from now.
func run(now func() time.Time) (code int) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	// restore the default handling, so that a second interrupt ends the process at once
	context.AfterFunc(ctx, cancel)
	c := &console{
		stdout: newScreen(os.Stdout, os.Getenv), stderr: newScreen(os.Stderr, os.Getenv),
		now: now, getenv: os.Getenv, login: login(), stop: onTerminate(), args: os.Args[1:],
	}
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(c.stderr, "promsnap: internal error (please report it): %v\n%s", r,
				debug.Stack())
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
			c.fail(exit.Err)
		}
		return exit.code
	default: // an error from cobra itself
		c.fail(err)
		return exitUsage
	}
}

// login returns the name of the user. A container may have no entry for the user that it runs as.
func login() string {
	if name := cmp.Or(os.Getenv("USER"), os.Getenv("LOGNAME")); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

// fail prints an error. Indented lines of it are commands, which stay whole.
func (c *console) fail(err error) {
	begin := "promsnap: "
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if strings.HasPrefix(line, " ") {
			fmt.Fprintln(c.stderr, line)
			continue
		}
		c.stderr.say(red, begin, line, 2)
		begin = ""
	}
}

// onTerminate returns a channel that the first SIGTERM closes. Kubernetes sends SIGTERM before it
// kills a Pod; the run then delivers what it has so far. A second SIGTERM ends the process.
func onTerminate() <-chan struct{} {
	signals, stop := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		close(stop)
	}()
	return stop
}

func rootCommand(c *console) *cobra.Command {
	root := &cobra.Command{
		Use:   "promsnap",
		Short: "Report on a Kubernetes fleet from Prometheus",
		Long: `promsnap queries Prometheus for the state of a Kubernetes fleet, compares the
answers with thresholds, and writes one self-contained report with charts. It
sends alerts and summaries to Slack and other receivers. It needs no Grafana,
no browser and no server.`,
		Example: `  # Report on the last 24 hours, without a configuration:
  # of the cluster in your kubeconfig, or of a Prometheus URL
  promsnap run
  promsnap run --prometheus-url http://localhost:9090

  # Write a configuration for this cluster
  promsnap init

  # Run every report of promsnap.yaml, or of another configuration
  promsnap run
  promsnap run -c other.yaml

  # Run one report and send what is new to its receivers
  promsnap run check --deliver`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetFlagErrorFunc(flagError)
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	setHelp(root, c.stdout)
	color := &colorFlag{screens: []*screen{c.stdout, c.stderr}, value: "auto"}
	root.PersistentFlags().Var(color, "color", "`WHEN` to use colours: auto (on a terminal), "+
		"always or never")
	// fails only for a flag that does not exist
	_ = root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(
		[]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	addGroup(root, "Reports:", runCommand(c), backtestCommand(c), panelsCommand(c),
		sizingCommand(c), dashboardCommand(c), fleetCommand(c), archiveCommand(c))
	addGroup(root, "Questions:", queryCommand(c), metricsCommand(c), targetsCommand(c))
	addGroup(root, "Setup:", initCommand(c), checkConfigCommand(c), doctorCommand(c),
		deliverCommand(c), slackCommand(c))
	addGroup(root, "Alerts:", silenceCommand(c), stateCommand(c))
	root.AddCommand(versionCommand(c))
	requireKnownCommand(root)
	addCompletion(root)
	return root
}

// addGroup adds commands under a heading of the root's help.
func addGroup(root *cobra.Command, heading string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: heading, Title: heading})
	for _, cmd := range commands {
		cmd.GroupID = heading
		root.AddCommand(cmd)
	}
}

// addCompletion adds cobra's completion command. By default that command has no examples, and it
// prints its help for an unknown shell instead of failing.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Short = "Print the completion script for a shell"
			cmd.Long = "Prints the completion script for a shell. The help of each shell's " +
				"command\nsays how to load it."
			cmd.Example = `  promsnap completion bash > /etc/bash_completion.d/promsnap
  source <(promsnap completion zsh)
  promsnap completion fish > ~/.config/fish/completions/promsnap.fish`
			requireKnownCommand(cmd)
		}
	}
}

func versionCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of promsnap", Args: atMost(0),
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(c.stdout, versionLine())
			return nil
		},
	}
}

// versionLine returns what `promsnap version` and --version print.
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
