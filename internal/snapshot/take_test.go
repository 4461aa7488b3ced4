package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// fake answers queries by their text. An answer's values are repeated over the grid; a nil answer
// is an error.
type fake struct {
	answers map[string][]series.Series
	meta    map[string]promapi.Meta
	present map[string]bool
	starts  map[string][]series.Series // answers to queries that begin so
}

var errRefused = errors.New("refused")

func (f fake) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	answer, ok := f.answers[q.Expr]
	for begin, a := range f.starts {
		if strings.HasPrefix(q.Expr, begin) {
			answer, ok = a, true
		}
	}
	if !ok && strings.HasPrefix(q.Expr, "group by (cluster, job, instance) (") {
		ok = true // nothing is said of the targets
	}
	if !ok {
		return promapi.Meta{}, errRefused
	}
	for _, s := range answer {
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = s.Values[i*len(s.Values)/len(values)]
		}
		if err := each(series.Series{Labels: s.Labels, Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	m := f.meta[q.Expr]
	m.Expr = q.Expr
	if m.Grid.Len == 0 {
		m.Grid = q.Grid
	}
	return m, nil
}

func (f fake) Present(_ context.Context, names []string, _, _ time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = f.present[n]
	}
	return out, nil
}

func constant(v float64, nv ...string) series.Series {
	return series.Series{Labels: series.FromPairs(nv...), Values: []float64{v}}
}

var slot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func take(f fake, specs ...panel.Spec) []snapshot.Panel {
	return snapshot.Take(context.Background(), f, specs, snapshot.Options{
		Slot: slot, Range: time.Hour, QueryOffset: time.Minute,
	})
}

func TestTakeKeepsGoingWhereAQueryFails(t *testing.T) {
	panels := take(fake{answers: map[string][]series.Series{"good": {constant(1, "a", "b")}}},
		panel.Spec{Name: "bad", Queries: []panel.Query{{Expr: "bad"}}}, panel.Spec{
			Name: "good", Queries: []panel.Query{{Expr: "good"}},
		})
	if failed(panels[0]) != snapshot.FailureOther ||
		panels[0].Failure.Message != errRefused.Error() || panels[0].Data != snapshot.DataFailed {
		t.Errorf("the failed panel: %v, data %v", panels[0].Failure, panels[0].Data)
	}
	if panels[1].Failure != nil || panels[1].Data != snapshot.DataComplete || panels[1].Total != 1 {
		t.Errorf("the good panel: %+v", panels[1])
	}
	if got, want := panels[1].Grid.End(), slot.Add(-time.Minute); !got.Equal(want) {
		t.Errorf("the range ends at %v, want %v", got, want)
	}
}

func TestEmptyAnswers(t *testing.T) {
	f := fake{
		answers: map[string][]series.Series{"a / b": {}, "news > 0 and other": {}, "known": {}},
		present: map[string]bool{"a": true, "news": true, "known": true},
	}
	panels := take(f,
		panel.Spec{Name: "ratio", Queries: []panel.Query{{Expr: "a / b"}}},
		panel.Spec{
			Name: "news", Queries: []panel.Query{{Expr: "news > 0 and other"}}, EmptyIsOK: true,
		},
		panel.Spec{Name: "known", Queries: []panel.Query{{Expr: "known"}}})
	if p := panels[0]; p.Data != snapshot.DataAbsent || !slices.Equal(p.Missing, []string{"b"}) {
		t.Errorf("a missing metric: data %v, missing %v", p.Data, p.Missing)
	}
	if p := panels[1]; p.Data != snapshot.DataComplete || len(p.Missing) != 0 {
		t.Errorf("no bad news: data %v, missing %v", p.Data, p.Missing)
	}
	if p := panels[2]; p.Data != snapshot.DataAbsent || len(p.Missing) != 0 || len(p.Notes) != 1 {
		t.Errorf("labels that do not match: data %v, missing %v, notes %q", p.Data, p.Missing,
			p.Notes)
	}
	p := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "news > 0 and other"}}, EmptyIsOK: true,
		Needs: []string{"news", "kube_pod_info"},
	})[0]
	if p.Data != snapshot.DataAbsent || !slices.Equal(p.Missing, []string{"kube_pod_info"}) {
		t.Errorf("a metric that good news needs is absent: data %v, missing %v", p.Data, p.Missing)
	}
	f.answers["news default 0"] = nil
	if p := take(f,
		panel.Spec{
			Queries: []panel.Query{{Expr: "news default 0"}}, EmptyIsOK: true,
		})[0]; p.Failure != nil || p.Data != snapshot.DataAbsent || len(p.Notes) != 1 {
		t.Errorf("a dialect that promsnap cannot read: data %v, notes %q, %v", p.Data, p.Notes,
			p.Failure)
	}
	f.present["news"] = false
	if p := take(f,
		panel.Spec{
			Queries: []panel.Query{{Expr: "news > 0 and other"}}, EmptyIsOK: true,
		})[0]; p.Data != snapshot.DataAbsent {
		t.Errorf("bad news whose metric is absent: data %v: silence is no good news", p.Data)
	}
}

