package main

import (
	"fmt"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
)

func checkConfigCommand(c *console) *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use:   "check-config FILE",
		Short: "Check a configuration without querying Prometheus",
		Long: `Reads a configuration and lists all its errors, each with file:line:column and
what to write instead. Notes point out what only Prometheus can check, such as a
PromQL function that this version of promsnap does not know.

Exit codes:
  0  the configuration is valid; it may have notes
  2  the configuration or the command line is wrong`,
		Example: `  promsnap check-config promsnap.yaml

  # A configuration without a URL, because the run gives it
  promsnap check-config promsnap.yaml --prometheus-url http://localhost:9090`,
		Args: one("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := c.withDefaultTimeout(cmd.Context())
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
				fmt.Fprintf(c.stdout, "prometheus: service %s, through the API server\n", k.Service)
			default:
				fmt.Fprintln(c.stdout, "prometheus: each run finds it in the cluster; to choose "+
					"one, set kubernetes.service")
			}
			for _, r := range cfg.Reports {
				rules := 0
				for _, p := range r.Panels {
					rules += len(p.Rules)
				}
				fmt.Fprintf(c.stdout, "report %s: %s, %s, range %s\n", r.Name,
					count(len(r.Panels), "panel"), count(rules, "rule"),
					model.Duration(r.Range).String())
			}
			for _, r := range cfg.Receivers {
				if limitation := app.Limitation(r.Kind); limitation != "" {
					fmt.Fprintf(c.stdout, "receiver %s: %s\n", r.Name, limitation)
				}
			}
			if n := len(cfg.Notes); n > 0 {
				fmt.Fprintf(c.stdout, "%s\n%s is valid; see the %s above\n", cfg.Notes, args[0],
					count(n, "note"))
				return nil
			}
			fmt.Fprintf(c.stdout, "%s is valid\n", args[0])
			return nil
		},
	}
	cmd.Flags().StringVar(&url, "prometheus-url", "",
		"`URL` of Prometheus; overrides the configuration")
	return cmd
}
