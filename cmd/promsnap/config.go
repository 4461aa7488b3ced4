package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/disk"
)

// defaultConfig is the file that init writes. Every command uses the one of the current directory
// unless the command line names another.
const defaultConfig = "promsnap.yaml"

// envConfig is the environment variable that names a configuration, as for the Lambda function.
const envConfig = "PROMSNAP_CONFIG"

// errNoConfig is the error of a command that needs a configuration and has none.
var errNoConfig = errors.New("no promsnap.yaml here; write one with promsnap init, or name one " +
	"with -c")

// configFlag adds the flag that names the configuration.
func configFlag(cmd *cobra.Command, file *string, usage string) {
	cmd.Flags().StringVarP(file, "config", "c", "", usage)
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
}

// fromConfig adds -c to a command that takes a configuration. Without -c, the command uses the file
// of console.config. It uses no file if other reports that the command line names something else.
func fromConfig(c *console, cmd *cobra.Command, file *string, other func() bool) {
	configFlag(cmd, file, "configuration `FILE` (default: $"+envConfig+", or promsnap.yaml in "+
		"the current directory)")
	before(cmd, func(cmd *cobra.Command) error {
		if cmd.Flags().Changed("config") || other != nil && other() {
			return nil
		}
		found, from, err := c.config(cmd.Context())
		if err == nil && found != "" {
			*file = found
			fmt.Fprintf(c.stderr, "using %s\n", from)
		}
		return err
	})
}

// config returns the configuration that a command uses without -c, and where it comes from. It is
// "" if there is none.
func (c *console) config(ctx context.Context) (file, from string, err error) {
	if file := c.getenv(envConfig); file != "" {
		return file, file + " ($" + envConfig + ")", nil
	}
	ctx, cancel := c.withDefaultTimeout(ctx)
	defer cancel()
	err = disk.Do(ctx, defaultConfig, func() error {
		_, err := os.Stat(defaultConfig)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "", nil
	case err != nil:
		return "", "", fmt.Errorf("looking for a configuration: %w", err)
	}
	return defaultConfig, "./" + defaultConfig, nil
}

// configOptions returns the options with which every command reads a configuration.
func configOptions(c *console) config.Options {
	return app.ConfigOptions(c.getenv, c.now)
}

// loadConfig reads the configuration file that the command line names.
func loadConfig(ctx context.Context, file string, o config.Options) (*config.Config, error) {
	if file == "" {
		return nil, errNoConfig
	}
	cfg, err := config.LoadFile(ctx, file, o)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; create one with promsnap init", err)
	}
	return cfg, err
}
