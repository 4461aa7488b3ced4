package alerts

import (
	"slices"

	"github.com/promsnap/promsnap/internal/series"
)

// podLabels are the labels of a pod's series that change when another pod of the workload replaces
// it.
var podLabels = []string{
	"pod", "node", "instance", "uid", "id", "name", "image", "image_id", "container_id", "pod_ip",
	"host_ip",
}

// identityOf returns the labels that identify an alert from one slot to the next. A pod's series is
// identified by its workload, so a rollout does not start a new alert. A node label that was added
// from the identity table is left out, because it depends on kube-state-metrics.
func identityOf(ls series.Labels, nodeAdded bool, own *owners) series.Labels {
	workload := own.workload(ls)
	out := make(series.Labels, 0, len(ls))
	for _, l := range ls {
		if workload != "" && slices.Contains(podLabels, l.Name) || nodeAdded && l.Name == "node" {
			continue
		}
		out = append(out, l)
	}
	if workload != "" {
		out = out.With("workload", workload)
	}
	return out
}
