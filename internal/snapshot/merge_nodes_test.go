package snapshot_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// of returns the part of w in one cluster.
func (w world) of(cluster string) world {
	only := func(all []series.Series) []series.Series {
		out := []series.Series{}
		for _, s := range all {
			if s.Labels.Get("cluster") == cluster {
				out = append(out, s)
			}
		}
		return out
	}
	return world{
		now: only(w.now), window: only(w.window), exporters: only(w.exporters),
		reports: only(w.reports),
		kinds:   only(w.kinds), pods: only(w.pods), held: only(w.held),
	}
}

// twoClusters returns two clusters with nodes of the same names and addresses. One node of eu left,
// one has two exporters, and one of us is virtual.
func twoClusters() world {
	nan := math.NaN()
	left := series.Series{
		Labels: series.FromPairs("cluster", "eu", "node", "n3", "internal_ip", "10.0.0.3"),
		Values: []float64{1, 1, nan, nan},
	}
	info := []series.Series{
		constant(1, "cluster", "eu", "node", "n1", "internal_ip", "10.0.0.1"),
		constant(1, "cluster", "eu", "node", "n2", "internal_ip", "10.0.0.2"),
		constant(1, "cluster", "us", "node", "n1", "internal_ip", "10.0.0.1"),
		constant(1, "cluster", "us", "node", "vk", "internal_ip", "10.9.0.1"),
	}
	exporters := []series.Series{
		constant(1, "cluster", "eu", "instance", "10.0.0.1:9100", "nodename", "n1"),
		constant(1, "cluster", "eu", "instance", "10.0.0.1:9101", "nodename", "n1"),
		constant(1, "cluster", "eu", "instance", "10.0.0.9:9100", "nodename", "bastion"),
		constant(1, "cluster", "us", "instance", "10.0.0.1:9100", "nodename", "n1"),
	}
	return world{
		now: info, window: append([]series.Series{left}, info...), exporters: exporters,
		reports: exporters,
		kinds:   []series.Series{constant(1, "cluster", "us", "node", "vk", "kind", "virtual")},
		pods:    []series.Series{}, held: []series.Series{},
	}
}

// everything lets Diff compare unexported fields.
var everything = gocmp.Exporter(func(reflect.Type) bool { return true })

func TestMergeNodesIsLoadOfAll(t *testing.T) {
	w := twoClusters()
	want, eu, us := w.load(t), w.of("eu").load(t), w.of("us").load(t)
	for _, parts := range [][]snapshot.Nodes{{eu, us}, {us, eu}, {snapshot.Nodes{}, us, eu}} {
		got, err := snapshot.MergeNodes(parts...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got, everything); diff != "" {
			t.Errorf("merged tables (-want +got):\n%s", diff)
		}
	}
	if got, want := len(eu.All())+len(us.All()), len(want.All()); got != want || got != 4 {
		t.Errorf("got %d nodes in the parts and %d in the whole, want 4 and 4", got, want)
	}
}

// If the answers about one cluster are incomplete, departed nodes of the other cluster still count
// as gone.
func TestMergeNodesOfIncompletePart(t *testing.T) {
	w := twoClusters()
	f := w.of("us").answers(nil)
	f.meta = map[string]promapi.Meta{infoQuery: {Partial: true}}
	us, notes, err := snapshot.LoadNodes(t.Context(), f, slot, time.Hour)
	if err != nil || len(notes) != 1 {
		t.Fatalf("got notes %v and error %v, want one note and no error", notes, err)
	}
	all, err := snapshot.MergeNodes(w.of("eu").load(t), us)
	if err != nil {
		t.Fatal(err)
	}
	if got := []bool{all.Current("eu"), all.Current("us"), all.Silent("eu"), all.Silent(
		"us")}; !reflect.DeepEqual(got, []bool{true, false, false, true}) {
		t.Errorf("current in eu and us, silent in eu and us: got %v, want true, false, false, true",
			got)
	}
	if got, want := all.Shown("eu", "n1"), "eu/n1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMergeNodesRefusesOneClusterTwice(t *testing.T) {
	one := world{now: []series.Series{node("n1", "10.0.0.1")}}.load(t)
	_, err := snapshot.MergeNodes(one, one)
	if want := `merging the node tables: two parts have the cluster ""`; err == nil ||
		err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
