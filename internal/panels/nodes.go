package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// cards selects the network cards that a machine talks to others by: not loopback, not the pods'
// ends and the bridges of container networks and virtual machines, and no tunnels, whose bytes the
// card below them has counted already.
const cards = `device!~"lo|veth.*|cali.*|cilium.*|lxc.*|eni.+|azv.*|gke.*|cni.*|cbr.*|docker.*|nerdctl.*|podman.*|br-.*|flannel.*|tunl.*|sit.*|gre.*|erspan.*|` +
	`ip6?_?vti.*|ip6tnl.*|ip6gre.*|ifb.*|kube-.*|nodelocaldns|dummy.*|vxlan.*|vxlan_sys.*|geneve?_?.*|antrea-.*|ovs-.*|ovn-.*|weave|vethwe-.*|datapath|` +
	`wg.*|tailscale.*|zt.*|tun.*|tap.*|virbr.*|vnet.*|fwbr.*|fwpr.*|fwln.*|vmbr.*|lxdbr.*|incusbr.*|macvlan.*|ipvlan.*"`

// stacked are the devices that stand upon others or below them, where the exporter says no more
// than their names: bonds, bridges, VLANs, and the virtual functions that Azure puts below its
// cards.
const stacked = `device!~"bond.*|team.*|br[0-9]+|.+[.][0-9]+|vlan.*|enP[0-9]+s[0-9]+|enP[0-9]{3,}.*|.+nsby"`

const (
	hintExporter = "node_exporter brings it: prometheus-node-exporter in both Helm charts " +
		"(prometheus-node-exporter.enabled in the community's prometheus, nodeExporter.enabled " +
		"in kube-prometheus-stack)."
	hintKSM = "kube-state-metrics brings it: kube-state-metrics.enabled in the community's Helm " +
		"chart, kubeStateMetrics.enabled in kube-prometheus-stack."
)

// memoryForAll is the memory of a node without its huge pages, which nobody has who does not ask
// for them. Hugetlb has those of all sizes; older kernels tell of one size.
const memoryForAll = `max by (cluster, instance) (node_memory_MemTotal_bytes) - (max by (cluster, instance) (node_memory_Hugetlb_bytes)` +
	` or max by (cluster, instance) (node_memory_HugePages_Total) * max by (cluster, instance) (node_memory_Hugepagesize_bytes))` +
	` or max by (cluster, instance) (node_memory_MemTotal_bytes)`

// memoryAvailable is what the kernel can still give, together with what the cache of ZFS can: the
// kernel does not count it as cache. Where the cache is larger than all that is in use, it is that
// of the host around the container that the exporter runs in.
const memoryAvailable = `max by (cluster, instance) (node_memory_MemAvailable_bytes)` +
	` + (clamp_min(max by (cluster, instance) (node_zfs_arc_size) - max by (cluster, instance) (node_zfs_arc_c_min), 0)` +
	` < max by (cluster, instance) (node_memory_MemTotal_bytes) - max by (cluster, instance) (node_memory_MemAvailable_bytes))` +
	` or max by (cluster, instance) (node_memory_MemAvailable_bytes)`

func nodeMemory() panel.Spec {
	return panel.Spec{
		Name:    "node-memory",
		Title:   "Memory of nodes",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr:   `1 - clamp_max((` + memoryAvailable + `) / (` + memoryForAll + `), 1)`,
			Unit:   units.PercentUnit,
			Legend: "{{node}}",
		}},
		Needs:    []string{"node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"},
		Measure:  panel.NodeMemory,
		Subject:  "memory",
		Capacity: &panel.Capacity{Query: memoryForAll, Unit: units.Bytes},
		Detail: &panel.Detail{
			Query:  topPods(`container_memory_working_set_bytes{` + containers + `}`),
			Legend: "{{namespace}}/{{pod}}",
			Unit:   units.Bytes,
		},
		Rules: []rules.Rule{{
			Name: "NodeMemoryHigh", Warning: rules.At(0.80), Critical: rules.At(0.90),
			For: 15 * time.Minute,
		}},
		Why: "MemAvailable is the kernel's own estimate of what it can still give without " +
			"swapping; the rest is in use." +
			" Page cache, which the kernel gives back when it is asked, makes a healthy node " +
			"look full by MemFree or Active. Huge pages are set apart for those who ask for " +
			"them, and are in neither figure; what the cache of ZFS can give back counts as " +
			"available.",
		Hint: hintExporter,
	}
}

