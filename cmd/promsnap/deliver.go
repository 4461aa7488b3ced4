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
		Use: "deliver --test RECEIVER", Short: "Send one marked test to a receiver",
		Args: atMost(0),
		Long: `Sends a message that says that it is a test; an archive gets a report without panels, named
promsnap-test; an Alertmanager the alert PromsnapTest, which ends by itself within minutes; a
Pushgateway metrics of the report promsnap-test, which are deleted again. Nothing is remembered.`,
		Example: `  promsnap deliver --test oncall -c promsnap.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" || to == "" {
				return usage(errors.New("write the receiver and the configuration: promsnap " +
					"deliver --test RECEIVER -c promsnap.yaml"))
			}
			ctx, cancel := c.patiently(cmd.Context())
			defer cancel()
			cfg, err := loadConfig(ctx, file, configOptions(c))
			if err != nil {
				return usage(err)
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
				fmt.Fprintf(c.stdout, "%s has a test → %s\n", to, receipt.Location)
			default:
				fmt.Fprintf(c.stdout, "%s was told a test\n", to)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "test", "", "the `RECEIVER`")
	_ = cmd.RegisterFlagCompletionFunc("test", completeReceivers(c, &file))
	fromConfig(cmd, &file)
	return cmd
}
