package dashboard_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/dashboard"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/testdata/dashboards"
)

var (
	panelName  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,99}$`)
	unresolved = regexp.MustCompile(`\$\{?[A-Za-z_]|\[\[`)
)

// Real dashboards run over a server that answers everything and over a simulated cluster: no panel
// is lost, no query has a variable in it, and every panel has its answers.
func TestRealDashboards(t *testing.T) {
	files := dashboards.Files(t)
	slot := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	cluster, err := lab.New(lab.Options{Now: slot, Nodes: 3, Profile: lab.KPS})
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]http.Handler{"double": &double{}, "lab": cluster.Handler()} {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		client := clientOf(t, srv.URL)
		for file, data := range files {
			b, err := grafana.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			p := dashboard.New(t.Context(), client, b, dashboard.Options{
				End: slot, Range: 3 * time.Hour, Scrape: 30 * time.Second,
			})
			events := 0
			got := p.Run(t.Context(), func(dashboard.Event) { events++ })
			where := name + ": " + file
			checkBoard(t, where, b, got)
			if events != 2*len(got.Panels) {
				t.Errorf("%s: got %d events, want two for each of %d panels", where, events,
					len(got.Panels))
			}
			checkAnswers(t, where, got, name == "double")
		}
	}
}

// checkBoard checks that nothing of a file is lost.
func checkBoard(t *testing.T, where string, b *grafana.Dashboard, got *board.Board) {
	t.Helper()
	if len(got.Verdicts) != len(b.Panels) {
		t.Errorf("%s: got %d verdicts, want one for each of %d panels", where, len(got.Verdicts),
			len(b.Panels))
	}
	drawn, names := map[int]bool{}, map[string]bool{}
	for _, p := range got.Panels {
		drawn[p.ID] = true
		if names[p.Name] || !panelName.MatchString(p.Name) {
			t.Errorf("%s: got name %q, want one of [a-z0-9-] that no other panel has", where, p.Name)
		}
		names[p.Name] = true
		if p.Row < -1 || p.Row >= len(got.Rows) {
			t.Errorf("%s: panel %s: got row %d of %d", where, p.Name, p.Row, len(got.Rows))
		}
	}
	for _, v := range got.Verdicts {
		hidden := strings.Contains(v.Reason, "Grafana hides it")
		if want := v.Status != grafana.LeftOut && !hidden; want != drawn[v.ID] {
			t.Errorf("%s: panel %d %q is %s: got drawn %v, want %v", where, v.ID, v.Title, v.Status,
				drawn[v.ID], want)
		}
	}
}

// checkAnswers checks the queries that were sent. If the server answers everything, every panel has
// data.
func checkAnswers(t *testing.T, where string, got *board.Board, all bool) {
	t.Helper()
	if len(got.Failures) > 0 {
		t.Errorf("%s: got failures of variables %q, want none", where, got.Failures)
	}
	answered := 0
	for _, p := range got.Panels {
		for _, q := range p.Queries {
			if unresolved.MatchString(strings.ReplaceAll(q.Expr, "$1", "")) {
				t.Errorf("%s: panel %s: sent %q, want no variable in it", where, p.Name, q.Expr)
			}
			if _, err := panel.Parser().ParseExpr(q.Expr); err != nil {
				t.Errorf("%s: panel %s: sent %q, want PromQL: %v", where, p.Name, q.Expr, err)
			}
		}
		for _, f := range p.Failures {
			if f.Sent {
				t.Errorf("%s: panel %s: query %s failed: %s", where, p.Name, f.Ref, f.Reason)
			}
		}
		if p.Answered {
			answered++
		} else if all && len(p.Queries) > 0 {
			t.Errorf("%s: panel %s has no data, want some: every query has an answer", where, p.Name)
		}
	}
	t.Logf("%s: %d of %d panels have data", where, answered, len(got.Panels))
}
