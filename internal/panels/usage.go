package panels

// The queries below have the labels cluster, namespace, pod and container. They compare what
// containers request with what they use, as the panels of containers do.

// finished selects the pods that hold none of their requests.
const finished = `kube_pod_status_phase{phase=~"Pending|Succeeded|Failed"} == 1`

// ofRunning leaves out finished pods, and init containers that have ended.
func ofRunning(expr string) string {
	return `(` + expr + `) unless ` + onPod + ` (` + finished + `) unless ` + onContainer +
		` (kube_pod_init_container_status_terminated == 1)`
}

// UsedCPU returns the query of how many cores each container uses.
func UsedCPU() string { return cpuUsed }

// UsedMemory returns the query of the memory that each container cannot give back, in bytes. It is
// the highest of $__rate_interval. A container that restarted within it has two cgroups, and each
// has a page cache of its own.
func UsedMemory() string {
	const working = `max_over_time(container_memory_working_set_bytes{` + containers +
		`}[$__rate_interval])`
	return `max ` + eachContainer + ` (` + working +
		` - min_over_time(container_memory_total_active_file_bytes{` + containers +
		`}[$__rate_interval]) or ` + working + `)`
}

// Autoscaled returns a query with one series for each resource by whose utilization, as a share of
// what is requested, a HorizontalPodAutoscaler scales a workload: the label metric_name is cpu or
// memory. If nothing says what an autoscaler looks at, it is CPU.
func Autoscaled() string {
	const (
		by     = `by (cluster, namespace, horizontalpodautoscaler`
		on     = `on (cluster, namespace, horizontalpodautoscaler) `
		target = `kube_horizontalpodautoscaler_spec_target_metric`
		info   = `group ` + by + `, scaletargetref_kind, scaletargetref_name) ` +
			`(kube_horizontalpodautoscaler_info)`
	)
	return `group by (cluster, namespace, scaletargetref_kind, scaletargetref_name, metric_name)` +
		` (group ` + by + `, metric_name) (` + target + `{metric_target_type="utilization"}) * ` +
		on +
		`group_left (scaletargetref_kind, scaletargetref_name) ` + info +
		` or label_replace(` + info + ` unless ` + on + target + `, "metric_name", "cpu", "", ""))`
}

// Requested returns the query of what the containers of running pods request of a resource, cpu or
// memory.
func Requested(resource string) string { return inForce("requests", resource) }

// Limited returns the query of the limits that the containers of running pods have for a resource.
func Limited(resource string) string { return inForce("limits", resource) }

// inForce prefers the status of a container: a resize in place may still be waiting.
func inForce(what, resource string) string {
	return ofRunning(`max ` + eachContainer + ` (kube_pod_container_status_resource_` + what +
		`{resource="` + resource + `"} > 0) or ` + fromSpec(what, resource))
}

// Sized returns a query with one series for each container of running pods that has requests or
// limits.
func Sized() string {
	return ofRunning(`group ` + eachContainer + ` (` + either("", "resource_requests", "") +
		` or ` + either("", "resource_limits", "") + `)`)
}

// Sidecars returns a query with one series for each native sidecar that has requests or limits.
func Sidecars() string {
	return ofRunning(`group ` + eachContainer + ` (kube_pod_init_container_resource_requests or ` +
		`kube_pod_init_container_resource_limits)`)
}

// Values of OOMKills.
const (
	Unexplained = 0 // it restarted, and nothing says why
	KilledOnce  = 1 // it was killed and not started again, in this step or before
	KilledNow   = 2 // it, or a process in it, was killed in this step
)

// OOMKills returns a query with a series where a container, or a process in it, was OOM-killed
// within $__interval, or may have been. A container that was killed and not started again counts as
// long as its pod exists.
func OOMKills() string {
	const total, reason = "status_restarts_total", "status_last_terminated_reason"
	now := `max ` + eachPodsContainer + ` (` + either("", total, "") + `)`
	before := `max ` + eachPodsContainer + ` (` + either("", total, " offset $__interval") + `)`
	restarted := `(` + now + ` > 0 unless ` + now + ` <= ` + before + `)`
	why := func(of string) string {
		return `group ` + eachPodsContainer + ` (` + either("max_over_time(", reason,
			of+`[$__interval]) == 1`) + `)`
	}
	const workers = `container_oom_events_total{` + containers + `}`
	return `2 * group ` + eachContainer + ` (` + restarted + ` and ` + why(`{reason="OOMKilled"}`) +
		` or (` + workers + ` > 0 unless ` + workers + ` <= ` + workers + ` offset $__interval))` +
		` or group ` + eachContainer + ` (` + either("max_over_time(", "status_terminated_reason",
		`{reason="OOMKilled"}[$__interval]) == 1`) + `)` +
		` or 0 * group ` + eachContainer + ` (` + restarted + ` unless ` + why("") + `)`
}
