package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// nics selects the network cards that connect the machine to others. It leaves out loopback, the
// pods' ends and bridges of container networks and virtual machines, and tunnels, whose bytes the
// card below already counts.
const nics = `device!~"lo|veth.*|cali.*|cilium.*|lxc.*|eni.+|azv.*|gke.*|cni.*|cbr.*|docker.*|` +
	`nerdctl.*|podman.*|br-.*|flannel.*|tunl.*|sit.*|gre.*|erspan.*|` +
	`ip6?_?vti.*|ip6tnl.*|ip6gre.*|ifb.*|kube-.*|nodelocaldns|dummy.*|vxlan.*|vxlan_sys.*|` +
	`geneve?_?.*|antrea-.*|ovs-.*|ovn-.*|weave|vethwe-.*|datapath|` +
	`wg.*|tailscale.*|zt.*|tun.*|tap.*|virbr.*|vnet.*|fwbr.*|fwpr.*|fwln.*|vmbr.*|lxdbr.*|` +
	`incusbr.*|macvlan.*|ipvlan.*"`

// stacked matches devices that lie above or below others, for exporters that report only names:
// bonds, bridges, VLANs, and the virtual functions that Azure puts below its cards.
const stacked = `device!~"bond.*|team.*|br[0-9]+|.+[.][0-9]+|vlan.*|enP[0-9]+s[0-9]+|enP[0-9]{3,` +
	`}.*|.+nsby"`

const (
	hintExporter = "node_exporter provides these metrics. In the community prometheus chart, set " +
		"prometheus-node-exporter.enabled; in kube-prometheus-stack, set nodeExporter.enabled."
	hintKSM = "kube-state-metrics provides these metrics. In the community prometheus chart, set " +
		"kube-state-metrics.enabled; in kube-prometheus-stack, set kubeStateMetrics.enabled."
)

// memoryForAll is the memory of a node without its huge pages, which only processes that ask for
// them can use. node_memory_Hugetlb_bytes covers all sizes; older kernels report one size.
const memoryForAll = `max by (cluster, instance) (node_memory_MemTotal_bytes) - (max by ` +
	`(cluster, instance) (node_memory_Hugetlb_bytes)` +
	` or max by (cluster, instance) (node_memory_HugePages_Total) * max by (cluster, instance) ` +
	`(node_memory_Hugepagesize_bytes))` +
	` or max by (cluster, instance) (node_memory_MemTotal_bytes)`

// memoryAvailable is MemAvailable plus the part of the ZFS cache that can be freed, which the
// kernel does not count as cache. A ZFS cache larger than all memory in use belongs to the host
// around the container that the exporter runs in, and does not count.
const memoryAvailable = `max by (cluster, instance) (node_memory_MemAvailable_bytes)` +
	` + (clamp_min(max by (cluster, instance) (node_zfs_arc_size) - max by (cluster, instance) ` +
	`(node_zfs_arc_c_min), 0)` +
	` < max by (cluster, instance) (node_memory_MemTotal_bytes) - max by (cluster, instance) ` +
	`(node_memory_MemAvailable_bytes))` +
	` or max by (cluster, instance) (node_memory_MemAvailable_bytes)`

func nodeMemory() panel.Spec {
	return panel.Spec{
		Name:    "node-memory",
		Title:   "Node memory",
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
		Change: &panel.Change{By: leastShare},
		Rules: []rules.Rule{{
			Name: "NodeMemoryHigh", Warning: rules.At(0.80), Critical: rules.At(0.90),
			For: 15 * time.Minute,
		}},
		Why: "Memory in use is the total minus MemAvailable, the kernel's own estimate of what " +
			"it can hand out without swapping. MemFree and Active count page cache as used, " +
			"although the kernel gives it back on demand, so they show a healthy node as full. " +
			"Huge pages are reserved for the processes that ask for them, so they count neither " +
			"as used nor as total. ZFS cache that can be freed counts as available.",
		Hint: hintExporter,
	}
}

