package alerts

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// planted is a finding and its cause, such as "node n1".
type planted struct {
	panel, labels string // "node=n1 condition=NotReady"
	status        rules.Status
	from          int // minutes after ten; 0: it has no streak
	cause         string
}

var ten = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// plantedSpecs are panels like the built-in ones, and one of a user.
func plantedSpecs() map[string]snapshot.Panel {
	one := func(expr string, s panel.Spec, r rules.Rule) snapshot.Panel {
		r.Name = "Bad"
		s.Queries, s.Rules = []panel.Query{{Expr: expr}}, []rules.Rule{r}
		return snapshot.Panel{Spec: s, Exprs: []string{expr}}
	}
	condition, above := rules.Rule{Condition: true}, rules.Rule{Warning: rules.At(1)}
	return map[string]snapshot.Panel{
		"conditions": one("kube_node_status_condition", panel.Spec{}, condition),
		"coverage":   one("kube_node_info", panel.Spec{Without: "node_uname_info"}, condition),
		"memory":     one("node_memory_MemTotal_bytes", panel.Spec{}, above),
		"disk":       one("node_filesystem_size_bytes", panel.Spec{}, above),
		"limit":      one("container_memory_working_set_bytes", panel.Spec{}, above),
		"oom":        one("kube_pod_container_status_restarts_total", panel.Spec{}, above),
		"waiting":    one("kube_pod_container_status_waiting_reason", panel.Spec{}, condition),
		"jobs":       one("avg by (job) (up)", panel.Spec{}, above),
		"flaps":      one("1 - up", panel.Spec{}, condition),
		"mine":       one("avg by (node) (node_load1)", panel.Spec{}, above),
		"kubelet":    one("kubelet_running_pods", panel.Spec{}, above),
	}
}

// plant returns panels with the findings, in an order by chance.
func plant(findings []planted, r *rand.Rand) []snapshot.Panel {
	specs := plantedSpecs()
	for _, i := range r.Perm(len(findings)) {
		f := findings[i]
		p := specs[f.panel]
		p.Spec.Name = f.panel
		found := snapshot.Finding{Finding: rules.Finding{
			Rule: "Bad", Labels: labelsOf(f.labels), Status: f.status,
		}}
		if f.from > 0 {
			found.Streak = &rules.Streak{From: ten.Add(time.Duration(f.from) * time.Minute)}
		}
		p.Findings = append(p.Findings, found)
		specs[f.panel] = p
	}
	var out []snapshot.Panel
	for _, p := range specs { // in an order by chance
		out = append(out, p)
	}
	return out
}

func labelsOf(s string) series.Labels {
	m := map[string]string{}
	for _, pair := range strings.Fields(s) {
		name, value, _ := strings.Cut(pair, "=")
		m[name] = value
	}
	return series.FromMap(m)
}

// said returns a cause as text.
func said(c rules.Cause) string {
	name := c.Name
	if c.Namespace != "" {
		name = c.Namespace + "/" + name
	}
	if c.Cluster != "" {
		name = c.Cluster + ":" + name
	}
	return strings.TrimSpace(string(c.Kind) + " " + strings.TrimSuffix(name, "/Bad"))
}

// each returns one planted finding for each number up to n.
func each(n int, of planted) []planted {
	var out []planted
	for i := range n {
		f := of
		f.labels = strings.ReplaceAll(of.labels, "#", fmt.Sprint(i))
		f.cause = strings.ReplaceAll(of.cause, "#", fmt.Sprint(i))
		out = append(out, f)
	}
	return out
}

