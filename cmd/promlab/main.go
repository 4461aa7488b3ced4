// Command promlab is a test Prometheus: the real PromQL engine with the data of a simulated
// Kubernetes cluster, behind the Prometheus HTTP API. See package lab.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"slices"
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

// command returns the command line of promlab. clock is the wall clock.
func command(clock func() time.Time) *cobra.Command {
	var v values
	c := &cobra.Command{
		Use:   "promlab [flags] [-- COMMAND [ARG...]]",
		Short: "Simulate a Kubernetes cluster behind the Prometheus HTTP API",
		Long: `Answers the Prometheus HTTP API v1 with the data of a simulated Kubernetes
cluster. It answers any time range, loads no data, and gives the same answers for
the same seed. Most nodes are healthy; a few are not.

The incidents are before --now: a node that leaks memory, one whose disk fills
up, one with busy CPUs, one that was down for two hours, a container that is
killed for its memory again and again, and more. Without --now they are before
the hour in which promlab starts, and time goes on from there. In the month before,
Deployments were rolled out. In fleets of 40 nodes or more, disks also grew and were
cleaned, and the memory of nodes was often high for half an hour.

With --series it answers from a file in the notation of promtool's tests, with
interval and input_series. The time of the first sample is a comment:
"# start: UNIX-SECONDS". The last time is that of the newest sample, or --now.

With COMMAND it listens on a free port and runs the command. It replaces {url} in
the arguments by its own address. It exits when the command does, with the same
exit code.`,
		Example: `  # 42 nodes at http://127.0.0.1:9090
  promlab
  curl 'http://127.0.0.1:9090/api/v1/query?query=up'

  # 200 nodes, with the labels of kube-prometheus-stack
  promlab --profile kps --nodes 200 --cluster prod-seoul

  # A free port, and always the same data
  promlab --listen 127.0.0.1:0 --now 2026-11-22T00:00:00Z

  # Without some metrics
  promlab --without kubelet_volume_stats,node_pressure

  # One run of promsnap
  promlab -- promsnap run --prometheus-url {url}

  # What goes wrong, and when
  echo '[{"kind": "node down", "node": 4, "from": "2026-11-22T10:00:00Z",
    "to": "2026-11-22T11:00:00Z"}]' > incidents.json
  promlab --now 2026-11-22T12:00:00Z --calm --incidents incidents.json

  # The series of a file
  promlab --series testdata/field/ip_reuse.yaml`,
		Args:          onlyAfterDash,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			v.lab.Profile = lab.Profile(v.profile)
			if v.series != "" {
				r, err := readRecording(v.series)
				if err != nil {
					return err
				}
				v.lab.Recording = r
			} else {
				v.lab.Now, v.lab.Clock = clock().Truncate(time.Hour), clock
			}
			if v.now != "" {
				now, err := time.Parse(time.RFC3339, v.now)
				if err != nil {
					return fmt.Errorf("--now %q is not a time; write it like 2026-11-22T00:00:00Z",
						v.now)
				}
				v.lab.Now, v.lab.Clock = now, nil
			}
			if v.incidents != "" {
				in, err := readIncidents(v.incidents)
				if err != nil {
					return err
				}
				v.lab.Incidents = in
			}
			handler, err := v.handler()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return serve(cmd.Context(), cmd.OutOrStdout(), v.listen, handler)
			}
			return serveOne(cmd, handler, args)
		},
	}
	addFlags(c, &v)
	return c
}

// values holds the values of the flags.
type values struct {
	lab                          lab.Options
	listen, profile, now, series string
	incidents                    string
	clusters                     int
}

// maxClusters bounds --clusters: each has a history of its own in memory.
const maxClusters = 100

