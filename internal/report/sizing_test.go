package report

import (
	"math"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/sizing"
	"github.com/promsnap/promsnap/internal/words"
)

const mib = 1 << 20

// advised returns advice about a few workloads.
func advised() *sizing.Advice {
	none := math.NaN()
	const fits = sizing.Fits
	return &sizing.Advice{
		Window: 7 * 24 * time.Hour, Step: 5 * time.Minute, Headroom: 0.25,
		Cost: sizing.Cost{CPUHour: 0.031, MemoryGiBHour: 0.004},
		Rows: []sizing.Row{
			{
				Namespace: "shop", Workload: "checkout", Container: "app", Kind: "Deployment",
				Name: "checkout", Pods: 12,
				CPU: sizing.Resource{Request: 2, Limit: 4, Used: .31, Peak: 1.1, Advised: .4,
					AdvisedLimit: none},
				Memory: sizing.Resource{Request: 4096 * mib, Limit: 4096 * mib, Used: 900 * mib,
					Peak: 900 * mib, Advised: 1136 * mib, AdvisedLimit: 1136 * mib},
			},
			{
				Namespace: "shop", Workload: "checkout", Container: "proxy", Kind: "Deployment",
				Name: "checkout", Pods: 12, Sidecar: true,
				CPU: sizing.Resource{Request: .5, Limit: none, Used: .1, Peak: .1, Advised: .15,
					AdvisedLimit: none},
				Memory: sizing.Resource{Withheld: fits, Advised: none, AdvisedLimit: none},
			},
			{
				Namespace: "shop", Workload: "cart", Container: "cart", Kind: "StatefulSet",
				Name: "cart", Pods: 3, Killed: true, KilledAt: 512 * mib,
				CPU: sizing.Resource{Withheld: sizing.OOMKilled, Advised: none, AdvisedLimit: none},
				Memory: sizing.Resource{Request: 512 * mib, Limit: 512 * mib, Used: 500 * mib,
					Peak: 500 * mib, Advised: 640 * mib, AdvisedLimit: 640 * mib},
			},
			{
				Namespace: "ml", Workload: "train", Container: "train", Kind: "Rollout",
				Name: "train", Pods: 1,
				CPU: sizing.Resource{Request: 1, Limit: none, Used: 3, Peak: 3, Advised: 3.75,
					AdvisedLimit: none},
				Memory: sizing.Resource{Withheld: sizing.Short, Advised: none, AdvisedLimit: none},
			},
		},
	}
}

// killedAndIdle returns advice about the CPU of a container that was OOM-killed.
func killedAndIdle() *sizing.Advice {
	a := advised()
	a.Rows = a.Rows[:1]
	a.Rows[0].Killed = true
	return a
}

