package snapshot_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// known are two nodes from the Kubernetes API, which Prometheus may know too.
var known = []snapshot.Node{
	{
		Name: "ip-10-0-1-5", InternalIP: "10.0.1.5", Known: true, InstanceType: "m5.2xlarge",
		Zone: "ap-northeast-2a",
	},
	{Name: "ip-10-0-1-6", InternalIP: "10.0.1.6", Known: true, Zone: "koreacentral-1"},
}

// TestKnownNodesNameTheirSeries checks that a chart shows a node's machine type, whatever
// identifies its series.
func TestKnownNodesNameTheirSeries(t *testing.T) {
	const usage = "usage"
	for name, c := range map[string]struct {
		info, uname, usage []series.Series
		want               string // the names of the rows, then the nodes
	}{
		"with kube-state-metrics": {
			info: []series.Series{
				constant(1, "node", "ip-10-0-1-5", "internal_ip", "10.0.1.5"),
				constant(1, "node", "ip-10-0-1-6", "internal_ip", "10.0.1.6"),
			},
			uname: []series.Series{
				constant(1, "instance", "10.0.1.5:9100"), constant(1, "instance", "10.0.1.6:9100"),
			},
			usage: []series.Series{
				constant(2, "instance", "10.0.1.5:9100"), constant(1, "node", "ip-10-0-1-6"),
			},
			want: "[ip-10-0-1-5 (m5.2xlarge, 2a) ip-10-0-1-6 (1)] [ip-10-0-1-5 true ip-10-0-1-6 " +
				"true]",
		},
		"without kube-state-metrics": {
			uname: []series.Series{
				constant(1, "instance", "10.0.1.5:9100", "nodename", "whatever"),
			},
			usage: []series.Series{
				constant(2, "instance", "10.0.1.5:9100"), constant(1, "instance", "10.9.9.9:9100"),
			},
			want: "[ip-10-0-1-5 (m5.2xlarge, 2a) 10.9.9.9] [ip-10-0-1-5 true ip-10-0-1-6 false]",
		},
		"a Prometheus of two clusters": {
			info: []series.Series{
				constant(1, "cluster", "seoul", "node", "ip-10-0-1-5", "internal_ip", "10.0.1.5"),
				constant(1, "cluster", "tokyo", "node", "ip-10-0-1-5", "internal_ip", "10.7.1.5"),
			},
			usage: []series.Series{
				constant(2, "cluster", "seoul", "instance", "10.0.1.5:9100"),
				constant(1, "cluster", "tokyo", "node", "ip-10-0-1-5"),
			},
			want: "[ip-10-0-1-5 (m5.2xlarge, 2a) ip-10-0-1-5] [seoul/ip-10-0-1-5 false " +
				"tokyo/ip-10-0-1-5 false]",
		},
	} {
		f := world{
			now: c.info, exporters: c.uname,
		}.answers(map[string][]series.Series{usage: c.usage})
		nodes, _, err := snapshot.LoadNodes(context.Background(), f, slot, time.Hour, known...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p := snapshot.Take(context.Background(), f, []panel.Spec{
			{Queries: []panel.Query{{Expr: usage, Legend: "{{node}}"}}},
		}, snapshot.Options{Slot: slot, Range: time.Hour, Nodes: nodes})[0]
		var rows, list []string
		for _, r := range p.Rows {
			rows = append(rows, r.Name)
		}
		for _, n := range nodes.All() {
			list = append(list, fmt.Sprint(n.Name, " ", n.Exporter))
		}
		if got := fmt.Sprint(rows, " ", list); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// TestKnownNodesAreNotInOtherNames checks that a name made from all labels keeps them unchanged.
func TestKnownNodesAreNotInOtherNames(t *testing.T) {
	f := world{}.answers(map[string][]series.Series{
		"usage": {constant(1, "node", "ip-10-0-1-5", "pod", "a")},
	})
	nodes, _, err := snapshot.LoadNodes(context.Background(), f, slot, time.Hour, known...)
	if err != nil {
		t.Fatal(err)
	}
	for format, want := range map[string]string{
		"": `{node="ip-10-0-1-5", pod="a"}`, "{{pod}}": "a",
	} {
		p := snapshot.Take(context.Background(), f, []panel.Spec{
			{Queries: []panel.Query{{Expr: "usage", Legend: format}}},
		}, snapshot.Options{Slot: slot, Range: time.Hour, Nodes: nodes})[0]
		if got := p.Rows[0].Name; got != want {
			t.Errorf("legend %q: got %q, want %q", format, got, want)
		}
	}
}