// tableOf returns the table of n nodes, of which the first have an exporter.
func tableOf(t *testing.T, n, exporters int) snapshot.Nodes {
	t.Helper()
	by := map[string][]series.Series{}
	for i := range n {
		node := series.FromPairs("node", fmt.Sprint("n", i))
		by["(kube_node_info)"] = append(by["(kube_node_info)"], series.Series{Labels: node})
		if i < exporters {
			node = node.With("instance", fmt.Sprintf("n%d:9100", i))
			by["node_uname_info"] = append(by["node_uname_info"], series.Series{Labels: node})
		}
	}
	nodes, _, err := snapshot.LoadNodes(t.Context(), answers{by: by}, ten, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

// shards is a kube-state-metrics whose other shards, by instance, fell silent half a day ago.
type shards []string

// Range implements snapshot.Querier.
func (s shards) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	var out []series.Labels
	values := make([]float64, q.Grid.Len)
	switch {
	case q.Expr == "max by (cluster, node, internal_ip) (kube_node_info)":
		out = []series.Labels{series.FromPairs("node", "n0")}
	case q.Expr == "group by (cluster, job, instance) (kube_node_info)" && q.Grid.Len > 1:
		for i := q.Grid.Len / 2; i < q.Grid.Len; i++ {
			values[i] = math.NaN()
		}
		for _, instance := range s {
			out = append(out, series.FromPairs("job", "ksm", "instance", instance))
		}
	case strings.HasPrefix(q.Expr, `max by (cluster, node, internal_ip) (kube_node_info{job="`):
		for _, node := range []string{"a", "b", "c", "d", "e"} {
			out = append(out, series.FromPairs("node", node))
		}
	}
	for _, ls := range out {
		if err := each(series.Series{Labels: ls, Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	return promapi.Meta{Grid: q.Grid}, nil
}

// Present implements snapshot.Querier.
func (shards) Present(context.Context, []string, time.Time, time.Time) (map[string]bool, error) {
	return nil, nil
}

// table returns the identity table.
func (s shards) table(t *testing.T) snapshot.Nodes {
	t.Helper()
	nodes, _, err := snapshot.LoadNodes(t.Context(), s, ten, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(nodes.Lost()); got != len(s) {
		t.Fatalf("got %d lost targets, want %d", got, len(s))
	}
	return nodes
}

// hosts returns silent targets of a job, one on each of n nodes.
func hosts(n int, job string) []target {
	var out []target
	for i := range n {
		out = append(out, target{job: job, node: fmt.Sprint("n", i), host: true})
	}
	return out
}

func TestCauses(t *testing.T) {
	const (
		breach, pending, silent = rules.Breach, rules.Pending, rules.NoData
		checkout                = "namespace=shop pod=checkout-7d9f8c6b5-x2x4z container=app"
		cart                    = "namespace=shop pod=cart-0 container=app"
	)
	for name, tt := range map[string]struct {
		findings []planted
		evidence evidence
		nodes    snapshot.Nodes
	}{
		"a node is down": {
			findings: []planted{
				{"conditions", "node=n1 condition=NotReady", breach, 10, "node n1"},
				{"coverage", "node=n1", breach, 11, "node n1"},
				{"memory", "node=n1", silent, 0, "node n1"},
				{"mine", "node=n1", silent, 0, "node n1"},
				{"jobs", "job=node-exporter", breach, 10, "node n1"},
				{"flaps", "job=kubelet instance=n1:10250 node=n1", breach, 10, "node n1"},
				{"limit", cart, silent, 5, "node n1"},
				{"waiting", checkout, breach, 12, "node n1"},
				// before the node was
				{"disk", "node=n1 mountpoint=/", breach, 5, "rule disk"},
				{"disk", "node=n1 mountpoint=/var", silent, 5, "rule disk"},
				{"oom", checkout, breach, 30, "workload shop/checkout"},
				{"conditions", "node=n1 condition=DiskPressure", breach, 5, "rule conditions"},
				// of another node
				{"memory", "node=n2", silent, 0, "node n2"},
				{"mine", "node=n2", silent, 0, "node n2"},
				{"jobs", "job=etcd", breach, 10, "rule jobs"},
			},
			evidence: evidence{
				targets: []target{
					{job: "node-exporter", node: "n1", host: true, exporter: true},
					{job: "etcd", node: "n1", host: true}, {job: "etcd", node: "n2", host: true},
				},
				podOn: map[rules.Object]string{
					{Namespace: "shop", Name: "cart-0"}:                   "n1",
					{Namespace: "shop", Name: "checkout-7d9f8c6b5-x2x4z"}: "n1",
				},
			},
		},
		"a node does not answer, and nothing says that it is not ready": {
			findings: []planted{
				{"memory", "node=n1", silent, 0, "node n1"},
				{"jobs", "job=kubelet", breach, 10, "node n1"},
				{"jobs", "job=node-exporter", breach, 10, "node n1"},
			},
			evidence: evidence{targets: []target{
				{job: "kubelet", node: "n1", host: true},
				{job: "node-exporter", node: "n1", host: true, exporter: true},
			}},
		},
		"two pods of a node do not answer": {
			findings: []planted{
				{"jobs", "job=a", breach, 10, "rule jobs"},
				{"jobs", "job=kubelet-proxy", breach, 10, "rule jobs"},
				{"memory", "node=n1", breach, 10, "rule memory"},
			},
			evidence: evidence{targets: []target{
				{job: "a", node: "n1"}, {job: "kubelet-proxy", node: "n1"},
			}},
		},
		"five nodes are down": {findings: each(5, planted{
			"conditions", "node=n# condition=NotReady", breach, 10, "node n#",
		})},
		"six nodes are down": {
			findings: slices.Concat(
				each(6, planted{
					"conditions", "node=n# condition=NotReady", breach, 10, "node",
				}),
				each(6, planted{"memory", "node=n#", silent, 0, "node"}),
			),
		},
		"no node_exporter anywhere": {
			findings: slices.Concat(
				each(42, planted{"memory", "node=n#", silent, 0, "source node_exporter"}),
				[]planted{
					{"coverage", "", breach, 10, "source node_exporter"},
					{"jobs", "job=node-exporter", breach, 10, "source node_exporter"},
					{"oom", checkout, breach, 30, "workload shop/checkout"},
					{"disk", "node=n1", silent, 10, "rule disk"},
				}),
			evidence: evidence{targets: []target{
				{job: "node-exporter", node: "n1", host: true, exporter: true},
				{job: "node-exporter", node: "n2", host: true, exporter: true},
			}},
		},
		"no node_exporter on one of the nodes, and another is down": {
			findings: []planted{
				{"conditions", "node=n1 condition=NotReady", breach, 10, "node n1"},
				{"coverage", "node=n1", pending, 10, "node n1"},
				{"coverage", "node=n2", breach, 10, "source node_exporter"},
				{"memory", "node=n2", silent, 0, "source node_exporter"},
				{"memory", "node=n3", silent, 0, "node n3"},
				{"disk", "node=n3", breach, 10, "rule disk"},
			},
		},
		"many nodes are silent for no known reason": {findings: append(
			each(6, planted{"memory", "node=n#", silent, 0, "rule memory"}),
			planted{"memory", "node=n9", breach, 10, "rule memory"},
		)},
		"many nodes are silent, and their exporters report": {
			findings: each(6, planted{"memory", "node=n#", silent, 0, "rule memory"}),
			nodes:    tableOf(t, 6, 6),
		},
		"many nodes are silent, and some have no exporter": {
			findings: append(
				each(5, planted{"memory", "node=n#", silent, 0, "rule memory"}),
				planted{"memory", "node=n5", silent, 0, "source node_exporter"},
				planted{"mine", "node=n5", silent, 0, "source node_exporter"},
			),
			nodes: tableOf(t, 6, 5),
		},
		"the kubelets of many nodes are silent": {
			findings: append(
				each(6, planted{"kubelet", "node=n#", silent, 0, "source kubelet"}),
				planted{"kubelet", "node=n7", silent, 0, "rule kubelet"},
			),
			evidence: evidence{targets: hosts(6, "kubelet")},
		},
		"a kubelet is silent": {
			findings: []planted{
				{"kubelet", "node=n0", silent, 0, "node n0"},
				{"disk", "node=n0", breach, 5, "rule disk"},
				{"flaps", "job=kubelet instance=n0:10250 node=n0", breach, 5, "rule flaps"},
			},
			evidence: evidence{targets: hosts(1, "kubelet")},
		},
		"a shard of kube-state-metrics is lost": {
			findings: []planted{{
				"conditions", "node=n9 condition=NotReady", silent, 0,
				"source kube-state-metrics ksm-0:8080",
			}},
			nodes: shards{"ksm-0:8080"}.table(t),
		},
		"two shards of kube-state-metrics are lost": {
			findings: []planted{{
				"conditions", "node=n9 condition=NotReady", silent, 0, "source kube-state-metrics",
			}},
			nodes: shards{"ksm-0:8080", "ksm-1:8080"}.table(t),
		},
		"one workload in several panels": {findings: []planted{
			{"oom", checkout, breach, 10, "workload shop/checkout"},
			{"limit", checkout, pending, 10, "workload shop/checkout"},
			{"waiting", "namespace=shop pod=checkout-7d9f8c6b5-zzzzz", breach, 10,
				"workload shop/checkout"},
			{"limit", cart, breach, 10, "workload shop/cart"},
			{"limit", "namespace=pay pod=cart-0 container=app", breach, 10, "workload pay/cart"},
			{"limit", "namespace=shop pod=old-0 container=app", rules.Gone, 10, "rule limit"},
		}},
		"many workloads break one rule": {findings: append(
			each(6, planted{"limit", "namespace=shop pod=w#x-0", breach, 10, "rule limit"}),
			planted{"limit", checkout, breach, 10, "workload shop/checkout"},
			planted{"oom", checkout, breach, 10, "workload shop/checkout"},
		)},
		"five workloads break one rule": {findings: each(5, planted{
			"limit", "namespace=shop pod=w#x-0", breach, 10, "workload shop/w#x",
		})},
		"many nodes break one rule": {findings: append(
			each(41, planted{"memory", "cluster=a node=n#", breach, 10, "rule a:memory"}),
			planted{"memory", "cluster=b node=n1", breach, 10, "rule b:memory"},
			planted{"disk", "cluster=a node=n1", breach, 10, "rule a:disk"},
		)},
		"clusters are kept apart": {findings: []planted{
			{"conditions", "cluster=a node=n1 condition=NotReady", breach, 10, "node a:n1"},
			{"memory", "cluster=a node=n1", silent, 0, "node a:n1"},
			{"memory", "cluster=b node=n1", silent, 0, "node b:n1"},
			{"coverage", "cluster=c", breach, 10, "source c:node_exporter"},
			{"memory", "cluster=c node=n1", silent, 0, "source c:node_exporter"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				r := rand.New(rand.NewPCG(seed, 1))
				panels := plant(tt.findings, r)
				seen := tt.evidence
				seen.targets = slices.Clone(seen.targets)
				r.Shuffle(len(seen.targets), func(i, j int) {
					seen.targets[i], seen.targets[j] = seen.targets[j], seen.targets[i]
				})
				setCauses(panels, &owners{nodes: tt.nodes}, seen)
				want := map[string]string{}
				for _, f := range tt.findings {
					want[f.panel+labelsOf(f.labels).String()] = f.cause
				}
				for _, p := range panels {
					for _, f := range p.Findings {
						k := p.Spec.Name + f.Labels.String()
						if got := said(f.Cause); got != want[k] {
							t.Fatalf("%s: got the cause %q, want %q", k, got, want[k])
						}
					}
				}
			}
		})
	}
}
