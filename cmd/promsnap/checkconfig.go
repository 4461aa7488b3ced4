package main

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
)

func checkConfigCommand(c *console) *cobra.Command {
	var file, url string
	var explain bool
	cmd := &cobra.Command{
		Use:   "check-config [FILE]",
		Short: "Check a configuration without querying Prometheus",
		Long: `Reads a configuration and lists all its errors, each with file:line:column and
what to write instead. Notes point out what only Prometheus can check, such as a
PromQL function that this version of promsnap does not know. Without FILE, it
reads the file of -c, that of $PROMSNAP_CONFIG, or promsnap.yaml in the current
directory.

--explain prints who is sent what: for each report its receivers, and for each
rule the receivers that its alerts reach. It warns of rules that reach nobody.

Exit codes:
  0  the configuration is valid; it may have notes
  2  the configuration or the command line is wrong`,
		Example: `  promsnap check-config
  promsnap check-config promsnap.yaml

  # Who is sent which alerts
  promsnap check-config --explain

  # A configuration without a URL, because the run gives it
  promsnap check-config --prometheus-url http://localhost:9090`,
		Args: atMost(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string,
			cobra.ShellCompDirective) {
			return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := c.withDefaultTimeout(cmd.Context())
			defer cancel()
			o := configOptions(c)
			o.URL = url
			cfg, err := loadConfig(ctx, file, o)
			if err != nil {
				return usage(err)
			}
			switch k := cfg.Kubernetes; {
			case cfg.Prometheus.URL != "":
			case k.Service != "":
				fmt.Fprintf(c.stdout, "prometheus: service %s, through the API server\n", k.Service)
			default:
				c.stdout.say(normal, "prometheus: ", "each run finds it in the cluster; to choose "+
					"one, set kubernetes.service", 2)
			}
			for i := range cfg.Reports {
				fmt.Fprintln(c.stdout, summarize(&cfg.Reports[i]))
			}
			for _, r := range cfg.Receivers {
				if limitation := app.Limitation(r.Kind); limitation != "" {
					c.stdout.say(normal, "receiver "+r.Name+": ", limitation, 2)
				}
			}
			if explain {
				if err := explainReports(c, cfg); err != nil {
					return err
				}
			}
			c.stdout.validity(file, cfg.Notes)
			return nil
		},
	}
	before(cmd, func(cmd *cobra.Command) error {
		if cmd.Flags().NArg() == 0 {
			return nil
		}
		if cmd.Flags().Changed("config") {
			return fmt.Errorf("%s: FILE and -c name the same thing; remove one of them",
				nameOf(cmd))
		}
		file = cmd.Flags().Arg(0)
		return nil
	})
	fromConfig(c, cmd, &file, func() bool { return file != "" })
	cmd.Flags().BoolVar(&explain, "explain", false, "print who is sent what")
	cmd.Flags().StringVar(&url, "prometheus-url", "",
		"`URL` of Prometheus; overrides the configuration")
	return cmd
}

// validity prints that a file is valid, below what only Prometheus can check.
func (s *screen) validity(file string, notes config.Errors) {
	more := ""
	if n := len(notes); n > 0 {
		for line := range strings.SplitSeq(notes.Error(), "\n") {
			s.say(yellow, "", line, 2)
		}
		more = "; see the " + count(n, "note") + " above"
	}
	s.say(green, file+" is valid", more, 2)
}

// summarize returns what a report shows, in one line.
func summarize(r *config.Report) string {
	rules := 0
	for _, p := range r.Panels {
		rules += len(p.Rules)
	}
	var parts []string
	if d := r.Dashboard; d != nil {
		shown := 0
		for i := range d.Board.Panels {
			if d.Shows(d.Board.Panels[i].Title) {
				shown++
			}
		}
		for _, of := range d.Rules {
			rules += len(of)
		}
		parts = append(parts, fmt.Sprintf("%s of the dashboard %s", count(shown, "panel"), d.Source))
	}
	if a := r.AlertingRules; a != nil {
		parts = append(parts, count(a.Alerts(), "alerting rule")+" of files")
		if a.Objects != nil {
			parts = append(parts, "the rules of PrometheusRules")
		}
	}
	if len(r.Panels) > 0 || r.Dashboard == nil && r.AlertingRules == nil {
		parts = append(parts, count(len(r.Panels), "panel"))
	}
	if rules > 0 || r.AlertingRules == nil {
		parts = append(parts, count(rules, "rule"))
	}
	parts = append(parts, "range "+model.Duration(r.Range).String())
	return fmt.Sprintf("report %s: %s", r.Name, strings.Join(parts, ", "))
}
