package snapshot_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

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
			// not a node of the cluster
			constant(1, "instance", "192.168.1.9:9100", "nodename", "build-box"),
		},
	}
	w.window = slices.Concat(w.now, []series.Series{
		{
			Labels: series.FromPairs("node", "taken-away", "internal_ip", "10.0.0.8"),
			Values: []float64{1, math.NaN()},
		},
		// its address belongs to n3 now
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
			t.Errorf("node of %v: got %q, want %q", ls, got, want)
		}
		if departed := nodes.Departed(ls, want); departed != (want == "taken-away") {
			t.Errorf("%q: got departed %v, want %v", want, departed, !departed)
		}
	}
	if got := nodes.Of(series.FromPairs("instance", "10.0.0.3:9100")); got != "n3" {
		t.Errorf("an address that moved: got %q, want n3", got)
	}
	if got := nodes.Of(series.FromPairs("instance", "10.9.0.1:9100")); got != "" {
		t.Errorf("an address of another cluster: got %q, want none", got)
	}
	var names []string
	for _, n := range nodes.All() {
		names = append(names, fmt.Sprintf("%s %v", n.Name, n.Exporter))
	}
	if got := strings.Join(names, ", "); got != "n1 true, n1 false, n2 true, n3 false" {
		t.Errorf("got nodes %s, want n1 true, n1 false, n2 true, n3 false", got)
	}
}

// If one of the other queries fails, the nodes are still known and a note says what is not.
func TestNodesSurviveFailedQueries(t *testing.T) {
	for query, want := range map[string]string{
		fmt.Sprintf(windowQuery, "3m"): snapshot.NoteDeparturesUnknown,
		fmt.Sprintf(unameQuery, "3m"):  snapshot.NoteExportersUnknown,
		reportsQuery:                   snapshot.NoteExportersUnknown,
		kindsQuery:                     snapshot.NoteNodeKindsUnknown,
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
			t.Errorf("%s: got notes %q, error %v; want %s", query, notes, err, want)
		}
		if all := nodes.All(); len(all) != 1 || all[0].Name != "n1" || !all[0].Exporter {
			t.Errorf("%s: got nodes %+v, want n1 with an exporter", query, all)
		}
		if got := nodes.Of(series.FromPairs("instance", "10.0.0.1:9100")); got != "n1" {
			t.Errorf("%s: node of an address: got %q, want n1", query, got)
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
		t.Errorf("got statuses %v, want n1 OK, gone gone and dead without data", got)
	}
}
