package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// A report queries four weeks for its forecasts, unless it only sends what changed. Then it asks
// for the panels whose rules need it, for two days more.
func TestHistoryIsTaken(t *testing.T) {
	t.Parallel()
	const reports = `
version: 1
cluster: test
prometheus: {}
receivers: [{name: files, dir: {path: %q}}, {name: team, slack: {channel: C0123456789}}]
reports:
  - {name: daily, range: 24h, panels: [{use: node-disk}, {use: node-memory}, {use: coverage}]}
  - {name: calm, trends: false, panels: [{use: node-disk}]}
  - {name: check, range: 1h, send: changes, receivers: [team], panels: [{use: node-disk}]}
  - name: fills
    range: 1h
    send: changes
    receivers: [team]
    panels:
      - use: node-disk
        rules: [{alertname: DiskFills, full_in: {warning: 7d}}]
      - use: node-inodes
state: {dir: %q}
`
	inner := newLab(t)
	var mu sync.Mutex
	var queries []string
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		start := r.Form.Get("start")
		if start == fmt.Sprint(slot.Add(-672*time.Hour).Unix()) ||
			start == fmt.Sprint(slot.Add(-(672+49)*time.Hour).Unix()) {
			mu.Lock()
			queries = append(queries, r.Form.Get("step"))
			mu.Unlock()
		}
		inner.ServeHTTP(w, r)
	}))
	dir := t.TempDir()
	for _, tc := range []struct {
		report string
		panels []string
	}{
		{"daily", []string{"node-disk", "node-memory"}}, {"calm", nil}, {"check", nil},
		{"fills", []string{"node-disk"}},
	} {
		queries = nil
		var began, ended []string
		a, err := app.New(t.Context(), load(t, url, fmt.Sprintf(reports, dir, dir)), app.Options{
			Reports: []string{tc.report}, Slot: slot, Timeout: 10 * time.Minute, Now: time.Now,
			To: app.Files{Dir: dir}, Progress: func(_ string, e snapshot.Event) {
				switch {
				case e.History && e.Panel == nil:
					began = append(began, e.Spec.Name)
				case e.History:
					ended = append(ended, e.Spec.Name)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		o := a.Run(t.Context())
		if o.Failed() {
			t.Fatalf("%s: got %+v, want no failure", tc.report, o)
		}
		slices.Sort(began)
		slices.Sort(ended)
		if !slices.Equal(began, tc.panels) || !slices.Equal(ended, tc.panels) {
			t.Errorf("%s: got the history of %q begun and of %q ended, want of %q", tc.report,
				began, ended, tc.panels)
		}
		if len(queries) != len(tc.panels) || slices.ContainsFunc(queries, func(s string) bool {
			return s != "3600"
		}) {
			t.Errorf("%s: got queries with the steps %q, want %d of an hour", tc.report, queries,
				len(tc.panels))
		}
		r := o.Results[0].Report
		if tc.report != "daily" && len(r.Up)+len(r.Down) > 0 {
			t.Errorf("%s: got %d changes up and %d down, want none", tc.report, len(r.Up),
				len(r.Down))
		}
		for _, p := range r.Panels {
			if has := p.History != nil; has != slices.Contains(tc.panels, p.Spec.Name) {
				t.Errorf("%s: got a history of %s: %v", tc.report, p.Spec.Name, has)
			}
		}
	}
}