// TestAPanelSaysThatItIsBlind: its metrics exist, but not the half of a join that would bring its
// series.
func TestAPanelSaysThatItIsBlind(t *testing.T) {
	spec := panel.Spec{
		Title:     "Kills",
		Queries:   []panel.Query{{Expr: "restarts and reason"}},
		EmptyIsOK: true, Needs: []string{"restarts"},
		Blind: &panel.Blind{Query: "restarts unless reason", Missing: []string{"reason"}},
	}
	for _, tt := range []struct {
		name           string
		kills, unseen  []series.Series
		data           snapshot.Data
		missing, notes int
	}{
		{"nothing restarted", nil, nil, snapshot.DataComplete, 0, 0},
		{"restarts without a reason", nil, []series.Series{constant(3)}, snapshot.DataAbsent, 1, 0},
		{
			"some have one", []series.Series{constant(1, "pod", "a")}, []series.Series{constant(3)},
			snapshot.DataComplete, 0, 1,
		},
		{
			"all have one", []series.Series{constant(1, "pod", "a")}, nil, snapshot.DataComplete,
			0, 0,
		},
	} {
		f := fake{
			answers: map[string][]series.Series{
				"restarts and reason": tt.kills, "restarts unless reason": tt.unseen,
			},
			present: map[string]bool{"restarts": true},
		}
		p := take(f, spec)[0]
		if p.Failure != nil || p.Data != tt.data || len(p.Missing) != tt.missing ||
			len(p.Notes) != tt.notes {
			t.Errorf("%s: data %v, missing %v, notes %q (error %v); want data %v, %d missing, %d "+
				"notes",
				tt.name, p.Data, p.Missing, p.Notes, p.Failure, tt.data, tt.missing, tt.notes)
		}
	}
}

func TestPartialAnswers(t *testing.T) {
	f := fake{
		answers: map[string][]series.Series{
			"warned": {constant(1)}, "moved": {constant(1)},
			"old": {{Labels: nil, Values: []float64{1, 1, 1, math.NaN()}}},
		},
		meta: map[string]promapi.Meta{
			"warned": {Partial: true, Warnings: []string{"a store is\ndown"}},
			"moved":  {Grid: series.Grid{Start: slot.Add(-time.Hour), Step: time.Minute, Len: 61}},
		},
	}
	panels := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "warned"}},
	}, panel.Spec{Queries: []panel.Query{{Expr: "old"}}}, panel.Spec{
		Queries: []panel.Query{{Expr: "moved"}},
	})
	for i, want := range []string{
		"server_warns a store is down", "newest_is_old 15m0s", "samples_moved 1m0s",
	} {
		if notes := spelled(panels[i].Notes); !strings.Contains(notes, want) {
			t.Errorf("notes %q do not say %q", notes, want)
		}
	}
	if panels[0].Data != snapshot.DataPartial || panels[1].Data != snapshot.DataPartial ||
		panels[2].Data != snapshot.DataComplete {
		t.Errorf("data %v, %v, %v", panels[0].Data, panels[1].Data, panels[2].Data)
	}
}

func TestMovedAnswerMovesItsTimes(t *testing.T) {
	start := slot.Add(-time.Hour - 90*time.Second)
	f := fake{
		answers: map[string][]series.Series{"moved": {constant(1)}},
		meta: map[string]promapi.Meta{
			"moved": {Grid: series.Grid{Start: start, Step: time.Minute, Len: 61}},
		},
	}
	p := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "moved"}}, Rules: []rules.Rule{
			{Name: "R", Critical: rules.At(0), For: 5 * time.Minute},
		},
	})[0]
	got := p.Findings[0]
	if !got.Streak.From.Equal(start) || !got.Newest.Equal(start.Add(time.Hour)) ||
		!p.Rows[0].Stats.MaxAt.Equal(start) {
		t.Errorf("since %v, newest %v, highest at %v; the answer begins at %v", got.Streak.From,
			got.Newest, p.Rows[0].Stats.MaxAt, start)
	}
}

