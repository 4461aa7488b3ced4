package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

const (
	// eachContainer has the labels by which cAdvisor and kube-state-metrics know a container.
	eachContainer = `by (cluster, namespace, pod, container)`
	// eachPodsContainer also tells a pod from its successor of the same name, such as one of a
	// StatefulSet.
	eachPodsContainer = `by (cluster, namespace, pod, container, uid)`
	eachPod           = `by (cluster, namespace, pod)`
	onPod             = `on (cluster, namespace, pod)`
	onContainer       = `on (cluster, namespace, pod, container)`
	// containers leaves out the cgroups of whole pods and of pause containers, which hold the pod's
	// network. With them, throttling would show the pod beside its containers, and the other
	// queries would read twice as much. image!="" would not do, because pause containers have an
	// image.
	containers = `container!="",container!="POD"`

	// wholePods selects the cgroups of pods, each with all of its containers.
	wholePods = `container="",pod!=""`

	nameContainer = "{{namespace}}/{{pod}}/{{container}}"

	hintContainers = "Usage comes from the kubelet's cAdvisor (/metrics/cadvisor), which both " +
		"Helm charts scrape by default: the job kubernetes-nodes-cadvisor, or " +
		"kubelet.serviceMonitor.cAdvisor. Requests and limits come from kube-state-metrics. A " +
		"container that lacks one of the two does not appear."
)

// perContainer aggregates a metric that kube-state-metrics has twice, for containers and for init
// containers: native sidecars are init containers that keep running. before and after enclose each
// selector.
func perContainer(before, metric, after string) string {
	return `max ` + eachContainer + ` (` + either(before, metric, after) + `)`
}

// either selects a metric of containers or of init containers.
func either(before, metric, after string) string {
	return before + `kube_pod_container_` + metric + after + ` or ` + before +
		`kube_pod_init_container_` + metric + after
}

// fromSpec is what the specs of containers request or set as limit ("requests" or "limits").
// Kubernetes treats 0 as none.
func fromSpec(what, resource string) string {
	return perContainer("", "resource_"+what, `{resource="`+resource+`"} > 0`)
}

// effectiveLimit is the limit that a container runs under: from its cgroup, else from its status,
// else from its pod's spec. The spec comes last, because a resize in place may still be waiting.
func effectiveLimit(cgroup, resource string) string {
	return cgroup +
		` or max ` + eachContainer + ` (kube_pod_container_status_resource_limits{resource="` +
		resource + `"} > 0)` +
		` or ` + fromSpec("limits", resource)
}

// withoutKSM has an answer where nothing reports which limits exist.
func withoutKSM() *panel.Blind {
	return &panel.Blind{
		Query: `vector(1) unless on () (count(kube_pod_container_resource_limits) or ` +
			`count(kube_pod_info) or count(kube_node_info))`,
		Missing: []string{"kube_pod_container_resource_limits"},
	}
}

// memoryLimit is the effective memory limit of each container. Where there is none, cAdvisor writes
// 0 or a number larger than any machine.
func memoryLimit() string {
	return effectiveLimit(`max `+eachContainer+` (container_spec_memory_limit_bytes{`+containers+
		`} > 0 < 1e15)`, "memory")
}

// cpuLimit is the effective CPU limit of each container, in cores.
func cpuLimit() string {
	return effectiveLimit(`max `+eachContainer+` (container_spec_cpu_quota{`+containers+`} > 0)`+
		` / max `+eachContainer+` (container_spec_cpu_period{`+containers+`} > 0)`, "cpu")
}

// podMemoryLimit is the limit of a whole pod: from its cgroup, else from its spec (Kubernetes
// 1.34). If all containers of a pod have limits, its cgroup has their sum.
const podMemoryLimit = `(max ` + eachPod + ` (container_spec_memory_limit_bytes{` + wholePods +
	`} > 0 < 1e15)` +
	` or max ` + eachPod + ` (kube_pod_spec_resource_limits{resource="memory"} > 0))`

