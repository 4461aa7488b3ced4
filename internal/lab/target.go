package lab

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// source is the kind of exporter behind a target.
type source int

const (
	nodeExporter source = iota
	cadvisor
	kubelet
	stateMetrics
	prometheusItself
	application // answers without metrics of interest
)

// target is a scraped endpoint: its labels after relabelling, and the times in which it existed.
type target struct {
	source source
	labels []label // by name; job and instance among them
	url    string
	node   *node // of node_exporter, cAdvisor and kubelet
	known  spans // times in which service discovery lists it
	up     spans // times in which it answers
	offset int64 // within the scrape interval
}

type label struct{ name, value string }

// get returns a label's value, or "".
func (t *target) get(name string) string {
	for _, l := range t.labels {
		if l.name == name {
			return l.value
		}
	}
	return ""
}

// label builds a series' labels: the metric's name, the labels that the exporter exposed (as
// alternating names and values), and the target's labels that the exporter did not set, as
// honor_labels does in both charts.
func (t *target) label(b *labels.ScratchBuilder, metric string, exposed []string) labels.Labels {
	b.Reset()
	b.Add(model.MetricNameLabel, metric)
	for i := 0; i < len(exposed); i += 2 {
		b.Add(exposed[i], exposed[i+1])
	}
next:
	for _, l := range t.labels {
		for i := 0; i < len(exposed); i += 2 {
			if exposed[i] == l.name {
				continue next
			}
		}
		b.Add(l.name, l.value)
	}
	b.Sort()
	return b.Labels()
}

// bare returns a target with no label but that of the cluster.
func (t *target) bare() *target {
	if name := t.get("cluster"); name != "" {
		return &target{labels: []label{{"cluster", name}}}
	}
	return &target{}
}

// startedAt returns when the target's process last started before a time: with its node, or with
// the pod that it is.
func (t *target) startedAt(at int64) int64 {
	switch begin := t.known.first(); {
	case t.node != nil:
		return t.node.bootedAt(at) + 20*second
	case begin != ever:
		return begin
	}
	return startOf(hash(uint64(t.offset), "start", t.url), at)
}

// matches reports whether series of this target can satisfy the matchers. It checks the two labels
// that no exporter sets.
func (t *target) matches(matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if (m.Name == "job" || m.Name == "instance") && !m.Matches(t.get(m.Name)) {
			return false
		}
	}
	return true
}

// newTargets returns what a chart's configuration scrapes in a cluster.
func newTargets(c *cluster, o Options) []*target {
	m := &discovery{cluster: c, interval: o.ScrapeInterval.Milliseconds(), name: o.Cluster}
	switch o.Profile {
	case KPS:
		m.kubePrometheusStack()
	default:
		m.community()
	}
	return m.targets
}

// discovery collects targets.
type discovery struct {
	cluster  *cluster
	interval int64
	name     string // of the cluster, as a label; may be empty
	targets  []*target
}

