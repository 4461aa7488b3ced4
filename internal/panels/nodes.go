package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// disks selects the filesystems that a machine keeps data on: not those in memory, of images, or of another machine; not the small
// ones of the boot loader and the system; not what the kubelet and the container runtime mount for pods, which the panel pvc has.
const disks = `fstype!~"tmpfs|ramfs|devtmpfs|overlay|squashfs|erofs|iso9660|nsfs|autofs|fuse.*|nfs.*|cifs|9p",` +
	`mountpoint!~"/(boot|run|snap|etc|dev|proc|sys)(/.*)?|/var/lib/(docker|containerd|containers|kubelet)/.+"`

// cards selects the network cards that a machine talks to others by: not loopback, not the pods' ends of the container networks, and
// not bonds, VLANs and tunnels, whose bytes the card below them has counted already.
const cards = `device!~"lo|veth.*|cali.*|cilium.*|lxc.*|eni.+|azv.*|gke.*|cni.*|docker.*|br-.*|flannel.*|tunl.*|ifb.*|kube-ipvs.*|` +
	`nodelocaldns|bond.*|team.*|dummy.*|vxlan.*|wg.*|.+[.][0-9]+"`

const (
	hintExporter = "node_exporter brings it: prometheus-node-exporter in both Helm charts (prometheus-node-exporter.enabled in the community's prometheus, nodeExporter.enabled in kube-prometheus-stack)."
	hintKSM      = "kube-state-metrics brings it: kube-state-metrics.enabled in the community's Helm chart, kubeStateMetrics.enabled in kube-prometheus-stack."
)

func nodeMemory() snapshot.Spec {
	return snapshot.Spec{
		Name:    "node-memory",
		Title:   "Memory of nodes",
		Section: sectionNodes,
		Query: `1 - max by (cluster, instance) (node_memory_MemAvailable_bytes)` +
			` / max by (cluster, instance) (node_memory_MemTotal_bytes)`,
		Unit:     units.PercentUnit,
		Legend:   "{{node}}",
		Subject:  "memory",
		Capacity: &snapshot.Capacity{Query: `max by (cluster, instance) (node_memory_MemTotal_bytes)`, Unit: units.Bytes},
		Detail: &snapshot.Detail{
			Query:  topPods(`container_memory_working_set_bytes{` + containers + `}`),
			Legend: "{{namespace}}/{{pod}}",
			Unit:   units.Bytes,
		},
		Rules: []rules.Rule{{
			Name: "NodeMemoryHigh", Warning: rules.At(0.80), Critical: rules.At(0.90), For: 15 * time.Minute,
		}},
		Why: "MemAvailable is the kernel's own estimate of what it can still give without swapping; the rest is in use." +
			" MemFree and Active are no measure of that: page cache, which the kernel gives back when it is asked, makes a healthy node look full.",
		Hint: hintExporter,
	}
}

func nodeCPU() snapshot.Spec {
	return snapshot.Spec{
		Name:    "node-cpu",
		Title:   "CPU of nodes",
		Section: sectionNodes,
		Query: `1 - avg by (cluster, instance) (sum without (mode)` +
			` (rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[$__rate_interval])))`,
		Unit:    units.PercentUnit,
		Legend:  "{{node}}",
		Subject: "CPU",
		Capacity: &snapshot.Capacity{
			Query: `count by (cluster, instance) (group by (cluster, instance, cpu) (node_cpu_seconds_total{mode="idle"}))`,
			Unit:  units.Cores,
		},
		Detail: &snapshot.Detail{
			Query:  topPods(`rate(container_cpu_usage_seconds_total{` + containers + `}[$__rate_interval])`),
			Legend: "{{namespace}}/{{pod}}",
			Unit:   units.Cores,
		},
		Rules: []rules.Rule{{
			Name: "NodeCPUHigh", Warning: rules.At(0.80), Critical: rules.At(0.95), For: 30 * time.Minute,
		}},
		Why: "The share of CPU time in which the cores did work of this machine. iowait is waiting for a disk and steal is time that the hypervisor gave to others:" +
			" a node in which only these are high is slow, but not busy, and 100 % minus idle alone would count them.",
		Hint: hintExporter,
	}
}

func nodeDisk() snapshot.Spec {
	return snapshot.Spec{
		Name:    "node-disk",
		Title:   "Disks of nodes",
		Section: sectionNodes,
		Query: `max by (cluster, instance, device) ((1 - node_filesystem_avail_bytes{` + disks + `} / node_filesystem_size_bytes{` + disks + `})` +
			` unless node_filesystem_readonly == 1)`,
		Unit:    units.PercentUnit,
		Legend:  "{{node}} {{device}}",
		Subject: "disk",
		Capacity: &snapshot.Capacity{
			Query: `max by (cluster, instance, device) (node_filesystem_size_bytes{` + disks + `} unless node_filesystem_readonly == 1)`,
			Unit:  units.Bytes,
		},
		Rules: []rules.Rule{{
			Name: "NodeDiskHigh", Warning: rules.At(0.80), Critical: rules.At(0.88), For: 15 * time.Minute,
		}},
		Why: "avail and not free: what is free for root alone helps no pod. By device, because some systems mount one disk in five places; read-only images are always full and left out." +
			" The kubelet begins to delete images at 85 % and to evict pods at 90 %, and the limits stand before both.",
		Hint: hintExporter + " In a container it must see the host's root filesystem (prometheus-node-exporter.hostRootFsMount.enabled, on by default).",
	}
}