// cpuIdle is the idle time per core divided by the total time of one core. Both shrink together in
// a window with a gap, such as after a restart of the exporter; 1 - rate(idle) would count the
// missing time as work. One core is enough for the total: all modes of all cores would be three
// times as many series. The label cpu is empty where the cores were summed before.
func cpuIdle() string {
	const waiting = `mode=~"iowait|steal"`
	// iowait and steal sometimes go backwards. rate() takes that for a counter reset and adds
	// everything counted before.
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
		Title:   "Node CPU",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr:   `1 - clamp_max(` + cpuIdle() + `, 1)`,
			Unit:   units.PercentUnit,
			Legend: "{{node}}",
		}},
		Measure: panel.NodeCPU,
		Subject: "CPU",
		Capacity: &panel.Capacity{
			Query: `count by (cluster, instance) (group by (cluster, instance, cpu) ` +
				`(node_cpu_seconds_total{mode="idle",cpu!=""}))`,
			Unit: units.Cores,
		},
		Detail: &panel.Detail{
			Query: topPods(`rate(container_cpu_usage_seconds_total{` + containers +
				`}[$__rate_interval])`),
			Legend: "{{namespace}}/{{pod}}",
			Unit:   units.Cores,
		},
		Change: &panel.Change{By: leastShare},
		Rules: []rules.Rule{{
			Name: "NodeCPUHigh", Warning: rules.At(0.80), Critical: rules.At(0.95),
			For: 30 * time.Minute,
		}},
		Why: "The share of CPU time that the cores spent on this machine's work. Waiting for a " +
			"disk (iowait) and time that the hypervisor gave to other machines (steal) do not " +
			"count: a node where only these are high is slow, but not busy. 100 % minus idle " +
			"would count both.",
		Hint: hintExporter,
	}
}

// nodeConditions has a row NotReady for each node, so that the name and the value 1 together say
// what is wrong. Other conditions have rows only if they were wrong at some time in the range, and
// then with all of their samples: a healthy cluster of 5,000 nodes has 5,000 series. If
// kube-state-metrics stops reporting a node that it knew, the node was deleted.
func nodeConditions() panel.Spec {
	const condition = `kube_node_status_condition{condition=~"`
	peak := func(selector string) string { return `max_over_time(` + selector + `[$__interval])` }
	negated := func(values string) string {
		return `label_replace(` + values + `, "condition", "Not$1", "condition", "(.*)")`
	}
	everBad := func(selector string) string {
		return peak(selector) + ` and on (cluster, node, condition) max_over_time(` + selector +
			`[$__range] @ end()) == 1`
	}
	return panel.Spec{
		Name:    "node-conditions",
		Kind:    panel.Heatmap,
		Top:     16, // most rows are 0
		Title:   "Node conditions",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr: `max by (cluster, node, condition) (` +
				negated(peak(`kube_node_status_condition{condition="Ready",status=~"false|`+
					`unknown"}`)) +
				` or ` +
				negated(everBad(condition+panel.GoodConditions+
					`",condition!="Ready",status=~"false|unknown"}`)) +
				` or ` + everBad(condition+panel.BadConditions+`",status="true"}`) + `)`,
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
			Query: `count by (cluster, condition) (max by (cluster, node, condition) ` +
				`(kube_node_status_condition{condition!~"` +
				panel.GoodConditions + `|` + panel.BadConditions + `",status="true"}) == 1)`,
			Text: "not judged, because promsnap does not know the condition: {{condition}} " +
				"(nodes: {{value}})",
		}},
		Why: "What the kubelet and the control plane report about a node. 1 means that the " +
			"condition is bad. A node that no longer answers is reported as “unknown”, which " +
			"counts as not ready. After five minutes, Kubernetes starts to move the node's pods " +
			"elsewhere. A condition that promsnap does not know is not judged.",
		Hint: hintKSM,
	}
}

// nodeNetwork counts each flow once. A device that carries the bytes of another has its address
// (the slaves of a bond, VLANs, a bridge over a card, the virtual function that Azure puts below
// eth0), so of devices with one address only the busiest counts. A device whose link is another
// device is one end of a pair or lies on top of that device, and does not count. Where the exporter
// reports no addresses, names decide.
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
		Title:   "Node network traffic",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr: `sum by (cluster, instance) (max by (cluster, instance, address) (` +
				`max by (cluster, instance, device, address) (node_network_info{` + nics +
				`,address!~"|[0:]+"})` +
				` * on (cluster, instance, device) group_left () (` + flow(nics) +
				` unless on (cluster, instance, device) (max` + each + `(node_network_iface_link{` +
				nics + `})` +
				` != max` + each + `(node_network_iface_id{` + nics + `})))))` +
				` or sum by (cluster, instance) (` + flow(nics+`,`+stacked) + `)`,
			Unit:   units.BytesPerSecond,
			Legend: "{{node}}",
		}},
		Change:  &panel.Change{Factor: leastFactor},
		Needs:   []string{"node_network_receive_bytes_total", "node_network_transmit_bytes_total"},
		Subject: "network traffic",
		Why: "Bytes received and sent by the machine's network cards. Bridges, tunnels and the " +
			"pods' virtual devices are left out: they would count the same bytes again. Where " +
			"cards share an address, as a bond and its slaves do, only the busiest counts. No " +
			"limit: a virtual NIC's reported speed is not your cloud bandwidth.",
		Hint: hintExporter,
	}
}

