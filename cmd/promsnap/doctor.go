package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
)

func doctorCommand(c *console) *cobra.Command {
	var file, at string
	var timeout time.Duration
	var send bool
	var flags kubeFlags
	cmd := &cobra.Command{
		Use: "doctor", Short: "Try everything that a run needs: Prometheus, the panels, the " +
			"receivers, the state", Args: atMost(0),
		Long: `Asks Prometheus for every panel of the configuration's reports and says which have no data and
what brings it, and reads and writes the state. With --send-test every receiver is given a test
that says so: a message, or a report without panels, named promsnap-test. No report is
delivered, and no alert is remembered or told.

Exit codes: 0 all works; 1 something does not; 2 the command line or the configuration is wrong.`,
		Example: `  promsnap doctor -c promsnap.yaml
  promsnap doctor -c promsnap.yaml --send-test`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usage(errors.New("which configuration? Name it with -c promsnap.yaml"))
			}
			if timeout < time.Second {
				return usage(fmt.Errorf("--timeout %s is too short; give it at least 1s", timeout))
			}
			ctx, cancel := c.limited(cmd.Context(), timeout)
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
			checks, err := app.Doctor(cmd.Context(), cfg, app.Options{
				Version: versionString(), Slot: slot, Timeout: timeout, Now: c.now,
				Kubernetes: k.side(),
			}, send)
			if err != nil {
				return usage(err)
			}
			if found := k.found(); found != "" {
				fmt.Fprintln(c.stdout, found)
			}
			return showChecks(c, checks)
		},
	}
	cmd.Flags().BoolVar(&send, "send-test", false, "give every receiver a test")
	cmd.Flags().StringVar(&at, "time", "now",
		"the `TIME` that data is looked for at: RFC 3339, now, or now-2h")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "of everything")
	flags.registerService(cmd)
	flags.register(cmd)
	fromConfig(cmd, &file)
	return cmd
}

// showChecks writes one line of all checks, then what can be done about what they found.
func showChecks(c *console, checks []app.Check) error {
	var texts []string
	var errs []error
	for _, check := range checks {
		texts = append(texts, check.Text)
		errs = append(errs, check.Err)
	}
	fmt.Fprintln(c.stdout, strings.Join(texts, " · "))
	for _, check := range checks {
		for _, note := range check.Notes {
			fmt.Fprintln(c.stdout, note)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return &exitError{exitFailed, err}
	}
	return nil
}
