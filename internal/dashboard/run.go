package dashboard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
)

// Event reports that the queries of a panel start or, if Panel is set, that the panel is done.
type Event struct {
	Index       int // of the panel, in the order of the page
	Name, Title string
	Panel       *board.Panel
	Series      int    // in its answers, with those that were left out
	Stack       []byte // of the panic that lost the panel; nil: none
}

const (
	// ahead is how many panels may be queried while an earlier one is not yet done, for each query
	// at once.
	ahead = 2
	// lateness is how long the work on a panel may go on after ctx has ended.
	lateness = 2 * time.Second
	// maxBoard bounds the values that all panels hold together, and so the memory of the board.
	maxBoard = 6_000_000
	// maxShared bounds the values of answers that are kept for later panels. Queries whose answers
	// are not kept are sent again.
	maxShared = 2_000_000
)

var errStopped = errors.New("the run was stopped before this query had an answer")

// Run sends the queries and returns what the panels show. It computes a panel as soon as its
// answers are there, in the order of the page, and then drops the answers. A query that fails only
// affects its panels. When ctx ends, the panels without an answer say so. progress is called from
// one goroutine; nil: not called.
func (p *Plan) Run(ctx context.Context, progress func(Event)) *board.Board {
	return newRun(ctx, p).all(progress)
}

// all runs every panel.
func (r *run) all(progress func(Event)) *board.Board {
	defer r.end()
	defer close(r.queue)
	p := r.Plan
	out := &board.Board{
		Title: outside.Said(p.source.Title, maxReason), Description: p.source.Description,
		From: p.o.End.Add(-p.o.Range), To: p.o.End, Rows: p.rows,
		Verdicts: p.verdicts, Variables: p.plan.Explain().Variables, Notes: p.notes,
		Failures: p.failures,
	}
	next := 0
	for i := range p.panels {
		for ; next < len(p.panels) && next <= i+ahead*r.concurrency; next++ {
			r.start(next)
			if progress != nil {
				progress(p.event(next))
			}
		}
		done := p.event(i)
		var one board.Panel
		one, done.Series, done.Stack = r.panel(i)
		out.Panels = append(out.Panels, one)
		if done.Panel = &out.Panels[i]; progress != nil {
			progress(done)
		}
	}
	out.Notes = append(out.Notes, r.notes()...)
	return out
}

func (p *Plan) event(i int) Event {
	return Event{
		Index: i, Name: p.panels[i].name, Title: p.panels[i].planned.Title,
	}
}

// run is one run of a Plan.
type run struct {
	*Plan
	ctx         context.Context
	late        <-chan struct{} // closed when no work is waited for any more
	end         func()
	concurrency int
	// in the order in which the queries are sent
	queue   chan sending
	compute func(*grafana.Planned, []board.Answer, board.Setting) board.View // board.Show
	health  health
	sent    map[query]*job
	jobs    [][]asked // by panel
	shared  int       // values of answers that later panels need
	held    int       // values that the panels so far hold
	cut     int       // panels that show fewer series, because of maxBoard
}

// asked is a query of a panel, and the job that answers it.
type asked struct {
	grafana.Query
	step   time.Duration
	longer bool
	job    *job // nil: it is not sent
	why    string
}

// sending is a query that waits to be sent, and where its answer goes.
type sending struct {
	query query
	done  chan<- answer
}

// job is a query that is sent once for all panels that have it.
type job struct {
	query   query
	waiting int // panels that have not got it yet
	done    chan answer
	answer  *answer // once it is received
}

func newRun(ctx context.Context, p *Plan) *run {
	r := &run{
		Plan: p, ctx: ctx, sent: map[query]*job{}, compute: board.Show,
		concurrency: cmp.Or(max(p.o.Concurrency, 0), promapi.DefaultConcurrency),
	}
	r.health.down = p.down
	r.late, r.end = lateAfter(ctx)
	sent := 0
	for _, one := range p.panels {
		var jobs []asked
		for _, q := range one.planned.Queries {
			jobs = append(jobs, r.askedOf(one.planned, q))
		}
		r.jobs, sent = append(r.jobs, jobs), sent+len(jobs)
	}
	r.queue = make(chan sending, sent) // each panel sends each of its queries once at most
	for range r.concurrency {
		go r.work()
	}
	return r
}

// work sends queries in the order of the queue, so that those of an earlier panel never wait for a
// later one. It ends when the queue is closed.
func (r *run) work() {
	for s := range r.queue {
		a := answer{grid: s.query.grid()}
		if r.ctx.Err() != nil {
			a.err = stopped(r.ctx, nil)
		} else {
			a = r.health.ask(r.ctx, r.client, s.query)
		}
		s.done <- a
	}
}

// lateAfter returns a channel that is closed some time after ctx has ended.
func lateAfter(ctx context.Context) (late <-chan struct{}, end func()) {
	closed, finished := make(chan struct{}), make(chan struct{})
	go func() {
		select {
		case <-finished:
			return
		case <-ctx.Done():
		}
		timer := time.NewTimer(lateness)
		defer timer.Stop()
		select {
		case <-finished:
		case <-timer.C:
			close(closed)
		}
	}()
	return closed, func() { close(finished) }
}

// askedOf finds the job of a query. A query with a variable that has no value is never sent.
func (r *run) askedOf(of *grafana.Planned, q grafana.Query) asked {
	if why := r.unsent(q); why != "" {
		return asked{Query: q, why: why}
	}
	sent, longer := r.queryOf(of, q)
	j, ok := r.sent[sent]
	if !ok {
		j = &job{query: sent}
		r.sent[sent] = j
	}
	j.waiting++
	return asked{Query: q, step: sent.step, longer: longer, job: j}
}

// unsent returns why a query is not sent, or "" if it is.
func (p *Plan) unsent(q grafana.Query) string {
	switch {
	case q.Problem != "":
		return q.Problem
	case q.Pending && p.down != nil:
		return p.down.Error()
	case q.Pending:
		return "the run was stopped before its variables had values"
	}
	return ""
}

// start sends the queries of a panel that no earlier panel has sent.
func (r *run) start(i int) {
	for _, q := range r.jobs[i] {
		if q.job != nil && q.job.done == nil && q.job.answer == nil {
			r.send(q.job)
		}
	}
}

// send puts a query into the queue.
func (r *run) send(j *job) {
	done := make(chan answer, 1)
	j.done = done
	r.queue <- sending{j.query, done}
}

// stopped returns the error of a query that the end of ctx left without an answer.
func stopped(ctx context.Context, err error) error {
	if err == nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("%w (%w)", errStopped, err)
}

// get waits for the answer to a query.
func (r *run) get(j *job) *answer {
	if j.answer == nil {
		if j.done == nil { // its answer was not kept for this panel
			r.send(j)
		}
		select {
		case a := <-j.done:
			j.answer = &a
		case <-r.late:
			j.answer = &answer{grid: j.query.grid(), err: stopped(r.ctx, nil)}
		}
		r.shared += j.answer.values()
	}
	j.waiting--
	return j.answer
}

// drop forgets the answer to a query if no later panel needs it, or if too many are kept.
func (r *run) drop(j *job) {
	if j.answer != nil && (j.waiting == 0 || r.shared > maxShared) {
		r.shared -= j.answer.values()
		j.answer, j.done = nil, nil
	}
}

// setting is what the views of all panels depend on.
func (p *Plan) setting() board.Setting {
	zone := p.o.Zone
	if zone == nil {
		zone = time.UTC
	}
	return board.Setting{Theme: value.Light, Now: p.o.End.In(zone), Range: p.o.Range}
}
