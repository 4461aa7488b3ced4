package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/notify"
)

func silenceCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "silence", Short: "Keep alerts that match from being told for a while",
		Long: `A silence keeps new alerts that match from being told, and those that were told from being repeated. That they are resolved is told.`,
		Example: `  promsnap silence add --duration 4h 'node=~"kafka-.*"' -c promsnap.yaml
  promsnap silence list -c promsnap.yaml
  promsnap silence expire k3x7q2ab -c promsnap.yaml`,
	}
	add := silenceAddCommand(c)
	add.Args = one("MATCHERS, in quotes,")
	needs(add, "duration")
	cmd.AddCommand(add, silenceListCommand(c), silenceExpireCommand(c))
	group(cmd)
	return cmd
}

func silenceAddCommand(c *console) *cobra.Command {
	var file, duration, from, comment, author string
	var flags kubeFlags
	cmd := &cobra.Command{
		Use: "add MATCHERS", Short: "Add a silence to every report that tells people", Args: cobra.ExactArgs(1),
		Long: `MATCHERS are those of PromQL, all of which must hold, on the labels of an alert, its alertname, severity and panel.`,
		Example: `  promsnap silence add --duration 4h 'node=~"kafka-.*"' -c promsnap.yaml
  promsnap silence add --from 2026-11-22T02:00:00+09:00 --duration 2h --comment upgrade 'alertname="NodeCondition"' -c promsnap.yaml`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := notify.ParseMatch(args[0]); err != nil {
				return usage(err)
			}
			d, err := model.ParseDuration(duration)
			if err != nil || d <= 0 {
				return usage(fmt.Errorf("--duration %q is not a duration; write 4h or 7d", duration))
			}
			begin := c.now().UTC().Truncate(time.Minute)
			if from != "" {
				if begin, err = time.Parse(time.RFC3339, from); err != nil {
					return usage(fmt.Errorf("--from %q is not a time; write 2026-11-22T02:00:00Z", from))
				}
			}
			ctx, cancel := c.patiently(cmd.Context())
			defer cancel()
			m, err := openMemory(ctx, c, file, &flags)
			if err != nil {
				return err
			}
			s := notify.Silence{
				ID: strings.ToLower(rand.Text()[:8]), Match: args[0], From: begin.UTC(), Until: begin.Add(time.Duration(d)).UTC(),
				Comment: comment, By: author,
			}
			return m.addSilence(ctx, c, s)
		},
	}
	cmd.Flags().StringVar(&duration, "duration", "", "how long it holds, such as 4h (required)")
	cmd.Flags().StringVar(&from, "from", "", "the `TIME` from which it holds, as RFC 3339 (default now)")
	cmd.Flags().StringVar(&comment, "comment", "", "why, for those who list it")
	cmd.Flags().StringVar(&author, "author", c.getenv("USER"), "who adds it, for those who list it")
	_ = cmd.MarkFlagRequired("duration") // the flag is there
	flags.register(cmd)
	fromConfig(cmd, &file)
	return cmd
}

// addSilence writes a silence into the state of every report that tells people.
func (m *memory) addSilence(ctx context.Context, c *console, s notify.Silence) error {
	reports := m.told()
	if len(reports) == 0 {
		return usage(errors.New("no report tells anybody: none has receivers and send"))
	}
	for _, name := range reports {
		session, err := m.open(ctx, name)
		if err != nil {
			return err
		}
		err = session.Change(ctx, func(p *notify.Page) error {
			if len(p.Silences) >= notify.MaxSilences {
				return fmt.Errorf("report %s has %d silences already; let some expire", name, len(p.Silences))
			}
			p.Silences = append(p.Silences, s)
			return nil
		})
		if err != nil {
			return &exitError{exitFailed, err}
		}
	}
	fmt.Fprintf(c.stdout, "silence %s: %s until %s, in %s\n", s.ID, s.Match, at(s.Until), strings.Join(reports, ", "))
	return nil
}

func silenceListCommand(c *console) *cobra.Command {
	var file string
	var flags kubeFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the silences", Args: atMost(0), Example: "  promsnap silence list -c promsnap.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := c.patiently(cmd.Context())
			defer cancel()
			m, err := openMemory(ctx, c, file, &flags)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tREPORT\tFROM\tUNTIL\tMATCHERS\tBY\tCOMMENT")
			for _, name := range m.told() {
				s, err := m.open(ctx, name)
				if err != nil {
					return err
				}
				for _, sil := range s.Page().Silences {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", sil.ID, name, at(sil.From), at(sil.Until), sil.Match, sil.By, sil.Comment)
				}
			}
			return w.Flush()
		},
	}
	flags.register(cmd)
	fromConfig(cmd, &file)
	return cmd
}

func silenceExpireCommand(c *console) *cobra.Command {
	var file string
	var flags kubeFlags
	cmd := &cobra.Command{
		Use: "expire ID", Short: "End a silence", Args: one("ID"), Example: "  promsnap silence expire k3x7q2ab -c promsnap.yaml",
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := c.patiently(cmd.Context())
			defer cancel()
			m, err := openMemory(ctx, c, file, &flags)
			if err != nil {
				return err
			}
			found := false
			for _, name := range m.told() {
				session, err := m.open(ctx, name)
				if err != nil {
					return err
				}
				has := func(s notify.Silence) bool { return s.ID == args[0] }
				if !slices.ContainsFunc(session.Page().Silences, has) {
					continue
				}
				found = true
				err = session.Change(ctx, func(p *notify.Page) error {
					p.Silences = slices.DeleteFunc(slices.Clone(p.Silences), has)
					return nil
				})
				if err != nil {
					return &exitError{exitFailed, err}
				}
			}
			if !found {
				return usage(fmt.Errorf("no silence %q; promsnap silence list shows them", args[0]))
			}
			fmt.Fprintf(c.stdout, "silence %s has ended\n", args[0])
			return nil
		},
	}
	flags.register(cmd)
	fromConfig(cmd, &file)
	return cmd
}
