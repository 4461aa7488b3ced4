package snapshot

import (
	"regexp"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// kubeletJob matches the usual names of the jobs that scrape kubelets and their cAdvisor.
var kubeletJob = regexp.MustCompile(kubeletJobs)

const kubeletJobs = `.*(kubelet|cadvisor).*`

// IsKubelet reports whether a scrape job has the usual name of one for kubelets.
func IsKubelet(job string) bool { return kubeletJob.MatchString(job) }

// Lost returns the lost targets.
func (n Nodes) Lost() []Lost { return slices.Clone(n.lost) }

// Source returns what a lost target provided.
func (l Lost) Source() panel.Source {
	switch {
	case l.nodes != nil:
		return panel.KubeStateMetrics
	case IsKubelet(l.Job):
		return panel.Kubelet
	}
	return panel.NodeExporter
}

// HostOf returns the node whose address or name is in the instance of a series, "" if it is not
// that of a node. A target that is a pod with its own address has no host, even if a label names
// its node; the pod of an exporter has one.
func (n Nodes) HostOf(ls series.Labels) string {
	if hs := n.holders(ls); len(hs) > 0 {
		return hs[len(hs)-1].name
	}
	return ""
}

// IsVirtual reports whether a target is the kubelet of a virtual node. Some service discoveries
// list it, but nobody can scrape it.
func (n Nodes) IsVirtual(ls series.Labels) bool {
	if ls.Get("pod") != "" {
		return false
	}
	k := nodeKey{n.ClusterOf(ls), n.Of(ls)}
	if i, ok := n.index[k]; ok {
		return n.list[i].Kind == VirtualNode
	}
	return virtualName.MatchString(k.id) || virtualName.MatchString(series.Host(ls.Get("instance")))
}

// IsExporter reports whether a target is the node_exporter of a node.
func (n Nodes) IsExporter(ls series.Labels) bool {
	k := nodeKey{n.ClusterOf(ls), n.HostOf(ls)}
	return k.id != "" && slices.Contains(n.exports[k], ls.Get("instance"))
}
