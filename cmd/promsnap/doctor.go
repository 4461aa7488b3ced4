package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/snapshot"
)

func doctorCommand(c *console) *cobra.Command {
	var file, at string
	var timeout time.Duration
	var send bool
	var flags kubeFlags
	cmd := &cobra.Command{
		Use: "doctor", Short: "Test everything a run needs: Prometheus, panels, receivers, state",
		Args: atMost(0),
		Long: `Queries Prometheus for every panel of the configuration. Lists the panels
without data, and what to install to get it. Reads and writes the state.
With --send-test it also sends each receiver a message marked as a test, or a
report named promsnap-test without panels. It delivers no report, sends no alert
and changes no alert in the state.

Exit codes:
  0  everything works
  1  something does not work
  2  the command line or the configuration is wrong`,
		Example: `  promsnap doctor
  promsnap doctor --send-test`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkTimeout(timeout); err != nil {
				return usage(err)
			}
			ctx, cancel := c.withTimeout(cmd.Context(), timeout)
			defer cancel()
			o := configOptions(c)
			o.Service = flags.service
			cfg, err := loadConfig(ctx, file, o)
			if err != nil {
				return usage(err)
			}
			k, err := flags.open(ctx, c, cfg, true)
			if err != nil {
				return usage(err)
			}
			defer k.close()
			slot, err := parseSlot(at, c.now())
			if err != nil {
				return usage(err)
			}
			panels := newProgress(c.stdout, c.now)
			for _, r := range cfg.Reports {
				panels.total += panelsOf(r)
			}
			stop := panels.start()
			checks, err := app.Doctor(cmd.Context(), cfg, app.Options{
				Version: versionString(), Slot: slot, Timeout: timeout, Now: c.now,
				Kubernetes: k.api(), Progress: func(_ string, e snapshot.Event) { panels.panel(e) },
			}, send)
			stop()
			if err != nil {
				return usage(err)
			}
			if found := k.found(); found != "" {
				fmt.Fprintln(c.stdout, found)
			}
			return showChecks(c, checks)
		},
	}
	cmd.Flags().BoolVar(&send, "send-test", false, "send every receiver a test")
	timeFlag(cmd, &at)
	timeoutFlag(cmd, &timeout)
	flags.registerService(cmd)
	flags.register(cmd, namespaceOfBoth)
	fromConfig(c, cmd, &file, nil)
	return cmd
}

// showChecks prints the result of each check with what to do about it. The error has what does not
// work.
func showChecks(c *console, checks []app.Check) error {
	var errs []error
	for _, check := range checks {
		look, mark := green, "✓ "
		switch {
		case check.Err != nil:
			look, mark = red, "✗ "
		case check.Skipped:
			look, mark = gray, "- "
		}
		c.stdout.say(look, mark, check.Text, len("✓ "))
		for _, note := range check.Notes {
			c.stdout.say(normal, "  ", note, len("  "))
		}
		errs = append(errs, check.Err)
	}
	if err := errors.Join(errs...); err != nil {
		return &exitError{exitFailed, err}
	}
	return nil
}
