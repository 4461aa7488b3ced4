package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/metrics/ask"
)

// metricsFlags holds the flags of `promsnap metrics` as given.
type metricsFlags struct {
	askFlags
	output string
	limit  int // 0: as many as fit
}

// The default limits of `promsnap metrics`.
const (
	metricsOfText = 10
	metricsOfJSON = ask.MaxDetailed
)

func metricsCommand(c *console) *cobra.Command {
	var f metricsFlags
	cmd := &cobra.Command{
		Use: "metrics [WORD...]", Short: "Find the right metric, or explain one",
		Long: `Finds metrics by the words in their names and help texts, and by what people
call them: ram, disk space, throttling, oom, restarts, pvc. For each it prints
the type, the unit, the jobs that have it, the number of series, the newest
values and an example query. Those that promsnap knows come first, with a
verdict: USE is the first choice, FOR is for one purpose, NOT is usually
mistaken for another metric. docs/metrics-guide.md has all verdicts.

With the exact name of one metric it prints its labels: how many values each
has, and whether the exporter or the scrape configuration sets it.

Without words it lists the metrics that promsnap knows and the server has.

Exit codes:
  0  success
  1  nothing fits, or a query failed; what worked is printed
  2  the command line or the configuration is wrong`,
		Example: `  # Which memory metric?
  promsnap metrics memory
  promsnap metrics disk space --prometheus-url http://localhost:9090

  # One metric with its labels
  promsnap metrics container_memory_working_set_bytes

  # The names of all metrics that fit
  promsnap metrics cpu -o json | jq -r '.metrics[].name, .more[]'`,
		ValidArgsFunction: completeMetrics,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runMetrics(cmd.Context(), c, f, args)
		},
	}
	f.register(c, cmd)
	cmd.Flags().StringVarP(&f.output, "output", "o", "text",
		"`FORMAT` of the output: text or json")
	cmd.Flags().IntVar(&f.limit, "limit", 0, fmt.Sprintf("the most metrics to show with series "+
		"and values, a `NUMBER` up to %d (default: what fits on the screen, %d elsewhere, %d for "+
		"json)", ask.MaxDetailed, metricsOfText, metricsOfJSON))
	for flag, values := range map[string][]string{
		"output": {"text", "json"}, "limit": {"3", "10", "50"},
	} {
		// fails only for a flag that does not exist
		_ = cmd.RegisterFlagCompletionFunc(flag,
			cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

// completeMetrics completes the names of the metrics that promsnap knows. It does not ask a server.
func completeMetrics(_ *cobra.Command, args []string, _ string) ([]string,
	cobra.ShellCompDirective) {
	g, err := metrics.Load()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, m := range g.Metrics {
		names = append(names, cobra.CompletionWithDesc(m.Name, m.Is))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// check returns an error if a flag has a wrong value.
func (f *metricsFlags) check() error {
	if f.limit < 0 || f.limit > ask.MaxDetailed {
		return fmt.Errorf("--limit %d is out of range; use 1 to %d", f.limit, ask.MaxDetailed)
	}
	return checkOutput(f.output)
}

func runMetrics(ctx context.Context, c *console, f metricsFlags, args []string) error {
	if err := f.check(); err != nil {
		return usage(err)
	}
	g, err := metrics.Load()
	if err != nil {
		return &exitError{exitFailed, err}
	}
	ctx, a, err := f.open(ctx, c)
	if err != nil {
		return err
	}
	defer a.close()
	limit := f.limit
	switch {
	case limit > 0:
	case f.output == "json":
		limit = metricsOfJSON
	default:
		limit = metricsOfText
	}
	var words []string
	for _, arg := range args {
		words = append(words, strings.Fields(arg)...)
	}
	c.stderr.status("reading the names of all metrics")
	answer, err := ask.Find(ctx, a.Client(), g, ask.Options{
		Words: words, Time: a.End(), Limit: limit,
	})
	c.stderr.status("")
	if err != nil {
		return &exitError{exitFailed, err}
	}
	if f.output == "json" {
		e := json.NewEncoder(c.stdout)
		e.SetIndent("", "  ")
		err = e.Encode(answer)
	} else {
		err = tellMetrics(c.stdout, g, answer, f.limit > 0)
	}
	switch {
	case err != nil:
		return &exitError{exitFailed, err}
	case answer.OnServer == 0:
		return &exitError{exitFailed, errors.New(noMetrics(a.At()))}
	case answer.Matched == 0, answer.Incomplete:
		return &exitError{code: exitFailed}
	}
	return nil
}

// noMetrics says that a server has no metrics at all, and what to do.
func noMetrics(at string) string {
	return at + " has no metrics at this time: check Status → Targets there, --time, and the " +
		"matchers of the configuration"
}
