package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/notify/slack"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

func checkConfigCommand(c *console) *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use:   "check-config FILE",
		Short: "Check a configuration without asking Prometheus",
		Long: `Reads a configuration and says everything that is wrong with it, each mistake with its file:line:column and what to write
instead. The exit code is 2 where there is one. A note is about what only the server can tell, such as a function that this
promsnap does not know; it changes no exit code.`,
		Example: `  promsnap check-config promsnap.yaml

  # of a file that leaves the URL to the run
  promsnap check-config promsnap.yaml --prometheus-url http://localhost:9090`,
		Args: one("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := c.patiently(cmd.Context())
			defer cancel()
			o := configOptions(c)
			o.URL = url
			cfg, err := loadConfig(ctx, args[0], o)
			if err != nil {
				return usage(err)
			}
			switch k := cfg.Kubernetes; {
			case cfg.Prometheus.URL != "":
			case k.Service != "":
				fmt.Fprintf(c.stdout, "prometheus: the service %s, through the API server\n", k.Service)
			default:
				fmt.Fprintln(c.stdout, "prometheus: looked for in the cluster by each run; kubernetes.service names one")
			}
			for _, r := range cfg.Reports {
				rules := 0
				for _, p := range r.Panels {
					rules += len(p.Rules)
				}
				fmt.Fprintf(c.stdout, "report %s: %s, %s, range %s\n", r.Name, count(len(r.Panels), "panel"), count(rules, "rule"), model.Duration(r.Range).String())
			}
			for _, r := range cfg.Receivers {
				if r.SlackWebhook != nil {
					fmt.Fprintf(c.stdout, "receiver %s: %s\n", r.Name, slack.WebhookLoses)
				}
			}
			if n := len(cfg.Notes); n > 0 {
				fmt.Fprintf(c.stdout, "%s\n%s is good, but for what the %s above may say\n", cfg.Notes, args[0], count(n, "note"))
				return nil
			}
			fmt.Fprintf(c.stdout, "%s is good\n", args[0])
			return nil
		},
	}
	cmd.Flags().StringVar(&url, "prometheus-url", "", "`URL` of the Prometheus API that runs are given; goes before the configuration's")
	return cmd
}

func panelsCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "panels [NAME...]",
		Short: "List the built-in panels, or show their PromQL and why",
		Example: `  promsnap panels
  promsnap panels node-memory container-oom`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, p := range panels.All() {
				names = append(names, cobra.CompletionWithDesc(p.Name, p.Title))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listPanels(c)
			}
			for i, name := range args {
				p, ok := panels.Get(name)
				if !ok {
					return usage(fmt.Errorf("no built-in panel %q; promsnap panels lists them", name))
				}
				if i > 0 {
					fmt.Fprintln(c.stdout)
				}
				showPanel(c, p)
			}
			return nil
		},
	}
}

func listPanels(c *console) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSECTION\tWARNING\tCRITICAL\tFOR\tTITLE")
	for _, p := range panels.All() {
		warning, critical, hold := "-", "-", "-"
		if len(p.Rules) > 0 {
			r := p.Rules[0]
			beyond := "> "
			if r.Direction == rules.Below {
				beyond = "< "
			}
			if r.Warning.Set {
				warning = beyond + p.Unit.Format(r.Warning.Value)
			}
			if r.Critical.Set {
				critical = beyond + p.Unit.Format(r.Critical.Value)
			}
			if r.IsAlert() && r.For > 0 {
				hold = model.Duration(r.For).String()
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.Name, p.Section, warning, critical, hold, p.Title)
	}
	return w.Flush()
}

func showPanel(c *console, p snapshot.Spec) {
	fmt.Fprintf(c.stdout, "%s: %s\n\n", p.Name, p.Title)
	fmt.Fprintf(c.stdout, "  %s\n\n", p.Query)
	fmt.Fprintf(c.stdout, "Why:    %s\n", p.Why)
	if p.Hint != "" {
		fmt.Fprintf(c.stdout, "Needs:  %s\n", p.Hint)
	}
	fmt.Fprintf(c.stdout, "Unit:   %s\n", p.Unit)
	if p.Legend != "" {
		fmt.Fprintf(c.stdout, "Legend: %s\n", p.Legend)
	}
	for _, r := range p.Rules {
		word := r.Direction.String()
		var limits []string
		if r.Warning.Set {
			limits = append(limits, "warning "+word+" "+p.Unit.Format(r.Warning.Value))
		}
		if r.Critical.Set {
			limits = append(limits, "critical "+word+" "+p.Unit.Format(r.Critical.Value))
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

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
