package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

func pvc() snapshot.Spec {
	const by = `max by (cluster, namespace, persistentvolumeclaim) `
	return snapshot.Spec{
		Name:     "pvc",
		Title:    "Persistent volumes",
		Section:  sectionStorage,
		Query:    by + `(1 - kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes)`,
		Unit:     units.PercentUnit,
		Legend:   "{{namespace}}/{{persistentvolumeclaim}}",
		Subject:  "volume",
		Capacity: &snapshot.Capacity{Query: by + `(kubelet_volume_stats_capacity_bytes)`, Unit: units.Bytes},
		Rules: []rules.Rule{{
			Name: "VolumeHigh", Warning: rules.At(0.80), Critical: rules.At(0.90), For: 15 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Remarks: []snapshot.Remark{{
			Query: `count(group by (cluster, namespace, persistentvolumeclaim) (kube_persistentvolumeclaim_info)` +
				` unless on (cluster, namespace, persistentvolumeclaim) kubelet_volume_stats_capacity_bytes)`,
			Text: "claims that do not report how full they are: {{value}}",
		}},
		Why: "What the kubelet that mounts the volume sees of it; kube-state-metrics knows only what was asked for, and the node's disks do not hold it." +
			" available and not used: a filesystem keeps some of its capacity for itself.",
		Hint: "The kubelet's own /metrics brings it (the job kubernetes-nodes of the community's Helm chart, kubelet.enabled in kube-prometheus-stack), for volumes that a running pod mounts and whose CSI driver reports its size (NodeGetVolumeStats).",
	}
}
