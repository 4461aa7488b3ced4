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

// fromConfig adds the flag that names the configuration.
func fromConfig(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "config", "c", "", "configuration `FILE`")
}

// configOptions are what every command reads a configuration with.
func configOptions(c *console) config.Options {
	return app.Reading(c.getenv, c.now)
}

// loadConfig reads the configuration of the command line.
func loadConfig(ctx context.Context, file string, o config.Options) (*config.Config, error) {
	cfg, err := config.LoadFile(ctx, file, o)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; promsnap init writes one", err)
	}
	return cfg, err
}
