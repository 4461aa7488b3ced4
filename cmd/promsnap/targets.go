package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/targets"
	"github.com/promsnap/promsnap/internal/words"
)

// targetsFlags holds the flags of `promsnap targets` as given.
type targetsFlags struct {
	ask         askFlags
	jobs        []string
	down        bool
	rng, output string
}

// The limits of --range.
const (
	leastTargetsRange = 5 * time.Minute
	mostTargetsRange  = 7 * 24 * time.Hour
)

func targetsCommand(c *console) *cobra.Command {
	var f targetsFlags
	cmd := &cobra.Command{
		Use: "targets", Short: "List what Prometheus scrapes, and why targets are down",
		Args: atMost(0),
		Long: `Lists the targets that Prometheus scrapes, as its Targets page does: those that
are down first, each with its last error and what to do about it. It counts the
targets of each job, the worst job first, and names targets that vanished: they
were scraped within --range, nothing took their place, and their node is still
in the cluster.

A server that keeps what others scrape, such as Thanos or Mimir, has no list of
targets. Then the list comes from the metric up, and the errors are not known.
That is also so for a --time in the past.

-o json and -o csv have all targets, and durations in seconds.

Exit codes:
  0  success, also if targets are down
  1  a query failed, nothing is scraped, or no target has the job of --job
  2  the command line or the configuration is wrong`,
		Example: `  # All targets of the cluster in your kubeconfig, or of a Prometheus URL
  promsnap targets
  promsnap targets --prometheus-url http://localhost:9090

  # Only those that are down
  promsnap targets --down

  # One job, or all jobs that match a regular expression
  promsnap targets --job node-exporter
  promsnap targets --job 'kube.*'

  # The targets that failed the newest scrape, as CSV
  promsnap targets --down -o csv > down.csv

  # The largest targets
  promsnap targets -o json | jq '.targets | sort_by(-.samples) | .[:10]'`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), c)
		},
	}
	f.register(c, cmd)
	return cmd
}

