package alerts

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/lab/labtest"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

func TestOwnerName(t *testing.T) {
	for _, tc := range []struct{ pod, kind, name, want string }{
		{"web-7d9f8c6b5-x2x4z", "ReplicaSet", "web-7d9f8c6b5", "web"},
		// a ReplicaSet without a Deployment: no hash has such letters
		{"web-frontend-abcde", "ReplicaSet", "web-frontend", "web-frontend"},
		{"kafka-0", "StatefulSet", "kafka", "kafka"},
		{"export-29384750-x2x4z", "Job", "export-29384750", "export"},
		{"migrate-x2x4z", "Job", "migrate", "migrate"},
		{"kube-apiserver-ip-10-0-1-1", "Node", "ip-10-0-1-1", "kube-apiserver-ip-10-0-1-1"},
		{"debug", "<none>", "<none>", "debug"},
		{"etl-exec-3", "Pod", "etl-driver", "etl-driver"},
	} {
		if got := OwnerName(tc.pod, tc.kind, tc.name); got != tc.want {
			t.Errorf("%s of %s %s: got %q, want %q", tc.pod, tc.kind, tc.name, got, tc.want)
		}
	}
}

// Without kube-state-metrics the names of pods mostly give the same workload.
func TestWorkloadByName(t *testing.T) {
	for pod, want := range map[string]string{
		"web-7d9f8c6b5-x2x4z": "web", "fluent-bit-x2x4z": "fluent-bit", "kafka-0": "kafka",
		"export-29384750-x2x4z": "export", "debug": "debug", "": "",
	} {
		if got := (&owners{}).workload(series.FromPairs("namespace", "shop", "pod",
			pod)); got != want {
			t.Errorf("%s: got %q, want %q", pod, got, want)
		}
	}
	if got := (&owners{}).workload(series.FromPairs("pod", "web-7d9f8c6b5-x2x4z")); got != "" {
		t.Errorf("a pod without a namespace: got the workload %q, want none", got)
	}
}

