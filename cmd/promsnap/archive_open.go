package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/report"
)

func archiveOpenCommand(c *console) *cobra.Command {
	var f archiveFlags
	var printed bool
	var at time.Time
	cmd := &cobra.Command{
		Use: "open [REPORT] [SLOT]", Short: "Open an archived report in a browser", Args: atMost(2),
		Long: `Opens the page of an archived report in a browser: the newest one, or that of
SLOT. In a bucket, the page is at public_url, or at a signed link that anyone can
use until it expires.

It also prints the link, or the path of the file. With --print, or if the output
is no terminal, it does nothing else. $BROWSER is the command of your browser.

Exit codes:
  0  success
  1  the archive has no report, or cannot be read
  2  the command line or the configuration is wrong`,
		Example: `  promsnap archive open
  promsnap archive open check
  promsnap archive open check 20261122T000000Z
  promsnap archive open check --print`,
		ValidArgsFunction: f.completeSlots(c, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter := f.filter(slices.Concat(args, []string{""})[0])
			return f.run(cmd.Context(), c, func(ctx context.Context, u *archiveUse) error {
				return openPage(ctx, c, u, filter, at, printed || !c.stdout.terminal)
			})
		},
	}
	cmd.Flags().BoolVar(&printed, "print", false, "print the link, and open nothing")
	before(cmd, func(cmd *cobra.Command) (err error) {
		if cmd.Flags().NArg() > 1 {
			at, err = slotArgument(cmd.Flags().Arg(1))
		}
		return err
	})
	f.register(c, cmd, archiveTimeout)
	return cmd
}

// slotArgument parses a slot: its name, RFC 3339, or latest, which is the zero time.
func slotArgument(text string) (time.Time, error) {
	if text == "latest" {
		return time.Time{}, nil
	}
	if at, ok := archive.ParseSlot(text); ok {
		return at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a slot; write it like 20261122T000000Z or "+
			"2026-11-22T00:00:00Z, or latest", text)
	}
	return at.UTC(), nil
}

// openPage opens the page of a slot, or prints where it is.
func openPage(ctx context.Context, c *console, u *archiveUse, f archive.Filter, at time.Time,
	printed bool) error {
	slot, err := archive.Find(ctx, u, f, at)
	if err != nil {
		return err
	}
	files, err := u.Files(ctx, slot)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(files, func(f archive.File) bool { return f.Name == "index.html" }) {
		return fmt.Errorf("%s of %s has no page: the run that wrote it was stopped",
			report.SlotName(slot.Time), slot.Title())
	}
	location, expires, err := u.Page(ctx, slot)
	if err != nil {
		return err
	}
	c.stderr.status("")
	if !expires.IsZero() {
		fmt.Fprintf(c.stderr, "the link works until %s, for anyone who has it\n",
			moment(expires, c.now(), u.zone(&slot)))
	}
	fmt.Fprintln(c.stdout, location)
	if printed {
		return nil
	}
	if err := c.browse(location); err != nil {
		return fmt.Errorf("opening %s of %s: %w", report.SlotName(slot.Time), slot.Title(), err)
	}
	return nil
}
