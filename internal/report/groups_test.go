package report_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// TestFailuresOfOneCause checks that panels that fail for one reason share a line, whatever numbers
// their errors have, and that many reasons give few lines.
func TestFailuresOfOneCause(t *testing.T) {
	failing := func(errs ...string) *report.Report {
		var ps []snapshot.Panel
		for i, e := range errs {
			ps = append(ps, snapshot.Panel{
				Spec: panel.Spec{Name: fmt.Sprint("p", i), Title: fmt.Sprint("Panel ", i)},
				Data: snapshot.DataFailed, Failure: snapshot.FailureOf(errors.New(e)),
			})
		}
		return report.Build(reporttest.Info(t, nil), ps)
	}
	failed := func(r *report.Report) (lines []string) {
		for _, l := range r.Summary() {
			if strings.HasPrefix(l, "FAILED") {
				lines = append(lines, l)
			}
		}
		return lines
	}
	for name, tc := range map[string]struct{ errs, want []string }{
		"one": {[]string{"no route"}, []string{"FAILED p0: no route"}},
		"alike": {
			[]string{"no route", "no route", "no route"}, []string{
				"FAILED p0 and 2 more: no route",
			},
		},
		"but figures": {
			[]string{"no answer after 59.8s, 1,204 samples", "no answer after 60s, 77 samples"},
			[]string{"FAILED p0 and 1 more: no answer after 59.8s, 1,204 samples"},
		},
		"two statuses": {
			[]string{"HTTP 502", "HTTP 504", "HTTP 502"}, []string{
				"FAILED p0 and 1 more: HTTP 502", "FAILED p1: HTTP 504",
			},
		},
		"many": {
			[]string{"a", "b", "c", "d", "e", "f", "g", "g"},
			[]string{
				"FAILED p0: a", "FAILED p1: b", "FAILED p2: c", "FAILED p3: d", "FAILED p4: e",
				"FAILED for other reasons: 3 more panels",
			},
		},
	} {
		if got := failed(failing(tc.errs...)); !slices.Equal(got, tc.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, tc.want)
		}
	}
}

// TestWarningsOfOneKind checks that a note on several answers is shown once.
func TestWarningsOfOneKind(t *testing.T) {
	of := func(name string, notes ...string) snapshot.Panel {
		p := snapshot.Panel{
			Spec: panel.Spec{Name: name, Title: "Panel " + name}, Data: snapshot.DataComplete,
		}
		for _, n := range notes {
			p.Notes = append(p.Notes, snapshot.NoteOf(snapshot.NoteAnswer, n))
		}
		return p
	}
	in := reporttest.Info(t, nil)
	in.Notes = []snapshot.Note{snapshot.NoteOf(snapshot.NoteAnswer, "of the run")}
	r := report.Build(in, []snapshot.Panel{
		of("a", "seldom", "old"), of("b", "seldom"), of("c", "of the run"),
	})
	var got []string
	for _, w := range r.WarningGroups() {
		got = append(got, strings.Join(w.Titles, ", ")+": "+w.Text)
	}
	if want := []string{
		": of the run", "Panel a, Panel b: seldom", "Panel a: old", "Panel c: of the run",
	}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFailureIsOnePrintableLine(t *testing.T) {
	r := report.Build(report.Info{}, []snapshot.Panel{
		{
			Spec: reporttest.Specs()[0],
			Failure: snapshot.FailureOf(errors.New("asking: connection\nrefused \x1b[31m; " +
				"forward the port")),
		},
	})
	if f := r.Failures[0]; f.Error != "asking: connection refused [31m; forward the port" {
		t.Errorf("got error %q, want it on one line", f.Error)
	}
}
