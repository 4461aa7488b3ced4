package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

const (
	// eachContainer is what the metrics of cAdvisor and of kube-state-metrics know a container by.
	eachContainer = `by (cluster, namespace, pod, container)`
	// eachPodsContainer tells a pod from its successor of the same name, such as a StatefulSet's.
	eachPodsContainer = `by (cluster, namespace, pod, container, uid)`
	eachPod           = `by (cluster, namespace, pod)`
	onPod             = `on (cluster, namespace, pod)`
	onContainer       = `on (cluster, namespace, pod, container)`
	// containers leaves out the cgroups of whole pods, and of the pause containers that hold the
	// pod's network: throttling would show the pod beside its containers, and the server would read
	// twice as much for the others. image!="" would not do, because pause containers have an image.
	containers = `container!="",container!="POD"`

	// wholePods are the cgroups of pods, with all of their containers in them.
	wholePods = `container="",pod!=""`

	nameContainer = "{{namespace}}/{{pod}}/{{container}}"

	hintContainers = "The kubelet's cAdvisor brings what is used (a scrape of /metrics/cadvisor, " +
		"on in both Helm charts: the job kubernetes-nodes-cadvisor, " +
		"kubelet.serviceMonitor.cAdvisor)," +
		" kube-state-metrics the requests and limits; a container that lacks one of the two does " +
		"not appear."
)

// told aggregates a metric that kube-state-metrics has twice, once for containers and once for init
// containers: native sidecars are init containers that keep running. before and after stand around
// each selector.
func told(before, metric, after string) string {
	return `max ` + eachContainer + ` (` + either(before, metric, after) + `)`
}

// either is a metric of containers or of init containers.
func either(before, metric, after string) string {
	return before + `kube_pod_container_` + metric + after + ` or ` + before +
		`kube_pod_init_container_` + metric + after
}

// given is what containers requested or are limited to ("requests" or "limits"). 0 is what
// Kubernetes takes for none.
func given(what, resource string) string {
	return told("", "resource_"+what, `{resource="`+resource+`"} > 0`)
}

// inForce is the limit that a container runs under: what its cgroup says, then what its status
// says, then what its pod's spec asks for, which is a wish while a resize in place waits.
func inForce(cgroup, resource string) string {
	return cgroup +
		` or max ` + eachContainer + ` (kube_pod_container_status_resource_limits{resource="` +
		resource + `"} > 0)` +
		` or ` + given("limits", resource)
}

// withoutKSM answers where nothing says which limits there are.
func withoutKSM() *panel.Blind {
	return &panel.Blind{
		Query:   `vector(1) unless on () (count(kube_pod_container_resource_limits) or count(kube_pod_info) or count(kube_node_info))`,
		Missing: []string{"kube_pod_container_resource_limits"},
	}
}

// memoryLimit is the memory limit in force of each container. cAdvisor writes 0, or a number beyond
// any machine, where there is none.
func memoryLimit() string {
	return inForce(`max `+eachContainer+` (container_spec_memory_limit_bytes{`+containers+
		`} > 0 < 1e15)`, "memory")
}

// cpuLimit is the CPU limit in force of each container, in cores.
func cpuLimit() string {
	return inForce(`max `+eachContainer+` (container_spec_cpu_quota{`+containers+`} > 0)`+
		` / max `+eachContainer+` (container_spec_cpu_period{`+containers+`} > 0)`, "cpu")
}

// podMemoryLimit is the limit of a pod as a whole, by the pod: of its cgroup, else as its spec has
// it (Kubernetes 1.34). The cgroup of a pod whose containers all have limits has their sum.
const podMemoryLimit = `(max ` + eachPod + ` (container_spec_memory_limit_bytes{` + wholePods +
	`} > 0 < 1e15)` +
	` or max ` + eachPod + ` (kube_pod_spec_resource_limits{resource="memory"} > 0))`

