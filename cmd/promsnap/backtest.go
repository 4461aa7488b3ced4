package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/rules"
)

// backtestFlags holds the flags of `promsnap backtest` as given.
type backtestFlags struct {
	config, prometheusURL, time string
	since, severity             string
	pages                       float64
	levels, holds, rules        []string
	output, outputDir           string
	timeout                     time.Duration
	kube                        kubeFlags
}

// longestSince is the longest time that a back-test covers.
const longestSince = 365 * 24 * time.Hour

// The most values of --levels and --for: every level is replayed with every for.
const (
	mostLevels = 24
	mostHolds  = 6
)

// mostLeft is how many rules are named that a stopped run did not test.
const mostLeft = 10

// backtestTimeout is the default of --timeout: the history of a large cluster is long.
const backtestTimeout = 30 * time.Minute

func backtestCommand(c *console) *cobra.Command {
	var f backtestFlags
	cmd := &cobra.Command{
		Use:   "backtest {REPORT [PANEL[/RULE]] | --rules FILES [ALERT]}",
		Short: "Count how often other levels of a rule would have alerted",
		Long: `Replays the alerts of a report over the past, at the times of its schedule and
with the code that judges them every day, and counts how often each of up to 24
levels would have alerted. Proposes the first level with at most --pages alerts
a week. It chooses on the older two thirds of the time and counts on the rest,
which is held out.

Without PANEL it tests every alert of the report that has a level. It changes
no configuration and sends nothing: it prints the lines to paste.

With --rules it tests the alerting rules of Prometheus rule files instead, at
the interval of their groups and by the semantics of Prometheus, and with
--prometheusrules those of the PrometheusRule objects in the cluster. It needs
no configuration. It counts how often each rule would have fired, for how long
and on how many series, the noisiest first. It tries other levels for rules that
fire more often than --pages and compare with a number.

Time in which Prometheus has no data of the panel is unknown, not calm, and is
printed as such. Ctrl-C prints what was read so far, marked as stopped.

With -o html it writes a page, pictures and backtest.json into
OUTPUT-DIR/REPORT/backtest-TIME/, or backtest-TIME-PANEL if one was asked for.
Of rule files, REPORT is rules and PANEL is the alert.

Exit codes:
  0  success
  1  a query failed, the history is shorter than a week, or the run was
     stopped; what worked is printed
  2  the command line or the configuration is wrong`,
		Example: `  # Every rule of the report "check" over the last 30 days
  promsnap backtest check

  # One panel, one rule; with at most one alert a week
  promsnap backtest check node-memory --pages 1
  promsnap backtest check node-memory/NodeMemoryHigh

  # Levels and times of your own
  promsnap backtest check node-memory --levels 82%,86% --for 15m,30m,1h

  # A page with charts
  promsnap backtest check -o html

  # The rules that you have: which of them cry wolf?
  promsnap backtest --rules 'rules/*.yml'
  promsnap backtest --rules rules.yml NodeCPUHigh --levels 0.9,0.95
  promsnap backtest --prometheusrules --rules-namespace monitoring`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !f.ofRules() {
				return usage(fmt.Errorf("backtest needs a REPORT; example: %s", example(cmd)))
			}
			return atMost(2)(cmd, args)
		},
		ValidArgsFunction: completeBacktest(c, &f.config),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.ofRules() {
				return runBacktestRules(cmd.Context(), c, f, args)
			}
			return runBacktest(cmd.Context(), c, f, args)
		},
	}
	f.register(c, cmd)
	return cmd
}

