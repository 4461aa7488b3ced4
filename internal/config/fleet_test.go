package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/config"
)

const fleetFile = `version: 1
prometheus: {url: 'https://thanos.example.com', timeout: 20s, matchers: ['job="a"']}
reports: [{name: daily, receivers: [archive], panels: [{name: up, query: up}], heartbeat: {url: 'https://hc.example.com/x'}, schedule: "0 9 * * *"}]
receivers: [{name: archive, dir: {path: /var/out}}, {name: am, alertmanager: {url: 'http://am'}}]
state: {dir: /var/state}
fleet:
  name: acme
  receivers: [archive]
  store: {dir: parts}
  deadline: 10m
  clusters:
    - {name: prod-eu, labels: {region: eu}, prometheus: {url: 'http://eu', scrape_interval: 30s}}
    - {name: prod-us, prometheus: {matchers: ['cluster="us"']}}
    - {name: lab, kubernetes: {context: lab, service: monitoring/prometheus:9090}}
  discover:
    - kubeconfig: {contexts: ["dev-*"]}
    - prometheus: {match: 'stage="prod"'}
    - s3: {bucket: lists, key: clusters.yaml}
    - argocd: {selector: stage=prod, service: monitoring/prometheus:9090}
    - cluster_profiles: {url: 'https://prom.{name}.example.com/{name}'}
`

func loadFleet(text string) (*config.Config, error) {
	return config.Load("/etc/promsnap/promsnap.yaml", []byte(text), config.Options{})
}

func TestFleet(t *testing.T) {
	c, err := loadFleet(fleetFile)
	if err != nil {
		t.Fatal(err)
	}
	f := c.Fleet
	if f.Name != "acme" || f.Deadline != 10*time.Minute || f.Store.Dir != "/etc/promsnap/parts" ||
		len(f.Clusters) != 3 || len(f.Discover) != 5 || f.Discover[1].Prometheus.Label != "cluster" {
		t.Fatalf("got %+v, want what the file says", f)
	}
	eu, us, lab := f.Clusters[0], f.Clusters[1], f.Clusters[2]
	for _, tc := range []struct{ what, got, want string }{
		{"the URL", eu.Prometheus.URL, "http://eu"},
		{"the timeout of the file", eu.Prometheus.Timeout.String(), "20s"},
		{"an own key", eu.Prometheus.ScrapeInterval.String(), "30s"},
		{"the URL of the file", us.Prometheus.URL, "https://thanos.example.com"},
		{"the matchers", us.Prometheus.Matchers[0].String() + us.Prometheus.Matchers[1].String(),
			`job="a"cluster="us"`},
		{"the scrape interval of the file", us.Prometheus.ScrapeInterval.String(), "1m0s"},
		{"no URL beside an API", lab.Prometheus.URL, ""},
		{"the namespace of Argo CD", f.Discover[3].ArgoCD.Namespace, "argocd"},
		{"the selector", f.Discover[3].ArgoCD.Selector, "stage=prod"},
		{"the context", lab.Kubernetes.Context, "lab"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.what, tc.got, tc.want)
		}
	}

	one := c.ForCluster(eu)
	if one.Cluster != "prod-eu" || one.Fleet != nil || one.Prometheus.URL != "http://eu" ||
		!one.Reports[0].Heartbeat.IsZero() || c.Reports[0].Heartbeat.IsZero() {
		t.Errorf("for a cluster: got %+v, want its name and URL, and no heartbeat", one)
	}
	all := c.ForFleet("daily")
	if all.Cluster != "acme" || len(all.Reports) != 1 || all.Reports[0].Heartbeat.IsZero() ||
		all.Reports[0].Send != config.SendSummary {
		t.Errorf("for the fleet: got %+v, want the fleet's name and a summary", all)
	}
	if len(c.Sum) != 64 {
		t.Errorf("got the sum %q, want 64 digits", c.Sum)
	}
}

// The name of an object is part of an address only if it cannot change the rest of it.
func TestClusterProfileAddress(t *testing.T) {
	c, err := loadFleet(fleetFile)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Fleet.Discover[4].Profiles
	if got, err := p.URLOf("prod-eu"); err != nil ||
		got != "https://prom.prod-eu.example.com/prod-eu" {
		t.Errorf("got %s, %v; want an address with prod-eu", got, err)
	}
	for _, name := range []string{
		"", "a.b", "evil.example.org/", "evil.example.org#", "u:p@h", "a b", "a\nb", "A", "{name}", "-a",
		"..", "%2f", "[::1]", strings.Repeat("a", 64), "münchen",
	} {
		if got, err := p.URLOf(name); err == nil || !strings.Contains(err.Error(), "has a name") {
			t.Errorf("%q: got %q, %v; want an error", name, got, err)
		}
	}
}

