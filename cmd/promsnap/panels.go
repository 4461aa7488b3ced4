package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

func panelsCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "panels [NAME...]",
		Short: "List the built-in panels, or explain some of them",
		Long: `Lists the built-in panels with their thresholds. With NAME it shows the PromQL,
the rules and the reason for each panel, and which exporter it needs.`,
		Example: `  promsnap panels
  promsnap panels node-memory container-oom`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string,
			cobra.ShellCompDirective) {
			var names []string
			for _, p := range panels.All() {
				if !slices.Contains(args, p.Name) {
					names = append(names, cobra.CompletionWithDesc(p.Name, p.Title))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listPanels(c)
			}
			g, err := metrics.Load()
			if err != nil {
				return &exitError{exitFailed, err}
			}
			for i, name := range args {
				p, ok := panels.Get(name)
				if !ok {
					return usage(unknownPanel(name))
				}
				if i > 0 {
					fmt.Fprintln(c.stdout)
				}
				showPanel(c, g, p)
			}
			return nil
		},
	}
}

// unknownPanel returns the error of a name that no built-in panel has.
func unknownPanel(name string) error {
	var names []string
	for _, p := range panels.All() {
		names = append(names, p.Name)
	}
	if near := config.Nearest(name, names); near != "" {
		return fmt.Errorf("no built-in panel %q; did you mean %s?", name, near)
	}
	return fmt.Errorf("no built-in panel %q; run promsnap panels to list them", name)
}

func listPanels(c *console) error {
	rows := [][]string{{"NAME", "SECTION", "WARNING", "CRITICAL", "FOR", "TITLE"}}
	for _, p := range panels.All() {
		warning, critical, hold := "-", "-", "-"
		if len(p.Rules) > 0 {
			r := p.Rules[0]
			beyond := "> "
			if r.Direction == rules.Below {
				beyond = "< "
			}
			if r.Warning.Set {
				warning = beyond + limitOf(&p, r, r.Warning)
			}
			if r.Critical.Set {
				critical = beyond + limitOf(&p, r, r.Critical)
			}
			if r.IsAlert() && r.For > 0 {
				hold = model.Duration(r.For).String()
			}
		}
		rows = append(rows, []string{p.Name, p.Section, warning, critical, hold, p.Title})
	}
	return c.stdout.table(rows)
}

// limitOf returns a limit of a rule as text. Those of a rule with FullIn are times.
func limitOf(p *panel.Spec, r rules.Rule, l rules.Limit) string {
	if r.FullIn {
		return words.In(words.English).Period(l.Value)
	}
	return p.UnitOf(r.Ref).Format(l.Value)
}

// reads returns the metrics of a panel that are the first choice for what they measure, each with
// those that it is mistaken for.
func reads(g *metrics.Guide, p panel.Spec) []string {
	vars := panel.Vars{Step: time.Minute, ScrapeInterval: time.Minute, Range: time.Hour}
	var lines []string
	for _, q := range p.Queries {
		names, err := panel.MetricNames(panel.Expand(q.Expr, vars))
		if err != nil { // a test parses all queries
			continue
		}
		for _, name := range names {
			m := g.Metric(name)
			if m == nil || m.Verdict != metrics.Use {
				continue
			}
			var not []string
			for _, near := range m.Near {
				if g.Metric(near).Verdict == metrics.Avoid {
					not = append(not, near)
				}
			}
			line := name + ", not " + strings.Join(not, " or ")
			if len(not) > 0 && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func showPanel(c *console, g *metrics.Guide, p panel.Spec) {
	fmt.Fprintf(c.stdout, "%s: %s\n\n", p.Name, p.Title)
	for _, q := range p.Queries {
		fmt.Fprintf(c.stdout, "%s\n", query(q))
	}
	c.stdout.say(normal, "Why:    ", p.Why, len("Why:    "))
	for _, line := range reads(g, p) {
		c.stdout.say(normal, "Reads:  ", line, len("Reads:  "))
	}
	if p.Hint != "" {
		c.stdout.say(normal, "Needs:  ", p.Hint, len("Needs:  "))
	}
	for _, q := range p.Queries {
		of := ""
		if q.Ref != "" {
			of = " (" + q.Ref + ")"
		}
		fmt.Fprintf(c.stdout, "Unit:   %s%s\n", q.Unit, of)
		if q.Legend != "" {
			fmt.Fprintf(c.stdout, "Legend: %s%s\n", q.Legend, of)
		}
	}
	for _, r := range p.Rules {
		word := r.Direction.String()
		if r.FullIn {
			word = "full in"
		}
		var limits []string
		if r.Warning.Set {
			limits = append(limits, "warning "+word+" "+limitOf(&p, r, r.Warning))
		}
		if r.Critical.Set {
			limits = append(limits, "critical "+word+" "+limitOf(&p, r, r.Critical))
		}
		line := r.Name + ": " + strings.Join(limits, ", ")
		if r.For > 0 {
			line += " for " + model.Duration(r.For).String()
		}
		if r.Reduce != "" {
			line += " (" + string(r.Reduce) + " of the range)"
		}
		fmt.Fprintf(c.stdout, "Rule:   %s\n", line)
	}
}

// query formats a query, below its ref if it has one.
func query(q panel.Query) string {
	if q.Ref == "" {
		return "  " + q.Expr + "\n"
	}
	return q.Ref + ":\n  " + q.Expr + "\n"
}
