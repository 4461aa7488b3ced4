package fired

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// A group is stale after so many of its intervals, and never before staleAfter.
const (
	staleIntervals = 3
	staleAfter     = 5 * time.Minute
)

// askRules reads the rules and returns the names of the alerts that they may fire, sorted.
func (f *Fired) askRules(ctx context.Context, s Server, o Options) ([]string, error) {
	var r *Rules
	var names map[string]bool
	found, err := s.RuleGroups(ctx, func() {
		r, names = &Rules{}, map[string]bool{}
	}, func(g promapi.RuleGroup) {
		r.add(g, o.End)
		for _, rule := range g.Rules {
			if rule.Alerting && !isQuiet(rule.Severity) && !panels.AlwaysFires(rule.Name) {
				names[rule.Name] = true
			}
		}
	})
	if err != nil || !found {
		return nil, err
	}
	r.bound()
	f.Rules = r
	all := make([]string, 0, len(names))
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all, nil
}

// add adds a group. end is the time of the run.
func (r *Rules) add(g promapi.RuleGroup, end time.Time) {
	r.Groups++
	for _, rule := range g.Rules {
		if rule.Alerting {
			r.Alerting++
		} else {
			r.Recording++
		}
		if rule.LastError != "" {
			r.FailingAll++
			r.Failing = append(r.Failing, Failing{g.File, g.Name, rule.Name, rule.LastError})
		}
	}
	if g.Interval > 0 && g.Took > g.Interval {
		r.SlowAll++
		r.Slow = append(r.Slow, Slow{g.File, g.Name, g.Interval, g.Took})
	}
	late := max(staleIntervals*g.Interval, staleAfter)
	if !g.Evaluated.IsZero() && end.Sub(g.Evaluated) > late {
		r.StaleAll++
		r.Stale = append(r.Stale, Stale{g.File, g.Name, g.Interval, g.Evaluated})
	}
}

// bound sorts the faults, and keeps mostFaults of each kind.
func (r *Rules) bound() {
	slices.SortFunc(r.Failing, func(a, b Failing) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Group, b.Group),
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.Error, b.Error))
	})
	slices.SortFunc(r.Slow, func(a, b Slow) int {
		return cmp.Or(cmp.Compare(b.Took.Seconds()/b.Interval.Seconds(),
			a.Took.Seconds()/a.Interval.Seconds()), strings.Compare(a.File, b.File),
			strings.Compare(a.Group, b.Group))
	})
	slices.SortFunc(r.Stale, func(a, b Stale) int {
		return cmp.Or(a.Evaluated.Compare(b.Evaluated), strings.Compare(a.File, b.File),
			strings.Compare(a.Group, b.Group))
	})
	r.Failing = r.Failing[:min(len(r.Failing), mostFaults)]
	r.Slow = r.Slow[:min(len(r.Slow), mostFaults)]
	r.Stale = r.Stale[:min(len(r.Stale), mostFaults)]
}

// askMissed asks of which groups evaluations were left out. Only a server that scrapes itself
// knows; otherwise there are none.
func (f *Fired) askMissed(ctx context.Context, s Server, o Options) error {
	q := promapi.Query{
		Expr: fmt.Sprintf("topk(%d, max by (rule_group) (increase("+
			"prometheus_rule_group_iterations_missed_total[%s])))", mostFaults,
			model.Duration(o.Range)),
		Grid: series.Grid{Start: o.End, Step: f.Step, Len: 1},
	}
	_, err := s.Range(ctx, q, func(one series.Series) error {
		v := math.Round(one.Values[0])
		if v >= 1 && v < math.MaxInt32 {
			f.Rules.Missed = append(f.Rules.Missed,
				Missed{Group: one.Labels.Get("rule_group"), Times: int(v)})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("asking for evaluations that were left out: %w", err)
	}
	slices.SortFunc(f.Rules.Missed, func(a, b Missed) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), strings.Compare(a.Group, b.Group))
	})
	return nil
}
