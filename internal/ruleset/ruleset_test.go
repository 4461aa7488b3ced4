package ruleset

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// end is the newest evaluation of the tests.
var end = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// held is a series of a query: its labels, and the minutes before end in which it has samples.
type held struct {
	labels   series.Labels
	from, to int // minutes before end; to is the newer one
}

// fake answers range queries with held series.
type fake struct {
	answers map[string][]held // by PromQL
	fails   map[string]error
	partial map[string]bool
	present map[string]bool
	most    int // points of an answer; 0: any number
	mu      sync.Mutex
	asked   []promapi.Query
}

func (f *fake) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	f.mu.Lock()
	f.asked = append(f.asked, q)
	f.mu.Unlock()
	meta := promapi.Meta{Grid: q.Grid, Expr: q.Expr, Partial: f.partial[q.Expr]}
	if err := f.fails[q.Expr]; err != nil {
		return meta, err
	}
	if f.most > 0 && q.Grid.Len > f.most {
		return meta, &promapi.Error{Kind: promapi.KindTooMuch, Message: "too many points"}
	}
	for _, h := range f.answers[q.Expr] {
		values := make([]float64, q.Grid.Len)
		has := false
		for i := range values {
			values[i] = math.NaN()
			before := int(end.Sub(q.Grid.At(i)) / time.Minute)
			if before <= h.from && before >= h.to {
				values[i], has = 1, true
			}
		}
		if !has {
			continue
		}
		if err := each(series.Series{Labels: h.labels, Values: values}); err != nil {
			return meta, err
		}
	}
	return meta, nil
}

func (f *fake) Present(_ context.Context, names []string, _, _ time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	for _, name := range names {
		out[name] = f.present[name]
	}
	return out, nil
}

