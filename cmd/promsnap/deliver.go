package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
)

func deliverCommand(c *console) *cobra.Command {
	var file, to string
	cmd := &cobra.Command{
		Use: "deliver --test RECEIVER", Short: "Send a test to one receiver",
		Args: atMost(0),
		Long: `Sends a test to one receiver and saves no state. An archive gets a report
without panels, named promsnap-test. An Alertmanager gets the alert
PromsnapTest, which ends by itself within minutes. A Pushgateway gets metrics of
the report promsnap-test, which are then deleted. PagerDuty gets an alert with
severity info, which is then resolved, and Opsgenie one with priority P5, which
is then closed. For a receiver that posts to Slack, use promsnap slack test.`,
		Example: `  promsnap deliver --test archive`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := c.withDefaultTimeout(cmd.Context())
			defer cancel()
			cfg, err := loadConfig(ctx, file, configOptions(c))
			if err != nil {
				return usage(err)
			}
			for _, r := range cfg.Receivers {
				if r.Name == to && app.IsSlack(r) {
					return usage(errSlackTest(to))
				}
			}
			receipt, err := app.Test(ctx, cfg, to, app.Options{
				Version: versionString(), Slot: c.now().UTC().Truncate(time.Minute),
			})
			var unknown *app.UnknownReceiverError
			switch {
			case errors.As(err, &unknown):
				return usage(err)
			case err != nil:
				return &exitError{exitFailed, err}
			case receipt.Location != "":
				fmt.Fprintf(c.stdout, "sent a test to %s → %s\n", to, receipt.Location)
			default:
				fmt.Fprintf(c.stdout, "sent a test to %s\n", to)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "test", "", "send a test to this `RECEIVER`")
	needs(cmd, "test")
	_ = cmd.RegisterFlagCompletionFunc("test", completeReceivers(c, &file))
	fromConfig(c, cmd, &file, nil)
	return cmd
}
