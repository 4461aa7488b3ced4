package letter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// subjects are the subjects of the panels of the tests.
var subjects = []string{"memory", "CPU", "restarts"}

// causes returns a delivery of alerts in a cluster of eight nodes.
func causes(t *testing.T, l words.Language, k notify.Kind, as ...rules.Alert) notify.Delivery {
	t.Helper()
	var panels []snapshot.Panel
	for _, s := range subjects {
		panels = append(panels, snapshot.Panel{Data: snapshot.DataComplete, Spec: panel.Spec{
			Name: s, Title: s, Subject: s, Queries: []panel.Query{{Unit: units.PercentUnit}},
			Rules: []rules.Rule{{Name: s, Warning: rules.At(0.8), Critical: rules.At(0.9)}},
		}})
	}
	panels[0].Spec.Without = "exporters" // its alerts may be of nodes without an exporter
	var nodes []snapshot.Node
	for i := range 8 {
		nodes = append(nodes, snapshot.Node{Name: fmt.Sprint("n", i), Exporter: true})
	}
	m := &notify.Message{Kind: k}
	for i, a := range as {
		e := rules.Episode{Since: slot.Add(-time.Duration(i+10) * time.Minute), Last: slot,
			Worst: a.Severity, Peak: a.Value}
		if k == notify.KindResolved {
			e.Ended, e.End = slot, rules.Recovered
		}
		a.Episodes = []rules.Episode{e}
		m.Items = append(m.Items, notify.Item{Key: rules.Key(fmt.Sprint(i)), Alert: a, Episode: e})
	}
	return notify.Delivery{Message: m, Report: report.Build(report.Info{
		Cluster: "prod", Slot: slot, Zone: seoul(t), Nodes: nodes, Language: l,
	}, panels)}
}

// at returns an alert about an object.
func at(subject, name string, s rules.Severity, c rules.Cause, labels ...string) rules.Alert {
	a := rules.Alert{
		Panel: subject, Rule: subject, Name: name, Severity: s, Value: 0.94, Limit: 0.9, Cause: c,
		Labels: map[string]string{}, Identity: map[string]string{},
	}
	if s == rules.Warning {
		a.Value, a.Limit = 0.85, 0.8
	}
	for i := 0; i+1 < len(labels); i += 2 {
		a.Labels[labels[i]], a.Identity[labels[i]] = labels[i+1], labels[i+1]
	}
	return a
}

