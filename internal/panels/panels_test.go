package panels_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

func Example() {
	spec, ok := panels.Get("node-pressure")
	fmt.Println(ok, spec.Title, "in", spec.Unit())
	fmt.Println(spec.Queries[0].Expr)
	// Output:
	// true Memory pressure of nodes in percentunit
	// max by (cluster, instance) (rate(node_pressure_memory_waiting_seconds_total[$__rate_interval]))
}

func builtin(t *testing.T, name string) panel.Spec {
	t.Helper()
	spec, ok := panels.Get(name)
	if !ok {
		t.Fatalf("no panel %q", name)
	}
	return spec
}

func TestAllHasEveryPanelInTheOrderOfAReport(t *testing.T) {
	var names, sections []string
	for _, spec := range panels.All() {
		names = append(names, spec.Name)
		if !slices.Contains(sections, spec.Section) {
			sections = append(sections, spec.Section)
		} else if sections[len(sections)-1] != spec.Section {
			t.Errorf("%s stands apart from its section %s", spec.Name, spec.Section)
		}
	}
	want := strings.Fields(`node-memory node-cpu node-disk node-inodes node-readonly node-conditions node-network node-network-errors node-pressure
		node-requests node-requests-cpu container-memory container-oom container-restarts pod-waiting container-cpu
		container-cpu-limit container-throttling pvc pvc-inodes scrape-health target-flaps coverage`)
	if !slices.Equal(names, want) {
		t.Errorf("panels %v\nwant %v", names, want)
	}
	if want := []string{"Nodes", "Containers", "Storage", "Monitoring"}; !slices.Equal(sections,
		want) {
		t.Errorf("sections %v, want %v", sections, want)
	}
	if _, ok := panels.Get("node"); ok {
		t.Error("Get finds a panel that is not there")
	}
}

func TestCallersOwnWhatAllReturns(t *testing.T) {
	first := panels.All()
	first[0].Rules[0].Warning = rules.At(7)
	first[0].Capacity.Unit = units.None
	if again := panels.All()[0]; again.Rules[0].Warning == rules.At(7) ||
		again.Capacity.Unit == units.None {
		t.Error("a change of one caller reaches the next")
	}
}

var (
	panelName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	alertname = regexp.MustCompile(`^([A-Z]+[a-z]+)+([A-Z]+)?$`)
	legend    = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

func TestEveryPanelSaysWhatAReaderNeeds(t *testing.T) {
	names, alerts := map[string]bool{}, map[string]bool{}
	for _, spec := range panels.All() {
		t.Run(spec.Name, func(t *testing.T) {
			if !panelName.MatchString(spec.Name) || names[spec.Name] {
				t.Errorf("the name %q is malformed or there twice", spec.Name)
			}
			names[spec.Name] = true
			for what, text := range map[string]string{
				"Title": spec.Title, "Subject": spec.Subject, "Legend": spec.Queries[0].Legend,
				"Why": spec.Why, "Hint": spec.Hint,
			} {
				if text == "" || strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
					t.Errorf("%s is %q", what, text)
				}
			}
			if n := len([]rune(spec.Why)); n > 400 || !strings.HasSuffix(spec.Why, ".") ||
				!strings.HasSuffix(spec.Hint, ".") {
				t.Errorf("Why has %d characters; it and Hint end with a full stop", n)
			}
			if spec.Unit() == units.PercentUnit && spec.Capacity == nil {
				switch spec.Name {
				case "node-network-errors", "node-pressure", "container-throttling",
					"scrape-health":
					// shares of events and of time
				default:
					t.Error("a ratio without its whole")
				}
			}
			for _, r := range spec.Rules {
				if !alertname.MatchString(r.Name) || alerts[r.Name] {
					t.Errorf("the alertname %q is not CamelCase or there twice", r.Name)
				}
				alerts[r.Name] = true
				if !r.Warning.Set && !r.Critical.Set {
					t.Errorf("%s has no limit", r.Name)
				}
				if r.Warning.Set && r.Critical.Set &&
					(r.Warning.Value < r.Critical.Value) != (r.Direction == rules.Above) {
					t.Errorf("%s is critical before it warns", r.Name)
				}
			}
		})
	}
}

