package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/outside"
)

// fleetFlags holds the flags of the commands below `promsnap fleet` as given. Not every command has
// all of them.
type fleetFlags struct {
	runFlags
	parallel, index, completions int
	wait                         bool
}

func fleetCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "Make one report of many clusters",
		Long: `Makes one report of the clusters in the section fleet of the configuration.

promsnap fleet run does everything in one process. For large fleets the same
three steps run in processes of their own:

  plan    finds the clusters of a report at a time, and writes them down
  map     runs the report of one cluster, and writes its part of the fleet's
  reduce  merges the parts, and delivers the report of the fleet

promsnap fleet job is one index of a Kubernetes Indexed Job, which the Helm
chart makes. AWS Step Functions call the same steps in the Lambda function.`,
		Example: `  # The clusters that the configuration names and finds
  promsnap fleet list

  # Their report, in promsnap-out
  promsnap fleet run daily

  # One cluster again
  promsnap fleet map daily prod-eu --time 2026-11-30T09:00:00Z`,
	}
	cmd.AddCommand(fleetRunCommand(c), fleetListCommand(c), fleetPlanCommand(c), fleetMapCommand(c),
		fleetReduceCommand(c), fleetJobCommand(c))
	return cmd
}

// register defines the flags that all commands have; delivers says that it makes reports.
func (f *fleetFlags) register(c *console, cmd *cobra.Command, delivers bool) {
	fromConfig(c, cmd, &f.config, nil)
	f.output = "text"
	f.kube.register(cmd, namespaceOfBoth)
	timeFlag(cmd, &f.time)
	fl := cmd.Flags()
	fl.DurationVar(&f.timeout, "timeout", 5*time.Minute, "`DURATION` of each cluster's run, and of "+
		"merging")
	if !delivers {
		return
	}
	fl.StringVar(&f.outputDir, "output-dir", "promsnap-out", "`DIR` for the reports")
	fl.StringVar(&f.logFormat, "log-format", "",
		"`FORMAT` of the log on standard error: text or json (default: no log)")
	fl.BoolVar(&f.deliver, "deliver", false,
		"send the reports to their receivers; save the state")
	_ = cmd.RegisterFlagCompletionFunc("log-format",
		cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// fleetRun is an opened fleet with what the commands print and log.
type fleetRun struct {
	*app.Fleet
	cfg *config.Config
	c   *console
	f   *fleetFlags
}

// open reads the configuration and opens the fleet.
func (f *fleetFlags) open(cmd *cobra.Command, c *console) (*fleetRun, error) {
	if err := checkTimeout(f.timeout); err != nil {
		return nil, usage(err)
	}
	if f.logFormat != "" && f.logFormat != "text" && f.logFormat != "json" {
		return nil, usage(fmt.Errorf("--log-format %q is unknown; use text or json", f.logFormat))
	}
	ctx, cancel := c.withTimeout(cmd.Context(), f.timeout)
	defer cancel()
	if f.config == "" {
		return nil, usage(errors.New("no configuration; write a section fleet into promsnap.yaml, " +
			"or name the file with -c"))
	}
	cfg, err := f.load(ctx, c)
	if err != nil {
		return nil, err
	}
	slot, err := parseSlot(f.time, c.now())
	if err != nil {
		return nil, usage(err)
	}
	scheduled, again := f.time == "now" && f.deliver, false
	if scheduled && c.getenv(envPod) != "" {
		k, err := f.kube.openHere(ctx, c)
		if err != nil {
			return nil, usage(err)
		}
		if job, ok := k.slot(ctx, c); ok {
			slot, scheduled, again = job.Time, !job.Manual, job.Again
		}
	}
	opened, err := app.OpenFleet(ctx, cfg, app.Options{
		Version: versionString(), Slot: slot, Scheduled: scheduled, To: f.destination(again),
		Timeout: f.timeout, Now: c.now, Stop: c.stop, ConfigFile: baseOf(f.config),
		Clusters: clusters{f.kube, cfg.Kubernetes},
	})
	if err != nil {
		return nil, usage(err)
	}
	return &fleetRun{opened, cfg, c, f}, nil
}

// openPlan opens the fleet and the plan of a report.
func (f *fleetFlags) openPlan(cmd *cobra.Command, c *console, report string) (*fleetRun, fleet.Plan,
	error) {
	r, err := f.open(cmd, c)
	if err != nil {
		return nil, fleet.Plan{}, err
	}
	p, err := r.Plan(cmd.Context(), report)
	if err != nil {
		return nil, fleet.Plan{}, fleetError(err)
	}
	return r, p, nil
}

// fleetError returns the error of a step. Only a report that does not exist is a mistake of the
// command line: a store or a search for clusters may work at the next try.
func fleetError(err error) error {
	var unknown *app.UnknownReportError
	if errors.As(err, &unknown) {
		return usage(err)
	}
	return &exitError{exitFailed, err}
}

// openHere opens the cluster in which this Pod is.
func (f *kubeFlags) openHere(ctx context.Context, c *console) (*cluster, error) {
	elsewhere := &config.Config{Prometheus: config.Prometheus{URL: "http://localhost"}}
	return f.open(ctx, c, elsewhere, false)
}

// clusters implements app.Clusters with the kubeconfig or, in a Pod, its service account.
type clusters struct {
	flags kubeFlags
	file  *config.Kubernetes // the section of the configuration; nil if it has none
}

// API implements app.Clusters.
func (k clusters) API(ctx context.Context, of *config.Kubernetes) (app.Kubernetes, func(), error) {
	opened, err := disk.Within(ctx, "the kubeconfig", func() (*kube.Cluster, error) {
		return kube.Open(kube.Options{
			Kubeconfig: k.flags.kubeconfig, Context: of.Context, Namespace: of.Namespace,
			UserAgent: "promsnap/" + versionString(),
		})
	})
	if err != nil {
		return nil, nil, err
	}
	one := &cluster{Cluster: opened}
	return one, one.close, nil
}

// Contexts implements app.Clusters.
func (k clusters) Contexts(ctx context.Context,
	of *config.KubeconfigContexts) ([]app.FoundCluster, error) {
	names, err := disk.Within(ctx, "the kubeconfig", func() ([]string, error) {
		return kube.Contexts(k.flags.kubeconfig)
	})
	if err != nil {
		return nil, err
	}
	var found []app.FoundCluster
	for _, name := range names {
		if len(of.Contexts) > 0 && !slices.ContainsFunc(of.Contexts, func(pattern string) bool {
			match, _ := path.Match(pattern, name) // the configuration has only valid patterns
			return match
		}) {
			continue
		}
		found = append(found, app.FoundCluster{
			Name: name, From: "kubeconfig",
			Kubernetes: &config.Kubernetes{Context: name, Service: of.Service, Nodes: true},
		})
	}
	return found, nil
}

// ArgoCD implements app.Clusters.
func (k clusters) ArgoCD(ctx context.Context, of *config.ArgoCD) ([]app.FoundCluster, error) {
	here, err := k.here(ctx)
	if err != nil {
		return nil, err
	}
	read, err := here.ArgoCD(ctx, of.Namespace, of.Selector)
	var found []app.FoundCluster
	for _, r := range read {
		found = append(found, app.FoundCluster{
			Name: r.Name, Labels: r.Labels, From: "argocd",
			Kubernetes: &config.Kubernetes{Service: of.Service, Nodes: true},
			Open: func(context.Context) (app.Kubernetes, func(), error) {
				opened, err := r.Open("promsnap/" + versionString())
				if err != nil {
					return nil, nil, err
				}
				one := &cluster{Cluster: opened}
				return one, one.close, nil
			},
		})
	}
	return found, err
}

// Profiles implements app.Clusters.
func (k clusters) Profiles(ctx context.Context,
	of *config.ClusterProfiles) ([]app.FoundCluster, error) {
	here, err := k.here(ctx)
	if err != nil {
		return nil, err
	}
	read, err := here.ClusterProfiles(ctx, of.Namespace)
	var found []app.FoundCluster
	for _, r := range read {
		found = append(found, app.FoundCluster{
			Name: r.Name, Labels: r.Labels, From: "cluster_profiles",
		})
	}
	return found, err
}

// here opens the cluster whose objects describe the clusters of the fleet.
func (k clusters) here(ctx context.Context) (*kube.Cluster, error) {
	return disk.Within(ctx, "the kubeconfig", func() (*kube.Cluster, error) {
		return kube.Open(k.flags.options(k.file))
	})
}

func fleetRunCommand(c *console) *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use:   "run [REPORT...]",
		Short: "Run the reports of all clusters, and the report of the fleet",
		Long: `Runs each report for every cluster, several at a time, and then makes the report
of the fleet. Writes them to OUTPUT-DIR/CLUSTER/REPORT/SLOT/ and
OUTPUT-DIR/FLEET/REPORT/SLOT/. Without REPORT it runs every report.

With --deliver each cluster's report goes to the receivers of the report, and
that of the fleet to fleet.receivers. Running the same time again sends nothing
twice.

Ctrl-C ends the clusters that are running, and makes the report of what there is.

Exit codes:
  0  success
  1  a cluster has no data, or a delivery failed; the report says which
  2  the command line or the configuration is wrong`,
		Example: `  # The report daily of every cluster, in promsnap-out
  promsnap fleet run daily -c promsnap.yaml

  # As of nine o'clock, 16 clusters at a time, to the receivers
  promsnap fleet run daily --deliver --parallel 16 --time 2026-11-30T09:00:00Z`,
		ValidArgsFunction: completeReports(c, &f.config),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.open(cmd, c)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				for _, of := range r.cfg.Reports {
					args = append(args, of.Name)
				}
			}
			return r.run(cmd.Context(), args)
		},
	}
	f.register(c, cmd, true)
	cmd.Flags().IntVar(&f.parallel, "parallel", 8, "how many clusters run at once (`N`)")
	return cmd
}

