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
		Short: "Check a configuration without asking Prometheus",
		Long: `Reads a configuration and says everything that is wrong with it, each mistake with its
file:line:column and what to write instead. The exit code is 2 where there is one. A note is
about what only the server can tell, such as a function that this promsnap does not know; it
changes no exit code.`,
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
				fmt.Fprintf(c.stdout, "prometheus: the service %s, through the API server\n",
					k.Service)
			default:
				fmt.Fprintln(c.stdout, "prometheus: looked for in the cluster by each run; "+
					"kubernetes.service names one")
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
				if loses := app.Loses(r.Kind); loses != "" {
					fmt.Fprintf(c.stdout, "receiver %s: %s\n", r.Name, loses)
				}
			}
			if n := len(cfg.Notes); n > 0 {
				fmt.Fprintf(c.stdout, "%s\n%s is good, but for what the %s above may say\n",
					cfg.Notes, args[0], count(n, "note"))
				return nil
			}
			fmt.Fprintf(c.stdout, "%s is good\n", args[0])
			return nil
		},
	}
	cmd.Flags().StringVar(&url, "prometheus-url", "", "`URL` of the Prometheus API that runs are "+
		"given; overrides the configuration's")
	return cmd
}
