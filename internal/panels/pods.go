package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

const (
	// onTheWay are the reasons of containers that are being made. Only a long wait makes them a
	// fault.
	onTheWay = `reason=~"ContainerCreating|PodInitializing"`
	// stuck are the reasons of containers that cannot start, but for the loop, which is a wait
	// between two starts.
	stuck = `reason!~"ContainerCreating|PodInitializing|CrashLoopBackOff"`
	// looping is the reason of a container that ends soon after each start.
	looping = `reason="CrashLoopBackOff"`
)

// waits are pods by the reason that one of their containers waits for, or Unschedulable. The
// kubelet names a failed pull and the pause after it in turns, which are one reason here. What is
// renamed is asked for apart: no vector holds two series of the same labels. before and after stand
// around each selector.
func waits(before, reasons, after string) string {
	return `max by (cluster, namespace, pod, reason) (` +
		either(before, `status_waiting_reason{`+reasons+`,reason!="ErrImagePull"}`, after) +
		` or label_replace(` + either(before, `status_waiting_reason{reason="ErrImagePull"}`,
		after) + `, "reason", "ImagePullBackOff", "", "")` +
		` or label_replace(` + before + `kube_pod_status_unschedulable` + after +
		`, "reason", "Unschedulable", "", ""))`
}

// podWaiting is 1 for a pod that does not start and 0 for one that runs after it did not, so that
// the alert resolves by a sample. A container that ends 25 minutes after each start waits for
// minutes only: a loop is one that was seen in this hour and in the hour before.
func podWaiting() panel.Spec {
	const (
		phase   = `kube_pod_status_phase`
		reason  = `status_waiting_reason`
		eachWhy = `max by (cluster, namespace, pod, reason) `
	)
	pending := `label_replace(max ` + eachPod + ` (` + phase +
		`{phase="Pending"} == 1), "reason", "Pending", "", "")` +
		` unless ` + onPod + ` (` + either("", reason, " == 1") +
		` or kube_pod_status_unschedulable == 1)`
	making := eachWhy + `(` + either("", reason+`{`+onTheWay+`}`, " == 1") + `)` +
		` unless ` + onPod + ` (` +
		either("", reason+`{reason!~"ContainerCreating|PodInitializing"}`, " == 1") +
		` or kube_pod_status_unschedulable == 1)`
	loops := eachWhy + `(` + either("max_over_time(", reason+`{`+looping+`}`, "[1h])") + `) == 1` +
		` and ` + eachWhy + `(` + either("max_over_time(", reason+`{`+looping+`}`,
		"[1h] offset 1h)") + `) == 1`
	runs := `0 * (` + waits("max_over_time(", `reason!~"ContainerCreating|PodInitializing"`,
		"[1h])") + ` and ` + onPod + ` ` + phase + `{phase="Running"} == 1)`
	return panel.Spec{
		Name:    "pod-waiting",
		Kind:    panel.Heatmap,
		Top:     16,
		Title:   "Pods that do not start",
		Section: sectionContainers,
		Queries: []panel.Query{{
			Expr: pending + ` or ` + making + ` or ` + waits("", stuck, " == 1") + ` or ` +
				loops + ` or ` + runs,
			Unit:   units.Short,
			Legend: "{{namespace}}/{{pod}} {{reason}}",
		}},
		Subject: "not starting",
		Rules: []rules.Rule{{
			Name: "PodNotStarting", Warning: rules.At(0), For: 15 * time.Minute,
			NoData:    rules.ResolveOnNoData,
			Condition: true,
		}},
		EmptyIsOK: true,
		// A container that waits in a pod that runs was started before, and each of those has a
		// reason.
		Blind: &panel.Blind{
			Query: `count by (cluster) (` + either("", "status_waiting", " == 1") + ` and ` +
				onPod + ` ` + phase + `{phase="Running"} == 1)` +
				` unless count by (cluster) (` + either("max_over_time(", reason, "[1h])") + `)`,
			Missing: []string{"kube_pod_container_status_waiting_reason"},
		},
		Why: "Pods that no node has room for, whose image cannot be pulled, or whose containers " +
			"do not start, with the reason as Kubernetes gives it; 1 is a pod that waits." +
			" A quarter of an hour of it is no start any more. A crash loop counts from its " +
			"second hour, however slow it is.",
		Hint: hintKSM,
	}
}
