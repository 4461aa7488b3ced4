package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/units"
)

func archiveCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "archive", Short: "List, open, copy and prune archived reports",
		Long: `Reads and prunes the archive of a dir or s3 receiver: the only one of the
configuration, that of --receiver, or the one at --archive. That may also be the
directory that promsnap run writes to.`,
		Example: `  promsnap archive list
  promsnap archive open check
  promsnap archive prune --older-than 90d --archive s3://capacity-reports/prod`,
	}
	cmd.AddCommand(archiveListCommand(c), archiveOpenCommand(c), archiveGetCommand(c),
		archivePruneCommand(c))
	requireKnownCommand(cmd)
	return cmd
}

// archiveFlags holds the flags that every command of an archive has.
type archiveFlags struct {
	file, receiver, address, cluster string
	timeout                          time.Duration
}

// archiveUse is an archive in use by a command.
type archiveUse struct {
	archive.Store
	cfg *config.Config // nil without a configuration
}

// register adds the flags to a command.
func (f *archiveFlags) register(c *console, cmd *cobra.Command, timeout time.Duration) {
	fl := cmd.Flags()
	fl.StringVar(&f.receiver, "receiver", "",
		"the archive of this `RECEIVER` of the configuration")
	fl.StringVar(&f.address, "archive", "",
		"the archive in this `DIRECTORY`, or at s3://BUCKET/PREFIX, without a configuration")
	fl.StringVar(&f.cluster, "cluster", "", "only reports of this `CLUSTER`")
	fl.DurationVar(&f.timeout, "timeout", timeout, "stop after this `DURATION`, such as 90s")
	_ = cmd.RegisterFlagCompletionFunc("timeout", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("receiver", completeNames(c, &f.file, archivesOf))
	_ = cmd.RegisterFlagCompletionFunc("cluster", f.complete(c, func(ctx context.Context,
		u *archiveUse, _ []string) (out []string, err error) {
		slots, err := archive.Newest(ctx, u, archive.Filter{})
		for _, s := range slots {
			out = append(out, s.Cluster)
		}
		slices.Sort(out)
		return slices.Compact(out), err
	}))
	_ = cmd.MarkFlagDirname("archive")
	either(cmd, "receiver", "archive")
	before(cmd, func(*cobra.Command) error { return checkTimeout(f.timeout) })
	fromConfig(c, cmd, &f.file, func() bool { return f.address != "" })
}

// archivesOf returns the names of the receivers that are archives.
func archivesOf(cfg *config.Config) (names []string) {
	for _, r := range cfg.Receivers {
		if r.Role == config.RoleArchive {
			names = append(names, r.Name)
		}
	}
	return names
}

// errNoArchive is the error of a command that finds no archive.
var errNoArchive = errors.New("no promsnap.yaml here; name a configuration with -c, or an archive " +
	"with --archive DIRECTORY or --archive s3://BUCKET/PREFIX")

// open opens the archive that the flags name. It reads nothing of it yet.
func (f *archiveFlags) open(ctx context.Context, c *console) (*archiveUse, error) {
	if f.address != "" {
		endpoint := cmp.Or(c.getenv("AWS_ENDPOINT_URL_S3"), c.getenv("AWS_ENDPOINT_URL"))
		s, err := app.OpenArchiveAt(ctx, f.address, endpoint)
		if err != nil {
			return nil, usage(err)
		}
		return &archiveUse{s, nil}, nil
	}
	if f.file == "" {
		return nil, usage(errNoArchive)
	}
	cfg, err := loadConfig(ctx, f.file, configOptions(c))
	if err != nil {
		return nil, usage(err)
	}
	s, err := app.OpenArchive(ctx, cfg, f.receiver)
	if err != nil {
		return nil, usage(err)
	}
	return &archiveUse{s, cfg}, nil
}

// run opens the archive and calls do, within the timeout.
func (f *archiveFlags) run(ctx context.Context, c *console,
	do func(context.Context, *archiveUse) error) error {
	ctx, cancel := c.withTimeout(ctx, f.timeout)
	defer cancel()
	u, err := f.open(ctx, c)
	if err != nil {
		return err
	}
	c.stderr.status("reading " + u.Name())
	err = do(ctx, u)
	c.stderr.status("")
	return archiveError(err)
}

// archiveError adds the exit code to an error: a wrong argument is one of the command line.
func archiveError(err error) error {
	var (
		exit    *exitError
		none    *archive.EmptyError
		several *archive.SeveralError
		slot    *archive.UnknownSlotError
		file    *archive.UnknownFileError
	)
	switch {
	case err == nil, errors.As(err, &exit):
		return err
	case errors.As(err, &none) && len(none.Have) > 0, errors.As(err, &several),
		errors.As(err, &slot), errors.As(err, &file), errors.Is(err, archive.ErrExists):
		return usage(err)
	}
	return &exitError{exitFailed, err}
}

// filter returns the filter of the flags and a report.
func (f *archiveFlags) filter(report string) archive.Filter {
	return archive.Filter{Cluster: f.cluster, Report: report}
}

// zone returns the time zone of a slot: that of the configuration, or that of the archive.
func (u *archiveUse) zone(s *archive.Slot) *time.Location {
	if u.cfg != nil {
		for _, r := range u.cfg.Reports {
			if r.Name == s.Report && r.Zone != nil {
				return r.Zone
			}
		}
	}
	if s.Summary == nil {
		return time.UTC
	}
	zone, err := time.LoadLocation(s.Summary.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// archiveListFlags holds the flags of `promsnap archive list` as given.
type archiveListFlags struct {
	archiveFlags
	since, output string
	limit         int
}

// listedSlots is the default of --limit.
const listedSlots = 20

func archiveListCommand(c *console) *cobra.Command {
	var f archiveListFlags
	var since time.Duration
	cmd := &cobra.Command{
		Use: "list [REPORT]", Short: "List archived reports, the newest first", Args: atMost(1),
		Long: `Lists archived reports, the newest first: the slot by which the other commands
know a report, its time, how many checks are critical, warning or without data,
and the headline.

Exit codes:
  0  success, also if there is no report yet
  1  the archive cannot be read
  2  the command line or the configuration is wrong`,
		Example: `  promsnap archive list
  promsnap archive list check --since 7d

  # Without a configuration: of a directory, or of a bucket
  promsnap archive list --archive promsnap-out
  promsnap archive list --archive s3://capacity-reports/prod

  # The slots with a critical finding
  promsnap archive list -o json | jq -r '.reports[] | select(.critical>0).slot'`,
		ValidArgsFunction: f.completeSlots(c, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter := f.filter(slices.Concat(args, []string{""})[0])
			filter.Limit = f.limit
			if since > 0 {
				filter.Since = c.now().Add(-since)
			}
			return f.run(cmd.Context(), c, func(ctx context.Context, u *archiveUse) error {
				return f.list(ctx, c, u, filter)
			})
		},
	}
	cmd.Flags().StringVar(&f.since, "since", "", "only reports of the last `DURATION`: 12h, 7d")
	cmd.Flags().IntVar(&f.limit, "limit", listedSlots, "at most this `NUMBER` of reports; 0: all")
	cmd.Flags().StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output: text or json")
	noCompletion(cmd, "since", "limit")
	before(cmd, func(*cobra.Command) (err error) {
		if f.limit < 0 {
			return fmt.Errorf("--limit %d is negative; use 0 for all reports", f.limit)
		}
		if since, err = ageFlag("since", f.since); err != nil {
			return err
		}
		return checkOutput(f.output)
	})
	f.register(c, cmd, archiveTimeout)
	return cmd
}

// archiveTimeout is the default of --timeout of the commands that only read.
const archiveTimeout = 5 * time.Minute

// noCompletion says that nothing completes the values of flags.
func noCompletion(cmd *cobra.Command, flags ...string) {
	for _, name := range flags {
		// fails only for a flag that does not exist
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
}

// ageFlag parses the duration of a flag; "" is 0.
func ageFlag(name, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := model.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("--%s %q is not a duration; write it like 12h or 90d", name, text)
	}
	return time.Duration(d), nil
}

// list prints slots.
func (f *archiveListFlags) list(ctx context.Context, c *console, u *archiveUse,
	filter archive.Filter) error {
	slots, err := archive.List(ctx, u, filter)
	if err != nil {
		return err
	}
	var none *archive.EmptyError
	if len(slots) == 0 {
		if err := archive.Empty(ctx, u, filter); !errors.As(err, &none) {
			return err
		} else if len(none.Have) > 0 && filter.Since.IsZero() {
			return none
		}
	}
	c.stderr.status("")
	if f.output == "json" {
		return printJSON(c, listJSON{u.Name(), slotsJSON(slots)})
	}
	switch {
	case none != nil && len(none.Have) == 0:
		fmt.Fprintln(c.stderr, none)
		return nil
	case none != nil:
		fmt.Fprintf(c.stderr, "no report of the last %s\n", f.since)
		return nil
	}
	if err := c.stdout.table(slotRows(c, u, slots)); err != nil {
		return err
	}
	if f.limit > 0 && len(slots) == f.limit {
		fmt.Fprintf(c.stderr, "the newest %d; --limit 0 lists all\n", f.limit)
	}
	return nil
}

// slotRows returns the rows of a table of slots. It has clusters only if there are several.
func slotRows(c *console, u *archiveUse, slots []archive.Slot) [][]string {
	several := slices.ContainsFunc(slots, func(s archive.Slot) bool {
		return s.Cluster != slots[0].Cluster
	})
	row := func(cluster string, cells ...string) []string {
		if several {
			return slices.Insert(cells, 2, cluster)
		}
		return cells
	}
	rows := [][]string{
		row("CLUSTER", "SLOT", "TIME", "REPORT", "FILES", "SIZE", "RESULT", "HEADLINE"),
	}
	for i := range slots {
		s := &slots[i]
		headline := ""
		if s.Summary != nil {
			headline = s.Summary.Headline
		}
		rows = append(rows, row(cmp.Or(s.Cluster, "-"), report.SlotName(s.Time),
			moment(s.Time, c.now(), u.zone(s)), s.Report, fmt.Sprint(s.Files), size(s.Bytes),
			result(s), headline))
	}
	return rows
}

// result returns the result of a report in a few words.
func result(s *archive.Slot) string {
	if s.Summary == nil {
		if s.Partial {
			return "no report.json"
		}
		return "-"
	}
	var parts []string
	for _, n := range []struct {
		count int
		word  string
	}{
		{s.Summary.Critical, "critical"}, {s.Summary.Warning, "warning"},
		{s.Summary.NoData, "no data"}, {s.Summary.Pending, "pending"},
	} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.count, n.word))
		}
	}
	if !s.Whole {
		parts = append(parts, "incomplete")
	}
	if len(parts) == 0 {
		return "ok"
	}
	return strings.Join(parts, ", ")
}