// nodeNetworkErrors fires after half an hour: a report of one hour could never see a whole one.
func nodeNetworkErrors() panel.Spec {
	sum := func(what string) string {
		return `sum by (cluster, instance) (rate(node_network_receive_` + what + `_total{` + nics +
			`,` + stacked + `}[$__rate_interval])` +
			` + rate(node_network_transmit_` + what + `_total{` + nics + `,` + stacked +
			`}[$__rate_interval]))`
	}
	return panel.Spec{
		Name:    "node-network-errors",
		Title:   "Node network errors",
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
		Why: "Errors as a share of all packets: ten errors a second are normal on a busy card, " +
			"but can mean a broken cable on a quiet one. Dropped packets do not count: a healthy " +
			"host drops packets that nothing on it listens for.",
		Hint: hintExporter,
	}
}

func nodePressure() panel.Spec {
	return panel.Spec{
		Name:    "node-pressure",
		Title:   "Node memory pressure",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr: `max by (cluster, instance) ` +
				`(rate(node_pressure_memory_waiting_seconds_total[$__rate_interval]))`,
			Unit:   units.PercentUnit,
			Legend: "{{node}}",
		}},
		Subject:  "memory pressure",
		Optional: true,
		Why: "The share of time in which some task was stalled waiting for memory. One node is " +
			"fine with 90 % of its memory in use, another struggles at 80 %: this panel tells " +
			"them apart. No limit: how much is too much depends on the workload.",
		Hint: "node_exporter's pressure collector provides this metric (on by default). It needs " +
			"a kernel from 4.20 with pressure stall information switched on (psi=1).",
	}
}

// requested is the share of a node's allocatable resource that its pods request. kube-state-metrics
// keeps the requests of finished pods until the pods are deleted, so the query filters by phase. An
// init container counts while it and its pod run: then it is a native sidecar. Requests of a whole
// pod (Kubernetes 1.34) replace those of its containers.
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

// requestMetrics returns the metrics that the request panels cannot work without.
func requestMetrics() []string {
	return []string{
		"kube_pod_container_resource_requests", "kube_pod_status_phase",
		"kube_node_status_allocatable",
	}
}

func allocatable(resource string) string {
	return `max by (cluster, node) (kube_node_status_allocatable{resource="` + resource + `"})`
}

const whyRequested = " The base is allocatable, not capacity: pods cannot use the system's " +
	"share. Finished pods are left out, although their requests are still reported."

func nodeRequests() panel.Spec {
	return panel.Spec{
		Name:    "node-requests",
		Kind:    panel.Bars,
		Title:   "Node memory requests",
		Section: sectionNodes,
		Queries: []panel.Query{
			{Expr: requested("memory"), Unit: units.PercentUnit, Legend: "{{node}}"},
		},
		Needs:    requestMetrics(),
		Measure:  panel.NodeMemoryRequests,
		Subject:  "memory requests",
		Capacity: &panel.Capacity{Query: allocatable("memory"), Unit: units.Bytes},
		Forecast: forecastTo(1),
		Rules: []rules.Rule{{
			Name: "NodeMemoryRequestsHigh", Warning: rules.At(0.90), For: 30 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Why: "The scheduler places pods by what they request, not by what they use. A node whose " +
			"memory is fully requested takes no more pods, however idle it is." + whyRequested,
		Hint: hintKSM,
	}
}

func nodeRequestsCPU() panel.Spec {
	return panel.Spec{
		Name:    "node-requests-cpu",
		Kind:    panel.Bars,
		Title:   "Node CPU requests",
		Section: sectionNodes,
		Queries: []panel.Query{
			{Expr: requested("cpu"), Unit: units.PercentUnit, Legend: "{{node}}"},
		},
		Needs:    requestMetrics(),
		Measure:  panel.NodeCPURequests,
		Subject:  "CPU requests",
		Capacity: &panel.Capacity{Query: allocatable("cpu"), Unit: units.Cores},
		Forecast: forecastTo(1),
		Rules: []rules.Rule{{
			Name: "NodeCPURequestsHigh", Warning: rules.At(0.90), For: 30 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Why: "As with memory: if no node has enough unrequested CPU left, pods stay Pending even " +
			"while all nodes are idle." + whyRequested,
		Hint: hintKSM,
	}
}

// topPods returns a query for the three pods that use most of a node, by the usage of their
// containers. It finds the pods of the node through kube_pod_info: each chart gives cAdvisor's
// metrics another node label.
func topPods(used string) string {
	return `topk(3, sum by (cluster, namespace, pod) (max by (cluster, namespace, pod, ` +
		`container) (` + used + `))` +
		` and on (cluster, namespace, pod) kube_pod_info{cluster="{{cluster}}",node="{{node}}"})`
}
