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
	// true Node memory pressure in percentunit
	// max by (cluster, instance) (rate(node_pressure_memory_waiting_seconds_total[$__rate_interval]))
}

func builtin(t *testing.T, name string) panel.Spec {
	t.Helper()
	spec, ok := panels.Get(name)
	if !ok {
		t.Fatalf("got no panel %q, want a built-in one", name)
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
			t.Errorf("%s: got section %s again after %s, want a section's panels together",
				spec.Name, spec.Section, sections[len(sections)-1])
		}
	}
	want := strings.Fields(`node-memory node-cpu node-disk node-inodes node-readonly
		node-conditions node-network node-network-errors node-pressure node-requests
		node-requests-cpu container-memory container-oom container-restarts pod-waiting
		container-cpu container-cpu-limit container-throttling pvc pvc-inodes scrape-health
		target-flaps coverage alerts`)
	if !slices.Equal(names, want) {
		t.Errorf("got panels %v\nwant %v", names, want)
	}
	if want := []string{"Nodes", "Containers", "Storage", "Monitoring"}; !slices.Equal(sections,
		want) {
		t.Errorf("got sections %v, want %v", sections, want)
	}
	if _, ok := panels.Get("node"); ok {
		t.Error(`Get("node"): got a panel, want none`)
	}
}

func TestCallersOwnWhatAllReturns(t *testing.T) {
	first := panels.All()
	first[0].Rules[0].Warning = rules.At(7)
	first[0].Capacity.Unit = units.None
	if again := panels.All()[0]; again.Rules[0].Warning == rules.At(7) ||
		again.Capacity.Unit == units.None {
		t.Errorf("All after a change by an earlier caller: got %+v, want it unchanged", again)
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
				t.Errorf("got name %q, want a well-formed name that no other panel has", spec.Name)
			}
			names[spec.Name] = true
			for what, text := range map[string]string{
				"Title": spec.Title, "Subject": spec.Subject, "Legend": spec.Queries[0].Legend,
				"Why": spec.Why, "Hint": spec.Hint,
			} {
				if text == "" || strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
					t.Errorf("%s: got %q, want a text without extra spaces", what, text)
				}
			}
			if n := len([]rune(spec.Why)); n > 400 || !strings.HasSuffix(spec.Why, ".") ||
				!strings.HasSuffix(spec.Hint, ".") {
				t.Errorf("got a Why of %d characters and the Hint %q, want at most 400, "+
					"and both to end with a full stop", n, spec.Hint)
			}
			if spec.Unit() == units.PercentUnit && spec.Capacity == nil {
				switch spec.Name {
				case "node-network-errors", "node-pressure", "container-throttling",
					"scrape-health":
					// shares of events and of time
				default:
					t.Error("got a ratio without a Capacity, want one")
				}
			}
			for _, r := range spec.Rules {
				if !alertname.MatchString(r.Name) || alerts[r.Name] {
					t.Errorf("got alert name %q, want a unique CamelCase name", r.Name)
				}
				alerts[r.Name] = true
				if !r.Warning.Set && !r.Critical.Set {
					t.Errorf("%s: got no limit, want a warning or a critical one", r.Name)
				}
				if r.Warning.Set && r.Critical.Set &&
					(r.Warning.Value < r.Critical.Value) != (r.Direction == rules.Above) {
					t.Errorf("%s: got warning %v and critical %v, want the warning first", r.Name,
						r.Warning.Value, r.Critical.Value)
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
				t.Errorf("%s: got error %v, want PromQL:\n%s", spec.Name, err, q)
			}
			if strings.Contains(q, "increase(") || strings.Contains(q, "delta(") {
				t.Errorf("%s: got increase() or delta() in its query, want neither: servers "+
					"differ in what the first sample of a series means", spec.Name)
			}
			if len(names) == 0 {
				t.Errorf("%s: got no metric name in %s, want at least one", spec.Name, q)
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
				t.Errorf("%s: got label %q in the legend, want one of %v", spec.Name, label, by)
			}
		}
	}
}

