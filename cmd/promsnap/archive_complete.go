package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/report"
)

// complete returns a completion that reads the archive. It offers nothing if that fails.
func (f *archiveFlags) complete(c *console, names func(ctx context.Context, u *archiveUse,
	args []string) ([]string, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := c.withTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		g := *f
		if g.file == "" && g.address == "" {
			g.file, _, _ = c.config(ctx) // without one, open fails
		}
		u, err := g.open(ctx, c)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		found, err := names(ctx, u, args)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return found, cobra.ShellCompDirectiveNoFileComp |
			cobra.ShellCompDirectiveKeepOrder
	}
}

// completedSlots is how many slots a completion offers.
const completedSlots = 30

// completeSlots completes REPORT, then SLOT, and then FILE, for up to a number of arguments.
func (f *archiveFlags) completeSlots(c *console, most int) cobra.CompletionFunc {
	return f.complete(c, func(ctx context.Context, u *archiveUse,
		args []string) (out []string, err error) {
		switch {
		case len(args) >= most:
			return nil, nil
		case len(args) == 0:
			slots, err := archive.Newest(ctx, u, f.filter(""))
			for _, s := range slots {
				out = append(out, s.Report)
			}
			slices.Sort(out)
			return slices.Compact(out), err
		case len(args) == 1:
			filter := f.filter(args[0])
			filter.Limit = completedSlots
			slots, err := archive.List(ctx, u, filter)
			for i := range slots {
				said := ""
				if slots[i].Summary != nil {
					said = slots[i].Summary.Headline
				}
				out = append(out, cobra.CompletionWithDesc(report.SlotName(slots[i].Time), said))
			}
			return out, err
		}
		var get archiveGetFlags
		get.arguments(args)
		return f.filesOf(ctx, u, get.report, get.at)
	})
}

// filesOf returns the names of the files of a slot.
func (f *archiveFlags) filesOf(ctx context.Context, u *archiveUse, report string,
	at time.Time) (out []string, err error) {
	slot, err := archive.Find(ctx, u, f.filter(report), at)
	if err != nil {
		return nil, err
	}
	files, err := u.Files(ctx, slot)
	for _, file := range files {
		out = append(out, file.Name)
	}
	return out, err
}
