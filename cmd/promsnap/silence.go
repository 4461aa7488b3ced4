package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/state"
)

func silenceCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "silence", Short: "Silence matching alerts for a while",
		Long: `A silence holds back messages about matching alerts: new alerts are not sent,
and earlier ones are not repeated. promsnap still reports that an alert that it
had sent is resolved.`,
		Example: `  promsnap silence add --duration 4h 'node=~"kafka-.*"'
  promsnap silence list
  promsnap silence expire k3x7q2ab`,
	}
	cmd.AddCommand(silenceAddCommand(c), silenceListCommand(c), silenceExpireCommand(c))
	requireKnownCommand(cmd)
	return cmd
}

func silenceAddCommand(c *console) *cobra.Command {
	var f silenceFlags
	var s notify.Silence
	cmd := &cobra.Command{
		Use: "add MATCHERS", Short: "Add a silence to every report that sends messages",
		Args: one("quoted MATCHERS"),
		Long: `Adds a silence to every report that sends messages. MATCHERS are PromQL label
matchers, separated by commas; an alert must match all of them. They match the
labels of an alert and its alertname, severity and panel.

It prints how many alerts match now, and lists the worst five of each report.
If a silence with the same matchers already holds, it becomes longer instead.`,
		Example: `  promsnap silence add --duration 4h 'node=~"kafka-.*"'

  # All memory alerts of one namespace
  promsnap silence add --duration 1d \
    'alertname=~".*Memory.*", namespace="shop"'

  # Two hours from a given time, with a comment
  promsnap silence add --from 2026-11-22T02:00:00+09:00 --duration 2h \
    --comment upgrade 'alertname="NodeCondition"'`,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&f.duration, "duration", "",
		"silence for this `DURATION` such as 4h or 7d (required)")
	cmd.Flags().StringVar(&f.from, "from", "",
		"start at this `TIME` in RFC 3339 (default now)")
	cmd.Flags().StringVar(&f.comment, "comment", "", "`TEXT` that the list shows")
	cmd.Flags().StringVar(&f.author, "author", "",
		"`NAME` that the list shows (default your login name)")
	needs(cmd, "duration")
	before(cmd, func(cmd *cobra.Command) (err error) {
		f.author = cmp.Or(f.author, c.login)
		s, err = f.silence(cmd.Flags().Arg(0), c.now())
		return err
	})
	return withMemory(c, cmd, func(ctx context.Context, m *memory, _ []string) error {
		return m.addSilence(ctx, c, s)
	})
}

// silenceFlags holds the flags of `promsnap silence add` as given.
type silenceFlags struct{ duration, from, comment, author string }

// silence returns the silence that the flags describe.
func (f silenceFlags) silence(match string, now time.Time) (notify.Silence, error) {
	if _, err := notify.ParseMatch(match); err != nil {
		return notify.Silence{}, err
	}
	d, err := model.ParseDuration(f.duration)
	if err != nil || d <= 0 {
		return notify.Silence{}, fmt.Errorf("--duration %q is not a duration; write it like 4h "+
			"or 7d", f.duration)
	}
	begin := now.UTC().Truncate(time.Minute)
	if f.from != "" {
		if begin, err = time.Parse(time.RFC3339, f.from); err != nil {
			return notify.Silence{}, fmt.Errorf("--from %q is not a time; write it like "+
				"2026-11-22T02:00:00Z", f.from)
		}
	}
	return notify.Silence{
		ID: strings.ToLower(rand.Text()[:8]), Match: match, From: begin.UTC(),
		Until:   begin.Add(time.Duration(d)).UTC(),
		Comment: f.comment, By: f.author,
	}, nil
}

