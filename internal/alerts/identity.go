package alerts

import (
	"slices"

	"github.com/promsnap/promsnap/internal/series"
)

// passing are the labels of a pod's series that change when another pod of its workload replaces
// it.
var passing = []string{
	"pod", "node", "instance", "uid", "id", "name", "image", "image_id", "container_id", "pod_ip",
	"host_ip",
}

// identityOf returns what an alert is known by from one slot to the next. A pod's series is known
// by its workload, so that a rollout is not news. No series is known by a node's name that only
// kube-state-metrics knows.
func identityOf(ls series.Labels, nodeAdded bool, own *owners) series.Labels {
	workload := own.workload(ls)
	out := make(series.Labels, 0, len(ls))
	for _, l := range ls {
		if workload != "" && slices.Contains(passing, l.Name) || nodeAdded && l.Name == "node" {
			continue
		}
		out = append(out, l)
	}
	if workload != "" {
		out = out.With("workload", workload)
	}
	return out
}
