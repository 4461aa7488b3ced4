package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

var fleetSlot = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

func fleetReport(l words.Language) *report.Report {
	return report.Build(report.Info{
		Cluster: "acme", Name: "daily", Slot: fleetSlot, Range: 24 * time.Hour, Language: l,
		Fleet: &report.Fleet{Clusters: []report.Cluster{
			{Name: "calm", Verdict: report.VerdictOK, OK: 7, NodesMeasured: 3, NodesTotal: 3},
			{
				Name: "hot", Verdict: report.VerdictCritical, Critical: 2, Warning: 1, OK: 4,
				NodesMeasured: 1, NodesTotal: 2, Headline: "n1 memory 94 %",
				Labels: map[string]string{"stage": "prod", "region": "eu"},
			},
			{
				Name: "warm", Verdict: report.VerdictWarning, Warning: 5,
				Lack: snapshot.NoteOf(report.LackOtherConfig),
			},
			{
				Name: "down", Verdict: report.VerdictNoData, NoData: 9,
				Failure: &snapshot.Failure{Message: "connection refused", Hint: "check the port"},
			},
			{
				Name: "gone", Lack: snapshot.NoteOf(report.LackMissing),
				BlindSince: fleetSlot.Add(-24 * time.Hour),
			},
			{Name: "new", Lack: snapshot.NoteOf(report.LackNewer, "v9.<b>")},
		}},
	}, nil)
}

func TestFleetReport(t *testing.T) {
	r := fleetReport(words.English)
	var order []string
	for _, c := range r.Clusters() {
		order = append(order, c.Name)
	}
	if got := strings.Join(order, " "); got != "hot down gone new warm calm" {
		t.Errorf("got the order %s, want the worst first", got)
	}
	for _, tc := range []struct {
		what      string
		got, want any
	}{
		{"critical", r.Critical, 2}, {"warning", r.Warning, 6}, {"no data", r.NoData, 9 + 2},
		{"ok", r.OK, 11}, {"nodes", r.NodesTotal, 5}, {"measured", r.NodesMeasured, 4},
		{"blind", strings.Join(r.BlindClusters, " "), "down gone new"},
		{"verdict", r.Verdict(), report.VerdictCritical},
		{"headline", r.Headline, "Of 6 clusters: 1 critical, 3 no data, 1 warning. " +
			"Worst hot: n1 memory 94 %"},
		{"labels", r.Clusters()[0].LabelText, "region=eu stage=prod"},
		{"nodes of a cluster", r.Clusters()[0].Nodes, "1 of 2"},
		{"a failure", r.Clusters()[1].Blind, "connection refused; check the port"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.what, tc.got, tc.want)
		}
	}
	for name, says := range map[string]string{
		"gone": "did not report in time", "new": "promsnap v9.<b> wrote its part",
	} {
		for _, c := range r.Clusters() {
			if c.Name == name && !strings.Contains(c.Blind, says) {
				t.Errorf("%s: got %q, want %q", name, c.Blind, says)
			}
		}
	}
	if got := r.Clusters()[2].Blind; !strings.Contains(got, "since Sun 29 Nov 2026") {
		t.Errorf("got %q, want since when", got)
	}
	summary := strings.Join(r.Summary(), "\n")
	for _, want := range []string{"CRITICAL hot: n1 memory 94 %", "NO DATA down: connection refused"} {
		if !strings.Contains(summary, want) {
			t.Errorf("got the summary\n%s\nwant %q", summary, want)
		}
	}
}

func TestCalmFleet(t *testing.T) {
	r := report.Build(report.Info{
		Slot: fleetSlot, Range: time.Hour, Fleet: &report.Fleet{Clusters: []report.Cluster{
			{Name: "a", Verdict: report.VerdictOK, OK: 1}, {Name: "b", Verdict: report.VerdictOK},
		}},
	}, nil)
	if got, want := r.Headline, "All of 2 clusters are OK."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(r.BlindClusters) > 0 {
		t.Errorf("got the blind clusters %v, want none", r.BlindClusters)
	}
}

// An hour has the state of the worst drawn series, if it lasted as long as its alert needs.
func TestHours(t *testing.T) {
	spec := panel.Spec{
		Name: "p", Queries: []panel.Query{{Ref: "A"}},
		Rules: []rules.Rule{{
			Name: "High", Direction: rules.Above, Warning: rules.At(0.8), Critical: rules.At(0.9),
			For: 20 * time.Minute,
		}},
	}
	const steps = 37 // six hours at ten minutes
	values := make([]float64, steps)
	for i := range values {
		values[i] = 0.5
	}
	values[3] = 1 // a spike is no alert
	copy(values[12:], []float64{.85, .85, .85, .95, .95, .95, .95})
	p := snapshot.Panel{
		Spec: spec, Data: snapshot.DataComplete, Total: 1,
		Grid:  series.Grid{Start: fleetSlot.Add(-6 * time.Hour), Step: 10 * time.Minute, Len: steps},
		Lines: []snapshot.Line{{Row: snapshot.Row{Ref: "A"}, Values: values}},
		Rows:  []snapshot.Row{{Ref: "A"}},
	}
	r := report.Build(report.Info{
		Cluster: "c", Slot: fleetSlot, Range: 6 * time.Hour,
	}, []snapshot.Panel{p})
	if got, want := r.AsCluster().Hours, ".wc..."; got != want {
		t.Errorf("got the hours %q, want %q", got, want)
	}
	failed := report.Build(report.Info{Cluster: "c", Slot: fleetSlot, Range: time.Hour},
		snapshot.Failed([]panel.Spec{spec}, &snapshot.Failure{Message: "refused"}))
	if c := failed.AsCluster(); c.Failure == nil || c.Hours != "-" || !c.IsBlind() {
		t.Errorf("got %+v, want a failure and an unknown hour", c)
	}
}

func TestKoreanFleet(t *testing.T) {
	r := fleetReport(words.Korean)
	if !strings.HasPrefix(r.Headline, "클러스터 6개: ") {
		t.Errorf("got the headline %q, want Korean", r.Headline)
	}
}
