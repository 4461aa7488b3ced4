package app

import (
	"context"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/rulefile"
)

// BacktestRulesOptions say which rules of rule files are tested on the past, and how.
type BacktestRulesOptions struct {
	Files  []string // the names of the rule files
	Groups []rulefile.Group
	Alert  string // empty: every alerting rule
	// Since, Pages, Levels and Fors are as in backtest.FileOptions.
	Since  time.Duration
	Pages  float64
	Levels []float64
	Fors   []time.Duration
	// Progress is called after each chunk of the history. Nil: not called.
	Progress func(backtest.FileProgress)
}

// BacktestRules tests the alerting rules of rule files on the past. When ctx ends, it returns what
// there is.
func (s *Source) BacktestRules(ctx context.Context, b BacktestRulesOptions) (Backtested, error) {
	if err := b.check(); err != nil {
		return Backtested{}, err
	}
	server, err := s.client.Server(ctx)
	if down := promapi.Unreachable(err); down != nil {
		return Backtested{}, down
	}
	found, err := backtest.RunFile(ctx, s.client, backtest.FileOptions{
		Groups: b.Groups, Alert: b.Alert, End: s.o.Slot, Since: b.Since, Pages: b.Pages,
		Levels: b.Levels, Fors: b.Fors, MaxSeries: s.cfg.Prometheus.MaxSeries,
		External: rulefile.External{URL: s.cfg.Prometheus.ExternalURL}, Progress: b.Progress,
	})
	if err != nil {
		return Backtested{}, err
	}
	return Backtested{
		Part: b.Alert, Results: found.Rules, Failed: found.Failed, Left: found.Left,
		Info: tuning.Info{
			Cluster: s.cfg.Cluster, Files: b.Files, Version: s.o.Version, Server: server.Name(),
			Font: s.font,
		},
	}, nil
}

// check returns an error if there is no rule of the alertname.
func (b BacktestRulesOptions) check() error {
	var have []string
	for _, g := range b.Groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				have = append(have, r.Alert)
			}
		}
	}
	if b.Alert == "" || slices.Contains(have, b.Alert) {
		return nil
	}
	slices.Sort(have)
	have = slices.Compact(have)
	if config.Nearest(b.Alert, have) == "" && len(have) > mostNamed {
		have = append(have[:mostNamed:mostNamed], "others")
	}
	return &UnknownPartError{
		Kind: "alert", Name: b.Alert, Of: "the set of rule files", Have: have,
	}
}

// mostNamed is how many alertnames an error lists.
const mostNamed = 12