// addSilence adds a silence to the state of every report that sends messages.
func (m *memory) addSilence(ctx context.Context, c *console, s notify.Silence) error {
	reports := m.sent()
	if len(reports) == 0 {
		return usage(errors.New("no report sends messages; give one receivers and send"))
	}
	sessions := make([]*state.Session, len(reports))
	for i, name := range reports {
		var err error
		if sessions[i], err = m.open(ctx, name); err != nil {
			return err
		}
		for _, o := range sessions[i].Page().Silences {
			if o.Continues(s) {
				s.ID = o.ID // one ID in all reports
			}
		}
	}
	did, until := " exists already", s.Until
	for i, name := range reports {
		var kept notify.Silence
		known, changed := false, false
		err := sessions[i].Change(ctx, func(p *notify.Page) (err error) {
			known = slices.ContainsFunc(p.Silences, s.Continues)
			kept, changed, err = p.AddSilence(s)
			return err
		})
		switch {
		case err != nil:
			return &exitError{exitFailed, fmt.Errorf("report %s: %w", name, err)}
		case !known:
			did = ""
		case changed && did != "":
			did = " is longer now"
		}
		if kept.Until.After(until) {
			until = kept.Until
		}
	}
	fmt.Fprintf(c.stdout, "silence %s%s: %s until %s, in %s\n", s.ID, did, s.Match,
		moment(until, c.now(), m.zone(reports[0])), strings.Join(reports, ", "))
	m.printMatching(c, s, reports, sessions)
	return nil
}

// listedMatching is how many of the alerts that a silence matches are listed for each report.
const listedMatching = 5

// printMatching prints which alerts a silence matches now.
func (m *memory) printMatching(c *console, s notify.Silence, reports []string,
	sessions []*state.Session) {
	total := 0
	for i, name := range reports {
		found := s.Matching(sessions[i].Page().Memory)
		if total += len(found); len(found) == 0 {
			continue
		}
		verb := "match"
		if len(found) == 1 {
			verb = "matches"
		}
		fmt.Fprintf(c.stdout, "%s of %s %s now:\n", count(len(found), "alert"), name, verb)
		for _, a := range found[:min(len(found), listedMatching)] {
			fmt.Fprintf(c.stdout, "  %s %s %s since %s\n", a.Severity, a.Rule,
				outside.Said(a.Name, 100), moment(a.Now().Since, c.now(), m.zone(name)))
		}
		if rest := len(found) - listedMatching; rest > 0 {
			fmt.Fprintf(c.stdout, "  and %d more\n", rest)
		}
	}
	if total == 0 {
		c.stderr.say(yellow, "no alert matches now", "; if you expected one, compare the matchers "+
			"with the labels in promsnap state show REPORT", 2)
	}
}

func silenceListCommand(c *console) *cobra.Command {
	return withMemory(c, &cobra.Command{
		Use: "list", Short: "List the silences", Args: atMost(0),
		Long: `Lists the silences of each report, with the number of firing alerts that each
holds back now: - if it does not hold now.`,
		Example:           "  promsnap silence list",
		ValidArgsFunction: cobra.NoFileCompletions,
	}, func(ctx context.Context, m *memory, _ []string) error { return m.listSilences(ctx, c) })
}

func (m *memory) listSilences(ctx context.Context, c *console) error {
	rows := [][]string{{"ID", "REPORT", "FROM", "UNTIL", "HOLDS BACK", "MATCHERS", "BY", "COMMENT"}}
	now := c.now()
	for _, name := range m.sent() {
		s, err := m.open(ctx, name)
		if err != nil {
			return err
		}
		for _, sil := range s.Page().Silences {
			holds := "-"
			if sil.Active(now) {
				holds = count(len(sil.Matching(s.Page().Memory)), "alert")
			}
			rows = append(rows, []string{
				sil.ID, name, moment(sil.From, now, m.zone(name)),
				moment(sil.Until, now, m.zone(name)), holds, sil.Match, sil.By, sil.Comment,
			})
		}
	}
	return c.stdout.table(rows)
}

func silenceExpireCommand(c *console) *cobra.Command {
	return withMemory(c, &cobra.Command{
		Use: "expire ID", Short: "End a silence", Args: one("ID"),
		Example:           "  promsnap silence expire k3x7q2ab",
		ValidArgsFunction: cobra.NoFileCompletions,
	}, func(ctx context.Context, m *memory, args []string) error {
		return m.expireSilence(ctx, c, args[0])
	})
}

// expireSilence removes a silence from the state of every report that has it.
func (m *memory) expireSilence(ctx context.Context, c *console, id string) error {
	found := false
	for _, name := range m.sent() {
		session, err := m.open(ctx, name)
		if err != nil {
			return err
		}
		has := func(s notify.Silence) bool { return s.ID == id }
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
		return usage(fmt.Errorf("no silence %q; run promsnap silence list to see them", id))
	}
	fmt.Fprintf(c.stdout, "silence %s ended\n", id)
	return nil
}
