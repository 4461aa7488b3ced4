package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/report"
)

// archiveGetFlags holds the flags and arguments of `promsnap archive get`.
type archiveGetFlags struct {
	archiveFlags
	dir     string
	replace bool

	report string
	at     time.Time // zero: the newest
	files  []string
}

func archiveGetCommand(c *console) *cobra.Command {
	var f archiveGetFlags
	cmd := &cobra.Command{
		Use: "get [REPORT] [SLOT] [FILE...]", Short: "Copy the files of an archived report",
		Long: `Copies the files of an archived report into a directory: all files, or those
that are named, of the newest report or of SLOT. It writes nowhere else. It
replaces no file without --overwrite; if one of the files exists already, it
copies none.

Exit codes:
  0  success
  1  the archive has no report, or cannot be read
  2  the command line or the configuration is wrong`,
		Example: `  promsnap archive get check
  promsnap archive get check 20261122T000000Z -d /tmp/report

  # Only some files
  promsnap archive get check report.json findings.csv -d . --overwrite`,
		ValidArgsFunction: f.completeSlots(c, maxGetArguments),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), c, func(ctx context.Context, u *archiveUse) error {
				return f.get(ctx, c, u)
			})
		},
	}
	cmd.Flags().StringVarP(&f.dir, "dir", "d", "",
		"copy into this `DIRECTORY` (default CLUSTER-REPORT-SLOT)")
	cmd.Flags().BoolVar(&f.replace, "overwrite", false, "replace files that exist")
	_ = cmd.MarkFlagDirname("dir")
	before(cmd, func(cmd *cobra.Command) error {
		f.arguments(cmd.Flags().Args())
		return nil
	})
	f.register(c, cmd, archiveTimeout)
	return cmd
}

// maxGetArguments is how many arguments of get are completed.
const maxGetArguments = 50

// arguments reads REPORT, SLOT and FILE. No name of a file has the form of a slot.
func (f *archiveGetFlags) arguments(args []string) {
	if len(args) > 0 {
		f.report, args = args[0], args[1:]
	}
	if len(args) > 0 {
		if at, err := slotArgument(args[0]); err == nil {
			f.at, args = at, args[1:]
		}
	}
	f.files = args
}

// get copies the files.
func (f *archiveGetFlags) get(ctx context.Context, c *console, u *archiveUse) error {
	slot, err := archive.Find(ctx, u, f.filter(f.report), f.at)
	if err != nil {
		return err
	}
	dir := cmp.Or(f.dir, archive.DefaultDir(slot))
	files, bytes := 0, int64(0)
	err = archive.Get(ctx, u, slot, f.files, dir, f.replace, func(file archive.File) {
		files++
		bytes += file.Bytes
		c.stderr.status(fmt.Sprintf("copied %s, %s", count(files, "file"), file.Name))
	})
	c.stderr.status("")
	if errors.Is(err, archive.ErrExists) {
		return fmt.Errorf("%w; choose another directory with -d, or replace it with --overwrite",
			err)
	} else if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s of %s: %s, %s → %s\n", report.SlotName(slot.Time), slot.Title(),
		count(files, "file"), size(bytes), dir)
	return nil
}