// TestAnEmptyAnswerIsNotAMissingExporter checks that the first metric of a query that may be empty
// exists in every healthy cluster.
func TestAnEmptyAnswerIsNotAMissingExporter(t *testing.T) {
	first := map[string]string{
		"container-memory":    "container_memory_working_set_bytes",
		"container-oom":       "kube_pod_container_status_restarts_total",
		"pod-waiting":         "kube_pod_status_phase",
		"container-cpu-limit": "container_cpu_usage_seconds_total",
		"target-flaps":        "up",
		"alerts":              "ALERTS",
	}
	for _, spec := range panels.All() {
		if !spec.EmptyIsOK {
			continue
		}
		names, err := panel.MetricNames(panel.Expand(spec.Queries[0].Expr, panel.Vars{
			Step: time.Minute, ScrapeInterval: time.Minute, Range: time.Hour,
		}))
		if err != nil || names[0] != first[spec.Name] {
			t.Errorf("%s: got metrics %v, want %q first (error %v)", spec.Name, names,
				first[spec.Name], err)
		}
	}
}

// TestAlertsCanFireInReportsOfAnHourADayAndAWeek checks the built-in rules against the conditions
// of check-config, For ≤ range − 3 steps and step ≤ For/3, and lists the rules whose For must be
// raised to three steps.
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
				t.Fatalf("%s at %s: got step %s, want %s (error %v)", spec.Name, tt.rng, step,
					tt.step, err)
			}
			for _, r := range spec.Rules {
				if r.For > 0 && step > r.For/3 {
					raised = append(raised, r.Name)
				}
				if held := max(r.For, 3*step); held > tt.rng-3*step {
					t.Errorf("%s: got a For of %s, want at most the range of %s minus three steps",
						r.Name, held, tt.rng)
				}
			}
		}
		if !slices.Equal(raised, tt.raised) {
			t.Errorf("rules whose For is raised in a range of %s: got %v, want %v", tt.rng,
				raised, tt.raised)
		}
	}
}

// TestConditionsSayThatTheyAre lists the panels whose query gives only 0 and 1, and the panels
// among them whose flaps are findings. In the others, coming and going is normal for a cluster.
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
	if want := []string{
		"node-readonly", "node-conditions", "pod-waiting", "target-flaps", "coverage",
		"alerts", "alerts",
	}; !slices.Equal(conditions, want) {
		t.Errorf("conditions: got %v, want %v", conditions, want)
	}
	if want := []string{"node-readonly", "node-conditions", "target-flaps"}; !slices.Equal(flaps,
		want) {
		t.Errorf("flaps: got %v, want %v", flaps, want)
	}
}

// TestNoVariableIsLeft checks that every query of a built-in panel has only variables that promsnap
// expands.
func TestNoVariableIsLeft(t *testing.T) {
	variable := regexp.MustCompile(`\$\{?[A-Za-z_]|\[\[`)
	vars := panel.Vars{Step: time.Minute, ScrapeInterval: time.Minute, Range: time.Hour}
	check := func(name, query string) {
		t.Helper()
		expanded := panel.Expand(query, vars)
		if at := variable.FindStringIndex(expanded); at != nil {
			t.Errorf("%s: got a variable at %.40q, want none", name, expanded[at[0]:])
		}
	}
	asked := 0
	for _, p := range panels.All() {
		var all []string
		for _, q := range p.Queries {
			all = append(all, q.Expr)
		}
		all = append(all, p.Without, p.Targets)
		for _, r := range p.References {
			all = append(all, r.Query)
		}
		for _, r := range p.Remarks {
			all = append(all, r.Query)
		}
		if p.Capacity != nil {
			all = append(all, p.Capacity.Query)
		}
		if p.Detail != nil {
			all = append(all, p.Detail.Query)
		}
		if p.Blind != nil {
			all = append(all, p.Blind.Query)
		}
		for _, q := range all {
			check(p.Name, q)
		}
		asked += len(all)
	}
	if asked < 60 {
		t.Errorf("got %d queries, want at least 60", asked)
	}
}
