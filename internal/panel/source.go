package panel

import (
	"slices"
	"strings"
)

// Source is a program that provides metrics of a cluster.
type Source string

// The sources that the built-in panels read. cAdvisor is a part of the kubelet.
const (
	NodeExporter     Source = "node_exporter"
	KubeStateMetrics Source = "kube-state-metrics"
	Kubelet          Source = "kubelet"
)

// SourceOf returns the source of a metric by its name, or "" if it is unknown. A recorded metric
// has no source.
func SourceOf(metric string) Source {
	has := func(prefix string) bool { return strings.HasPrefix(metric, prefix) }
	switch {
	case strings.Contains(metric, ":"):
		return ""
	case has("node_"):
		return NodeExporter
	case has("kube_"):
		return KubeStateMetrics
	case has("kubelet_"), has("container_"), has("machine_"), has("cadvisor_"):
		return Kubelet
	}
	return ""
}

// NamesPod reports whether the label pod of a metric names what the metric is about. Otherwise it
// names the pod of its exporter.
func NamesPod(metric string) bool {
	switch SourceOf(metric) {
	case NodeExporter:
		return false
	case KubeStateMetrics:
		return strings.HasPrefix(metric, "kube_pod_")
	}
	return true
}

// NamePods reports whether the label pod of a query's series names what they are about. It does if
// that is so for one of the query's metrics, and if the metrics are not known.
func NamePods(metrics []string) bool {
	return len(metrics) == 0 || slices.ContainsFunc(metrics, NamesPod)
}
