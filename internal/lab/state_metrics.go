package lab

import "strings"

// state returns a metric of kube-state-metrics. expose walks the objects for each instance.
func state(kind, name, help string, expose func(emit emitter)) metric {
	return metric{
		name: name, kind: kind, help: help, from: stateMetrics,
		expose: func(_ *target, emit emitter) { expose(emit) },
	}
}

// stateOfNodes returns kube_node_*.
func stateOfNodes(c *cluster) []metric {
	resources := func(name, help string, memory, cores func(n *node) float64) metric {
		return state(gauge, name, help, func(emit emitter) {
			for _, n := range c.nodes {
				emit(always(), constant(memory(n)), "node", n.name, "resource", "memory", "unit",
					"byte")
				emit(always(), constant(cores(n)), "node", n.name, "resource", "cpu", "unit",
					"core")
				emit(always(), constant(58), "node", n.name, "resource", "pods", "unit", "integer")
				emit(always(), constant(n.disk), "node", n.name, "resource", "ephemeral_storage",
					"unit", "byte")
			}
		})
	}
	return []metric{
		state(gauge, "kube_node_info", "Information about a cluster node.", func(emit emitter) {
			for _, n := range c.nodes {
				emit(always(), constant(1), "node", n.name, "internal_ip", n.ip, "kernel_version",
					"6.1.141-155.222.amzn2023.x86_64", "os_image", "Amazon Linux 2023.8",
					"container_runtime_version", "containerd://1.7.27", "kubelet_version",
					"v1.33.3-eks", "kubeproxy_version", "v1.33.3-eks",
					"provider_id", "aws:///"+n.zone+"/i-"+strings.ReplaceAll(uuid(n.seed), "-",
						"")[:17], "system_uuid", uuid(n.seed+2))
			}
		}),
		resources("kube_node_status_capacity",
			"The total amount of resources available for a node.", func(n *node) float64 {
				return n.memory
			}, func(n *node) float64 { return float64(n.cores) }),
		resources("kube_node_status_allocatable", "The amount of resources allocatable for pods "+
			"(after reserving some for system daemons).", (*node).allocatableMemory,
			(*node).allocatableCores),
		state(gauge, "kube_node_status_condition", "The condition of a cluster node.",
			func(emit emitter) { nodeConditions(c, emit) }),
		state(gauge, "kube_node_spec_unschedulable", "Whether a node can schedule new pods.",
			func(emit emitter) {
				for _, n := range c.nodes {
					emit(always(), flag(n.cordoned.contains), "node", n.name)
				}
			}),
		state(gauge, "kube_node_created", "Unix creation timestamp.", func(emit emitter) {
			for _, n := range c.nodes {
				emit(always(), constant(float64(c.before(90*day)/1000)), "node", n.name)
			}
		}),
	}
}

// nodeConditions emits the conditions of nodes. They become unknown if a kubelet is silent for 40
// s.
func nodeConditions(c *cluster, emit emitter) {
	for _, n := range c.nodes {
		gone := func(t int64) bool { return !n.up.contains(t) && !n.up.contains(t-40*second) }
		for _, condition := range []string{
			"Ready", "MemoryPressure", "DiskPressure", "PIDPressure",
		} {
			status := func(t int64) string {
				switch {
				case gone(t):
					return "unknown"
				case condition == "Ready" && !n.notReady.contains(t):
					return "true"
				}
				return "false"
			}
			for _, s := range []string{"true", "false", "unknown"} {
				emit(always(), flag(func(t int64) bool {
					return status(t) == s
				}), "node", n.name, "condition", condition, "status", s)
			}
		}
	}
}

// stateOfPods returns kube_pod_* without the metrics of containers.
func stateOfPods(c *cluster) []metric {
	perPod := func(name, help string,
		expose func(p *pod, emit func(v sampler, more ...string))) metric {
		return state(gauge, name, help, func(emit emitter) {
			for _, p := range c.pods {
				expose(p, func(v sampler, more ...string) {
					emit(p.object, v, append([]string{
						"namespace", p.namespace, "pod", p.name, "uid", p.uid,
					}, more...)...)
				})
			}
		})
	}
	created := func(p *pod) float64 {
		if begin := p.object.first(); begin != ever {
			return float64(begin / 1000)
		}
		return float64((c.before(20*day) - int64(p.seed%uint64(15*day))) / 1000)
	}
	return []metric{
		perPod("kube_pod_info", "Information about pod.",
			func(p *pod, emit func(sampler, ...string)) {
				network := "false"
				if p.hostNetwork {
					network = "true"
				}
				emit(constant(1), "node", p.node.name, "host_ip", p.node.ip, "pod_ip", p.ip,
					"host_network", network, "created_by_kind", p.ownerKind, "created_by_name",
					p.owner)
			}),
		perPod("kube_pod_owner", "Information about the Pod's owner.",
			func(p *pod, emit func(sampler, ...string)) {
				emit(constant(1), "owner_kind", p.ownerKind, "owner_name", p.owner,
					"owner_is_controller", "true")
			}),
		perPod("kube_pod_status_phase", "The pods current phase.",
			func(p *pod, emit func(sampler, ...string)) {
				for _, phase := range []string{
					"Pending", "Succeeded", "Failed", "Unknown", "Running",
				} {
					emit(flag(func(t int64) bool { return p.phase(t) == phase }), "phase", phase)
				}
			}),
		perPod("kube_pod_created", "Unix creation timestamp",
			func(p *pod, emit func(sampler, ...string)) { emit(constant(created(p))) }),
		perPod("kube_pod_start_time", "Start time in unix timestamp for a pod.",
			func(p *pod, emit func(sampler, ...string)) { emit(constant(created(p) + 2)) }),
	}
}