// cpuIdle divides the time that the cores had for nothing by the time that one core had for
// everything: a window that is filled in part, as at a restart of the exporter and at a gap, has
// less of both. 1 - rate(idle) would call what is missing work. One core is enough for that time,
// and all modes of all cores would be three times as many series. The label is empty where the
// cores were summed up before.
func cpuIdle() string {
	const waiting = `mode=~"iowait|steal"`
	// iowait and steal step back at times, which rate() takes for a counter that began anew: it
	// would add all that was counted before.
	spent := func(cpu, mode string) string {
		const each = `[$__rate_interval])`
		return `rate(node_cpu_seconds_total{` + cpu + mode + `}` + each +
			` or rate(node_cpu_seconds_total{` + cpu + waiting + `}` + each +
			` unless resets(node_cpu_seconds_total{` + cpu + waiting + `}` + each + ` > 0`
	}
	return `avg by (cluster, instance) (sum without (mode) (` + spent(``, `mode="idle"`) + `))` +
		` / max by (cluster, instance) (sum without (mode) (` +
		spent(`cpu=~"|0",`, `mode!~"iowait|steal"`) + `))`
}

func nodeCPU() panel.Spec {
	return panel.Spec{
		Name:    "node-cpu",
		Title:   "CPU of nodes",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr:   `1 - clamp_max(` + cpuIdle() + `, 1)`,
			Unit:   units.PercentUnit,
			Legend: "{{node}}",
		}},
		Measure: panel.NodeCPU,
		Subject: "CPU",
		Capacity: &panel.Capacity{
			Query: `count by (cluster, instance) (group by (cluster, instance, cpu) (node_cpu_seconds_total{mode="idle",cpu!=""}))`,
			Unit:  units.Cores,
		},
		Detail: &panel.Detail{
			Query: topPods(`rate(container_cpu_usage_seconds_total{` + containers +
				`}[$__rate_interval])`),
			Legend: "{{namespace}}/{{pod}}",
			Unit:   units.Cores,
		},
		Rules: []rules.Rule{{
			Name: "NodeCPUHigh", Warning: rules.At(0.80), Critical: rules.At(0.95),
			For: 30 * time.Minute,
		}},
		Why: "The share of CPU time in which the cores did work of this machine. iowait is " +
			"waiting for a disk and steal is time that the hypervisor gave to others:" +
			" a node in which only these are high is slow, but not busy, and 100 % minus idle " +
			"alone would count them.",
		Hint: hintExporter,
	}
}

// nodeConditions says NotReady where the node's condition Ready is not true, so that a name and the
// figure 1 read as what is wrong. Every node has that row; of the other conditions, those alone
// that were wrong at some time of the range, with all of their samples: a healthy cluster of 5,000
// nodes has 5,000 series. No answer of kube-state-metrics for a node that it knew means that the
// node was deleted.
func nodeConditions() panel.Spec {
	const condition = `kube_node_status_condition{condition=~"`
	said := func(selector string) string { return `max_over_time(` + selector + `[$__interval])` }
	not := func(values string) string {
		return `label_replace(` + values + `, "condition", "Not$1", "condition", "(.*)")`
	}
	seen := func(selector string) string {
		return said(selector) + ` and on (cluster, node, condition) max_over_time(` + selector +
			`[$__range] @ end()) == 1`
	}
	return panel.Spec{
		Name:    "node-conditions",
		Kind:    panel.Heatmap,
		Top:     16, // most rows have nothing to say
		Title:   "Conditions of nodes",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr: `max by (cluster, node, condition) (` +
				not(said(`kube_node_status_condition{condition="Ready",status=~"false|unknown"}`)) +
				` or ` +
				not(seen(condition+panel.GoodConditions+
					`",condition!="Ready",status=~"false|unknown"}`)) +
				` or ` + seen(condition+panel.BadConditions+`",status="true"}`) + `)`,
			Unit:   units.Short,
			Legend: "{{node}} {{condition}}",
		}},
		Subject: "condition",
		Rules: []rules.Rule{{
			Name: "NodeCondition", Critical: rules.At(0), For: 5 * time.Minute,
			NoData:    rules.ResolveOnNoData,
			Condition: true, Flaps: true,
		}},
		Remarks: []panel.Remark{{
			Query: `count by (cluster, condition) (max by (cluster, node, condition) (kube_node_status_condition{condition!~"` +
				panel.GoodConditions + `|` + panel.BadConditions + `",status="true"}) == 1)`,
			Text: "not judged, because its meaning is not known: {{condition}} (nodes that have " +
				"it: {{value}})",
		}},
		Why: "What the kubelet and the control plane themselves say of a node; 1 is the " +
			"condition that is wrong. “unknown” counts as not ready: it is what a node is called" +
			" that no longer answers. Five minutes is when Kubernetes begins to move its pods " +
			"elsewhere. A condition whose meaning is not known is no fault.",
		Hint: hintKSM,
	}
}

