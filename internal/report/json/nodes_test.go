package json

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
)

func TestMachinesInTheDocument(t *testing.T) {
	_, nodes := reporttest.Fleet(3)
	nodes = append(reporttest.Machines(nodes), snapshot.Node{Name: "unknown"}, snapshot.Node{
		Name: "young", Known: true, Created: reporttest.Slot.Add(time.Hour),
	})
	body, err := json.MarshalIndent(DocumentOf(report.Build(reporttest.Info(t, nodes), nil)).Nodes,
		"", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/nodes.json", append(body, '\n'))

	many := slices.Repeat([]snapshot.Node{{Name: "a", Known: true}}, 1500)
	many[1400] = snapshot.Node{Name: "z", Known: true, Cordoned: true}
	d := DocumentOf(report.Build(reporttest.Info(t, many), nil)).Nodes
	if len(d.Known) != documentRows || d.KnownTruncated != 500 || d.Known[0].Name != "z" {
		t.Errorf("got %d nodes, %d left out, %s first; want %d, 500, z", len(d.Known),
			d.KnownTruncated, d.Known[0].Name, documentRows)
	}
}

func TestNobodyAskedForMachines(t *testing.T) {
	if d := DocumentOf(reporttest.Daily(t)); d.Nodes.Known != nil {
		t.Errorf("got nodes %v in report.json, want none: the Kubernetes API was not asked",
			d.Nodes.Known)
	}
}
