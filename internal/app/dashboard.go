package app

import (
	"context"
	"slices"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/dashboard"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// planDashboard resolves the variables of a report's dashboard and plans its panels. down is why
// Prometheus is unreachable; nil: it is not. It returns nil if the report has no dashboard.
func (s *Source) planDashboard(ctx context.Context, r config.Report, o snapshot.Options,
	down error) *dashboard.Plan {
	if r.Dashboard == nil {
		return nil
	}
	in := dashboard.Options{
		Variables: r.Dashboard.Variables, Shows: r.Dashboard.Shows, Rules: r.Dashboard.Rules,
		Section: words.In(r.Language).AlertPanels, End: o.End(), Range: r.Range,
		Scrape: o.ScrapeInterval, Zone: r.Zone, Concurrency: o.Concurrency, Down: down,
	}
	for i := range r.Panels {
		in.Names = append(in.Names, r.Panels[i].Name)
	}
	return dashboard.New(ctx, s.client, r.Dashboard.Board, in)
}

// withJudged adds the panels that judge the dashboard to the specs of a report. It returns their
// problems, by the index of the spec: such a panel cannot be queried.
func withJudged(specs []panel.Spec, plan *dashboard.Plan) ([]panel.Spec, map[int]error) {
	if plan == nil {
		return specs, nil
	}
	specs = slices.Clone(specs)
	problems := map[int]error{}
	for _, j := range plan.Judged() {
		if j.Problem != nil {
			problems[len(specs)] = j.Problem
		}
		specs = append(specs, j.Spec)
	}
	return specs, problems
}

// takeSome queries the panels without a problem. The others fail with theirs.
func (s *Source) takeSome(ctx context.Context, specs []panel.Spec, problems map[int]error,
	o snapshot.Options) []snapshot.Panel {
	var good []panel.Spec
	for i := range specs {
		if problems[i] == nil {
			good = append(good, specs[i])
		}
	}
	rest := snapshot.Take(ctx, s.client, good, o)
	if len(problems) == 0 {
		return rest
	}
	var out []snapshot.Panel
	for i := range specs {
		if err := problems[i]; err != nil {
			out = append(out, snapshot.Failed(specs[i:i+1], err)...)
			continue
		}
		out, rest = append(out, rest[0]), rest[1:]
	}
	return out
}

// runDashboard runs the dashboard of a report. before is the number of panels that were reported as
// progress. It returns nil if the report has no dashboard.
func runDashboard(ctx context.Context, plan *dashboard.Plan, before int,
	progress func(snapshot.Event)) *board.Board {
	if plan == nil {
		return nil
	}
	return plan.Run(ctx, func(e dashboard.Event) {
		if progress != nil {
			progress(eventOf(e, before))
		}
	})
}

// eventOf returns the progress of a dashboard's panel as that of a panel of the report.
func eventOf(e dashboard.Event, before int) snapshot.Event {
	out := snapshot.Event{
		Index: before + e.Index, Spec: &panel.Spec{Name: e.Name, Title: e.Title},
	}
	if e.Panel == nil {
		return out
	}
	out.Panel = &snapshot.Panel{Spec: *out.Spec, Total: e.Series, Data: snapshot.DataComplete}
	failed := 0
	for _, f := range e.Panel.Failures {
		kind := snapshot.FailureUnsent
		if f.Sent {
			failed++
			kind = snapshot.FailureOther
		}
		if out.Panel.Failure == nil || failed == 1 {
			out.Panel.Failure = &snapshot.Failure{Kind: kind, Message: f.Reason}
		}
	}
	switch {
	case len(e.Panel.Failures) == 0:
	case failed < len(e.Panel.Queries):
		out.Panel.Data = snapshot.DataPartial
	default:
		out.Panel.Data = snapshot.DataFailed
	}
	if e.Stack != nil {
		out.Fault = &snapshot.Fault{Panic: out.Panel.Failure.Message, Stack: e.Stack}
	}
	return out
}
