package report_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

func ExampleReport_Summary() {
	a, nodes := reporttest.Fleet(42)
	r := report.Build(report.Info{
		Cluster: "prod-seoul", Name: "daily", Slot: reporttest.Slot, Range: 24 * time.Hour,
		Nodes: nodes,
	}, reporttest.Take(a, reporttest.Specs()[:3]))
	for _, line := range r.Summary() {
		fmt.Println(line)
	}
	// Output:
	// CRITICAL ip-10-0-1-12 memory 95.7 % (61.2 of 64 GiB) since 19:38
	// WARNING ip-10-0-1-17 CPU 93.8 % (15 of 16 cores) for at least 24 h
	// WARNING ip-10-0-1-19 /dev/nvme0n1p1 disk 86 % (172 of 200 GiB) since 18:02
	// NO DATA ip-10-0-1-21 memory, CPU: no data since 19:24
	// ENDED ip-10-0-1-23 CPU was above 95 % from 10:02 to 11:28, peak 96 %
	// ENDED ip-10-0-1-15 memory was above 80 % from 10:28 to 19:36, peak 83.3 %
	// 1 critical, 2 warning, 1 no data; 40/42 nodes
}

func TestSummaryIsShortAndSaysWhatFailed(t *testing.T) {
	a := reporttest.Answers{}
	for i := range 12 {
		a.Add("cpu", series.FromPairs("node", reporttest.NodeName(i)), reporttest.Constant(0.99))
	}
	lines := report.Build(reporttest.Info(t, nil), reporttest.Take(a, reporttest.Specs()[:2])).
		Summary()
	if len(lines) != 13 {
		t.Fatalf("got %d lines, want 13:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	want := []string{
		"and 2 more findings", "FAILED node-memory: prometheus answered 503: query timed out in " +
			"expression evaluation",
		"12 critical, 0 warning, 0 no data, 1 failed",
	}
	if got := lines[10:]; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPanelsWithOneErrorShareALine(t *testing.T) {
	r := report.Build(reporttest.Info(t, nil),
		reporttest.Take(reporttest.Answers{}, reporttest.Specs()[:4]))
	want := []string{
		"FAILED node-memory and 3 more: prometheus answered 503: query timed out in expression " +
			"evaluation",
		"0 critical, 0 warning, 0 no data, 4 failed",
	}
	if got := r.Summary(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(r.Blind) != 0 {
		t.Errorf("got missing data %q, want none: nothing is known about what exists", r.Blind)
	}
}

func TestCountsAddUp(t *testing.T) {
	r := reporttest.Daily(t)
	if r.Critical != 3 || r.Warning != 2 || r.NoData != 2 || r.Pending != 0 || r.OK != 254 {
		t.Errorf("got %d critical, %d warning, %d no data, %d pending, %d OK, want 3, 2, 2, 0, 254",
			r.Critical, r.Warning, r.NoData, r.Pending, r.OK)
	}
	// Series of panels with rules: three times 40 nodes, network errors and requests of 40, 60
	// containers, one kill. One node is silent in two panels and counts once; the volumes' panel
	// counts as one.
	if want := 3*40 + 40 + 40 + 60 + 1 - 1 + 1; r.Checks() != want {
		t.Errorf("got %d checks, want %d", r.Checks(), want)
	}
	if r.Worst() != rules.Critical || r.NodesMeasured != 40 || r.NodesTotal != 42 {
		t.Errorf("got worst %v and %d of %d nodes, want critical and 40 of 42", r.Worst(),
			r.NodesMeasured, r.NodesTotal)
	}
	want := []string{
		"2 nodes without node_exporter: ip-10-0-1-27, ip-10-0-2-27",
		"the answers are incomplete: PromQL warning: 1 store did not answer",
		"Persistent volumes: kubelet_volume_stats_* missing",
	}
	if !slices.Equal(r.Blind, want) {
		t.Errorf("missing data: got %q, want %q", r.Blind, want)
	}
	if len(r.Failures) != 1 || r.Failures[0].Panel != "container-throttling" ||
		len(r.Warnings) != 1 || r.Warnings[0].Panel != "node-network-errors" {
		t.Errorf("got failures %v and warnings %v, want one of each", r.Failures, r.Warnings)
	}
}

func TestOneFindingForEachSeries(t *testing.T) {
	r := reporttest.Daily(t)
	seen := map[string]string{}
	for _, f := range r.Findings {
		key := f.Panel + " " + f.Name
		if other, twice := seen[key]; twice {
			t.Errorf("%s: got two findings, %q and %q, want one", key, other, f.Sentence)
		}
		seen[key] = f.Sentence
	}
	// Both the alert and the p95 verdict find ip-10-0-1-12; the alert is worse.
	if f := r.Findings[0]; f.Rule != "NodeMemoryHigh" || f.Trend != snapshot.Rising ||
		f.Value != "95.7 %" || f.Limit != "90 %" {
		t.Errorf("worst finding: got %+v, want NodeMemoryHigh, 95.7 %% of 90 %%, rising", f)
	}
}

func TestBuildDoesNotChangePanels(t *testing.T) {
	a, nodes := reporttest.Fleet(30)
	panels := reporttest.Take(a, reporttest.Specs())
	before := fmt.Sprintf("%+v", panels)
	report.Build(reporttest.Info(t, nodes), panels)
	if after := fmt.Sprintf("%+v", panels); after != before {
		t.Errorf("panels after Build: got %s, want %s", after, before)
	}
}

// reportOf returns a report of one result of a rule.
func reportOf(t *testing.T, l words.Language, rule rules.Rule, f rules.Finding) *report.Report {
	t.Helper()
	f.Rule, f.Labels = rule.Name, series.FromPairs("node", "ip-1")
	p := snapshot.Panel{
		Spec: panel.Spec{
			Name: "node-memory", Title: "Memory", Subject: "memory",
			Queries:  []panel.Query{{Unit: units.PercentUnit}},
			Rules:    []rules.Rule{rule},
			Capacity: &panel.Capacity{Unit: units.Bytes},
		},
		Data: snapshot.DataComplete, Total: 1,
		Findings: []snapshot.Finding{{Finding: f, Name: "ip-1", Node: "ip-1", Capacity: 64 << 30}},
	}
	in := reporttest.Info(t, nil)
	in.Language = l
	return report.Build(in, []snapshot.Panel{p})
}

func TestSentences(t *testing.T) {
	at := func(ago time.Duration) time.Time { return reporttest.Slot.Add(-ago) }
	streak := func(from, to time.Duration, open bool) *rules.Streak {
		return &rules.Streak{
			From: at(from), To: at(to), Open: open, Peak: 0.93, Limit: 0.9,
			Severity: rules.Critical,
		}
	}
	alert := rules.Rule{Name: "a", Critical: rules.At(0.9), For: 15 * time.Minute}
	below := rules.Rule{
		Name: "a", Direction: rules.Below, Critical: rules.At(0.9), For: 15 * time.Minute,
	}
	verdict := rules.Rule{Name: "v", Reduce: rules.P95, Critical: rules.At(0.9)}
	for _, tc := range []struct {
		name, sentence, korean string
		rule                   rules.Rule
		finding                rules.Finding
	}{
		{
			"breach", "ip-1 memory 94.4 % (60.4 of 64 GiB) since 02:10",
			"ip-1 memory 94.4% (60.4 / 64 GiB), 02:10부터", alert,
			rules.Finding{
				Status: rules.Breach, Severity: rules.Critical, Value: 0.94375, Limit: 0.9,
				Streak: streak(6*time.Hour+50*time.Minute, 0, false),
			},
		},
		{
			"breach from before the window", "ip-1 memory 94 % (60.2 of 64 GiB) for at least 24 h",
			"ip-1 memory 94% (60.2 / 64 GiB), 24시간 이상 지속", alert,
			rules.Finding{
				Status: rules.Breach, Severity: rules.Critical, Value: 0.94, Limit: 0.9,
				Streak: streak(24*time.Hour, 0, true),
			},
		},
		{
			"breach of more than a day", "ip-1 memory 94 % (60.2 of 64 GiB) since Fri 20 Nov 09:00",
			"ip-1 memory 94% (60.2 / 64 GiB), 11월 20일 (금) 09:00부터", alert,
			rules.Finding{
				Status: rules.Breach, Severity: rules.Critical, Value: 0.94, Limit: 0.9,
				Streak: streak(48*time.Hour, 0, false),
			},
		},
		{
			"just beyond", "ip-1 memory 90.004 % (57.6 of 64 GiB) since 08:00",
			"ip-1 memory 90.004% (57.6 / 64 GiB), 08:00부터", alert,
			rules.Finding{
				Status: rules.Breach, Severity: rules.Critical, Value: 0.90004, Limit: 0.9,
				Streak: streak(time.Hour, 0, false),
			},
		},
		{
			"pending", "ip-1 memory 94 % (60.2 of 64 GiB) since 08:50; an alert if it lasts 15 min",
			"ip-1 memory 94% (60.2 / 64 GiB), 08:50부터 (15분 지속되면 알림)", alert,
			rules.Finding{
				Status: rules.Pending, Severity: rules.Critical, Value: 0.94, Limit: 0.9,
				Streak: streak(10*time.Minute, 0, false),
			},
		},
		{
			"verdict", "ip-1 memory p95 94 % (60.2 of 64 GiB) in the last 24 h",
			"ip-1 memory: 최근 24시간 p95 94% (60.2 / 64 GiB)", verdict,
			rules.Finding{Status: rules.Breach, Severity: rules.Critical, Value: 0.94, Limit: 0.9},
		},
		{
			"silent", "ip-1 memory: no data since 04:20", "ip-1 memory: 04:20부터 데이터 없음", alert,
			rules.Finding{
				Status: rules.NoData, Value: 0.5, Limit: 0.9,
				Newest: at(4*time.Hour + 40*time.Minute),
			},
		},
		{
			"always silent", "ip-1 memory: no data", "ip-1 memory: 데이터 없음", alert, rules.Finding{
				Status: rules.NoData, Value: math.NaN(), Limit: 0.9,
			},
		},
		{
			"ended", "ip-1 memory was above 90 % from 01:02 to 01:31, peak 93 %",
			"ip-1 memory: 01:02~01:31 90% 초과, 최고 93%", alert,
			rules.Finding{
				Status: rules.OK, Value: 0.5, Limit: 0.9,
				Earlier: streak(7*time.Hour+58*time.Minute, 7*time.Hour+29*time.Minute, false),
			},
		},
		{
			"ended, below", "ip-1 memory was below 90 % from 01:02 to 01:31, lowest 93 %",
			"ip-1 memory: 01:02~01:31 90% 미만, 최저 93%", below,
			rules.Finding{
				Status: rules.OK, Value: 0.5, Limit: 0.9,
				Earlier: streak(7*time.Hour+58*time.Minute, 7*time.Hour+29*time.Minute, false),
			},
		},
		{
			"ended and gone",
			"ip-1 memory was above 90 % from 01:02 to 01:31, peak 93 %; it no longer exists",
			"ip-1 memory: 01:02~01:31 90% 초과, 최고 93% (현재는 존재하지 않음)", alert,
			rules.Finding{
				Status: rules.Gone, Value: 0.5, Limit: 0.9,
				Earlier: streak(7*time.Hour+58*time.Minute, 7*time.Hour+29*time.Minute, false),
			},
		},
		{"gone", "", "", alert, rules.Finding{Status: rules.Gone, Value: 0.5, Limit: 0.9}},
		{"not judged", "", "", alert, rules.Finding{Value: 0.5, Limit: math.NaN()}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for l, want := range map[words.Language]string{
				words.English: tc.sentence, words.Korean: tc.korean,
			} {
				got := ""
				if r := reportOf(t, l, tc.rule, tc.finding); len(r.Findings) > 0 {
					got = r.Findings[0].Sentence
				}
				if got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

func TestConditionHasNoValue(t *testing.T) {
	p := snapshot.Panel{
		Spec: panel.Spec{
			Name: "node-conditions", Subject: "condition",
			Queries: []panel.Query{{Unit: units.Short}},
			Rules:   []rules.Rule{{Name: "c", Critical: rules.At(0), Condition: true}},
		},
		Data: snapshot.DataComplete, Total: 1,
		Findings: []snapshot.Finding{{
			Finding: rules.Finding{
				Rule: "c", Status: rules.Breach, Severity: rules.Critical, Value: 1,
				Streak: &rules.Streak{From: reporttest.Slot.Add(-time.Hour), To: reporttest.Slot},
			},
			Name:     "ip-1 NotReady",
			Capacity: math.NaN(),
		}},
	}
	r := report.Build(reporttest.Info(t, nil), []snapshot.Panel{p})
	if want := "ip-1 NotReady condition since 08:00"; r.Findings[0].Sentence != want ||
		r.Headline != want {
		t.Errorf("got sentence %q and headline %q, want %q", r.Findings[0].Sentence,
			r.Headline, want)
	}
	p.Spec.Rules[0].Reduce = rules.Last
	p.Findings[0].Streak = nil
	r = report.Build(reporttest.Info(t, nil), []snapshot.Panel{p})
	if got := r.FindingRow(&r.Findings[0]); got.Lasted != "" || got.Since != "" {
		t.Errorf("got %q and %q about a condition at the end, want neither", got.Lasted, got.Since)
	}
	p.Spec.Rules[0].Reduce, p.Findings[0].Streak = "", &rules.Streak{
		From: reporttest.Slot.Add(-time.Hour), To: reporttest.Slot,
	}
	p.Spec.Rules[0].Condition = false // a number that happens to be 1
	r = report.Build(reporttest.Info(t, nil), []snapshot.Panel{p})
	if want := "ip-1 NotReady condition 1 since 08:00"; r.Findings[0].Sentence != want ||
		r.Headline != want {
		t.Errorf("got sentence %q and headline %q, want %q", r.Findings[0].Sentence,
			r.Headline, want)
	}
}

func TestHeadline(t *testing.T) {
	a := reporttest.Answers{}
	a.Add("cpu", series.FromPairs("node", "a"), reporttest.Constant(0.1))
	ok := reporttest.Take(a, reporttest.Specs()[1:2])
	failed := snapshot.Panel{
		Spec: reporttest.Specs()[0], Failure: snapshot.FailureOf(errors.New("connection refused")),
	}
	absent := snapshot.Panel{Spec: reporttest.Specs()[0], Data: snapshot.DataAbsent}
	for _, tc := range []struct {
		name, want string
		state      string
		panels     []snapshot.Panel
	}{
		{"nothing asked", "Nothing was checked.", "nodata", nil},
		{"all OK", "All values are within their limits.", "ok", ok},
		{
			"one failed", "All values are within their limits, but 1 panel failed.", "nodata",
			append(slices.Clone(ok), failed),
		},
		{
			"all failed", "Nothing could be measured: connection refused", "nodata",
			[]snapshot.Panel{failed, failed},
		},
		{
			"one absent", "All values are within their limits, but 1 check has no data.", "nodata",
			append(slices.Clone(ok), absent),
		},
		{
			"one of each",
			"All values are within their limits, but 1 panel failed and 1 check has no data.",
			"nodata", append(slices.Clone(ok), failed, absent),
		},
		{
			"all absent", "Nothing could be measured: 2 checks have no data.", "nodata",
			[]snapshot.Panel{absent, absent},
		},
	} {
		r := report.Build(report.Info{Nodes: []snapshot.Node{{Name: "a", Exporter: true}}},
			tc.panels)
		if r.Headline != tc.want || string(r.Verdict()) != tc.state {
			t.Errorf("%s: got %q (%s), want %q (%s)", tc.name, r.Headline, string(r.Verdict()),
				tc.want, tc.state)
		}
	}
}

// TestUndrawable checks that runes without a font are listed once for the whole report.
func TestUndrawable(t *testing.T) {
	line := func(name string) snapshot.Line { return snapshot.Line{Row: snapshot.Row{Name: name}} }
	panels := []snapshot.Panel{
		{
			Spec: panel.Spec{Name: "a", Title: "노드"}, Lines: []snapshot.Line{
				line("中🙂"), line("plain"),
			},
		},
		{Spec: panel.Spec{Name: "b"}, Lines: []snapshot.Line{line("🙂\u2066")}},
	}
	r := report.Build(report.Info{}, panels)
	want := ": U+2066, 中 (U+4E2D), 🙂 (U+1F642). "
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Text, want) {
		t.Errorf("got warnings %+v, want one with %q", r.Warnings, want)
	}
	if r := report.Build(report.Info{}, panels[:0]); len(r.Warnings) != 0 {
		t.Errorf("got warnings %+v, want none", r.Warnings)
	}
	b := &board.Board{Panels: []board.Panel{{View: board.View{Title: "中"}}}}
	r = report.Build(report.Info{Board: b}, nil)
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Text, ": 中 (U+4E2D). ") {
		t.Errorf("of a dashboard: got warnings %+v, want one on U+4E2D", r.Warnings)
	}
}

// TestMeasuresAreFoundWithoutNames checks that the gauges and the table of nodes find a panel by
// its measure, not its name. Of two panels with one measure, the first with data counts.
func TestMeasuresAreFoundWithoutNames(t *testing.T) {
	a, nodes := reporttest.Fleet(42)
	a["nothing"] = nil
	list := reporttest.Specs()[:2]
	want := report.Build(reporttest.Info(t, nodes), reporttest.Take(a, list))
	list[0].Name, list[1].Name = "our-memory", "our-cpu"
	empty, late := list[0], list[0]
	empty.Name, empty.Queries = "empty", []panel.Query{{Expr: "nothing", Unit: units.PercentUnit}}
	late.Name, late.Queries, late.Rules = "late", list[1].Queries, nil
	got := report.Build(reporttest.Info(t, nodes), reporttest.Take(a, []panel.Spec{
		empty, list[0], list[1], late,
	}))
	if g, w := got.Fleet(), want.Fleet(); len(w) != 2 || !slices.Equal(g, w) {
		t.Errorf("gauges: got %+v, want %+v", g, w)
	}
	figures := func(r *report.Report) (out []string) {
		for _, l := range r.Nodes().Lines {
			for _, f := range l.Figures {
				out = append(out, l.Name+" "+f.Head+" "+f.Text)
			}
		}
		return out
	}
	if g, w := figures(got), figures(want); len(w) != 84 || !slices.Equal(g, w) {
		t.Errorf("nodes: got %q, want %q", g, w)
	}
	list[0].Measure, list[1].Measure = "", ""
	if g := report.Build(reporttest.Info(t, nodes), reporttest.Take(a, list)).Fleet(); len(g) != 0 {
		t.Errorf("gauges of panels without a measure: got %+v, want none", g)
	}
}

// TestPercentOfACapacity checks that a ratio from 0 to 1 and a percentage give the same texts.
func TestPercentOfACapacity(t *testing.T) {
	texts := func(unit units.Unit, per float64) []string {
		a, nodes := reporttest.Fleet(42)
		list := reporttest.Specs()[:3]
		for i := range list {
			list[i].Queries[0].Unit = unit
			for j := range list[i].Rules {
				r := &list[i].Rules[j]
				r.Warning.Value, r.Critical.Value = per*r.Warning.Value, per*r.Critical.Value
			}
			for j, one := range a[list[i].Queries[0].Expr] {
				a[list[i].Queries[0].Expr][j].At = func(h float64) float64 {
					return per * one.At(h)
				}
			}
		}
		r := report.Build(reporttest.Info(t, nodes), reporttest.Take(a, list))
		var out []string
		for _, f := range r.Findings {
			out = append(out, f.Sentence+" "+f.Used)
		}
		for _, s := range r.Fleet() {
			out = append(out, fmt.Sprintf("%s %s %s %.6f", s.Word, s.Text, s.Used, s.Ratio))
		}
		for _, l := range r.Nodes().Lines {
			for _, f := range l.Figures {
				out = append(out, fmt.Sprintf("%s %s %.6f", l.Name, f.Text, f.Share))
			}
		}
		return out
	}
	if diff := cmp.Diff(texts(units.PercentUnit, 1), texts(units.Percent, 100)); diff != "" {
		t.Errorf("texts: diff (-want as for percentunit, +got for percent):\n%s", diff)
	}
}
