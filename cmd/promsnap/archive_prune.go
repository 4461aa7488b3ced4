package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/report"
)

// archivePruneFlags holds the flags of `promsnap archive prune` as given.
type archivePruneFlags struct {
	archiveFlags
	olderThan, output string
	keep              int
	yes               bool
}

// pruneTimeout is the default of --timeout: years of reports have many files.
const pruneTimeout = time.Hour

func archivePruneCommand(c *console) *cobra.Command {
	var f archivePruneFlags
	var rules archive.Retention
	cmd := &cobra.Command{
		Use: "prune [REPORT]", Short: "Remove old reports from an archive", Args: atMost(1),
		Long: `Shows which reports would be removed, or removes them with --yes. With
--older-than and --keep together, it removes only what both rules give up.

Each report of each cluster always keeps its newest slot, its newest complete
one, and latest/. Files that promsnap has not written stay, and so do slots
without a report.json. Runs may write at the same time. If a removal is stopped,
run the command again.

Exit codes:
  0  success
  1  the archive cannot be read, or something cannot be removed
  2  the command line or the configuration is wrong`,
		Example: `  # What would be removed
  promsnap archive prune --older-than 90d

  # Remove it, but keep the newest 30 of each report
  promsnap archive prune --older-than 90d --keep 30 --yes

  # Only one report of one cluster
  promsnap archive prune check --cluster prod --keep 1000 --yes`,
		ValidArgsFunction: f.completeSlots(c, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter := f.filter(slices.Concat(args, []string{""})[0])
			return f.run(cmd.Context(), c, func(ctx context.Context, u *archiveUse) error {
				return f.prune(ctx, c, u, filter, rules)
			})
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.olderThan, "older-than", "", "remove reports that are older than this "+
		"`DURATION`: 90d, 52w")
	fl.IntVar(&f.keep, "keep", 0, "keep the newest `NUMBER` of each report")
	fl.BoolVar(&f.yes, "yes", false, "remove; without it, only show what would be removed")
	fl.StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output: text or json")
	noCompletion(cmd, "older-than", "keep")
	before(cmd, func(cmd *cobra.Command) (err error) {
		age, count := cmd.Flags().Changed("older-than"), cmd.Flags().Changed("keep")
		switch {
		case !age && !count:
			return fmt.Errorf("%s needs --older-than or --keep; example: %s", nameOf(cmd),
				example(cmd))
		case count && f.keep < 1:
			return fmt.Errorf("--keep %d keeps nothing; use at least 1", f.keep)
		case age && f.olderThan == "":
			return errors.New("--older-than is empty; write it like 90d")
		}
		rules.Keep = f.keep
		if rules.Age, err = ageFlag("older-than", f.olderThan); err != nil {
			return err
		}
		return checkOutput(f.output)
	})
	f.register(c, cmd, pruneTimeout)
	return cmd
}

// pruned counts what was removed, or would be.
type pruned struct {
	slots, files int
	bytes        int64
	kept         int // files that promsnap has not written
}

func (p pruned) String() string {
	return fmt.Sprintf("%s with %s, %s", count(p.slots, "report"), count(p.files, "file"),
		size(p.bytes))
}

// prune shows what a retention removes, and removes it with --yes.
func (f *archivePruneFlags) prune(ctx context.Context, c *console, u *archiveUse,
	filter archive.Filter, rules archive.Retention) error {
	plans, err := archive.Plans(ctx, u, filter, rules, c.now())
	if err != nil {
		return err
	}
	if len(plans) == 0 {
		var none *archive.EmptyError
		if err := archive.Empty(ctx, u, filter); !errors.As(err, &none) || len(none.Have) > 0 {
			return err
		}
		fmt.Fprintln(c.stderr, none)
	}
	var all pruned
	for _, p := range plans {
		for _, s := range p.Remove {
			all.slots, all.files, all.bytes = all.slots+1, all.files+s.Files, all.bytes+s.Bytes
		}
	}
	c.stderr.status("")
	if f.output == "text" {
		if err := printPlans(c, plans); err != nil {
			return err
		}
	}
	noteUnread(c, plans)
	var done pruned
	if f.yes {
		err = archive.Prune(ctx, u, plans, func(r archive.Removed) {
			if r.Why != "" {
				c.stderr.status("")
				fmt.Fprintf(c.stderr, "promsnap: note: %s stays: %s\n", r.Slot.Path, r.Why)
				return
			}
			done.slots++
			done.files += r.Files
			done.bytes += r.Bytes
			done.kept += r.Kept
			c.stderr.status(fmt.Sprintf("removed %d of %d, %s of %s", done.slots, all.slots,
				report.SlotName(r.Slot.Time), r.Slot.Title()))
		})
		c.stderr.status("")
	}
	if f.output == "json" {
		if e := printJSON(c, pruneJSONOf(u, plans, !f.yes, done)); e != nil {
			return e
		}
	} else {
		f.conclude(c, all, done)
	}
	if err != nil && done.slots > 0 {
		err = fmt.Errorf("%w; run the command again to remove the rest", err)
	}
	return err
}

// printPlans prints a row for each report.
func printPlans(c *console, plans []archive.Plan) error {
	rows := [][]string{{"CLUSTER", "REPORT", "KEEPS", "REMOVES", "FILES", "SIZE", "SLOTS"}}
	for _, p := range plans {
		row := []string{p.Cluster, p.Report, fmt.Sprint(len(p.Stay)), "0", "0", size(0), "-"}
		var of pruned
		for _, s := range p.Remove {
			of.slots, of.files, of.bytes = of.slots+1, of.files+s.Files, of.bytes+s.Bytes
		}
		if of.slots > 0 {
			row[3], row[4], row[5] = fmt.Sprint(of.slots), fmt.Sprint(of.files), size(of.bytes)
			row[6] = report.SlotName(p.Remove[of.slots-1].Time)
			if of.slots > 1 {
				row[6] += " to " + report.SlotName(p.Remove[0].Time)
			}
		}
		rows = append(rows, row)
	}
	if len(rows) > 1 {
		if err := c.stdout.table(rows); err != nil {
			return err
		}
	}
	return nil
}

// noteUnread prints how many slots stay because nothing says what promsnap has written there.
func noteUnread(c *console, plans []archive.Plan) {
	for _, p := range plans {
		unread := 0
		for _, s := range p.Stay {
			if s.Partial {
				unread++
			}
		}
		if unread > 0 {
			fmt.Fprintf(c.stderr, "promsnap: note: %s has %s without a readable report.json; inspect "+
				"and remove them by hand\n", p.Report, count(unread, "slot"))
		}
	}
}

// conclude prints what was removed, or what would be.
func (f *archivePruneFlags) conclude(c *console, all, done pruned) {
	switch {
	case all.slots == 0:
		fmt.Fprintln(c.stdout, "nothing to remove")
	case f.yes:
		fmt.Fprintf(c.stdout, "removed %s\n", done)
	default:
		fmt.Fprintf(c.stdout, "would remove %s; --yes removes them\n", all)
	}
	if done.kept > 0 {
		fmt.Fprintf(c.stderr, "promsnap: note: %s of others stay in the directories of these "+
			"reports\n", count(done.kept, "file"))
	}
}

// pruneJSON is what -o json of `promsnap archive prune` prints. With dry_run, removed counts are 0.
type pruneJSON struct {
	Archive string           `json:"archive"`
	DryRun  bool             `json:"dry_run"`
	Reports []reportPlanJSON `json:"reports"`
	Removed struct {
		Slots int   `json:"slots"`
		Files int   `json:"files"`
		Bytes int64 `json:"bytes"`
		Kept  int   `json:"files_of_others"`
	} `json:"removed"`
}

type reportPlanJSON struct {
	Cluster string     `json:"cluster"`
	Report  string     `json:"report"`
	Keeps   int        `json:"keeps"`
	Removes []slotJSON `json:"removes"`
}

func pruneJSONOf(u *archiveUse, plans []archive.Plan, dryRun bool, done pruned) pruneJSON {
	out := pruneJSON{Archive: u.Name(), DryRun: dryRun, Reports: []reportPlanJSON{}}
	for _, p := range plans {
		out.Reports = append(out.Reports, reportPlanJSON{
			p.Cluster, p.Report, len(p.Stay), slotsJSON(p.Remove),
		})
	}
	out.Removed.Slots, out.Removed.Files = done.slots, done.files
	out.Removed.Bytes, out.Removed.Kept = done.bytes, done.kept
	return out
}