// register defines the flags and their completion.
func (f *backtestFlags) register(c *console, cmd *cobra.Command) {
	fl := cmd.Flags()
	fromConfig(c, cmd, &f.config, nil)
	fl.StringVar(&f.prometheusURL, "prometheus-url", "",
		"`URL` of Prometheus; overrides the configuration")
	f.kube.registerService(cmd)
	either(cmd, "prometheus-url", "prometheus-service")
	f.kube.register(cmd, namespaceOfBoth)
	timeFlag(cmd, &f.time)
	fl.StringArrayVar(&f.rules, "rules", nil, "test the alerting rules of these `FILES`; * and ? "+
		"match parts of a name")
	_ = cmd.MarkFlagFilename("rules", "yaml", "yml")
	f.kube.registerRules(cmd, "test")
	fl.StringVar(&f.since, "since", "30d", "how far back to go: a `DURATION` of 7d or more")
	fl.Float64Var(&f.pages, "pages", backtest.DefaultPages,
		"`NUMBER` of alerts a week to aim at")
	fl.StringSliceVar(&f.levels, "levels", nil, "also try these `LEVELS`, in the unit of the "+
		"panel, such as 70%,80% or 24GiB")
	fl.StringSliceVar(&f.holds, "for", nil, "also try these `DURATIONS` as for, such as 15m,1h")
	fl.StringVar(&f.severity, "severity", "", "move the limit of this `SEVERITY`: warning or "+
		"critical (default: the lowest limit of the rule)")
	fl.StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output: text, json or html")
	fl.StringVar(&f.outputDir, "output-dir", "promsnap-out", "`DIR` for the page of -o html")
	fl.DurationVar(&f.timeout, "timeout", backtestTimeout,
		"stop after this `DURATION`, such as 90s, and print what there is")
	for flag, values := range map[string][]string{
		"severity": {"warning", "critical"}, "output": {"text", "json", "html"},
		"since": nil, "pages": nil, "levels": nil, "for": nil, "timeout": nil,
	} {
		// fails only for a flag that does not exist
		_ = cmd.RegisterFlagCompletionFunc(flag,
			cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

// completeBacktest completes REPORT, and PANEL or PANEL/RULE.
func completeBacktest(c *console, file *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]string,
		cobra.ShellCompDirective) {
		if len(args) == 0 {
			return completeReports(c, file)(cmd, args, word)
		}
		return completeNames(c, file, func(cfg *config.Config) []string {
			i := slices.IndexFunc(cfg.Reports, func(r config.Report) bool {
				return r.Name == args[0]
			})
			if i < 0 || len(args) > 1 {
				return nil
			}
			return app.BacktestNames(cfg.Reports[i])
		})(cmd, args, word)
	}
}

// options checks the flags and returns what they say about the back-test.
func (f *backtestFlags) options(args []string) (app.BacktestOptions, error) {
	o := app.BacktestOptions{Pages: f.pages, Levels: f.levels}
	since, err := model.ParseDuration(f.since)
	o.Since = time.Duration(since)
	switch {
	case err != nil:
		return o, fmt.Errorf("--since %q is not a duration; write it like 14d or 30d", f.since)
	case o.Since < backtest.Week:
		return o, fmt.Errorf("--since %s is too short; use 7d or more, because a week is the "+
			"shortest time with a weekend", f.since)
	case o.Since > longestSince:
		return o, fmt.Errorf("--since %s is too long; use 365d or less", f.since)
	case f.pages <= 0 || math.IsNaN(f.pages) || f.pages > 1e6:
		return o, fmt.Errorf("--pages %v is no number of alerts a week; use more than 0", f.pages)
	case len(f.levels) > mostLevels:
		return o, fmt.Errorf("--levels has %d levels; give at most %d", len(f.levels), mostLevels)
	case len(f.holds) > mostHolds:
		return o, fmt.Errorf("--for has %d durations; give at most %d", len(f.holds), mostHolds)
	case f.output != "text" && f.output != "json" && f.output != "html":
		return o, fmt.Errorf("--output %q is unknown; use text, json or html", f.output)
	}
	for _, text := range f.holds {
		d, err := model.ParseDuration(text)
		if err != nil || d == 0 {
			return o, fmt.Errorf("--for %q is not a duration; write it like 15m,1h", text)
		}
		o.Fors = append(o.Fors, time.Duration(d))
	}
	switch f.severity {
	case "":
	case rules.Warning.String():
		o.Severity = rules.Warning
	case rules.Critical.String():
		o.Severity = rules.Critical
	default:
		return o, fmt.Errorf("--severity %q is unknown; use warning or critical", f.severity)
	}
	if len(args) > 1 {
		o.Panel, o.Rule = app.SplitPart(args[1])
	}
	if len(f.levels) > 0 && o.Panel == "" && !f.ofRules() {
		return o, errors.New("--levels needs a PANEL, because every panel has its own unit; " +
			"example: promsnap backtest check node-memory --levels 82%,86%")
	}
	return o, checkTimeout(f.timeout)
}

// runBacktest tests the rules and prints what it found.
func runBacktest(ctx context.Context, c *console, f backtestFlags, args []string) error {
	o, err := f.options(args)
	if err != nil {
		return usage(err)
	}
	ctx, cancel := c.withTimeout(ctx, f.timeout)
	defer cancel()
	reading := configOptions(c)
	reading.URL, reading.Service = f.prometheusURL, f.kube.service
	cfg, err := loadConfig(ctx, f.config, reading)
	if err != nil {
		return usage(err)
	}
	slot, err := parseSlot(f.time, c.now())
	if err != nil {
		return usage(err)
	}
	k, err := f.kube.open(ctx, c, cfg, false)
	if err != nil {
		return usage(err)
	}
	defer k.close()
	source, err := app.Open(ctx, cfg, app.Options{
		Version: versionString(), Slot: slot, Timeout: f.timeout, Now: c.now, Kubernetes: k.api(),
	})
	if err != nil {
		return openError(err)
	}
	progress := newChunks(c.stderr, c.now)
	o.Progress = progress.step
	found, err := source.Backtest(ctx, args[0], o)
	progress.end()
	if err != nil {
		return backtestError(err)
	}
	found.Info.Command = f.again(args, slot)
	// The context may have ended, which is why the run was stopped.
	if err := f.print(context.WithoutCancel(ctx), c, found); err != nil {
		return &exitError{exitFailed, err}
	}
	return f.outcome(ctx, c, found)
}

// backtestError gives an error the exit code of what is wrong: the command line or the
// configuration, or a query.
func backtestError(err error) error {
	var report *app.UnknownReportError
	var part *app.UnknownPartError
	if errors.As(err, &report) || errors.As(err, &part) ||
		errors.Is(err, backtest.ErrNoSchedule) {
		return usage(err)
	}
	return openError(err)
}

// print prints the back-tests in the format that is asked for.
func (f *backtestFlags) print(ctx context.Context, c *console, b app.Backtested) error {
	switch {
	case f.output == "json":
		doc, err := tuning.JSON(b.Info, b.Results)
		if err != nil {
			return err
		}
		_, err = c.stdout.Write(doc)
		return err
	case len(b.Results) == 0:
		return nil
	case f.output == "html":
		ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
		defer cancel()
		path, err := b.Write(ctx, f.outputDir)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "wrote %s\n", path)
		return nil
	}
	return tell(c.stdout, tuning.Tell(b.Info, b.Results))
}

