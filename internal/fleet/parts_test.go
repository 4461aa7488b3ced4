package fleet_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/fleet/store"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Clusters with other scrape intervals are merged. One whose run showed another range is not, even
// if it comes first, and the others are.
func TestGridsOfClusters(t *testing.T) {
	p, s := planOf(t, 4), store.NewDir(t.TempDir())
	for i, c := range p.Clusters {
		panel := panelOf(spec, 3, 1441, uint64(i))
		rng := day
		switch i {
		case 0:
			rng = time.Hour
		case 1:
			panel = panelOf(spec, 3, 289, uint64(i))
			panel.Grid.Step = 5 * time.Minute
			panel.Grid.Start = slot.Add(-day)
		}
		panel.Exprs = []string{`m{cluster="` + c.Name + `"}`}
		part := fleet.NewPart(p, "sum", rowOf(c.Name), rng, []snapshot.Panel{panel})
		if err := fleet.SavePart(t.Context(), s, p, &part); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := reduced(t, s, p)
	m := got.Panels[0]
	if m.Total != 9 || len(m.Lines) != spec.Top || m.Data != snapshot.DataPartial ||
		len(m.Lacks) != 1 || m.Lacks[0].Part != "c0000" {
		t.Errorf("got %d series, %d lines, data %d, lacking %+v; want those of all but c0000",
			m.Total, len(m.Lines), m.Data, m.Lacks)
	}
	if len(m.Exprs) != 1 || m.Exprs[0] != spec.Queries[0].Expr {
		t.Errorf("got the queries %q, want that of the configuration", m.Exprs)
	}
	for _, l := range m.Lines {
		if len(l.Values) != 289 || math.IsNaN(l.Values[288]) || math.IsNaN(l.Values[1]) {
			t.Errorf("%s: got %d samples from %v to %v, want 289 without holes", l.Name,
				len(l.Values), l.Values[1], l.Values[288])
		}
	}
}

// A part whose names are those of another cluster is foreign, and one with endless lists is cut.
func TestHostileParts(t *testing.T) {
	p, name := planOf(t, 2), "c0000"
	for want, change := range map[string]func(*snapshot.Panel){
		"finding of another": func(of *snapshot.Panel) {
			of.Findings = []snapshot.Finding{{Name: "c0001/n0"}}
			of.Findings[0].Labels = series.FromPairs("cluster", name)
		},
		"series of another": func(of *snapshot.Panel) { of.Rows[0].Node = "c0001/n0" },
		"line of another":   func(of *snapshot.Panel) { of.Lines[0].Name = "n0" },
		"": func(of *snapshot.Panel) {
			for i := range 5000 {
				of.Missing = append(of.Missing, fmt.Sprint("metric", i))
				of.Notes = append(of.Notes, snapshot.NoteOf("x", strings.Repeat("y", 2000)))
			}
			of.Failure = &snapshot.Failure{Message: "a\u202e\n" + strings.Repeat("z", 5000)}
		},
	} {
		part := fleet.NewPart(p, "sum", rowOf(name), day,
			[]snapshot.Panel{panelOf(spec, 3, 1441, 1)})
		change(&part.Panels[0])
		data, err := part.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := fleet.DecodePart(p, name, data)
		if want != "" {
			if !errors.Is(err, fleet.ErrForeign) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want that it is foreign: a %s cluster", err, want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		of := got.Panels[0]
		if len(of.Missing) != 100 || len(of.Notes) != 100 || len(of.Notes[0].Args[0]) > 610 ||
			len(of.Failure.Message) > 610 || strings.ContainsAny(of.Failure.Message, "\n\u202e") {
			t.Errorf("got %d metrics, %d notes and %q, want short ones", len(of.Missing),
				len(of.Notes), of.Failure.Message)
		}
	}
}

// A part whose panels cannot be read still says that its cluster was there, and a cluster that one
// plan does not have is not forgotten.
func TestSeenClusters(t *testing.T) {
	s := store.NewDir(t.TempDir())
	both := planOf(t, 2)
	save := func(p fleet.Plan, name string, newer bool) {
		part := fleet.NewPart(p, "sum", rowOf(name), day,
			[]snapshot.Panel{panelOf(spec, 3, 1441, 1)})
		part.Cluster.NodesTotal = 3
		data, err := part.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if newer { // the panels are damaged
			data = data[:len(data)-40]
		}
		key := "daily/" + p.Slot.Format("20060102T150405Z") + "/parts/" + name + ".part"
		if err := s.Swap(t.Context(), key, data, ""); err != nil {
			t.Fatal(err)
		}
	}
	save(both, "c0000", true)
	save(both, "c0001", false)
	if got, _ := reduced(t, s, both); !got.Clusters[0].BlindSince.IsZero() {
		t.Errorf("got blind since %v, want a cluster that was there", got.Clusters[0].BlindSince)
	}
	for i, clusters := range [][]fleet.Cluster{{{Name: "c0000"}}, {{Name: "c0000"}, {Name: "c0001"}}} {
		later := slot.Add(time.Duration(i+1) * day)
		p, err := fleet.NewPlan("daily", later, later.Add(time.Hour), "sum", clusters, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := reduced(t, s, p)
		for _, c := range got.Clusters {
			if !c.BlindSince.Equal(slot) {
				t.Errorf("%s: got blind since %v, want %v", c.Name, c.BlindSince, slot)
			}
		}
	}
}