// add adds a target with its labels as alternating names and values.
func (d *discovery) add(t target, url string, pairs ...string) {
	if d.name != "" {
		pairs = append(pairs, "cluster", d.name)
	}
	for i := 0; i < len(pairs); i += 2 {
		t.labels = append(t.labels, label{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(t.labels, func(a, b label) int { return strings.Compare(a.name, b.name) })
	if t.known == nil {
		t.known = always()
	}
	if t.up == nil {
		t.up = always()
	}
	t.up = t.known.and(t.up)
	t.url = url
	t.offset = int64(hash(d.cluster.seed,
		append([]string{"offset", url}, pairs...)...) % uint64(d.interval))
	d.targets = append(d.targets, &t)
}

// community adds what the prometheus chart of prometheus-community scrapes (values.yaml,
// serverFiles.prometheus.yml): targets with annotations on Services and pods, and the kubelets
// through the API server.
func (d *discovery) community() {
	const monitoring, release = "monitoring", "prometheus"
	d.add(target{source: prometheusItself}, "http://localhost:9090/metrics", "job", "prometheus",
		"instance", "localhost:9090")
	for i := range 2 {
		address := fmt.Sprintf("10.0.%d.5:443", i+1)
		d.add(target{source: application}, "https://"+address+"/metrics", "job",
			"kubernetes-apiservers", "instance", address)
	}
	for _, n := range d.cluster.nodes {
		address := n.ip + ":9100"
		service := func(job string, more ...string) []string {
			return append([]string{"job", job, "instance", address, "namespace", monitoring,
				"app_kubernetes_io_component", "metrics", "app_kubernetes_io_instance", release,
				"app_kubernetes_io_managed_by", "Helm",
				"app_kubernetes_io_name", "prometheus-node-exporter", "app_kubernetes_io_part_of",
				"prometheus-node-exporter",
				"app_kubernetes_io_version", "1.9.1", "helm_sh_chart",
				"prometheus-node-exporter-4.47.0"}, more...)
		}
		exports := n.up.and(n.exports)
		if n.exporter {
			d.add(target{source: nodeExporter, node: n, up: exports}, "http://"+address+"/metrics",
				service("kubernetes-service-endpoints", "service",
					release+"-prometheus-node-exporter", "node", n.name)...)
		}
		if n.exporter && n.twice {
			// The pods have annotations too.
			d.add(target{source: nodeExporter, node: n, up: exports}, "http://"+address+"/metrics",
				service("kubernetes-pods", "pod", exporterPod(n))...)
		}
		system := func(job string) []string {
			return []string{"job", job, "instance", n.name, "beta_kubernetes_io_arch", "amd64",
				"beta_kubernetes_io_os", "linux",
				"kubernetes_io_arch", "amd64", "kubernetes_io_hostname", n.name, "kubernetes_io_os",
				"linux",
				"node_kubernetes_io_instance_type", n.machine, "topology_kubernetes_io_region",
				"ap-northeast-2", "topology_kubernetes_io_zone", n.zone}
		}
		proxy := "https://kubernetes.default.svc:443/api/v1/nodes/" + n.name + "/proxy/metrics"
		d.add(target{source: kubelet, node: n, up: n.up}, proxy, system("kubernetes-nodes")...)
		d.add(target{source: cadvisor, node: n, up: n.up}, proxy+"/cadvisor",
			system("kubernetes-nodes-cadvisor")...)
	}
	for _, p := range d.cluster.pods {
		switch {
		case p.namespace == monitoring && strings.HasPrefix(p.name, stateMetricsName+"-"):
			d.add(target{source: stateMetrics, known: p.running}, "http://"+p.ip+":8080/metrics",
				"job", "kubernetes-service-endpoints", "instance", p.ip+":8080",
				"namespace", monitoring, "service", release+"-kube-state-metrics", "node",
				p.node.name,
				"app_kubernetes_io_component", "metrics", "app_kubernetes_io_instance", release,
				"app_kubernetes_io_managed_by", "Helm",
				"app_kubernetes_io_name", "kube-state-metrics", "app_kubernetes_io_part_of",
				"kube-state-metrics",
				"app_kubernetes_io_version", "2.16.0", "helm_sh_chart", "kube-state-metrics-6.1.0")
		case p.namespace == "shop" && strings.HasPrefix(p.name, "api-"):
			d.add(target{source: application, known: p.running, up: d.answers(p)},
				"http://"+p.ip+":8080/metrics", "job", "kubernetes-pods",
				"instance", p.ip+":8080", "namespace", p.namespace, "pod", p.name, "node",
				p.node.name, "app", "api")
		}
	}
}

// kubePrometheusStack adds what kube-prometheus-stack scrapes: targets of ServiceMonitors, with the
// operator's labels. The kubelet's Service exists twice, the older one from a deleted release.
func (d *discovery) kubePrometheusStack() {
	const monitoring, release = "monitoring", "kps"
	operator := func(job, instance, endpoint, service string, more ...string) []string {
		return append([]string{
			"job", job, "instance", instance, "endpoint", endpoint, "service", service,
		}, more...)
	}
	d.add(target{
		source: prometheusItself,
	}, "http://10.64.3.9:9090/metrics", operator("kps-kube-prometheus-stack-prometheus",
		"10.64.3.9:9090", "http-web", "kps-kube-prometheus-stack-prometheus",
		"namespace", monitoring, "pod", "prometheus-kps-kube-prometheus-stack-prometheus-0",
		"container", "prometheus")...)
	for i := range 2 {
		address := fmt.Sprintf("10.0.%d.5:443", i+1)
		d.add(target{source: application}, "https://"+address+"/metrics",
			operator("apiserver", address, "https", "kubernetes", "namespace", "default")...)
	}
	for _, n := range d.cluster.nodes {
		address := n.ip + ":9100"
		exports := n.up.and(n.exports)
		if n.exporter {
			d.add(target{source: nodeExporter, node: n, up: exports}, "http://"+address+"/metrics",
				operator("node-exporter", address, "http-metrics",
					release+"-prometheus-node-exporter",
					"namespace", monitoring, "pod", exporterPod(n), "container",
					"node-exporter")...)
		}
		address = n.ip + ":10250"
		for _, service := range []string{
			"kps-kube-prometheus-stack-kubelet", "prometheus-operator-kubelet",
		} {
			system := func(path string) []string {
				return operator("kubelet", address, "https-metrics", service, "namespace",
					"kube-system", "metrics_path", path, "node", n.name)
			}
			d.add(target{source: kubelet, node: n, up: n.up}, "https://"+address+"/metrics",
				system("/metrics")...)
			d.add(target{
				source: cadvisor, node: n, up: n.up,
			}, "https://"+address+"/metrics/cadvisor", system("/metrics/cadvisor")...)
			d.add(target{
				source: application, node: n, up: n.up,
			}, "https://"+address+"/metrics/probes", system("/metrics/probes")...)
		}
	}
	for _, p := range d.cluster.pods {
		switch {
		case p.namespace == monitoring && strings.HasPrefix(p.name, stateMetricsName+"-"):
			d.add(target{source: stateMetrics, known: p.running}, "http://"+p.ip+":8080/metrics",
				operator("kube-state-metrics", p.ip+":8080", "http", release+"-kube-state-metrics",
					"namespace", monitoring, "pod", p.name, "container", "kube-state-metrics")...)
		case p.namespace == "kube-system" && strings.HasPrefix(p.name, "coredns-"):
			d.add(target{source: application, known: p.running}, "http://"+p.ip+":9153/metrics",
				operator("coredns", p.ip+":9153", "http-metrics",
					"kps-kube-prometheus-stack-coredns",
					"namespace", p.namespace, "pod", p.name, "container", "coredns")...)
		case p.namespace == "shop" && strings.HasPrefix(p.name, "api-"):
			d.add(target{source: application, known: p.running, up: d.answers(p)},
				"http://"+p.ip+":8080/metrics", operator("api", p.ip+":8080", "http", "api",
					"namespace", p.namespace, "pod", p.name, "container", "app")...)
		}
	}
}

// answers returns the times in which an application's metrics can be scraped. One in six has
// refused the connection since yesterday, unless the cluster is calm.
func (d *discovery) answers(p *pod) spans {
	for _, other := range d.cluster.pods {
		if other.namespace == p.namespace && other.owner == p.owner {
			if other == p && !d.cluster.calm {
				return until(d.cluster.before(26 * hour))
			}
			break
		}
	}
	return always()
}

// exporterPod returns the name of node_exporter's pod on a node.
func exporterPod(n *node) string {
	for _, p := range n.pods {
		if p.owner == exporterName {
			return p.name
		}
	}
	return ""
}