// parse returns the groups of a rule file.
func parse(t *testing.T, rules string) []rulefile.Group {
	t.Helper()
	groups, err := rulefile.Parse("test.yml", []byte("groups:\n- name: g\n  rules:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func (f *fake) run(t *testing.T, at time.Time, rules string) *Result {
	t.Helper()
	return Run(t.Context(), f, parse(t, rules), nil, Options{End: at, Range: 2 * time.Hour})
}

// summary returns each rule with its outcome and the episodes of its alerts, in minutes before end.
func summary(res *Result) string {
	minutes := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return fmt.Sprint(int(end.Sub(t) / time.Minute))
	}
	var lines []string
	for _, r := range res.Rules {
		line := r.Alert + " " + string(r.Outcome())
		for _, a := range r.Alerts {
			line += " " + a.Name
			for _, e := range a.Episodes {
				line += fmt.Sprintf("[%s %s %s]", minutes(e.ActiveSince), minutes(e.FiredAt),
					minutes(e.Ended))
			}
		}
		if len(r.Missing) > 0 {
			line += " lacks " + strings.Join(r.Missing, " ")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

var pod = series.FromPairs("__name__", "up", "namespace", "shop", "pod", "web-1")

func TestRun(t *testing.T) {
	f := &fake{
		answers: map[string][]held{
			"up == 0":            {{pod, 30, 0}, {series.FromPairs("pod", "web-2"), 60, 50}},
			"up == 1":            {{pod, 5, 0}},
			"up == 2":            {{pod, 90, 80}, {pod, 40, 20}},
			"up == 3":            {{pod, 500, 200}},
			"avg(up) > bool 2":   {{nil, 3, 0}},
			"long == 1":          {{pod, 5000, 0}},
			"(sum(up)) > bool 2": {{nil, 1, 0}},
		},
		fails:   map[string]error{"up == 4": errors.New("refused")},
		present: map[string]bool{"up": true, "long": true},
	}
	got := summary(f.run(t, end, `
  - {alert: Fires, expr: up == 0, for: 10m}
  - {alert: Pends, expr: up == 1, for: 10m}
  - {alert: Ended, expr: up == 2}
  - {alert: Before, expr: up == 3}
  - {alert: Fails, expr: up == 4}
  - {alert: Lacks, expr: absent_metric > 1}
  - {alert: Quiet, expr: up == 5}
  - {alert: Long, expr: long == 1, for: 30m}
  - {alert: Keeps, expr: up == 2, keep_firing_for: 5m}
`))
	want := strings.TrimSpace(`
Fires firing shop/web-1[30 20 -] web-2[60 50 49]
Pends pending shop/web-1[5 - -]
Ended ended shop/web-1[90 90 79][40 40 19]
Before quiet
Fails failed
Lacks lacking lacks absent_metric
Quiet quiet
Long firing shop/web-1[150 120 -]
Keeps ended shop/web-1[90 90 74][40 40 14]`)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestYoungServer runs rules that have a series without data on a server that is younger than the
// range: nothing fired before its history.
func TestYoungServer(t *testing.T) {
	answers := map[string][]held{
		"absent(x)":                 {{nil, 5000, 30}},
		"(sum(x) or vector(0)) < 1": {{nil, 5000, 0}},
	}
	const file = `
  - {alert: Absent, expr: absent(x), for: 10m}
  - {alert: Few, expr: (sum(x) or vector(0)) < 1}
`
	for name, tt := range map[string]struct {
		up   []held
		want string
	}{
		"young":   {[]held{{nil, 60, 0}}, "Absent ended [60 50 29]\nFew firing [60 60 -]"},
		"old":     {[]held{{nil, 5000, 0}}, "Absent ended [130 120 29]\nFew firing [120 120 -]"},
		"unknown": {nil, "Absent ended [130 120 29]\nFew firing [120 120 -]"},
		"between": {[]held{{nil, 58, 0}}, "Absent ended [58 48 29]\nFew firing [58 58 -]"},
		"minutes": {[]held{{nil, 3, 0}}, "Absent quiet\nFew firing [3 3 -]"},
		"newest":  {[]held{{nil, 0, 0}}, "Absent quiet\nFew firing [0 0 -]"},
	} {
		t.Run(name, func(t *testing.T) {
			answers["group(up)"] = tt.up
			f := &fake{answers: answers, present: map[string]bool{"x": true}}
			if got := summary(f.run(t, end, file)); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestRecordedMetrics(t *testing.T) {
	const file = `
  - {record: "job:up:sum", expr: sum(up)}
  - {alert: A, expr: "job:up:sum > 2"}
`
	f := &fake{present: map[string]bool{"up": true, "job:up:sum": true}}
	if got := f.run(t, end, file).Rules[0].Expr; got != "job:up:sum > 2" {
		t.Errorf("recorded: got %q, want the recorded metric", got)
	}
	f = &fake{present: map[string]bool{"up": true}}
	if got := f.run(t, end, file).Rules[0].Expr; strings.Contains(got, "job:up:sum") ||
		!strings.Contains(got, "sum(up)") {
		t.Errorf("not recorded: got %q, want sum(up) in place of the metric", got)
	}
}

// TestLargeAnswers runs a rule with more samples than are kept at once: the range is queried in
// parts, with the same episodes.
func TestLargeAnswers(t *testing.T) {
	var many []held
	for i := range 20_000 {
		many = append(many, held{series.FromPairs("pod", fmt.Sprint(i)), 3, 1})
	}
	f := &fake{answers: map[string][]held{"up == 0": many}}
	res := Run(t.Context(), f, parse(t, "  - {alert: A, expr: up == 0}\n"), nil, Options{
		End: end, Range: 24 * time.Hour, MaxSeries: 100_000,
	})
	if r := res.Rules[0]; len(r.Alerts) != 20_000 || r.Failure != nil || len(f.asked) < 3 {
		t.Errorf("got %d alerts in %d queries, %v; want 20000 in several", len(r.Alerts),
			len(f.asked), r.Failure)
	}
	if n := len(res.Panels()[0].Lines); n != topLines {
		t.Errorf("got %d lines, want %d", n, topLines)
	}
}

// TestLimitedServer runs a rule on servers that limit the points of an answer.
func TestLimitedServer(t *testing.T) {
	answers := map[string][]held{"up == 0": {{series.FromPairs("pod", "a"), 100, 20}}}
	for most, want := range map[int]string{
		0: "A ended a[100 95 19]", 70: "A ended a[100 95 19]", 3: "A failed",
	} {
		f := &fake{answers: answers, most: most}
		res := f.run(t, end, "  - {alert: A, expr: up == 0, for: 5m}\n")
		if got := summary(res); got != want {
			t.Errorf("at most %d points: got %s, want %s", most, got, want)
		}
		if len(f.asked) > 6 {
			t.Errorf("at most %d points: got %d queries, want at most 6", most, len(f.asked))
		}
	}
}

func TestManyEvaluations(t *testing.T) {
	f := &fake{}
	groups := parse(t, "  - {alert: A, expr: up == 0}\n")
	groups[0].Interval = time.Second
	res := Run(t.Context(), f, groups, nil, Options{End: end, Range: 7 * 24 * time.Hour})
	if r := res.Rules[0]; !r.Short || r.Grid.Len > mostEvaluations || len(f.asked) > 5 {
		t.Errorf("got %d evaluations in %d queries, short %v; want at most %d, short", r.Grid.Len,
			len(f.asked), r.Short, mostEvaluations)
	}
	for _, q := range f.asked {
		if q.Grid.Len > 11_000 {
			t.Errorf("got a query of %d steps, want at most 11000", q.Grid.Len)
		}
	}
}

// TestUnreachable asks a server that refuses connections only once.
func TestUnreachable(t *testing.T) {
	down := &promapi.Error{Kind: promapi.KindRefused, Message: "refused"}
	f := &fake{fails: map[string]error{"group(up)": down, "up == 0": down}}
	res := Run(t.Context(), f, parse(t, `
  - {alert: A, expr: up == 0}
  - {alert: B, expr: up == 0}
  - {alert: C, expr: up == 0}
`), nil, Options{End: end, Range: time.Hour, Concurrency: 1})
	if len(f.asked) != 1 || res.Rules[2].Failure == nil {
		t.Errorf("got %d queries, %+v; want 1, all failed", len(f.asked), res.Rules[2].Failure)
	}
}

func TestMatch(t *testing.T) {
	ms, err := rules.ParseMatchers(`severity=~"critical|page"`)
	if err != nil {
		t.Fatal(err)
	}
	res := Run(t.Context(), &fake{}, parse(t, `
  - {alert: A, expr: up, labels: {severity: critical}}
  - {alert: B, expr: up, labels: {severity: info}}
`), ms, Options{End: end, Range: time.Hour})
	if len(res.Rules) != 1 || res.LeftOut != 1 || res.Rules[0].Severity != rules.Critical {
		t.Errorf("got %s, %d left out; want A alone", summary(res), res.LeftOut)
	}
}

// TestPanels makes one panel of the rules of one alertname. Alerts that only inform are no finding.
func TestPanels(t *testing.T) {
	f := &fake{
		answers: map[string][]held{"up == 0": {{pod, 30, 0}}, "up == 1": {{pod, 30, 0}}},
		fails:   map[string]error{"up == 4": errors.New("refused")},
		present: map[string]bool{"up": true},
	}
	res := Run(t.Context(), f, parse(t, `
  - {alert: Up, expr: up == 0, labels: {severity: warning}}
  - {alert: Up, expr: up == 4, labels: {severity: critical}}
  - {alert: Told, expr: up == 1, labels: {severity: info}}
  - {alert: u-p, expr: up == 5}
`), nil, Options{End: end, Range: time.Hour, Names: []string{"up"}})
	var got []string
	for _, p := range res.Panels() {
		got = append(got, fmt.Sprintf("%s %d %d %d", p.Spec.Name, p.Data, len(p.Findings), p.OK))
	}
	want := []string{
		fmt.Sprintf("up-2 %d 1 0", snapshot.DataPartial),
		fmt.Sprintf("told %d 0 0", snapshot.DataComplete),
		fmt.Sprintf("u-p %d 0 1", snapshot.DataComplete),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAlertsAcrossSlots carries the alerts of a rule from slot to slot. One missing evaluation of a
// complete answer ends an alert; a failed or partial answer ends none.
func TestAlertsAcrossSlots(t *testing.T) {
	const file = "  - {alert: A, expr: up == 0, for: 5m, labels: {severity: critical}}\n"
	f := &fake{
		answers: map[string][]held{"up == 0": {{pod, 30, 12}}},
		present: map[string]bool{"up": true},
		fails:   map[string]error{}, partial: map[string]bool{},
	}
	var memory rules.Memory
	slot := func(minutesBefore int) string {
		at := end.Add(-time.Duration(minutesBefore) * time.Minute)
		res := f.run(t, at, file)
		results := res.Results(res.Panels())
		now := rules.Evaluation{Rules: results}
		for _, r := range results {
			now.Configured = append(now.Configured, r.ID)
		}
		memory = rules.Advance(memory, now, at)
		var said []string
		for k, a := range memory.Alerts {
			if k != rules.BlindKey {
				e := a.Now()
				said = append(said, fmt.Sprintf("%s since %d fires %v %s", a.Name,
					int(end.Sub(e.Since)/time.Minute), e.Fires(), e.End))
			}
		}
		return strings.Join(said, "; ")
	}
	for _, c := range []struct {
		at   int
		how  string
		want string
	}{
		{35, "", ""},
		{27, "", ""}, // pending
		{25, "", "shop/web-1 since 30 fires true "},
		{20, "", "shop/web-1 since 30 fires true "},
		{11, "fails", "shop/web-1 since 30 fires true "},
		{11, "partial", "shop/web-1 since 30 fires true "},
		{11, "", "shop/web-1 since 30 fires false recovered"},
		{5, "", "shop/web-1 since 30 fires false recovered"},
	} {
		delete(f.fails, "up == 0")
		f.partial["up == 0"] = c.how == "partial"
		if c.how == "fails" {
			f.fails["up == 0"] = errors.New("refused")
		}
		if got := slot(c.at); got != c.want {
			t.Fatalf("%d minutes before, %q: got %q, want %q", c.at, c.how, got, c.want)
		}
	}
}

func TestAnnotations(t *testing.T) {
	f := &fake{
		answers: map[string][]held{"up == 0": {{pod, 30, 0}}}, present: map[string]bool{"up": true},
	}
	res := f.run(t, end, `
  - alert: A
    expr: up == 0
    annotations:
      summary: "{{ $labels.pod }}\n\x1b[31m<b> is down"
      description: '{{ query "up" | first | value }} of {{ $value }}'
      runbook_url: 'javascript:alert(1)'
`)
	a := res.Rules[0].Alerts[0]
	if strings.ContainsAny(a.Summary, "\n\x1b") || !strings.HasPrefix(a.Summary, "web-1 ") ||
		a.Runbook != "" || !strings.Contains(a.Description, "of 1") {
		t.Errorf("got %+v, want one line, no runbook", a)
	}
	if notes := res.Rules[0].Notes; len(notes) != 1 || notes[0].Code != rulefile.NeedsQuery {
		t.Errorf("got the notes %+v, want that a query is needed", notes)
	}
}