func TestTitlesByCause(t *testing.T) {
	down := rules.Cause{Kind: rules.CauseNode, Name: "n1"}
	crowd := rules.Cause{Kind: rules.CauseNode}
	gone := rules.Cause{Kind: rules.CauseSource, Name: "node_exporter"}
	lost := rules.Cause{Kind: rules.CauseSource, Name: "kube-state-metrics"}
	shop := rules.Cause{Kind: rules.CauseWorkload, Namespace: "shop", Name: "cart"}
	memory := rules.CauseOf(rules.RuleID{Panel: "memory", Rule: "memory"})
	cpu := rules.CauseOf(rules.RuleID{Panel: "CPU", Rule: "CPU"})
	critical, warning := rules.Critical, rules.Warning
	node := func(subject, name string, s rules.Severity, c rules.Cause) rules.Alert {
		return at(subject, name, s, c, "node", name)
	}
	container := func(subject string, c rules.Cause) rules.Alert {
		return at(subject, "shop/cart-x/app", critical, c, "namespace", "shop", "pod", "cart-x",
			"container", "app")
	}
	for name, tc := range map[string]struct {
		kind            notify.Kind
		alerts          []rules.Alert
		english, korean string
	}{
		"one alert": {
			notify.KindNew, []rules.Alert{node("memory", "n1", critical, memory)},
			"🔴 prod n1 memory 94 % > 90 %", "🔴 prod n1 memory 94% > 90%",
		},
		"two nodes of one rule": {
			notify.KindNew,
			[]rules.Alert{
				node("memory", "n1", critical, memory), node("memory", "n2", warning, memory),
			},
			"🔴 prod memory > 80 % on 2 nodes", "🔴 prod 노드 2개 memory > 80%",
		},
		"two containers of one rule": {
			notify.KindNew, []rules.Alert{container("CPU", cpu), container("CPU", cpu)},
			"🔴 prod CPU > 90 % in 2 containers", "🔴 prod 컨테이너 2개 CPU > 90%",
		},
		"a node that is down": {
			notify.KindNew,
			[]rules.Alert{node("CPU", "n1", critical, down), node("memory", "n1", warning, down)},
			"🔴 prod n1 is down", "🔴 prod 노드 n1 다운",
		},
		"many nodes that are down": {
			notify.KindNew,
			[]rules.Alert{
				node("CPU", "n1", critical, crowd), node("CPU", "n2", critical, crowd),
				node("memory", "n2", warning, crowd),
			},
			"🔴 prod 2 of 8 nodes are down", "🔴 prod 노드 8개 중 2개 다운",
		},
		"a source that is gone from nodes": {
			notify.KindNew,
			[]rules.Alert{
				node("memory", "n1", warning, gone), node("memory", "n2", warning, gone),
				node("memory", "n3", warning, gone),
			},
			"🟠 prod no node_exporter on 3 of 8 nodes", "🟠 prod 노드 8개 중 3개에 node_exporter 없음",
		},
		"a source that is gone": {
			notify.KindNew, []rules.Alert{at("CPU", "ksm", warning, lost, "job", "ksm")},
			"🟠 prod no kube-state-metrics", "🟠 prod kube-state-metrics 없음",
		},
		"a workload": {
			notify.KindNew, []rules.Alert{container("CPU", shop), container("restarts", shop)},
			"🔴 prod shop/cart CPU, restarts", "🔴 prod shop/cart CPU, restarts",
		},
		"one alert of a workload": {
			notify.KindNew, []rules.Alert{container("CPU", shop)},
			"🔴 prod shop/cart CPU 94 % > 90 %", "🔴 prod shop/cart CPU 94% > 90%",
		},
		"another series of a workload's pod": {
			notify.KindNew, []rules.Alert{at("CPU", "10.0.0.1:9100", critical, shop)},
			"🔴 prod 10.0.0.1:9100 CPU 94 % > 90 %", "🔴 prod 10.0.0.1:9100 CPU 94% > 90%",
		},
		"several causes": {
			notify.KindNew,
			[]rules.Alert{
				node("memory", "n1", critical, memory), node("CPU", "n2", warning, cpu),
				node("CPU", "n3", warning, cpu),
			},
			"🔴 prod 3 alerts: 1 critical, 2 warnings", "🔴 prod 알림 3건: 위험 1건, 경고 2건",
		},
		"joined": {
			notify.KindJoined, []rules.Alert{node("memory", "n1", critical, memory)},
			"🔴 prod also: n1 memory 94 % > 90 %", "🔴 prod 추가 발생: n1 memory 94% > 90%",
		},
		"repeated": {
			notify.KindStillFiring,
			[]rules.Alert{node("CPU", "n1", critical, down), node("memory", "n1", warning, down)},
			"🔴 prod still: n1 CPU, memory", "🔴 prod 지속 중: n1 CPU, memory",
		},
		"a node that is up again": {
			notify.KindResolved,
			[]rules.Alert{node("CPU", "n1", critical, down), node("memory", "n1", warning, down)},
			"✅ prod n1 is up again", "✅ prod 노드 n1 복구",
		},
		"a source that is back": {
			notify.KindResolved,
			[]rules.Alert{
				node("memory", "n1", warning, gone), node("memory", "n2", warning, gone),
			},
			"✅ prod node_exporter is back on 2 of 8 nodes",
			"✅ prod 노드 8개 중 2개의 node_exporter 복구",
		},
		"two nodes of one rule, resolved": {
			notify.KindResolved,
			[]rules.Alert{
				node("memory", "n1", critical, memory), node("memory", "n2", warning, memory),
			},
			"✅ prod memory resolved on 2 nodes", "✅ prod 노드 2개 memory 해소",
		},
	} {
		for l, want := range map[words.Language]string{
			words.English: tc.english, words.Korean: tc.korean,
		} {
			got := Compose(causes(t, l, tc.kind, tc.alerts...), limits)
			if got.Title != want {
				t.Errorf("%s in %s: got the title %q, want %q", name, l, got.Title, want)
			}
		}
	}
}

