package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// queryFlags holds the flags of `promsnap query` as given.
type queryFlags struct {
	ask                                                     askFlags
	rng, output, legend, unit, title, compare, above, below string
	failOn                                                  string
	instant                                                 bool
	top                                                     int
}

// queryRange is the default of --range.
const queryRange = 6 * time.Hour

// How many series are shown, if --top does not say, and at most.
const (
	terminalSeries = 12
	dataSeries     = 1000
	mostDrawn      = 48
	mostSeries     = 10_000
)

func queryCommand(c *console) *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use: "query QUERY", Short: "Draw the answer to a PromQL query", Args: one("a quoted QUERY"),
		Long: `Queries Prometheus and draws the answer on the terminal, with an axis in the
unit of the values and a legend. A pipe gets a table of the series instead. It
finds Prometheus as promsnap run does: by the configuration, by
--prometheus-url or through your kubeconfig.

The query is PromQL. $__rate_interval, $__interval and $__range have the values
that they have in a panel.

Without --unit, the unit is guessed from the names of the metrics, and a line on
standard error says so.

--above and --below judge the series as the rules of a panel do: a series
breaches if its newest value is beyond the limit. A chart also says an earlier
breach.

Exit codes:
  0  success
  1  the query failed, or has no series
  2  the command line, the query or the configuration is wrong
  3  --fail-on is set and a series breaches a limit of that severity`,
		Example: `  # The last 6 hours of the free memory of every node
  promsnap query node_memory_MemAvailable_bytes

  # A day of CPU use by namespace, beside the same day a week before
  promsnap query --range 24h --compare 7d \
    'sum by (namespace) (rate(container_cpu_usage_seconds_total[5m]))'

  # Fail in a pipeline if a disk is nearly full
  promsnap query --above 80%,90% --fail-on critical \
    '1 - node_filesystem_avail_bytes / node_filesystem_size_bytes'

  # The newest values, highest first
  promsnap query --instant 'topk(10, kubelet_running_pods)'

  # A picture, and data
  promsnap query up --range 7d -o png > up.png
  promsnap query up -o csv > up.csv`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runQuery(cmd.Context(), c, f, args[0])
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "" {
			return usage(fmt.Errorf("%w; a query that begins with - comes after --, such as "+
				"promsnap query -- '-up'", err))
		}
		return flagError(cmd, err)
	})
	f.register(c, cmd)
	return cmd
}

