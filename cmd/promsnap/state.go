package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

func stateCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "state", Short: "Show or reset what is remembered between runs",
		Long: `For each report promsnap remembers what fires, what each receiver was last told, and the silences.`,
		Example: `  promsnap state show check -c promsnap.yaml
  promsnap state reset check -c promsnap.yaml`,
	}
	cmd.AddCommand(stateShowCommand(c), stateResetCommand(c))
	group(cmd)
	return cmd
}

func stateShowCommand(c *console) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "show REPORT", Short: "Show what is remembered of a report", Args: one("REPORT"),
		Example: `  promsnap state show check -c promsnap.yaml
  promsnap state show check -c promsnap.yaml -o json | jq .ledger`,
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "what to print: text or json")
	return onMemory(c, cmd, func(ctx context.Context, m *memory, args []string) error {
		s, err := m.open(ctx, args[0])
		if err != nil {
			return err
		}
		switch output {
		case "json":
			e := json.NewEncoder(c.stdout)
			e.SetIndent("", "  ")
			return e.Encode(s.Page())
		case "text":
			return showPage(c, s.Page())
		}
		return usage(fmt.Errorf("--output %q is neither text nor json", output))
	})
}

// showPage writes what is remembered for a person.
func showPage(c *console, p notify.Page) error {
	if p.Memory.Slot.IsZero() {
		fmt.Fprintln(c.stdout, "nothing is remembered")
	} else {
		fmt.Fprintf(c.stdout, "newest slot %s\n", at(p.Memory.Slot))
	}
	if cl := p.Ledger.Claim; cl != nil {
		fmt.Fprintf(c.stdout, "run %s is telling people of slot %s, until %s at the latest\n",
			cl.Run, at(cl.Slot), at(cl.Until))
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, k := range slices.Sorted(maps.Keys(p.Memory.Alerts)) {
		a := p.Memory.Alerts[k]
		now := a.Now()
		when := "since " + at(now.Since)
		if !now.Fires() {
			when = at(now.Since) + " to " + at(now.Last) + ", " + string(now.End)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\ttold: %s\n", a.Severity, k, when, toldOf(p.Ledger, k, now))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if n := p.Memory.Overflow; n > 0 {
		fmt.Fprintf(c.stdout, "%d alerts more fire than are remembered\n", n)
	}
	for _, s := range p.Silences {
		fmt.Fprintf(c.stdout, "silence %s: %s until %s\n", s.ID, s.Match, at(s.Until))
	}
	return nil
}

// toldOf names the receivers that know of an episode.
func toldOf(l notify.Ledger, k rules.Key, e rules.Episode) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(l.Receivers)) {
		if slices.ContainsFunc(l.Receivers[name].Told[k], func(t notify.Told) bool {
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
	return onMemory(c, &cobra.Command{
		Use: "reset REPORT", Short: "Forget what is remembered of a report", Args: one("REPORT"),
		Long: `Forgets what fires, what was told and the silences of a report, also where the state cannot be read. What fires is told again
by the next run.`,
		Example: "  promsnap state reset check -c promsnap.yaml",
	}, func(ctx context.Context, m *memory, args []string) error {
		return m.reset(ctx, c, args[0])
	})
}

// reset forgets what is remembered of a report.
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
		fmt.Fprintf(c.stdout, "nothing is remembered of %s\n", k)
		return nil
	}
	if _, err := m.store.Save(ctx, k, state.Doc{Run: m.run}, version); err != nil {
		return &exitError{exitFailed, fmt.Errorf("resetting the state of %s: %w", k, err)}
	}
	fmt.Fprintf(c.stdout, "the state of %s begins anew\n", k)
	return nil
}