// stateOfContainers returns kube_pod_container_* and kube_pod_init_container_*. Native sidecars are
// init containers.
func stateOfContainers(c *cluster) []metric {
	per := func(kind, name, help string, sidecars bool,
		expose func(p *pod, x *container, emit emitter)) metric {
		return state(kind, name, help, func(emit emitter) {
			for _, p := range c.pods {
				for _, x := range p.containers {
					if x.sidecar != sidecars {
						continue
					}
					expose(p, x, func(alive spans, v sampler, more ...string) {
						emit(p.object.and(alive), v, append([]string{
							"namespace", p.namespace, "pod", p.name, "uid", p.uid, "container",
							x.name,
						}, more...)...)
					})
				}
			}
		})
	}
	resources := func(name, help string, sidecars bool, memory,
		cores func(x *container) float64) metric {
		return per(gauge, name, help, sidecars, func(p *pod, x *container, emit emitter) {
			if v := memory(x); v > 0 {
				emit(always(), constant(v), "node", p.node.name, "resource", "memory", "unit",
					"byte")
			}
			if v := cores(x); v > 0 {
				emit(always(), constant(v), "node", p.node.name, "resource", "cpu", "unit", "core")
			}
		})
	}
	requestMem := func(x *container) float64 { return x.requestMem }
	requestCPU := func(x *container) float64 { return x.requestCPU }
	limit := func(x *container) float64 { return x.limit }
	quota := func(x *container) float64 { return x.quota }
	restarts := func(name, help string, sidecars bool) metric {
		return per(counterKind, name, help, sidecars, func(_ *pod, x *container, emit emitter) {
			emit(always(), x.restartsAt)
		})
	}
	running := func(p *pod, _ *container, emit emitter) { emit(always(), flag(p.running.contains)) }
	return []metric{
		resources("kube_pod_container_resource_requests", "The number of requested request "+
			"resource by a container.", false, requestMem, requestCPU),
		resources("kube_pod_container_resource_limits", "The number of requested limit resource "+
			"by a container.", false, limit, quota),
		resources("kube_pod_init_container_resource_requests", "The number of requested request "+
			"resource by an init container.", true, requestMem, requestCPU),
		resources("kube_pod_init_container_resource_limits", "The number of requested limit "+
			"resource by an init container.", true, limit, quota),
		restarts("kube_pod_container_status_restarts_total",
			"The number of container restarts per container.", false),
		restarts("kube_pod_init_container_status_restarts_total", "The number of restarts for "+
			"the init container.", true),
		per(gauge, "kube_pod_container_status_running", "Describes whether the container is "+
			"currently in running state.", false, running),
		per(gauge, "kube_pod_container_status_ready", "Describes whether the containers "+
			"readiness check succeeded.", false, running),
		per(gauge, "kube_pod_container_status_terminated_reason", "Describes the reason the "+
			"container is currently in terminated state.", false,
			func(p *pod, x *container, emit emitter) {
				if x.killed != "" {
					emit(since(p.running[0].to), constant(1), "reason", x.killed)
				}
			}),
		per(gauge, "kube_pod_container_status_last_terminated_reason", "Describes the last "+
			"reason the container was in terminated state.", false,
			func(_ *pod, x *container, emit emitter) {
				switch {
				case x.saw != nil:
					emit(since(x.saw.first+x.saw.period), constant(1), "reason", "OOMKilled")
				case x.restarts > 0:
					emit(always(), constant(1), "reason", "Error")
				}
			}),
		per(gauge, "kube_pod_container_info", "Information about a container in a pod.", false,
			func(_ *pod, x *container, emit emitter) {
				emit(always(), constant(1), "image", x.image, "image_spec", x.image, "container_id",
					"containerd://"+uuid(x.seed))
			}),
	}
}