func nodeInodes() snapshot.Spec {
	return snapshot.Spec{
		Name:    "node-inodes",
		Title:   "Inodes of nodes' disks",
		Section: sectionNodes,
		Query: `max by (cluster, instance, device) ((1 - node_filesystem_files_free{` + disks + `} / (node_filesystem_files{` + disks + `} > 0))` +
			` unless node_filesystem_readonly == 1)`,
		Unit:    units.PercentUnit,
		Legend:  "{{node}} {{device}}",
		Subject: "inodes",
		Capacity: &snapshot.Capacity{
			Query: `max by (cluster, instance, device) ((node_filesystem_files{` + disks + `} > 0) unless node_filesystem_readonly == 1)`,
			Unit:  units.Short,
		},
		Rules: []rules.Rule{{
			Name: "NodeInodesHigh", Warning: rules.At(0.85), Critical: rules.At(0.92), For: 15 * time.Minute,
		}},
		Why: "A disk of many small files is full when its inodes are, whatever its bytes say: writing fails with “no space left on device” all the same." +
			" Filesystems that make inodes as they need them report none and are left out.",
		Hint: hintExporter,
	}
}

// nodeConditions says NotReady where the node's condition Ready is not true, so that a name and the figure 1 read as what is wrong.
// Some providers add conditions such as KernelReady, which are good news when true as Ready is. No answer of kube-state-metrics for a
// node that it knew means that the node was deleted.
func nodeConditions() snapshot.Spec {
	return snapshot.Spec{
		Name:    "node-conditions",
		Kind:    snapshot.Heatmap,
		Top:     16, // most rows have nothing to say
		Title:   "Conditions of nodes",
		Section: sectionNodes,
		Query: `max by (cluster, node, condition) (` +
			`label_replace(max_over_time(kube_node_status_condition{condition=~".*Ready",status=~"false|unknown"}[$__interval]),` +
			` "condition", "Not$1", "condition", "(.*)")` +
			` or max_over_time(kube_node_status_condition{condition!~".*Ready",status="true"}[$__interval]))`,
		Unit:    units.Short,
		Legend:  "{{node}} {{condition}}",
		Subject: "condition",
		Rules: []rules.Rule{{
			Name: "NodeCondition", Critical: rules.At(0), For: 5 * time.Minute, NoData: rules.ResolveOnNoData, Condition: true,
		}},
		Why: "What the kubelet and the control plane themselves say of a node; 1 is the condition that is wrong. “unknown” counts as not ready: it is what a node is called" +
			" that no longer answers. Five minutes is when Kubernetes begins to move its pods elsewhere.",
		Hint: hintKSM,
	}
}

func nodeNetwork() snapshot.Spec {
	return snapshot.Spec{
		Name:    "node-network",
		Kind:    snapshot.Area,
		Title:   "Network traffic of nodes",
		Section: sectionNodes,
		Query: `sum by (cluster, instance) (` +
			`max by (cluster, instance, device) (rate(node_network_receive_bytes_total{` + cards + `}[$__rate_interval]))` +
			` + max by (cluster, instance, device) (rate(node_network_transmit_bytes_total{` + cards + `}[$__rate_interval])))`,
		Unit:    units.BytesPerSecond,
		Legend:  "{{node}}",
		Subject: "network traffic",
		Why: "Bytes received and sent by the cards of the machine; the pods' virtual devices would count the same bytes again." +
			" There is no limit, because the speed that a virtual card names is not what a cloud grants.",
		Hint: hintExporter,
	}
}

// nodeNetworkErrors fires after half an hour and not a whole one, which a report of one hour could never see.
func nodeNetworkErrors() snapshot.Spec {
	sum := func(what string) string {
		return `sum by (cluster, instance) (rate(node_network_receive_` + what + `_total{` + cards + `}[$__rate_interval])` +
			` + rate(node_network_transmit_` + what + `_total{` + cards + `}[$__rate_interval]))`
	}
	return snapshot.Spec{
		Name:    "node-network-errors",
		Title:   "Network errors of nodes",
		Section: sectionNodes,
		Query:   sum("errs") + " / " + sum("packets"),
		Unit:    units.PercentUnit,
		Legend:  "{{node}}",
		Subject: "network errors",
		Rules:   []rules.Rule{{Name: "NodeNetworkErrors", Warning: rules.At(0.01), For: 30 * time.Minute}},
		Why: "Errors as a share of all packets, since ten errors a second are nothing on a busy card and a broken cable on a quiet one." +
			" Errors and not drops: a host drops packets that nobody on it listens to, and is well.",
		Hint: hintExporter,
	}
}

