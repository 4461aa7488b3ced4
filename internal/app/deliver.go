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

// Receivers are those of the configuration. The reports go to them, and what they were told is
// remembered.
type Receivers struct {
	// Again says that a run for the slot was made before this one and failed, such as that of an
	// earlier Pod of the same Job.
	Again bool
}

func (Receivers) check(cfg *config.Config, o Options) error { return checkReceivers(cfg, o) }

// open opens the receivers also where there is no way to Prometheus: they have to be told.
func (to Receivers) open(ctx context.Context, cfg *config.Config, o Options,
	_ error) (deliverer, error) {
	t, err := openTeller(ctx, cfg, o)
	t.again = to.Again
	return &delivery{t}, err
}

// delivery brings reports to their receivers.
type delivery struct{ teller }

// deliver hands the report to its receivers, under a claim, as far as they do not know what it
// says.
func (d *delivery) deliver(ctx context.Context, r judgedReport) Result {
	session, res := d.remember(ctx, d.store, r)
	rq := d.request(ctx, r, session, &res)
	rq.Receivers = d.receiversOf(r.config)
	rq.Render = func(ctx context.Context) ([]report.File, error) { return filesOf(ctx, res.Report) }
	out, err := notify.Deliver(ctx, session, rq)
	res.ClaimedBy, res.Sent, res.Err = out.ClaimedBy, out.Sent, errors.Join(res.Err, err)
	res.Receipt = d.location(out.Sent)
	if c := out.ClaimedBy; c != nil && r.config.Send == config.SendSummary {
		// What a check leaves untold the next one tells minutes later; the next summary comes in a
		// day.
		res.Err = errors.Join(res.Err, fmt.Errorf("run %s has claimed to tell of report %s until "+
			"%s; if it has told nobody by then, run this again",
			c.Run, r.config.Name, c.Until.UTC().Format(time.RFC3339)))
	}
	return res
}

// finish sends heartbeats, fills what belongs below Slack's messages, which may take long, and
// tries last summaries again that were left to another run, which take as long as that one.
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
		for looks := 0; results[i].ClaimedBy != nil &&
			d.awaits(ctx, r, results[i].ClaimedBy, looks); looks++ {
			results[i] = d.deliver(ctx, r)
		}
		d.ping(ctx, r, &results[i])
		d.followUp(ctx, results)
	}
}

// The bounds of waiting for another run's claim.
const (
	// before the first look whether the other run is done; doubled after each
	firstPoll = time.Second
	mostPoll  = 10 * time.Second // between two looks
	// that the last look leaves for delivering, before notify.CommitTime
	leastLook = time.Second
)

// awaits waits for the end of another run that is telling people, where a summary would be lost for
// a day without it: it looks again soon, for the other run may be done long before its deadline,
// and when its claim ends, for it may have been killed, such as the first Pod of this very Job. It
// reports whether there is anything to look at before this run's own time is over.
func (d *delivery) awaits(ctx context.Context, r judgedReport, other *notify.Claim,
	looks int) bool {
	pause, ok := untilNextLook(d.o.Now(), r.until, other.Until, looks)
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

// untilNextLook returns how long a run whose time ends at own waits before it looks again at a
// claim that holds until other, after so many looks. False: no time is left for a look. The other's
// deadline may lie after its own: most runs end long before theirs.
func untilNextLook(now, own, other time.Time, looks int) (time.Duration, bool) {
	left := own.Add(-notify.CommitTime - leastLook).Sub(now)
	if left <= 0 {
		return 0, false
	}
	pause := mostPoll
	if looks < 4 {
		pause = min(firstPoll<<looks, mostPoll)
	}
	return max(min(pause, left, other.Sub(now)), 0), true
}

// leastPing is how long a heartbeat may take where the run is out of time.
const leastPing = time.Second

// ping calls the report's heartbeat if the report gives no reason for an exit code other than zero.
// Another run that is telling people calls it itself. It is called also where the run is out of
// time, and was told to stop: then above all.
func (d *delivery) ping(ctx context.Context, r judgedReport, res *Result) {
	if r.config.Heartbeat.IsZero() || res.ClaimedBy != nil {
		return
	}
	most := min(max(r.until.Sub(d.o.Now()), leastPing), notify.CommitTime)
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), most,
		fmt.Errorf("no answer within %s", most.Round(time.Second)))
	defer cancel()
	if err := heartbeat.Ping(ctx, heartbeat.Options{URL: r.config.Heartbeat},
		!res.failed()); err != nil {
		res.Notes = append(res.Notes, fmt.Sprintf("the heartbeat was not heard: %v", err))
	}
}

// followUp fills the threads below Slack's messages. What does not work is noted with the last
// report that was told: the note names the message.
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
	for _, c := range d.cfg.Receivers { // also those that were told as another's fallback
		followUp := d.receivers[c.Name].followUp
		if followUp == nil {
			continue
		}
		if err := followUp(ctx); err != nil {
			last.Notes = append(last.Notes, fmt.Sprintf("%s: %v", c.Name, err))
		}
	}
}