// A message says since when with the zone, and shows at most two changes, each once.
func TestTheLinesOfACause(t *testing.T) {
	memory := rules.CauseOf(rules.RuleID{Panel: "memory", Rule: "memory"})
	d := causes(t, words.English, notify.KindNew,
		at("memory", "n1", rules.Critical, memory, "node", "n1"),
		at("memory", "n2", rules.Warning, memory, "node", "n2"))
	d.Changes = map[rules.Key][]string{"0": {"a", "b"}, "1": {"a", "c"}}
	d.Details = map[rules.Key][]string{"1": {"shop/cart-x 3 GiB"}}
	got := said(Compose(d, limits))
	want := strings.Join([]string{
		"🔴 prod memory > 80 % on 2 nodes",
		"since 02:59 KST (11 min) · 1 critical, 1 warning",
		"a", "b",
		"🔴 n1 94 %", "🟠 n2 85 %",
		"Top memory on n2: shop/cart-x 3 GiB",
		"memory",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The first time of a message has its day if that is not the day of the report.
func TestTheFirstTimeHasItsDay(t *testing.T) {
	memory := rules.CauseOf(rules.RuleID{Panel: "memory", Rule: "memory"})
	d := causes(t, words.English, notify.KindNew,
		at("memory", "n1", rules.Critical, memory, "node", "n1"))
	d.Message.Items[0].Episode.Since = slot.Add(-4 * time.Hour)
	l := Compose(d, limits)
	const want = "since Sat 21 Nov 23:10 KST (4 h)"
	if got := l.Lines[0].String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, p := range l.Lines[0] {
		if !p.At.IsZero() && !p.Day {
			t.Errorf("got the time %+v without its day, want it with the day", p)
		}
	}
}

// A cause is only over if none of its alerts fires.
func TestACauseIsNotOverWhileAnotherAlertFires(t *testing.T) {
	down := rules.Cause{Kind: rules.CauseNode, Name: "n1"}
	lost := rules.Cause{Kind: rules.CauseSource, Name: "kube-state-metrics"}
	gone := rules.Cause{Kind: rules.CauseSource, Name: "node_exporter"}
	for name, c := range map[string]struct {
		of    rules.Cause
		these []rules.Alert
		want  string // while another alert fires
		alone string // if none does
	}{
		"node": {down, []rules.Alert{
			at("CPU", "n1", rules.Critical, down, "node", "n1"),
			at("memory", "n1", rules.Warning, down, "node", "n1"),
		}, "✅ prod n1 CPU, memory resolved", "✅ prod n1 is up again"},
		"source": {lost, []rules.Alert{
			at("CPU", "ksm", rules.Warning, lost, "job", "ksm"),
		}, "✅ prod kube-state-metrics CPU resolved", "✅ prod kube-state-metrics is back"},
		"exporters of some nodes": {
			gone,
			[]rules.Alert{
				at("memory", "n1", rules.Warning, gone, "node", "n1"),
				at("memory", "n2", rules.Warning, gone, "node", "n2"),
			},
			"✅ prod node_exporter is back on 2 of 8 nodes",
			"✅ prod node_exporter is back on 2 of 8 nodes",
		},
	} {
		d := causes(t, words.English, notify.KindResolved, c.these...)
		if got := Compose(d, limits).Title; got != c.alone {
			t.Errorf("%s, all resolved: got the title %q, want %q", name, got, c.alone)
		}
		other := at("restarts", "n1", rules.Warning, c.of, "node", "n1")
		other.Episodes = []rules.Episode{{Since: slot, Last: slot, Worst: rules.Warning}}
		d.Memory.Alerts = map[rules.Key]rules.Alert{"other": other}
		if got := Compose(d, limits).Title; got != c.want {
			t.Errorf("%s, one fires: got the title %q, want %q", name, got, c.want)
		}
		d.Memory.Alerts = nil
		d.Message.Rest = []notify.Item{{Key: "other", Alert: other, Episode: other.Now()}}
		if got := Compose(d, limits).Title; got != c.want {
			t.Errorf("%s, one of the message fires: got the title %q, want %q", name, got, c.want)
		}
	}
}

// A later message says that a node is down only if the report still says so.
func TestANodeIsDownOnlyWhileTheReportSaysSo(t *testing.T) {
	one, crowd := rules.Cause{Kind: rules.CauseNode, Name: "n1"}, rules.Cause{Kind: rules.CauseNode}
	for name, c := range map[string]struct {
		of         rules.Cause
		down, over string
	}{
		"one node": {one, "🔴 prod still: n1 is down", "🔴 prod still: n1 CPU, memory"},
		"many nodes": {
			crowd, "🔴 prod still: 1 of 8 nodes are down",
			"🔴 prod still: CPU, memory on 1 of 8 nodes",
		},
	} {
		d := causes(t, words.English, notify.KindStillFiring,
			at("CPU", "n1", rules.Critical, c.of, "node", "n1"),
			at("memory", "n1", rules.Warning, c.of, "node", "n1"))
		if got := Compose(d, limits).Title; got != c.over {
			t.Errorf("%s, not in the report: got the title %q, want %q", name, got, c.over)
		}
		d.Report.Groups = append(d.Report.Groups, report.Group{Cause: c.of})
		if got := Compose(d, limits).Title; got != c.down {
			t.Errorf("%s, in the report: got the title %q, want %q", name, got, c.down)
		}
	}
}

// A change before an alert that began much later than the first is not shown below the time of the
// first.
func TestChangesAreThoseBeforeTheFirstAlert(t *testing.T) {
	memory := rules.CauseOf(rules.RuleID{Panel: "memory", Rule: "memory"})
	d := causes(t, words.English, notify.KindNew,
		at("memory", "n1", rules.Critical, memory, "node", "n1"),
		at("memory", "n2", rules.Critical, memory, "node", "n2"))
	d.Message.Items[1].Episode.Since = slot.Add(-time.Hour)
	d.Changes = map[rules.Key][]string{"0": {"a change before n1"}, "1": {"a change before n2"}}
	got := said(Compose(d, limits))
	if !strings.Contains(got, "before n2") || strings.Contains(got, "before n1") {
		t.Errorf("got\n%s\nwant only the change before n2, which began first", got)
	}
}

// In a digest, a change is on the line of its cause, or below it if the line has no room.
func TestTheChangesOfADigest(t *testing.T) {
	memory := rules.CauseOf(rules.RuleID{Panel: "memory", Rule: "memory"})
	cpu := rules.CauseOf(rules.RuleID{Panel: "CPU", Rule: "CPU"})
	d := causes(t, words.English, notify.KindNew,
		at("memory", "n1", rules.Critical, memory, "node", "n1"),
		at("CPU", "n2", rules.Critical, cpu, "node", "n2"))
	long := strings.Repeat("long ", limits.Line/5-2) + "end"
	d.Changes = map[rules.Key][]string{"0": {"short", "older"}, "1": {long}}
	got := said(Compose(d, limits))
	want := strings.Join([]string{
		"🔴 prod 2 alerts: 2 critical",
		"🔴 n1 memory 94 %, since 03:00 KST (10 min); short",
		"🔴 n2 CPU 94 %, since 02:59 (11 min)",
		long,
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// If a Prometheus has several clusters, a cause names its own, and nodes are counted in it.
func TestTheClusterOfACause(t *testing.T) {
	node := rules.Cause{Kind: rules.CauseNode, Cluster: "eu", Name: "n1"}
	crowd := rules.Cause{Kind: rules.CauseNode, Cluster: "eu"}
	gone := rules.Cause{Kind: rules.CauseSource, Cluster: "eu", Name: "node_exporter"}
	shop := rules.Cause{Kind: rules.CauseWorkload, Cluster: "eu", Namespace: "shop", Name: "cart"}
	memory := rules.CauseOf(rules.RuleID{Panel: "memory", Rule: "memory"})
	memory.Cluster = "eu"
	for kind, wants := range map[notify.Kind]map[rules.Cause]string{
		notify.KindNew: {
			node:   "🔴 prod eu/n1 is down",
			crowd:  "🔴 prod eu: 2 of 3 nodes are down",
			gone:   "🔴 prod eu: no node_exporter on 2 of 3 nodes",
			shop:   "🔴 prod eu/shop/cart memory",
			memory: "🔴 prod eu: memory > 90 % on 2 nodes",
		},
		notify.KindResolved: {
			node:   "✅ prod eu/n1 is up again",
			crowd:  "✅ prod eu: 2 nodes resolved",
			gone:   "✅ prod eu: node_exporter is back on 2 of 3 nodes",
			shop:   "✅ prod eu/shop/cart memory resolved",
			memory: "✅ prod eu: memory resolved on 2 nodes",
		},
	} {
		for of, want := range wants {
			d := causes(t, words.English, kind,
				at("memory", "n1", rules.Critical, of, "node", "n1"),
				at("memory", "n2", rules.Critical, of, "node", "n2"))
			for i := range d.Report.Info.Nodes {
				d.Report.Info.Nodes[i].Cluster = "us"
				if i < 3 {
					d.Report.Info.Nodes[i].Cluster = "eu"
				}
			}
			if got := Compose(d, limits).Title; got != want {
				t.Errorf("%v %v: got the title %q, want %q", kind, of, got, want)
			}
		}
	}
}

// The thread has the alerts that a message only counts.
func TestTheThreadListsTheAlertsBehindALine(t *testing.T) {
	down := rules.Cause{Kind: rules.CauseNode, Name: "n1"}
	lost := rules.Cause{Kind: rules.CauseSource, Name: "kube-state-metrics"}
	for name, c := range map[string]struct {
		these     []rules.Alert
		in, notIn []string
	}{
		"node": {[]rules.Alert{
			at("memory", "n1", rules.Critical, down, "node", "n1"),
			at("CPU", "job-a", rules.Warning, down, "job", "a"),
			at("CPU", "job-b", rules.Warning, down, "job", "b"),
		}, []string{"job-a CPU", "job-b CPU"}, []string{"n1 memory"}},
		"source": {[]rules.Alert{
			at("CPU", "job-a", rules.Warning, lost, "job", "a"),
			at("CPU", "job-b", rules.Warning, lost, "job", "b"),
		}, []string{"job-a CPU", "job-b CPU"}, nil},
		"source of nodes": {[]rules.Alert{
			at("memory", "n1", rules.Warning, lost, "node", "n1"),
			at("CPU", "job-a", rules.Warning, lost, "job", "a"),
			at("memory", "n2", rules.Warning, lost, "node", "n2"),
		}, []string{"job-a CPU"}, []string{"n1 memory", "n2 memory"}},
	} {
		got := said(Details(causes(t, words.English, notify.KindNew, c.these...), limits))
		for _, s := range c.in {
			if !strings.Contains(got, s) {
				t.Errorf("%s: got\n%s\nwant %q in it", name, got, s)
			}
		}
		for _, s := range c.notIn {
			if strings.Contains(got, s) {
				t.Errorf("%s: got\n%s\nwant no %q in it", name, got, s)
			}
		}
	}
}

// The alerts of many nodes that are down may be of scrape jobs only, which name no node.
func TestTheJobsOfManyNodesThatAreDown(t *testing.T) {
	crowd := rules.Cause{Kind: rules.CauseNode}
	one := at("CPU", "job-a", rules.Warning, crowd, "job", "a")
	two := at("CPU", "job-b", rules.Warning, crowd, "job", "b")
	for _, c := range []struct {
		kind notify.Kind
		as   []rules.Alert
		want string
	}{
		{notify.KindJoined, []rules.Alert{one}, "🟠 prod also: job-a CPU 85 % > 80 %"},
		{notify.KindJoined, []rules.Alert{one, two}, "🟠 prod also: CPU in 2 scrape jobs"},
		{notify.KindResolved, []rules.Alert{one}, "✅ prod job-a CPU resolved"},
		{notify.KindResolved, []rules.Alert{one, two}, "✅ prod CPU resolved on 2 scrape jobs"},
	} {
		if got := Compose(causes(t, words.English, c.kind, c.as...), limits).Title; got != c.want {
			t.Errorf("%v of %d: got the title %q, want %q", c.kind, len(c.as), got, c.want)
		}
	}
	d := causes(t, words.English, notify.KindResolved, one)
	d.Message.Rest = causes(t, words.English, notify.KindNew, two).Message.Items
	if got, want := Edited(d, limits).Title, "🟠 prod CPU: 1 still firing"; got != want {
		t.Errorf("edited: got the title %q, want %q", got, want)
	}
}