// register defines the flags and their completion.
func (f *queryFlags) register(c *console, cmd *cobra.Command) {
	f.ask.register(c, cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.rng, "range", "", "`DURATION` of the chart, such as 24h or 7d (default: 6h)")
	fl.BoolVar(&f.instant, "instant", false, "print the newest values, highest first")
	either(cmd, "instant", "range")
	fl.StringVarP(&f.output, "output", "o", "text",
		"`FORMAT` of the output: text, json, csv, png, svg or html")
	fl.StringVar(&f.legend, "legend", "", "names of the series, a `TEXT` such as "+
		"\"{{namespace}}/{{pod}}\" (default: their labels)")
	fl.StringVar(&f.unit, "unit", "", "`UNIT` of the values, as in a panel: bytes, percentunit, s "+
		"(default: guessed from the metrics' names)")
	fl.StringVar(&f.title, "title", "", "`TEXT` above the chart (default: the query)")
	fl.StringVar(&f.compare, "compare", "", "also draw the series as they were this `DURATION` "+
		"before, dashed: 1d, 7d")
	either(cmd, "instant", "compare")
	fl.StringVar(&f.above, "above", "", "judge values above `LIMIT`, in the unit, or above a "+
		"warning and a critical limit: 80% or 80%,90%")
	fl.StringVar(&f.below, "below", "", "judge values below `LIMIT`, or a warning and a critical "+
		"limit: 20% or 20%,10%")
	either(cmd, "above", "below")
	fl.StringVar(&f.failOn, "fail-on", "", "exit with 3 if a series breaches a limit of this "+
		"`SEVERITY` or higher: warning or critical")
	fl.IntVar(&f.top, "top", 0, "show this `NUMBER` of series (default: 12 on a terminal, 8 in a "+
		"picture, 1000 as data)")
	for flag, values := range map[string][]string{
		"output": {"text", "json", "csv", "png", "svg", "html"}, "unit": units.IDs(),
		"range": {"1h", "6h", "24h", "7d"}, "compare": {"1d", "7d"}, "legend": nil, "title": nil,
		"above": nil, "below": nil, "fail-on": {"warning", "critical"}, "top": nil,
	} {
		// fails only for a flag that does not exist
		_ = cmd.RegisterFlagCompletionFunc(flag,
			cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

// question is what is asked, by the flags.
type question struct {
	spec   panel.Spec
	expr   string // with its variables expanded
	failOn rules.Severity
	names  app.SeriesNames
}

// parse checks the flags that need no Prometheus.
func (f *queryFlags) parse(expr string, terminal bool) (question, error) {
	q := question{spec: panel.Spec{
		Name: "query", Title: outside.Clip(outside.Line(cmp.Or(f.title, expr)), 300),
		Subject: cmp.Or(f.title, "value"), Range: queryRange,
		Queries: []panel.Query{{Expr: expr, Legend: f.legend}},
	}}
	switch f.output {
	case "text", "json", "csv":
	case "png", "svg", "html":
		if f.instant {
			return q, fmt.Errorf("--instant has no picture; use -o text, json or csv, or remove " +
				"--instant")
		}
	default:
		return q, fmt.Errorf("--output %q is unknown; use text, json, csv, png, svg or html",
			f.output)
	}
	if terminal && f.output == "text" || f.drawn() {
		q.names = app.FewLabels
	}
	var err error
	if f.rng != "" {
		if q.spec.Range, err = parseRange(f.rng); err != nil {
			return q, err
		}
	}
	if q.spec.Range < time.Minute || q.spec.Range > 366*24*time.Hour {
		return q, fmt.Errorf("--range %s is out of range; write a duration from 1m to 366d",
			model.Duration(q.spec.Range))
	}
	if f.compare != "" {
		d, err := model.ParseDuration(f.compare)
		if err != nil || time.Duration(d) < time.Hour || time.Duration(d) > 28*24*time.Hour {
			return q, fmt.Errorf("--compare %q is no duration of 1h to 4w; write it like 7d",
				outside.Clip(f.compare, 40))
		}
		q.spec.Compare = time.Duration(d)
	}
	if q.spec.Top, err = f.series(terminal); err != nil {
		return q, err
	}
	q.failOn, err = runFlags{output: "text", timeout: f.ask.timeout, failOn: f.failOn}.check()
	if err == nil && f.failOn != "" && f.above == "" && f.below == "" {
		err = errors.New("--fail-on needs a limit; example: --above 80% --fail-on warning")
	}
	return q, err
}

// drawn reports whether the output is a picture.
func (f *queryFlags) drawn() bool {
	return f.output == "png" || f.output == "svg" || f.output == "html"
}

// series returns how many series are shown.
func (f *queryFlags) series(terminal bool) (int, error) {
	usual, most := dataSeries, mostSeries
	switch {
	case f.drawn():
		usual, most = panel.DefaultTop, mostDrawn
	case terminal && f.output == "text" && !f.instant:
		usual, most = terminalSeries, mostDrawn
	}
	if f.top < 0 || f.top > most {
		return 0, fmt.Errorf("--top %d is out of range; write a number from 1 to %d", f.top, most)
	}
	return cmp.Or(f.top, usual), nil
}

// measure sets the unit of a question and the limits, which are in the unit. It returns a sentence
// if the unit is a guess.
func (f *queryFlags) measure(q *question) (guess string, err error) {
	unit, from, guessed := panel.GuessUnit(q.expr)
	if f.unit != "" {
		if unit, err = units.Parse(f.unit); err != nil {
			return "", fmt.Errorf("--unit: %w", err)
		}
	} else if guessed {
		guess = fmt.Sprintf("the unit is %s, guessed from the query", unit)
		if from != "" {
			guess = fmt.Sprintf("the unit is %s, guessed from %s", unit, outside.Clip(from, 100))
		}
		guess += "; --unit sets another one"
	}
	q.spec.Queries[0].Unit = unit
	flag, text, direction := "--above", f.above, rules.Above
	if f.below != "" {
		flag, text, direction = "--below", f.below, rules.Below
	}
	if text == "" {
		return guess, nil
	}
	rule := rules.Rule{
		Name: "limit", Direction: direction, NeedsAll: panel.NeedsAll(q.expr, direction),
	}
	warning, critical, both := strings.Cut(text, ",")
	if rule.Warning, err = limitIn(unit, flag, warning); err == nil && both {
		rule.Critical, err = limitIn(unit, flag, critical)
	}
	if err != nil {
		return "", err
	}
	for _, p := range rule.Check(q.spec.Range, time.Minute) {
		return "", fmt.Errorf("%s %s: %s", flag, outside.Clip(text, 40), p.Message)
	}
	q.spec.Rules = []rules.Rule{rule}
	return guess, nil
}

// limitIn reads a limit in a unit. A percentage of a plain number is one of a ratio.
func limitIn(u units.Unit, flag, text string) (rules.Limit, error) {
	v, err := u.ParseValue(strings.TrimSpace(text))
	if err != nil {
		return rules.Limit{}, fmt.Errorf("%s: %w (the unit is %s; --unit sets another one)", flag,
			err, u)
	}
	return rules.At(v), nil
}

func runQuery(ctx context.Context, c *console, f queryFlags, expr string) error {
	q, err := f.parse(expr, c.stdout.terminal)
	if err != nil {
		return usage(err)
	}
	if f.output == "png" && c.stdout.terminal {
		return usage(errors.New("a terminal cannot show a PNG; write it to a file: promsnap query " +
			outside.ShellWord(outside.Clip(expr, 200)) + " -o png > chart.png"))
	}
	ctx, a, err := f.ask.open(ctx, c)
	if err != nil {
		return err
	}
	defer a.close()
	if q.expr, err = a.Expand(expr, q.spec.Range); err != nil {
		return usage(err)
	}
	guess, err := f.measure(&q)
	if err != nil {
		return usage(err)
	}
	c.stderr.status("querying Prometheus")
	defer c.stderr.status("")
	if f.instant {
		return f.now(ctx, c, a, &q, guess)
	}
	p := a.Ask(ctx, q.spec, q.names)
	c.stderr.status("")
	if err := f.said(ctx, c, a, &p, guess); err != nil {
		return err
	}
	if err := f.print(ctx, c, a, &p); err != nil {
		return &exitError{exitFailed, fmt.Errorf("printing the answer: %w", err)}
	}
	for i := range p.Findings {
		if got := &p.Findings[i]; q.failOn != rules.None && got.Status == rules.Breach &&
			got.Severity >= q.failOn {
			return &exitError{code: exitBreach}
		}
	}
	return nil
}
