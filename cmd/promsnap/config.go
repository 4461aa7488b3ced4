package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
)

// errNoConfig is the error of a command that needs a configuration and was given none.
var errNoConfig = errors.New("no configuration given; name it with -c promsnap.yaml")

// fromConfig adds the flag that names the configuration.
func fromConfig(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "config", "c", "", "configuration `FILE`")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
}

// configOptions returns the options with which every command reads a configuration.
func configOptions(c *console) config.Options {
	return app.ConfigOptions(c.getenv, c.now)
}

// loadConfig reads the configuration file that the command line names.
func loadConfig(ctx context.Context, file string, o config.Options) (*config.Config, error) {
	cfg, err := config.LoadFile(ctx, file, o)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; create one with promsnap init", err)
	}
	return cfg, err
}
