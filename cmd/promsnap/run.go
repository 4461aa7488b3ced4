package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// runFlags are the flags of `promsnap run`, as typed.
type runFlags struct {
	config, prometheusURL, time, rng, outputDir string
	timeout                                     time.Duration
	failOn, output, logFormat                   string
	open, deliver, dryRun                       bool
	kube                                        kubeFlags
}

func runCommand(c *console) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [REPORT...]",
		Short: "Take the snapshot of one or more reports, and write or deliver them",
		Long: `Asks Prometheus for every panel of the reports, judges the series, and writes for each report
OUTPUT-DIR/REPORT/SLOT/ with index.html, report.json and a PNG for each panel. Without REPORT
all reports of the configuration are run; without a configuration, the built-in panels.

Without a configuration and without --prometheus-url, Prometheus is looked for in the cluster of
your kubeconfig, by the labels of the known charts, and reached with your own credentials, as
kubectl has them: through the API server's service proxy or, where that is forbidden, by a
port-forward.

With --deliver nothing is written under OUTPUT-DIR: the report goes to the receivers of the
configuration, who are told what they do not know yet, and what they were told is remembered. A
report that has a schedule is then for the newest time at which it was due, and in a Pod of a
CronJob's for the time of the Job, unless --time says otherwise. With --dry-run nothing is sent
or remembered: each message is printed, and its blocks for Slack's Block Kit Builder are written
beside the report, as is what programs (webhook, alertmanager, pushgateway) would be posted. A
report's heartbeat is called after --deliver alone.

Exit codes: 0 the run did its work; 1 a query or a delivery failed (what worked is written); 2
the command line or the configuration is wrong; 3 --fail-on is set and there is such a finding.
Where both hold, the code is 1.`,
		Example: `  # the last 24 hours of the cluster of your kubeconfig
  promsnap run --open

  # of another one, which has several Prometheus
  promsnap run --context prod --prometheus-service monitoring/prometheus-server

  # of the Prometheus at a URL
  promsnap run --prometheus-url http://localhost:9090

  # the report "daily" of a configuration, as it was at nine this morning
  promsnap run daily -c promsnap.yaml --time 2026-11-22T09:00:00+09:00

  # what people would be told, and then tell them
  promsnap run check -c promsnap.yaml --dry-run
  promsnap run check -c promsnap.yaml --deliver

  # in a pipeline: fail where anything is critical
  promsnap run -c promsnap.yaml --fail-on critical -o json | jq '.reports[].findings'`,
		ValidArgsFunction: completeReports(c, &f.config),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runReports(cmd, c, f, args)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.config, "config", "c", "", "configuration `FILE`")
	fl.StringVar(&f.prometheusURL, "prometheus-url", "", "`URL` of the Prometheus API; overrides "+
		"the configuration's")
	f.kube.registerService(cmd)
	either(cmd, "prometheus-url", "prometheus-service")
	f.kube.register(cmd)
	fl.StringVar(&f.time, "time", "now",
		"the `TIME` that the snapshot is of: RFC 3339, now, or now-2h")
	fl.StringVar(&f.rng, "range", "", "how far back the charts go, such as 6h or 7d (default: "+
		"the report's, or 24h)")
	fl.StringVar(&f.outputDir, "output-dir", "promsnap-out", "`DIR` to write the reports under")
	fl.DurationVar(&f.timeout, "timeout", 5*time.Minute, "of the whole run")
	fl.StringVar(&f.failOn, "fail-on", "", "exit with 3 where there is a finding this grave: "+
		"warning or critical")
	fl.StringVarP(&f.output, "output", "o", "text", "what to print: text or json")
	fl.StringVar(&f.logFormat, "log-format", "", "log to standard error: text or json (default: "+
		"no log, only errors)")
	fl.BoolVar(&f.deliver, "deliver", false, "deliver the reports to their receivers, and "+
		"remember what was told")
	fl.BoolVar(&f.dryRun, "dry-run", false,
		"print what --deliver would tell people, and send nothing")
	either(cmd, "deliver", "dry-run")
	fl.BoolVar(&f.open, "open", false, "open the report in a browser when it is written")
	for flag, values := range map[string][]string{
		"fail-on": {"warning", "critical"}, "output": {"text", "json"},
		"log-format": {"text", "json"},
	} {
		// The only error is that of a flag that does not exist, which the first call of --help
		// would show.
		_ = cmd.RegisterFlagCompletionFunc(flag,
			cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func runReports(cmd *cobra.Command, c *console, f runFlags, names []string) error {
	failOn, err := f.check()
	if err != nil {
		return usage(err)
	}
	ctx, cancel := c.limited(cmd.Context(), f.timeout)
	defer cancel()
	cfg, err := f.load(ctx, c)
	if err != nil {
		return usage(err)
	}
	slot, err := parseSlot(f.time, c.now())
	if err != nil {
		return usage(err)
	}
	k, err := f.cluster(ctx, c, cfg)
	if err != nil {
		return usage(err)
	}
	defer k.close()
	log := f.logger(c)
	out := newPrinter(c, f.output, cfg)
	scheduled, again := f.time == "now" && f.tells(), false
	if job, ok := k.slot(cmd.Context(), c); ok && f.deliver && scheduled {
		slot, scheduled, again = job.Time, !job.Manual, job.Again
		out.job(job)
		log.Info("job", "name", job.Job, "slot", job.Time, "manual", job.Manual, "note", job.Note)
	}
	a, err := app.New(cmd.Context(), cfg, app.Options{
		Version: versionString(), Reports: names, Slot: slot, To: f.destination(again),
		Scheduled: scheduled, Timeout: f.timeout,
		Now: c.now, Stop: c.stop, Kubernetes: k.side(),
		Command: func(report string, slot time.Time) string {
			return reproduce(report, f, slot)
		}, Started: out.started,
		Progress: func(report string, e snapshot.Event) {
			logFault(log, report, e)
			out.progress(report, e)
		},
	})
	if err != nil {
		return opening(err)
	}
	out.found(k)
	log.Info("run begins", "prometheus", cmp.Or(cfg.Prometheus.URL, k.found()), "slot", slot,
		"reports", names, "version", versionString())
	began := c.now()
	outcome := a.Run(cmd.Context())
	logOutcome(log, cfg, outcome, c.now().Sub(began))
	if err := out.finish(outcome); err != nil {
		return &exitError{exitFailed, fmt.Errorf("printing the outcome: %w", err)}
	}
	if f.open {
		openReports(c, outcome)
	}
	switch {
	case outcome.Failed():
		return &exitError{code: exitFailed}
	case failOn != rules.None && outcome.Worst() >= failOn:
		return &exitError{code: exitBreach}
	}
	return nil
}

// tells reports whether people are told of the reports, or would be.
func (f runFlags) tells() bool { return f.deliver || f.dryRun }

// destination is where the reports go. again is for the receivers alone.
func (f runFlags) destination(again bool) app.Destination {
	switch {
	case f.deliver:
		return app.Receivers{Again: again}
	case f.dryRun:
		return app.DryRun{Dir: f.outputDir}
	}
	return app.Files{Dir: f.outputDir}
}

// cluster opens the cluster where it is used. Without a configuration the report is named after it.
func (f runFlags) cluster(ctx context.Context, c *console, cfg *config.Config) (*cluster, error) {
	k, err := f.kube.open(ctx, c, cfg, f.tells())
	if errors.Is(err, kube.ErrNoConfig) && f.config == "" && f.kube.service == "" {
		return nil,
			errors.New(`which Prometheus? There is no kubeconfig to look for it with; give its URL, or a configuration:
  promsnap run --prometheus-url http://localhost:9090
  promsnap run -c promsnap.yaml`)
	}
	if err == nil && k != nil && f.config == "" {
		cfg.Cluster = k.Name()
	}
	return k, err
}

// load returns the configuration of the file, or, without one, that of the built-in panels.
func (f runFlags) load(ctx context.Context, c *console) (*config.Config, error) {
	o := configOptions(c)
	o.URL, o.Service = f.prometheusURL, f.kube.service
	if f.rng != "" {
		d, err := model.ParseDuration(f.rng)
		if err != nil {
			return nil, fmt.Errorf("--range %q is not a duration; write 6h or 7d", f.rng)
		}
		o.Range = time.Duration(d)
	}
	if f.config != "" {
		return loadConfig(ctx, f.config, o)
	}
	return config.Default(o)
}

// check validates the flags that name one of a few words.
func (f runFlags) check() (rules.Severity, error) {
	if f.output != "text" && f.output != "json" {
		return rules.None, fmt.Errorf("--output %q is neither text nor json", f.output)
	}
	if f.logFormat != "" && f.logFormat != "text" && f.logFormat != "json" {
		return rules.None, fmt.Errorf("--log-format %q is neither text nor json", f.logFormat)
	}
	if f.timeout < time.Second {
		return rules.None, fmt.Errorf("--timeout %s is too short for a run; give it at least 1s",
			f.timeout)
	}
	if f.timeout > notify.LongestRun {
		return rules.None, fmt.Errorf("--timeout %s is too long for a run; give it at most %s",
			f.timeout, model.Duration(notify.LongestRun))
	}
	switch f.failOn {
	case "":
		return rules.None, nil
	case rules.Warning.String():
		return rules.Warning, nil
	case rules.Critical.String():
		return rules.Critical, nil
	}
	return rules.None, fmt.Errorf("--fail-on %q is neither warning nor critical", f.failOn)
}

// reproduce is the command that gives the same report again. A URL with a password in it is left
// out.
func reproduce(name string, f runFlags, slot time.Time) string {
	parts := []string{"promsnap", "run"}
	if f.config != "" {
		parts = append(parts, name, "-c", filepath.Base(f.config))
	}
	if f.prometheusURL != "" && !strings.Contains(f.prometheusURL, "@") {
		parts = append(parts, "--prometheus-url", f.prometheusURL)
	}
	for _, flag := range []struct{ name, value string }{
		{"--prometheus-service", f.kube.service}, {"--context", f.kube.context},
		{"--namespace", f.kube.namespace}, {"--range", f.rng},
	} {
		if flag.value != "" {
			parts = append(parts, flag.name, flag.value)
		}
	}
	return strings.Join(append(parts, "--time", slot.Format(time.RFC3339)), " ")
}

// openReports shows the written reports in the browser of the desktop.
func openReports(c *console, o app.Outcome) {
	opener := map[string][]string{
		"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"},
	}[runtime.GOOS]
	if opener == nil {
		opener = []string{"xdg-open"}
	}
	for _, r := range o.Results {
		if r.Receipt.Location == "" {
			continue
		}
		if err := exec.Command(opener[0], append(opener[1:], r.Receipt.Location)...).
			Start(); err != nil {
			fmt.Fprintf(c.stderr, "promsnap: opening %s: %v; open it by hand\n", r.Receipt.Location,
				err)
		}
	}
}
