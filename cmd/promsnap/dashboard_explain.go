package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/outside"
)

// dashboardExplainFlags hold the flags of `promsnap dashboard explain` as given.
type dashboardExplainFlags struct {
	dashboardFlags
	config              string
	variables           []string
	prometheusURL, time string
	rng, output         string
	queries             bool
	timeout             time.Duration
	kube                kubeFlags
}

func dashboardExplainCommand(c *console) *cobra.Command {
	var f dashboardExplainFlags
	cmd := &cobra.Command{
		Use: "explain FILE|NUMBER|URL|uid:UID|REPORT", Short: "Say what a report shows of a dashboard",
		Long: `Lists what becomes of everything in a dashboard: which panels are imported,
approximated (and what differs from Grafana) or left out (and why), the value of
each variable, and with --queries every panel with each query as it is sent.

Without a Prometheus, a variable that gets its values from Prometheus is
pending. With --prometheus-url or --prometheus-service it is resolved. With -c,
the argument is the name of a report: its dashboard is explained with the
Prometheus, the variables and the choice of panels of the configuration.

Exit codes:
  0  the dashboard could be read
  1  the dashboard could not be downloaded, or Prometheus could not be queried
  2  the command line or the configuration is wrong, or the file is not a
     dashboard`,
		Example: `  promsnap dashboard explain dashboards/1860.json

  # With the values that its variables have, and with every query
  promsnap dashboard explain 1860 --prometheus-url http://localhost:9090 \
    --var node=a,b --queries

  # The dashboard of a report
  promsnap dashboard explain node-full -c promsnap.yaml

  # The panels that are left out, for a program
  promsnap dashboard explain 1860 -o json |
    jq '.panels[] | select(.status == "left_out")'`,
		Args: one("a file, or the number, address or UID of a dashboard"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string,
			word string) ([]string, cobra.ShellCompDirective) {
			if f.config != "" {
				return completeReports(c, &f.config)(cmd, args, word)
			}
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return explainDashboard(cmd.Context(), c, f, args[0])
		},
	}
	fl := cmd.Flags()
	configFlag(cmd, &f.config, "configuration `FILE`; the argument is then a report of it")
	f.register(cmd)
	before(cmd, func(cmd *cobra.Command) error {
		return f.unused(cmd, f.config == "", "is only for a dashboard that the command names; "+
			"remove it, or -c")
	})
	varFlag(c, cmd, &f.variables, func(args []string) string { return strings.Join(args, "") })
	fl.StringVar(&f.prometheusURL, "prometheus-url", "",
		"`URL` of a Prometheus that knows the values of the variables")
	f.kube.registerService(cmd)
	either(cmd, "prometheus-url", "prometheus-service")
	f.kube.register(cmd, "look for the Service in this `NAMESPACE`")
	timeFlag(cmd, &f.time)
	fl.StringVar(&f.rng, "range", "", "`DURATION` of the report, such as 6h or 7d (default: the "+
		"dashboard's range, or 24h)")
	fl.BoolVar(&f.queries, "queries", false, "print every panel with its queries")
	fl.StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output: text or json")
	timeoutFlag(cmd, &f.timeout)
	_ = cmd.RegisterFlagCompletionFunc("output",
		cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("range", cobra.NoFileCompletions)
	return cmd
}

// explainDashboard prints what becomes of everything in a dashboard.
func explainDashboard(ctx context.Context, c *console, f dashboardExplainFlags, arg string) error {
	if err := errors.Join(checkOutput(f.output), checkTimeout(f.timeout)); err != nil {
		return usage(err)
	}
	slot, err := parseSlot(f.time, c.now())
	if err != nil {
		return usage(err)
	}
	ctx, cancel := c.withTimeout(ctx, f.timeout)
	defer cancel()
	x, err := f.load(ctx, c, arg)
	if err != nil {
		return err
	}
	e, err := f.explain(ctx, c, x, slot)
	if err != nil {
		return err
	}
	if f.output == "json" {
		encoder := json.NewEncoder(c.stdout)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(e)
	}
	fmt.Fprintf(c.stdout, "%s, %s\n", x.title, countVerdicts(e))
	return printExplanation(c, e, f.queries, f.again(arg))
}

// explained is a dashboard that is explained: that of one report.
type explained struct {
	cfg    *config.Config
	report string
	title  string // of the dashboard
}

// load returns the report of the configuration whose name is arg or, without a configuration, the
// dashboard that arg names.
func (f *dashboardExplainFlags) load(ctx context.Context, c *console,
	arg string) (explained, error) {
	variables, err := parseVars(f.variables)
	if err != nil {
		return explained{}, usage(err)
	}
	o := configOptions(c)
	o.URL, o.Service = f.prometheusURL, f.kube.service
	if o.Range, err = parseRange(f.rng); err != nil {
		return explained{}, usage(err)
	}
	if f.config != "" {
		return f.loadReport(ctx, arg, variables, o)
	}
	d, ref, err := f.get(ctx, c, arg)
	if err != nil {
		return explained{}, err
	}
	shown := &config.Dashboard{Source: ref.String(), Board: d.Board, Variables: variables}
	if err := shown.CheckVariables(); err != nil {
		return explained{}, usage(fmt.Errorf("--var %w", err))
	}
	cfg, err := config.OfDashboard(shown, o)
	if err != nil {
		return explained{}, usage(err)
	}
	return explained{cfg, cfg.Reports[0].Name, titleOf(d.Board, d.Revision, ref.Number)}, nil
}

// loadReport returns a report of the configuration. The values of --var replace those of the file.
func (f *dashboardExplainFlags) loadReport(ctx context.Context, name string,
	variables map[string][]string, o config.Options) (explained, error) {
	cfg, err := loadConfig(ctx, f.config, o)
	if err != nil {
		return explained{}, usage(err)
	}
	x := explained{cfg: cfg, report: name}
	for i := range cfg.Reports {
		d := cfg.Reports[i].Dashboard
		if cfg.Reports[i].Name != name || d == nil {
			continue
		}
		given := maps.Clone(d.Variables)
		if given == nil {
			given = map[string][]string{}
		}
		maps.Copy(given, variables)
		d.Variables, x.title = given, titleOf(d.Board, 0, 0)
		if err := d.CheckVariables(); err != nil {
			return explained{}, usage(fmt.Errorf("--var %w", err))
		}
	}
	return x, nil
}

// again returns the command that explains the same again.
func (f *dashboardExplainFlags) again(arg string) string {
	command := "promsnap dashboard explain " + outside.ShellWord(arg)
	if f.config != "" {
		command += " -c " + outside.ShellWord(f.config)
	}
	return command
}

// explain explains a dashboard, with Prometheus if the configuration or a flag names one.
func (f *dashboardExplainFlags) explain(ctx context.Context, c *console, x explained,
	slot time.Time) (grafana.Explanation, error) {
	o := app.Options{Version: versionString(), Slot: slot, Timeout: f.timeout, Now: c.now}
	if f.config == "" && f.prometheusURL == "" && f.kube == (kubeFlags{}) {
		e, err := app.Explain(ctx, x.cfg, x.report, o)
		if err != nil {
			return e, usage(err)
		}
		return e, nil
	}
	k, err := f.kube.open(ctx, c, x.cfg, false)
	if err != nil {
		return grafana.Explanation{}, usage(err)
	}
	defer k.close()
	o.Kubernetes = k.api()
	source, err := app.Open(ctx, x.cfg, o)
	if err != nil {
		return grafana.Explanation{}, openError(err)
	}
	e, err := source.Explain(ctx, x.report)
	if err != nil {
		return e, openError(err)
	}
	return e, nil
}

// countVerdicts returns how many panels there are, and what becomes of them.
func countVerdicts(e grafana.Explanation) string {
	n := map[grafana.Status]int{}
	for _, p := range e.Panels {
		n[p.Status]++
	}
	return fmt.Sprintf("%s: %d imported, %d approximated, %d left out",
		count(len(e.Panels), "panel"), n[grafana.Imported], n[grafana.Approximated],
		n[grafana.LeftOut])
}

// printExplanation prints an explanation for a person.
func printExplanation(c *console, e grafana.Explanation, queries bool, again string) error {
	printVerdicts(c, e, "APPROXIMATED", grafana.Approximated)
	printVerdicts(c, e, "LEFT OUT", grafana.LeftOut)
	if err := printVariables(c, e); err != nil {
		return err
	}
	for i, note := range e.Notes {
		if i == 0 {
			fmt.Fprint(c.stdout, "\nNOTES\n")
		}
		c.stdout.say(normal, "  ", note, 4)
	}
	pending := slices.ContainsFunc(e.Variables, func(v grafana.VariableVerdict) bool {
		return v.Status == "pending"
	})
	if pending {
		fmt.Fprintf(c.stdout, "\nthe values of pending variables:\n  %s --prometheus-url "+
			"http://localhost:9090\n", again)
	}
	if !queries {
		fmt.Fprintf(c.stdout, "\nevery panel with its queries:\n  %s --queries\n", again)
		return nil
	}
	fmt.Fprint(c.stdout, "\nQUERIES\n")
	for _, p := range e.Panels {
		fmt.Fprintf(c.stdout, "  %s: %s\n", panelTitle(p), statusWords(p.Status))
		for _, q := range p.Queries {
			printQuery(c, q)
		}
	}
	return nil
}

// printVerdicts prints the panels with a status, below their reason.
func printVerdicts(c *console, e grafana.Explanation, heading string, status grafana.Status) {
	var reasons []string
	panels := map[string][]string{}
	for _, p := range e.Panels {
		if p.Status != status {
			continue
		}
		if panels[p.Reason] == nil {
			reasons = append(reasons, p.Reason)
		}
		panels[p.Reason] = append(panels[p.Reason], panelTitle(p))
	}
	if len(reasons) > 0 {
		fmt.Fprintf(c.stdout, "\n%s\n", heading)
	}
	for _, reason := range reasons {
		if all := panels[reason]; len(all) > 1 {
			c.stdout.say(normal, "  ", count(len(all), "panel")+": "+reason, 4)
			for _, title := range all {
				fmt.Fprintf(c.stdout, "    %s\n", title)
			}
			continue
		}
		c.stdout.say(normal, "  ", panels[reason][0]+": "+reason, 4)
	}
}

// panelTitle names a panel.
func panelTitle(p grafana.Verdict) string {
	title := outside.Said(p.Title, 80)
	if title == "" {
		title = "without a title"
	}
	return fmt.Sprintf("#%d %s (%s)", p.ID, title, outside.Said(p.Type, 40))
}

func statusWords(s grafana.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// printVariables prints the variables in a table.
func printVariables(c *console, e grafana.Explanation) error {
	if len(e.Variables) == 0 {
		return nil
	}
	fmt.Fprintln(c.stdout)
	rows := [][]string{{"VARIABLE", "KIND", "VALUE"}}
	for _, v := range e.Variables {
		value := v.Status + ": " + v.Reason
		if v.Status == "resolved" {
			values := cmp.Or(strings.Join(v.Values, ", "), "empty")
			if more := v.Count - len(v.Values); more > 0 {
				values += fmt.Sprintf(" and %d more", more)
			}
			value = fmt.Sprintf("%s (%s)", outside.Clip(values, 200), v.Reason)
		}
		rows = append(rows, []string{
			outside.Said(v.Name, 60), outside.Said(v.Type, 40), outside.Said(value, 300),
		})
	}
	return c.stdout.table(rows)
}

// printQuery prints a query as it is sent, or why it is not sent.
func printQuery(c *console, q grafana.QueryVerdict) {
	how := q.Kind
	if q.Step != "" {
		how += ", step " + q.Step
	}
	if q.Dialect != "" {
		how += ", " + q.Dialect
	}
	fmt.Fprintf(c.stdout, "    %s (%s)\n", outside.Said(q.Ref, 20), how)
	for line := range strings.Lines(q.Expr) {
		fmt.Fprintf(c.stdout, "      %s\n", strings.TrimRight(line, "\r\n"))
	}
	if q.Problem != "" {
		fmt.Fprintf(c.stdout, "      not sent: %s\n", q.Problem)
	}
}
