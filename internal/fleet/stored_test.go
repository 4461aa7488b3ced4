package fleet_test

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden; look at it")

// storedPart returns what testdata/part-1.part has.
func storedPart(p fleet.Plan) fleet.Part {
	row := report.Cluster{
		Name: "c0000", Labels: map[string]string{"region": "eu"}, Version: "v0.1.0",
		Verdict: report.VerdictCritical, Headline: "n1 memory 94 %", Critical: 1, Warning: 2,
		NoData: 3, Pending: 4, OK: 5, NodesMeasured: 6, NodesTotal: 7,
		Shares:  []report.ClusterShare{{Panel: "node-memory", Value: 12e9, Ratio: 0.75}},
		Fullest: &report.ClusterNode{Name: "n1", Text: "memory 94 %"},
		Fills:   "Disk n2 in 3 days", Hours: ".wc-",
	}
	return fleet.NewPart(p, "sum", row, time.Hour, []snapshot.Panel{panelOf(spec, 4, 61, 1)})
}

// Every later version reads the part that version 1 wrote. If this test fails, do not rewrite the
// file: the clusters of a fleet are not updated at the same time. A new format gets a new version
// and a file of its own.
func TestStoredPart(t *testing.T) {
	const golden = "testdata/part-1.part"
	p := planOf(t, 2)
	want := storedPart(p)
	if *update {
		data, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fleet.DecodePart(p, "c0000", data)
	if err != nil {
		t.Fatalf("got %v, want the part of version 1", err)
	}
	if diff := gocmp.Diff(want.Head, got.Head); diff != "" {
		t.Errorf("got another head than version 1 wrote (-want +got):\n%s", diff)
	}
	if len(got.Panels) != 1 {
		t.Fatalf("got %d panels, want 1", len(got.Panels))
	}
	of := got.Panels[0]
	for _, tc := range []struct {
		what      string
		got, want any
	}{
		{"the panel", of.Spec.Name + ": " + of.Spec.Title, "node-memory: Memory"},
		{"the queries", of.Exprs, []string{"m"}},
		{"the data", of.Data, snapshot.DataComplete},
		{"series", []int{of.Total, of.OK, len(of.Rows), len(of.Lines)}, []int{4, 4, 4, 2}},
		{"the start", of.Grid.Start.UTC(), slot.Add(-time.Hour)},
		{"the steps", []any{of.Grid.Step, of.Grid.Len}, []any{time.Minute, 61}},
		{"the highest", of.Rows[0].Name, "c0000/n1"},
		{"its labels", of.Rows[0].Labels.String(), `{cluster="c0000", instance="n1"}`},
		{"its last sample", of.Rows[0].Stats.Last, 0.9099579380225021},
		{"a line", of.Lines[1].Name, "c0000/n2"},
		{"a sample of it", of.Lines[1].Values[1], 0.44043731689453125},
		{"the others", []int{of.Rest.Series, of.Rest.Count[60]}, []int{2, 2}},
		{"their highest", of.Rest.Max[60], 0.5},
	} {
		if diff := gocmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s: got another than version 1 wrote (-want +got):\n%s", tc.what, diff)
		}
	}
}

func FuzzDecodePlan(f *testing.F) {
	p := planOf(f, 2)
	data, err := p.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add(bytes.Replace(data, []byte("c0001"), []byte("c0000"), 1))
	f.Add(bytes.Replace(data, []byte(`"version": 1`), []byte(`"version": 2`), 1))
	f.Add([]byte(`{"format":"promsnap fleet plan","version":1,"clusters":[{"name":"a\u202e"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := fleet.DecodePlan(data)
		if err != nil {
			if len(got.Clusters) > 0 {
				t.Errorf("got clusters with the error %v, want none", err)
			}
			return
		}
		for i, c := range got.Clusters {
			if err := fleet.CheckName(c.Name); err != nil || got.Index(c.Name) != i {
				t.Errorf("got the name %q at %d, index %d, error %v; want it valid and found",
					c.Name, i, got.Index(c.Name), err)
			}
		}
		again, err := got.Encode()
		if err != nil {
			t.Fatalf("encoding %+v: %v", got, err)
		}
		if back, err := fleet.DecodePlan(again); err != nil || !gocmp.Equal(got, back) {
			t.Errorf("got %+v and %v after another round, want %+v", back, err, got)
		}
	})
}
