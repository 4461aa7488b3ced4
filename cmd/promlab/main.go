// Command promlab is a Prometheus in a box: the real PromQL engine over a simulated Kubernetes
// cluster, behind Prometheus' HTTP API. See package lab.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(time.Now).ExecuteContext(ctx)
	stop()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "promlab:", err)
		os.Exit(1)
	}
}

// command is promlab's command line. clock is the real time.
func command(clock func() time.Time) *cobra.Command {
	var (
		o                       lab.Options
		listen, profile, nowArg string
		seriesFile              string
	)
	c := &cobra.Command{
		Use:   "promlab [flags] [-- COMMAND [ARG...]]",
		Short: "A Prometheus in a box: the real PromQL engine over a simulated Kubernetes cluster",
		Long: `promlab answers Prometheus' HTTP API v1 for a Kubernetes cluster that does not exist: any time
range, nothing to load, the same answers for the same seed. Most of its nodes are well; a few
are not.

The incidents lie before --now: a node that leaks memory, one whose disk fills, one whose CPUs
are busy, one that was down for two hours, a container that is killed for its memory again and
again, and more. Without --now they lie before the hour in which promlab was started, and time
goes on from there.

With --series promlab answers from a file of series in promtool's notation instead: interval,
input_series, and the time of the first sample as a comment "# start: UNIX-SECONDS". Its end is
the newest sample, or --now.

With a COMMAND promlab takes a free port, runs it with {url} in its arguments replaced by
promlab's own address, and ends when it ends, with its exit code.`,
		Example: `  promlab                                                  42 nodes at http://127.0.0.1:9090
  promlab --profile kps --nodes 200 --cluster prod-seoul   as kube-prometheus-stack scrapes it
  promlab --listen 127.0.0.1:0 --now 2026-11-22T00:00:00Z  a free port; always the same data
  promlab --without kubelet_volume_stats,node_pressure     some metrics are missing
  promlab -- promsnap run --prometheus-url {url}           one run, and nothing is left behind
  promlab --series testdata/field/ip_reuse.yaml            the series of a file

  curl 'http://127.0.0.1:9090/api/v1/query?query=up'`,
		Args:          onlyAfterDash,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Profile = lab.Profile(profile)
			if seriesFile != "" {
				r, err := readRecording(seriesFile)
				if err != nil {
					return err
				}
				o.Recording = r
			} else {
				o.Now, o.Clock = clock().Truncate(time.Hour), clock
			}
			if nowArg != "" {
				now, err := time.Parse(time.RFC3339, nowArg)
				if err != nil {
					return fmt.Errorf("--now %q is not a time: write it as 2026-11-22T00:00:00Z",
						nowArg)
				}
				o.Now, o.Clock = now, nil
			}
			l, err := lab.New(o)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return serve(cmd.Context(), cmd.OutOrStdout(), listen, l.Handler())
			}
			return serveOne(cmd, l.Handler(), args)
		},
	}
	f := c.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:9090",
		"address to listen on; port 0 takes a free one")
	f.StringVar(&profile, "profile", string(lab.Community), "the Helm chart whose labels the "+
		"metrics have: community or kps (kube-prometheus-stack)")
	f.IntVar(&o.Nodes, "nodes", lab.DefaultNodes,
		fmt.Sprintf("how many nodes, up to %d", lab.MaxNodes))
	f.Uint64Var(&o.Seed, "seed", lab.DefaultSeed, "what the cluster and its samples are made from")
	f.StringVar(&o.Cluster, "cluster", "", "a label cluster=NAME on every series")
	f.StringVar(&nowArg, "now", "", "the end of the samples as RFC 3339, instead of the real time")
	f.DurationVar(&o.ScrapeInterval, "scrape-interval", 0,
		"time between samples (default 1m, with kps 30s)")
	f.StringSliceVar(&o.Without, "without", nil,
		"metrics to leave out, by the beginning of their names")
	f.StringVar(&seriesFile, "series", "",
		"answer from the series of this file, in promtool's notation")
	f.BoolVar(&o.Tame, "tame", false, "leave out the pods whose names are hostile: scripts, "+
		"markup, mentions")
	f.IntVar(&o.MaxSamples, "query.max-samples", 50_000_000, "as Prometheus' own")
	f.DurationVar(&o.Timeout, "query.timeout", 2*time.Minute, "as Prometheus' own")
	for _, simulated := range []string{
		"profile", "nodes", "seed", "cluster", "scrape-interval", "without", "tame",
	} {
		c.MarkFlagsMutuallyExclusive("series", simulated)
	}
	return c
}

// readRecording reads a file of series.
func readRecording(path string) (*lab.Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--series: %w", err)
	}
	defer f.Close()
	r, err := lab.ReadRecording(f)
	if err != nil {
		return nil, fmt.Errorf("--series %s: %w", path, err)
	}
	return r, nil
}

// onlyAfterDash lets arguments stand only behind --, so that a mistyped flag is not taken for a
// command.
func onlyAfterDash(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
		return fmt.Errorf("unknown argument %q; a command to run stands behind --", args[0])
	}
	return nil
}

// serveOne answers on a free port for as long as one command runs. Its error is the command's.
func serveOne(cmd *cobra.Command, h http.Handler, args []string) error {
	listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on a free port: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	// it ends with Close, and what it fails at the command will say
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "{url}", "http://"+listener.Addr().String())
	}
	child := exec.CommandContext(cmd.Context(), args[0], args[1:]...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	child.WaitDelay = 10 * time.Second
	return child.Run()
}

// serve answers until the context ends, then lets what is being answered finish. It prints one line
// with the address once it listens.
func serve(ctx context.Context, out io.Writer, address string, h http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening on %s: %w; choose another address with --listen, or port 0 "+
			"for a free one", address, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(out, "promlab: ready at http://%s\n", listener.Addr())

	select {
	case err := <-failed:
		return fmt.Errorf("serving on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stopping: %w", err)
	}
	return nil
}
