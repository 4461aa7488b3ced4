package changelog

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The tests' series have a sample each minute from start on. A finding begins at minute 200 unless
// a test says otherwise, and the panels end at minute 240.
var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }

// recorded returns a source of series, each a line: NAME{LABELS} VALUES, in promtool's notation.
func recorded(t *testing.T, lines ...string) *promapi.Client {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# start: %d\ninterval: 1m\ninput_series:\n", start.Unix())
	for _, line := range lines {
		at := strings.LastIndex(line, "}") + 1
		fmt.Fprintf(&b, "- series: '%s'\n  values: '%s'\n",
			strings.ReplaceAll(line[:at], "'", "''"), strings.TrimSpace(line[at:]))
	}
	r, err := lab.ReadRecording(strings.NewReader(b.String()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	l, err := lab.New(lab.Options{Recording: r, Now: minute(240)})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(l.Handler())
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := promapi.New(base, nil, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// on returns a finding that fires since a minute about the series with these labels.
func on(begin int, labels ...string) snapshot.Finding {
	return snapshot.Finding{Finding: rules.Finding{
		Rule: "Bad", Labels: series.FromPairs(labels...), Status: rules.Breach,
		Severity: rules.Critical, Value: 1, Streak: &rules.Streak{From: minute(begin)},
		Cause: rules.CauseOf(rules.RuleID{Panel: "panel", Rule: "Bad"}),
	}}
}

// panelWith returns a panel with an alert and findings.
func panelWith(findings ...snapshot.Finding) []snapshot.Panel {
	return []snapshot.Panel{{
		Spec: panel.Spec{
			Name: "panel", Rules: []rules.Rule{{Name: "Bad", Warning: rules.At(0)}},
			Queries: []panel.Query{{Expr: "x"}},
		},
		Findings: findings,
	}}
}

// lines returns the changes before a finding as text.
func lines(found map[Key]Before, f snapshot.Finding) []string {
	b := found[Key{rules.RuleID{Panel: "panel", Rule: f.Rule}, f.Labels.Hash()}]
	var out []string
	for _, c := range b.Changes {
		line := fmt.Sprintf("%s: %s of %s", b.Begin.Sub(c.At), c.Kind, c.Object)
		for _, more := range []string{c.Container, c.Resource} {
			if more != "" {
				line += " " + more
			}
		}
		if c.From != "" || c.To != "" {
			line += " " + c.From + " → " + c.To
		}
		if c.Kind == Happened {
			line += fmt.Sprintf(" %s %d %s", c.Reason, c.Count, c.Message)
		}
		out = append(out, line)
	}
	return out
}

// pod returns the series of one pod of a ReplicaSet with an image, alive as the values say.
func pod(name, owner, image, values string) []string {
	id := fmt.Sprintf(`namespace="shop",pod="%s"`, name)
	return []string{
		fmt.Sprintf(`kube_pod_owner{%s,owner_kind="ReplicaSet",owner_name="%s",`+
			`owner_is_controller="true"} %s`, id, owner, values),
		fmt.Sprintf(`kube_pod_container_info{%s,container="app",image="reg.example/shop/%s",`+
			`image_spec="reg.example/shop/%s"} %s`, id, image, image, values),
	}
}

// owned returns the series of a pod in the namespace shop whose owner is of a kind, with an image,
// as one instance of kube-state-metrics reports them.
func owned(pod, kind, owner, image, instance, values string) []string {
	id := fmt.Sprintf(`namespace="shop",pod="%s",instance="%s"`, pod, instance)
	return []string{
		fmt.Sprintf(`kube_pod_owner{%s,owner_kind="%s",owner_name="%s",`+
			`owner_is_controller="true"} %s`, id, kind, owner, values),
		fmt.Sprintf(`kube_pod_container_info{%s,container="app",%s} %s`, id, image, values),
	}
}

// rollout returns the series of a Deployment whose two pods are replaced at minutes 186 and 188.
func rollout(from, to string) []string {
	var out []string
	for i, end := range []int{186, 188} {
		out = append(out, pod(fmt.Sprintf("checkout-5d8c7f6b9-aaaa%d", i), "checkout-5d8c7f6b9",
			from, fmt.Sprintf("1x%d stale", end))...)
		out = append(out, pod(fmt.Sprintf("checkout-6f7b8c9d5-bbbb%d", i), "checkout-6f7b8c9d5", to,
			fmt.Sprintf("_x%d 1x%d", end, 240-end))...)
	}
	return out
}

const deployment = `{namespace="shop",deployment="checkout"} `

func TestFind(t *testing.T) {
	ofPod := on(200, "namespace", "shop", "pod", "checkout-6f7b8c9d5-bbbb0", "container", "app")
	for _, tc := range []struct {
		name   string
		series []string
		of     snapshot.Finding
		want   []string
	}{
		{
			"an image", rollout("checkout:1.41", "checkout:1.42"), ofPod,
			[]string{"14m0s: image of shop/checkout 1.41 → 1.42"},
		},
		{"a rollout renames every pod", rollout("checkout:1.41", "checkout:1.41"), ofPod, nil},
		{
			"a rollout by an annotation",
			append(rollout("checkout:1.41", "checkout:1.41"),
				"kube_deployment_metadata_generation"+deployment+"7x185 8x54"),
			ofPod, []string{"14m0s: spec of shop/checkout"},
		},
		{
			"a pod that is gone",
			rollout("checkout:1.41", "checkout:1.42"),
			on(200, "namespace", "shop", "pod", "checkout-5d8c7f6b9-aaaa1"),
			[]string{"14m0s: image of shop/checkout 1.41 → 1.42"},
		},
		{
			"replicas, with the generation that says no more",
			append(rollout("checkout:1.41", "checkout:1.41"),
				"kube_deployment_spec_replicas"+deployment+"3x149 5x90",
				"kube_deployment_metadata_generation"+deployment+"7x149 8x90"),
			ofPod, []string{"50m0s: replicas of shop/checkout 3 → 5"},
		},
		{
			"after it began, and long before",
			append(rollout("checkout:1.41", "checkout:1.41"),
				"kube_deployment_spec_replicas"+deployment+"3x69 4x140 5x29"),
			ofPod, nil,
		},
		{
			"at the same time, one step late",
			append(rollout("checkout:1.41", "checkout:1.41"),
				"kube_deployment_spec_replicas"+deployment+"3x200 5x39"),
			ofPod, []string{"-1m0s: replicas of shop/checkout 3 → 5"},
		},
		{
			"a new workload",
			append(rollout("checkout:1.41", "checkout:1.41"),
				fmt.Sprintf("kube_deployment_created%s_x170 %dx70", deployment,
					minute(170).Unix())),
			ofPod, []string{"30m0s: created of shop/checkout"},
		},
		{
			"limits and requests of two containers",
			append(rollout("checkout:1.41", "checkout:1.41"),
				`kube_pod_container_resource_limits{namespace="shop",container="app",`+
					`pod="checkout-5d8c7f6b9-aaaa0",resource="memory"} 2147483648x186 stale`,
				`kube_pod_container_resource_limits{namespace="shop",container="app",`+
					`pod="checkout-6f7b8c9d5-bbbb0",resource="memory"} _x186 536870912x54`,
				`kube_pod_init_container_info{namespace="shop",container="mesh",`+
					`pod="checkout-6f7b8c9d5-bbbb0",image_spec="mesh:2"} _x186 1x54`,
				`kube_pod_init_container_resource_requests{namespace="shop",container="mesh",`+
					`pod="checkout-6f7b8c9d5-bbbb0",resource="cpu"} _x186 0.1x4 0.25x49`),
			ofPod, []string{
				"9m0s: request of shop/checkout mesh cpu 0.1 cores → 0.25 cores",
				"14m0s: limit of shop/checkout app memory 2 GiB → 512 MiB",
			},
		},
		{
			"a DaemonSet that a label names",
			[]string{
				`kube_daemonset_metadata_generation{namespace="infra",daemonset="agent"} ` +
					`1x190 2x49`,
			},
			on(200, "namespace", "infra", "daemonset", "agent"),
			[]string{"9m0s: spec of infra/agent"},
		},
		{
			"a StatefulSet whose volume fills",
			append(owned("pg-0", "StatefulSet", "pg", `image_spec="pg:1"`, "", "1x240"),
				`kube_pod_spec_volumes_persistentvolumeclaims_info{namespace="shop",pod="pg-0",`+
					`persistentvolumeclaim="data-pg-0"} 1x240`,
				`kube_statefulset_replicas{namespace="shop",statefulset="pg"} 1x139 3x100`),
			on(200, "namespace", "shop", "persistentvolumeclaim", "data-pg-0"),
			[]string{"1h0m0s: replicas of shop/pg 1 → 3"},
		},
		{
			"a CronJob, between whose pods are hours",
			append(owned("etl-29384750-x2x4z", "Job", "etl-29384750", `image_spec="etl:1"`, "",
				"_x80 1x20 stale"),
				owned("etl-29384810-x2x4z", "Job", "etl-29384810", `image_spec="etl:2"`, "",
					"_x190 1x49")...),
			on(200, "namespace", "shop", "pod", "etl-29384810-x2x4z"),
			[]string{"10m0s: image of shop/etl 1 → 2"},
		},
		{
			"a node that was drained and rebooted",
			[]string{
				`kube_node_spec_unschedulable{node="n1"} 0x179 1x60`,
				fmt.Sprintf(`kube_node_created{node="n1"} %dx240`,
					start.Add(-90*24*time.Hour).Unix()),
			},
			on(200, "node", "n1"), []string{"20m0s: cordoned of n1"},
		},
		{
			"a node that joined",
			[]string{fmt.Sprintf(`kube_node_created{node="n1"} _x190 %dx50`, minute(189).Unix())},
			on(200, "node", "n1"), []string{"11m0s: joined of n1"},
		},
		{
			"an exporter of a job that restarted, whose clock is adjusted",
			[]string{
				fmt.Sprintf(`process_start_time_seconds{job="api",instance="10.0.0.1:80"} `+
					`%[1]d.2x189 %[2]d.2x20 %[2]d.9x29`, minute(-99).Unix(), minute(188).Unix()),
				fmt.Sprintf(`process_start_time_seconds{job="api",instance="10.0.0.2:80"} %dx240`,
					minute(180).Unix()),
				fmt.Sprintf(`process_start_time_seconds{job="other",instance="10.0.0.1:80"} %dx240`,
					minute(190).Unix()),
			},
			on(200, "job", "api"),
			[]string{"11m59.8s: restarted of api 10.0.0.1:80"},
		},
		{
			"kube-state-metrics restarts, and its series are new",
			append(append(owned("checkout-6f7b8c9d5-bbbb0", "ReplicaSet", "checkout-6f7b8c9d5",
				`image_spec="c:1"`, "a", "1x180 stale"),
				owned("checkout-6f7b8c9d5-bbbb0", "ReplicaSet", "checkout-6f7b8c9d5",
					`image_spec="c:1"`, "b", "_x184 1x56")...),
				`kube_deployment_spec_replicas{namespace="shop",deployment="checkout",`+
					`instance="a"} 3x180 stale`,
				`kube_deployment_spec_replicas{namespace="shop",deployment="checkout",`+
					`instance="b"} _x184 3x56`),
			ofPod, nil,
		},
		{
			"two instances of kube-state-metrics, whose new one calls images otherwise",
			append(owned("checkout-6f7b8c9d5-bbbb0", "ReplicaSet", "checkout-6f7b8c9d5",
				`image="docker.io/library/c:1"`, "a", "1x185 stale"),
				owned("checkout-6f7b8c9d5-bbbb0", "ReplicaSet", "checkout-6f7b8c9d5",
					`image="docker.io/library/c:1",image_spec="c:1"`, "b", "_x183 1x56")...),
			ofPod, nil,
		},
		{
			"a gap of ten minutes, after which a value differs",
			append(rollout("checkout:1.41", "checkout:1.41"),
				"kube_deployment_spec_replicas"+deployment+"3x149 stale _x10 5x80"),
			ofPod, nil,
		},
		{
			"a pod of the new image that starts again, while the old ones stay",
			append(append(pod("checkout-5d8c7f6b9-aaaa0", "checkout-5d8c7f6b9", "checkout:1.41",
				"1x240"),
				pod("checkout-6f7b8c9d5-bbbb0", "checkout-6f7b8c9d5", "checkout:1.42",
					"_x150 1x20 stale")...),
				pod("checkout-6f7b8c9d5-bbbb1", "checkout-6f7b8c9d5", "checkout:1.42",
					"_x173 1x67")...),
			ofPod, []string{"50m0s: image of shop/checkout 1.41 → 1.42"},
		},
		{
			"the same names in another cluster",
			[]string{
				`kube_deployment_spec_replicas{cluster="eu",namespace="shop",` +
					`deployment="checkout"} 3x149 5x90`,
				`kube_deployment_spec_replicas{cluster="us",namespace="shop",` +
					`deployment="checkout"} 3x159 6x80`,
			},
			on(200, "cluster", "us", "namespace", "shop", "deployment", "checkout"),
			[]string{"40m0s: replicas of shop/checkout 3 → 6"},
		},
		{
			"names that are hostile",
			[]string{
				`kube_deployment_spec_replicas{namespace="a|b",deployment="x\"}\n` +
					strings.Repeat("é", 90) + `"} 1x149 2x90`,
			},
			on(200, "namespace", "a|b", "deployment", "x\"}\n"+strings.Repeat("é", 90)),
			[]string{
				"50m0s: replicas of a|b/x\"} " + strings.Repeat("é", 28) + "…" +
					strings.Repeat("é", 23) + " 1 → 2",
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, notes := Find(t.Context(), recorded(t, tc.series...), panelWith(tc.of),
				snapshot.Nodes{}, Options{End: minute(240)})
			if notes != nil {
				t.Errorf("got the notes %v, want none", notes)
			}
			if diff := cmp.Diff(tc.want, lines(found, tc.of)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// counting counts the queries of a source, and fails those that hold a text.
type counting struct {
	snapshot.Querier
	queries []string
	broken  string
}

func (c *counting) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	c.queries = append(c.queries, q.Expr)
	if c.broken != "" && strings.Contains(q.Expr, c.broken) {
		return promapi.Meta{}, errors.New("the server is busy")
	}
	return c.Querier.Range(ctx, q, each)
}

// However many findings there are, the queries are few, and the objects are those of the worst
// causes.
func TestFindIsBounded(t *testing.T) {
	var all []snapshot.Finding
	var lines []string
	for i := range 300 {
		name := fmt.Sprintf("w%d", i)
		f := on(200, "namespace", "shop", "deployment", name)
		f.Value = float64(1000 - i)
		all = append(all, f)
		lines = append(lines, fmt.Sprintf(`kube_deployment_spec_replicas{namespace="shop",`+
			`deployment="%s"} 1x189 2x50`, name))
	}
	rare := on(200, "job", "api")
	rare.Cause, rare.Severity = rules.Cause{Kind: rules.CauseSource, Name: "api"}, rules.Warning
	ofNode, ofPod := on(-900, "node", "n1"), on(180, "namespace", "shop", "pod", "w1-0")
	ofNode.Cause, ofPod.Cause = rules.Cause{Name: "node"}, rules.Cause{Name: "pod"}
	all = append(all, rare, ofNode, ofPod)
	lines = append(lines, fmt.Sprintf(`process_start_time_seconds{job="api",instance="i"} %dx240`,
		minute(150).Unix()))
	q := &counting{Querier: recorded(t, lines...)}
	found, notes := Find(t.Context(), q, panelWith(all...), snapshot.Nodes{},
		Options{End: minute(240)})
	if notes != nil {
		t.Errorf("got the notes %v, want none", notes)
	}
	if len(q.queries) > 11 {
		t.Errorf("got %d queries, want at most 11:\n%s", len(q.queries),
			strings.Join(q.queries, "\n"))
	}
	if len(found) != mostObjects-1 { // the node has no changes, and the pod no owner
		t.Errorf("got changes of %d findings, want %d", len(found), mostObjects-1)
	}
	if got := len(found[KeyOf(&panelWith()[0], &rare)].Changes); got != 1 {
		t.Errorf("the only finding of its cause: got %d changes, want 1", got)
	}
}

// A query that fails leaves out its changes only.
func TestFindWithoutImages(t *testing.T) {
	f := on(200, "namespace", "shop", "pod", "checkout-6f7b8c9d5-bbbb0")
	q := &counting{
		Querier: recorded(t, append(rollout("checkout:1.41", "checkout:1.42"),
			"kube_deployment_spec_replicas"+deployment+"3x149 5x90")...),
		broken: "kube_pod_container_info",
	}
	found, notes := Find(t.Context(), q, panelWith(f), snapshot.Nodes{}, Options{End: minute(240)})
	if diff := cmp.Diff([]snapshot.Note{snapshot.NoteOf(snapshot.NoteChangesUnknown,
		"the images of workloads (kube_pod_container_info): the server is busy")},
		notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	want := []string{"50m0s: replicas of shop/checkout 3 → 5"}
	if diff := cmp.Diff(want, lines(found, f)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// Without a finding that fires there is no query.
func TestFindNothing(t *testing.T) {
	ended, pending, old := on(200, "node", "n1"), on(200, "node", "n1"), on(-1500, "node", "n1")
	ended.Status, pending.Status = rules.Gone, rules.Pending
	q := &counting{}
	found, notes := Find(t.Context(), q, panelWith(ended, pending, old, on(200, "zone", "a")),
		snapshot.Nodes{}, Options{End: minute(240)})
	if len(notes) > 0 || len(found) > 0 || len(q.queries) > 0 {
		t.Errorf("got %v and %d queries (%v), want none", found, len(q.queries), notes)
	}
}

// What is silent began when its data ended. A beginning that the window does not show is open.
func TestBegin(t *testing.T) {
	silent, open := on(0, "node", "n1"), on(130, "node", "n1")
	silent.Status, silent.Streak, silent.Newest = rules.NoData, nil, minute(195)
	open.Streak.Open = true
	since := func(begin int, open bool) Options {
		return Options{Begins: func(*snapshot.Panel, *snapshot.Finding) (time.Time, bool) {
			return minute(begin), open
		}}
	}
	for _, tc := range []struct {
		name string
		f    snapshot.Finding
		o    Options
		want Before
	}{
		{"silent", silent, Options{}, Before{Begin: minute(195)}},
		{"open", open, Options{}, Before{Begin: minute(130), Open: true}},
		{"known to the state", open, since(125, false), Before{Begin: minute(125)}},
		{"open in the state too", open, since(125, true), Before{Begin: minute(125), Open: true}},
		{"not known to the state", open, since(140, true), Before{Begin: minute(130), Open: true}},
		{"silent, whatever the state says", silent, since(9, false), Before{Begin: minute(195)}},
	} {
		q := recorded(t, `kube_node_spec_unschedulable{node="n1"} 0x119 1x120`)
		tc.o.End = minute(240)
		found, notes := Find(t.Context(), q, panelWith(tc.f), snapshot.Nodes{}, tc.o)
		if notes != nil {
			t.Errorf("got the notes %v, want none", notes)
		}
		tc.want.Changes = []Change{{Kind: Cordoned, Object: "n1", At: minute(120)}}
		got := found[KeyOf(&panelWith()[0], &tc.f)]
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestShortImages(t *testing.T) {
	const digest = "@sha256:0123456789abcdef0123456789abcdef"
	for _, tc := range []struct{ from, to, short, after string }{
		{"checkout:1.41", "checkout:1.42", "1.41", "1.42"},
		{"reg:5000/shop/checkout:1.41" + digest, "reg:5000/shop/checkout:1.42", "1.41", "1.42"},
		{"reg:5000/checkout", "reg:5000/checkout:2", "latest", "2"},
		{"redis:7.2", "valkey:8", "redis:7.2", "valkey:8"},
		{"bitnami/redis:7", "bitnamilegacy/redis:7", "bitnami/redis:7", "bitnamilegacy/redis:7"},
		{"a.example/x/app:1", "b.example/x/app:1", "a.example/x/app:1", "b.example/x/app:1"},
		{"app:1" + digest, "app:1@sha256:ff", "1@sha256:0123456789ab", "1@sha256:ff"},
		{"app" + digest, "app:2", "sha256:0123456789ab", "2"},
		{"app@x\ny", "app@" + strings.Repeat("z", 300), "x y", "zzzzzzzzzzzz"},
		{
			"app:1", "app:" + strings.Repeat("v", 300), "1",
			strings.Repeat("v", 36) + "…" + strings.Repeat("v", 23),
		},
		{"", ":", "latest", "latest"},
	} {
		if from, to := shortImages(tc.from, tc.to); from != tc.short || to != tc.after {
			t.Errorf("%s, %s: got %q, %q, want %q, %q", tc.from, tc.to, from, to, tc.short,
				tc.after)
		}
	}
}
