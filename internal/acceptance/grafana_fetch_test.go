//go:build acceptance

package acceptance

import (
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	dashboard "github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/ask"
	"github.com/promsnap/promsnap/internal/grafana/fetch"
	"github.com/promsnap/promsnap/internal/grafana/fetch/grafanadouble"
	"github.com/promsnap/promsnap/internal/promapi"
)

// TestGrafanaNodeExporterFull gets dashboard 1860 from a double of grafana.com, resolves its
// variables against Debian's Prometheus and node_exporter, and sends each of its queries.
func TestGrafanaNodeExporterFull(t *testing.T) {
	t.Parallel()
	file := realDashboard(t, nodeExporterFull)
	double := grafanadouble.Start("")
	t.Cleanup(double.Close)
	double.Publish(1860, string(file))
	public, err := url.Parse(double.URL())
	if err != nil {
		t.Fatal(err)
	}
	from, err := fetch.New(fetch.Options{Public: public})
	if err != nil {
		t.Fatal(err)
	}
	got, err := from.Get(t.Context(), fetch.Ref{Number: 1860})
	if err != nil {
		t.Fatal(err)
	}

	s, instance := startMachine(t)
	at, _ := awaitStep(t, s, instance, time.Second)
	base, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	client, err := promapi.New(base, http.DefaultTransport, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := dashboard.Window{From: at.Add(-time.Hour), To: at}
	values, err := got.Board.Resolve(t.Context(), ask.New(client, w), nil, w)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"job": "node", "nodename": host, "node": instance} {
		v := values.Get(name)
		if v == nil || v.Problem != "" || len(v.Selected) != 1 || v.Selected[0].Value != want {
			t.Errorf("%s: got %+v, want %s", name, v, want)
		}
	}
	plan := got.Board.Plan(values, dashboard.Request{Width: 1000})
	sent, answered := 0, 0
	for _, p := range plan.Panels {
		for _, q := range p.Queries {
			if q.Problem != "" {
				t.Errorf("%s: %s: got problem %q, want none", p.Title, q.Expr, q.Problem)
				continue
			}
			sent++
			samples, _, err := client.Instant(t.Context(), promapi.Instant{Expr: q.Expr, Time: at})
			if err != nil {
				t.Errorf("%s: %s: got error %v, want none", p.Title, q.Expr, err)
			}
			if len(samples) > 0 {
				answered++
			}
		}
	}
	t.Logf("%d panels, %d queries, %d with data", len(plan.Panels), sent, answered)
	if len(plan.Panels) < 100 || sent < 250 || answered < 100 {
		t.Errorf("got %d panels, %d queries, %d with data; want at least 100, 250 and 100",
			len(plan.Panels), sent, answered)
	}
}
