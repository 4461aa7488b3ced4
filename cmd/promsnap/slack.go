package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify/slack"
)

func slackCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "slack", Short: "Create promsnap's app in Slack, and try it",
		Long: `promsnap posts to Slack as an app of your workspace. manifest prints what Slack
needs to create it. test tries the token and the channel of a receiver.`,
		Example: `  promsnap slack manifest
  promsnap slack test`,
	}
	cmd.AddCommand(slackManifestCommand(c), slackTestCommand(c))
	requireKnownCommand(cmd)
	return cmd
}

func slackManifestCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use: "manifest", Short: "Print the manifest of promsnap's app", Args: atMost(0),
		Long: `Prints the manifest of promsnap's app in YAML on standard output, and on standard
error what to do with it.`,
		Example: `  promsnap slack manifest
  promsnap slack manifest | pbcopy`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(c.stderr, `1. Open this page, choose your workspace, and choose Create:
   %s
   Or choose Create New App, From a manifest, and paste the YAML below:
   https://api.slack.com/apps
2. Choose Install to Workspace. Copy the Bot User OAuth Token (xoxb-…), which the
   app's page shows under OAuth & Permissions:
   export SLACK_BOT_TOKEN=xoxb-…
3. In the channel, write /invite @promsnap.
4. Write the channel's ID into promsnap.yaml, or let init do it. The ID is at the
   end of the channel's details:
   receivers: [{name: team, slack: {channel: C0123456789}}]
   promsnap init --slack-channel C0123456789
5. Try it:
   promsnap slack test

`, slack.CreateURL())
			fmt.Fprint(c.stdout, slack.Manifest())
			return nil
		},
	}
}

func slackTestCommand(c *console) *cobra.Command {
	var file string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "test [RECEIVER]", Short: "Try a receiver that posts to Slack", Args: atMost(1),
		Long: `Tries a receiver that posts to Slack: asks whose token it is, which scopes it has
and, if the token may see that, whether the app is in the channel. Then it posts
a message with a picture, both marked as a test. It saves no state. RECEIVER may
be omitted if there is only one.

With --dry-run it posts nothing.

Exit codes:
  0  everything works
  1  something does not work
  2  the command line or the configuration is wrong`,
		Example: `  promsnap slack test
  promsnap slack test oncall --dry-run`,
		ValidArgsFunction: completeNames(c, &file, func(cfg *config.Config) (names []string) {
			for _, r := range cfg.Receivers {
				if app.IsSlack(r) {
					names = append(names, r.Name)
				}
			}
			return names
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := c.withDefaultTimeout(cmd.Context())
			defer cancel()
			cfg, err := loadConfig(ctx, file, configOptions(c))
			if err != nil {
				return usage(err)
			}
			checks, err := app.TestSlack(ctx, cfg, cmd.Flags().Arg(0), app.Options{
				Version: versionString(), Slot: c.now().UTC().Truncate(time.Minute),
			}, !dryRun)
			if err != nil {
				return usage(err)
			}
			return showChecks(c, checks)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "post nothing")
	fromConfig(c, cmd, &file, nil)
	return cmd
}

// errSlackTest is the error of deliver --test for a receiver that posts to Slack.
func errSlackTest(receiver string) error {
	return errors.New(receiver + " posts to Slack; try it with promsnap slack test " + receiver)
}
