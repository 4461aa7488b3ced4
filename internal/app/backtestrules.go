package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/ruleset"
)

// BacktestRulesOptions say which rules are tested on the past, and how.
type BacktestRulesOptions struct {
	Groups  []rulefile.Group    // of rule files
	Objects *config.RuleObjects // also the PrometheusRules of the cluster; nil: none
	Alert   string              // empty: every alerting rule
	// Since, Pages, Levels and Fors are as in backtest.FileOptions.
	Since  time.Duration
	Pages  float64
	Levels []float64
	Fors   []time.Duration
	// Progress is called after each chunk of the history. Nil: not called.
	Progress func(backtest.FileProgress)
}

// BacktestRules tests the alerting rules of rule files and PrometheusRules on the past. A
// PrometheusRule with mistakes is left out and in Failed. When ctx ends, it returns what there is.
func (s *Source) BacktestRules(ctx context.Context, b BacktestRulesOptions) (Backtested, error) {
	objects, err := s.listRules(ctx, b.Objects)
	if err != nil {
		return Backtested{}, err
	}
	b.Groups = slices.Concat(b.Groups, objects.groups)
	if err := b.check(); err != nil {
		return Backtested{}, err
	}
	server, err := s.client.Server(ctx)
	if down := promapi.Unreachable(err); down != nil {
		return Backtested{}, down
	}
	found, err := backtest.RunFile(ctx, s.client, backtest.FileOptions{
		Groups: b.Groups, Alert: b.Alert, End: s.End(), Since: b.Since, Pages: b.Pages,
		Levels: b.Levels, Fors: b.Fors, MaxSeries: s.cfg.Prometheus.MaxSeries,
		Interval: s.evaluationInterval(ctx, b.Groups),
		External: rulefile.External{URL: s.cfg.Prometheus.ExternalURL}, Progress: b.Progress,
	})
	if err != nil {
		return Backtested{}, err
	}
	var failed []error
	for _, u := range objects.unread {
		failed = append(failed, fmt.Errorf("the PrometheusRule %s is left out: %w", u.name, u.err))
	}
	return Backtested{
		Part: b.Alert, Results: found.Rules, Failed: append(failed, found.Failed...),
		Left: found.Left,
		Info: tuning.Info{
			Cluster: s.cfg.Cluster, Files: ruleFiles(b.Groups), Version: s.o.Version,
			Server: server.Name(),
			Font:   s.font,
		},
	}, nil
}

// ruleFiles returns the names of the files and objects of groups, each once.
func ruleFiles(groups []rulefile.Group) []string {
	var files []string
	for _, g := range groups {
		files = append(files, g.File)
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// check returns an error if there is no rule of the alertname, or no rule at all, or too many.
func (b BacktestRulesOptions) check() error {
	var have []string
	for _, g := range b.Groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				have = append(have, r.Alert)
			}
		}
	}
	switch {
	case len(have) == 0:
		return ErrNoRules
	case b.Alert == "" && len(have) > ruleset.MostRules:
		return fmt.Errorf("%d alerting rules, more than %d; choose fewer files, or a namespace or "+
			"a selector of PrometheusRules", len(have), ruleset.MostRules)
	case b.Alert == "" || slices.Contains(have, b.Alert):
		return nil
	}
	slices.Sort(have)
	have = slices.Compact(have)
	if config.Nearest(b.Alert, have) == "" && len(have) > mostNamed {
		have = append(have[:mostNamed:mostNamed], "others")
	}
	return &UnknownPartError{
		Kind: "alert", Name: b.Alert, Of: "the set of rules", Have: have,
	}
}

// ErrNoRules says that neither the files nor the PrometheusRules have an alerting rule.
var ErrNoRules = errors.New("the PrometheusRules that were chosen have no alerting rule; see " +
	"kubectl get prometheusrules -A --show-labels")

// mostNamed is how many alertnames an error lists.
const mostNamed = 12
