package snapshot_test

import (
	"context"
	"fmt"
	"maps"
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

// world is what a Prometheus knows about nodes, for a report of an hour.
type world struct {
	now       []series.Series // kube_node_info at the end
	window    []series.Series // the same within the window; nil: as now
	exporters []series.Series // node_uname_info within the window
	reports   []series.Series // the same at the end; nil: all of them
	kinds     []series.Series
	pods      []series.Series // of exporters, from kube_pod_info
	held      []series.Series // when addresses moved between nodes
}

const (
	infoQuery   = `max by (cluster, node, internal_ip) (kube_node_info)`
	windowQuery = `max by (cluster, node, internal_ip) (last_over_time(kube_node_info[%s]))`
	unameQuery  = `max by (cluster, node, instance, nodename, namespace, pod)` +
		` (last_over_time(node_uname_info[%s]))`
	reportsQuery = `max by (cluster, node, instance, nodename, namespace, pod) (node_uname_info)`
	kindsQuery   = `label_replace(group by (cluster, node) (last_over_time(kube_node_info{os_image`
)

// answers returns the answers to the table's queries. While kube-state-metrics is silent the window
// is a day.
func (w world) answers(also map[string][]series.Series) fake {
	if w.window == nil {
		w.window = w.now
	}
	if w.reports == nil {
		w.reports = w.exporters
	}
	out := map[string][]series.Series{infoQuery: w.now, reportsQuery: w.reports}
	for _, step := range []string{"3m", "5m"} {
		out[fmt.Sprintf(windowQuery, step)] = w.window
		out[fmt.Sprintf(unameQuery, step)] = w.exporters
	}
	maps.Copy(out, also)
	return fake{answers: out, starts: map[string][]series.Series{
		kindsQuery: w.kinds,
		`max by (cluster, node, namespace, pod, pod_ip)`:                    w.pods,
		`max by (cluster, node, internal_ip) (kube_node_info{internal_ip=~`: w.held,
		`label_replace(group by (__name__)`:                                 {},
		`count by (cluster, k8s_cluster`:                                    {},
	}}
}

func (w world) load(t *testing.T, known ...snapshot.Node) snapshot.Nodes {
	t.Helper()
	nodes, notes, err := snapshot.LoadNodes(context.Background(), w.answers(nil), slot, time.Hour,
		known...)
	if err != nil || len(notes) != 0 {
		t.Fatalf("got notes %v and error %v, want neither", notes, err)
	}
	return nodes
}

func node(name, ip string) series.Series { return constant(1, "node", name, "internal_ip", ip) }

// nodeOfInstanceTests are the ways to identify the exporter of n1.
var nodeOfInstanceTests = []struct {
	name string
	w    world
	of   []string // instances of n1
	not  []string // instances of no node
}{
	{
		name: "the address, any port",
		w: world{
			now: []series.Series{node("n1", "10.0.0.1")}, exporters: []series.Series{
				constant(1, "instance", "10.0.0.1:9100", "nodename", "x"),
			},
		},
		of:  []string{"10.0.0.1:9100", "10.0.0.1:9796", "10.0.0.1:10250", "10.0.0.1"},
		not: []string{"10.0.0.11:9100", "10.0.0.2:9100"},
	},
	{
		name: "an IPv6 address",
		w:    world{now: []series.Series{node("n1", "2001:db8::1")}},
		of:   []string{"[2001:db8::1]:9100", "2001:db8::1"},
	},
	{
		name: "the node's name as instance, the host's short name",
		w: world{
			now: []series.Series{node("n1", "10.0.0.1")}, exporters: []series.Series{
				constant(1, "instance", "n1", "nodename", "short"),
			},
		},
		of: []string{"n1", "n1:9100", "N1:9100"},
	},
	{
		name: "the host has the full name, in upper case",
		w: world{
			now: []series.Series{node("n1", "")}, exporters: []series.Series{
				constant(1, "instance", "172.16.0.9:9100", "nodename", "N1.CORP.example.com"),
			},
		},
		of: []string{"172.16.0.9:9100"},
	},
	{
		name: "the instance has the full name",
		w: world{
			now: []series.Series{node("n1", "")}, exporters: []series.Series{
				constant(1, "instance", "n1.corp.example.com:9100", "nodename", "localhost"),
			},
		},
		of: []string{"n1.corp.example.com:9100", "n1.corp.example.com:9101"},
	},
	{
		name: "the pod of an exporter off the host's network, by its address",
		w: world{
			now: []series.Series{node("n1", "10.0.0.1")}, exporters: []series.Series{
				constant(1, "instance", "10.244.3.7:9100", "nodename", "ne-abc"),
			},
			pods: []series.Series{
				constant(1, "node", "n1", "namespace", "monitoring", "pod", "ne-abc", "pod_ip",
					"10.244.3.7"),
			},
		},
		of: []string{"10.244.3.7:9100"},
	},
	{
		name: "the pod of an exporter, by its name",
		w: world{
			now: []series.Series{node("n1", "10.0.0.1")},
			exporters: []series.Series{
				constant(1, "instance", "ne-abc", "nodename", "ne-abc", "namespace",
					"monitoring", "pod", "ne-abc"),
			},
			pods: []series.Series{
				constant(1, "node", "n1", "namespace", "monitoring", "pod", "ne-abc"),
			},
		},
		of: []string{"ne-abc"},
	},
	{
		name: "two nodes with the same first part",
		w: world{
			now: []series.Series{
				node("n1", "10.0.0.1"), node("n7.a.example", ""), node("n7.b.example", ""),
			},
			exporters: []series.Series{
				constant(1, "instance", "172.16.0.9:9100", "nodename", "n7"),
			},
		},
		of:  []string{"10.0.0.1:9100"},
		not: []string{},
	},
	{
		name: "nodes behind one host differ by port",
		w: world{
			now: []series.Series{node("n1", "10.0.0.1"), node("n2", "10.0.0.2")},
			exporters: []series.Series{
				constant(1, "instance", "gate:9101", "nodename", "n1"),
				constant(1, "instance", "gate:9102", "nodename", "n2"),
			},
		},
		of:  []string{"gate:9101"},
		not: []string{"gate:9103", "gate"},
	},
	{
		name: "kube-state-metrics is silent: its last report counts",
		w: world{
			now: []series.Series{}, window: []series.Series{
				{
					Labels: series.FromPairs("node", "n1", "internal_ip", "10.0.0.1"),
					Values: []float64{1, math.NaN()},
				},
			},
			exporters: []series.Series{
				constant(1, "instance", "10.0.0.1:9100", "nodename", "whatever"),
			},
		},
		of: []string{"10.0.0.1:9100"},
	},
}

// TestNodeOfInstance checks that every way to identify an exporter leads to its node.
func TestNodeOfInstance(t *testing.T) {
	for _, tt := range nodeOfInstanceTests {
		nodes := tt.w.load(t)
		objects := nodes.Objects()
		for _, instance := range tt.of {
			if got := objects.Presence(series.FromPairs("instance",
				instance)); got == rules.PresenceUntracked {
				t.Errorf("%s: presence of %s: got %v, want a known one", tt.name, instance, got)
			}
			if got := nodes.Of(series.FromPairs("instance", instance)); got != "n1" {
				t.Errorf("%s: node of %s: got %q, want n1", tt.name, instance, got)
			}
		}
		for _, instance := range tt.not {
			if got := objects.Presence(series.FromPairs("instance",
				instance)); got != rules.PresenceUntracked {
				t.Errorf("%s: presence of %s: got %v, want %v", tt.name, instance, got,
					rules.PresenceUntracked)
			}
			if got := nodes.Of(series.FromPairs("instance", instance)); got != "" {
				t.Errorf("%s: node of %s: got %q, want none", tt.name, instance, got)
			}
		}
		if i := slices.IndexFunc(nodes.All(), func(n snapshot.Node) bool {
			return n.Name == "n1"
		}); i < 0 {
			t.Errorf("%s: got %v, want n1 in the list", tt.name, nodes.All())
		} else if len(tt.w.exporters) > 0 && len(tt.not) == 0 && tt.name[:3] != "two" &&
			!nodes.All()[i].Exporter {
			t.Errorf("%s: got no exporter for n1, want one", tt.name)
		}
	}
}

// TestNodeKinds checks that metrics and names identify nodes that cannot be measured.
func TestNodeKinds(t *testing.T) {
	w := world{
		now: []series.Series{
			node("n1", "10.0.0.1"), node("win", "10.0.0.2"), node("vk", "10.0.0.3"),
			node("fargate-ip-10-0-0-4.ec2.internal", "10.0.0.4"),
			node("virtual-node-aci-linux", "10.0.0.5"), node("virtual-machine-7", "10.0.0.6"),
			node("gk3-a", "10.0.0.7"), node("virtual-node-mine", "10.0.0.8"),
		},
		exporters: []series.Series{
			constant(1, "instance", "10.0.0.8:9100", "nodename", "virtual-node-mine"),
		},
		kinds: []series.Series{
			constant(1, "node", "win", "kind", "windows"),
			constant(1, "node", "vk", "kind", "virtual"),
		},
	}
	var got []string
	for _, n := range w.load(t).All() {
		got = append(got, n.Name+"="+string(n.Kind))
	}
	const want = "fargate-ip-10-0-0-4.ec2.internal=virtual gk3-a=autopilot n1= " +
		"virtual-machine-7= virtual-node-aci-linux=virtual" +
		" virtual-node-mine= vk=virtual win=windows"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// TestAddressMovesBetweenNodes checks that earlier samples belong to the node that left.
func TestAddressMovesBetweenNodes(t *testing.T) {
	nan := math.NaN()
	w := world{
		now: []series.Series{node("b", "10.0.0.5")},
		window: []series.Series{
			{
				Labels: series.FromPairs("node", "a", "internal_ip", "10.0.0.5"),
				Values: []float64{1, 1, 1, 1, 1, nan},
			},
			{
				Labels: series.FromPairs("node", "b", "internal_ip", "10.0.0.5"), Values: []float64{
					nan, nan, nan, nan, nan, 1,
				},
			},
		},
		exporters: []series.Series{
			{
				Labels: series.FromPairs("instance", "10.0.0.5:9100", "nodename", "a"),
				Values: []float64{1, 1, 1, 1, 1, nan},
			},
			{
				Labels: series.FromPairs("instance", "10.0.0.5:9100", "nodename", "b"),
				Values: []float64{nan, nan, nan, nan, nan, 1},
			},
		},
	}
	w.held = w.window
	f := w.answers(map[string][]series.Series{"usage": {
		{
			Labels: series.FromPairs("instance", "10.0.0.5:9100"),
			Values: []float64{0.9, 0.9, nan, 0.1},
		},
		{
			Labels: series.FromPairs("instance", "10.0.0.5:9100", "device", "old"),
			Values: []float64{0.5, 0.5, nan, nan},
		},
		{
			Labels: series.FromPairs("instance", "10.0.0.5:9100", "device", "new"),
			Values: []float64{nan, nan, nan, 0.5},
		},
	}})
	nodes, _, err := snapshot.LoadNodes(context.Background(), f, slot, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	spec := panel.Spec{
		Queries: []panel.Query{{Expr: "usage", Legend: "{{node}} {{device}}"}}, Rules: []rules.Rule{
			{Name: "High", Critical: rules.At(0.8), For: time.Minute},
		},
	}
	p := snapshot.Take(context.Background(), f, []panel.Spec{spec},
		snapshot.Options{Slot: slot, Range: time.Hour, Nodes: nodes})[0]
	var got []string
	for _, r := range p.Rows {
		got = append(got, fmt.Sprintf("%s %v %v", r.Name, r.Stats.Max, r.Status))
	}
	slices.Sort(got)
	if want := "[a 0.9 gone a old 0.5 gone b 0.1 ok b new 0.5 ok]"; fmt.Sprint(got) != want {
		t.Errorf("got rows %v, want %s", got, want)
	}
	if got := nodes.Of(series.FromPairs("instance", "10.0.0.5:9100")); got != "b" {
		t.Errorf("node of the address: got %s, want b", got)
	}
}

// TestOneRowPerNode checks that several exporters of a node, one after the other or at once, give
// one row, also with pod addresses.
func TestOneRowPerNode(t *testing.T) {
	nan := math.NaN()
	w := world{
		now: []series.Series{node("n1", "10.0.0.1"), node("n2", "10.0.0.2")},
		exporters: []series.Series{
			constant(1, "instance", "10.0.0.1:9100", "nodename", "n1"),
			constant(1, "instance", "10.0.0.1:9101", "nodename", "n1"),
			constant(1, "instance", "10.244.0.5:9100", "nodename", "ne-a"),
			constant(1, "instance", "10.244.0.9:9100", "nodename", "ne-b"),
		},
		pods: []series.Series{
			constant(1, "node", "n2", "pod", "ne-a", "pod_ip", "10.244.0.5"),
			constant(1, "node", "n2", "pod", "ne-b", "pod_ip", "10.244.0.9"),
		},
	}
	f := w.answers(map[string][]series.Series{"usage": {
		{Labels: series.FromPairs("instance", "10.0.0.1:9100"), Values: []float64{1, 1, 1, 1}},
		{Labels: series.FromPairs("instance", "10.0.0.1:9101"), Values: []float64{2, 2, 2, 2}},
		{
			Labels: series.FromPairs("instance", "10.244.0.5:9100"),
			Values: []float64{3, 3, nan, nan},
		},
		{
			Labels: series.FromPairs("instance", "10.244.0.9:9100"),
			Values: []float64{nan, nan, 4, 4},
		},
	}})
	nodes, _, err := snapshot.LoadNodes(context.Background(), f, slot, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	spec := panel.Spec{Queries: []panel.Query{{Expr: "usage", Legend: "{{node}}"}}, Builtin: true}
	p := snapshot.Take(context.Background(), f, []panel.Spec{spec},
		snapshot.Options{Slot: slot, Range: time.Hour, Nodes: nodes})[0]
	var got []string
	for _, r := range p.Rows {
		got = append(got, fmt.Sprintf("%s %v–%v of %v", r.Labels, r.Stats.Min, r.Stats.Max,
			r.NodeAdded))
	}
	slices.Sort(got)
	want := `[{instance="10.0.0.1:9100", node="n1"} 2–2 of true {node="n2"} 3–4 of false]`
	if fmt.Sprint(got) != want {
		t.Errorf("rows\n got %v\nwant %s", got, want)
	}
}

// TestFiveThousandNodesFitTheDefaults checks that no query of the table or of the coverage panel
// exceeds the client's series limit, even if two jobs scrape every exporter, as with the community
// chart.
func TestFiveThousandNodesFitTheDefaults(t *testing.T) {
	var w world
	for i := range 5000 {
		name, ip := fmt.Sprintf("n%04d", i), fmt.Sprintf("10.%d.%d.1", i/250, i%250)
		w.now = append(w.now, node(name, ip))
		w.exporters = append(w.exporters,
			constant(1, "instance", ip+":9100", "nodename", name, "node", name),
			constant(1, "instance", ip+":9100", "nodename", name))
	}
	const have, without = "have", "without"
	f := w.answers(map[string][]series.Series{have: w.now, without: w.exporters})
	for query, answer := range f.answers {
		if len(answer) > 10_000 {
			t.Errorf("%s: got %d series, want at most 10000", query, len(answer))
		}
	}
	nodes := w.load(t)
	if all := nodes.All(); len(all) != 5000 || slices.ContainsFunc(all, func(n snapshot.Node) bool {
		return !n.Exporter
	}) {
		t.Errorf("got %d nodes, want 5000 with exporters", len(all))
	}
	p := snapshot.Take(context.Background(), f, []panel.Spec{
		{
			Queries: []panel.Query{{Expr: have, Legend: "{{node}}"}}, Without: without,
			Rules: []rules.Rule{{Name: "R", Warning: rules.At(0)}},
		},
	},
		snapshot.Options{Slot: slot, Range: time.Hour, Nodes: nodes})[0]
	if p.Failure != nil || p.Total != 5000 || p.OK != 5000 {
		t.Errorf("got %d rows, %d of them OK, error %v; want 5000 OK", p.Total, p.OK, p.Failure)
	}
}

// TestNodeLosesItsExporter checks that one node is listed by name, and that all nodes together give
// one finding.
func TestNodeLosesItsExporter(t *testing.T) {
	nan := math.NaN()
	w := world{
		now: []series.Series{
			node("n1", "10.0.0.1"), node("n2", "10.0.0.2"), node("win", "10.0.0.3"),
		},
		exporters: []series.Series{
			constant(1, "instance", "10.0.0.1:9100", "nodename", "n1"),
			constant(1, "instance", "10.0.0.2:9100", "nodename", "n2"),
		},
		kinds: []series.Series{constant(1, "node", "win", "kind", "windows")},
	}
	nodes := w.load(t)
	for _, tt := range []struct {
		name   string
		n1, n2 []float64
		want   string
	}{
		{"both have one", []float64{1, 1}, []float64{1, 1}, "[n1 0 ok n2 0 ok]"},
		{"n2 lost it", []float64{1, 1}, []float64{1, nan}, "[n1 0 ok n2 1 breach]"},
		{
			"both lost it", []float64{1, nan}, []float64{1, nan},
			"[2 of 2 nodes 1 breach n1 0 ok n2 0 ok]",
		},
		{
			"it comes to both", []float64{nan, 1}, []float64{nan, 1},
			"[2 of 2 nodes 0 ok n1 0 ok n2 0 ok]",
		},
	} {
		f := w.answers(map[string][]series.Series{"have": w.now, "without": {
			{Labels: series.FromPairs("instance", "10.0.0.1:9100"), Values: tt.n1}, {
				Labels: series.FromPairs("instance", "10.0.0.2:9100"), Values: tt.n2,
			},
		}})
		p := snapshot.Take(context.Background(), f, []panel.Spec{{
			Queries: []panel.Query{{Expr: "have", Legend: "{{node}}"}}, Without: "without",
			WithoutAll: "{{value}} of {{value}} nodes", Rules: []rules.Rule{
				{Name: "R", Warning: rules.At(0), For: 5 * time.Minute},
			},
		}}, snapshot.Options{Slot: slot, Range: time.Hour, Nodes: nodes})[0]
		var got []string
		for _, r := range p.Rows {
			got = append(got, fmt.Sprint(r.Name, " ", r.Stats.Last, " ", r.Status))
		}
		slices.Sort(got)
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%s: got rows %v, want %s", tt.name, got, tt.want)
		}
	}
}