func nodePressure() snapshot.Spec {
	return snapshot.Spec{
		Name:     "node-pressure",
		Title:    "Memory pressure of nodes",
		Section:  sectionNodes,
		Query:    `max by (cluster, instance) (rate(node_pressure_memory_waiting_seconds_total[$__rate_interval]))`,
		Unit:     units.PercentUnit,
		Legend:   "{{node}}",
		Subject:  "memory pressure",
		Optional: true,
		Why: "The share of time in which some task stood still because it waited for memory: a node may be 90 % full and well, or 80 % full and suffer, and this tells them apart." +
			" There is no limit, because what is much depends on the workload.",
		Hint: "node_exporter's pressure collector brings it (on by default), on kernels from 4.20 that have pressure stall information switched on (psi=1).",
	}
}

// requested is the share of what a node can give to pods that its pods have asked for. Requests of finished pods stay in
// kube-state-metrics until the pod is deleted, but bind nothing any more, hence the phase. An init container counts where it runs while
// its pod does: then it is a native sidecar. Requests of a pod as a whole (Kubernetes 1.34) stand for those of its containers.
func requested(resource string) string {
	const each = `max by (cluster, node, namespace, pod, container) `
	asked := func(metric string) string { return metric + `{resource="` + resource + `",node!=""}` }
	return `sum by (cluster, node) (` +
		`((` + each + `(` + asked("kube_pod_container_resource_requests") + `)` +
		` or ` + each + `(` + asked("kube_pod_init_container_resource_requests") + `)` +
		` and ` + onContainer + ` (kube_pod_init_container_status_running == 1)` +
		` and ` + onPod + ` (kube_pod_status_phase{phase="Running"} == 1))` +
		` unless ` + onPod + ` ` + asked("kube_pod_spec_resource_requests") +
		` or max by (cluster, node, namespace, pod) (` + asked("kube_pod_spec_resource_requests") + `))` +
		` * ` + onPod + ` group_left ()` +
		` max ` + eachPod + ` (kube_pod_status_phase{phase=~"Pending|Running"} == 1))` +
		` / ` + allocatable(resource)
}

// requestMetrics are those that the requests of nodes cannot do without.
func requestMetrics() []string {
	return []string{"kube_pod_container_resource_requests", "kube_pod_status_phase", "kube_node_status_allocatable"}
}

func allocatable(resource string) string {
	return `max by (cluster, node) (kube_node_status_allocatable{resource="` + resource + `"})`
}

const whyRequested = " Allocatable and not capacity, because the system's own share is not for pods; finished pods are left out, though their requests are still reported."

func nodeRequests() snapshot.Spec {
	return snapshot.Spec{
		Name:     "node-requests",
		Kind:     snapshot.Bars,
		Title:    "Memory requested on nodes",
		Section:  sectionNodes,
		Query:    requested("memory"),
		Needs:    requestMetrics(),
		Unit:     units.PercentUnit,
		Legend:   "{{node}}",
		Subject:  "memory requests",
		Capacity: &snapshot.Capacity{Query: allocatable("memory"), Unit: units.Bytes},
		Rules: []rules.Rule{{
			Name: "NodeMemoryRequestsHigh", Warning: rules.At(0.90), For: 30 * time.Minute, NoData: rules.ResolveOnNoData,
		}},
		Why:  "The scheduler places pods by what they request, not by what they use: a node whose requests are full takes no more pods, however idle it is." + whyRequested,
		Hint: hintKSM,
	}
}

func nodeRequestsCPU() snapshot.Spec {
	return snapshot.Spec{
		Name:     "node-requests-cpu",
		Kind:     snapshot.Bars,
		Title:    "CPU requested on nodes",
		Section:  sectionNodes,
		Query:    requested("cpu"),
		Needs:    requestMetrics(),
		Unit:     units.PercentUnit,
		Legend:   "{{node}}",
		Subject:  "CPU requests",
		Capacity: &snapshot.Capacity{Query: allocatable("cpu"), Unit: units.Cores},
		Rules: []rules.Rule{{
			Name: "NodeCPURequestsHigh", Warning: rules.At(0.90), For: 30 * time.Minute, NoData: rules.ResolveOnNoData,
		}},
		Why:  "As for memory: pods stay Pending when no node has enough CPU left to request, even where all nodes are idle." + whyRequested,
		Hint: hintKSM,
	}
}

// topPods is the three pods that use most of a node, by what its containers use. kube_pod_info knows which pods are on it: cAdvisor's own
// labels name the node differently under each chart.
func topPods(used string) string {
	return `topk(3, sum by (cluster, namespace, pod) (max by (cluster, namespace, pod, container) (` + used + `))` +
		` and on (cluster, namespace, pod) kube_pod_info{cluster="{{cluster}}",node="{{node}}"})`
}
