package alertmanager

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

var update = flag.Bool("update", false, "rewrite the golden; look at it")

var slot = notifytest.Slot

const (
	nodeKey = rules.Key(`node-memory/NodeMemoryHigh{node="ip-10-0-1-12"}`)
	podKey  = rules.Key(
		`container-memory/ContainerMemory{container="app",namespace="shop",workload="checkout"}`)
)

// twoAlerts returns a delivery with an alert about a node and one about a container.
func twoAlerts() notify.Delivery {
	grid := series.Grid{Start: slot.Add(-time.Hour), Step: time.Minute, Len: 61}
	panels := []snapshot.Panel{
		{Exprs: []string{"node_memory"}, Grid: grid, Spec: panel.Spec{
			Name: "node-memory", Title: "Node memory", Subject: "memory",
			Queries:  []panel.Query{{Unit: units.PercentUnit}},
			Capacity: &panel.Capacity{Unit: units.Bytes},
			Rules: []rules.Rule{
				{
					Name: "NodeMemoryHigh", Warning: rules.At(.8), Critical: rules.At(.9),
					RunbookURL: "https://runbooks.example.com/memory",
				},
			},
		}},
		{Exprs: []string{"container_memory"}, Grid: grid, Spec: panel.Spec{
			Name: "container-memory", Title: "Container memory", Subject: "memory",
			Queries: []panel.Query{{Unit: units.Bytes}},
			Rules:   []rules.Rule{{Name: "ContainerMemory", Warning: rules.At(24 << 30)}},
		}},
	}
	since := slot.Add(-18 * time.Minute)
	node := rules.Alert{
		Panel: "node-memory", Rule: "NodeMemoryHigh", Name: "ip-10-0-1-12",
		Labels:   map[string]string{"node": "ip-10-0-1-12"},
		Identity: map[string]string{"node": "ip-10-0-1-12"}, Severity: rules.Critical, Value: .94,
		Limit: .9, Capacity: 64 << 30,
		Episodes: []rules.Episode{
			{Since: since, Last: slot, Worst: rules.Critical, Peak: .96, PeakAt: since},
		},
	}
	pod := rules.Alert{
		Panel: "container-memory", Rule: "ContainerMemory", Name: "shop/checkout-7d9f app",
		Labels: map[string]string{
			"namespace": "shop", "pod": "checkout-7d9f", "container": "app", "node": "ip-10-0-1-13",
		},
		Identity: map[string]string{
			"namespace": "shop", "workload": "checkout", "container": "app",
		},
		Severity: rules.Warning, Value: 28 << 30, Limit: 24 << 30,
		Episodes: []rules.Episode{
			{Since: since, Last: slot, Worst: rules.Warning, Peak: 29 << 30, PeakAt: since},
		},
	}
	return notify.Delivery{
		Report: report.Build(report.Info{
			Cluster: "prod-seoul", Name: "check", Slot: slot, Range: time.Hour,
			ExternalURL: "https://prometheus.example.com",
		}, panels),
		Archived: []notify.Receipt{
			{Location: "/var/lib/promsnap/check"}, {
				Location: "https://reports.example.com/prod-seoul/check/index.html",
			},
		},
		Memory: rules.Memory{
			Slot: slot, Alerts: map[rules.Key]rules.Alert{nodeKey: node, podKey: pod},
		},
		Details: map[rules.Key][]string{
			nodeKey: {"shop/checkout-7d9f 22 GiB", "spark/exec-14 11 GiB"},
		},
		Interval: 5 * time.Minute,
	}
}

// with returns a delivery in which one alert is changed.
func with(d notify.Delivery, k rules.Key, change func(*rules.Alert)) notify.Delivery {
	a := d.Memory.Alerts[k]
	a.Episodes = slices.Clone(a.Episodes)
	change(&a)
	d.Memory.Alerts[k] = a
	return d
}

func TestAlerts(t *testing.T) {
	got, err := json.MarshalIndent(alerts(twoAlerts()), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "alerts.json")
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(want, append(got, '\n')) {
		t.Errorf("%v; got the alerts\n%s\nwant\n%s\nrun with -update to accept them", err, got,
			want)
	}
}

// posted returns when the alerts of a key end, after the slot and by severity.
func posted(d notify.Delivery, k rules.Key) map[string]time.Duration {
	for other := range d.Memory.Alerts {
		if other != k {
			delete(d.Memory.Alerts, other)
		}
	}
	out := map[string]time.Duration{}
	for _, a := range alerts(d) {
		out[a.Labels["severity"]] = a.EndsAt.Sub(slot)
	}
	return out
}

