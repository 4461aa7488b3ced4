package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/backtest/backtesttest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// init writes a valid configuration with the right values, whatever the names of the cluster and of
// Prometheus are.
func TestDraft(t *testing.T) {
	const hostile = "a\"b: {c}\n# d\u2028'e\\"
	for _, c := range []struct {
		name     string
		draft    draft
		cluster  string
		matchers int
		has      []string
	}{
		{
			name: "a URL", draft: draft{url: "http://localhost:9090"}, cluster: "my-cluster",
			has: []string{
				"\n  dir: promsnap-state", "receivers: [archive]", "timezone: UTC ",
				`schedule: "*/5 * * * *"`, `schedule: "0 9 * * *"`,
			},
		},
		{
			name: "a channel", draft: draft{
				url: "http://localhost:9090", channel: "C0123456789", zone: "Asia/Seoul",
			}, cluster: "my-cluster",
			has: []string{
				"\n  dir: promsnap-state", "receivers: [team]", "timezone: Asia/Seoul\n",
				"    send: changes ", "    history_from: check ", "slack: {channel: C0123456789}",
			},
		},
		{
			name: "a label", draft: draft{
				url: "http://localhost:9090", survey: app.Survey{Clusters: []string{"prod"}},
			}, cluster: "prod",
		},
		{
			name: "an external label", draft: draft{
				cluster: "dev", survey: app.Survey{At: "m/p:80", External: "prod"},
			}, cluster: "prod",
		},
		{
			name: "a Pod", draft: draft{
				cluster: "https://10.96.0.1:443", survey: app.Survey{At: "m/p:80"},
			}, cluster: "my-cluster",
		},
		{
			name: "a Service", draft: draft{
				cluster: "arn:aws:eks:eu-west-1:1:cluster/prod", survey: app.Survey{
					At: "monitoring/https:p:web/x", Scrape: 15 * time.Second,
				},
			},
			cluster: "prod", has: []string{
				`service: "monitoring/https:p:web/x"`, `# context: "arn:aws:eks:`,
				"scrape_interval: 15s", "  configmap: {name: promsnap-state}",
			},
		},
		{
			name: "flags", draft: draft{
				cluster: "gke_project_europe-west1_prod", flags: kubeFlags{
					context: "gke_project_europe-west1_prod", namespace: "tools",
				}, survey: app.Survey{At: "m/p:80"},
			},
			cluster: "prod", has: []string{
				`  context: "gke_project_europe-west1_prod"`, `  namespace: "tools"`,
			},
		},
		{
			name: "one of several clusters", draft: draft{
				url: "http://p", survey: app.Survey{Clusters: []string{"a", "b"}, Own: "b"},
			}, cluster: "b", matchers: 1,
			has: []string{`matchers: ["cluster=\"b\""]`},
		},
		{
			name: "several clusters", draft: draft{
				url: "http://p", survey: app.Survey{Clusters: []string{"a", "b"}},
			}, cluster: "my-cluster",
			has: []string{`# matchers: ["cluster=\"a\""]`},
		},
		{
			name: "clusters by another label", cluster: "b", matchers: 1,
			draft: draft{
				url: "http://p", survey: app.Survey{
					Label: "k8s_cluster", Clusters: []string{"a", "b"}, Own: "b",
				},
			},
			has: []string{`cluster_label: "k8s_cluster"`, `matchers: ["k8s_cluster=\"b\""]`},
		},
		{
			name: "hostile", cluster: hostile, matchers: 1,
			draft: draft{
				cluster: hostile, survey: app.Survey{
					At: "m/p:80", Server: hostile, Clusters: []string{hostile, "b"}, Own: hostile,
				},
			},
		},
		{
			name: "panels", cluster: "my-cluster", has: []string{
				"      # - use: node-memory", `# failed: a"b: {c} # d 'e\`,
				"      # - use: node-cpu             # x missing.",
			},
			draft: draft{url: "http://p", reports: [][]snapshot.Panel{{
				{
					Spec: panel.Spec{Name: "node-memory"}, Data: snapshot.DataFailed,
					Failure: snapshot.FailureOf(errors.New(hostile)),
				},
				{
					Spec: panel.Spec{Name: "node-cpu"}, Data: snapshot.DataAbsent,
					Missing: []string{"x"},
				},
			}, nil}},
		},
	} {
		text := c.draft.text()
		cfg, err := config.Load("promsnap.yaml", []byte(text), config.Options{Builtin: panels.In})
		if err != nil {
			t.Errorf("%s: got error %v, want none for\n%s", c.name, err, text)
			continue
		}
		if cfg.Cluster != c.cluster || len(cfg.Prometheus.Matchers) != c.matchers ||
			len(cfg.Reports) != 2 {
			t.Errorf("%s: got cluster %q, matchers %v, %d reports, want %q, %d, 2", c.name,
				cfg.Cluster, cfg.Prometheus.Matchers, len(cfg.Reports), c.cluster, c.matchers)
		}
		if c.matchers == 1 && cfg.Prometheus.Matchers[0].Value != c.cluster {
			t.Errorf("%s: got matcher of %q, want %q", c.name, cfg.Prometheus.Matchers[0].Value,
				c.cluster)
		}
		for _, want := range c.has {
			if !strings.Contains(text, want) {
				t.Errorf("%s: got\n%s\nwant %q in it", c.name, text, want)
			}
		}
	}
}

func TestLocalZone(t *testing.T) {
	for _, tc := range []struct{ tz, file, want string }{
		{"Asia/Seoul", "/usr/share/zoneinfo/Europe/Berlin", "Asia/Seoul"},
		{":Asia/Seoul", "", "Asia/Seoul"},
		{":/etc/localtime", "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"},
		{"/usr/share/zoneinfo/Asia/Seoul", "", "Asia/Seoul"},
		{"", "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"},
		{"", "/var/db/timezone/zoneinfo/America/New_York", "America/New_York"},
		{"", "/usr/share/zoneinfo/posix/Europe/Berlin", "Europe/Berlin"},
		{"", "../usr/share/zoneinfo/Etc/UTC", "Etc/UTC"},
		{"", "", ""},
		{"Local", "", ""},
		{"KST-9", "/usr/share/zoneinfo/Europe/Berlin", ""}, // POSIX, and no IANA name
		{"../../etc/passwd", "", ""},
	} {
		if got := localZone(tc.tz, func() string { return tc.file }); got != tc.want {
			t.Errorf("TZ=%q with %q: got %q, want %q", tc.tz, tc.file, got, tc.want)
		}
	}
}

// A draft has the levels of back-tests in both reports.
func TestDraftHasTunedLevels(t *testing.T) {
	memory, disk := backtesttest.Memory(), backtesttest.Hopeless()
	d := draft{url: "http://localhost:9090", reading: config.Options{Builtin: panels.In}}
	d.tuned = map[string][]*backtest.Result{"node-memory": {&memory}, "node-disk": {&disk}}
	text := d.text()
	const want = `        rules:
          # 84%: 1.2 alerts a week in the last 30 d, 0.7 in the last 10 d; 80% had 8.2
          - {alertname: NodeMemoryHigh, above: {warning: 84%, critical: 90%}, for: 15m}
`
	if n := strings.Count(text, want); n != len(draftReports) {
		t.Errorf("got the rules %d times, want them in every report:\n%s", n, text)
	}
	if n := strings.Count(text, "rules:"); n != len(draftReports) {
		t.Errorf("got %d keys rules, want none without a proposal", n)
	}
	cfg, err := d.parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range cfg.Reports {
		i := slices.IndexFunc(r.Panels, func(p panel.Spec) bool { return p.Name == "node-memory" })
		if got := r.Panels[i].Rules[0].Warning; got != rules.At(.84) {
			t.Errorf("%s: got the limit %v, want 84 %%", r.Name, got)
		}
	}
}
