package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

const (
	// starting matches the reasons of containers that are being created. Only a long wait makes
	// them a fault.
	starting = `reason=~"ContainerCreating|PodInitializing"`
	// stuck matches the reasons of containers that cannot start. A crash loop is not one: it is a
	// wait between two starts.
	stuck = `reason!~"ContainerCreating|PodInitializing|CrashLoopBackOff"`
	// looping matches the reason of a container that ends soon after each start.
	looping = `reason="CrashLoopBackOff"`
)

// waits selects pods by the reason that one of their containers waits for, or Unschedulable. The
// kubelet alternates between naming a failed pull and naming the pause after it; both are one
// reason here. The renamed reason is queried separately, because a vector cannot hold two series
// with the same labels. before and after enclose each selector.
func waits(before, reasons, after string) string {
	return `max by (cluster, namespace, pod, reason) (` +
		either(before, `status_waiting_reason{`+reasons+`,reason!="ErrImagePull"}`, after) +
		` or label_replace(` + either(before, `status_waiting_reason{reason="ErrImagePull"}`,
		after) + `, "reason", "ImagePullBackOff", "", "")` +
		` or label_replace(` + before + `kube_pod_status_unschedulable` + after +
		`, "reason", "Unschedulable", "", ""))`
}

// podWaiting is 1 for a pod that does not start, and 0 for a pod that runs after it did not, so
// that the alert resolves with a sample. A container that ends 25 minutes after each start waits
// only for minutes: a loop must be seen in this hour and in the hour before.
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
	making := eachWhy + `(` + either("", reason+`{`+starting+`}`, " == 1") + `)` +
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
		// A container that waits in a running pod was started before, and such a container always
		// has a reason.
		Blind: &panel.Blind{
			Query: `count by (cluster) (` + either("", "status_waiting", " == 1") + ` and ` +
				onPod + ` ` + phase + `{phase="Running"} == 1)` +
				` unless count by (cluster) (` + either("max_over_time(", reason, "[1h])") + `)`,
			Missing: []string{"kube_pod_container_status_waiting_reason"},
		},
		Why: "Pods that fit on no node, whose image cannot be pulled, or whose containers do not " +
			"start, with the reason that Kubernetes gives. 1 means that the pod is waiting. " +
			"After 15 minutes this is no longer a normal start. A crash loop is reported from " +
			"its second hour, however slow it is.",
		Hint: hintKSM,
	}
}