// nodeNetwork counts each flow once. What carries another device's bytes has its address (the
// slaves of a bond, VLANs, a bridge over a card, the virtual function that Azure puts below eth0),
// and of those of one address the busiest has all. A device that is linked to another is the end of
// a pair or stands upon it. Where the exporter tells of no addresses, names must do.
func nodeNetwork() panel.Spec {
	const each = ` by (cluster, instance, device) `
	flow := func(matchers string) string {
		return `max` + each + `(rate(node_network_receive_bytes_total{` + matchers +
			`}[$__rate_interval])` +
			` + rate(node_network_transmit_bytes_total{` + matchers + `}[$__rate_interval]))`
	}
	return panel.Spec{
		Name:    "node-network",
		Kind:    panel.Area,
		Title:   "Network traffic of nodes",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr: `sum by (cluster, instance) (max by (cluster, instance, address) (` +
				`max by (cluster, instance, device, address) (node_network_info{` + cards +
				`,address!~"|[0:]+"})` +
				` * on (cluster, instance, device) group_left () (` + flow(cards) +
				` unless on (cluster, instance, device) (max` + each + `(node_network_iface_link{` +
				cards + `})` +
				` != max` + each + `(node_network_iface_id{` + cards + `})))))` +
				` or sum by (cluster, instance) (` + flow(cards+`,`+stacked) + `)`,
			Unit:   units.BytesPerSecond,
			Legend: "{{node}}",
		}},
		Needs:   []string{"node_network_receive_bytes_total", "node_network_transmit_bytes_total"},
		Subject: "network traffic",
		Why: "Bytes received and sent by the cards of the machine. Bridges, tunnels and the " +
			"pods' virtual devices would count the same bytes again, and of cards that share an " +
			"address, as a bond and its slaves do, the busiest has them all." +
			" There is no limit, because the speed that a virtual card reports is not your cloud " +
			"bandwidth.",
		Hint: hintExporter,
	}
}

// nodeNetworkErrors fires after half an hour and not a whole one, which a report of one hour could
// never see.
func nodeNetworkErrors() panel.Spec {
	sum := func(what string) string {
		return `sum by (cluster, instance) (rate(node_network_receive_` + what + `_total{` + cards +
			`,` + stacked + `}[$__rate_interval])` +
			` + rate(node_network_transmit_` + what + `_total{` + cards + `,` + stacked +
			`}[$__rate_interval]))`
	}
	return panel.Spec{
		Name:    "node-network-errors",
		Title:   "Network errors of nodes",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr:   sum("errs") + " / " + sum("packets"),
			Unit:   units.PercentUnit,
			Legend: "{{node}}",
		}},
		Subject: "network errors",
		Rules: []rules.Rule{
			{Name: "NodeNetworkErrors", Warning: rules.At(0.01), For: 30 * time.Minute},
		},
		Why: "Errors as a share of all packets, since ten errors a second are normal on a busy " +
			"card and a broken cable on a quiet one." +
			" Drops do not count: a healthy host drops packets that nobody on it listens for.",
		Hint: hintExporter,
	}
}

func nodePressure() panel.Spec {
	return panel.Spec{
		Name:    "node-pressure",
		Title:   "Memory pressure of nodes",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr:   `max by (cluster, instance) (rate(node_pressure_memory_waiting_seconds_total[$__rate_interval]))`,
			Unit:   units.PercentUnit,
			Legend: "{{node}}",
		}},
		Subject:  "memory pressure",
		Optional: true,
		Why: "The share of time in which some task stood still because it waited for memory: a " +
			"node may be 90 % full and well, or 80 % full and suffer, and this tells them apart." +
			" There is no limit, because what is much depends on the workload.",
		Hint: "node_exporter's pressure collector brings it (on by default), on kernels from " +
			"4.20 that have pressure stall information switched on (psi=1).",
	}
}