// podsAsAWhole are the pods that are judged by their own cgroup: those that have a limit of their
// own, those with a container that has none in a pod that has one, and those of whose containers
// cAdvisor knows nothing.
const podsAsAWhole = `(group ` + eachPod + ` (kube_pod_spec_resource_limits{resource="memory"})` +
	` or group ` + eachPod + ` (container_spec_memory_limit_bytes{` + containers + `} == 0)` +
	` or group ` + eachPod + ` (container_memory_working_set_bytes{` + wholePods + `})` +
	` unless ` + onPod + ` container_memory_working_set_bytes{` + containers + `})`

// memoryUsed is the memory that a container or a pod cannot give back: the working set without the
// page cache in active use, where cAdvisor says how much that is.
func memoryUsed(by, of string) string {
	working := `max ` + by + ` (max_over_time(container_memory_working_set_bytes{` + of +
		`}[$__rate_interval]))`
	return `(` + working + ` - max ` + by +
		` (min_over_time(container_memory_total_active_file_bytes{` + of +
		`}[$__rate_interval])) or ` + working + `)`
}

// cacheCounted are the containers of whose working set more than a seventh is page cache, where
// cAdvisor does not say how much of it is in active use. Memory that processes share counts as
// cache too, and cannot be given back.
const cacheCounted = `(max ` + eachContainer + ` (container_memory_usage_bytes{` + containers +
	`} - container_memory_cache{` + containers + `})` +
	` < 0.85 * max ` + eachContainer + ` (container_memory_working_set_bytes{` + containers + `})` +
	` unless max ` + eachContainer + ` (container_memory_total_active_file_bytes{` + containers +
	`}))`

// wholePod gives the series of a pod the name * in place of a container's.
func wholePod(query string) string {
	return `label_replace(` + query + `, "container", "*", "", "")`
}

// cpuUsed is how many cores each container uses.
const cpuUsed = `max ` + eachContainer + ` (rate(container_cpu_usage_seconds_total{` + containers +
	`}[$__rate_interval]))`

