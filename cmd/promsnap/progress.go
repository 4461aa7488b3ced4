package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// progress shows on a terminal how far the queries of a report's panels are, in one line that it
// writes again and again. Elsewhere it shows nothing.
type progress struct {
	screen *screen
	now    func() time.Time

	mu      sync.Mutex // the line is also written while no panel starts or ends
	done    int
	total   int
	running []startedPanel // in the order in which they started

	rules, ofRules int // how many alerting rules are done
}

// startedPanel is a panel whose answer is awaited.
type startedPanel struct {
	index   int
	history bool
	name    string
	at      time.Time
}

// newProgress returns a progress that is shown on s, with the times of now.
func newProgress(s *screen, now func() time.Time) *progress {
	return &progress{screen: s, now: now}
}

// begin starts a report with a number of panels.
func (p *progress) begin(total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.total, p.running, p.rules, p.ofRules = 0, total, nil, 0, 0
}

// panel takes note of the start or the end of a panel, and returns how long an ended one took.
func (p *progress) panel(e snapshot.Event) (took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = max(p.total, e.Index+1) // a repeated panel of a dashboard counts as one before
	if e.Panel == nil {
		p.running = append(p.running, startedPanel{e.Index, e.History, label(e.Spec), p.now()})
	} else {
		if !e.History {
			p.done++
		}
		for i, s := range p.running {
			if s.index == e.Index && s.history == e.History {
				took = p.now().Sub(s.at)
				p.running = append(p.running[:i], p.running[i+1:]...)
				break
			}
		}
	}
	p.screen.status(p.line())
	return took
}

// rule takes note of the end of an alerting rule.
func (p *progress) rule(done, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.ofRules = done, of
	p.screen.status(p.line())
}

// line returns the line that is shown: the panel that has been awaited the longest.
func (p *progress) line() string {
	if len(p.running) == 0 && p.rules < p.ofRules {
		return fmt.Sprintf("rule %d of %d", p.rules+1, p.ofRules)
	}
	if len(p.running) == 0 {
		return ""
	}
	oldest := p.running[0]
	line := fmt.Sprintf("asking %d of %d panels: %s", p.done+1, p.total, oldest.name)
	if oldest.history {
		line = "asking for four weeks of " + oldest.name
	}
	if d := p.now().Sub(oldest.at).Truncate(time.Second); d > 0 {
		line += ", " + units.Span(d)
	}
	return line
}

// above calls write, which writes lines above the progress line.
func (p *progress) above(write func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.screen.status("")
	write()
	p.screen.status(p.line())
}

// start writes the line again each second, until stop is called. stop removes the line.
func (p *progress) start() (stop func()) {
	ticker, done := time.NewTicker(time.Second), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { p.each(ticker.C, done) })
	return func() {
		ticker.Stop()
		close(done)
		all.Wait()
		p.screen.status("")
	}
}

// each writes the line again at each tick.
func (p *progress) each(ticks <-chan time.Time, done <-chan struct{}) {
	for {
		select {
		case <-ticks:
			p.mu.Lock()
			p.screen.status(p.line())
			p.mu.Unlock()
		case <-done:
			return
		}
	}
}