// simulated returns a client of a simulated cluster.
func simulated(t *testing.T, now time.Time, without ...string) *promapi.Client {
	t.Helper()
	base := labtest.Start(t, "--now="+now.Format(time.RFC3339), "--nodes=10", "--profile=kps",
		"--without="+strings.Join(without, ","))
	c, err := promapi.New(base, nil, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoadOwners(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	own, err := loadOwners(t.Context(), simulated(t, now), snapshot.Nodes{},
		Window{now, 3 * time.Hour, 0})
	if err != nil {
		t.Fatal(err)
	}
	deployments, ended := 0, ""
	for pod, workload := range own.of {
		if pod.Namespace == "shop" && strings.HasPrefix(pod.Name, workload+"-") {
			deployments++
		}
		if strings.Contains(pod.Name, "-exec-3") {
			ended = workload
		}
	}
	if deployments == 0 {
		t.Errorf("got no pod of a deployment in %d pods, want at least one", len(own.of))
	}
	objects := own.objects()
	if got := objects.Presence(series.FromPairs("namespace", "shop", "workload",
		"recommend")); got != rules.Present {
		t.Errorf("shop/recommend: got %v, want %v", got, rules.Present)
	}
	if got := objects.Presence(series.FromPairs("namespace", "shop", "workload",
		"nothing")); got != rules.Absent {
		t.Errorf("shop/nothing: got %v, want %v", got, rules.Absent)
	}
	// The pod was killed two hours ago, but its object still exists.
	if got := objects.Presence(series.FromPairs("namespace", "spark", "workload",
		ended)); ended == "" || got != rules.Absent {
		t.Errorf("the ended executor %q: got %v, want %v", ended, got, rules.Absent)
	}
	if few, err := loadOwners(t.Context(), simulated(t, now), snapshot.Nodes{},
		Window{now, 3 * time.Hour, 1}); err != nil || len(few.of) != len(own.of) {
		t.Errorf("with MaxSeries 1: got %d pods, want %d; error %v", len(few.of), len(own.of), err)
	}
	without, err := loadOwners(t.Context(), simulated(t, now, "kube_pod_status_phase"),
		snapshot.Nodes{}, Window{now, 3 * time.Hour, 0})
	if err != nil || len(without.of) != len(own.of) {
		t.Errorf("without phases: got %d pods, want %d; error %v", len(without.of), len(own.of),
			err)
	}
	nobody := (&owners{}).objects()
	if got := nobody.Presence(series.FromPairs("workload", "any")); got != rules.PresenceUnknown {
		t.Errorf("without kube-state-metrics: got %v, want %v", got, rules.PresenceUnknown)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := loadOwners(ctx, simulated(t, now), snapshot.Nodes{},
		Window{now, time.Hour, 0}); !errors.Is(err, context.Canceled) ||
		!strings.Contains(err.Error(), "kube_pod_owner") {
		t.Errorf("got the error %v, want a canceled query of kube_pod_owner", err)
	}
}

func TestIdentity(t *testing.T) {
	own := &owners{of: map[rules.Object]string{{Namespace: "shop", Name: "web-x2x4z"}: "web"}}
	for _, tc := range []struct {
		labels series.Labels
		added  bool
		want   series.Labels
	}{
		{
			series.FromPairs("instance", "10.0.0.1:9100", "node", "a"), true,
			series.FromPairs("instance", "10.0.0.1:9100"),
		},
		{
			series.FromPairs("condition", "NotReady", "node", "a"), false,
			series.FromPairs("condition", "NotReady", "node", "a"),
		},
		{
			series.FromPairs("container", "app", "namespace", "shop", "node", "a", "pod",
				"web-x2x4z"), false, series.FromPairs("container", "app", "namespace", "shop",
				"workload", "web"),
		},
		{series.FromPairs("pod", "web-x2x4z"), false, series.FromPairs("pod", "web-x2x4z")},
	} {
		got := identityOf(tc.labels, tc.added, subject{pods: true}, own)
		if !cmp.Equal(got, tc.want) {
			t.Errorf("%v: got the identity %v, want %v", tc.labels, got, tc.want)
		}
	}
}

// The label pod of a raw series may name its exporter: three nodes are then three alerts, which
// outlive a rollout of the exporter, and nobody asks for the exporter's workload.
func TestIdentityOfRawSeries(t *testing.T) {
	own := &owners{}
	disk := func(node, pod string) series.Labels {
		return series.FromPairs("container", "node-exporter", "instance", node+":9100",
			"mountpoint", "/", "namespace", "monitoring", "node", node, "pod", pod)
	}
	for name, tt := range map[string]struct {
		expr   string
		series []series.Labels
		added  bool
		want   []series.Labels
	}{
		"two nodes, one after a rollout of its exporter": {
			expr: "node_filesystem_avail_bytes", added: true,
			series: []series.Labels{
				disk("a", "node-exporter-x2x4z"), disk("b", "node-exporter-zzzzz"),
				disk("b", "node-exporter-b7b7b"),
			},
			want: []series.Labels{
				series.FromPairs("instance", "a:9100", "mountpoint", "/", "namespace", "monitoring"),
				series.FromPairs("instance", "b:9100", "mountpoint", "/", "namespace", "monitoring"),
				series.FromPairs("instance", "b:9100", "mountpoint", "/", "namespace", "monitoring"),
			},
		},
		"a deployment, by kube-state-metrics": {
			expr: "kube_deployment_status_replicas_unavailable",
			series: []series.Labels{series.FromPairs("deployment", "checkout", "instance",
				"10.1.2.3:8080", "namespace", "shop", "pod", "kube-state-metrics-7d9f8c6b5-x2x4z")},
			want: []series.Labels{series.FromPairs("deployment", "checkout", "namespace", "shop")},
		},
		"a pod, by kube-state-metrics": {
			expr: "kube_pod_container_status_restarts_total",
			series: []series.Labels{series.FromPairs("container", "app", "instance",
				"10.1.2.3:8080", "namespace", "shop", "pod", "web-0")},
			want: []series.Labels{
				series.FromPairs("container", "app", "namespace", "shop", "workload", "web"),
			},
		},
	} {
		p := snapshot.Panel{Exprs: []string{tt.expr}}
		for _, ls := range tt.series {
			p.Rows = append(p.Rows, snapshot.Row{Labels: ls, NodeAdded: tt.added})
		}
		got := identitiesOf(&p, own).all[""]
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", name, diff)
		}
		objects := rules.Objects{Workloads: rules.Known{Others: rules.Absent}}
		isWorkload := objects.Presence(got[0]) == rules.Absent
		if want := tt.want[0].Get("workload") != ""; isWorkload != want {
			t.Errorf("%s: got %v, want %v for whether it is asked as a workload", name, isWorkload,
				want)
		}
	}
}

func TestEvaluate(t *testing.T) {
	grid := series.Grid{
		Start: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Step: time.Minute, Len: 61,
	}
	old, young := series.FromPairs("container", "app", "namespace", "shop", "pod", "web-old"),
		series.FromPairs("container", "app", "namespace", "shop", "pod", "web-new")
	own := &owners{
		of: map[rules.Object]string{
			{Namespace: "shop", Name: "web-old"}: "web",
			{Namespace: "shop", Name: "web-new"}: "web",
		},
	}
	alert := rules.Rule{
		Name: "High", Warning: rules.At(1), NoData: rules.ResolveOnNoData,
		KeepFiringFor: time.Minute,
	}
	verdict := rules.Rule{Name: "p95", Reduce: rules.P95, Warning: rules.At(1)}
	panels := []snapshot.Panel{
		{
			Spec: panel.Spec{Name: "memory", Rules: []rules.Rule{alert, verdict}, EmptyIsOK: true},
			Grid: grid, Data: snapshot.DataComplete,
			Rows: []snapshot.Row{{Labels: old}, {Labels: young}},
			Findings: []snapshot.Finding{
				{
					Finding: rules.Finding{Rule: "High", Labels: young, Status: rules.Breach},
					Name:    "shop/web-new/app", Capacity: math.NaN(),
				},
				{Finding: rules.Finding{Rule: "p95", Labels: young, Status: rules.Breach}},
			},
		},
		{
			Spec: panel.Spec{
				Name: "failed", Rules: []rules.Rule{{Name: "Other", Critical: rules.At(0)}},
			}, Data: snapshot.DataFailed,
		},
		{
			Spec: panel.Spec{
				Name: "absent", Rules: []rules.Rule{{Name: "Third", Critical: rules.At(0)}},
			}, Grid: grid, Data: snapshot.DataAbsent,
		},
		{Spec: panel.Spec{Name: "unjudged"}, Grid: grid, Data: snapshot.DataComplete},
	}
	got := evaluate(panels, own)
	configured := []rules.RuleID{
		{Panel: "memory", Rule: "High"}, {Panel: "failed", Rule: "Other"},
		{Panel: "absent", Rule: "Third"},
	}
	if diff := cmp.Diff(configured, got.Configured); diff != "" {
		t.Errorf("configured (-want +got):\n%s", diff)
	}
	web := series.FromPairs("container", "app", "namespace", "shop", "workload", "web")
	memory := got.Rules[0]
	if len(memory.Findings) != 1 || !cmp.Equal(memory.Findings[0].Identity, web) ||
		memory.Findings[0].Name != "shop/web-new/app" {
		t.Errorf("got the findings %+v, want one of %v named shop/web-new/app", memory.Findings,
			web)
	}
	if !cmp.Equal(memory.Series, []series.Labels{web, web}) || !memory.BadNewsOnly ||
		memory.KeepFiringFor != time.Minute || memory.NoData != rules.ResolveOnNoData {
		t.Errorf("memory: got %+v, want two series of %v and the rule's settings", memory, web)
	}
	if !memory.From.Equal(grid.Start) || !memory.Through.Equal(grid.End()) ||
		memory.Data != rules.DataComplete {
		t.Errorf("memory: got %v from %v to %v, want %v from %v to %v", memory.Data, memory.From,
			memory.Through, rules.DataComplete, grid.Start, grid.End())
	}
	if failed := got.Rules[1]; failed.Data != rules.DataFailed ||
		failed.KeepFiringFor != rules.DefaultKeepFiringFor || !failed.Through.IsZero() {
		t.Errorf("failed: got %+v, want failed data, the default KeepFiringFor and no time", failed)
	}
	if got.Rules[2].Data != rules.DataFailed || len(got.Rules) != 3 {
		t.Errorf("absent: got %+v, want one rule with failed data", got.Rules[2:])
	}
}

func TestPresenceOfNodes(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	nodes, _, err := snapshot.LoadNodes(t.Context(), simulated(t, now), now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	node := nodes.All()[0]
	for _, tc := range []struct {
		identity series.Labels
		nodes    snapshot.Nodes
		want     rules.Presence
	}{
		{series.FromPairs("instance", node.InternalIP+":9100"), nodes, rules.Present},
		{series.FromPairs("node", node.Name), nodes, rules.Present},
		{series.FromPairs("instance", node.InternalIP), nodes, rules.Present},
		// a port that no exporter has
		{series.FromPairs("instance", node.InternalIP+":9999"), nodes, rules.Present},
		{series.FromPairs("instance", strings.ToUpper(node.Name)), nodes, rules.Present},
		{series.FromPairs("node", "taken-away"), nodes, rules.Absent},
		{
			series.FromPairs("cluster", "elsewhere", "node", node.Name), nodes,
			rules.PresenceUnknown,
		},
		// a host outside the cluster
		{series.FromPairs("instance", "192.0.2.1:9100"), nodes, rules.PresenceUntracked},
		{series.FromPairs("job", "api"), nodes, rules.PresenceUntracked},
		{series.FromPairs("node", node.Name), snapshot.Nodes{}, rules.PresenceUnknown},
	} {
		objects := (&owners{nodes: tc.nodes}).objects()
		if got := objects.Presence(tc.identity); got != tc.want {
			t.Errorf("%v: got %v, want %v", tc.identity, got, tc.want)
		}
	}
}

// An alert has the details of its series; if it has two series, those of the worst. A verdict has
// no details.
func TestDetailsAreByAlert(t *testing.T) {
	one, two, other := series.FromPairs("namespace", "shop", "pod", "web-1"),
		series.FromPairs("namespace", "shop", "pod", "web-2"), series.FromPairs("node", "n1")
	finding := func(rule string, ls series.Labels, details ...string) snapshot.Finding {
		var parts []snapshot.Part
		for _, name := range details {
			parts = append(parts, snapshot.Part{Name: name})
		}
		return snapshot.Finding{
			Finding: rules.Finding{Rule: rule, Labels: ls, Status: rules.Breach}, Details: parts,
		}
	}
	panels := []snapshot.Panel{{
		Spec: panel.Spec{
			Name: "p", Rules: []rules.Rule{
				{Name: "High", Critical: rules.At(0)}, {
					Name: "p95", Reduce: rules.P95, Critical: rules.At(0),
				},
			},
		},
		Rows: []snapshot.Row{{Labels: one}, {Labels: two}, {Labels: other}},
		Data: snapshot.DataComplete,
		Findings: []snapshot.Finding{
			finding("High", two, "worst"), finding("High", one, "second"), finding("High", other),
			finding("p95", other, "none"),
		},
	}}
	own := &owners{
		of: map[rules.Object]string{
			{Namespace: "shop", Name: "web-1"}: "web", {Namespace: "shop", Name: "web-2"}: "web",
		},
	}
	say := func(p *snapshot.Panel, f *snapshot.Finding) []string {
		if len(f.Details) == 0 {
			return nil
		}
		return []string{p.Spec.Name + " " + f.Details[0].Name}
	}
	got := Lines(panels, evaluate(panels, own), say)
	id := rules.RuleID{Panel: "p", Rule: "High"}
	if want := map[rules.Key][]string{rules.KeyOf(id, series.FromPairs("namespace", "shop",
		"workload", "web")): {"p worst"}}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
