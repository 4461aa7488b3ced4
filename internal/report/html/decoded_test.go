package html

import (
	"bytes"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// TestADecodedSnapshotIsTheSameReport checks that the report of a snapshot and the report of the
// same snapshot after encoding and decoding have the same files.
func TestADecodedSnapshotIsTheSameReport(t *testing.T) {
	for name, r := range map[string]*report.Report{
		"daily": reporttest.Daily(t), "korean": reporttest.Korean(t),
		"hostile": reporttest.Hostile(t, reporttest.Evil),
	} {
		s := snapshot.Snapshot{
			Cluster: r.Info.Cluster, Report: r.Info.Name, Slot: r.Info.Slot, Range: r.Info.Range,
			Notes: r.Info.Notes, Panels: r.Panels,
		}
		var file bytes.Buffer
		if err := s.Encode(&file); err != nil {
			t.Fatal(name, err)
		}
		back, err := snapshot.Decode(&file, snapshot.MostUnpacked)
		if err != nil {
			t.Fatal(name, err)
		}
		in := r.Info
		in.Slot, in.Range, in.Notes = back.Slot, back.Range, back.Notes
		want, got := filesOf(t, r), filesOf(t, report.Build(in, back.Panels))
		if len(got) != len(want) || len(want) < 3 {
			t.Fatalf("%s: got %d files, want %d", name, len(got), len(want))
		}
		for i := range want {
			if got[i].Name != want[i].Name || !bytes.Equal(got[i].Body, want[i].Body) {
				t.Errorf("%s: %s is not %s as it was", name, got[i].Name, want[i].Name)
			}
		}
	}
}

// filesOf returns all files of a report.
func filesOf(t *testing.T, r *report.Report) []report.File {
	t.Helper()
	page, pictures, err := Render(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := reportjson.Render(r)
	if err != nil {
		t.Fatal(err)
	}
	return append([]report.File{page, doc}, pictures...)
}