// When the newest event was is a time of the answer too.
func TestMovedAnswerMovesItsEvents(t *testing.T) {
	start := slot.Add(-time.Hour - 90*time.Second)
	counts := []float64{0, 0, 0, 1} // from the 46th of 61 samples on
	f := fake{
		answers: map[string][]series.Series{
			"moved": {{Labels: series.FromPairs("pod", "a"), Values: counts}},
		},
		meta: map[string]promapi.Meta{
			"moved": {Grid: series.Grid{Start: start, Step: time.Minute, Len: 61}},
		},
	}
	p := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "moved"}}, Events: &panel.Events{Within: time.Hour},
		Rules: []rules.Rule{{Name: "R", Critical: rules.At(0)}},
	})[0]
	streak := p.Findings[0].Streak
	if want := start.Add(46 * time.Minute); !streak.From.Equal(want) || !streak.Event.Equal(want) {
		t.Errorf("the streak begins at %v, its newest event was at %v; want both at %v",
			streak.From, streak.Event, want)
	}
}

func TestShare(t *testing.T) {
	for _, tc := range []struct {
		unit        units.Unit
		value, want float64
	}{{units.PercentUnit, 0.94, 0.94}, {units.Percent, 94, 0.94}, {units.None, 3, 3}} {
		if got := (&panel.Spec{Queries: []panel.Query{{Unit: tc.unit}}}).
			Share(tc.value); got != tc.want {
			t.Errorf("%g %s is %g of a whole, want %g", tc.value, tc.unit, got, tc.want)
		}
	}
}

func TestCapacityJoinsByLabels(t *testing.T) {
	spec := panel.Spec{
		Queries: []panel.Query{{Expr: "used", Legend: "{{instance}}"}}, Rules: []rules.Rule{
			{Name: "High", Critical: rules.At(.9)},
		},
		Capacity: &panel.Capacity{Query: "total"},
	}
	p := take(fake{answers: map[string][]series.Series{
		"used":  {constant(.94, "instance", "a"), constant(.5, "instance", "b")},
		"total": {constant(64, "instance", "a")},
	}}, spec)[0]
	if len(p.Findings) != 1 || p.Findings[0].Capacity != 64 {
		t.Errorf("findings %+v", p.Findings)
	}
	if !math.IsNaN(p.Rows[1].Capacity) {
		t.Errorf("a capacity of %v where none is known", p.Rows[1].Capacity)
	}
	p = take(fake{answers: map[string][]series.Series{"used": {constant(.94, "instance", "a")}}},
		spec)[0]
	if p.Failure != nil || len(p.Notes) != 1 || len(p.Findings) != 1 {
		t.Errorf("a capacity that fails must cost a note, not the panel: err %v, notes %q",
			p.Failure, p.Notes)
	}
}

// spelled are notes as they are, a line each.
func spelled(notes []snapshot.Note) string {
	var lines []string
	for _, n := range notes {
		lines = append(lines, strings.Join(append([]string{n.Code}, n.Args...), " "))
	}
	return strings.Join(lines, "\n")
}

func TestRemarks(t *testing.T) {
	var down []series.Series
	for i := range 12 {
		down = append(down, constant(0, "instance", fmt.Sprintf("10.0.0.%02d", i)))
	}
	p := take(fake{
		answers: map[string][]series.Series{
			"up": {constant(1)}, "up == 0": down, "count(x)": {constant(12345)},
		},
	}, panel.Spec{
		Queries: []panel.Query{{Expr: "up"}}, Remarks: []panel.Remark{
			{Query: "count(x)", Text: "{{value}} have no limit"},
			{Query: "up == 0", Text: "down: {{instance}}"}, {Query: "broken"},
		},
	})[0]
	said := strings.Split(spelled(p.Remarks), "\n")
	if said[0] != "answer {{value}} have no limit 12345 0" ||
		said[1] != "answer down: 10.0.0.00 0 1" || said[len(said)-1] != "more_answers 2 1" ||
		len(said) != 12 {
		t.Errorf("remarks %q", said)
	}
	if p.Failure != nil || len(p.Notes) != 1 {
		t.Errorf("a remark that fails must cost a note: %v, %q", p.Failure, p.Notes)
	}
}

