package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/fleet"
)

// The limits of AWS Step Functions that a plan must keep.
const (
	// inlineMap is how many clusters an inline Map state takes at once. A larger fleet uses a
	// distributed one.
	inlineMap = 40
	// maxNames is how many bytes the names of a plan may have. The input of a state has at most
	// 256 KiB.
	maxNames = 200 << 10
)

// planned is what the step plan returns in addition, as input of the other steps.
type planned struct {
	Time        string   `json:"time,omitempty"` // the slot of the plan
	Clusters    []string `json:"clusters,omitempty"`
	Distributed bool     `json:"distributed"` // there are more than an inline Map takes at once
}

// runStep runs one step of a fleet's report.
func runStep(ctx context.Context, cfg *config.Config, o order,
	options app.Options) (result, error) {
	f, err := app.OpenFleet(ctx, cfg, options)
	if err != nil {
		return refuse(err)
	}
	p, err := f.Plan(ctx, o.reports[0])
	if err != nil {
		return refuse(err)
	}
	var res app.Result
	switch o.step {
	case stepPlan:
		return resultOfPlan(p)
	case stepMap:
		res, err = f.Map(ctx, p, o.cluster)
	case stepReduce:
		res, err = f.Reduce(ctx, p, false)
	}
	switch {
	case passing(err):
		return result{}, &tryAgain{err}
	case res.Report == nil && err != nil:
		return result{Verdict: verdictFailed, Error: err.Error()}, nil
	}
	res.Err = errors.Join(res.Err, err)
	return resultOf(app.Outcome{Results: []app.Result{res}})
}

// resultOfPlan returns a plan as the input of the other steps.
func resultOfPlan(p fleet.Plan) (result, error) {
	out := result{
		Verdict: verdictOK,
		planned: &planned{
			Time: p.Slot.Format(time.RFC3339), Distributed: len(p.Clusters) > inlineMap,
		},
	}
	size := 0
	for _, c := range p.Clusters {
		out.Clusters = append(out.Clusters, c.Name)
		size += len(c.Name) + len(`"",`)
	}
	if size > maxNames {
		return refuse(fmt.Errorf("the names of the %d clusters have more than %d KiB, which is "+
			"more than Step Functions passes on; split the fleet into several configurations",
			len(p.Clusters), maxNames>>10))
	}
	return out, nil
}
