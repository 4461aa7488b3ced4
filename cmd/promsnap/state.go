package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

func stateCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "state", Short: "Show or reset the state between runs",
		Long: `The state of a report holds its alerts, what each receiver was last sent, and
the silences.`,
		Example: `  promsnap state show check
  promsnap state reset check`,
	}
	cmd.AddCommand(stateShowCommand(c), stateResetCommand(c))
	requireKnownCommand(cmd)
	return cmd
}

func stateShowCommand(c *console) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "show REPORT", Short: "Show the state of a report", Args: one("REPORT"),
		Example: `  promsnap state show check
  promsnap state show check -o json | jq .ledger`,
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT` of the output: text or json")
	before(cmd, func(*cobra.Command) error { return checkOutput(output) })
	return withMemory(c, cmd, func(ctx context.Context, m *memory, args []string) error {
		s, err := m.open(ctx, args[0])
		if err != nil {
			return err
		}
		if output == "text" {
			return showPage(c, s.Page(), m.zone(args[0]))
		}
		e := json.NewEncoder(c.stdout)
		e.SetIndent("", "  ")
		return e.Encode(s.Page())
	})
}

// showPage prints the state of a report as text, with times in its zone.
func showPage(c *console, p notify.Page, zone *time.Location) error {
	at := func(t time.Time) string { return moment(t, c.now(), zone) }
	if p.Memory.Slot.IsZero() {
		fmt.Fprintln(c.stdout, "no state saved")
	} else {
		fmt.Fprintf(c.stdout, "newest slot %s\n", at(p.Memory.Slot))
	}
	if cl := p.Ledger.Claim; cl != nil {
		fmt.Fprintf(c.stdout, "run %s is sending slot %s, until %s at the latest\n", cl.Run,
			at(cl.Slot), at(cl.Until))
	}
	rows := [][]string{{"SEVERITY", "ALERT", "WHEN", "SENT TO"}}
	for _, k := range slices.Sorted(maps.Keys(p.Memory.Alerts)) {
		a := p.Memory.Alerts[k]
		now := a.Now()
		when := "since " + at(now.Since)
		if !now.Fires() {
			when = at(now.Since) + " to " + at(now.Last) + ", " + string(now.End)
		}
		rows = append(rows, []string{
			a.Severity.String(), string(k), when, sentTo(p.Ledger, k, now),
		})
	}
	if len(rows) > 1 {
		if err := c.stdout.table(rows); err != nil {
			return err
		}
	}
	if n := p.Memory.Overflow; n > 0 {
		fmt.Fprintf(c.stdout, "%s more than the state can hold\n", count(n, "firing alert"))
	}
	for _, s := range p.Silences {
		fmt.Fprintf(c.stdout, "silence %s: %s until %s\n", s.ID, s.Match, at(s.Until))
	}
	return nil
}

// sentTo returns the names of the receivers to which an episode was sent.
func sentTo(l notify.Ledger, k rules.Key, e rules.Episode) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(l.Receivers)) {
		if slices.ContainsFunc(l.Receivers[name].Notified[k], func(t notify.Notified) bool {
			return e.Holds(t.Since)
		}) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

func stateResetCommand(c *console) *cobra.Command {
	return withMemory(c, &cobra.Command{
		Use: "reset REPORT", Short: "Reset the state of a report", Args: one("REPORT"),
		Long: `Deletes the alerts of a report, its silences and the record of what was sent,
even if the state cannot be read. The next run sends every firing alert again.`,
		Example: "  promsnap state reset check",
	}, func(ctx context.Context, m *memory, args []string) error {
		return m.reset(ctx, c, args[0])
	})
}

// reset replaces the state of a report with an empty one.
func (m *memory) reset(ctx context.Context, c *console, report string) error {
	k, err := m.key(report)
	if err != nil {
		return err
	}
	_, version, err := m.store.Load(ctx, k)
	var corrupt *state.CorruptError
	var newer *state.NewerError
	if err != nil && !errors.As(err, &corrupt) && !errors.As(err, &newer) {
		return &exitError{exitFailed, err}
	}
	if version == "" {
		fmt.Fprintf(c.stdout, "%s has no state\n", k)
		return nil
	}
	if _, err := m.store.Save(ctx, k, state.Doc{Run: m.run}, version); err != nil {
		return &exitError{exitFailed, fmt.Errorf("resetting the state of %s: %w", k, err)}
	}
	fmt.Fprintf(c.stdout, "reset the state of %s\n", k)
	return nil
}
