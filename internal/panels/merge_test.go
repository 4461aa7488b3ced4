package panels_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// fleet is the storage of several clusters, queried like one Prometheus that holds them all.
type fleet []storage.Queryable

// Querier makes f a storage.Queryable.
func (f fleet) Querier(from, to int64) (storage.Querier, error) {
	var all []storage.Querier
	for _, in := range f {
		q, err := in.Querier(from, to)
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	// no series is in two clusters
	first := func(s ...storage.Series) storage.Series { return s[0] }
	return storage.NewMergeQuerier(all, nil, first), nil
}

// Range makes f a snapshot.Querier.
func (f fleet) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	return rangeOver(f, q, each)
}

// Present looks for a sample of each metric.
func (f fleet) Present(ctx context.Context, names []string, from,
	to time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	q, err := f.Querier(from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		set := q.Select(ctx, false, nil, labels.MustNewMatcher(labels.MatchEqual,
			model.MetricNameLabel, name))
		out[name] = set.Next()
	}
	return out, nil
}

// TestMergedClustersAreOneFleet snapshots two simulated clusters separately, and both together from
// one Prometheus that holds both. After encoding, decoding and merging, the separate snapshots
// equal the joint one.
func TestMergedClustersAreOneFleet(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	var all fleet
	for _, o := range []lab.Options{
		{Cluster: "eu", Nodes: 10}, {Cluster: "us", Nodes: 8, Seed: 7},
	} {
		o.Profile, o.Now, o.Alerts = lab.KPS, now, true
		cluster, err := lab.New(o)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, cluster)
	}
	specs := panels.All()
	o := snapshot.Options{
		Slot: now, Range: time.Hour, QueryOffset: time.Minute, ScrapeInterval: scrape,
	}
	take := func(q snapshot.Querier, part string) snapshot.Snapshot {
		nodes, _, err := snapshot.LoadNodes(t.Context(), q, o.End(), o.Range)
		if err != nil {
			t.Fatal(err)
		}
		o.Nodes, o.Part = nodes, part
		return snapshot.Snapshot{
			Cluster: part, Slot: o.Slot, End: o.End(), Range: o.Range, Nodes: nodes,
			Panels: snapshot.Take(t.Context(), q, specs, o),
		}
	}
	whole := take(all, "fleet")
	merged, err := snapshot.MergeSnapshots(written(t, take(all[:1], "eu")),
		written(t, take(all[1:], "us")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole.Nodes.All(), merged.Nodes.All()); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
	want, got := whole.Panels, merged.Panels
	if len(got) != len(want) {
		t.Fatalf("got %d panels, want %d", len(got), len(want))
	}
	for i := range want {
		for _, p := range []*snapshot.Panel{&got[i], &want[i]} {
			if p.Rest != nil {
				p.Rest.Sum = nil // may differ by rounding
			}
		}
		if diff := cmp.Diff(want[i], got[i], cmpopts.EquateNaNs(),
			cmpopts.EquateComparable(labels.Matcher{}),
			cmpopts.IgnoreFields(snapshot.Kept{}, "Part")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want[i].Spec.Name, diff)
		}
	}
}

// written returns s after encoding and decoding it.
func written(t *testing.T, s snapshot.Snapshot) snapshot.Snapshot {
	t.Helper()
	var file bytes.Buffer
	if err := s.Encode(&file); err != nil {
		t.Fatal(err)
	}
	out, err := snapshot.Decode(&file, snapshot.MostUnpacked)
	if err != nil {
		t.Fatal(err)
	}
	return *out
}