func TestStoppedRun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := snapshot.Take(ctx, fake{}, []panel.Spec{{Queries: []panel.Query{{Expr: "a"}}}},
		snapshot.Options{Slot: slot, Range: time.Hour})[0]
	if failed(p) != snapshot.FailureStopped || p.Data != snapshot.DataFailed {
		t.Errorf("err %v, data %v", p.Failure, p.Data)
	}
}

// deaf is a server whose answer to one query never ends, whatever becomes of the context.
type deaf struct {
	fake
	end chan struct{} // lets it end after all
}

func (d deaf) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	if q.Expr == "deaf" {
		<-d.end
	}
	return d.fake.Range(ctx, q, each)
}

// A panel that does not heed the end of the run fails shortly after it, whatever waits behind it;
// the others are as they would be.
func TestRunDoesNotWaitForTheDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := errors.New("the run's minute is over")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, over)
		defer cancel()
		d := deaf{
			fake{answers: map[string][]series.Series{"good": {constant(1)}, "deaf": {constant(1)}}},
			make(chan struct{}),
		}
		specs := []panel.Spec{
			{Queries: []panel.Query{{Expr: "good"}}}, {Queries: []panel.Query{{Expr: "deaf"}}},
			{Queries: []panel.Query{{Expr: "deaf"}}}, {Queries: []panel.Query{{Expr: "good"}}},
		}
		began := time.Now()
		panels := snapshot.Take(ctx, d, specs, snapshot.Options{
			Slot: slot, Range: time.Hour, Concurrency: 2,
		})
		if took := time.Since(began); took < time.Minute || took > time.Minute+5*time.Second {
			t.Errorf("it took %v", took)
		}
		if panels[0].Failure != nil || panels[0].Total != 1 {
			t.Errorf("the good panel: %+v", panels[0])
		}
		for _, p := range panels[1:3] {
			if failed(p) != snapshot.FailureStopped ||
				!strings.Contains(p.Failure.Message, over.Error()) ||
				p.Data != snapshot.DataFailed || p.Exprs[0] != "deaf" {
				t.Errorf("the deaf panel: %v, data %v", p.Failure, p.Data)
			}
		}
		if failed(panels[3]) != snapshot.FailureStopped {
			t.Errorf("the panel behind them: %v", panels[3].Failure)
		}
		close(d.end) // what was left behind writes nothing that anybody reads
	})
}

// panicky is a server whose answers are a fault of ours.
type panicky struct{ fake }

func (panicky) Range(context.Context, promapi.Query,
	func(series.Series) error) (promapi.Meta, error) {
	panic("index out of range")
}

func TestPanicCostsOnePanel(t *testing.T) {
	var told *snapshot.Fault
	o := snapshot.Options{Slot: slot, Range: time.Hour, Progress: func(e snapshot.Event) {
		told = e.Fault
	}}
	p := snapshot.Take(context.Background(), panicky{}, []panel.Spec{
		{Name: "a", Queries: []panel.Query{{Expr: "a"}}},
	}, o)[0]
	if failed(p) != snapshot.FailureFault || p.Data != snapshot.DataFailed || p.Spec.Name != "a" {
		t.Errorf("panel %+v", p)
	}
	if told == nil || told.Panic != "index out of range" ||
		!strings.Contains(string(told.Stack), "panicky") {
		t.Errorf("told of %+v, want the panic with its stack", told)
	}
}

// failed is why a panel has no answer, "" where it has one.
func failed(p snapshot.Panel) snapshot.FailureKind {
	if p.Failure == nil {
		return ""
	}
	return p.Failure.Kind
}