// outcome prints what could not be tested, and returns the error of the run.
func (f *backtestFlags) outcome(ctx context.Context, c *console, b app.Backtested) error {
	code := exitOK
	for _, err := range b.Failed {
		c.fail(err)
		code = max(code, exitFailed)
		if isUsage(err) && len(b.Results) == 0 {
			code = exitUsage
		}
	}
	stopped := len(b.Left) > 0 || slices.ContainsFunc(b.Results, func(r backtest.Result) bool {
		return r.Stopped
	})
	if stopped {
		code = exitFailed
		why := "interrupted"
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
			why = cause.Error()
		}
		said := "the back-test was stopped (" + why + ")"
		if len(b.Left) > 0 {
			said += "; not tested: " + strings.Join(b.Left[:min(len(b.Left), mostLeft)], ", ")
			if n := len(b.Left) - mostLeft; n > 0 {
				said += fmt.Sprintf(" and %d more", n)
			}
		}
		c.fail(errors.New(said))
	}
	if code != exitOK {
		return &exitError{code: code}
	}
	return nil
}

// isUsage reports whether an error is about the arguments, and not about the data.
func isUsage(err error) bool {
	var level *backtest.LevelError
	var step *backtest.StepError
	var long *backtest.RangeError
	return errors.As(err, &level) || errors.As(err, &step) || errors.As(err, &long)
}

// again returns the command that gives the same back-test again. It omits a URL with a password.
func (f *backtestFlags) again(args []string, slot time.Time) string {
	parts := []string{"promsnap", "backtest"}
	for _, a := range args {
		parts = append(parts, outside.ShellWord(a))
	}
	parts = append(parts, f.rulesWords()...)
	if !f.ofRules() || f.config != "" {
		parts = append(parts, "-c", outside.ShellWord(cmp.Or(baseOf(f.config), defaultConfig)))
	}
	if f.prometheusURL != "" && !strings.Contains(f.prometheusURL, "@") {
		parts = append(parts, "--prometheus-url", f.prometheusURL)
	}
	for _, flag := range []struct{ name, value string }{
		{"--prometheus-service", f.kube.service}, {"--context", f.kube.context},
		{"--namespace", f.kube.namespace}, {"--levels", strings.Join(f.levels, ",")},
		{"--for", strings.Join(f.holds, ",")}, {"--severity", f.severity},
	} {
		if flag.value != "" {
			parts = append(parts, flag.name, outside.ShellWord(flag.value))
		}
	}
	return strings.Join(append(parts, "--since", f.since, "--pages", fmt.Sprint(f.pages), "--time",
		slot.Format(time.RFC3339)), " ")
}
