package app

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/backtest/backtesttest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/rules"
)

func TestBacktestTargets(t *testing.T) {
	r := config.Report{Name: "check", Panels: []panel.Spec{
		{Name: "a", Rules: []rules.Rule{{Name: "Warns", Warning: rules.At(1)}}},
		{Name: "b", Rules: []rules.Rule{
			{Name: "Both", Warning: rules.At(1), Critical: rules.At(2)},
			{Name: "Condition", Warning: rules.At(0), Condition: true},
			{Name: "FullIn", Warning: rules.At(9), FullIn: true},
		}},
	}}
	for _, c := range []struct {
		o    BacktestOptions
		want string // the names of the rules, or the error
	}{
		{BacktestOptions{}, "Warns Both"},
		{BacktestOptions{Severity: rules.Warning}, "Warns Both"},
		{BacktestOptions{Severity: rules.Critical}, "Both"},
		{BacktestOptions{Panel: "b"}, "Both"},
		{BacktestOptions{Panel: "b", Rule: "Condition"}, "Condition"},
		{BacktestOptions{Panel: "c"}, `report check has no panel "c"`},
	} {
		targets, err := c.o.targets(r)
		var names []string
		for _, t := range targets {
			names = append(names, t.rule.Name)
		}
		got := strings.Join(names, " ")
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) || c.want == "" {
			t.Errorf("%+v: got %q, want %q", c.o, got, c.want)
		}
	}
	r.Panels = r.Panels[:1]
	_, err := BacktestOptions{Severity: rules.Critical}.targets(r)
	if err == nil || !strings.Contains(err.Error(), "no alert with a level of severity critical") {
		t.Errorf("got error %v, want one that names the severity", err)
	}
}

// Back-tests of two panels at one time do not overwrite each other.
func TestBacktestsHaveDirectories(t *testing.T) {
	root := t.TempDir()
	for part, want := range map[string]string{
		"": "backtest-20261122T000000Z", "pvc": "backtest-20261122T000000Z-pvc",
		"pvc/full": "backtest-20261122T000000Z-pvc-full",
	} {
		b := Backtested{
			Part: part, Info: tuning.Info{Report: "check"},
			Results: []backtest.Result{backtesttest.Calm()},
		}
		path, err := b.Write(context.Background(), root)
		if got := filepath.Base(filepath.Dir(path)); err != nil || got != want {
			t.Errorf("%q: got the directory %s and error %v, want %s", part, got, err, want)
		}
	}
}