// TestByResource checks that CPU comes before memory, each in its order.
func TestByResource(t *testing.T) {
	s := SizingOf(advised(), words.English, 10)
	for _, tt := range []struct {
		of   []Sized
		want string
	}{
		{s.Less, "CPU shop/checkout/app, CPU shop/checkout/proxy; memory shop/checkout/app"},
		{s.More, "CPU ml/train/train; memory shop/cart/cart"},
		{s.More[:1], "CPU ml/train/train"},
		{nil, ""},
	} {
		var tables []string
		for _, table := range ByResource(tt.of) {
			var rows []string
			for _, r := range table {
				rows = append(rows, r.Resource+" "+r.Name)
			}
			tables = append(tables, strings.Join(rows, ", "))
		}
		if got := strings.Join(tables, "; "); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestSizingSays(t *testing.T) {
	s := SizingOf(advised(), words.English, 10)
	for _, tt := range []struct{ what, got, want string }{
		{"CPU", s.Sums[0], "CPU: 1 workload requests 23.4 cores more than needed (530 a month); " +
			"1 workload requests 2.75 cores too little (62 a month)"},
		{"memory", s.Sums[1], "memory: 1 workload requests 34.7 GiB more than needed (101 a " +
			"month); 1 workload requests 384 MiB too little (1.09 a month)"},
		{"withheld", s.Withheld, "No advice about the CPU of 1 container that was OOM-killed. " +
			"No advice about the memory of 1 container with a short history."},
		{"basis", s.Basis, "Needed is the use of the last 7 d and 25 % more. Memory counts by " +
			"its maximum, CPU by the 95th percentile of averages of 5 min, both of the busiest pod."},
		{"Korean", SizingOf(advised(), words.Korean, 10).Sums[0], "CPU: 워크로드 1개: 필요보다 " +
			"23.4코어 많이 요청(월 530); 워크로드 1개: 필요보다 2.75코어 적게 요청(월 62)"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.what, tt.got, tt.want)
		}
	}
	if len(s.Less) != 3 || len(s.More) != 2 {
		t.Fatalf("got %d and %d requests, want 3 and 2", len(s.Less), len(s.More))
	}
	first := s.Less[0]
	if first.Name != "shop/checkout/app" || first.Resource != "CPU" ||
		first.Request != "2 (limit 4)" || first.Advised != "400m" || first.Used != "0.31 cores" ||
		first.Pods != "12" || first.InAll != "−19.2 cores" || first.Month != "434" {
		t.Errorf("got %+v", first)
	}
	if killed := s.More[1]; killed.Killed != "OOM-killed" || killed.InAll != "+384 MiB" ||
		killed.Advised != "640Mi (limit 640Mi)" {
		t.Errorf("got %+v", killed)
	}
	if cut := SizingOf(killedAndIdle(), words.English, 10).Less[0]; cut.Killed != "" {
		t.Errorf("got %q beside a request of CPU, want nothing", cut.Killed)
	}
	short := SizingOf(advised(), words.English, 1)
	if len(short.Less) != 1 || short.LessLeft != 2 || short.MoreLeft != 1 {
		t.Errorf("got %d requests and %d and %d more, want 1, 2 and 1", len(short.Less),
			short.LessLeft, short.MoreLeft)
	}
	calm := SizingOf(&sizing.Advice{Rows: advised().Rows[:0]}, words.English, 10)
	if calm.Sums[0] != "CPU: no advice" || calm.Line() != "" {
		t.Errorf("got %q and the line %q", calm.Sums, calm.Line())
	}
}

// TestSizingSaysWhatFits checks that requests only fit a use that is known.
func TestSizingSaysWhatFits(t *testing.T) {
	row := func(cpu, memory sizing.Reason) sizing.Row {
		none := math.NaN()
		return sizing.Row{
			CPU:    sizing.Resource{Withheld: cpu, Advised: none, AdvisedLimit: none},
			Memory: sizing.Resource{Withheld: memory, Advised: none, AdvisedLimit: none},
		}
	}
	a := &sizing.Advice{Rows: []sizing.Row{
		row(sizing.Fits, sizing.Fits), row(sizing.NoRequest, sizing.Fits),
	}}
	s := SizingOf(a, words.English, 10)
	want := "CPU: requests fit the use|memory: requests fit the use"
	if got := strings.Join(s.Sums, "|"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	a.Rows = append(a.Rows, row(sizing.Fits, sizing.Short))
	s = SizingOf(a, words.English, 10)
	want = "CPU: requests fit the use|memory: no advice"
	if got := strings.Join(s.Sums, "|"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want = "# CPU: requests fit the use\n# memory: no advice\n"
	if got := s.YAML(words.English); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if s.LessYAML(words.English) != "" || s.MoreYAML(words.English) != "" {
		t.Errorf("got %q and %q, want no patches", s.LessYAML(words.English),
			s.MoreYAML(words.English))
	}
}

// TestSizingSaysHowFarBack checks that a history that is shorter than the window is said.
func TestSizingSaysHowFarBack(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		history time.Duration
		want    string
	}{
		{0, "the last 28 d and"}, {28 * day, "the last 28 d and"},
		{27*day + 18*time.Hour, "the last 28 d and"},
		{15 * day, "the last 15 d (28 d were asked for) and"},
	} {
		a := &sizing.Advice{Window: 28 * day, History: tt.history}
		if got := SizingOf(a, words.English, 10).Basis; !strings.Contains(got, tt.want) {
			t.Errorf("%v: got %q, want %q in it", tt.history, got, tt.want)
		}
	}
}

func TestSizingYAML(t *testing.T) {
	const want = `# Deployment shop/checkout, 12 pods
apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout
  namespace: shop
spec:
  template:
    spec:
      initContainers:
        - name: proxy
          resources:
            requests:
              cpu: 150m
      containers:
        - name: app
          resources:
            requests:
              cpu: 400m
              memory: 1136Mi
            limits:
              memory: 1136Mi
---
# Rollout ml/train, 1 pod: paste this into its template
# containers:
#   - name: train
#     resources:
#       requests:
#         cpu: 3750m
---
# StatefulSet shop/cart, 3 pods
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: cart
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: cart
          resources:
            requests:
              memory: 640Mi
            limits:
              memory: 640Mi
`
	if got := SizingOf(advised(), words.English, 10).YAML(words.English); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := SizingOf(&sizing.Advice{}, words.English, 10).YAML(words.English); got !=
		"# CPU: no advice\n# memory: no advice\n" {
		t.Errorf("got %q", got)
	}
}

// TestSizingYAMLOfClusters checks that patches of equal names in several clusters are kept apart.
func TestSizingYAMLOfClusters(t *testing.T) {
	a := advised()
	one := a.Rows[0]
	a.Rows = nil
	for _, cluster := range []string{"b", "a", "b"} {
		one.Cluster, one.Workload = cluster, one.Workload+"x"
		a.Rows = append(a.Rows, one)
	}
	var got []string
	for line := range strings.Lines(SizingOf(a, words.English, 10).YAML(words.English)) {
		if strings.HasPrefix(line, "#") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{
		`# ==== Only for the cluster "a" ====`, "# Deployment shop/checkout (a), 12 pods",
		`# ==== Only for the cluster "b" ====`, "# Deployment shop/checkout (b), 12 pods",
		"# Deployment shop/checkout (b), 12 pods",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSizingYAMLOfHostileNames checks that a name from outside stays a name.
func TestSizingYAMLOfHostileNames(t *testing.T) {
	for _, name := range []string{
		"yes", "1e3", "0x1f", "null", "~", "a: b", "- a", "# x", "a\nkind: Secret", "'\"", "{a}",
		"*a", "&a", "!!binary x", "\u202eevil", "---\nkind: Secret", "%TAG", "", "a\tb", "\x00",
	} {
		for _, kind := range []string{"Deployment", "Rollout\nkind: Secret", ""} {
			a := advised()
			a.Rows = a.Rows[:1]
			r := &a.Rows[0]
			r.Namespace, r.Workload, r.Name, r.Container, r.Kind = name, name, name, name, kind
			r.Cluster = name
			got := SizingOf(a, words.English, 10).YAML(words.English)
			if kind != "Deployment" || name == "" {
				for line := range strings.Lines(got) {
					if !strings.HasPrefix(line, "# ") {
						t.Errorf("%q of %q: got the line %q, want only comments", name, kind, line)
					}
				}
				continue
			}
			var patch struct {
				Kind     string
				Metadata struct{ Name, Namespace string }
				Spec     struct {
					Template struct {
						Spec struct{ Containers []struct{ Name string } }
					}
				}
			}
			if err := yaml.Unmarshal([]byte(got), &patch); err != nil {
				t.Errorf("%q: got error %v from\n%s", name, err, got)
				continue
			}
			if patch.Kind != kind || patch.Metadata.Name != name ||
				patch.Metadata.Namespace != name ||
				patch.Spec.Template.Spec.Containers[0].Name != name {
				t.Errorf("%q: got %+v from\n%s", name, patch, got)
			}
		}
	}
}

func TestQuantity(t *testing.T) {
	for _, tt := range []struct {
		w    sizing.Which
		v    float64
		want string
	}{
		{sizing.CPU, 2, "2"}, {sizing.CPU, .15000000000000002, "150m"}, {sizing.CPU, 3.75, "3750m"},
		{sizing.CPU, .0001, "1m"}, {sizing.CPU, math.NaN(), ""},
		{sizing.Memory, 640 * mib, "640Mi"},
		{sizing.Memory, 4096 * mib, "4Gi"}, {sizing.Memory, 100e6, "100M"},
		{sizing.Memory, 1234567, "1234567"}, {sizing.Memory, .5, "1"},
		{sizing.Memory, 51496765838, "49112Mi"},
	} {
		if got := sizing.Quantity(tt.w, tt.v); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.v, got, tt.want)
		}
	}
}
