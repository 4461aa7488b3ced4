package report_test

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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
		t.Fatalf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
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

func TestPanelsThatFailedAlikeAreToldOnce(t *testing.T) {
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
		t.Errorf("blind %q, though nothing is known of what exists", r.Blind)
	}
}

func TestCountsAddUp(t *testing.T) {
	r := reporttest.Daily(t)
	if r.Critical != 3 || r.Warning != 2 || r.NoData != 2 || r.Pending != 0 || r.OK != 254 {
		t.Errorf("%d critical, %d warning, %d no data, %d pending, %d OK", r.Critical, r.Warning,
			r.NoData, r.Pending, r.OK)
	}
	// Series of panels with rules: three times 40 nodes, network errors and requests of 40, 60
	// containers, one kill. One node is silent in two panels and counts once; the volumes' panel
	// counts as one.
	if want := 3*40 + 40 + 40 + 60 + 1 - 1 + 1; r.Checks() != want {
		t.Errorf("%d checks, want %d", r.Checks(), want)
	}
	if r.Worst() != rules.Critical || r.NodesMeasured != 40 || r.NodesTotal != 42 {
		t.Errorf("worst %v, %d of %d nodes", r.Worst(), r.NodesMeasured, r.NodesTotal)
	}
	want := []string{
		"2 nodes without node_exporter: ip-10-0-1-27, ip-10-0-2-27",
		"the answers are incomplete: PromQL warning: 1 store did not answer",
		"Persistent volumes: kubelet_volume_stats_* missing",
	}
	if !slices.Equal(r.Blind, want) {
		t.Errorf("blind %q, want %q", r.Blind, want)
	}
	if len(r.Failures) != 1 || r.Failures[0].Panel != "container-throttling" ||
		len(r.Warnings) != 1 || r.Warnings[0].Panel != "node-network-errors" {
		t.Errorf("failures %v, warnings %v", r.Failures, r.Warnings)
	}
}

func TestOneFindingForEachSeries(t *testing.T) {
	r := reporttest.Daily(t)
	seen := map[string]string{}
	for _, f := range r.Findings {
		key := f.Panel + " " + f.Name
		if other, twice := seen[key]; twice {
			t.Errorf("%s is told twice: %s; %s", key, other, f.Sentence)
		}
		seen[key] = f.Sentence
	}
	// Both the alert and the p95 verdict find ip-10-0-1-12; the alert is the graver.
	if f := r.Findings[0]; f.Rule != "NodeMemoryHigh" || f.Trend != snapshot.Rising ||
		f.Value != "95.7 %" || f.Limit != "90 %" {
		t.Errorf("the worst finding is %+v", f)
	}
}

func TestBuildLeavesThePanelsAlone(t *testing.T) {
	a, nodes := reporttest.Fleet(30)
	panels := reporttest.Take(a, reporttest.Specs())
	before := fmt.Sprintf("%+v", panels)
	report.Build(reporttest.Info(t, nodes), panels)
	if after := fmt.Sprintf("%+v", panels); after != before {
		t.Error("Build changed a panel")
	}
}

// told returns the finding that one judgement becomes, and its sentence.
func told(t *testing.T, l words.Language, rule rules.Rule, f rules.Finding) *report.Report {
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
				if r := told(t, l, tc.rule, tc.finding); len(r.Findings) > 0 {
					got = r.Findings[0].Sentence
				}
				if got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

func TestStateIsNoFigure(t *testing.T) {
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
		t.Errorf("says %q, headline %q, want %q", r.Findings[0].Sentence, r.Headline, want)
	}
	p.Spec.Rules[0].Condition = false // a count that happens to be 1
	r = report.Build(reporttest.Info(t, nil), []snapshot.Panel{p})
	if want := "ip-1 NotReady condition 1 since 08:00"; r.Findings[0].Sentence != want ||
		r.Headline != want {
		t.Errorf("says %q, headline %q, want %q", r.Findings[0].Sentence, r.Headline, want)
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
			t.Errorf("%s: %q (%s), want %q (%s)", tc.name, r.Headline, string(r.Verdict()), tc.want,
				tc.state)
		}
	}
}

// Panels that fail for one cause are one line, whatever figures their errors have, and a run of
// many causes stays short.
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

// A remark that several answers share is said once.
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
		t.Errorf("%+v", f)
	}
}

func TestSlug(t *testing.T) {
	for word, want := range map[string]string{
		"node-memory": "node-memory", "a": "a", "default": "default",
	} {
		if got := report.Slug(word); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	kept := map[string]string{}
	for _, word := range []string{
		"", "Node", "node", "node ", "../etc", "etc", "노드", "a/b", "a-b", "-a", "a-", "a--b",
		strings.Repeat("a", 81), strings.Repeat("a", 82),
	} {
		slug := report.Slug(word)
		if other, taken := kept[slug]; taken {
			t.Errorf("%q and %q are both %q", word, other, slug)
		}
		kept[slug] = word
	}
}

func TestSlugIsAName(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,78}[a-z0-9])?$`)
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.String().Draw(t, "word")
		slug := report.Slug(word)
		if !name.MatchString(slug) {
			t.Fatalf("%q becomes %q", word, slug)
		}
		if report.Slug(slug) != slug {
			t.Fatalf("%q becomes %q, and that %q", word, slug, report.Slug(slug))
		}
	})
}

// What no font has is said once for the whole report, whichever panels it is in.
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
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Text, ": U+2066, 🙂 (U+1F642). ") {
		t.Errorf("warnings: %+v", r.Warnings)
	}
	if r := report.Build(report.Info{}, panels[:0]); len(r.Warnings) != 0 {
		t.Errorf("nothing is missing: %+v", r.Warnings)
	}
}

func TestCheckNames(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", "../index.html", "a/b.png", `a\b.png`, "/etc/passwd", ".hidden",
		"Index.html", "a b", "a\x00", "한.png", strings.Repeat("a", 201),
	} {
		if report.CheckNames([]report.File{{Name: name}}) == nil {
			t.Errorf("%q is taken", name)
		}
	}
	if err := report.CheckNames(
		[]report.File{{Name: "index.html"}, {Name: "a-1.png"}, {Name: "index.html"}}); err == nil ||
		!strings.Contains(err.Error(), "two files") {
		t.Errorf("the same name twice: %v", err)
	}
	if err := report.CheckNames(
		[]report.File{
			{Name: "index.html"}, {Name: "report.json"}, {Name: strings.Repeat("a", 200)},
		}); err != nil {
		t.Error(err)
	}
}

// The gauges and the table of nodes find a panel by what it measures, whatever its name; of two of
// one measure, the first that has data counts.
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
		t.Errorf("gauges of panels that measure nothing of nodes: %+v", g)
	}
}

// A ratio reads the same as a number of 0 to 1 and as one of 0 to 100.
func TestPercentOfACapacity(t *testing.T) {
	said := func(unit units.Unit, per float64) []string {
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
	if diff := cmp.Diff(said(units.PercentUnit, 1), said(units.Percent, 100)); diff != "" {
		t.Errorf("percentunit, and percent:\n%s", diff)
	}
}
