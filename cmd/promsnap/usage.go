package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
)

// setHelp makes the help of cmd and its commands fit the width of a screen. The descriptions of
// flags use up to 100 columns.
func setHelp(cmd *cobra.Command, to *screen) {
	const flags, widest = ".FlagUsages", 100
	most, help := min(to.width, widest), cmd.HelpFunc()
	cmd.SetUsageTemplate(strings.ReplaceAll(cmd.UsageTemplate(), flags,
		fmt.Sprintf("%sWrapped %d", flags, most)))
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		var text strings.Builder
		cmd.SetOut(&text)
		help(cmd, args)
		cmd.SetOut(to)
		fmt.Fprint(to, wrapHelp(text.String(), most))
	})
}

// requireKnownCommand makes a command that only has subcommands fail for an unknown one. Cobra
// would print help and exit with 0, and a script with a typo would continue.
func requireKnownCommand(cmd *cobra.Command) {
	cmd.SuggestionsMinimumDistance = 1
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var names []string
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				names = append(names, sub.Name())
			}
		}
		advice := "the commands are " + strings.Join(names, ", ")
		if near := cmd.SuggestionsFor(args[0]); len(near) == 1 {
			advice = "did you mean " + near[0] + "?"
		}
		return usage(fmt.Errorf("unknown command %q; %s", nameOf(cmd, args[0]), advice))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// nameOf returns the name of a command for an error, which begins with promsnap: "silence add".
func nameOf(cmd *cobra.Command, sub ...string) string {
	return strings.Join(append(strings.Fields(cmd.CommandPath())[1:], sub...), " ")
}

// one requires exactly one argument. Its error contains an example.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return usage(fmt.Errorf("%s needs one argument, %s, but got %d; example: %s",
			nameOf(cmd), what, len(args), example(cmd)))
	}
}

// atMost allows up to n arguments.
func atMost(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		return usage(fmt.Errorf("%s: unexpected argument %q; example: %s", nameOf(cmd), args[n],
			example(cmd)))
	}
}

// needs makes a flag required. Its error contains an example.
func needs(cmd *cobra.Command, flag string) {
	_ = cmd.MarkFlagRequired(flag) // fails only for a flag that does not exist
	before(cmd, func(cmd *cobra.Command) error {
		if cmd.Flags().Changed(flag) {
			return nil
		}
		return fmt.Errorf("%s needs --%s; example: %s", nameOf(cmd), flag, example(cmd))
	})
}

// either allows one of two flags, not both.
func either(cmd *cobra.Command, one, other string) {
	cmd.MarkFlagsMutuallyExclusive(one, other)
	before(cmd, func(cmd *cobra.Command) error {
		if !cmd.Flags().Changed(one) || !cmd.Flags().Changed(other) {
			return nil
		}
		return fmt.Errorf("--%s and --%s cannot be used together; remove one of them", one, other)
	})
}

// before adds a check of the flags to a command. Checks run in the order in which they are added,
// before cobra's own.
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

// example returns the first command line of a command's examples.
func example(cmd *cobra.Command) string {
	for line := range strings.Lines(cmd.Example) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return cmd.CommandPath()
}

// flagError adds to an error about a flag which flag is meant, or where the flags are listed.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := config.Nearest(unknown.GetSpecifiedName(), names); near != "" {
			return usage(fmt.Errorf("%w; did you mean --%s?", err, near))
		}
	}
	return usage(fmt.Errorf("%w; %s --help lists the flags", err, cmd.CommandPath()))
}

// defaultTimeout bounds the reading of files and of the state in a command without a --timeout.
const defaultTimeout = time.Minute

// withDefaultTimeout returns ctx with the timeout of a command without a --timeout.
func (c *console) withDefaultTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return c.withTimeout(ctx, defaultTimeout)
}

// withTimeout returns a copy of ctx that ends after timeout or on SIGTERM.
func (c *console) withTimeout(ctx context.Context,
	timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout,
		fmt.Errorf("timed out after %s", model.Duration(timeout)))
	ctx, stop := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-c.stop:
			stop(errors.New("promsnap received SIGTERM"))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		stop(nil)
		cancel()
	}
}

// timeFlag adds --time.
func timeFlag(cmd *cobra.Command, at *string) {
	cmd.Flags().StringVar(at, "time", "now",
		"the `TIME` to query: RFC 3339, now or now-2h")
	_ = cmd.RegisterFlagCompletionFunc("time", cobra.NoFileCompletions)
}

// timeoutFlag adds --timeout.
func timeoutFlag(cmd *cobra.Command, timeout *time.Duration) {
	cmd.Flags().DurationVar(timeout, "timeout", 5*time.Minute,
		"stop after this `DURATION`, such as 90s")
	_ = cmd.RegisterFlagCompletionFunc("timeout", cobra.NoFileCompletions)
}

// checkTimeout returns an error if --timeout is too short for any work.
func checkTimeout(timeout time.Duration) error {
	if timeout < time.Second {
		return fmt.Errorf("--timeout %s is too short; use at least 1s", timeout)
	}
	return nil
}

// checkOutput returns an error if --output is neither of its two values.
func checkOutput(output string) error {
	if output != "text" && output != "json" {
		return fmt.Errorf("--output %q is unknown; use text or json", output)
	}
	return nil
}

// parseSlot parses --time.
func parseSlot(s string, now time.Time) (time.Time, error) {
	t, err := app.ParseSlot(s, now)
	if err != nil {
		return time.Time{}, fmt.Errorf("--time %w", err)
	}
	return t, nil
}
