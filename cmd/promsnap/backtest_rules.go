package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// ofRules reports whether the back-test is one of Prometheus' alerting rules.
func (f *backtestFlags) ofRules() bool { return len(f.rules) > 0 || f.kube.rules }

// rulesWords returns the flags that choose the rules, as words of a command.
func (f *backtestFlags) rulesWords() (words []string) {
	for _, files := range f.rules {
		words = append(words, "--rules", outside.ShellWord(files))
	}
	return append(words, f.kube.rulesWords()...)
}

// runBacktestRules tests the alerting rules of rule files and of the cluster, and prints what it
// found.
func runBacktestRules(ctx context.Context, c *console, f backtestFlags, args []string) error {
	o, err := f.rulesOptions(args)
	if err != nil {
		return usage(err)
	}
	if o.Groups, err = config.ReadRules(ctx, f.rules); err != nil {
		return usage(err)
	}
	o.Objects = f.kube.ruleObjects()
	ask := askFlags{
		command: strings.Join(append([]string{"promsnap", "backtest"}, f.rulesWords()...),
			" "),
		config:        f.config,
		prometheusURL: f.prometheusURL, time: f.time, timeout: f.timeout, kube: f.kube,
	}
	ctx, from, err := ask.open(ctx, c)
	if err != nil {
		return err
	}
	defer from.close()
	progress := newCounting(c.stderr, c.now)
	o.Progress = progress.step
	found, err := from.BacktestRules(ctx, o)
	progress.end()
	var short *backtest.ShortError
	switch {
	case errors.As(err, &short) || err != nil && ctx.Err() != nil:
		return &exitError{exitFailed, err}
	case err != nil:
		return backtestError(err)
	}
	found.Info.Command = f.again(args, from.slot)
	// The context may have ended, which is why the run was stopped.
	if err := f.print(context.WithoutCancel(ctx), c, found); err != nil {
		return &exitError{exitFailed, err}
	}
	return f.outcome(ctx, c, found)
}

// rulesOptions checks the flags and returns what they say about the back-test of rule files.
func (f *backtestFlags) rulesOptions(args []string) (o app.BacktestRulesOptions, err error) {
	of, err := f.options([]string{"", strings.Join(args, "")})
	switch {
	case err != nil:
		return o, err
	case len(args) > 1:
		return o, fmt.Errorf("unexpected argument %q; with rules the only one is an ALERT", args[1])
	case of.Severity != rules.None:
		return o, errors.New("--severity is for reports: a rule of a rule file has one level")
	case len(f.levels) > 0 && len(args) == 0:
		return o, errors.New("--levels needs an ALERT, because every rule has its own unit; " +
			"example: promsnap backtest --rules rules.yml NodeCPUHigh --levels 0.9,0.95")
	}
	o = app.BacktestRulesOptions{
		Alert: strings.Join(args, ""), Since: of.Since, Pages: of.Pages, Fors: of.Fors,
	}
	for _, text := range f.levels {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || v-v != 0 {
			return o, fmt.Errorf("--levels %q is not a number; write it as in the expression of "+
				"the rule, such as 0.9", text)
		}
		o.Levels = append(o.Levels, v)
	}
	return o, nil
}

// counting shows on a terminal how many rules are done, and about how long the rest takes.
type counting struct {
	screen *screen
	now    func() time.Time
	began  time.Time
	levels bool
}

func newCounting(s *screen, now func() time.Time) *counting {
	return &counting{screen: s, now: now, began: now()}
}

// step shows a chunk that was read.
func (p *counting) step(s backtest.FileProgress) {
	what := "counting the alerts of"
	if s.Levels {
		what = "trying other levels of"
	}
	if s.Levels != p.levels { // it takes another time
		p.levels, p.began = s.Levels, p.now()
	}
	line := fmt.Sprintf("%s %s, %d of %d rules", what, s.Alert, int(s.Done), int(s.All))
	if took := p.now().Sub(p.began); s.Done > 0 && took > time.Second {
		left := time.Duration(float64(took) * max(s.All-s.Done, 0) / s.Done)
		line += ", about " + units.Span(max(left.Round(time.Second), time.Second)) + " left"
	}
	p.screen.status(line)
}

// end removes the line.
func (p *counting) end() { p.screen.status("") }
