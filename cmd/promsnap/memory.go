package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

// memory is what is remembered of a configuration's reports.
type memory struct {
	cfg   *config.Config
	store state.Store
	run   string
}

// openMemory reads a configuration and opens its state.
func openMemory(ctx context.Context, c *console, file string, flags *kubeFlags) (*memory, error) {
	if file == "" {
		return nil, usage(errors.New("which configuration? Name it with -c promsnap.yaml"))
	}
	cfg, err := loadConfig(ctx, file, configOptions(c))
	if err != nil {
		return nil, usage(err)
	}
	if cfg.State == nil || cfg.Cluster == "" {
		return nil, usage(fmt.Errorf("%s remembers nothing; write cluster, and %s", file,
			config.StatePlaces))
	}
	var k *cluster
	if cfg.State.ConfigMap != nil {
		if k, err = flags.open(ctx, c, cfg, true); err != nil {
			return nil, usage(err)
		}
	}
	store, err := app.OpenState(ctx, cfg.State, k.side())
	if err != nil {
		return nil, usage(err)
	}
	return &memory{cfg, store, rand.Text()}, nil
}

// onMemory makes of cmd a command that reads the configuration of -c, opens its state, and does
// run. Its argument is completed as a REPORT where it has no completion of its own.
func onMemory(c *console, cmd *cobra.Command,
	run func(ctx context.Context, m *memory, args []string) error) *cobra.Command {
	var file string
	var flags kubeFlags
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, cancel := c.patiently(cmd.Context())
		defer cancel()
		m, err := openMemory(ctx, c, file, &flags)
		if err != nil {
			return err
		}
		return run(ctx, m, args)
	}
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = completeReports(c, &file)
	}
	flags.register(cmd)
	fromConfig(cmd, &file)
	return cmd
}

// key is that of a report's document.
func (m *memory) key(report string) (state.Key, error) {
	if !slices.ContainsFunc(m.cfg.Reports, func(r config.Report) bool { return r.Name == report }) {
		e := &app.UnknownReportError{Name: report}
		for _, r := range m.cfg.Reports {
			e.Have = append(e.Have, r.Name)
		}
		return state.Key{}, usage(e)
	}
	return state.Key{Cluster: m.cfg.Cluster, Report: report}, nil
}

// open reads what is remembered of a report.
func (m *memory) open(ctx context.Context, report string) (*state.Session, error) {
	k, err := m.key(report)
	if err != nil {
		return nil, err
	}
	s := state.Open(ctx, m.store, k, m.run, rules.Evaluation{}, time.Time{})
	if err := s.Lost(); err != nil {
		return nil, &exitError{exitFailed, err}
	}
	return s, nil
}

// told are the reports that people are told of.
func (m *memory) told() []string {
	var out []string
	for _, r := range m.cfg.Reports {
		if r.Send != "" {
			out = append(out, r.Name)
		}
	}
	return out
}

// at writes a time of the state.
func at(t time.Time) string { return t.UTC().Format(time.RFC3339) }
