package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/words"
)

// Check is what Doctor found about one thing that a run needs.
type Check struct {
	Text  string   // in a few words: "Prometheus ok", "13/14 panels have data"
	Notes []string // advice about what does not stop a run
	Err   error    // nil: it works
	// Skipped says that it was not tried.
	Skipped bool
}

// Doctor tries everything that the runs of the configuration need: Prometheus, every panel, the
// receivers, the state. With send, it sends each receiver a message marked as a test; without, it
// contacts no receiver. It writes a state document of its own, so that it does not disturb a run.
// The returned error is an error in the configuration; what does not work is in the checks.
func Doctor(ctx context.Context, cfg *config.Config, o Options, send bool) ([]Check, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout,
		fmt.Errorf("doctor took longer than its timeout of %s; set a longer one with --timeout",
			o.Timeout))
	defer cancel()
	s, err := openSource(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	checks := s.examine(ctx)
	for _, r := range cfg.Receivers {
		checks = append(checks, tryReceiver(ctx, cfg, r, o, send))
	}
	if cfg.State != nil {
		checks = append(checks, tryState(ctx, cfg, o))
	}
	return checks, nil
}

// examine takes the snapshot of every report, and returns whether Prometheus answers and which
// panels have data.
func (s *Source) examine(ctx context.Context) []Check {
	// The remaining time is for the receivers and the state.
	snap, done := context.WithTimeoutCause(ctx, s.o.Timeout*3/4, errTimeout)
	defer done()
	server, err := s.client.Server(snap)
	var panels []snapshot.Panel
	var boards []Check
	for _, r := range s.snapshots(snap, server) {
		panels = append(panels, r.panels...)
		if r.info.Board != nil {
			boards = append(boards, checkBoard(r.config, r.info.Board))
		}
	}
	answered := len(panels) == 0
	for _, p := range panels {
		answered = answered || p.Data != snapshot.DataFailed
	}
	down := promapi.Unreachable(err)
	switch {
	case !answered:
		return []Check{{Text: "Prometheus failed", Err: panels[0].Failure}}
	case len(panels) == 0 && down != nil:
		return []Check{{Text: "Prometheus failed", Err: down}}
	}
	ok := Check{Text: "Prometheus ok"}
	if server.Version != "" {
		ok.Text += " (" + server.Version + ")"
	}
	for _, p := range panels {
		if !p.Partial.IsZero() {
			ok.Text = "Prometheus gives incomplete answers"
			ok.Err = fmt.Errorf("the answers are incomplete, so nothing is reported as missing "+
				"or resolved: %s", report.SayNote(words.English, p.Partial))
			break
		}
	}
	checks := []Check{ok}
	stores, err := s.client.Stores(snap)
	if err != nil {
		checks[0].Notes = append(checks[0].Notes, fmt.Sprintf("cannot list the stores behind it, "+
			"so a store that is down would not be noticed: %v", err))
	}
	if len(stores) > 0 {
		checks = append(checks, checkStores(stores))
	}
	if len(panels) > 0 || len(boards) == 0 {
		checks = append(checks, checkPanels(panels))
	}
	return append(checks, boards...)
}

// checkBoard counts the panels of a report's dashboard that have data. That some have none is
// normal: dashboards are made for more than one kind of machine.
func checkBoard(r config.Report, b *board.Board) Check {
	const most = 5 // failures that are named
	answered, asked := report.AnsweredPanels(b)
	c := Check{
		Text:  fmt.Sprintf("%d/%d panels of the dashboard of %s have data", answered, asked, r.Name),
		Notes: b.Notes,
	}
	var failed []string
	for _, why := range b.Failures {
		failed = append(failed, "a variable of the dashboard: "+why)
	}
	for _, p := range b.Panels {
		for _, f := range p.Failures {
			if f.Sent {
				failed = append(failed, fmt.Sprintf("panel %s: query %s: %s",
					cmp.Or(outside.Said(p.Title, 80), p.Name), f.Ref, f.Reason))
			}
		}
	}
	var errs []error
	for _, why := range failed[:min(len(failed), most)] {
		errs = append(errs, errors.New(why))
	}
	switch more := len(failed) - most; {
	case more > 0:
		errs = append(errs, fmt.Errorf("and %d more queries of the dashboard failed", more))
	case answered == 0 && len(failed) == 0:
		errs = append(errs, fmt.Errorf("no panel of the dashboard has data: promsnap dashboard "+
			"explain %s -c FILE shows the values of its variables and, with --queries, its queries",
			r.Name))
	}
	c.Err = errors.Join(errs...)
	return c
}