// podsAsAWhole selects the pods that are judged by their own cgroup: pods with a limit of their
// own, pods with a limit and a container that has none, and pods whose containers cAdvisor does not
// know.
const podsAsAWhole = `(group ` + eachPod + ` (kube_pod_spec_resource_limits{resource="memory"})` +
	` or group ` + eachPod + ` (container_spec_memory_limit_bytes{` + containers + `} == 0)` +
	` or group ` + eachPod + ` (container_memory_working_set_bytes{` + wholePods + `})` +
	` unless ` + onPod + ` container_memory_working_set_bytes{` + containers + `})`

// memoryUsed is the memory that a container or a pod cannot give back: the working set, minus the
// active page cache where cAdvisor reports it.
func memoryUsed(by, of string) string {
	working := `max ` + by + ` (max_over_time(container_memory_working_set_bytes{` + of +
		`}[$__rate_interval]))`
	return `(` + working + ` - max ` + by +
		` (min_over_time(container_memory_total_active_file_bytes{` + of +
		`}[$__rate_interval])) or ` + working + `)`
}

// cacheCounted selects containers whose working set is more than a seventh page cache, where
// cAdvisor does not report the active part. Memory shared by processes counts as cache too, and
// cannot be given back.
const cacheCounted = `(max ` + eachContainer + ` (container_memory_usage_bytes{` + containers +
	`} - container_memory_cache{` + containers + `})` +
	` < 0.85 * max ` + eachContainer + ` (container_memory_working_set_bytes{` + containers + `})` +
	` unless max ` + eachContainer + ` (container_memory_total_active_file_bytes{` + containers +
	`}))`

// wholePod names the series of a pod *, in place of a container's name.
func wholePod(query string) string {
	return `label_replace(` + query + `, "container", "*", "", "")`
}

// cpuUsed is how many cores each container uses.
const cpuUsed = `max ` + eachContainer + ` (rate(container_cpu_usage_seconds_total{` + containers +
	`}[$__rate_interval]))`

