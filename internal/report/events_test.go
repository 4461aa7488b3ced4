package report_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// TestEventsHaveTimes checks the texts on kills in the last hour. The samples start at 09:00 the
// day before and are 20 minutes apart.
func TestEventsHaveTimes(t *testing.T) {
	counts := func(pairs ...int) []float64 { // first index and count, alternating
		v := make([]float64, 73)
		for i := 0; i < len(pairs); i += 2 {
			for j := pairs[i]; j < len(v); j++ {
				v[j] = float64(pairs[i+1])
			}
		}
		return v
	}
	born := func(v []float64, at int) []float64 {
		for i := range at {
			v[i] = math.NaN()
		}
		return v
	}
	for _, c := range []struct {
		name   string
		values []float64
		en, ko string
		age    string // in the table
	}{
		{"one", counts(70, 1), "p 1 OOM kill, at 08:20", "p OOM 종료 1회, 08:20", "at 08:20"},
		{
			"two", counts(70, 1, 71, 2), "p 2 OOM kills, last 08:40", "p OOM 종료 2회, 마지막 08:40",
			"last 08:40",
		},
		{
			"of a new pod", born(counts(71, 1), 71), "p 1 OOM kill, at 08:40", "p OOM 종료 1회, 08:40",
			"at 08:40",
		},
		{
			"one that has passed", counts(9, 1, 12, 0), "p 1 OOM kill, at 12:00",
			"p OOM 종료 1회, 12:00", "",
		},
		{
			"before the window", counts(0, 1, 2, 0), "p 1 OOM kill, before Sat 21 Nov 09:00",
			"p OOM 종료 1회, 11월 21일 (토) 09:00 이전", "",
		},
		{
			"time and again", counts(60, 1),
			"p up to 1 OOM kill in 1 h since 05:00, last 09:00",
			"p 1시간당 최대 OOM 종료 1회, 05:00부터, 마지막 09:00", "last 09:00",
		},
		{
			"all day", counts(0, 1), "p up to 1 OOM kill in 1 h for at least 24 h",
			"p 1시간당 최대 OOM 종료 1회, 24시간 이상 지속", "before 09:00",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for language, want := range map[words.Language]string{
				words.English: c.en, words.Korean: c.ko,
			} {
				r := eventReport(t, language, c.values)
				if len(r.Findings) != 1 {
					t.Fatalf("got %d findings, want 1", len(r.Findings))
				}
				f := &r.Findings[0]
				if got := strings.ReplaceAll(f.Sentence, "\u00a0", " "); got != want {
					t.Errorf("got  %q\nwant %q", got, want)
				}
				if got := r.FindingRow(f); language == words.English && c.age != "" &&
					(got.Lasted != "" || got.Since != c.age) {
					t.Errorf("table: got %q and %q, want only %q", got.Lasted, got.Since, c.age)
				}
				d := json.DocumentOf(r).Findings[0]
				if d.Since != nil || d.Until != nil || d.Lasted != 0 || d.Event == nil {
					t.Errorf("report.json: got %+v, want an event without since and lasted", d)
				}
			}
		})
	}
}

func eventReport(t *testing.T, language words.Language, values []float64) *report.Report {
	t.Helper()
	g := series.Grid{
		Start: reporttest.Slot.Add(-24 * time.Hour), Step: 20 * time.Minute, Len: len(values),
	}
	said := words.Counted{One: "%s OOM kill", Many: "%s OOM kills"}
	if language == words.Korean {
		said = words.Counted{One: "OOM 종료 %s회", Many: "OOM 종료 %s회"}
	}
	rule := rules.Rule{
		Name: "Killed", Critical: rules.At(0), NoData: rules.ResolveOnNoData, Within: time.Hour,
	}
	f := rules.Judge(rule, series.Series{
		Labels: series.FromMap(map[string]string{"pod": "p"}), Values: values,
	}, g)
	p := snapshot.Panel{
		Spec: panel.Spec{
			Name: "container-oom", Title: "Kills",
			Queries: []panel.Query{{Unit: units.Short}},
			Subject: "kills", Rules: []rules.Rule{rule},
			Events: &panel.Events{Within: time.Hour, Said: said},
		},
		Grid: g, Total: 1, Data: snapshot.DataComplete, Rows: []snapshot.Row{
			{Name: "p", Labels: f.Labels},
		},
		Findings: []snapshot.Finding{{Finding: f, Name: "p", Capacity: math.NaN()}},
	}
	in := reporttest.Info(t, nil)
	in.Language = language
	return report.Build(in, []snapshot.Panel{p})
}
