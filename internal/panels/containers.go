package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

const (
	// eachContainer is what the metrics of cAdvisor and of kube-state-metrics know a container by.
	eachContainer = `by (cluster, namespace, pod, container)`
	// containers leaves out the cgroups of whole pods, and of the pause containers that hold the pod's network: throttling would show the
	// pod beside its containers, and the server would read twice as much for the others. image!="" would not do, because pause containers
	// have an image.
	containers = `container!="",container!="POD"`

	nameContainer = "{{namespace}}/{{pod}}/{{container}}"

	hintContainers = "The kubelet's cAdvisor brings what is used (a scrape of /metrics/cadvisor, on in both Helm charts: the job kubernetes-nodes-cadvisor, kubelet.serviceMonitor.cAdvisor)," +
		" kube-state-metrics the requests and limits; a container that lacks one of the two does not appear."
)

// told aggregates a metric that kube-state-metrics has twice, once for containers and once for init containers: native sidecars are init
// containers that keep running. before and after stand around each selector.
func told(before, metric, after string) string {
	return `max ` + eachContainer + ` (` + before + `kube_pod_container_` + metric + after +
		` or ` + before + `kube_pod_init_container_` + metric + after + `)`
}

// given is what containers requested or are limited to ("requests" or "limits").
func given(what, resource string) string {
	return told("", "resource_"+what, `{resource="`+resource+`"}`)
}

// cpuUsed is how many cores each container uses.
const cpuUsed = `max ` + eachContainer + ` (rate(container_cpu_usage_seconds_total{` + containers + `}[$__rate_interval]))`

