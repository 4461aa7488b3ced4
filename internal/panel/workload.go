package panel

import (
	"fmt"
	"strings"
)

// Workload is the pattern that finds the workload in the whole name of a pod, as its first group.
// Kubernetes appends a hash of this alphabet to the names of a Deployment's ReplicaSets and of
// pods, and a number to those of a CronJob's Jobs and a StatefulSet's pods.
const Workload = `(.+?)(-[bcdfghjklmnpqrstvwxz2456789]{6,10}|-[0-9]{8,11})?` +
	`(-[bcdfghjklmnpqrstvwxz2456789]{5}|-[0-9]+)`

// ByWorkload returns a query for the highest value of each container of a workload, by the labels
// cluster, namespace, workload and container, and by others. expr has the label pod. A pod whose
// name has no such ending is its own workload.
func ByWorkload(expr string, others ...string) string {
	by := strings.Join(append([]string{"cluster", "namespace", "container"}, others...), ", ")
	// The inner aggregation makes sure that no two series differ in a label workload alone, which
	// is overwritten.
	return `max by (` + by + `, workload) (` +
		WithWorkload(`max by (`+by+`, pod) (`+expr+`)`) + `)`
}

// WithWorkload adds the label workload to a query that has the label pod and no label workload.
func WithWorkload(expr string) string {
	return fmt.Sprintf(`label_replace(label_replace(%s, "workload", "$1", "pod", "(.*)"), `+
		`"workload", "$1", "pod", %q)`, expr, Workload)
}