// run runs the reports.
func (r *fleetRun) run(ctx context.Context, names []string) error {
	if r.f.parallel < 1 || r.f.parallel > 256 {
		return usage(fmt.Errorf("--parallel %d is out of bounds; use 1 to 256", r.f.parallel))
	}
	failed := false
	var problems []error
	for _, name := range names {
		ok, err := r.runOne(ctx, name)
		failed = failed || !ok
		if err != nil {
			problems = append(problems, fmt.Errorf("report %s: %w", name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	switch {
	case len(problems) == 1 && len(names) == 1:
		return fleetError(errors.Unwrap(problems[0]))
	case len(problems) > 0:
		return fleetError(errors.Join(problems...))
	case failed:
		return &exitError{code: exitFailed}
	}
	return nil
}

// runOne runs a report of all clusters, and then that of the fleet. It returns whether everything
// has data and was delivered.
func (r *fleetRun) runOne(ctx context.Context, name string) (ok bool, err error) {
	p, err := r.Plan(ctx, name)
	if err != nil {
		return false, err
	}
	r.planned(p)
	failed := false
	r.MapAll(ctx, p, r.f.parallel, func(m app.Mapped) {
		failed = failed || m.Failed()
		r.mapped(m)
	})
	failed, err = r.reduced(ctx, p, false, failed)
	return !failed, err
}

// planned prints what is going to run.
func (r *fleetRun) planned(p fleet.Plan) {
	fmt.Fprintf(r.c.stdout, "%-12s %s at %s\n", r.cfg.Fleet.Name, count(len(p.Clusters), "cluster"),
		p.Slot.Format(time.RFC3339))
	for _, n := range p.Notes {
		fmt.Fprintf(r.c.stderr, "promsnap: note: %s\n", outside.Line(n))
	}
}

// mapped prints and logs the run of a cluster.
func (r *fleetRun) mapped(m app.Mapped) {
	log := r.f.logger(r.c)
	verdict, what := "failed", ""
	if rep := m.Result.Report; rep != nil {
		verdict = string(rep.Verdict())
		what = fmt.Sprintf("%d critical, %d warning, %d ok", rep.Critical, rep.Warning, rep.OK)
		if len(rep.Failures) > 0 {
			what = rep.Failures[0].Error
		}
		log.Info("cluster", "name", m.Cluster, "verdict", verdict, "critical", rep.Critical, "warning",
			rep.Warning, "no_data", rep.NoData, "ok", rep.OK, "seconds", m.Took.Seconds())
	}
	if m.Err != nil {
		what = strings.ReplaceAll(m.Err.Error(), "\n", "; ")
		log.Error("cluster", "name", m.Cluster, "verdict", "failed", "error", what)
	} else if m.Result.Err != nil {
		what = m.Result.Err.Error()
		log.Error("delivery failed", "name", m.Cluster, "error", what)
	}
	width := len(strconv.Itoa(m.Of))
	fmt.Fprintf(r.c.stdout, "%*d/%d %6.1fs  %-24s %-9s %s\n", width, m.Done, m.Of, m.Took.Seconds(),
		outside.Clip(m.Cluster, 40), verdict, outside.Clip(outside.Line(what), 200))
}

// reduced merges the parts, and prints the report of the fleet. It returns whether anything failed.
func (r *fleetRun) reduced(ctx context.Context, p fleet.Plan, wait, failed bool) (bool, error) {
	log := r.f.logger(r.c)
	res, err := r.Reduce(ctx, p, wait)
	if err != nil {
		return true, err
	}
	out := app.Outcome{Results: []app.Result{res}}
	logOutcome(log, r.cfg, out, 0)
	if err := newPrinter(r.c, "text", r.cfg.ForFleet(p.Report)).finish(out); err != nil {
		return true, &exitError{exitFailed, fmt.Errorf("printing the outcome: %w", err)}
	}
	return failed || out.Failed(), nil
}

func fleetListCommand(c *console) *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the clusters of the fleet", Args: atMost(0),
		Long: `Lists the clusters that the configuration names, and those that it finds, with
their labels and where their Prometheus is. It connects to no cluster.

Exit codes:
  0  success
  1  a search for clusters failed; the others are listed
  2  the command line or the configuration is wrong`,
		Example: `  promsnap fleet list
  promsnap fleet list -o json | jq -r '.[].name'`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(f.output); err != nil {
				return usage(err)
			}
			f.outputDir = "promsnap-out" // nothing is written
			r, err := f.open(cmd, c)
			if err != nil {
				return err
			}
			return r.list(cmd.Context())
		},
	}
	f.register(c, cmd, false)
	f.registerOutput(cmd)
	return cmd
}

// registerOutput defines --output.
func (f *fleetFlags) registerOutput(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output: text or json")
	_ = cmd.RegisterFlagCompletionFunc("output",
		cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// listedCluster is what -o json prints of a cluster.
type listedCluster struct {
	Name       string            `json:"name"`
	Labels     map[string]string `json:"labels,omitempty"`
	Prometheus string            `json:"prometheus"`
	From       string            `json:"from"`
}

// list prints the clusters.
func (r *fleetRun) list(ctx context.Context) error {
	members, problems := r.Members(ctx)
	listed := []listedCluster{}
	for _, m := range members {
		from := m.From
		if from == "" {
			from = "configuration"
		}
		listed = append(listed, listedCluster{m.Name, m.Labels, m.Prometheus(), from})
	}
	if r.f.output == "json" {
		e := json.NewEncoder(r.c.stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(listed); err != nil {
			return &exitError{exitFailed, err}
		}
	} else {
		row := func(name, from, prometheus, labels string) {
			fmt.Fprintln(r.c.stdout, strings.TrimRight(fmt.Sprintf("%-24s %-16s %-40s %s",
				outside.Line(name), from, outside.Line(prometheus), labels), " "))
		}
		row("NAME", "FROM", "PROMETHEUS", "LABELS")
		for _, l := range listed {
			row(l.Name, l.From, l.Prometheus, labelText(l.Labels))
		}
	}
	if len(problems) > 0 {
		return &exitError{exitFailed, errors.Join(problems...)}
	}
	return nil
}

// labelText returns labels as kubectl shows them: "region=eu,stage=prod".
func labelText(of map[string]string) string {
	var labels []string
	for _, k := range slices.Sorted(maps.Keys(of)) {
		labels = append(labels, k+"="+of[k])
	}
	return outside.Line(strings.Join(labels, ","))
}
