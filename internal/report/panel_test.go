package report

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

func TestLinksThatAreNone(t *testing.T) {
	for _, address := range []string{
		"javascript:alert(1)", "data:text/html,x", "ftp://example.com", "//example.com",
		"example.com", "", "http://",
	} {
		if got := graphURL(address, &snapshot.Panel{Exprs: []string{"up"}}); got != "" {
			t.Errorf("%q: got link %s, want none", address, got)
		}
	}
	p := snapshot.Panel{
		Exprs: []string{`up{a="&b"}`}, Grid: series.Grid{
			Start: time.Date(2026, 11, 20, 23, 58, 0, 0, time.UTC), Step: 2 * time.Minute, Len: 721,
		},
	}
	want := "https://prometheus.example.com/prom/graph?g0.end_input=2026-11-21+23%3A58%3A00&g0.expr=up%7Ba%3D%22%26b%22%7D&g0.range_input=1d&g0.step_input=120&g0.tab=0"
	if got := graphURL("https://user:secret@prometheus.example.com/prom/", &p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A panel whose chart shows an ended streak does not say that all was OK.
func TestPanelSaysWhatHasEnded(t *testing.T) {
	w := wordingIn(words.English)
	p := &snapshot.Panel{
		Spec: panel.Spec{Rules: []rules.Rule{{Name: "r"}}}, Data: snapshot.DataComplete,
	}
	past := Finding{Status: rules.OK}
	for _, c := range []struct {
		name  string
		found []Finding
		want  string
	}{
		{"nothing", nil, "all OK"},
		{"two that ended", []Finding{past, past}, "OK now, 2 ended"},
		{
			"one of two", []Finding{{Status: rules.Breach, Severity: rules.Critical}, past},
			"1 critical",
		},
	} {
		if _, said := w.panelState(p, c.found); said != c.want {
			t.Errorf("%s: got %q, want %q", c.name, said, c.want)
		}
	}
}
