package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// builtin returns built-in panels for tests.
func builtin() []panel.Spec {
	return []panel.Spec{
		{
			Name: "node-memory", Title: "Node memory", Section: "Nodes",
			Queries: []panel.Query{{
				Unit: units.PercentUnit,
				Expr: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
			}},
			Subject: "memory",
			Rules: []rules.Rule{
				{
					Name: "NodeMemoryHigh", Warning: rules.At(.8), Critical: rules.At(.9),
					For: 15 * time.Minute,
				},
			},
		},
		{
			Name: "node-cpu", Title: "Node CPU", Section: "Nodes",
			Queries: []panel.Query{{
				Unit: units.PercentUnit,
				Expr: "1 - avg by (instance) (rate(node_cpu_seconds_total[$__rate_interval]))",
			}},
			Subject: "CPU",
		},
	}
}

func options() config.Options {
	return config.Options{
		Builtin: func(words.Language) []panel.Spec { return builtin() },
		Env: func(name string) string {
			return map[string]string{
				"PROMETHEUS_PASSWORD": " hunter2\n", "CA": "-----BEGIN CERTIFICATE-----",
			}[name]
		},
	}
}

func load(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Load("dir/promsnap.yaml", []byte(text), options())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each file in testdata/bad has one mistake. The .txt file next to it has the expected errors.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 90 {
		t.Fatalf("got %d files and error %v, want at least 90", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := config.Load("promsnap.yaml", data, options())
			if c != nil || err == nil {
				t.Fatalf("got %v and error %v, want only an error", c, err)
			}
			got := err.Error() + "\n"
			if strings.Contains(got, "s3cr3t") {
				t.Errorf("got error %s, want it without the secret", got)
			}
			expected := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *config.Update {
				if err := os.WriteFile(expected, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(expected)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("diff (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsAreProblems(t *testing.T) {
	_, err := config.Load("promsnap.yaml",
		[]byte("version: 1\nprometheus: {url: 'http://p', timeout: 5}\n"), options())
	var errs config.Errors
	if !errors.As(err, &errs) || len(errs) != 1 {
		t.Fatalf("got %T %v, want one problem in config.Errors", err, err)
	}
	want := config.Problem{
		File: "promsnap.yaml", Line: 2, Column: 40, Path: "prometheus.timeout",
		Message: errs[0].Message,
	}
	if errs[0] != want || !strings.Contains(want.Message, `"5" is not a duration`) {
		t.Errorf("got %+v, want %+v", errs[0], want)
	}
}

func TestLoadFull(t *testing.T) {
	c, err := config.LoadFile(t.Context(), "testdata/good/full.yaml", options())
	if err != nil {
		t.Fatal(err)
	}
	p := c.Prometheus
	if p.HTTP.Client().BasicAuth.Password != "hunter2" ||
		p.HTTP.Client().TLSConfig.CAFile != "testdata/good/certs/ca.pem" {
		t.Errorf("got password %q and CA file %q, want those of full.yaml",
			p.HTTP.Client().BasicAuth.Password, p.HTTP.Client().TLSConfig.CAFile)
	}
	var matchers []string
	for _, m := range p.Matchers {
		matchers = append(matchers, m.String())
	}
	if want := []string{`cluster="prod-seoul"`, `env=~"prod|stage"`, `tier!="test"`}; !cmp.Equal(
		want, matchers) {
		t.Errorf("got matchers %q, want %q", matchers, want)
	}
	p.HTTP, p.Matchers = config.HTTP{}, nil
	if diff := cmp.Diff(config.Prometheus{
		URL:          "http://prometheus-server.monitoring.svc",
		ExternalURL:  "https://prometheus.example.com",
		Params:       map[string]string{"dedup": "true", "partial_response": "false"},
		ClusterLabel: "k8s_cluster",
		QueryOffset:  2 * time.Minute, ScrapeInterval: 30 * time.Second, Timeout: 90 * time.Second,
		Concurrency: 8, MaxSeries: 5000,
	}, p, cmp.AllowUnexported(config.HTTP{})); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}

	if len(c.Reports) != 3 || c.Cluster != "prod-seoul" || c.Version != 1 {
		t.Fatalf("got %+v, want version 1, cluster prod-seoul and three reports", c)
	}
	if d := c.Reports[2].Panels[0].Detail; d == nil || *d != (panel.Detail{
		Query:  `topk(3, sum by (namespace, pod) (x{node="{{node}}"}))`,
		Legend: "{{namespace}}/{{pod}}", Unit: units.Bytes,
	}) {
		t.Errorf("got detail %+v, want that of full.yaml", d)
	}
	check, daily := c.Reports[0], c.Reports[1]
	if check.Title != "check" || check.Range != time.Hour || check.Zone != time.UTC ||
		!cmp.Equal(check.Panels, builtin()) {
		t.Errorf("got report %+v, want the defaults of check", check)
	}
	if daily.Title != "Daily capacity" || daily.Zone.String() != "Asia/Seoul" ||
		daily.Language != words.Korean || daily.Range != 24*time.Hour || len(daily.Panels) != 3 {
		t.Fatalf("got report %+v, want daily of full.yaml", daily)
	}
	memory, week, spark := daily.Panels[0], daily.Panels[1], daily.Panels[2]
	if o := memory.Overrides; len(o) != 1 || o[0].Match[0].String() != `node=~"kafka-.*"` ||
		o[0].Warning != rules.At(.92) || o[0].Critical.Set {
		t.Errorf("got overrides %+v, want one with warning 0.92", o)
	}
	want := builtin()[0]
	want.Title, want.Top = "Memory of the nodes", 5
	memory.Overrides = nil
	if diff := cmp.Diff(want, memory); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	if week.Name != "node-memory-week" || len(week.Rules) != 0 || week.Range != 7*24*time.Hour ||
		week.Title != want.Section[:4]+" memory" {
		t.Errorf("got panel %+v, want node-memory-week without rules over 7 days", week)
	}
	checkSpark(t, spark)
}

func checkSpark(t *testing.T, got panel.Spec) {
	t.Helper()
	if o := got.Overrides; len(o) != 2 || o[0].Rule != "p95" || o[0].Warning.Set ||
		o[0].Critical.Set || o[1].Critical != rules.At(60<<30) {
		t.Errorf("got overrides %+v, want one of p95 without limits and one with critical 60GiB", o)
	}
	got.Overrides = nil
	want := panel.Spec{
		Name: "spark-executors", Title: "Spark executors", Section: "Spark",
		Queries: []panel.Query{{
			Unit:   units.Bytes,
			Legend: "{{pod}}",
			Expr: "max by (namespace, pod) (\n  " +
				"container_memory_working_set_bytes{namespace=\"spark\", container!=\"\", " +
				"container!=\"POD\"}\n)\n",
		}},
		Subject: "memory",
		Why:     "The working set is what the OOM killer counts.",
		Hint:    "cAdvisor brings it; the kubelet has it on /metrics/cadvisor.",
		Top:     10,
		Range:   6 * time.Hour,
		Step:    time.Minute,
		Capacity: &panel.Capacity{
			Query: `max by (namespace, pod) (kube_pod_container_resource_limits{resource="memory"})`,
			Unit:  units.Bytes,
		},
		Rules: []rules.Rule{
			{
				Name: "SparkExecutorMemory", Warning: rules.At(24 << 30),
				Critical: rules.At(28 << 30), For: 15 * time.Minute,
				NoData: rules.ResolveOnNoData, RunbookURL: "https://wiki.example.com/spark#memory",
				KeepFiringFor: 20 * time.Minute,
			},
			{Name: "p95", Reduce: rules.P95, Warning: rules.At(20 << 30)},
		},
		EmptyIsOK: true, Optional: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	c, err := config.LoadFile(t.Context(), "testdata/good/minimal.yaml", options())
	if err != nil {
		t.Fatal(err)
	}
	p := c.Prometheus
	if http := p.HTTP.Client(); !http.FollowRedirects || !http.EnableHTTP2 ||
		http.BasicAuth != nil {
		t.Errorf("got redirects %v and HTTP/2 %v, want both and no login", http.FollowRedirects,
			http.EnableHTTP2)
	}
	p.HTTP = config.HTTP{}
	if diff := cmp.Diff(config.Prometheus{
		URL: "http://localhost:9090", QueryOffset: time.Minute, ScrapeInterval: time.Minute,
		Timeout: time.Minute, Concurrency: 4, MaxSeries: 10000,
	}, p, cmp.AllowUnexported(config.HTTP{})); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	want := []config.Report{
		{
			Name: "default", Title: "default", Zone: time.UTC, Language: words.English,
			Range: 24 * time.Hour, Panels: builtin(),
		},
	}
	bothOrNone := cmp.Comparer(func(a, b secret.String) bool { return a.IsZero() == b.IsZero() })
	if !cmp.Equal(want, c.Reports, bothOrNone, cmp.Comparer(func(a, b *time.Location) bool {
		return a.String() == b.String()
	})) {
		t.Errorf("got reports %+v, want %+v", c.Reports, want)
	}
	// A run without a file has the same configuration.
	o := options()
	o.URL = "http://localhost:9090"
	d, err := config.Default(o)
	if err != nil || d.Prometheus.URL != c.Prometheus.URL || d.Prometheus.Concurrency != 4 ||
		!cmp.Equal(d.Reports[0].Panels, builtin()) {
		t.Errorf("got %+v, %v, want the configuration of minimal.yaml", d, err)
	}
}

func TestAliases(t *testing.T) {
	c, err := config.LoadFile(t.Context(), "testdata/good/aliases.yaml", options())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"node-memory spark", "node-memory spark", "spark"} {
		var names []string
		for _, p := range c.Reports[i].Panels {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("report %d: got panels %s, want %s", i, got, want)
		}
	}
}

// The same checks apply to the flags of the command and to the file.
func TestOverridesOfTheFile(t *testing.T) {
	text := "version: 1\nprometheus: {}\nreports:\n  - name: a\n    panels:\n      - {name: p, " +
		"query: up, rules: [{alertname: A, above: {warning: 1}, for: 15m}]}\n"
	o := options()
	o.URL, o.Range = "http://127.0.0.1:9090", 2*time.Hour
	c, err := config.Load("promsnap.yaml", []byte(text), o)
	if err != nil || c.Reports[0].Range != 2*time.Hour ||
		c.Prometheus.URL != "http://127.0.0.1:9090" {
		t.Fatalf("got %+v and error %v, want a range of 2h and %s", c, err, o.URL)
	}
	o.Range = 10 * time.Minute
	if _, err = config.Load("promsnap.yaml", []byte(text), o); err == nil ||
		!strings.Contains(err.Error(), "promsnap.yaml:6:79: reports[0].panels[0].rules[0].for: "+
			"15m does not fit") {
		t.Errorf("a range too short for the rule: got error %v, want one about for", err)
	}
	o.Range = 30 * time.Second
	if _, err = config.Load("promsnap.yaml", []byte(text), o); err == nil ||
		err.Error() != "a range of 30s is out of bounds; write 1m to 400d" {
		t.Errorf("a range of 30s: got error %v, want out of bounds", err)
	}
	o.URL = "http://promsnap:s3cr3t@127.0.0.1"
	for _, load := range []func() (*config.Config, error){
		func() (*config.Config, error) { return config.Load("promsnap.yaml", []byte(text), o) },
		func() (*config.Config, error) { return config.Default(o) },
	} {
		if _, err := load(); err == nil || strings.Contains(err.Error(), "s3cr3t") ||
			!strings.Contains(err.Error(), "user or password") {
			t.Errorf("a URL with a password: got error %v, want one without it", err)
		}
	}
}

// A built-in panel whose alert cannot fire in the report's range gets a longer range.
func TestBuiltinPanelsFitTheRange(t *testing.T) {
	for _, test := range []struct {
		report string
		want   time.Duration // of the panel; 0: the report's
	}{
		{"10m", 30 * time.Minute},
		{"18m", 0},
		{"24h", 0},
		{"400d", 0},
	} {
		for _, panels := range []string{"", ", panels: [use: node-memory]"} {
			c := load(t, "version: 1\nprometheus: {url: http://p}\nreports: [{name: a, range: "+
				test.report+panels+"}]")
			if got := c.Reports[0].Panels[0].Range; got != test.want {
				t.Errorf("report of %s%s: got a panel's range of %s, want %s", test.report, panels,
					got, test.want)
			}
		}
	}
	if builtin()[0].Rules[0].For != 15*time.Minute {
		t.Error("got a changed built-in panel, want a copy")
	}
}

func TestLoadFileErrors(t *testing.T) {
	if _, err := config.LoadFile(t.Context(), "testdata/none.yaml", options()); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("got error %v, want %v", err, os.ErrNotExist)
	}
	large := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(large, []byte(strings.Repeat("# comment\n", 120_000)),
		0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadFile(t.Context(), large, options()); err == nil ||
		!strings.Contains(err.Error(), "larger than 1024 KiB") {
		t.Errorf("got error %v, want larger than 1024 KiB", err)
	}
}

func TestKindAndReferences(t *testing.T) {
	c := load(t, `
version: 1
prometheus: {url: http://p}
reports:
  - name: daily
    panels:
      - {use: node-cpu, kind: heatmap, top: 48}
      - name: memory
        kind: area
        query: container_memory_working_set_bytes
        unit: bytes
        references:
          - {name: "limit {{container}}", query: 'kube_pod_container_resource_limits{resource="memory"}'}
          - {name: peak, query: 'max_over_time(x[$__interval])'}
`)
	heat, area := c.Reports[0].Panels[0], c.Reports[0].Panels[1]
	if heat.Kind != panel.Heatmap || heat.Top != 48 {
		t.Errorf("got kind %q and top %d, want %q and 48", heat.Kind, heat.Top, panel.Heatmap)
	}
	want := []panel.Reference{
		{
			Name:  "limit {{container}}",
			Query: `kube_pod_container_resource_limits{resource="memory"}`,
		}, {Name: "peak", Query: "max_over_time(x[$__interval])"},
	}
	if diff := cmp.Diff(want, area.References); diff != "" || area.Kind != panel.Area {
		t.Errorf("got kind %q, want %q; references:\n%s", area.Kind, panel.Area, diff)
	}
}

func TestFont(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "own.ttf"), []byte("\x00\x01\x00\x00font"),
		0o600); err != nil {
		t.Fatal(err)
	}
	const rest = "version: 1\nprometheus: {url: http://p}\nfont: "
	for _, path := range []string{"own.ttf", filepath.Join(dir, "own.ttf")} {
		c, err := config.Load(filepath.Join(dir, "promsnap.yaml"), []byte(rest+path), options())
		if err != nil || c.Font == nil || string(c.Font.Data) != "\x00\x01\x00\x00font" ||
			c.Font.Path != filepath.Join(dir, "own.ttf") {
			t.Errorf("font %s: got %+v, %v, want the file", path, c, err)
		}
	}
	if c := load(t, "version: 1\nprometheus: {url: http://p}"); c.Font != nil {
		t.Errorf("got font %+v, want none", c.Font)
	}
}