// A cluster with a login of its own has no other one.
func TestClusterLogin(t *testing.T) {
	signed := strings.Replace(fleetFile, "prometheus: {url: 'https://thanos.example.com',",
		"prometheus: {url: 'https://thanos.example.com', sigv4: {region: eu-west-1},", 1)
	c, err := loadFleet(strings.Replace(signed, "{url: 'http://eu',",
		"{url: 'http://eu', http_config: {basic_auth: {username: a, password: b}},", 1))
	if err != nil {
		t.Fatal(err)
	}
	if eu, us := c.Fleet.Clusters[0].Prometheus, c.Fleet.Clusters[1].Prometheus; eu.SigV4 != nil ||
		us.SigV4 == nil {
		t.Errorf("got signatures %v and %v, want only those of the second", eu.SigV4, us.SigV4)
	}
}

func TestFleetMistakes(t *testing.T) {
	replace := func(old, with string) string {
		if !strings.Contains(fleetFile, old) {
			t.Fatalf("the file has no %q", old)
		}
		return strings.Replace(fleetFile, old, with, 1)
	}
	for says, text := range map[string]string{
		`fleet.clusters[1].name: the name "prod-eu" is already used by fleet.clusters[0].name`: replace(
			"name: prod-us", "name: prod-eu"),
		`"acme" is the name of the fleet`:                               replace("name: prod-us", "name: acme"),
		"fleet.clusters[1].name: missing":                               replace("name: prod-us, ", ""),
		"fleet.clusters[1]: does not say where":                         replace(", prometheus: {matchers: ['cluster=\"us\"']}", ""),
		"cluster: cannot be used with a fleet":                          replace("version: 1", "version: 1\ncluster: x"),
		`fleet.receivers[0]: no receiver "slack"`:                       replace("receivers: [archive]\n  store", "receivers: [slack]\n  store"),
		"the report of a fleet is a summary":                            replace("receivers: [archive]\n  store", "receivers: [am]\n  store"),
		"fleet.store: missing":                                          replace("  store: {dir: parts}\n", ""),
		"fleet.store: has both":                                         replace("{dir: parts}", "{dir: parts, s3: {bucket: b}}"),
		"state.configmap: cannot be used with a fleet":                  replace("state: {dir: /var/state}", "state: {configmap: {name: x}}"),
		"state: missing":                                                replace("state: {dir: /var/state}\n", ""),
		"fleet.deadline: 10h is out of bounds":                          replace("deadline: 10m", "deadline: 10h"),
		"has 2 ways to find clusters":                                   replace("- prometheus: {match: 'stage=\"prod\"'}", "- {prometheus: {}, kubeconfig: {}}"),
		"no way to find clusters":                                       replace("- prometheus: {match: 'stage=\"prod\"'}", "- {}"),
		`"[" is not a pattern`:                                          replace(`"dev-*"`, `"["`),
		"fleet.discover[4].cluster_profiles.url: missing":               replace("{url: 'https://prom.{name}.example.com/{name}'}", "{}"),
		"fleet.discover[4].cluster_profiles.url: is the same for every": replace("prom.{name}.example.com/{name}", "prom.example.com"),
		"fleet.discover[4].cluster_profiles.url: not an http":           replace("https://prom.{name}.example.com/{name}", "prom.{name}.example.com"),
		"fleet.discover[4].cluster_profiles.url: has a query":           replace("example.com/{name}", "example.com/?x={name}"),
		"fleet: no clusters": `version: 1
fleet: {}
`,
		"fleet.clusters[0].labels.a-b: must be a label": replace("region: eu", "a-b: eu"),
		"fleet.clusters[0].prometheus.url: not an http": replace("http://eu", "eu"),
	} {
		_, err := loadFleet(text)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
}

// A configuration names up to 5,000 clusters.
func TestFleetOfThousands(t *testing.T) {
	for n, want := range map[int]string{
		5000: "", 5001: "fleet.clusters: too long; write at most 5000 entries",
	} {
		var b strings.Builder
		b.WriteString("version: 1\nreports: [{name: daily, panels: [{name: up, query: up}]}]\n" +
			"fleet:\n  name: acme\n  store: {dir: parts}\n  clusters:\n")
		for i := range n {
			fmt.Fprintf(&b, "    - {name: c%04d, labels: {region: eu, stage: prod}, prometheus: "+
				"{url: 'https://prometheus.c%04d.example.com'}}\n", i, i)
		}
		cfg, err := config.Load("promsnap.yaml", []byte(b.String()), config.Options{})
		if want == "" && (err != nil || len(cfg.Fleet.Clusters) != n) ||
			want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d clusters: got %v, want %q", n, err, want)
		}
	}
}