// stateOfWorkloads returns the metrics of Deployments, StatefulSets and DaemonSets. Each rollout
// and each change of the replicas makes a new generation.
func stateOfWorkloads(c *cluster) []metric {
	per := func(kind, name, help string, value func(w *workload, t int64) float64) metric {
		return state(gauge, name, help, func(emit emitter) {
			for i := range c.workloads {
				if w := &c.workloads[i]; w.kind == kind {
					emit(always(), func(t int64) float64 { return value(w, t) },
						"namespace", w.namespace, strings.ToLower(kind), w.name)
				}
			}
		})
	}
	changed := func(ago, t int64) float64 {
		if ago > 0 && t >= c.before(ago) {
			return 1
		}
		return 0
	}
	replicas := func(w *workload, t int64) float64 {
		n := float64(w.replicas)
		if w.scaled > 0 {
			n += changed(w.scaled, t) - 1
		}
		return n
	}
	generation := func(w *workload, t int64) float64 {
		n := 7 + changed(w.rolled, t) + changed(w.scaled, t)
		for _, r := range w.released {
			n += changed(r.ago, t) - 1
		}
		return n
	}
	created := func(w *workload, _ int64) float64 {
		if w.created > 0 {
			return float64(c.before(w.created) / 1000)
		}
		return float64((c.before(60*day) - int64(hash(c.seed, w.namespace, w.name)%uint64(day))) /
			1000)
	}
	all := []metric{
		per("Deployment", "kube_deployment_spec_replicas", "Number of desired pods for a "+
			"deployment.", replicas),
		per("StatefulSet", "kube_statefulset_replicas", "Number of desired pods for a "+
			"StatefulSet.", replicas),
	}
	for _, kind := range []string{"Deployment", "StatefulSet", "DaemonSet"} {
		name := "kube_" + strings.ToLower(kind)
		all = append(all,
			per(kind, name+"_metadata_generation", "Sequence number representing a specific "+
				"generation of the desired state.", generation),
			per(kind, name+"_created", "Unix creation timestamp", created))
	}
	return all
}

// stateOfOwners returns the metrics that lead from a pod to its workload and its volume.
func stateOfOwners(c *cluster) []metric {
	// owners calls each once for every owner of a kind, with the times in which it had pods.
	owners := func(kind string, each func(p *pod)) {
		seen := map[string]bool{}
		for _, p := range c.pods {
			if key := p.namespace + "/" + p.owner; p.ownerKind == kind && !seen[key] {
				seen[key] = true
				each(p)
			}
		}
	}
	perClaim := func(name, help string, value func(x *claim) float64,
		more func(x *claim) []string) metric {
		return state(gauge, name, help, func(emit emitter) {
			for _, x := range c.claims {
				emit(x.pod.object, constant(value(x)),
					append([]string{"namespace", x.namespace, "persistentvolumeclaim", x.name},
						more(x)...)...)
			}
		})
	}
	one := func(*claim) float64 { return 1 }
	return []metric{
		state(gauge, "kube_replicaset_owner", "Information about the ReplicaSet's owner.",
			func(emit emitter) {
				owners("ReplicaSet", func(p *pod) {
					deployment := p.owner[:strings.LastIndexByte(p.owner, '-')]
					emit(p.object, constant(1), "namespace", p.namespace, "replicaset", p.owner,
						"owner_kind", "Deployment", "owner_name", deployment, "owner_is_controller",
						"true")
				})
			}),
		state(gauge, "kube_job_owner", "Information about the Job's owner.", func(emit emitter) {
			owners("Job", func(p *pod) {
				emit(p.object, constant(1), "namespace", p.namespace, "job_name", p.owner,
					"owner_kind", "CronJob", "owner_name", "nightly-export", "owner_is_controller",
					"true")
			})
		}),
		perClaim("kube_persistentvolumeclaim_info", "Information about persistent volume claim.",
			one, func(x *claim) []string {
				return []string{"storageclass", "gp3", "volumename", x.volume}
			}),
		perClaim("kube_persistentvolumeclaim_resource_requests_storage_bytes",
			"The capacity of storage requested by the persistent volume claim.",
			func(x *claim) float64 { return x.size }, func(*claim) []string { return nil }),
		perClaim("kube_persistentvolumeclaim_status_phase", "The phase the persistent volume "+
			"claim is currently in.", one, func(*claim) []string {
			return []string{"phase", "Bound"}
		}),
		state(gauge, "kube_cronjob_created", "Unix creation timestamp", func(emit emitter) {
			emit(always(), constant(float64(c.before(60*day)/1000)), "namespace", "batch",
				"cronjob", "nightly-export")
		}),
		state(gauge, "kube_cronjob_status_last_successful_time", "LastSuccessfulTime keeps "+
			"information of when was the last time the job was completed successfully.",
			func(emit emitter) {
				begin := c.before(4*hour - 25*minute)
				emit(always(), func(t int64) float64 {
					return float64((floorDiv(t-begin, day)*day + begin) / 1000)
				}, "namespace", "batch", "cronjob", "nightly-export")
			}),
	}
}
