package backtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// TestSimulatedMonth checks that the alerts of the simulated cluster come out by number, as the
// documentation of package lab has them, and that the proposal leaves out the short peaks.
func TestSimulatedMonth(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	l, err := lab.New(lab.Options{Now: now, Tame: true})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(l.Handler())
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := promapi.New(u, http.DefaultTransport, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := panels.All()
	spec := all[slices.IndexFunc(all, func(s panel.Spec) bool { return s.Name == "node-memory" })]
	spec.Step = 5 * time.Minute
	r, err := Run(context.Background(), client, spec, "", Options{
		Report: "check", Since: 30 * 24 * time.Hour, Slots: every(10 * time.Minute),
		Levels: []float64{0.82, 0.85, 0.9}, Query: snapshot.Options{
			Slot: now, Range: time.Hour, ScrapeInterval: time.Minute, MaxSeries: 1000,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[float64][2]int{0.80: {35, 13}, 0.82: {21, 13}, 0.85: {4, 4}, 0.90: {4, 4}}
	for _, c := range r.Candidates {
		if w, ok := want[c.Level]; ok {
			delete(want, c.Level)
			if c.Alerts != w[0] || c.Objects != w[1] {
				t.Errorf("%v: got %d alerts of %d nodes, want %d of %d", c.Level, c.Alerts,
					c.Objects, w[0], w[1])
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("got no counts of the levels %v:\n%s", want, rows(r))
	}
	if r.Proposed < 0 || r.Candidates[r.Proposed].Level < 0.84 ||
		r.Candidates[r.Proposed].PerWeek > 1.5 {
		t.Errorf("want a proposal that alerts about once a week, got\n%s", rows(r))
	}
}