// checkStores returns which stores of a Thanos are down. Without them every answer is incomplete.
func checkStores(stores []promapi.Store) Check {
	c := Check{Notes: []string{
		"Thanos: name every store with --endpoint-strict=HOST:PORT. Query drops any other store " +
			"that it cannot reach and gives no warning: then nobody can see that answers are " +
			"incomplete.",
	}}
	var errs []error
	for _, s := range stores {
		if s.Down != "" {
			errs = append(errs, fmt.Errorf("the %s at %s is down: %s; without it answers are "+
				"incomplete; check that it runs and that Thanos Query can reach that address",
				s.Kind, s.Name, s.Down))
		}
	}
	c.Text, c.Err = fmt.Sprintf("%d/%d stores up", len(stores)-len(errs), len(stores)),
		errors.Join(errs...)
	return c
}

// checkPanels counts the panels of all reports, each name once. A panel has data if it has data in
// every report. Panels that reports leave out are not counted, but have a note.
func checkPanels(panels []snapshot.Panel) Check {
	var c Check
	var errs []error
	lacks := map[string]bool{}
	without, leftOut := 0, 0
	for _, p := range panels {
		name, seen := p.Spec.Name, lacks[p.Spec.Name]
		lacks[name] = seen || p.Data == snapshot.DataFailed || p.Data == snapshot.DataAbsent
		if seen || !lacks[name] {
			continue
		}
		without++
		if p.Spec.Optional && p.Data == snapshot.DataAbsent {
			leftOut++
		}
		switch {
		case p.Failure != nil:
			errs = append(errs, fmt.Errorf("panel %s: %w", name, p.Failure))
		case len(p.Missing) > 0:
			c.Notes = append(c.Notes,
				strings.TrimSpace(fmt.Sprintf("panel %s: Prometheus does not have %s. %s", name,
					strings.Join(p.Missing, ", "), report.HintOf(&p, words.English))))
		default:
			c.Notes = append(c.Notes,
				strings.TrimSpace(fmt.Sprintf("panel %s: the answer is empty. %s", name,
					p.Spec.Hint)))
		}
	}
	c.Text = fmt.Sprintf("%d/%d panels have data", len(lacks)-without, len(lacks)-leftOut)
	if without == len(lacks) && len(lacks) > 0 && len(errs) == 0 {
		errs = append(errs, errors.New("no panel has data: check that this is the Prometheus of "+
			"the cluster and that prometheus.matchers match its labels"))
	}
	c.Err = errors.Join(errs...)
	return c
}

// tryReceiver sends a test to a receiver if send is set.
func tryReceiver(ctx context.Context, cfg *config.Config, r config.Receiver, o Options,
	send bool) Check {
	kind := kinds[r.Kind].title
	who := kind
	if !strings.EqualFold(kind, r.Name) {
		who += " " + r.Name
	}
	if !send {
		return Check{Text: who + " not tried", Skipped: true}
	}
	receipt, err := Test(ctx, cfg, r.Name, o)
	switch {
	case err != nil:
		return Check{Text: who + " failed", Err: err}
	case r.Role == config.RoleArchive && receipt.Location != "":
		return Check{Text: who + " ok, test report kept"}
	}
	return Check{Text: who + " ok, test message sent"}
}

// tryState reads the state of each report, and writes a document that belongs to no report.
func tryState(ctx context.Context, cfg *config.Config, o Options) Check {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := func() error {
		there, err := OpenState(ctx, cfg.State, o.Kubernetes)
		if err != nil {
			return err
		}
		store := state.ByClock{Store: there, Now: o.Now}
		for _, r := range cfg.Reports {
			if k := (state.Key{Cluster: cfg.Cluster, Report: r.Name}); r.Send != "" {
				if _, _, err := store.Load(ctx, k); err != nil {
					return fmt.Errorf("reading the state of %s: %w", k, err)
				}
			}
		}
		k := state.Key{Cluster: cfg.Cluster, Report: testName}
		doc, version, err := store.Load(ctx, k)
		if err != nil {
			return fmt.Errorf("reading the state of %s: %w", k, err)
		}
		if _, err := store.Save(ctx, k, doc, version); err != nil &&
			!errors.Is(err, state.ErrConflict) {
			// another doctor was quicker, so the state can be written
			return fmt.Errorf("writing the state of %s: %w", k, err)
		}
		return nil
	}()
	if err != nil {
		return Check{Text: "state failed", Err: err}
	}
	return Check{Text: "state ok"}
}