func TestProgressComesOneAtATime(t *testing.T) {
	var specs []panel.Spec
	f := fake{answers: map[string][]series.Series{}}
	for i := range 20 {
		q := fmt.Sprintf("q%d", i)
		specs, f.answers[q] = append(specs, panel.Spec{Queries: []panel.Query{{Expr: q}}}),
			[]series.Series{constant(1)}
	}
	begun, done := 0, map[int]bool{}
	snapshot.Take(context.Background(), f, specs,
		snapshot.Options{Slot: slot, Range: time.Hour, Progress: func(e snapshot.Event) {
			if e.Panel == nil {
				begun++
				return
			}
			done[e.Index] = true
			if e.Panel.Total != 1 || e.Spec.Queries[0].Expr != specs[e.Index].Queries[0].Expr {
				t.Errorf("event %d tells of another panel", e.Index)
			}
		}})
	if begun != 20 || len(done) != 20 {
		t.Errorf("%d begun, %d done of 20", begun, len(done))
	}
}

func TestNodesOfBothCharts(t *testing.T) {
	w := world{
		now: []series.Series{
			node("n2", "10.0.0.2"), node("n1", "10.0.0.1"), node("n3", "10.0.0.3"),
			constant(1, "node", "n1", "internal_ip", "10.9.0.1", "cluster", "other"),
		},
		exporters: []series.Series{
			// kube-prometheus-stack
			constant(1, "instance", "10.0.0.1:9100", "nodename", "n1.corp"),
			// community, on another network
			constant(1, "instance", "172.16.0.2:9100", "node", "n2"),
			// no node of the cluster
			constant(1, "instance", "192.168.1.9:9100", "nodename", "build-box"),
		},
	}
	w.window = slices.Concat(w.now, []series.Series{
		{
			Labels: series.FromPairs("node", "taken-away", "internal_ip", "10.0.0.8"),
			Values: []float64{1, math.NaN()},
		},
		// its address is n3's now
		{
			Labels: series.FromPairs("node", "replaced", "internal_ip", "10.0.0.3"),
			Values: []float64{1, math.NaN()},
		},
	})
	w.window[2].Values = []float64{math.NaN(), 1}
	nodes := w.load(t)
	for want, ls := range map[string]series.Labels{
		"n1":         series.FromPairs("instance", "10.0.0.1:9100"),
		"n2":         series.FromPairs("instance", "172.16.0.2:9100"),
		"n3":         series.FromPairs("instance", "n3"), // the community chart's cAdvisor
		"given":      series.FromPairs("instance", "10.0.0.1:9100", "node", "given"),
		"build-box":  series.FromPairs("instance", "192.168.1.9:9100"),
		"":           series.FromPairs("instance", "10.1.1.1:80"),
		"taken-away": series.FromPairs("instance", "10.0.0.8:9100"),
	} {
		if got := nodes.Of(ls); got != want {
			t.Errorf("node of %v is %q, want %q", ls, got, want)
		}
		if departed := nodes.Departed(ls, want); departed != (want == "taken-away") {
			t.Errorf("%q departed: %v", want, departed)
		}
	}
	if got := nodes.Of(series.FromPairs("instance", "10.0.0.3:9100")); got != "n3" {
		t.Errorf("an address that a node took over is taken for %q", got)
	}
	if got := nodes.Of(series.FromPairs("instance", "10.9.0.1:9100")); got != "" {
		t.Errorf("an address of another cluster is taken for %q", got)
	}
	var names []string
	for _, n := range nodes.All() {
		names = append(names, fmt.Sprintf("%s %v", n.Name, n.Exporter))
	}
	if got := strings.Join(names, ", "); got != "n1 true, n1 false, n2 true, n3 false" {
		t.Errorf("nodes %s", got)
	}
}

// The nodes are known where a query beside that for them fails, and it is said what is not.
func TestNodesWithoutWhatIsBeside(t *testing.T) {
	for query, want := range map[string]string{
		fmt.Sprintf(windowQuery, "3m"): snapshot.NoteDeparturesUnknown,
		fmt.Sprintf(unameQuery, "3m"):  snapshot.NoteExportersUnknown,
		reportsQuery:                   snapshot.NoteExportersUnknown,
		`label_replace(group by (cluster, node) (last_over_time(kube_node_info{os_image`: snapshot.NoteNodeKindsUnknown,
	} {
		f := world{
			now: []series.Series{node("n1", "10.0.0.1")}, exporters: []series.Series{
				constant(1, "instance", "10.0.0.1:9100", "nodename", "n1"),
			},
		}.answers(nil)
		delete(f.answers, query)
		delete(f.starts, query)
		nodes, notes, err := snapshot.LoadNodes(context.Background(), f, slot, time.Hour)
		if err != nil || spelled(notes) != want+" "+errRefused.Error() {
			t.Errorf("%s: notes %q, %v", query, notes, err)
		}
		if all := nodes.All(); len(all) != 1 || all[0].Name != "n1" || !all[0].Exporter {
			t.Errorf("%s: nodes %+v; of one it is not known that it has no exporter", query, all)
		}
		if got := nodes.Of(series.FromPairs("instance", "10.0.0.1:9100")); got != "n1" {
			t.Errorf("%s: the node at an address is %q", query, got)
		}
	}
}

