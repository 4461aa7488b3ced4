package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

var nine = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// newSummary returns the recipients of a check every five minutes and a summary at nine.
func newSummary(t *testing.T, daily string) *recipients {
	t.Helper()
	cfg, err := config.Load("promsnap.yaml", fmt.Appendf(nil, `
version: 1
cluster: prod
prometheus: {url: http://p}
reports:
  - {name: check, range: 1h, schedule: "*/5 * * * *", send: changes, receivers: [team], panels: [{use: node-memory}]}
  - {name: daily, send: summary, receivers: [team], panels: [{use: node-memory}], %s}
receivers: [{name: team, slack: {channel: C0123456789}}]
state: {dir: '%s'}
`, daily, filepath.Join(t.TempDir(), "state")), config.Options{Builtin: panels.In})
	if err != nil {
		t.Fatal(err)
	}
	store, err := OpenState(t.Context(), cfg.State, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &recipients{cfg: cfg, store: store, o: Options{Timeout: time.Minute}}
}

// evaluated returns a page with evaluated slots from first on and before a time, without the
// missing ones. The failed ones saw nothing.
func evaluated(first, before time.Time, every time.Duration, missing,
	failed func(time.Time) bool) notify.Page {
	p := notify.Page{
		Ledger: notify.Ledger{Receivers: map[string]notify.Entry{"team": {First: first}}},
	}
	for at := first; at.Before(before); at = at.Add(every) {
		if missing != nil && missing(at) {
			continue
		}
		now := rules.Evaluation{
			Rules: []rules.RuleResult{
				{ID: rules.RuleID{Panel: "p", Rule: "r"}, Data: rules.DataComplete},
			},
		}
		if failed != nil && failed(at) {
			now.Rules[0].Data = rules.DataFailed
		}
		p.Memory = rules.Advance(p.Memory, now, at)
	}
	return p
}

func between(from, to time.Time) func(time.Time) bool {
	return func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
}

func at(hours, minutes int) time.Time {
	return nine.Add(time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
}

// said compares what a history says.
var said = cmpopts.IgnoreUnexported(notify.History{})

func TestHistoryOfAnotherReport(t *testing.T) {
	const every = 5 * time.Minute
	two := func(a, b func(time.Time) bool) func(time.Time) bool {
		return func(t time.Time) bool { return a(t) || b(t) }
	}
	yesterday := evaluated(at(-24, 0), nine, 24*time.Hour, nil, nil) // the summary's own page
	for name, tc := range map[string]struct {
		check notify.Page
		own   notify.Page
		want  notify.History
	}{
		"whole": {
			evaluated(at(-40, 0), nine, every, nil, nil), yesterday,
			notify.History{Ran: 288, Scheduled: 288},
		},
		"missed": {
			evaluated(at(-40, 0), nine, every, between(at(-7, 10), at(-7, 25)), nil), yesterday,
			notify.History{
				Ran: 285, Scheduled: 288, Blind: []notify.Span{{From: at(-7, 10), To: at(-7, 25)}},
			},
		},
		"missed, then blind": {
			evaluated(at(-40, 0), nine, every, between(at(-7, 10), at(-7, 15)),
				two(between(at(-7, 15), at(-7, 25)), between(at(-1, 0), at(-1, 5)))), yesterday,
			notify.History{
				Ran: 287, Scheduled: 288, Blind: []notify.Span{
					{From: at(-7, 10), To: at(-7, 25)}, {From: at(-1, 0), To: at(-1, 5)},
				},
			},
		},
		"the newest are missing": {
			evaluated(at(-40, 0), at(-1, 0), every, nil, nil), yesterday,
			notify.History{
				Ran: 276, Scheduled: 288, Blind: []notify.Span{{From: at(-1, 0), To: nine}},
			},
		},
		"since an hour": {
			evaluated(at(-1, 0), nine, every, nil, nil), yesterday, notify.History{
				Since: at(-1, 0), First: true, Ran: 12, Scheduled: 12,
			},
		},
		"quiet since an hour": { // nothing was sent yet
			notify.Page{Memory: evaluated(at(-1, 0), nine, every, nil, nil).Memory}, yesterday,
			notify.History{Since: at(-1, 0), First: true, Ran: 12, Scheduled: 12},
		},
		"since an hour, one missed": {
			evaluated(at(-1, 0), nine, every, between(at(0, -30), at(0, -25)), nil), notify.Page{},
			notify.History{
				Since: at(-1, 0), First: true, Ran: 11, Scheduled: 12, Blind: []notify.Span{
					{From: at(0, -30), To: at(0, -25)},
				},
			},
		},
		"back after a week": { // its receiver is known for longer
			notify.Page{
				Memory: evaluated(at(-1, 0), nine, every, nil, nil).Memory,
				Ledger: evaluated(at(-200, 0), at(-190, 0), every, nil, nil).Ledger,
			}, yesterday,
			notify.History{
				Ran: 12, Scheduled: 288, Blind: []notify.Span{{From: at(-24, 0), To: at(-1, 0)}},
			},
		},
		"never": {notify.Page{}, yesterday, notify.History{NoCheckYet: true}},
		"never, nor this": {
			notify.Page{}, notify.Page{}, notify.History{NoCheckYet: true, Since: at(-24, 0)},
		},
		"the first summary": {
			evaluated(at(-40, 0), nine, every, nil, nil), notify.Page{}, notify.History{
				Since: at(-24, 0), Ran: 288, Scheduled: 288,
			},
		},
		"checks that are newer": { // the summary is late
			evaluated(at(-24, 0), at(30, 0), every, nil, nil), yesterday, notify.History{
				Since: at(-18, -5).Add(1), Ran: 216, Scheduled: 216,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newSummary(t, `schedule: "0 9 * * *", history_from: check`)
			if tc.check.Memory.Slot != (time.Time{}) {
				if _, err := a.store.Save(t.Context(), state.Key{Cluster: "prod", Report: "check"},
					state.Doc{Page: tc.check}, ""); err != nil {
					t.Fatal(err)
				}
			}
			got, err := a.history(t.Context(), a.cfg.Reports[1], nine, tc.own)
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Alerts = &notify.AlertCount{}
			if diff := cmp.Diff(&tc.want, got, said); diff != "" {
				t.Errorf("diff (-want +got):\n%s", diff)
			}
			if h, err := a.history(t.Context(), a.cfg.Reports[0], nine, tc.check); h != nil ||
				err != nil {
				t.Errorf("a report of changes: got %+v, %v; want no history", h, err)
			}
		})
	}
}

// A summary without history_from counts its own slots if some were missed.
func TestHistoryOfItsOwn(t *testing.T) {
	a := newSummary(t, `schedule: "0 */6 * * *"`)
	daily := a.cfg.Reports[1]
	every := 6 * time.Hour
	noon := at(3, 0)
	for name, tc := range map[string]struct {
		own  notify.Page
		want *notify.History
	}{
		"the first of all": {notify.Page{}, nil},
		"none missed":      {evaluated(at(-33, 0), noon, every, nil, nil), nil},
		"two missed": {
			evaluated(at(-33, 0), at(-10, 0), every, nil, nil),
			&notify.History{Ran: 1, Scheduled: 3},
		},
		"all missed that are remembered": {
			notify.Page{
				Ledger: notify.Ledger{
					Receivers: map[string]notify.Entry{"team": {First: at(-500, 0)}},
				}, Memory: rules.Memory{Slot: noon},
			},
			&notify.History{Since: at(-45, 0).Add(1), Ran: 1, Scheduled: 8},
		},
	} {
		got, err := a.history(t.Context(), daily, noon, tc.own)
		if diff := cmp.Diff(tc.want, got, said); diff != "" || err != nil {
			t.Errorf("%s: got error %v, diff (-want +got):\n%s", name, err, diff)
		}
	}
	// Without a schedule it is unknown what was missed.
	a = newSummary(t, `range: 24h`)
	if got, err := a.history(t.Context(), a.cfg.Reports[1], noon,
		evaluated(at(-33, 0), at(-10, 0), every, nil, nil)); got != nil || err != nil {
		t.Errorf("got %+v, %v; want none", got, err)
	}
}

// unreadable is a store that cannot be read.
type unreadable struct{ state.Store }

func (unreadable) Load(_ context.Context, k state.Key) (state.Doc, state.Version, error) {
	return state.Doc{}, "", errors.New("no route to host")
}

func TestHistoryThatCannotBeRead(t *testing.T) {
	a := newSummary(t, `schedule: "0 9 * * *", history_from: check`)
	a.store = unreadable{a.store}
	h, err := a.history(t.Context(), a.cfg.Reports[1], nine, notify.Page{})
	if h != nil || err == nil || !strings.Contains(err.Error(), "reading the state of check, so "+
		"the summary cannot say how its checks went: no route to host") {
		t.Errorf("got %+v, %v; want an error of the state", h, err)
	}
}
