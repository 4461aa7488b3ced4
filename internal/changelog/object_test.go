package changelog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The labels of an exporter are not those of what it measures.
func TestExporterIsNotTheObject(t *testing.T) {
	monitoring := func(pod, workload, kind string) []string {
		id := fmt.Sprintf(`namespace="monitoring",pod="%s"`, pod)
		owner := fmt.Sprintf(`kube_pod_owner{%s,owner_kind="%s",owner_name="%s"} 1x240`, id, kind,
			workload)
		return []string{
			owner,
			fmt.Sprintf(`kube_pod_container_info{%s,container="x",image_spec="x:1"} 1x180`, id),
			fmt.Sprintf(`kube_pod_container_info{%s,container="x",image_spec="x:2"} _x181 1x59`,
				id),
		}
	}
	exporter := monitoring("exporter-x2x4z", "exporter", "DaemonSet")
	ksm := slices.Clip(append(monitoring("ksm-6f7b8c9d5-bbbb2", "ksm-6f7b8c9d5", "ReplicaSet"),
		fmt.Sprintf(`process_start_time_seconds{job="ksm",instance="i"} %dx240`,
			minute(190).Unix())))
	const ofKSM = "namespace=monitoring pod=ksm-6f7b8c9d5-bbbb2 job=ksm instance=i"
	for _, tc := range []struct {
		name   string
		expr   string
		labels string
		series []string
		want   []string
	}{
		{
			"node_exporter", "node_load5",
			"namespace=monitoring pod=exporter-x2x4z daemonset=exporter node=n1",
			append(exporter, `kube_node_spec_unschedulable{node="n1"} 0x189 1x50`),
			[]string{"10m0s: cordoned of n1"},
		},
		{
			"a node by kube-state-metrics", "kube_node_status_condition",
			ofKSM + " node=n1",
			append(ksm, `kube_node_spec_unschedulable{node="n1"} 0x189 1x50`),
			[]string{"10m0s: cordoned of n1"},
		},
		{
			"a workload by kube-state-metrics", "kube_deployment_status_replicas_unavailable",
			"namespace=shop pod=ksm-6f7b8c9d5-bbbb2 job=ksm instance=i deployment=checkout",
			append(ksm, "kube_deployment_spec_replicas"+deployment+"3x189 5x50"),
			[]string{"10m0s: replicas of shop/checkout 3 → 5"},
		},
		{
			"a pod by kube-state-metrics", "kube_pod_status_ready",
			"namespace=monitoring pod=exporter-x2x4z job=ksm instance=i node=n1", exporter,
			[]string{"19m0s: image of monitoring/exporter 1 → 2"},
		},
		{
			"a pod by its own metrics", "http_requests_total",
			"namespace=monitoring pod=exporter-x2x4z job=x instance=i", exporter,
			[]string{"19m0s: image of monitoring/exporter 1 → 2"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var pairs []string
			for _, pair := range strings.Fields(tc.labels) {
				name, value, _ := strings.Cut(pair, "=")
				pairs = append(pairs, name, value)
			}
			f := on(200, pairs...)
			panels := panelWith(f)
			panels[0].Exprs = []string{tc.expr}
			found, notes := Find(t.Context(), recorded(t, tc.series...), panels, snapshot.Nodes{},
				Options{End: minute(240)})
			if notes != nil {
				t.Errorf("got the notes %v, want none", notes)
			}
			if diff := cmp.Diff(tc.want, lines(found, f)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// The server sends only the times that may be shown: a job may have more targets than an answer
// may have series.
func TestOldTimesAreNotSent(t *testing.T) {
	f := on(200, "cluster", "eu", "job", "api")
	of := on(200, "cluster", "us", "namespace", "shop", "deployment", "checkout")
	node := on(200, "cluster", "us", "node", "n1")
	for i, one := range []*snapshot.Finding{&f, &of, &node} {
		one.Cause = rules.Cause{Name: fmt.Sprint(i)}
	}
	q := &counting{Querier: recorded(t, `up{job="api"} 1x240`)}
	if _, notes := Find(t.Context(), q, panelWith(f, of, node), snapshot.Nodes{},
		Options{End: minute(240)}); notes != nil {
		t.Errorf("got the notes %v, want none", notes)
	}
	all := strings.Join(q.queries, "\n")
	since := minute(79).Unix() // the beginning, two hours and a step before
	for _, want := range []string{
		`max by (cluster, job, instance) (process_start_time_seconds{cluster=~"eu",job=~"api"}` +
			` >= %d)`,
		`(kube_deployment_created{namespace=~"shop",deployment=~"checkout"} >= %d)`,
		`(kube_node_created{node=~"n1"} >= %d)`,
	} {
		if want = fmt.Sprintf(want, since); !strings.Contains(all, want) {
			t.Errorf("got the queries\n%s\nwant one with\n%s", all, want)
		}
	}
}

// A time of its own is not a step late, unless nobody knows when the data ended.
func TestExactTimes(t *testing.T) {
	silent, firing := on(0, "node", "n1"), on(200, "node", "n1")
	silent.Status, silent.Streak, silent.Newest = rules.NoData, nil, minute(200)
	for _, tc := range []struct {
		name string
		f    snapshot.Finding
		want []string
	}{
		{"firing", firing, nil},
		{"silent", silent, []string{"-30s: joined of n1"}},
	} {
		found, _ := Find(t.Context(), recorded(t, fmt.Sprintf(
			`kube_node_created{node="n1"} _x201 %dx39`, minute(200).Unix()+30)),
			panelWith(tc.f), snapshot.Nodes{}, Options{End: minute(240)})
		if diff := cmp.Diff(tc.want, lines(found, tc.f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}
