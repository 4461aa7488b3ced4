package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
)

// group makes a command that only holds others refuse what it does not hold. Cobra would print its
// help and exit with 0, and a script with a typing mistake would go on.
func group(cmd *cobra.Command) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var have []string
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				have = append(have, sub.Name())
			}
		}
		return usage(fmt.Errorf("%s has no command %q; it has %s", cmd.CommandPath(), args[0],
			strings.Join(have, ", ")))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// one wants one argument, and shows how it is written.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return usage(fmt.Errorf("%s wants one %s and got %d; write %s", cmd.CommandPath(), what,
			len(args), example(cmd)))
	}
}

// atMost wants n arguments or fewer.
func atMost(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		return usage(fmt.Errorf("%s does not know what to do with %q; write %s", cmd.CommandPath(),
			args[n], example(cmd)))
	}
}

// needs makes a flag required, and shows how it is written where it is missing.
func needs(cmd *cobra.Command, flag string) {
	_ = cmd.MarkFlagRequired(flag) // the flag is there
	before(cmd, func(cmd *cobra.Command) error {
		if cmd.Flags().Changed(flag) {
			return nil
		}
		return fmt.Errorf("%s needs --%s; write %s", cmd.CommandPath(), flag, example(cmd))
	})
}

// either lets one of two flags be given.
func either(cmd *cobra.Command, one, other string) {
	cmd.MarkFlagsMutuallyExclusive(one, other)
	before(cmd, func(cmd *cobra.Command) error {
		if !cmd.Flags().Changed(one) || !cmd.Flags().Changed(other) {
			return nil
		}
		return fmt.Errorf("--%s and --%s exclude each other; write one of them", one, other)
	})
}

// before adds a check of the flags to those of a command, which come before cobra's own.
func before(cmd *cobra.Command, check func(*cobra.Command) error) {
	earlier := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if earlier != nil {
			if err := earlier(cmd, args); err != nil {
				return err
			}
		}
		if err := check(cmd); err != nil {
			return usage(err)
		}
		return nil
	}
}

// example is the first command line of a command's examples.
func example(cmd *cobra.Command) string {
	for line := range strings.Lines(cmd.Example) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return cmd.CommandPath()
}

// flagError is what is wrong with a flag, and where the right ones are.
func flagError(cmd *cobra.Command, err error) error {
	return usage(fmt.Errorf("%w; %s --help lists the flags", err, cmd.CommandPath()))
}

// patience is how long a command without a --timeout waits for files and for what is remembered.
const patience = time.Minute

// patiently is the time of a command without a --timeout.
func (c *console) patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	return c.limited(ctx, patience)
}

// limited is ctx for so long, or until SIGTERM.
func (c *console) limited(ctx context.Context,
	timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout,
		fmt.Errorf("waited for %s", model.Duration(timeout)))
	ctx, stop := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-c.stop:
			stop(errors.New("promsnap was told to stop"))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		stop(nil)
		cancel()
	}
}

// parseSlot reads --time.
func parseSlot(s string, now time.Time) (time.Time, error) {
	t, err := app.ParseSlot(s, now)
	if err != nil {
		return time.Time{}, fmt.Errorf("--time %w", err)
	}
	return t, nil
}
