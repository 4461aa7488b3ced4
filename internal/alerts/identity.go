package alerts

import (
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// podLabels are the labels of a pod's series that change when another pod of the workload replaces
// it.
var podLabels = []string{
	"pod", "node", "instance", "uid", "id", "name", "image", "image_id", "container_id", "pod_ip",
	"host_ip",
}

// exporterLabels are the labels of an exporter's own pod, which a rollout of the exporter replaces.
var exporterLabels = []string{"pod", "uid", "container"}

// Identities returns a function that returns the identity of an alert of a panel's series. A pod's
// workload is the one that its name suggests, so that no query is needed, also for the past.
func Identities(p *snapshot.Panel,
	nodes snapshot.Nodes) func(ls series.Labels, nodeAdded bool) series.Labels {
	about, own := subjectOfQueries(p), &owners{nodes: nodes}
	return func(ls series.Labels, nodeAdded bool) series.Labels {
		return identityOf(ls, nodeAdded, about, own)
	}
}

// identityOf returns the labels that identify an alert of a panel from one slot to the next. A
// pod's series is identified by its workload, so a rollout does not start a new alert. If the label
// pod names the exporter's pod, the labels of that pod are left out, and so is the instance of
// kube-state-metrics. A node label that was added from the identity table is left out, because it
// depends on kube-state-metrics.
func identityOf(ls series.Labels, nodeAdded bool, about subject, own *owners) series.Labels {
	workload, replaced := "", exporterLabels
	if about.pods {
		workload, replaced = own.workload(ls), podLabels
	}
	out := make(series.Labels, 0, len(ls))
	for _, l := range ls {
		switch {
		case (workload != "" || !about.pods) && slices.Contains(replaced, l.Name),
			l.Name == "instance" && about.only == panel.KubeStateMetrics && !about.pods,
			l.Name == "node" && nodeAdded:
			continue
		}
		out = append(out, l)
	}
	if workload != "" {
		out = out.With("workload", workload)
	}
	return out
}