// size formats a number of bytes.
func size(bytes int64) string { return units.Bytes.Format(float64(bytes)) }

// listJSON is what -o json of `promsnap archive list` prints.
type listJSON struct {
	Archive string     `json:"archive"`
	Reports []slotJSON `json:"reports"`
}

// slotJSON is an archived report in JSON. The counts are missing if the archive does not have them.
type slotJSON struct {
	Slot     string    `json:"slot"`
	Time     time.Time `json:"time"`
	Cluster  string    `json:"cluster"`
	Report   string    `json:"report"`
	Path     string    `json:"path"`
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"`
	Complete bool      `json:"complete"`
	Critical *int      `json:"critical,omitempty"`
	Warning  *int      `json:"warning,omitempty"`
	NoData   *int      `json:"no_data,omitempty"`
	Pending  *int      `json:"pending,omitempty"`
	OK       *int      `json:"ok,omitempty"`
	Headline string    `json:"headline,omitempty"`
}

func slotsJSON(slots []archive.Slot) []slotJSON {
	out := make([]slotJSON, 0, len(slots))
	for i := range slots {
		s := &slots[i]
		j := slotJSON{
			Slot: report.SlotName(s.Time), Time: s.Time, Cluster: s.Cluster, Report: s.Report,
			Path: s.Path, Files: s.Files, Bytes: s.Bytes, Complete: s.Whole,
		}
		if of := s.Summary; of != nil {
			j.Critical, j.Warning, j.NoData = &of.Critical, &of.Warning, &of.NoData
			j.Pending, j.OK, j.Headline = &of.Pending, &of.OK, of.Headline
		}
		out = append(out, j)
	}
	return out
}