func containerMemory() snapshot.Spec {
	return snapshot.Spec{
		Name:    "container-memory",
		Title:   "Memory of containers, of their limits",
		Section: sectionContainers,
		Query: `max ` + eachContainer + ` (max_over_time(container_memory_working_set_bytes{` + containers + `}[$__rate_interval])) / ` +
			given("limits", "memory"),
		Unit:     units.PercentUnit,
		Legend:   nameContainer,
		Subject:  "memory",
		Capacity: &snapshot.Capacity{Query: given("limits", "memory"), Unit: units.Bytes},
		Rules: []rules.Rule{{
			Name: "ContainerMemoryNearLimit", Warning: rules.At(0.85), Critical: rules.At(0.95), For: 15 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Remarks: []snapshot.Remark{{
			Query: `count(max ` + eachContainer + ` (container_memory_working_set_bytes{` + containers + `}) unless ` + given("limits", "memory") + `)`,
			Text:  "containers without a memory limit, which nothing judges: {{value}}",
		}},
		Why: "The working set is usage without the page cache that the kernel drops first, and where it comes near the limit the container is about to be killed." +
			" usage_bytes has all the page cache in it: it grows with every file that is read and may stand at the limit without harm.",
		Hint: hintContainers,
	}
}

// restarts counts those of the last hour. It rounds because increase extrapolates to the window's edges: one restart reads as 1.02.
func restarts() string { return `round(` + told("increase(", "status_restarts_total", `[1h])`) + `)` }

// containerOOM is 0 for a container whose last kill is more than an hour ago, and not absent, so that the alert resolves by a sample.
// A window of one hour loses no kill at any step up to an hour. The second half is for containers that never restart (Spark's
// executors, Jobs): they end as terminated, and stay so until their pod is deleted.
func containerOOM() snapshot.Spec {
	return snapshot.Spec{
		Name:    "container-oom",
		Kind:    snapshot.Heatmap,
		Title:   "Containers killed for memory in the last hour",
		Section: sectionContainers,
		Query: restarts() +
			` and ` + told("", "status_last_terminated_reason", `{reason="OOMKilled"}`) + ` == 1` +
			` or ` + told("max_over_time(", "status_terminated_reason", `{reason="OOMKilled"}[1h])`) + ` == 1`,
		Unit:    units.Short,
		Legend:  nameContainer,
		Subject: "OOM kills",
		Detail: &snapshot.Detail{
			Query:  `max(kube_pod_container_resource_limits{resource="memory", namespace="{{namespace}}", pod="{{pod}}", container="{{container}}"})`,
			Legend: "limit",
			Unit:   units.Bytes,
		},
		Rules:     []rules.Rule{{Name: "ContainerOOMKilled", Critical: rules.At(0), NoData: rules.ResolveOnNoData}},
		EmptyIsOK: true,
		Why: "How often a container was started again within the hour after the kernel had killed it for memory; 1 for one that was killed and is not started again." +
			" The reason alone stays for as long as the pod lives and would tell of a kill of last month.",
		Hint: hintKSM,
	}
}

func containerRestarts() snapshot.Spec {
	return snapshot.Spec{
		Name:    "container-restarts",
		Kind:    snapshot.Heatmap,
		Top:     16, // most rows have nothing to say
		Title:   "Restarts of containers in the last hour",
		Section: sectionContainers,
		Query:   restarts(),
		Unit:    units.Short,
		Legend:  nameContainer,
		Subject: "restarts",
		Rules: []rules.Rule{{
			Name: "ContainerRestarting", Warning: rules.At(2), Critical: rules.At(5), NoData: rules.ResolveOnNoData,
		}},
		Why: "Restarts within the last hour, and not since the pod began: a total of 40 may be a year old." +
			" One or two are a deployment or a bad moment; more than five are a container that does not come up.",
		Hint: hintKSM,
	}
}

func containerCPU() snapshot.Spec {
	return snapshot.Spec{
		Name:     "container-cpu",
		Kind:     snapshot.Bars,
		Title:    "CPU of containers, of their requests",
		Section:  sectionContainers,
		Query:    cpuUsed + " / " + given("requests", "cpu"),
		Unit:     units.PercentUnit,
		Legend:   nameContainer,
		Subject:  "CPU of its request",
		Capacity: &snapshot.Capacity{Query: given("requests", "cpu"), Unit: units.Cores},
		Why: "What a container uses of what it was promised. Above 100 % it lives on what others leave, and is the first to be slowed when the node is busy; far below, it keeps CPU from others." +
			" Neither is a fault by itself, and so there is no limit: read the ranking.",
		Hint: hintContainers,
	}
}

// containerCPULimit is empty, and well, in a cluster whose containers have no CPU limits.
func containerCPULimit() snapshot.Spec {
	return snapshot.Spec{
		Name:     "container-cpu-limit",
		Title:    "CPU of containers, of their limits",
		Section:  sectionContainers,
		Query:    cpuUsed + " / " + given("limits", "cpu"),
		Unit:     units.PercentUnit,
		Legend:   nameContainer,
		Subject:  "CPU of its limit",
		Capacity: &snapshot.Capacity{Query: given("limits", "cpu"), Unit: units.Cores},
		Rules: []rules.Rule{{
			Name: "ContainerCPUNearLimit", Warning: rules.At(0.90), For: 30 * time.Minute, NoData: rules.ResolveOnNoData,
		}},
		EmptyIsOK: true,
		Needs:     []string{"container_cpu_usage_seconds_total", "kube_pod_info"}, // no limit at all is well, no kube-state-metrics is not
		Why: "A container at its CPU limit is slowed, never killed; half an hour of it is a limit that is too low or a loop." +
			" Containers without a CPU limit do not appear, and need none.",
		Hint: hintContainers,
	}
}

// containerThrottling is Optional because cAdvisor has these metrics for containers with a CPU limit only: a cluster without such
// limits lacks nothing.
func containerThrottling() snapshot.Spec {
	sum := func(metric string) string {
		return `sum ` + eachContainer + ` (rate(` + metric + `{` + containers + `}[$__rate_interval]))`
	}
	return snapshot.Spec{
		Name:    "container-throttling",
		Title:   "CPU throttling of containers",
		Section: sectionContainers,
		Query:   sum("container_cpu_cfs_throttled_periods_total") + " / (" + sum("container_cpu_cfs_periods_total") + " > 0)",
		Unit:    units.PercentUnit,
		Legend:  nameContainer,
		Subject: "CPU throttling",
		Rules: []rules.Rule{{
			Name: "ContainerCPUThrottled", Warning: rules.At(0.25), For: 30 * time.Minute, NoData: rules.ResolveOnNoData,
		}},
		Optional: true,
		Why: "The share of 100 ms periods in which the container wanted to run and its CPU limit said no: it is slow even where its average CPU looks low." +
			" Never critical, because nothing breaks. A gap is a container that did not run at all.",
		Hint: "The kubelet's cAdvisor (/metrics/cadvisor) brings it, for containers with a CPU limit. Periods and not throttled_seconds, which kube-prometheus-stack drops.",
	}
}