// handler returns the API of the cluster or, with --clusters, that of each below its own path.
func (v *values) handler() (http.Handler, error) {
	if v.clusters == 0 {
		l, err := lab.New(v.lab)
		if err != nil {
			return nil, err
		}
		return l.Handler(), nil
	}
	if v.clusters < 0 || v.clusters > maxClusters {
		return nil, fmt.Errorf("--clusters %d is out of bounds; use 1 to %d", v.clusters, maxClusters)
	}
	mux := http.NewServeMux()
	for i := range v.clusters {
		o := v.lab
		o.Seed += uint64(i)
		o.Nodes = 3 + i*7%v.lab.Nodes
		o.Calm = o.Calm || i%3 != 0
		if i%5 == 4 {
			o.Without = append(slices.Clone(o.Without), "kube_")
		}
		l, err := lab.New(o)
		if err != nil {
			return nil, err
		}
		at := fmt.Sprintf("/c%02d", i+1)
		mux.Handle(at+"/", http.StripPrefix(at, l.Handler()))
	}
	return mux, nil
}

// addFlags adds the flags, which set v.
func addFlags(c *cobra.Command, v *values) {
	f := c.Flags()
	f.StringVar(&v.listen, "listen", "127.0.0.1:9090",
		"listen on this `ADDRESS`; port 0 is a free port")
	f.StringVar(&v.profile, "profile", string(lab.Community), "`CHART` whose labels the metrics "+
		"have: community or kps (kube-prometheus-stack)")
	f.IntVar(&v.lab.Nodes, "nodes", lab.DefaultNodes,
		fmt.Sprintf("number of nodes, up to %d", lab.MaxNodes))
	f.IntVar(&v.clusters, "clusters", 0, "serve this `NUMBER` of clusters at /c01, /c02 and so on, "+
		"with 3 to --nodes nodes; two of three are calm, and every fifth has no kube-state-metrics")
	f.Uint64Var(&v.lab.Seed, "seed", lab.DefaultSeed, "seed of the cluster and its samples")
	f.StringVar(&v.lab.Cluster, "cluster", "", "add the label cluster=`NAME` to every series")
	f.StringVar(&v.now, "now", "",
		"`TIME` of the last sample in RFC 3339, instead of the current time")
	f.DurationVar(&v.lab.ScrapeInterval, "scrape-interval", 0,
		"`DURATION` between samples (default 1m, with kps 30s)")
	f.StringSliceVar(&v.lab.Without, "without", nil,
		"omit the metrics whose names begin with one of these `PREFIXES`")
	f.StringVar(&v.incidents, "incidents", "", "plant the incidents of this `FILE`, a list in JSON "+
		"with kind, node, workload, from and to; kinds: node down, exporter down, exporter flap, "+
		"memory high, disk full, OOM loop")
	f.StringVar(&v.series, "series", "",
		"answer with the series of this `FILE`, in promtool's notation")
	f.BoolVar(&v.lab.Tame, "tame", false,
		"omit pods with hostile names: scripts, markup, mentions")
	f.BoolVar(&v.lab.Calm, "calm", false, "omit the incidents, and pods with hostile names")
	f.BoolVar(&v.lab.Alerts, "alerts", false,
		"evaluate alerting rules: ALERTS, and the API's rules and alerts")
	f.IntVar(&v.lab.MaxSamples, "query.max-samples", 50_000_000, "as in Prometheus")
	f.DurationVar(&v.lab.Timeout, "query.timeout", 2*time.Minute, "as in Prometheus")
	for _, simulated := range []string{
		"profile", "nodes", "clusters", "seed", "cluster", "scrape-interval", "without", "tame", "calm",
		"incidents", "alerts",
	} {
		c.MarkFlagsMutuallyExclusive("series", simulated)
	}
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

// readIncidents reads a file of incidents.
func readIncidents(path string) ([]lab.Incident, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--incidents: %w", err)
	}
	defer f.Close()
	var out []lab.Incident
	d := json.NewDecoder(io.LimitReader(f, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("--incidents %s: %w", path, err)
	}
	return out, nil
}

// onlyAfterDash accepts arguments only after --, so that a mistyped flag does not run as a command.
func onlyAfterDash(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
		return fmt.Errorf("unknown argument %q; write a command to run after --", args[0])
	}
	return nil
}

// serveOne answers on a free port while one command runs. It returns the error of the command.
func serveOne(cmd *cobra.Command, h http.Handler, args []string) error {
	listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on a free port: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	// ends with Close; the command reports any failure
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

// serve answers until the context ends, and then finishes the current requests. It prints one line
// with the address when it listens.
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
