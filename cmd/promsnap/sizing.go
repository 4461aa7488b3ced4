package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/report"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/sizing"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// sizingFlags holds the flags of `promsnap sizing` as given.
type sizingFlags struct {
	config, prometheusURL, time, window, headroom, cluster, output string
	timeout                                                        time.Duration
	kube                                                           kubeFlags
}

// sizingTimeout is the default of --timeout: four weeks of a large cluster take a while.
const sizingTimeout = 15 * time.Minute

func sizingCommand(c *console) *cobra.Command {
	var f sizingFlags
	cmd := &cobra.Command{
		Use: "sizing", Short: "Compare what workloads request with what they use", Args: atMost(0),
		Long: `Compares the CPU and memory requests of workloads with what they used, and
prints what they should request. Memory counts by its maximum, CPU by the 95th
percentile, both with a headroom. It advises nothing where the peak is not
known, and never less for a container that was OOM-killed.

With -o yaml it prints a strategic merge patch for each workload, for kubectl
patch --patch-file or for the patches of a kustomization. Where no patch fits,
the part to paste is a comment.

It changes nothing in the cluster. --window, --headroom and the prices come from
the first report of the configuration that has them (reports[].sizing).

Exit codes:
  0  success
  1  a query failed, or nothing has requests; what worked is printed
  2  the command line or the configuration is wrong`,
		Example: `  # The cluster in your kubeconfig, or a Prometheus URL
  promsnap sizing
  promsnap sizing --prometheus-url http://localhost:9090

  # Four weeks, and half as much again as the use
  promsnap sizing --window 28d --headroom 50%

  # Patches for one namespace
  promsnap sizing -o yaml --namespace shop > patches.yaml

  # The ten largest savings
  promsnap sizing -o json | jq '.less[:10]'`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSizing(cmd.Context(), c, f)
		},
	}
	fl := cmd.Flags()
	fromConfig(c, cmd, &f.config, nil)
	fl.StringVar(&f.prometheusURL, "prometheus-url", "",
		"`URL` of Prometheus; overrides the configuration")
	f.kube.registerService(cmd)
	either(cmd, "prometheus-url", "prometheus-service")
	f.kube.register(cmd, "only the workloads of this `NAMESPACE`")
	fl.StringVar(&f.cluster, "cluster", "", "only the workloads of the cluster with this `NAME`, "+
		"if the server has several")
	timeFlag(cmd, &f.time)
	fl.StringVar(&f.window, "window", "", "how far back the use counts: a `DURATION` of 1d to 28d "+
		"(default: that of the configuration, or 7d)")
	fl.StringVar(&f.headroom, "headroom", "", "how much more than the use to request: a `SHARE` "+
		"such as 25% (default: that of the configuration, or 25%)")
	fl.StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output: text, yaml or json")
	fl.DurationVar(&f.timeout, "timeout", sizingTimeout, "stop after this `DURATION`, such as 90s")
	for flag, values := range map[string][]string{
		"output": {"text", "yaml", "json"}, "window": {"7d", "14d", "28d"},
		"headroom": {"15%", "25%", "50%"}, "cluster": nil, "timeout": nil,
	} {
		// fails only for a flag that does not exist
		_ = cmd.RegisterFlagCompletionFunc(flag,
			cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

// settings returns what the configuration and the flags say.
func (f *sizingFlags) settings(cfg *config.Config) (config.Sizing, error) {
	s := config.DefaultSizing()
	for _, r := range cfg.Reports {
		if r.Sizing != nil {
			s = *r.Sizing
			break
		}
	}
	var err error
	if f.window != "" {
		if s.Window, err = config.SizingWindow(f.window); err != nil {
			return s, fmt.Errorf("--window %w", err)
		}
	}
	if f.headroom != "" {
		if s.Headroom, err = config.SizingHeadroom(f.headroom); err != nil {
			return s, fmt.Errorf("--headroom %w", err)
		}
	}
	return s, nil
}

func (f *sizingFlags) check() error {
	switch f.output {
	case "text", "yaml", "json":
	default:
		return fmt.Errorf("--output %q is unknown; use text, yaml or json", f.output)
	}
	return checkTimeout(f.timeout)
}

func runSizing(ctx context.Context, c *console, f sizingFlags) error {
	if err := f.check(); err != nil {
		return usage(err)
	}
	ctx, cancel := c.withTimeout(ctx, f.timeout)
	defer cancel()
	// The flag says which workloads, not where Prometheus is.
	namespace := f.kube.namespace
	f.kube.namespace = ""
	run := runFlags{config: f.config, prometheusURL: f.prometheusURL, kube: f.kube}
	cfg, err := run.load(ctx, c)
	if err != nil {
		return err
	}
	settings, err := f.settings(cfg)
	if err != nil {
		return usage(err)
	}
	slot, err := parseSlot(f.time, c.now())
	if err != nil {
		return usage(err)
	}
	k, err := f.kube.open(ctx, c, cfg, false)
	if errors.Is(err, kube.ErrNoConfig) && f.config == "" && f.kube.service == "" {
		err = errors.New("no kubeconfig to find Prometheus with; give a URL or a configuration:\n" +
			"  promsnap sizing --prometheus-url http://localhost:9090\n" +
			"  promsnap sizing -c promsnap.yaml")
	}
	if err != nil {
		return usage(err)
	}
	defer k.close()
	a, notes, err := app.Sizing(ctx, cfg, app.Options{
		Version: versionString(), Slot: slot, Timeout: f.timeout, Now: c.now, Kubernetes: k.api(),
	}, app.SizingOptions{
		Sizing: settings, Cluster: f.cluster, Namespace: namespace, Progress: func(done, of int) {
			c.stderr.status(fmt.Sprintf("query %d of %d", done+1, max(of, done+1)))
		},
	})
	c.stderr.status("")
	if err != nil {
		return openError(err)
	}
	for _, n := range report.NotesIn(words.English, notes) {
		c.stderr.say(yellow, "note: ", n, len("note: "))
	}
	if err := f.print(c, a, namespace); err != nil {
		return &exitError{exitFailed, err}
	}
	for _, n := range notes {
		if n.Code == snapshot.NoteSizingPart {
			return &exitError{code: exitFailed}
		}
	}
	return nil
}

// print prints the advice in the format that is asked for.
func (f *sizingFlags) print(c *console, a *sizing.Advice, namespace string) error {
	if len(a.Rows) == 0 {
		where := "here"
		if namespace != "" {
			where = fmt.Sprintf("in the namespace %q", namespace)
		}
		if f.cluster != "" {
			where += fmt.Sprintf(", with %q as the cluster label", f.cluster)
		}
		return fmt.Errorf("no running container with requests %s; the metric "+
			"kube_pod_container_resource_requests of kube-state-metrics says which have any", where)
	}
	s := report.SizingOf(a, words.English, math.MaxInt)
	switch f.output {
	case "yaml":
		_, err := fmt.Fprint(c.stdout, s.YAML(words.English))
		return err
	case "json":
		e := json.NewEncoder(c.stdout)
		e.SetIndent("", "  ")
		return e.Encode(reportjson.SizingOf(s, words.English))
	}
	return printSizing(c, s)
}

// printSizing prints the sums, and a table of each direction and resource.
func printSizing(c *console, s *report.Sizing) error {
	for _, sum := range s.Sums {
		c.stdout.say(bold, "", sum, 0)
	}
	w := &words.In(words.English).Sizing
	for _, t := range []struct {
		heading string
		rows    []report.Sized
	}{{w.TooMuch, s.Less}, {w.TooLittle, s.More}} {
		for _, rows := range report.ByResource(t.rows) {
			fmt.Fprintf(c.stdout, "\n%s: %s\n", t.heading, rows[0].Resource)
			table := [][]string{{
				"CHANGE, ALL PODS", "PODS", "USED", "REQUEST", "ADVISED", "WORKLOAD",
			}}
			for _, r := range rows {
				name := r.Name
				if r.Killed != "" {
					name += " (" + r.Killed + ")"
				}
				table = append(table, []string{
					r.InAll, r.Pods, r.Used, r.Request, r.Advised, name,
				})
			}
			if err := c.stdout.table(table); err != nil {
				return err
			}
		}
	}
	fmt.Fprintln(c.stdout)
	c.stdout.say(normal, "", s.Basis, 0)
	if s.Withheld != "" {
		c.stdout.say(normal, "", s.Withheld, 0)
	}
	return nil
}
