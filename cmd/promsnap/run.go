package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// runFlags holds the flags of `promsnap run` as given.
type runFlags struct {
	config, prometheusURL, time, rng, outputDir string
	timeout                                     time.Duration
	failOn, output, logFormat                   string
	open, deliver, dryRun, csv, pdf             bool
	kube                                        kubeFlags
	dashboard                                   string
	variables                                   []string
	from                                        dashboardFlags
	rules, match                                []string
}

func runCommand(c *console) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [REPORT...]",
		Short: "Run reports, and write or deliver them",
		Long: `Queries Prometheus for every panel of the reports and compares the series with
their thresholds. Writes each report to OUTPUT-DIR/REPORT/SLOT/: index.html,
report.json and one PNG per panel. With --csv also findings.csv, nodes.csv and
one CSV file per panel, with --pdf also report.pdf.

The configuration is the file of -c, that of $PROMSNAP_CONFIG, or promsnap.yaml
in the current directory. Without REPORT it runs every report of it. Flags such
as --prometheus-url override it. Without a configuration, or with -c '', it runs
the built-in panels.

With --dashboard it shows a Grafana dashboard instead, and uses no
configuration: a file, the number of a dashboard on grafana.com, or an address.
promsnap dashboard --help says more.

With --rules it runs the alerting rules of Prometheus' rule files, as Prometheus
would have in the range, and uses no configuration. The report says which alerts
fired when, which rules did not fire, and which lack a metric. With
--prometheusrules it reads the PrometheusRule objects of the cluster, alone or
with those of --rules. For that you need the right to list prometheusrules.

Without a configuration and without a URL, it finds Prometheus in the cluster of
your kubeconfig, by the labels of the known Helm charts. It connects with your
credentials, through the API server's service proxy or, if you may not use the
proxy, through a port-forward.

With --deliver it sends to each receiver what is new, and saves the state. It
writes nothing under OUTPUT-DIR. A report with a schedule then uses its latest
scheduled time or, in a Pod of a CronJob, the time that the CronJob scheduled.
--time overrides both.

With --dry-run it prints each message instead of sending it. Beside the report
it writes the blocks for Slack's Block Kit Builder with the pictures of each
message, and what it would post to programs (webhook, alertmanager,
pushgateway). It sends nothing, saves no state and calls no heartbeat.

Exit codes:
  0  success
  1  a query, a download or a delivery failed, every answer was incomplete, or
     PromsnapBlind fires; what worked is written
  2  the command line or the configuration is wrong
  3  --fail-on is set and a finding is that severe; if 1 applies too, the code
     is 1`,
		Example: `  # The last 24 hours of the cluster in your kubeconfig
  promsnap run --open

  # Another cluster, which has several Prometheus servers
  promsnap run --context prod --prometheus-service monitoring/prometheus-server

  # A Prometheus URL
  promsnap run --prometheus-url http://localhost:9090

  # The Grafana dashboard Node Exporter Full, for two nodes
  promsnap run --dashboard 1860 --var job=node-exporter \
    --var node=10.0.1.10:9100,10.0.1.11:9100

  # Which alerts of these rule files fired in the last week
  promsnap run --rules 'rules/*.yml' --match 'severity=~"critical|warning"' \
    --range 7d

  # The same for the rules of the Prometheus Operator in your cluster
  promsnap run --prometheusrules --rules-selector release=kube-prometheus-stack

  # The report "daily" as of 09:00 on 22 November
  promsnap run daily --time 2026-11-22T09:00:00+09:00

  # See what would be sent, then send it
  promsnap run check --dry-run
  promsnap run check --deliver

  # In a pipeline: fail if anything is critical
  promsnap run --fail-on critical -o json | jq '.reports[].findings'`,
		ValidArgsFunction: completeReports(c, &f.config),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runReports(cmd, c, f, args)
		},
	}
	f.register(c, cmd)
	return cmd
}

