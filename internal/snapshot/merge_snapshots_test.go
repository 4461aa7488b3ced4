package snapshot

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/panel"
)

func TestMergeSnapshots(t *testing.T) {
	slot := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	of := func(cluster string, values map[string]float64, notes ...Note) Snapshot {
		return Snapshot{
			Cluster: cluster, Report: "daily", Slot: slot, Range: time.Hour,
			End: slot.Add(-time.Minute), Scrape: time.Minute,
			Server: "Prometheus 3.15.0", ServerURL: "https://" + cluster, Notes: notes,
			Panels: []Panel{simple(holding(values), cluster)},
		}
	}
	eu := of("eu", map[string]float64{"a": 2, "b": 0, "c": 1}, NoteOf(NoteNodesPartSilent))
	us := of("us", map[string]float64{"d": 3}, NoteOf(NoteNodesPartSilent), NoteOf(NoteNodesCut, 5))
	us.Incomplete = NoteOf(NoteTimedOut)
	got, err := MergeSnapshots(eu, us)
	if err != nil {
		t.Fatal(err)
	}
	want := eu
	want.Cluster, want.ServerURL, want.Notes, want.Incomplete = "", "", us.Notes, us.Incomplete
	want.Nodes, err = MergeNodes(Nodes{}, Nodes{})
	if err != nil {
		t.Fatal(err)
	}
	want.Panels = []Panel{mustMerge(t, eu.Panels[0], us.Panels[0])}
	options := []gocmp.Option{cmpopts.EquateNaNs(), gocmp.AllowUnexported(Nodes{})}
	if diff := gocmp.Diff(want, got, options...); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	if got, want := got.Panels[0].Total, 4; got != want {
		t.Errorf("got %d series, want %d", got, want)
	}

	decoded := []Snapshot{reencoded(t, eu), reencoded(t, us)}
	again, err := MergeSnapshots(decoded...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(got.Panels, again.Panels, options...); diff != "" {
		t.Errorf("merge of decoded snapshots (-want +got):\n%s", diff)
	}

	gone := us
	gone.Panels = Failed([]panel.Spec{us.Panels[0].Spec}, errors.New("connection refused"))
	if got, err = MergeSnapshots(eu, gone); err != nil {
		t.Fatal(err)
	}
	if p, want := got.Panels[0], NoteOf(NotePartsSay, 0, "us",
		"connection refused"); p.Data != DataPartial || !p.Partial.equal(want) {
		t.Errorf("got data %d, %v; want data %d, %v", p.Data, p.Partial, DataPartial, want)
	}

	later := us
	later.Slot = slot.Add(time.Hour)
	const refused = `merging snapshots: one is of report "daily" at 2026-11-22T00:00:00Z, ` +
		`over 1h0m0s to 2026-11-21T23:59:00Z, another of report "daily" at ` +
		`2026-11-22T01:00:00Z, over 1h0m0s to 2026-11-21T23:59:00Z`
	if _, err := MergeSnapshots(eu, later); err == nil || err.Error() != refused {
		t.Errorf("got %v, want %s", err, refused)
	}
	if _, err := MergeSnapshots(); err == nil {
		t.Error("merging no snapshots: got no error, want one")
	}
	if one, err := MergeSnapshots(eu); err != nil || one.Cluster != "eu" ||
		!slices.EqualFunc(one.Notes, eu.Notes, Note.equal) {
		t.Errorf("merging one snapshot: got that of %q, error %v; want that of eu", one.Cluster,
			err)
	}
}

// reencoded encodes and decodes a snapshot.
func reencoded(t *testing.T, s Snapshot) Snapshot {
	t.Helper()
	var file bytes.Buffer
	if err := s.Encode(&file); err != nil {
		t.Fatal(err)
	}
	out, err := Decode(&file, MostUnpacked)
	if err != nil {
		t.Fatal(err)
	}
	return *out
}
