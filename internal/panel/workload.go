package panel

import "fmt"

// Workload is the pattern of PromQL, for label_replace, that finds the workload in the name of a
// pod. Kubernetes appends a hash of this alphabet to the names of a Deployment's ReplicaSets and of
// pods, and a number to those of a CronJob's Jobs and a StatefulSet's pods.
const Workload = `(.+?)(-[bcdfghjklmnpqrstvwxz2456789]{6,10}|-[0-9]{8,11})?` +
	`(-[bcdfghjklmnpqrstvwxz2456789]{5}|-[0-9]+)`

// ByWorkload returns a query for the highest value of each container of a workload, by the labels
// cluster, namespace, workload and container. expr has the label pod.
func ByWorkload(expr string) string {
	return fmt.Sprintf(`max by (cluster, namespace, workload, container) (label_replace(`+
		`label_replace(%s, "workload", "$1", "pod", "(.*)"), "workload", "$1", "pod", %q))`, expr,
		Workload)
}