// requested is the share of what a node can give to pods that its pods have asked for. Requests of
// finished pods stay in kube-state-metrics until the pod is deleted, but bind nothing any more,
// hence the phase. An init container counts where it runs while its pod does: then it is a native
// sidecar. Requests of a pod as a whole (Kubernetes 1.34) stand for those of its containers.
func requested(resource string) string {
	const each = `max by (cluster, node, namespace, pod, container) `
	asked := func(metric string) string { return metric + `{resource="` + resource + `",node!=""}` }
	return `sum by (cluster, node) (` +
		`((` + each + `(` + asked("kube_pod_container_resource_requests") + `)` +
		` or ` + each + `(` + asked("kube_pod_init_container_resource_requests") + `)` +
		` and ` + onContainer + ` (kube_pod_init_container_status_running == 1)` +
		` and ` + onPod + ` (kube_pod_status_phase{phase="Running"} == 1))` +
		` unless ` + onPod + ` ` + asked("kube_pod_spec_resource_requests") +
		` or max by (cluster, node, namespace, pod) (` + asked("kube_pod_spec_resource_requests") +
		`))` +
		` * ` + onPod + ` group_left ()` +
		` max ` + eachPod + ` (kube_pod_status_phase{phase=~"Pending|Running"} == 1))` +
		` / ` + allocatable(resource)
}

// requestMetrics are those that the requests of nodes cannot do without.
func requestMetrics() []string {
	return []string{
		"kube_pod_container_resource_requests", "kube_pod_status_phase",
		"kube_node_status_allocatable",
	}
}

func allocatable(resource string) string {
	return `max by (cluster, node) (kube_node_status_allocatable{resource="` + resource + `"})`
}

const whyRequested = " Allocatable and not capacity, because the system's own share is not for " +
	"pods; finished pods are left out, though their requests are still reported."

func nodeRequests() panel.Spec {
	return panel.Spec{
		Name:    "node-requests",
		Kind:    panel.Bars,
		Title:   "Memory requested on nodes",
		Section: sectionNodes,
		Queries: []panel.Query{
			{Expr: requested("memory"), Unit: units.PercentUnit, Legend: "{{node}}"},
		},
		Needs:    requestMetrics(),
		Measure:  panel.NodeMemoryRequests,
		Subject:  "memory requests",
		Capacity: &panel.Capacity{Query: allocatable("memory"), Unit: units.Bytes},
		Rules: []rules.Rule{{
			Name: "NodeMemoryRequestsHigh", Warning: rules.At(0.90), For: 30 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Why: "The scheduler places pods by what they request, not by what they use: a node " +
			"whose requests are full takes no more pods, however idle it is." + whyRequested,
		Hint: hintKSM,
	}
}

func nodeRequestsCPU() panel.Spec {
	return panel.Spec{
		Name:    "node-requests-cpu",
		Kind:    panel.Bars,
		Title:   "CPU requested on nodes",
		Section: sectionNodes,
		Queries: []panel.Query{
			{Expr: requested("cpu"), Unit: units.PercentUnit, Legend: "{{node}}"},
		},
		Needs:    requestMetrics(),
		Measure:  panel.NodeCPURequests,
		Subject:  "CPU requests",
		Capacity: &panel.Capacity{Query: allocatable("cpu"), Unit: units.Cores},
		Rules: []rules.Rule{{
			Name: "NodeCPURequestsHigh", Warning: rules.At(0.90), For: 30 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Why: "As for memory: pods stay Pending when no node has enough CPU left to request, " +
			"even where all nodes are idle." + whyRequested,
		Hint: hintKSM,
	}
}

// topPods is the three pods that use most of a node, by what its containers use. kube_pod_info
// knows which pods are on it: cAdvisor's own labels name the node differently under each chart.
func topPods(used string) string {
	return `topk(3, sum by (cluster, namespace, pod) (max by (cluster, namespace, pod, container) (` + used + `))` +
		` and on (cluster, namespace, pod) kube_pod_info{cluster="{{cluster}}",node="{{node}}"})`
}