func TestSilenceOfADepartedNodeIsNoFinding(t *testing.T) {
	f := world{
		now: []series.Series{constant(1, "node", "n1")}, window: []series.Series{
			constant(1, "node", "n1"), constant(1, "node", "gone"),
		},
	}.answers(map[string][]series.Series{
		"up": {
			constant(1, "node", "n1"), {
				Labels: series.FromPairs("node", "gone"), Values: []float64{1, math.NaN()},
			},
			{Labels: series.FromPairs("node", "dead"), Values: []float64{1, math.NaN()}},
		},
	})
	nodes, _, err := snapshot.LoadNodes(context.Background(), f, slot, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p := snapshot.Take(context.Background(), f, []panel.Spec{
		{
			Queries: []panel.Query{{Expr: "up"}}, Rules: []rules.Rule{
				{Name: "Down", Direction: rules.Below, Critical: rules.At(1)},
			},
		},
	},
		snapshot.Options{Slot: slot, Range: time.Hour, Nodes: nodes})[0]
	got := map[string]rules.Status{}
	for _, r := range p.Rows {
		got[r.Node] = r.Status
	}
	if got["n1"] != rules.OK || got["gone"] != rules.Gone || got["dead"] != rules.NoData {
		t.Errorf("statuses %v", got)
	}
}

func TestReferences(t *testing.T) {
	f := fake{answers: map[string][]series.Series{
		"used":  {constant(3, "pod", "a")},
		"limit": {constant(8, "c", "b"), constant(4, "c", "a")},
		"many": {
			constant(1, "i", "1"), constant(2, "i", "2"), constant(3, "i", "3"),
			constant(4, "i", "4"),
		},
		"nobody": {},
		"moved":  {constant(1)},
	}, meta: map[string]promapi.Meta{
		"moved": {Grid: series.Grid{Start: slot, Step: time.Minute, Len: 61}},
	}}
	for range 101 {
		f.answers["crowd"] = append(f.answers["crowd"], constant(1))
	}
	p := take(f, panel.Spec{Queries: []panel.Query{{Expr: "used"}}, References: []panel.Reference{
		{Name: "gone", Query: "down"}, {Name: "empty", Query: "nobody"},
		{Name: "moved", Query: "moved"}, {Name: "crowd", Query: "crowd"},
		{Name: "limit {{c}}", Query: "limit"}, {Name: "many", Query: "many"},
	}})[0]
	var names []string
	for _, r := range p.References {
		names = append(names, fmt.Sprint(r.Name, r.Values[0], " ", len(r.Values) == p.Grid.Len))
	}
	if want := []string{"limit a4 true", "limit b8 true", "many (1)1 true", "many (2)2 true"}; !slices.Equal(names, want) {
		t.Errorf("the reference lines are %q, want %q", names, want)
	}
	if len(p.Notes) != 5 || p.Notes[4].Code != snapshot.NoteReferencesLeft ||
		p.Notes[4].Args[0] != "2" || p.Data != snapshot.DataComplete || p.Failure != nil {
		t.Errorf("the panel must go on without what failed, and say so: data %v, err %v, notes %q",
			p.Data, p.Failure, p.Notes)
	}
	if failed := take(f,
		panel.Spec{
			Queries: []panel.Query{{Expr: "down"}}, References: []panel.Reference{
				{Name: "limit", Query: "limit"},
			},
		})[0]; len(failed.References) != 0 || failed.Failure == nil {
		t.Errorf("a panel that failed has no reference lines: %+v", failed)
	}
}

func TestTopOfKinds(t *testing.T) {
	f := fake{answers: map[string][]series.Series{"q": {}}}
	for i := range 60 {
		f.answers["q"] = append(f.answers["q"], constant(0, "i", fmt.Sprint(i)))
	}
	for _, k := range panel.Kinds() {
		if p := take(f, panel.Spec{Queries: []panel.Query{{Expr: "q"}}, Kind: k})[0]; len(
			p.Lines) != k.Top() {
			t.Errorf("%s draws %d series, want %d", k, len(p.Lines), k.Top())
		}
	}
	if p := take(f,
		panel.Spec{
			Queries: []panel.Query{{Expr: "q"}}, Kind: panel.Heatmap, Top: 48,
		})[0]; len(p.Lines) != 48 {
		t.Errorf("a panel that says how many draws %d", len(p.Lines))
	}
}

// A state that came and went is worth a line more than one that was never there, though both are 0
// now.
func TestWhatCameAndWentIsKept(t *testing.T) {
	f := fake{answers: map[string][]series.Series{"q": {
		constant(0, "i", "a"), constant(0, "i", "b"), {
			Labels: series.FromPairs("i", "c"), Values: []float64{0, 1, 0},
		},
	}}}
	p := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "q"}}, Top: 1, Rules: []rules.Rule{
			{Name: "r", Critical: rules.At(0)},
		},
	})[0]
	if got := p.Lines[0].Labels.Get("i"); got != "c" {
		t.Errorf("the line is %s", got)
	}
}