// register defines the flags and their completion.
func (f *targetsFlags) register(c *console, cmd *cobra.Command) {
	f.ask.register(c, cmd)
	fl := cmd.Flags()
	fl.StringArrayVar(&f.jobs, "job", nil, "only targets whose job has this `NAME`, or matches it "+
		"as an anchored regular expression; may be repeated")
	fl.BoolVar(&f.down, "down", false, "only targets that are down")
	fl.StringVar(&f.rng, "range", "6h", "look back this `DURATION` of 5m to 7d for targets that "+
		"vanished")
	fl.StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output: text, json or csv")
	for flag, values := range map[string][]string{
		"output": {"text", "json", "csv"}, "range": {"1h", "6h", "24h", "7d"},
	} {
		// fails only for a flag that does not exist
		_ = cmd.RegisterFlagCompletionFunc(flag,
			cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	_ = cmd.RegisterFlagCompletionFunc("job", func(cmd *cobra.Command, _ []string,
		_ string) ([]string, cobra.ShellCompDirective) {
		return f.completeJobs(cmd.Context(), c), cobra.ShellCompDirectiveNoFileComp
	})
}

// completeJobs returns the jobs that Prometheus scrapes, or nothing if it does not answer soon.
func (f *targetsFlags) completeJobs(ctx context.Context, c *console) []string {
	f.ask.timeout = completionTimeout
	if f.ask.config == "" { // cobra does not prepare a command that it completes
		f.ask.config, _, _ = c.config(ctx)
	}
	ctx, a, err := f.ask.open(ctx, c)
	if err != nil {
		return nil
	}
	defer a.close()
	jobs, _, err := a.Client().LabelValues(ctx, "job", promapi.Selection{
		Selector: "up", Start: a.End().Add(-leastTargetsRange), End: a.End(),
	})
	if err != nil {
		return nil
	}
	for i := range jobs {
		jobs[i] = outside.Line(jobs[i])
	}
	return jobs
}

func (f *targetsFlags) run(ctx context.Context, c *console) error {
	rng, wanted, err := f.check()
	if err != nil {
		return usage(err)
	}
	ctx, a, err := f.ask.open(ctx, c)
	if err != nil {
		return err
	}
	defer a.close()
	list, err := a.Targets(ctx, rng, wanted.keep)
	if err != nil {
		return openError(err)
	}
	if len(list.Jobs) > 0 {
		if err := f.print(c, list, a); err != nil {
			return &exitError{exitFailed, err}
		}
	}
	if err := wanted.missing(); err != nil {
		return &exitError{exitFailed, err}
	}
	return nil
}

// check parses the flags that need no Prometheus.
func (f *targetsFlags) check() (time.Duration, *wantedJobs, error) {
	switch f.output {
	case "text", "json", "csv":
	default:
		return 0, nil, fmt.Errorf("--output %q is unknown; use text, json or csv", f.output)
	}
	rng, err := model.ParseDuration(f.rng)
	if d := time.Duration(rng); err != nil || d < leastTargetsRange || d > mostTargetsRange {
		return 0, nil, fmt.Errorf("--range %q is no duration of 5m to 7d; write it like 6h",
			outside.Clip(f.rng, 40))
	}
	w := &wantedJobs{seen: map[string]bool{}}
	for _, job := range f.jobs {
		re, err := regexp.Compile(`^(?s:` + job + `)$`)
		if err != nil && strings.ContainsAny(job, `*|+?[](){}^$\`) {
			return 0, nil, fmt.Errorf("--job %q is no regular expression: %w; to match a name "+
				"with such characters write a backslash before them", outside.Clip(job, 100), err)
		}
		w.all = append(w.all, wantedJob{name: job, re: re})
	}
	return time.Duration(rng), w, nil
}

// wantedJobs are the jobs of --job. None: all.
type wantedJobs struct {
	all  []wantedJob
	seen map[string]bool // the jobs that Prometheus scrapes
}

type wantedJob struct {
	name  string
	re    *regexp.Regexp
	found bool
}

// keep reports whether a job is wanted.
func (w *wantedJobs) keep(job string) bool {
	w.seen[job] = true
	wanted := len(w.all) == 0
	for i := range w.all {
		if x := &w.all[i]; x.name == job || x.re.MatchString(job) {
			x.found, wanted = true, true
		}
	}
	return wanted
}

// mostJobsNamed is how many jobs an error names.
const mostJobsNamed = 10

// missing returns an error that names what --job did not find, or that nothing is scraped.
func (w *wantedJobs) missing() error {
	jobs := slices.Sorted(maps.Keys(w.seen))
	if len(jobs) == 0 {
		return errors.New("Prometheus scrapes nothing: it has no target, and up has no series; " +
			"check scrape_configs, or the ServiceMonitors that it selects")
	}
	var errs []error
	for _, x := range w.all {
		if x.found {
			continue
		}
		advice := "it scrapes " + outside.Line(strings.Join(jobs[:min(len(jobs), mostJobsNamed)],
			", "))
		if more := len(jobs) - mostJobsNamed; more > 0 {
			advice += fmt.Sprintf(" and %d more", more)
		}
		if near := config.Nearest(x.name, jobs); near != "" {
			advice = fmt.Sprintf("did you mean %s?", outside.Line(near))
		}
		errs = append(errs, fmt.Errorf("no job matches %q; %s", outside.Clip(x.name, 100), advice))
	}
	return errors.Join(errs...)
}

// print prints the list in the format that is asked for.
func (f *targetsFlags) print(c *console, l *targets.List, a *asked) error {
	every := l.Targets
	if f.down {
		every = nil
		for _, t := range l.Targets {
			if t.Health == promapi.HealthDown {
				every = append(every, t)
			}
		}
	}
	in := report.Info{Language: words.English, Zone: time.UTC, Slot: a.slot}
	if f.output == "csv" {
		return printTargetsCSV(c, l, every, f.down)
	}
	t := report.TargetsOf(l, in, len(l.Jobs)+len(l.Targets)+len(l.Vanished))
	if f.output == "json" {
		e := json.NewEncoder(c.stdout)
		e.SetIndent("", "  ")
		return e.Encode(reportjson.TargetsOf(t, words.English, every))
	}
	now := a.slot
	if l.Live && f.ask.time == "now" { // the slot is up to a minute before
		now = c.now()
	}
	text := targetsText{Targets: t, every: every, down: f.down, now: now}
	if len(f.jobs) > 0 {
		return text.print(c.stdout)
	}
	return text.printFitting(c.stdout)
}
