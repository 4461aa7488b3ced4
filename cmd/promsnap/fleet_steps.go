package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/outside"
)

func fleetPlanCommand(c *console) *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use: "plan REPORT", Short: "Write down the clusters of a report at a time",
		Args: cobra.ExactArgs(1),
		Long: `Finds the clusters of a report at a time, and writes them into fleet.store. If
that is done already, nothing changes. Prints the names of the clusters. With
-o json they are a JSON array, over which a workflow engine can loop.`,
		Example: `  promsnap fleet plan daily --time 2026-11-30T09:00:00Z
  promsnap fleet plan daily -o json`,
		ValidArgsFunction: completeReports(c, &f.config),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(f.output); err != nil {
				return usage(err)
			}
			f.deliver = true
			_, p, err := f.openPlan(cmd, c, args[0])
			if err != nil {
				return err
			}
			for _, n := range p.Notes {
				fmt.Fprintf(c.stderr, "promsnap: note: %s\n", outside.Line(n))
			}
			return f.printNames(c, p)
		},
	}
	f.register(c, cmd, false)
	f.registerOutput(cmd)
	return cmd
}

// printNames prints the names of the clusters, one a line or as a JSON array.
func (f *fleetFlags) printNames(c *console, p fleet.Plan) error {
	names := make([]string, len(p.Clusters))
	for i, of := range p.Clusters {
		names[i] = of.Name
	}
	if f.output == "json" {
		e := json.NewEncoder(c.stdout)
		e.SetEscapeHTML(false)
		if err := e.Encode(names); err != nil {
			return &exitError{exitFailed, err}
		}
		return nil
	}
	fmt.Fprintln(c.stdout, strings.Join(names, "\n"))
	return nil
}

func fleetMapCommand(c *console) *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use: "map REPORT CLUSTER", Short: "Run the report of one cluster", Args: cobra.ExactArgs(2),
		Long: `Runs the report of one cluster, delivers it, and writes the cluster's part of the
fleet's report into fleet.store. Running the same time again sends nothing twice.

Exit codes:
  0  success
  1  the cluster has no data, or a delivery failed; the part says so
  2  the command line or the configuration is wrong`,
		Example:           `  promsnap fleet map daily prod-eu --deliver --time 2026-11-30T09:00:00Z`,
		ValidArgsFunction: completeClusters(c, &f.config),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, p, err := f.openPlan(cmd, c, args[0])
			if err != nil {
				return err
			}
			return r.mapSome(cmd.Context(), p, args[1])
		},
	}
	f.register(c, cmd, true)
	return cmd
}

// mapSome runs some clusters, one after the other.
func (r *fleetRun) mapSome(ctx context.Context, p fleet.Plan, names ...string) error {
	failed := false
	for i, name := range names {
		began := r.c.now()
		res, err := r.Map(ctx, p, name)
		var unknown *app.UnknownPartError
		if errors.As(err, &unknown) {
			return usage(err)
		}
		m := app.Mapped{
			Cluster: name, Result: res, Err: err, Took: r.c.now().Sub(began), Done: i + 1,
			Of: len(names),
		}
		failed = failed || m.Failed()
		r.mapped(m)
	}
	if failed {
		return &exitError{code: exitFailed}
	}
	return nil
}

func fleetReduceCommand(c *console) *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use: "reduce REPORT", Short: "Merge the parts into the report of the fleet",
		Args: cobra.ExactArgs(1),
		Long: `Merges the parts in fleet.store into the report of the fleet, and delivers it. A
cluster whose part is missing or cannot be read is blind in the report.

Exit codes:
  0  success
  1  a cluster has no data, or a delivery failed; the report says which
  2  the command line or the configuration is wrong`,
		Example:           `  promsnap fleet reduce daily --deliver --wait --time 2026-11-30T09:00:00Z`,
		ValidArgsFunction: completeReports(c, &f.config),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, p, err := f.openPlan(cmd, c, args[0])
			if err != nil {
				return err
			}
			failed, err := r.reduced(cmd.Context(), p, f.wait, false)
			switch {
			case err != nil:
				return fleetError(err)
			case failed:
				return &exitError{code: exitFailed}
			}
			return nil
		},
	}
	f.register(c, cmd, true)
	cmd.Flags().BoolVar(&f.wait, "wait", false, "wait for missing parts until fleet.deadline")
	return cmd
}