func TestDetailsAreAskedOfWhatBreaches(t *testing.T) {
	spec := panel.Spec{
		Queries: []panel.Query{{Expr: "used"}}, Rules: []rules.Rule{
			{Name: "High", Critical: rules.At(.9)},
		},
		Detail: &panel.Detail{
			Query:  `topk(3, pods{node="{{node}}",odd="{{odd}}",none="{{ none }}"})`,
			Legend: "{{pod}}", Unit: units.Bytes,
		},
	}
	p := take(fake{answers: map[string][]series.Series{
		"used": {constant(.94, "node", "n1", "odd", `a"} or up \`), constant(.5, "node", "n2")},
		`topk(3, pods{node="n1",odd="a\"} or up \\",none=""})`: {
			constant(1<<30, "pod", "small"), constant(22<<30, "pod", "large"),
			constant(2<<30, "pod", "b"), constant(2<<30, "pod", "a"),
		},
	}}, spec)[0]
	want := []snapshot.Part{
		{Name: "large", Value: 22 << 30}, {Name: "a", Value: 2 << 30}, {Name: "b", Value: 2 << 30},
	}
	if got := p.Findings[0].Details; !slices.Equal(got, want) || len(p.Notes) != 0 {
		t.Errorf("got details %v, want %v; notes %q", got, want, p.Notes)
	}
}

// What is within its limits, has not been beyond them for long enough, or is a verdict's is not
// looked into; a query would be an error here.
func TestDetailsAreNotAskedOfWhatDoesNotFire(t *testing.T) {
	for name, rule := range map[string]rules.Rule{
		"within":  {Name: "High", Critical: rules.At(.99)},
		"pending": {Name: "High", Critical: rules.At(.9), For: 15 * time.Minute},
		"verdict": {Name: "p95", Reduce: rules.Last, Critical: rules.At(.9)},
	} {
		f := fake{
			answers: map[string][]series.Series{
				"used": {
					{
						Labels: series.FromPairs("node", "n1"), Values: []float64{
							.5, .5, .5, .5, .5, .5, .5, .94,
						},
					},
				},
			},
		}
		p := take(f, panel.Spec{
			Queries: []panel.Query{{Expr: "used"}}, Rules: []rules.Rule{rule},
			Detail: &panel.Detail{Query: "pods"},
		})[0]
		if p.Failure != nil || len(p.Notes) != 0 {
			t.Errorf("%s: error %v, notes %q", name, p.Failure, p.Notes)
		}
		if want := name != "within"; want != (len(p.Findings) == 1) {
			t.Errorf("%s: findings %+v", name, p.Findings)
		}
	}
}

// A series that two alerts are about is looked into once.
func TestDetailsAreAskedOncePerSeries(t *testing.T) {
	asked := 0
	q := counting{
		fake{
			answers: map[string][]series.Series{
				"used": {constant(.94, "node", "n1")}, "pods": {constant(1, "pod", "a")},
			},
		}, "pods", &asked,
	}
	spec := panel.Spec{
		Queries: []panel.Query{{Expr: "used"}}, Detail: &panel.Detail{
			Query: "pods", Legend: "{{pod}}",
		},
		Rules: []rules.Rule{
			{Name: "High", Critical: rules.At(.9)}, {Name: "Higher", Critical: rules.At(.8)},
		},
	}
	p := snapshot.Take(t.Context(), q, []panel.Spec{spec}, snapshot.Options{
		Slot: slot, Range: time.Hour, QueryOffset: time.Minute,
	})[0]
	if asked != 1 || len(p.Findings) != 2 ||
		!slices.Equal(p.Findings[0].Details, p.Findings[1].Details) ||
		len(p.Findings[0].Details) != 1 {
		t.Errorf("asked %d times, findings %+v", asked, p.Findings)
	}
}

// counting counts how often one query is asked.
type counting struct {
	fake
	expr  string
	times *int
}

func (c counting) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	if q.Expr == c.expr {
		*c.times++
	}
	return c.fake.Range(ctx, q, each)
}

func TestDetailThatFailsCostsANote(t *testing.T) {
	spec := panel.Spec{
		Queries: []panel.Query{{Expr: "used"}}, Rules: []rules.Rule{
			{Name: "High", Critical: rules.At(.9)},
		}, Detail: &panel.Detail{Query: "broken"},
	}
	p := take(fake{answers: map[string][]series.Series{"used": {constant(.94, "node", "n1")}}},
		spec)[0]
	if p.Failure != nil || len(p.Findings) != 1 || len(p.Notes) != 1 {
		t.Errorf("error %v, notes %q", p.Failure, p.Notes)
	}
}

// TestAPartOfTheDataIsNotJudged: what a rule says of what is missing, it must not say where the
// answer is only a part.
func TestAPartOfTheDataIsNotJudged(t *testing.T) {
	part := promapi.Meta{Partial: true, Warnings: []string{"store a is down"}}
	f := fake{
		answers: map[string][]series.Series{
			"share": {constant(0.3, "job", "api")}, "there": {constant(1, "node", "n1")}, "has": {},
			"empty": {}, "high": {constant(9, "node", "n2")},
		},
		meta: map[string]promapi.Meta{"share": part, "has": part, "empty": part, "high": part},
	}
	low := rules.Rule{Name: "Low", Direction: rules.Below, Warning: rules.At(1), NeedsAll: true}
	high := rules.Rule{Name: "High", Warning: rules.At(0)}
	lacks := high
	lacks.NeedsAll = true
	for _, tc := range []struct {
		spec     panel.Spec
		findings int
		status   rules.Status
	}{
		{
			panel.Spec{Queries: []panel.Query{{Expr: "share"}}, Rules: []rules.Rule{low}}, 0,
			rules.Unknown,
		},
		{
			panel.Spec{
				Queries: []panel.Query{{Expr: "there"}}, Without: "has", Rules: []rules.Rule{lacks},
			}, 0, rules.Unknown,
		},
		{
			panel.Spec{Queries: []panel.Query{{Expr: "high"}}, Rules: []rules.Rule{high}}, 1,
			rules.Breach,
		},
		{
			panel.Spec{
				Queries: []panel.Query{{Expr: "high"}}, Rules: []rules.Rule{
					high, {Name: "Other", Warning: rules.At(1), NeedsAll: true},
				},
			}, 1, rules.Breach,
		},
		{
			panel.Spec{Queries: []panel.Query{{Expr: "empty"}}, Rules: []rules.Rule{high}}, 0,
			rules.Unknown,
		},
	} {
		p := take(f, tc.spec)[0]
		if p.Data != snapshot.DataPartial || p.Partial.Code != snapshot.NotePartSaid ||
			p.Partial.Args[0] != "store a is down" || len(p.Missing) != 0 {
			t.Errorf("%s: data %v, partial %q, missing %v; want a part, as the server says",
				tc.spec.Queries[0].Expr, p.Data, p.Partial, p.Missing)
		}
		if len(p.Findings) != tc.findings || p.OK != 0 {
			t.Errorf("%s: findings %+v and %d OK; want %d and none", tc.spec.Queries[0].Expr,
				p.Findings, p.OK, tc.findings)
		}
		for _, r := range p.Rows {
			if r.Status != tc.status {
				t.Errorf("%s: the status of %s is %v, want %v", tc.spec.Queries[0].Expr, r.Name,
					r.Status, tc.status)
			}
		}
	}
}
