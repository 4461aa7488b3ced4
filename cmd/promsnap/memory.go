package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
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
		return nil, usage(fmt.Errorf("%s remembers nothing; write cluster, and state: {dir: PATH}, state: {s3: {bucket: NAME}} or state: {configmap: {name: NAME}}", file))
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

// fromConfig adds the flag that names the configuration.
func fromConfig(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "config", "c", "", "configuration `FILE`")
}

// completeReports completes REPORT from the configuration that is on the line.
func completeReports(c *console, file *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return reportNames(cmd.Context(), c, *file), cobra.ShellCompDirectiveNoFileComp
	}
}

func stateCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "state", Short: "Show or reset what is remembered between runs",
		Long: `For each report promsnap remembers what fires, what each receiver was last told, and the silences.`,
		Example: `  promsnap state show check -c promsnap.yaml
  promsnap state reset check -c promsnap.yaml`,
	}
	reset := stateResetCommand(c)
	reset.Args = one("REPORT")
	cmd.AddCommand(stateShowCommand(c), reset)
	group(cmd)
	return cmd
}

func stateShowCommand(c *console) *cobra.Command {
	var file, output string
	var flags kubeFlags
	cmd := &cobra.Command{
		Use: "show REPORT", Short: "Show what is remembered of a report", Args: one("REPORT"),
		Example: `  promsnap state show check -c promsnap.yaml
  promsnap state show check -c promsnap.yaml -o json | jq .ledger`,
		ValidArgsFunction: completeReports(c, &file),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := c.patiently(cmd.Context())
			defer cancel()
			m, err := openMemory(ctx, c, file, &flags)
			if err != nil {
				return err
			}
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
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "what to print: text or json")
	flags.register(cmd)
	fromConfig(cmd, &file)
	return cmd
}

// showPage writes what is remembered for a person.
func showPage(c *console, p notify.Page) error {
	if p.Memory.Slot.IsZero() {
		fmt.Fprintln(c.stdout, "nothing is remembered")
	} else {
		fmt.Fprintf(c.stdout, "newest slot %s\n", at(p.Memory.Slot))
	}
	if cl := p.Ledger.Claim; cl != nil {
		fmt.Fprintf(c.stdout, "run %s is telling people of slot %s, until %s at the latest\n", cl.Run, at(cl.Slot), at(cl.Until))
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
		if slices.ContainsFunc(l.Receivers[name].Told[k], func(t notify.Told) bool { return e.Holds(t.Since) }) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

// at writes a time of the state.
func at(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func stateResetCommand(c *console) *cobra.Command {
	var file string
	var flags kubeFlags
	cmd := &cobra.Command{
		Use: "reset REPORT", Short: "Forget what is remembered of a report", Args: cobra.ExactArgs(1),
		Long: `Forgets what fires, what was told and the silences of a report, also where the state cannot be read. What fires is told again
by the next run.`,
		Example:           "  promsnap state reset check -c promsnap.yaml",
		ValidArgsFunction: completeReports(c, &file),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := c.patiently(cmd.Context())
			defer cancel()
			m, err := openMemory(ctx, c, file, &flags)
			if err != nil {
				return err
			}
			k, err := m.key(args[0])
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
		},
	}
	flags.register(cmd)
	fromConfig(cmd, &file)
	return cmd
}

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

func deliverCommand(c *console) *cobra.Command {
	var file, to string
	cmd := &cobra.Command{
		Use: "deliver --test RECEIVER", Short: "Send one marked test to a receiver", Args: atMost(0),
		Long: `Sends a message that says that it is a test; an archive gets a report without panels, named promsnap-test; an Alertmanager the alert
PromsnapTest, which ends by itself within minutes; a Pushgateway metrics of the report promsnap-test, which are deleted again. Nothing is
remembered.`,
		Example: `  promsnap deliver --test oncall -c promsnap.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" || to == "" {
				return usage(errors.New("write the receiver and the configuration: promsnap deliver --test RECEIVER -c promsnap.yaml"))
			}
			ctx, cancel := c.patiently(cmd.Context())
			defer cancel()
			cfg, err := loadConfig(ctx, file, configOptions(c))
			if err != nil {
				return usage(err)
			}
			receipt, err := app.Test(ctx, cfg, to, app.Options{
				Version: versionString(), Slot: c.now().UTC().Truncate(time.Minute),
			})
			var unknown *app.UnknownReceiverError
			switch {
			case errors.As(err, &unknown):
				return usage(err)
			case err != nil:
				return &exitError{exitFailed, err}
			case receipt.Location != "":
				fmt.Fprintf(c.stdout, "%s has a test → %s\n", to, receipt.Location)
			default:
				fmt.Fprintf(c.stdout, "%s was told a test\n", to)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "test", "", "the `RECEIVER`")
	_ = cmd.RegisterFlagCompletionFunc("test", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return receiverNames(cmd.Context(), c, file), cobra.ShellCompDirectiveNoFileComp
	})
	fromConfig(cmd, &file)
	return cmd
}

// receiverNames completes RECEIVER from the configuration that is on the line, if it can be read.
func receiverNames(ctx context.Context, c *console, file string) []string {
	ctx, cancel := c.limited(ctx, completionTime)
	defer cancel()
	cfg, err := config.LoadFile(ctx, file, configOptions(c))
	if err != nil {
		return nil
	}
	var names []string
	for _, r := range cfg.Receivers {
		names = append(names, r.Name)
	}
	return names
}
