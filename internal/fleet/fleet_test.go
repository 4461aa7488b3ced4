package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/fleet/store"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

var (
	slot     = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	deadline = slot.Add(30 * time.Minute)
	day      = 24 * time.Hour
	spec     = panel.Spec{
		Name: "node-memory", Title: "Memory", Queries: []panel.Query{{Ref: "A", Expr: "m"}}, Top: 2,
	}
)

// planOf returns a plan of n clusters.
func planOf(t testing.TB, n int) fleet.Plan {
	t.Helper()
	var clusters []fleet.Cluster
	for i := range n {
		clusters = append(clusters, fleet.Cluster{
			Name: fmt.Sprintf("c%04d", i), Labels: map[string]string{"region": "eu"},
		})
	}
	p, err := fleet.NewPlan("daily", slot, deadline, "sum", clusters, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// panelOf returns a panel of a cluster with so many nodes.
func panelOf(spec panel.Spec, nodes, steps int, seed uint64) snapshot.Panel {
	random := rand.New(rand.NewPCG(seed, 1))
	p := snapshot.Panel{
		Spec: spec, Exprs: []string{"m"}, Total: nodes, OK: nodes, Data: snapshot.DataComplete,
		Grid: series.Grid{Start: slot.Add(-time.Duration(steps-1) * time.Minute), Step: time.Minute,
			Len: steps},
	}
	for i := range nodes {
		v := random.Float64()
		p.Rows = append(p.Rows, snapshot.Row{
			Name: fmt.Sprintf("n%d", i), Node: fmt.Sprintf("n%d", i), Ref: "A", Rank: v,
			Labels:   series.FromPairs("instance", fmt.Sprintf("n%d", i)),
			Stats:    snapshot.Stats{Last: v, Avg: v, Min: v, Max: v, MaxAt: slot, Samples: steps},
			Capacity: math.NaN(),
		})
	}
	slices.SortFunc(p.Rows, func(a, b snapshot.Row) int {
		if a.Rank > b.Rank {
			return -1
		}
		return 1
	})
	top := min(len(p.Rows), spec.Top)
	for _, r := range p.Rows[:top] {
		values := make([]float64, steps)
		for i := range values {
			values[i] = r.Rank * (0.5 + 0.5*math.Sin(float64(i)/40+random.Float64()/9))
		}
		p.Lines = append(p.Lines, snapshot.Line{Row: r, Values: values})
	}
	if rest := nodes - top; rest > 0 {
		flat := func(v float64) []float64 { return slices.Repeat([]float64{v}, steps) }
		p.Rest = &snapshot.Band{
			Series: rest, Min: flat(0.1), Max: flat(0.5), Sum: flat(0.3 * float64(rest)),
			P05: flat(0.1), P95: flat(0.5), Count: slices.Repeat([]int{rest}, steps), Sampled: rest,
		}
	}
	return p
}

func rowOf(name string) report.Cluster {
	return report.Cluster{Name: name, Version: "v1", Verdict: report.VerdictOK, OK: 3}
}

// reduced merges the parts, and returns the result as bytes too.
func reduced(t *testing.T, s fleet.Store, p fleet.Plan) (fleet.Merged, []byte) {
	t.Helper()
	got, err := fleet.Reduce(t.Context(), s, p, fleet.ReduceOptions{
		Specs: []panel.Spec{spec}, Range: day, Now: func() time.Time { return slot },
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&snapshot.Snapshot{Panels: got.Panels}).Encode(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := json.Marshal(got.Clusters)
	if err != nil {
		t.Fatal(err)
	}
	return got, append(out.Bytes(), rows...)
}

// The order in which parts arrive does not change a byte, nor does a second run of a cluster or of
// the reduction.
func TestReduceInAnyOrderOfArrival(t *testing.T) {
	const clusters = 40
	p := planOf(t, clusters)
	var first []byte
	for try := range 3 {
		s := store.NewDir(t.TempDir())
		for _, i := range rand.New(rand.NewPCG(uint64(try), 2)).Perm(clusters) {
			if i == 7 {
				continue
			}
			part := fleet.NewPart(p, "sum", rowOf(p.Clusters[i].Name), day,
				[]snapshot.Panel{panelOf(spec, 5, 60, uint64(i))})
			for range 1 + i%2 {
				if err := fleet.SavePart(t.Context(), s, p, &part); err != nil {
					t.Fatal(err)
				}
			}
		}
		got, all := reduced(t, s, p)
		if first == nil {
			first = all
		}
		if _, again := reduced(t, s, p); !bytes.Equal(all, first) || !bytes.Equal(again, first) {
			t.Fatalf("try %d: got other bytes, want the same in any order", try)
		}
		if got.Panels[0].Total != 5*(clusters-1) || len(got.Panels[0].Rows) != 5*(clusters-1) ||
			len(got.Panels[0].Lines) != 2 || got.Panels[0].Rest.Series != 5*(clusters-1)-2 {
			t.Errorf("got %d series, %d rows, %d lines, %d others; want those of all clusters",
				got.Panels[0].Total, len(got.Panels[0].Rows), len(got.Panels[0].Lines),
				got.Panels[0].Rest.Series)
		}
		for i, c := range got.Clusters {
			want := ""
			if i == 7 {
				want = report.LackMissing
			}
			if c.Name != p.Clusters[i].Name || c.Lack.Code != want || c.Labels["region"] != "eu" {
				t.Errorf("cluster %d: got %+v, want %s with the lack %q", i, c, p.Clusters[i].Name,
					want)
			}
		}
	}
}

// A part that cannot be used is the lack of its cluster, and the others are merged.
func TestReduceOfBadParts(t *testing.T) {
	p := planOf(t, 9)
	s := store.NewDir(t.TempDir())
	encode := func(name string, change func(*fleet.Part)) []byte {
		part := fleet.NewPart(p, "sum", rowOf(name), day, []snapshot.Panel{panelOf(spec, 3, 60, 1)})
		change(&part)
		data, err := part.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	same := func(*fleet.Part) {}
	other := spec
	other.Queries = []panel.Query{{Ref: "A", Expr: "another"}}
	good := encode("c0001", same)
	for name, data := range map[string][]byte{
		"c0000": encode("c0000", same),
		"c0001": good[:len(good)-40],
		"c0002": []byte("<html>503</html>"),
		"c0003": encode("c0000", same),
		"c0004": encode("c0004", func(p *fleet.Part) { p.Slot = p.Slot.Add(time.Hour) }),
		"c0005": []byte(`{"format":"promsnap fleet part","version":99,"report":7,"cluster":` +
			`{"version":"v9","ok":"many"}}` + "\n"),
		"c0006": encode("c0006", func(p *fleet.Part) { p.Panels[0].Spec = other }),
		"c0007": encode("c0007", func(p *fleet.Part) {
			p.Panels[0] = p.Panels[0].OfCluster("c0000", p.Panels[0].Grid)
		}),
		"c0008": encode("c0008", func(p *fleet.Part) {
			p.Config = "another"
			p.Panels[0].OK = -9
		}),
	} {
		key := "daily/20261130T090000Z/parts/" + name + ".part"
		if err := s.Swap(t.Context(), key, data, ""); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := reduced(t, s, p)
	for i, want := range []string{
		"", report.LackDamaged, report.LackDamaged, report.LackForeign, report.LackForeign,
		report.LackNewer, "", report.LackForeign, report.LackOtherConfig,
	} {
		if c := got.Clusters[i]; c.Lack.Code != want {
			t.Errorf("%s: got the lack %q, want %q", c.Name, c.Lack.Code, want)
		}
	}
	if got.Panels[0].OK != 3 {
		t.Errorf("got %d series that are OK, want 3: a negative count is none", got.Panels[0].OK)
	}
	if c := got.Clusters[1]; c.OK != 3 {
		t.Errorf("a part whose panels are cut: got the row %+v, want that of its head", c)
	}
	if of := got.Panels[0]; of.Total != 6 || of.Data != snapshot.DataPartial || len(of.Lacks) != 1 ||
		of.Lacks[0].Part != "c0006" {
		t.Errorf("got %d series, data %d, lacks %+v; want 6, partial, and that of c0006", of.Total,
			of.Data, of.Lacks)
	}
}

// A cluster without data is blind since the last slot at which it had some.
func TestBlindSince(t *testing.T) {
	s, p := store.NewDir(t.TempDir()), planOf(t, 2)
	save := func(p fleet.Plan, i int) {
		t.Helper()
		part := fleet.NewPart(p, "sum", rowOf(p.Clusters[i].Name), day,
			[]snapshot.Panel{panelOf(spec, 3, 60, 1)})
		if err := fleet.SavePart(t.Context(), s, p, &part); err != nil {
			t.Fatal(err)
		}
	}
	save(p, 0)
	save(p, 1)
	reduced(t, s, p)
	next := p
	next.Slot = slot.Add(24 * time.Hour)
	save(next, 0)
	for range 2 {
		got, _ := reduced(t, s, next)
		if since := got.Clusters[1].BlindSince; !since.Equal(slot) {
			t.Errorf("got blind since %v, want %v", since, slot)
		}
		if since := got.Clusters[0].BlindSince; !since.IsZero() {
			t.Errorf("got blind since %v of a cluster with data, want none", since)
		}
	}
}

// A part that had no data is replaced by one with data, and by nothing else.
func TestSavePartAgain(t *testing.T) {
	s, p := store.NewDir(t.TempDir()), planOf(t, 1)
	name := p.Clusters[0].Name
	blind := rowOf(name)
	blind.Failure = &snapshot.Failure{Message: "refused"}
	with := []snapshot.Panel{panelOf(spec, 3, 60, 1)}
	for i, step := range []struct {
		row    report.Cluster
		panels []snapshot.Panel
		failed bool
		total  int
	}{
		{blind, nil, true, 0}, {rowOf(name), with, false, 3}, {blind, nil, false, 3},
		{rowOf(name), []snapshot.Panel{panelOf(spec, 4, 60, 1)}, false, 3},
	} {
		part := fleet.NewPart(p, "sum", step.row, day, step.panels)
		if err := fleet.SavePart(t.Context(), s, p, &part); err != nil {
			t.Fatal(err)
		}
		got, _ := reduced(t, s, p)
		total := 0
		if got.Panels != nil {
			total = got.Panels[0].Total
		}
		if failed := got.Clusters[0].Failure != nil; failed != step.failed || total != step.total {
			t.Errorf("step %d: got failed %t and %d series, want %t and %d", i, failed, total,
				step.failed, step.total)
		}
	}
}

// Reduce waits for a part until the deadline, and no longer.
func TestReduceWaits(t *testing.T) {
	s, p := store.NewDir(t.TempDir()), planOf(t, 2)
	save := func(i int) {
		part := fleet.NewPart(p, "sum", rowOf(p.Clusters[i].Name), day,
			[]snapshot.Panel{panelOf(spec, 3, 60, 1)})
		if err := fleet.SavePart(t.Context(), s, p, &part); err != nil {
			t.Fatal(err)
		}
	}
	save(1)
	now, pauses := slot, 0
	o := fleet.ReduceOptions{
		Specs: []panel.Spec{spec}, Range: day, Now: func() time.Time { return now },
		Pause: func(context.Context) error {
			now = now.Add(10 * time.Minute)
			if pauses++; pauses == 2 {
				save(0)
			}
			return nil
		},
	}
	got, err := fleet.Reduce(t.Context(), s, p, o)
	if err != nil || !got.Clusters[0].Lack.IsZero() || pauses != 2 {
		t.Errorf("got %v, %v after %d pauses; want both parts after 2", got.Clusters, err, pauses)
	}
	p = planOf(t, 3)
	pauses = 3
	got, err = fleet.Reduce(t.Context(), s, p, o)
	if err != nil || got.Clusters[2].Lack.Code != report.LackMissing || now.After(deadline) {
		t.Errorf("got %v, %v at %v; want a missing part at the deadline", got.Clusters[2], err, now)
	}
}

func TestEncodeFits(t *testing.T) {
	p := planOf(t, 1)
	wide := spec
	wide.Top = 8
	var panels []snapshot.Panel
	for i := range 20 {
		wide.Name = fmt.Sprintf("p%d", i)
		panels = append(panels, panelOf(wide, 5000, 721, uint64(i)))
	}
	part := fleet.NewPart(p, "sum", rowOf(p.Clusters[0].Name), day, panels)
	data, err := part.Encode()
	if err != nil || len(data) > fleet.MaxPart {
		t.Fatalf("got %d bytes, %v; want at most %d", len(data), err, fleet.MaxPart)
	}
	got, err := fleet.DecodePart(p, p.Clusters[0].Name, data)
	if err != nil || got.Panels[3].Total != 5000 || len(got.Panels[3].Rows) == 0 {
		t.Errorf("got %d rows of %d, %v; want some of 5000", len(got.Panels[3].Rows),
			got.Panels[3].Total, err)
	}
	t.Logf("%d bytes with %d rows and %d lines a panel", len(data), len(got.Panels[3].Rows),
		len(got.Panels[3].Lines))
}

func TestPlan(t *testing.T) {
	s := store.NewDir(t.TempDir())
	p := planOf(t, 3)
	first, err := fleet.SavePlan(t.Context(), s, p)
	if err != nil {
		t.Fatal(err)
	}
	second, err := fleet.SavePlan(t.Context(), s, planOf(t, 5))
	if err != nil || len(second.Clusters) != 3 || !second.Deadline.Equal(first.Deadline) {
		t.Errorf("a second plan: got %d clusters, %v; want the first plan with 3",
			len(second.Clusters), err)
	}
	if got := p.Index("c0002"); got != 2 {
		t.Errorf("Index: got %d, want 2", got)
	}
	if got := p.Index("c0009"); got != -1 {
		t.Errorf("Index of an unknown cluster: got %d, want -1", got)
	}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for says, text := range map[string]string{
		"not a plan":             `{"format": "x"}`,
		"reading the plan":       string(data[:len(data)-20]),
		"update promsnap":        strings.Replace(string(data), `"version": 1`, `"version": 2`, 1),
		"unknown field":          strings.Replace(string(data), `"report"`, `"x": 1, "report"`, 1),
		"no clusters":            `{"format":"promsnap fleet plan","version":1}`,
		"two clusters have the":  strings.Replace(string(data), "c0001", "c0000", 1),
		"sorted by name":         strings.Replace(string(data), "c0001", "c9", 1),
		"not the name of a clus": strings.Replace(string(data), "c0001", `\n`, 1),
	} {
		if _, err := fleet.DecodePlan([]byte(text)); err == nil ||
			!strings.Contains(err.Error(), says) {
			t.Errorf("%.60q: got %v, want %q", text, err, says)
		}
	}
	var newer *fleet.NewerPlanError
	if _, err := fleet.DecodePlan(bytes.Replace(data, []byte(`"version": 1`),
		[]byte(`"version": 2`), 1)); !errors.As(err, &newer) {
		t.Errorf("got %v, want a NewerPlanError", err)
	}
}

func FuzzDecodePart(f *testing.F) {
	p := planOf(f, 2)
	part := fleet.NewPart(p, "sum", rowOf("c0000"), day, []snapshot.Panel{panelOf(spec, 3, 10, 1)})
	data, err := part.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:100])
	f.Add([]byte(`{"format":"promsnap fleet part","version":1,"report":"daily",` +
		`"slot":"2026-11-30T09:00:00Z","cluster":{"name":"c0000","ok":-1,"hours":"x\u0000"}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := fleet.DecodePart(p, "c0000", data)
		if err != nil && got.Panels != nil {
			t.Errorf("got panels with the error %v, want none", err)
		}
		if c := got.Cluster; c.OK < 0 || strings.Trim(c.Hours, ".wc-") != "" ||
			err == nil && c.Name != "c0000" {
			t.Errorf("got the row %+v, want it bounded", c)
		}
	})
}