func TestEveryQueryParsesAndHasTheLabelsOfItsLegend(t *testing.T) {
	vars := panel.Vars{Step: 2 * time.Minute, ScrapeInterval: time.Minute, Range: 24 * time.Hour}
	for _, spec := range panels.All() {
		queries := []string{spec.Queries[0].Expr}
		if spec.Capacity != nil {
			queries = append(queries, spec.Capacity.Query)
		}
		for _, q := range queries {
			names, err := panel.MetricNames(panel.Expand(q, vars))
			if err != nil {
				t.Errorf("%s: %v\n%s", spec.Name, err, q)
			}
			if strings.Contains(q, "increase(") || strings.Contains(q, "delta(") {
				t.Errorf("%s asks what the first sample of a series means, in which servers differ",
					spec.Name)
			}
			if len(names) == 0 {
				t.Errorf("%s reads no metric by name", spec.Name)
			}
		}
		for _, m := range legend.FindAllStringSubmatch(spec.Queries[0].Legend, -1) {
			label := m[1]
			if spec.Name == "node-readonly" && label == "mountpoint" {
				continue // a node on which nothing turned read-only has none
			}
			var aside []string
			if spec.Capacity != nil {
				aside = spec.Capacity.Aside
			}
			if by := strings.Fields(answers[spec.Name].by); !slices.Contains(append(by, aside...),
				label) && (label != "node" || !slices.Contains(by, "instance")) {
				t.Errorf("%s: the legend's %s is none of the labels %v", spec.Name, label, by)
			}
		}
	}
}

// TestAnEmptyAnswerIsToldFromAMissingExporter: the first metric of a query that may be empty is
// there in every healthy cluster.
func TestAnEmptyAnswerIsToldFromAMissingExporter(t *testing.T) {
	first := map[string]string{
		"container-memory":    "container_memory_working_set_bytes",
		"container-oom":       "kube_pod_container_status_restarts_total",
		"pod-waiting":         "kube_pod_status_phase",
		"container-cpu-limit": "container_cpu_usage_seconds_total",
		"target-flaps":        "up",
	}
	for _, spec := range panels.All() {
		if !spec.EmptyIsOK {
			continue
		}
		names, err := panel.MetricNames(panel.Expand(spec.Queries[0].Expr, panel.Vars{
			Step: time.Minute, ScrapeInterval: time.Minute, Range: time.Hour,
		}))
		if err != nil || names[0] != first[spec.Name] {
			t.Errorf("%s: the first metric is %v, want %q (error %v)", spec.Name, names,
				first[spec.Name], err)
		}
	}
}

// TestAlertsCanFireInReportsOfAnHourADayAndAWeek holds the built-in rules to check-config's law,
// For ≤ range − 3 steps and step ≤ For/3, and says where For must be raised to three steps for it.
func TestAlertsCanFireInReportsOfAnHourADayAndAWeek(t *testing.T) {
	for _, tt := range []struct {
		rng    time.Duration
		step   time.Duration
		raised []string
	}{
		{time.Hour, time.Minute, nil},
		{24 * time.Hour, 2 * time.Minute, []string{"NodeDiskReadonly", "NodeCondition"}},
		{7 * 24 * time.Hour, 15 * time.Minute, []string{
			"NodeMemoryHigh", "NodeCPUHigh", "NodeDiskHigh", "NodeInodesHigh", "NodeDiskReadonly",
			"NodeCondition", "NodeNetworkErrors", "NodeMemoryRequestsHigh",
			"NodeCPURequestsHigh", "ContainerMemoryNearLimit", "PodNotStarting",
			"ContainerCPUNearLimit", "ContainerCPUThrottled", "VolumeHigh", "VolumeInodesHigh",
			"ScrapeTargetsDown", "ScrapeTargetFlaps", "NodeExporterMissing",
		}},
	} {
		var raised []string
		for _, spec := range panels.All() {
			step, err := panel.Step(tt.rng, spec.Step, scrape)
			if err != nil || step != tt.step {
				t.Fatalf("%s at %s: step %s, want %s (error %v)", spec.Name, tt.rng, step, tt.step,
					err)
			}
			for _, r := range spec.Rules {
				if r.For > 0 && step > r.For/3 {
					raised = append(raised, r.Name)
				}
				if held := max(r.For, 3*step); held > tt.rng-3*step {
					t.Errorf("%s can hold for %s at most once in a range of %s", r.Name, held,
						tt.rng)
				}
			}
		}
		if !slices.Equal(raised, tt.raised) {
			t.Errorf("at a range of %s For must be raised for %v, want %v", tt.rng, raised,
				tt.raised)
		}
	}
}

// TestConditionsSayThatTheyAre holds the panels whose samples are 0 or 1 by their queries, and
// those of them whose flaps are findings. What comes and goes of the others is how a cluster works.
func TestConditionsSayThatTheyAre(t *testing.T) {
	var conditions, flaps []string
	for _, p := range panels.All() {
		for _, r := range p.Rules {
			if r.Condition {
				conditions = append(conditions, p.Name)
			}
			if r.Flaps {
				flaps = append(flaps, p.Name)
			}
		}
	}
	if want := []string{"node-readonly", "node-conditions", "pod-waiting", "target-flaps", "coverage"}; !slices.Equal(conditions, want) {
		t.Errorf("conditions: got %v, want %v", conditions, want)
	}
	if want := []string{"node-readonly", "node-conditions", "target-flaps"}; !slices.Equal(flaps,
		want) {
		t.Errorf("flaps: got %v, want %v", flaps, want)
	}
}
