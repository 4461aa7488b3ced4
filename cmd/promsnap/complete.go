package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/config"
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
		if *file == "" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := c.withTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		cfg, err := config.LoadFile(ctx, *file, configOptions(c))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(cfg), cobra.ShellCompDirectiveNoFileComp
	}
}
