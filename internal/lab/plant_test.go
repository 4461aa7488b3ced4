package lab

import (
	"slices"
	"testing"
	"time"
)

// Each planted incident shows while it lasts, on its node, and not before or after it.
func TestPlantedIncidents(t *testing.T) {
	from, to := now().Add(-3*time.Hour), now().Add(-2*time.Hour)
	for _, c := range []struct {
		kind      IncidentKind
		panel, by string
		threshold float64
		object    string
	}{
		{NodeDown, "node-conditions", "node", 0, NodeName(9)},
		{ExporterDown, "coverage", "node", 0, NodeName(9)},
		{MemoryHigh, "node-memory", "instance", .90, "10.0.1.13:9100"},
		{DiskFull, "node-disk", "instance", .90, "10.0.1.13:9100"},
		{OOMLoop, "container-oom", "namespace", 0, "media"},
	} {
		with := newLab(t, Options{Profile: KPS, Nodes: 12, Incidents: []Incident{
			{Kind: c.kind, Node: 9, Workload: "thumbs", From: from, To: to},
		}})
		for ago, want := range map[time.Duration]bool{
			4 * time.Hour: false, 150 * time.Minute: true, 90 * time.Minute: false,
		} {
			found := map[string]float64{}
			for _, x := range instant(t, with, panelQueries()[c.panel], ago) {
				found[x.Metric[c.by]] = max(found[x.Metric[c.by]], number(t, x.Value[1]))
			}
			if got := found[c.object] > c.threshold; got != want {
				t.Errorf("%s, %s before the end: got %v above %v: %v, want %v", c.kind, ago,
					found[c.object], c.threshold, got, want)
			}
		}
	}
	flaps := newLab(t, Options{Profile: KPS, Nodes: 12, Incidents: []Incident{
		{Kind: ExporterFlap, Node: 9, From: from, To: to},
	}})
	var seen []float64
	for m := range 10 {
		for _, x := range instant(t, flaps, `up{job="node-exporter",instance="10.0.1.13:9100"}`,
			150*time.Minute-time.Duration(m)*time.Minute) {
			seen = append(seen, number(t, x.Value[1]))
		}
	}
	if !slices.Contains(seen, 0) || !slices.Contains(seen, 1) {
		t.Errorf("a flapping exporter in ten minutes: got up %v, want 0 and 1", seen)
	}
	if _, err := New(Options{Now: now(), Nodes: 3, Incidents: []Incident{
		{Kind: NodeDown, Node: 3, From: from, To: to},
	}}); err == nil {
		t.Error("an incident on a node that does not exist: got no error, want one")
	}
}
