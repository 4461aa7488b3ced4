package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/units"
)

// What init --tune asks of a back-test. Whoever begins has no time for more.
const (
	tuneSince   = 30 * 24 * time.Hour
	tuneTimeout = 10 * time.Minute
)

// tuneTime returns how long the back-tests of init may take.
func (f *initFlags) tuneTime(given bool) time.Duration {
	if given {
		return f.timeout
	}
	return tuneTimeout
}

// tune tests the alerts of the first report of a text on the past, and returns the text with the
// levels that are proposed. A rule that cannot be tested, or has no proposal, keeps its level.
func (d *draft) tune(ctx context.Context, c *console, text string,
	timeout time.Duration) (string, error) {
	waiting, cancel := c.withTimeout(ctx, timeout)
	defer cancel()
	cfg, err := d.parse(text)
	if err != nil {
		return "", err
	}
	source, err := app.Open(waiting, cfg, d.o)
	if err != nil {
		return "", err
	}
	progress := newChunks(c.stderr, c.now)
	found, err := source.Backtest(waiting, draftReports[0].name, app.BacktestOptions{
		Since: tuneSince, Progress: progress.step,
	})
	progress.end()
	switch {
	case err != nil:
		return "", err
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	}
	tested, proposed := 0, 0
	d.tuned = map[string][]*backtest.Result{}
	var had time.Duration
	for i := range found.Results {
		r := &found.Results[i]
		if r.Stopped {
			found.Left = append(found.Left, r.Panel.Name+"/"+r.Rule.Name)
			continue
		}
		tested++
		had = max(had, r.To.Sub(r.From))
		d.tuned[r.Panel.Name] = append(d.tuned[r.Panel.Name], r)
		if r.Proposed >= 0 && r.Proposed != r.Now {
			proposed++
		}
	}
	d.counted += fmt.Sprintf("\nnew levels: for %d of %s", proposed, count(tested, "rule"))
	if tested > 0 {
		d.counted += ", by the alerts of the last " + units.Span(had.Round(time.Hour))
	}
	sayUntuned(c, found)
	text = d.text()
	_, err = d.parse(text)
	return text, err
}

// sayUntuned prints which rules could not be tested.
func sayUntuned(c *console, found app.Backtested) {
	const most = 3
	for i, err := range found.Failed {
		if i == most {
			c.stderr.say(yellow, "promsnap: note: ", fmt.Sprintf("%s more could not be tested",
				count(len(found.Failed)-most, "rule")), 2)
			break
		}
		c.stderr.say(yellow, "promsnap: note: ", "not tested: "+err.Error(), 2)
	}
	if len(found.Left) > 0 {
		c.stderr.say(yellow, "promsnap: note: ", fmt.Sprintf("no time was left to test %s; test "+
			"them with promsnap backtest %s PANEL/RULE", strings.Join(found.Left, ", "),
			draftReports[0].name), 2)
	}
}
