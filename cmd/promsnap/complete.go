package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/grafana"
)

// completionTimeout is how long a shell waits for a completion.
const completionTimeout = 3 * time.Second

// completeReports completes REPORT with the reports of the configuration file.
func completeReports(c *console, file *string) cobra.CompletionFunc {
	return completeNames(c, file, func(cfg *config.Config) (names []string) {
		for _, r := range cfg.Reports {
			names = append(names, r.Name)
		}
		return names
	})
}

// completeClusters completes REPORT, and then CLUSTER with those that the configuration names.
func completeClusters(c *console, file *string) cobra.CompletionFunc {
	reports := completeReports(c, file)
	clusters := completeNames(c, file, func(cfg *config.Config) (names []string) {
		if cfg.Fleet != nil {
			for _, of := range cfg.Fleet.Clusters {
				names = append(names, cobra.CompletionWithDesc(of.Name, labelText(of.Labels)))
			}
		}
		return names
	})
	return func(cmd *cobra.Command, args []string, word string) ([]string,
		cobra.ShellCompDirective) {
		switch len(args) {
		case 0:
			return reports(cmd, args, word)
		case 1:
			return clusters(cmd, args, word)
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeReceivers completes RECEIVER with the receivers of the configuration file.
func completeReceivers(c *console, file *string) cobra.CompletionFunc {
	return completeNames(c, file, func(cfg *config.Config) (names []string) {
		for _, r := range cfg.Receivers {
			names = append(names, r.Name)
		}
		return names
	})
}

// completeNames completes an argument with names of the configuration. It offers none if the
// configuration cannot be read.
func completeNames(c *console, file *string,
	names func(*config.Config) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := c.withTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		from := *file
		if from == "" {
			var err error
			if from, _, err = c.config(ctx); err != nil || from == "" {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
		}
		cfg, err := config.LoadFile(ctx, from, configOptions(c))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(cfg), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeVariables returns the names of the variables of a dashboard file, each with its equals
// sign, or nothing if the file cannot be read.
func completeVariables(ctx context.Context, c *console, file string) []string {
	ctx, cancel := c.withTimeout(ctx, completionTimeout)
	defer cancel()
	data, err := disk.Read(ctx, file, grafana.MaxFile)
	if err != nil || len(data) > grafana.MaxFile {
		return nil
	}
	board, err := grafana.Decode(data)
	if err != nil {
		return nil
	}
	var names []string
	for _, v := range board.Variables {
		names = append(names, cobra.CompletionWithDesc(v.Name+"=", v.Label))
	}
	return names
}