func TestWhenAlertsEnd(t *testing.T) {
	over := func(ago time.Duration) func(*rules.Alert) {
		return func(a *rules.Alert) {
			a.Episodes[0].Ended, a.Episodes[0].End = slot.Add(-ago), rules.Recovered
		}
	}
	unknown := twoAlerts()
	unknown.Interval = 0
	for _, tc := range []struct {
		name string
		d    notify.Delivery
		key  rules.Key
		want map[string]time.Duration
	}{
		{"fires", twoAlerts(), nodeKey, map[string]time.Duration{"critical": 20 * time.Minute}},
		{
			"interval not known", unknown, nodeKey, map[string]time.Duration{
				"critical": 15 * time.Minute,
			},
		},
		{
			"over now, both limits", with(twoAlerts(), nodeKey, over(0)), nodeKey,
			map[string]time.Duration{"warning": 0, "critical": 0},
		},
		{
			"over now, one limit", with(twoAlerts(), podKey, over(0)), podKey,
			map[string]time.Duration{"warning": 0},
		},
		{
			"over lately", with(twoAlerts(), podKey, over(15*time.Minute)), podKey,
			map[string]time.Duration{"warning": -15 * time.Minute},
		},
		{
			"over long since", with(twoAlerts(), podKey, over(20*time.Minute)), podKey,
			map[string]time.Duration{},
		},
		{
			"better", with(twoAlerts(), nodeKey, func(a *rules.Alert) {
				a.Severity = rules.Warning
			}), nodeKey,
			map[string]time.Duration{"warning": 20 * time.Minute, "critical": 0},
		},
	} {
		if diff := cmp.Diff(tc.want, posted(tc.d, tc.key)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestRolloutIsNoOtherAlert(t *testing.T) {
	before, after := alerts(twoAlerts()), alerts(with(twoAlerts(), podKey, func(a *rules.Alert) {
		a.Name, a.Labels["pod"], a.Labels["node"] = "shop/checkout-8aaa app", "checkout-8aaa",
			"ip-10-0-1-14"
	}))
	if diff := cmp.Diff(before[0].Labels, after[0].Labels); diff != "" {
		t.Errorf("labels: diff (-want as before, +got after):\n%s", diff)
	}
	if before[0].Annotations["pod"] != "checkout-7d9f" ||
		after[0].Annotations["pod"] != "checkout-8aaa" {
		t.Errorf("got the annotations %v, then %v; want the pods",
			before[0].Annotations, after[0].Annotations)
	}
}

func TestLabels(t *testing.T) {
	in := report.Info{Cluster: "prod-seoul", Name: "check"}
	for _, tc := range []struct {
		name           string
		identity, want map[string]string
	}{
		{"none", nil, map[string]string{"cluster": "prod-seoul", "report": "check", "panel": "p"}},
		{
			"a fleet's cluster", map[string]string{"cluster": "edge-1"}, map[string]string{
				"cluster": "edge-1", "report": "check", "panel": "p",
			},
		},
		{
			"of ALERTS itself", map[string]string{
				"alertname": "Watchdog", "severity": "none", "exported_severity": "x",
			},
			map[string]string{
				"exported_alertname": "Watchdog", "exported_severity": "x",
				"exported_exported_severity": "none", "cluster": "prod-seoul", "report": "check",
				"panel": "p",
			},
		},
		{
			"of OpenTelemetry", map[string]string{
				"k8s.pod.name": "a", "k8s_pod_name": "b", "k8s/pod.name": "c", "0": "d", "gone": "",
			},
			map[string]string{
				"k8s_pod_name": "b", "k8s_pod_name_": "a", "k8s_pod_name__": "c", "_0": "d",
				"cluster": "prod-seoul", "report": "check", "panel": "p",
			},
		},
		{
			"not UTF-8", map[string]string{"a": "\xff"}, map[string]string{
				"a": "\uFFFD", "cluster": "prod-seoul", "report": "check", "panel": "p",
			},
		},
	} {
		tc.want["alertname"], tc.want["severity"] = "R", "warning"
		got := labels(in, rules.Alert{Panel: "p", Rule: "R", Identity: tc.identity}, rules.Warning)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestGeneratorURL(t *testing.T) {
	d := twoAlerts()
	if link := alerts(d)[1].GeneratorURL; !strings.HasPrefix(link,
		"https://prometheus.example.com/graph?") ||
		!strings.Contains(link, "g0.expr=node_memory&") {
		t.Errorf("got the link %s, want the query", link)
	}
	d.Report.Info.ExternalURL = ""
	if link := alerts(d)[1].
		GeneratorURL; link != "https://reports.example.com/prod-seoul/check/index.html" {
		t.Errorf("got the link %s, want the report", link)
	}
	d.Archived = d.Archived[:1] // a path, not a link
	if a := alerts(d)[1]; a.GeneratorURL != "" || a.Annotations["report_url"] != "" {
		t.Errorf("got %+v, want no link", a)
	}
}

func TestTestMessage(t *testing.T) {
	d := twoAlerts()
	d.Message = &notify.Message{Kind: notify.KindTest}
	as := alerts(d)
	if len(as) != 1 || as[0].Labels["alertname"] != TestName ||
		as[0].EndsAt.Sub(slot) != testLife || !strings.Contains(as[0].Annotations["description"],
		"test") {
		t.Errorf("got %+v, want a test", as)
	}
}

// FuzzAlerts: Alertmanager accepts an alert with any labels, and two different alerts stay
// different.
func FuzzAlerts(f *testing.F) {
	f.Add("node", "ip-10-0-1-12", "pod", "a")
	f.Add("alertname", "\xff\x00", "exported_alertname", "긴")
	f.Add("k8s.pod", "a", "k8s_pod", "")
	f.Fuzz(func(t *testing.T, name, value, name2, value2 string) {
		d := with(twoAlerts(), nodeKey, func(a *rules.Alert) {
			a.Identity, a.Labels = map[string]string{name: value}, map[string]string{
				name: value, name2: value2,
			}
		})
		for _, a := range alerts(d) {
			if err := valid(a); err != nil {
				t.Errorf("got %v, want a valid alert", err)
			}
			if a.Labels["panel"] != "node-memory" && name != "panel" &&
				a.Labels["panel"] != "container-memory" {
				t.Errorf("got the labels %v, want panel node-memory or container-memory", a.Labels)
			}
		}
		if bodies, err := requests(alerts(d)); err != nil || len(bodies) != 1 ||
			len(bodies[0]) > maxBytes {
			t.Errorf("got %d requests, %v; want one within the limit", len(bodies), err)
		}
	})
}