func containerMemory() panel.Spec {
	return panel.Spec{
		Name:    "container-memory",
		Title:   "Memory of containers, of their limits",
		Section: sectionContainers,
		Queries: []panel.Query{{
			Expr: memoryUsed(eachContainer, containers) + ` / (` + memoryLimit() + `)` +
				` or ` + wholePod(memoryUsed(eachPod, wholePods)+` / `+podMemoryLimit+` and `+onPod+
				` `+podsAsAWhole),
			Unit:   units.PercentUnit,
			Legend: nameContainer,
		}},
		Narrow:  "pod",
		Subject: "memory",
		Capacity: &panel.Capacity{
			Query: `label_replace((` + memoryLimit() + `) and ` + onContainer + ` ` + cacheCounted +
				`, "cache", "counted", "", "")` +
				` or ` + onContainer + ` (` + memoryLimit() + ` or ` + wholePod(podMemoryLimit) +
				`)`,
			Unit:  units.Bytes,
			Aside: []string{"cache"},
		},
		// Page cache may be given back or not: what is near the limit by it is told, and alarms
		// nobody.
		Overrides: []panel.Override{{
			Match: []panel.Matcher{{Label: "cache", Op: "=", Value: "counted"}},
			Rule:  "ContainerMemoryNearLimit", Warning: rules.At(0.85),
		}},
		Detail: &panel.Detail{
			Query: `label_replace(max(container_memory_rss{` + thisCgroup +
				`}), "part", "rss", "", "")` +
				` or label_replace(max(container_memory_total_active_file_bytes{` + thisCgroup +
				`}), "part", "page cache in use, not counted", "", "")` +
				` or label_replace(max(container_memory_cache{` + thisCgroup +
				`}) unless max(container_memory_total_active_file_bytes{` + thisCgroup + `}),` +
				` "part", "page cache", "", "")`,
			Legend: "{{part}}",
			Unit:   units.Bytes,
		},
		Rules: []rules.Rule{{
			Name: "ContainerMemoryNearLimit", Warning: rules.At(0.85), Critical: rules.At(0.95),
			For:    15 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Remarks: []panel.Remark{{
			Query: `count(max ` + eachContainer + ` (container_memory_working_set_bytes{` +
				containers + `}) unless (` + memoryLimit() + `)` +
				` unless ` + onPod + ` ` + podMemoryLimit + `)`,
			Text: "containers without a memory limit, which nothing judges: {{value}}",
		}, {
			Query: unmeasured,
			Text: "containers with a memory limit whose use is not measured, and so not judged: " +
				"{{value}}",
		}},
		EmptyIsOK: true,
		WellToo:   true,
		Needs:     []string{"container_memory_working_set_bytes"},
		Blind:     withoutKSM(), // no limit at all is well, no kube-state-metrics is not
		Why: "The working set is what the kernel does not drop first, less the page cache in " +
			"active use where cAdvisor tells it: what comes near the limit then cannot be given " +
			"back," +
			" and the container is about to be killed. usage_bytes grows with every file that is " +
			"read." +
			" The limit is the one in force, and * is a pod that is judged as a whole.",
		Hint: hintContainers,
	}
}

// thisCgroup selects the container that a finding is about.
const thisCgroup = `cluster="{{cluster}}",namespace="{{namespace}}",pod="{{pod}}",container="{{container}}"`

// unmeasured counts the containers that have had a limit for ten minutes and no usage, and are not
// known to wait or to have ended.
const unmeasured = `count(max ` + eachContainer +
	` (kube_pod_container_resource_limits{resource="memory"} > 0)` +
	` and max ` + eachContainer +
	` (kube_pod_container_resource_limits{resource="memory"} offset 10m)` +
	` unless max ` + eachContainer + ` (max_over_time(container_memory_working_set_bytes{` +
	containers + `}[10m]))` +
	` unless ` + onPod + ` (container_spec_memory_limit_bytes{` + wholePods + `} > 0)` +
	` unless ` + onPod + ` (kube_pod_status_phase{phase=~"Pending|Succeeded|Failed"} == 1)` +
	` unless max ` + eachContainer +
	` (kube_pod_container_status_waiting == 1 or kube_pod_container_status_terminated == 1))`

// restarts counts those of the last hour. A counter that was there an hour ago has risen since by
// what it is more now. One that was not counts from 0 where its pod is new, because a pod may be
// killed before its first scrape, and else from its first sample: there it is the scrape that is
// new. increase() would not do, because servers differ in what the first sample of a series means.
// What two instances of kube-state-metrics say of a pod, known by its uid, is one counter. Only
// those of some containers are looked at, such as " and on (…) (…)", before anything is computed of
// them: in a large cluster tens of thousands have no restart.
func restarts(of string) string {
	const total = "status_restarts_total"
	last := `max ` + eachPodsContainer + ` ((` + either("last_over_time(", total, "[1h])") + `)` +
		of + `)`
	before := `max ` + eachPodsContainer + ` (` + either("", total, " offset 1h") + `)`
	first := `min ` + eachPodsContainer + ` (` + either("min_over_time(", total, "[1h])") + `)`
	some := either("", total, " > 0")
	born := `0 * group ` + eachPodsContainer + ` ((` + some + `) and ` + onPod + ` (` + podStart +
		` > time() - 3600)` +
		` or ((` + some + `) unless ` + onPod + ` ` + podStart +
		`) and on (cluster, job, instance) kube_pod_container_` + total + ` offset 1h)`
	return `max ` + eachContainer + ` (` + last + ` - ` + before + ` >= 0 or ` + last + ` - (` +
		born + ` or ` + first + `))`
}

// killed is 1 for a container whose last end was a kill for memory.
func killed() string {
	return either("", "status_last_terminated_reason", `{reason="OOMKilled"} == 1`)
}

// podStart is when each pod began. Where kube-state-metrics does not say, a pod is new that the
// same instance did not know an hour ago.
const podStart = `max ` + eachPod + ` (kube_pod_start_time or kube_pod_created)`

// ended is 1 for a container that was killed for memory within the hour and is not started again,
// and 0 for one that was killed before: the reason stays for as long as the pod is there. A pod's
// completion tells where it is known; else the reason was not there in the hour before, unless
// kube-state-metrics was not either and the pod is older.
func ended() string {
	const reason = `status_terminated_reason`
	now := told("max_over_time(", reason, `{reason="OOMKilled"}[1h])`) + ` == 1`
	return now +
		` unless ` + told("max_over_time(", reason, `{reason="OOMKilled"}[1h] offset 1h)`) +
		` == 1` +
		` unless ` + onPod + ` (kube_pod_completion_time <= time() - 3600)` +
		` unless ` + onPod + ` (` + podStart +
		` <= time() - 3600 unless on (cluster) kube_pod_container_status_restarts_total offset 1h` +
		` unless ` + onPod + ` kube_pod_completion_time)` +
		` or 0 * (` + now + `)`
}

// inside counts the kills of the last hour that cAdvisor saw in a container that has had any: of a
// worker, which its parent outlives.
const inside = `round(sum ` + eachContainer +
	` (max by (cluster, namespace, pod, container, id) (` +
	`(last_over_time(container_oom_events_total{` + containers + `}[1h]) > 0)` +
	` - min_over_time(container_oom_events_total{` + containers + `}[1h]))))`

// containerOOM is 0 for a container whose last kill is more than an hour ago, and not absent, so
// that the alert resolves by a sample. A kill that ends the container shows as a restart, as an end
// of a container that is not started again (Spark's executors, Jobs), and sometimes in cAdvisor's
// counter too: the highest of them counts, and not their sum.
func containerOOM() panel.Spec {
	return panel.Spec{
		Name:    "container-oom",
		Kind:    panel.Heatmap,
		Title:   "Containers killed for memory in the last hour",
		Section: sectionContainers,
		Queries: []panel.Query{{
			Expr: `max ` + eachContainer + ` (` +
				restarts(` and on (cluster, namespace, pod, container) (`+killed()+`)`) +
				` or ` + ended() +
				` or label_replace(` + inside + `, "seen", "inside", "", ""))`,
			Unit:   units.Short,
			Legend: nameContainer,
		}},
		Subject: "OOM kills",
		Events: &panel.Events{
			Within: time.Hour, Said: words.Counted{One: "%s OOM kill", Many: "%s OOM kills"},
		},
		Detail: &panel.Detail{
			Query:  `max(kube_pod_container_resource_limits{resource="memory", cluster="{{cluster}}", namespace="{{namespace}}", pod="{{pod}}", container="{{container}}"})`,
			Legend: "limit",
			Unit:   units.Bytes,
		},
		Rules: []rules.Rule{
			{Name: "ContainerOOMKilled", Critical: rules.At(0), NoData: rules.ResolveOnNoData},
		},
		EmptyIsOK: true,
		Blind: &panel.Blind{
			Query: `count by (cluster) (` + either("", "status_restarts_total", " > 0") + `)` +
				` unless count by (cluster) (` + either("max_over_time(",
				"status_last_terminated_reason", "[1h])") + `)`,
			Missing: []string{"kube_pod_container_status_last_terminated_reason"},
		},
		Why: "How often the kernel killed a container, or a process in it, for memory within the " +
			"hour: restarts of a container whose last end was a kill," +
			" ends without a new start, and what cAdvisor counts where a worker is killed and " +
			"the container lives on." +
			" The reason alone stays for as long as the pod lives and would tell of a kill of " +
			"last month.",
		Hint: hintKSM,
	}
}

func containerRestarts() panel.Spec {
	return panel.Spec{
		Name:    "container-restarts",
		Kind:    panel.Heatmap,
		Top:     16, // most rows have nothing to say
		Title:   "Restarts of containers in the last hour",
		Section: sectionContainers,
		Queries: []panel.Query{{Expr: restarts(""), Unit: units.Short, Legend: nameContainer}},
		Narrow:  "pod",
		Subject: "restarts",
		Events: &panel.Events{
			Within: time.Hour, Said: words.Counted{One: "%s restart", Many: "%s restarts"},
		},
		Rules: []rules.Rule{{
			Name: "ContainerRestarting", Warning: rules.At(2), Critical: rules.At(5),
			NoData: rules.ResolveOnNoData,
		}},
		Needs: []string{"kube_pod_container_status_restarts_total"},
		Why: "Restarts within the last hour, and not since the pod began: a total of 40 may be a " +
			"year old." +
			" One or two are a deployment or a bad moment; more than five are a container that " +
			"does not come up.",
		Hint: hintKSM,
	}
}

func containerCPU() panel.Spec {
	return panel.Spec{
		Name:    "container-cpu",
		Kind:    panel.Bars,
		Title:   "CPU of containers, of their requests",
		Section: sectionContainers,
		Queries: []panel.Query{{
			Expr:   cpuUsed + " / " + given("requests", "cpu"),
			Unit:   units.PercentUnit,
			Legend: nameContainer,
		}},
		Narrow:   "pod",
		Subject:  "CPU of its request",
		Capacity: &panel.Capacity{Query: given("requests", "cpu"), Unit: units.Cores},
		Needs: []string{
			"container_cpu_usage_seconds_total", "kube_pod_container_resource_requests",
		},
		Why: "What a container uses of what it was promised. Above 100 % it lives on what others " +
			"leave, and is the first to be slowed when the node is busy; far below, it keeps CPU " +
			"from others." +
			" Neither is a fault by itself, and so there is no limit: read the ranking.",
		Hint: hintContainers,
	}
}

// containerCPULimit is empty, and well, in a cluster whose containers have no CPU limits.
func containerCPULimit() panel.Spec {
	return panel.Spec{
		Name:    "container-cpu-limit",
		Title:   "CPU of containers, of their limits",
		Section: sectionContainers,
		Queries: []panel.Query{{
			Expr:   cpuUsed + " / (" + cpuLimit() + ")",
			Unit:   units.PercentUnit,
			Legend: nameContainer,
		}},
		Narrow:   "pod",
		Subject:  "CPU of its limit",
		Capacity: &panel.Capacity{Query: cpuLimit(), Unit: units.Cores},
		Rules: []rules.Rule{{
			Name: "ContainerCPUNearLimit", Warning: rules.At(0.90), For: 30 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		EmptyIsOK: true,
		WellToo:   true,
		Needs:     []string{"container_cpu_usage_seconds_total"},
		Blind:     withoutKSM(), // as for memory
		Why: "A container at its CPU limit is slowed, never killed; half an hour of it is a " +
			"limit that is too low or a loop." +
			" Containers without a CPU limit do not appear, and need none.",
		Hint: hintContainers,
	}
}

// containerThrottling is Optional because cAdvisor has these metrics for containers with a CPU
// limit only: a cluster without such limits lacks nothing.
func containerThrottling() panel.Spec {
	sum := func(metric string) string {
		return `sum ` + eachContainer + ` (rate(` + metric + `{` + containers +
			`}[$__rate_interval]))`
	}
	return panel.Spec{
		Name:    "container-throttling",
		Title:   "CPU throttling of containers",
		Section: sectionContainers,
		Queries: []panel.Query{{
			Expr: sum("container_cpu_cfs_throttled_periods_total") + " / (" +
				sum("container_cpu_cfs_periods_total") + " > 0)",
			Unit:   units.PercentUnit,
			Legend: nameContainer,
		}},
		Narrow:  "pod",
		Subject: "CPU throttling",
		Rules: []rules.Rule{{
			Name: "ContainerCPUThrottled", Warning: rules.At(0.25), For: 30 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Optional: true,
		Why: "The share of 100 ms periods in which the container wanted to run and its CPU limit " +
			"stopped it: it is slow even where its average CPU looks low." +
			" Never critical, because nothing breaks. A gap is a container that did not run at all.",
		Hint: "The kubelet's cAdvisor (/metrics/cadvisor) brings it, for containers with a CPU " +
			"limit. Periods and not throttled_seconds, which kube-prometheus-stack drops.",
	}
}