func fleetJobCommand(c *console) *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use: "job REPORT", Short: "Run one index of a Kubernetes Indexed Job", Args: cobra.ExactArgs(1),
		Long: `Runs one index of an Indexed Job, and delivers. The last index but one waits for the
parts and makes the report of the fleet. The last index only waits, until
Kubernetes ends it: without it, a Job with a failed index would end before its
success policy counts. Each other index runs its share of the clusters: one, if
there are two more indexes than clusters.

The Helm chart makes such a Job.

Exit codes:
  0  success; of the last index but one: the report is delivered
  1  a cluster of this index has no data, or a delivery failed
  2  the command line or the configuration is wrong: a retry does not help`,
		Example:           `  promsnap fleet job daily --index 12 --completions 14`,
		ValidArgsFunction: completeReports(c, &f.config),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.deliver = true
			if err := f.checkIndex(c, cmd); err != nil {
				return usage(err)
			}
			r, err := f.open(cmd, c)
			if err != nil {
				return err
			}
			return r.job(cmd.Context(), args[0])
		},
	}
	f.register(c, cmd, true)
	cmd.Flags().IntVar(&f.index, "index", 0, "`INDEX` of this Pod (default: $JOB_COMPLETION_INDEX)")
	cmd.Flags().IntVar(&f.completions, "completions", 0, "`NUMBER` of indexes of the Job")
	return cmd
}

// checkIndex checks the place of this Pod in its Job.
func (f *fleetFlags) checkIndex(c *console, cmd *cobra.Command) error {
	if env := c.getenv("JOB_COMPLETION_INDEX"); env != "" && !cmd.Flags().Changed("index") {
		index, err := strconv.Atoi(env)
		if err != nil {
			return fmt.Errorf("JOB_COMPLETION_INDEX %q is not a number", env)
		}
		f.index = index
	} else if !cmd.Flags().Changed("index") {
		return errors.New("--index is missing, and so is JOB_COMPLETION_INDEX, which an Indexed Job " +
			"sets")
	}
	if f.completions < 3 || f.index < 0 || f.index >= f.completions {
		return fmt.Errorf("--index %d of --completions %d: use an index from 0 to completions-1, and "+
			"at least 3 completions", f.index, f.completions)
	}
	return nil
}

// job runs the index of this Pod.
func (r *fleetRun) job(ctx context.Context, name string) error {
	p, err := r.Plan(ctx, name)
	if err != nil {
		return fleetError(err)
	}
	workers := r.f.completions - 2
	switch {
	case r.f.index < workers:
		return r.mapSome(ctx, p, app.Share(p, r.f.index, workers)...)
	case r.f.index > workers:
		r.hold(ctx, p.Deadline.Add(r.f.timeout))
		return nil
	}
	res, err := r.Reduce(ctx, p, true)
	if err != nil {
		return fleetError(err)
	}
	out := app.Outcome{Results: []app.Result{res}}
	logOutcome(r.f.logger(r.c), r.cfg, out, 0)
	if err := newPrinter(r.c, "text", r.cfg.ForFleet(name)).finish(out); err != nil {
		return &exitError{exitFailed, fmt.Errorf("printing the outcome: %w", err)}
	}
	// A cluster without data failed its own index. The report of the fleet says so, and is done.
	if res.Err != nil || res.ClaimedBy != nil {
		return &exitError{code: exitFailed}
	}
	return nil
}

// hold waits until Kubernetes ends this Pod, or the report must be there.
func (r *fleetRun) hold(ctx context.Context, until time.Time) {
	ctx, cancel := context.WithTimeout(ctx, until.Sub(r.c.now()))
	defer cancel()
	select {
	case <-ctx.Done():
	case <-r.c.stop:
	}
}
