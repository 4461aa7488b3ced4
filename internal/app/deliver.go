package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/heartbeat"
	"github.com/promsnap/promsnap/internal/report"
)

// Receivers sends the reports to the receivers of the configuration and records what was sent.
type Receivers struct {
	// Again says that an earlier run for the same slot failed, such as an earlier Pod of the same
	// Job.
	Again bool
}

func (Receivers) check(cfg *config.Config, o Options) error { return checkReceivers(cfg, o) }

// open opens the receivers even if Prometheus is unreachable: they must be notified of that.
func (to Receivers) open(ctx context.Context, cfg *config.Config, o Options,
	_ error) (deliverer, error) {
	t, err := openRecipients(ctx, cfg, o)
	t.again = to.Again
	return &delivery{t}, err
}

// delivery sends reports to their receivers.
type delivery struct{ recipients }

// deliver sends each receiver what it does not know yet, under a claim.
func (d *delivery) deliver(ctx context.Context, r judgedReport) Result {
	session, res := d.openSession(ctx, d.store, r)
	rq := d.request(ctx, r, session, &res)
	rq.Receivers = d.receiversOf(r.config)
	rq.Render = func(ctx context.Context) ([]report.File, error) { return filesOf(ctx, res.Report) }
	out, err := notify.Deliver(ctx, session, rq)
	res.ClaimedBy, res.Sent, res.Err = out.ClaimedBy, out.Sent, errors.Join(res.Err, err)
	res.Receipt = d.location(out.Sent)
	if c := out.ClaimedBy; c != nil && r.config.Send == config.SendSummary {
		// The next check makes up for a skipped one within minutes, but the next summary comes in a
		// day.
		res.Err = errors.Join(res.Err, fmt.Errorf("run %s has claimed report %s until %s and may "+
			"be sending it; if nothing was sent by then, run this again",
			c.Run, r.config.Name, c.Until.UTC().Format(time.RFC3339)))
	}
	return res
}

// finish sends heartbeats, fills threads below Slack's messages, and retries summaries that another
// run had claimed. Both may take long.
func (d *delivery) finish(ctx context.Context, reports []judgedReport, results []Result) {
	var pings sync.WaitGroup
	for i, r := range reports {
		pings.Go(func() { d.ping(ctx, r, &results[i]) })
	}
	pings.Wait()
	d.followUp(ctx, results)
	for i, r := range reports {
		if results[i].ClaimedBy == nil {
			continue
		}
		for polls := 0; results[i].ClaimedBy != nil &&
			d.awaitClaim(ctx, r, results[i].ClaimedBy, polls); polls++ {
			results[i] = d.deliver(ctx, r)
		}
		d.ping(ctx, r, &results[i])
		d.followUp(ctx, results)
	}
}

// The limits of polling another run's claim.
const (
	firstPoll = time.Second      // before the first poll; doubled after each
	maxPoll   = 10 * time.Second // between two polls
	// lastPollReserve is the time for delivering that remains after the last poll, before
	// notify.CommitTime.
	lastPollReserve = time.Second
)

// awaitClaim waits until it is time to look at another run's claim again, and reports whether to
// look. It waits only for a summary, which would otherwise be missing for a day. It looks again
// soon, because the other run may finish long before its deadline, and when the claim ends, because
// the other run may have been killed, such as the first Pod of this Job.
func (d *delivery) awaitClaim(ctx context.Context, r judgedReport, other *notify.Claim,
	polls int) bool {
	pause, ok := nextPoll(d.o.Now(), r.until, other.Until, polls)
	if !ok || r.config.Send != config.SendSummary {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-d.o.Stop:
		return false
	case <-timer.C:
		return true
	}
}

// nextPoll returns how long to wait before the next poll of a claim that another run holds until
// other. own is this run's deadline, and polls is the number of polls so far. It returns false if
// no time is left for a poll. The other deadline may be later than own: most runs end long before
// their deadline.
func nextPoll(now, own, other time.Time, polls int) (time.Duration, bool) {
	left := own.Add(-notify.CommitTime - lastPollReserve).Sub(now)
	if left <= 0 {
		return 0, false
	}
	pause := maxPoll
	if polls < 4 {
		pause = min(firstPoll<<polls, maxPoll)
	}
	return max(min(pause, left, other.Sub(now)), 0), true
}

// minPing is how long a heartbeat may take if the run has no time left.
const minPing = time.Second

// ping reports to the report's heartbeat whether the run succeeded. If another run is sending, that
// run does it. ping also works after the run's time has ended or the run was stopped, because the
// heartbeat matters most then.
func (d *delivery) ping(ctx context.Context, r judgedReport, res *Result) {
	if r.config.Heartbeat.IsZero() || res.ClaimedBy != nil {
		return
	}
	timeout := min(max(r.until.Sub(d.o.Now()), minPing), notify.CommitTime)
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), timeout,
		fmt.Errorf("no answer within %s", timeout.Round(time.Second)))
	defer cancel()
	if err := heartbeat.Ping(ctx, heartbeat.Options{URL: r.config.Heartbeat},
		!res.failed()); err != nil {
		res.Notes = append(res.Notes, fmt.Sprintf("the heartbeat did not arrive: %v", err))
	}
}

// followUp fills the threads below Slack's messages. A failure becomes a note of the last delivered
// report; the note names the message.
func (d *delivery) followUp(ctx context.Context, results []Result) {
	var last *Result
	for i := range results {
		if results[i].ClaimedBy == nil {
			last = &results[i]
		}
	}
	if last == nil {
		return
	}
	for _, c := range d.cfg.Receivers { // all of them: one may have served as a fallback
		followUp := d.receivers[c.Name].followUp
		if followUp == nil {
			continue
		}
		if err := followUp(ctx); err != nil {
			last.Notes = append(last.Notes, fmt.Sprintf("%s: %v", c.Name, err))
		}
	}
}
