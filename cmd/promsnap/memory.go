package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/words"
)

// memory gives access to the saved state of a configuration's reports.
type memory struct {
	cfg   *config.Config
	store state.Store
	run   string
}

// openMemory reads a configuration and opens its state.
func openMemory(ctx context.Context, c *console, file string, flags *kubeFlags) (*memory, error) {
	cfg, err := loadConfig(ctx, file, configOptions(c))
	if err != nil {
		return nil, usage(err)
	}
	if cfg.State == nil || cfg.Cluster == "" {
		return nil, usage(fmt.Errorf("%s has no state; add cluster: NAME, and %s", file,
			config.StatePlaces))
	}
	var k *cluster
	if cfg.State.ConfigMap != nil {
		if k, err = flags.open(ctx, c, cfg, true); err != nil {
			return nil, usage(err)
		}
	}
	store, err := app.OpenState(ctx, cfg.State, k.api())
	if err != nil {
		return nil, usage(err)
	}
	return &memory{cfg, store, rand.Text()}, nil
}

// withMemory makes cmd read the configuration of -c, open its state and call run. Its argument
// completes as a REPORT unless cmd has its own completion.
func withMemory(c *console, cmd *cobra.Command,
	run func(ctx context.Context, m *memory, args []string) error) *cobra.Command {
	var file string
	var flags kubeFlags
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, cancel := c.withDefaultTimeout(cmd.Context())
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
	flags.register(cmd, namespaceOfState)
	fromConfig(c, cmd, &file, nil)
	return cmd
}

// key returns the key of a report's state.
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

// open reads the state of a report.
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

// sent returns the names of the reports that send messages.
func (m *memory) sent() []string {
	var out []string
	for _, r := range m.cfg.Reports {
		if r.Send != "" {
			out = append(out, r.Name)
		}
	}
	return out
}

// moment returns a time with its zone and, unless it is today, its date.
func moment(t, now time.Time, zone *time.Location) string {
	t, now = t.In(zone), now.In(zone)
	layout := "2006-01-02 15:04 "
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		layout = "15:04 "
	}
	return t.Format(layout) + words.Zone(t)
}

// zone returns the time zone of a report.
func (m *memory) zone(report string) *time.Location {
	for _, r := range m.cfg.Reports {
		if r.Name == report {
			return r.Zone
		}
	}
	return time.UTC
}