func containerMemory() panel.Spec {
	return panel.Spec{
		Name:    "container-memory",
		Title:   "Container memory (% of limit)",
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
		// Page cache may or may not be given back: a container that is near its limit because of it
		// is shown, but does not alert.
		Overrides: []panel.Override{{
			Match: []panel.Matcher{{Label: "cache", Op: "=", Value: "counted"}},
			Rule:  "ContainerMemoryNearLimit", Warning: rules.At(0.85),
		}},
		Detail: &panel.Detail{
			Query: `label_replace(max(container_memory_rss{` + thisCgroup +
				`}), "part", "rss", "", "")` +
				` or label_replace(max(container_memory_total_active_file_bytes{` + thisCgroup +
				`}), "part", "active page cache (not counted)", "", "")` +
				` or label_replace(max(container_memory_cache{` + thisCgroup +
				`}) unless max(container_memory_total_active_file_bytes{` + thisCgroup + `}),` +
				` "part", "page cache", "", "")`,
			Legend: "{{part}}",
			Unit:   units.Bytes,
		},
		Wall:   &panel.Wall{Value: 1, Why: panel.WallKills},
		Change: &panel.Change{By: leastShare},
		Rules: []rules.Rule{{
			Name: "ContainerMemoryNearLimit", Warning: rules.At(0.85), Critical: rules.At(0.95),
			For:    15 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Remarks: []panel.Remark{{
			Query: `count(max ` + eachContainer + ` (container_memory_working_set_bytes{` +
				containers + `}) unless (` + memoryLimit() + `)` +
				` unless ` + onPod + ` ` + podMemoryLimit + `)`,
			Text: "containers without a memory limit (not judged): {{value}}",
		}, {
			Query: unmeasured,
			Text:  "containers with a memory limit but no measured usage (not judged): {{value}}",
		}},
		EmptyIsOK: true,
		WellToo:   true,
		Needs:     []string{"container_memory_working_set_bytes"},
		Blind:     withoutKSM(), // having no limits is fine, having no kube-state-metrics is not
		Why: "Memory that the container cannot give back: its working set, minus active page " +
			"cache where cAdvisor reports it. A container that gets near its limit is about to " +
			"be killed. We do not use usage_bytes, because it grows with every file that is " +
			"read. The limit is the one in force now. A * in place of a container means the pod " +
			"is judged as a whole.",
		Hint: hintContainers,
	}
}

// thisCgroup selects the container of a finding.
const thisCgroup = `cluster="{{cluster}}",namespace="{{namespace}}",pod="{{pod}}",` +
	`container="{{container}}"`

// unmeasured counts the containers that have had a limit for ten minutes but no usage, and that are
// not known to wait or to have ended.
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

// restarts counts the restarts of the last hour. A counter that existed an hour ago has grown since
// by the difference. A new counter starts at 0 if its pod is new, because a pod may be killed
// before its first scrape; else it starts at its first sample, because only the scrape is new.
// increase() would not do: servers differ in what the first sample of a series means. Two instances
// of kube-state-metrics that report one pod, known by its uid, count as one counter. of, such as "
// and on (…) (…)", selects some containers before anything is computed: in a large cluster, tens of
// thousands have no restart.
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

// oomKilled is 1 for a container whose last end was an OOM kill.
func oomKilled() string {
	return either("", "status_last_terminated_reason", `{reason="OOMKilled"} == 1`)
}

// podStart is when each pod started. If kube-state-metrics does not report it, a pod is new if the
// same instance did not know it an hour ago.
const podStart = `max ` + eachPod + ` (kube_pod_start_time or kube_pod_created)`

// lastKill is 1 for a container that was OOM-killed within the hour and not started again, and 0
// for one that was killed before: the reason stays as long as the pod exists. The pod's completion
// time decides where it is known. Else the kill is recent if the reason was not reported an hour
// before, unless kube-state-metrics was not either and the pod is older.
func lastKill() string {
	const reason = `status_terminated_reason`
	now := perContainer("max_over_time(", reason, `{reason="OOMKilled"}[1h])`) + ` == 1`
	return now +
		` unless ` + perContainer("max_over_time(", reason, `{reason="OOMKilled"}[1h] offset 1h)`) +
		` == 1` +
		` unless ` + onPod + ` (kube_pod_completion_time <= time() - 3600)` +
		` unless ` + onPod + ` (` + podStart +
		` <= time() - 3600 unless on (cluster) kube_pod_container_status_restarts_total offset 1h` +
		` unless ` + onPod + ` kube_pod_completion_time)` +
		` or 0 * (` + now + `)`
}

// workerKills counts the OOM kills of the last hour that cAdvisor saw in a container that has had
// any. Its parent process outlives such a worker.
const workerKills = `round(sum ` + eachContainer +
	` (max by (cluster, namespace, pod, container, id) (` +
	`(last_over_time(container_oom_events_total{` + containers + `}[1h]) > 0)` +
	` - min_over_time(container_oom_events_total{` + containers + `}[1h]))))`

// containerOOM is 0, not absent, for a container whose last kill is more than an hour ago, so that
// the alert resolves with a sample. A kill that ends the container shows as a restart, as the end
// of a container that is not started again (Spark executors, Jobs), and sometimes also in
// cAdvisor's counter. The highest of them counts, not their sum.
func containerOOM() panel.Spec {
	return panel.Spec{
		Name:    "container-oom",
		Kind:    panel.Heatmap,
		Title:   "Containers OOM-killed in the last hour",
		Section: sectionContainers,
		Queries: []panel.Query{{
			Expr: `max ` + eachContainer + ` (` +
				restarts(` and on (cluster, namespace, pod, container) (`+oomKilled()+`)`) +
				` or ` + lastKill() +
				` or label_replace(` + workerKills + `, "seen", "inside", "", ""))`,
			Unit:   units.Short,
			Legend: nameContainer,
		}},
		Subject: "OOM kills",
		Events: &panel.Events{
			Within: time.Hour, Said: words.Counted{One: "%s OOM kill", Many: "%s OOM kills"},
		},
		Detail: &panel.Detail{
			Query: `max(kube_pod_container_resource_limits{resource="memory", ` +
				`cluster="{{cluster}}", namespace="{{namespace}}", pod="{{pod}}", ` +
				`container="{{container}}"})`,
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
		Why: "How many times in the last hour the kernel killed a container, or a process in it, " +
			"because memory ran out: restarts after an OOM kill, containers that were killed and " +
			"not started again, and kills that only cAdvisor counts, where a worker dies and the " +
			"container lives on. The reason OOMKilled alone is not enough: it stays as long as " +
			"the pod exists, and would report a kill from last month.",
		Hint: hintKSM,
	}
}

func containerRestarts() panel.Spec {
	return panel.Spec{
		Name:    "container-restarts",
		Kind:    panel.Heatmap,
		Top:     16, // most rows are 0
		Title:   "Container restarts in the last hour",
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
		Why: "Restarts in the last hour, not since the pod was created: a total of 40 may be a " +
			"year old. One or two come from a deployment or a bad moment. A container with more " +
			"than five is not coming up.",
		Hint: hintKSM,
	}
}

func containerCPU() panel.Spec {
	return panel.Spec{
		Name:    "container-cpu",
		Kind:    panel.Bars,
		Title:   "Container CPU (% of request)",
		Section: sectionContainers,
		Queries: []panel.Query{{
			Expr:   cpuUsed + " / " + fromSpec("requests", "cpu"),
			Unit:   units.PercentUnit,
			Legend: nameContainer,
		}},
		Narrow:   "pod",
		Subject:  "CPU usage of request",
		Capacity: &panel.Capacity{Query: fromSpec("requests", "cpu"), Unit: units.Cores},
		Change:   &panel.Change{By: leastShare},
		Needs: []string{
			"container_cpu_usage_seconds_total", "kube_pod_container_resource_requests",
		},
		Why: "How much of its requested CPU a container uses. Above 100 %, it runs on CPU that " +
			"others leave unused, and is slowed first when the node gets busy. Far below, it " +
			"reserves CPU that others could use. Neither is a fault by itself, so there is no " +
			"limit: read the ranking.",
		Hint: hintContainers,
	}
}

// containerCPULimit is empty in a cluster without CPU limits, and that is fine.
func containerCPULimit() panel.Spec {
	return panel.Spec{
		Name:    "container-cpu-limit",
		Title:   "Container CPU (% of limit)",
		Section: sectionContainers,
		Queries: []panel.Query{{
			Expr:   cpuUsed + " / (" + cpuLimit() + ")",
			Unit:   units.PercentUnit,
			Legend: nameContainer,
		}},
		Narrow:   "pod",
		Subject:  "CPU usage of limit",
		Capacity: &panel.Capacity{Query: cpuLimit(), Unit: units.Cores},
		Rules: []rules.Rule{{
			Name: "ContainerCPUNearLimit", Warning: rules.At(0.90), For: 30 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		EmptyIsOK: true,
		WellToo:   true,
		Needs:     []string{"container_cpu_usage_seconds_total"},
		Blind:     withoutKSM(), // as for memory
		Why: "A container at its CPU limit is slowed down, never killed. Half an hour at the " +
			"limit means that the limit is too low or the program is in a loop. Containers " +
			"without a CPU limit do not appear, and need none.",
		Hint: hintContainers,
	}
}

// containerThrottling is Optional because cAdvisor has these metrics only for containers with a CPU
// limit: a cluster without such limits lacks nothing.
func containerThrottling() panel.Spec {
	sum := func(metric string) string {
		return `sum ` + eachContainer + ` (rate(` + metric + `{` + containers +
			`}[$__rate_interval]))`
	}
	return panel.Spec{
		Name:    "container-throttling",
		Title:   "Container CPU throttling",
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
		Why: "The share of 100 ms periods in which a container wanted to run but its CPU limit " +
			"stopped it. Such a container is slow even if its average CPU looks low. This is " +
			"never critical, because nothing breaks. A gap means that the container did not run " +
			"at all.",
		Hint: "The kubelet's cAdvisor (/metrics/cadvisor) provides these metrics for containers " +
			"with a CPU limit. We use periods, because kube-prometheus-stack drops " +
			"throttled_seconds.",
	}
}