// register defines the flags and their completion.
func (f *runFlags) register(c *console, cmd *cobra.Command) {
	fl := cmd.Flags()
	fromConfig(c, cmd, &f.config, func() bool {
		return f.dashboard != "" || f.ofRules()
	})
	fl.StringVar(&f.prometheusURL, "prometheus-url", "",
		"`URL` of Prometheus; overrides the configuration")
	f.kube.registerService(cmd)
	either(cmd, "prometheus-url", "prometheus-service")
	f.kube.register(cmd, namespaceOfBoth)
	fl.StringVar(&f.dashboard, "dashboard", "", "Grafana `DASHBOARD` to show: a file, a number on "+
		"grafana.com, an address or uid:UID")
	_ = cmd.MarkFlagFilename("dashboard", "json")
	varFlag(c, cmd, &f.variables, func([]string) string { return f.dashboard })
	f.from.register(cmd)
	before(cmd, f.checkDashboard)
	fl.StringArrayVar(&f.rules, "rules", nil, "run the alerting rules of these `FILES`; * and ? "+
		"match parts of a name; repeatable")
	_ = cmd.MarkFlagFilename("rules", "yaml", "yml")
	f.kube.registerRules(cmd, "run")
	fl.StringArrayVar(&f.match, "match", nil, "with --rules or --prometheusrules, only rules with "+
		"these labels: `MATCHERS` such as 'severity=critical'; repeatable")
	before(cmd, f.checkRules)
	timeFlag(cmd, &f.time)
	fl.StringVar(&f.rng, "range", "", "`DURATION` of the charts, such as 6h or 7d (default: the "+
		"report's range, or 24h)")
	fl.StringVar(&f.outputDir, "output-dir", "promsnap-out", "`DIR` for the reports")
	fl.BoolVar(&f.pdf, "pdf", false, "also write the report as a PDF, for paper")
	fl.BoolVar(&f.csv, "csv", false, "also write the findings, the nodes and each panel as CSV")
	timeoutFlag(cmd, &f.timeout)
	fl.StringVar(&f.failOn, "fail-on", "", "exit with 3 if there is a finding of this "+
		"`SEVERITY` or higher: warning or critical")
	fl.StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output: text or json")
	fl.StringVar(&f.logFormat, "log-format", "",
		"`FORMAT` of the log on standard error: text or json (default: no log)")
	fl.BoolVar(&f.deliver, "deliver", false,
		"send the reports to their receivers; save the state")
	fl.BoolVar(&f.dryRun, "dry-run", false, "print what --deliver would send")
	either(cmd, "deliver", "dry-run")
	fl.BoolVar(&f.open, "open", false, "open the written report in a browser")
	for flag, values := range map[string][]string{
		"fail-on": {"warning", "critical"}, "output": {"text", "json"},
		"log-format": {"text", "json"},
	} {
		// fails only for a flag that does not exist
		_ = cmd.RegisterFlagCompletionFunc(flag,
			cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

func runReports(cmd *cobra.Command, c *console, f runFlags, names []string) error {
	failOn, err := f.check()
	if err != nil {
		return usage(err)
	}
	ctx, cancel := c.withTimeout(cmd.Context(), f.timeout)
	defer cancel()
	cfg, err := f.load(ctx, c)
	if err != nil {
		return err
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
	scheduled, again := f.time == "now" && f.delivers(), false
	if job, ok := k.slot(cmd.Context(), c); ok && f.deliver && scheduled {
		slot, scheduled, again = job.Time, !job.Manual, job.Again
		out.job(job)
		log.Info("job", "name", job.Job, "slot", job.Time, "manual", job.Manual, "note", job.Note)
	}
	a, err := app.New(cmd.Context(), cfg, app.Options{
		Version: versionString(), Reports: names, Slot: slot, To: f.destination(again),
		Scheduled: scheduled, Timeout: f.timeout,
		Now: c.now, Stop: c.stop, Kubernetes: k.api(),
		Command: func(report string, slot time.Time) string {
			return reproduce(report, f, slot)
		}, ConfigFile: baseOf(f.config), Started: out.started,
		Progress: func(report string, e snapshot.Event) {
			logFault(log, report, e)
			out.progress(report, e)
		},
		Rules: func(_ string, done, of int) { out.panels.rule(done, of) },
	})
	if err != nil {
		return openError(err)
	}
	out.found(k)
	log.Info("run begins", "prometheus", cmp.Or(cfg.Prometheus.URL, k.found()), "slot", slot,
		"reports", names, "version", versionString())
	began, stop := c.now(), out.panels.start()
	outcome := a.Run(cmd.Context())
	stop()
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

// delivers reports whether the run delivers its reports, or prints what it would deliver.
func (f runFlags) delivers() bool { return f.deliver || f.dryRun }

// destination returns where the reports go. Only Receivers uses again.
func (f runFlags) destination(again bool) app.Destination {
	switch {
	case f.deliver:
		return app.Receivers{Again: again}
	case f.dryRun:
		return app.DryRun{Dir: f.outputDir}
	}
	return app.Files{Dir: f.outputDir}
}

// cluster opens the cluster if the run uses it. Without a configuration, the report takes the name
// of the cluster.
func (f runFlags) cluster(ctx context.Context, c *console, cfg *config.Config) (*cluster, error) {
	k, err := f.kube.open(ctx, c, cfg, f.delivers())
	if errors.Is(err, kube.ErrNoConfig) && f.config == "" && f.kube.service == "" {
		return nil, errors.New("no kubeconfig to find Prometheus with; give a URL or a " +
			`configuration:
  promsnap run --prometheus-url http://localhost:9090
  promsnap run -c promsnap.yaml`)
	}
	if err == nil && k != nil && f.config == "" {
		cfg.Cluster = k.Name()
	}
	return k, err
}

// load reads the configuration file. Without one it returns the configuration of a dashboard or of
// the built-in panels.
func (f *runFlags) load(ctx context.Context, c *console) (*config.Config, error) {
	o := configOptions(c)
	o.URL, o.Service, o.CSV, o.PDF = f.prometheusURL, f.kube.service, f.csv, f.pdf
	var err error
	if o.Range, err = parseRange(f.rng); err != nil {
		return nil, usage(err)
	}
	switch {
	case f.dashboard != "":
		return f.loadDashboard(ctx, c, o)
	case f.ofRules():
		cfg, err := config.OfRules(ctx, f.rules, f.kube.ruleObjects(), f.match, o)
		if err != nil {
			return nil, usage(err)
		}
		return cfg, nil
	}
	var cfg *config.Config
	if f.config != "" {
		cfg, err = loadConfig(ctx, f.config, o)
	} else {
		cfg, err = config.Default(o)
	}
	if err != nil {
		return nil, usage(err)
	}
	return cfg, nil
}

// loadDashboard gets the dashboard and returns the configuration of its report. It pins the
// revision of a dashboard on grafana.com, so that the command in the report's footer gives the same
// one.
func (f *runFlags) loadDashboard(ctx context.Context, c *console,
	o config.Options) (*config.Config, error) {
	variables, err := parseVars(f.variables)
	if err != nil {
		return nil, usage(err)
	}
	d, ref, err := f.from.get(ctx, c, f.dashboard)
	if err != nil {
		return nil, err
	}
	f.dashboard, f.from.revision = named(ref), ref.Revision
	shown := &config.Dashboard{Source: ref.String(), Board: d.Board, Variables: variables}
	if err := shown.Check(); err != nil {
		return nil, usage(fmt.Errorf("--dashboard %s: %w", ref, err))
	}
	if err := shown.CheckVariables(); err != nil {
		return nil, usage(fmt.Errorf("--var %w", err))
	}
	cfg, err := config.OfDashboard(shown, o)
	if err != nil {
		return nil, usage(err)
	}
	return cfg, nil
}

// checkDashboard checks the flags of a dashboard against the others.
func (f *runFlags) checkDashboard(cmd *cobra.Command) error {
	if f.dashboard != "" && f.config != "" {
		return errors.New("--dashboard and -c cannot be used together; in a configuration, a " +
			"report names its dashboard: dashboard: {file: dashboards/1860.json} (promsnap " +
			"dashboard get downloads it)")
	}
	const example = "needs --dashboard; example: promsnap run --dashboard 1860 --var " +
		"job=node-exporter"
	if f.dashboard == "" && cmd.Flags().Changed("var") {
		return errors.New("--var " + example)
	}
	return f.from.unused(cmd, f.dashboard != "", example)
}

// ofRules reports whether the run is about alerting rules of Prometheus, and not of promsnap.
func (f *runFlags) ofRules() bool { return len(f.rules) > 0 || f.kube.rules }

// checkRules checks the flags of alerting rules against the others.
func (f *runFlags) checkRules(*cobra.Command) error {
	flag, key := "--rules", "names its rule files: alerting_rules: {files: [rules/*.yml]}"
	if len(f.rules) == 0 {
		flag, key = "--prometheusrules", "chooses them: alerting_rules: {kubernetes: {}}"
	}
	switch {
	case !f.ofRules() && len(f.match) > 0:
		return errors.New("--match needs --rules or --prometheusrules; example: promsnap run " +
			"--rules 'rules/*.yml' --match 'severity=critical'")
	case f.ofRules() && f.dashboard != "":
		return errors.New(flag + " and --dashboard cannot be used together; a report of a " +
			"configuration may have both")
	case f.ofRules() && f.config != "":
		return errors.New(flag + " and -c cannot be used together; in a configuration, a report " +
			key)
	}
	return nil
}

// check validates the flags that have a few allowed values, and --timeout. It returns the severity
// of --fail-on.
func (f runFlags) check() (rules.Severity, error) {
	if err := checkOutput(f.output); err != nil {
		return rules.None, err
	}
	if f.logFormat != "" && f.logFormat != "text" && f.logFormat != "json" {
		return rules.None, fmt.Errorf("--log-format %q is unknown; use text or json", f.logFormat)
	}
	if err := checkTimeout(f.timeout); err != nil {
		return rules.None, err
	}
	if f.timeout > notify.LongestRun {
		return rules.None, fmt.Errorf("--timeout %s is too long; use at most %s",
			model.Duration(f.timeout), model.Duration(notify.LongestRun))
	}
	switch f.failOn {
	case "":
		return rules.None, nil
	case rules.Warning.String():
		return rules.Warning, nil
	case rules.Critical.String():
		return rules.Critical, nil
	}
	return rules.None, fmt.Errorf("--fail-on %q is unknown; use warning or critical", f.failOn)
}

// reproduce returns the command that gives the same report again. It omits a URL with a password.
func reproduce(name string, f runFlags, slot time.Time) string {
	parts := []string{"promsnap", "run"}
	if f.config != "" {
		parts = append(parts, name, "-c", baseOf(f.config))
	}
	if f.prometheusURL != "" && !strings.Contains(f.prometheusURL, "@") {
		parts = append(parts, "--prometheus-url", f.prometheusURL)
	}
	if f.dashboard != "" {
		parts = append(parts, "--dashboard", outside.ShellWord(f.dashboard))
	}
	for _, v := range f.variables {
		parts = append(parts, "--var", outside.ShellWord(v))
	}
	for _, file := range f.rules {
		parts = append(parts, "--rules", outside.ShellWord(file))
	}
	parts = append(parts, f.kube.rulesWords()...)
	for _, m := range f.match {
		parts = append(parts, "--match", outside.ShellWord(m))
	}
	if f.from.revision > 0 {
		parts = append(parts, "--revision", strconv.Itoa(f.from.revision))
	}
	for _, flag := range []struct{ name, value string }{
		{"--grafana-url", withoutQuery(f.from.grafanaURL)},
		{"--grafana-token-env", f.from.tokenEnv},
		{"--grafana-token-file", baseOf(f.from.tokenFile)},
		{"--grafana-com-url", withoutQuery(f.from.publicURL)},
		{"--prometheus-service", f.kube.service}, {"--context", f.kube.context},
		{"--namespace", f.kube.namespace}, {"--range", f.rng},
	} {
		if flag.value != "" {
			parts = append(parts, flag.name, flag.value)
		}
	}
	if f.csv {
		parts = append(parts, "--csv")
	}
	if f.pdf {
		parts = append(parts, "--pdf")
	}
	return strings.Join(append(parts, "--time", slot.Format(time.RFC3339)), " ")
}

// baseOf returns the name of a file without its directory; "" stays.
func baseOf(file string) string {
	if file == "" {
		return ""
	}
	return filepath.Base(file)
}

// withoutQuery returns an address without its query and fragment.
func withoutQuery(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	return address
}

// openReports opens the written reports in a browser.
func openReports(c *console, o app.Outcome) {
	for _, r := range o.Results {
		if r.Receipt.Location == "" {
			continue
		}
		if err := c.browse(r.Receipt.Location); err != nil {
			fmt.Fprintf(c.stderr, "promsnap: opening %s: %v\n", r.Receipt.Location, err)
		}
	}
}
