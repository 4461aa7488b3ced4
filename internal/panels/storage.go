package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

const (
	eachClaim = `by (cluster, namespace, persistentvolumeclaim)`
	onClaim   = `on (cluster, namespace, persistentvolumeclaim)`
	nameClaim = "{{namespace}}/{{persistentvolumeclaim}}"

	// rawBlock are the claims without a filesystem, of which the kubelet says that nothing is
	// available and nothing is used.
	rawBlock = `(kubelet_volume_stats_available_bytes == 0 and ` + onClaim +
		` kubelet_volume_stats_used_bytes == 0` +
		` or kube_persistentvolumeclaim_info{volumemode="Block"})`

	// readOnly are the claims that nobody can write to: those that may only be read, and those that
	// every pod mounts to read, but for pods that have ended, such as the one that filled it. Such
	// a volume is as full as it was made.
	readOnly = `(group ` + eachClaim +
		` (kube_persistentvolumeclaim_access_mode{access_mode="ReadOnlyMany"} == 1)` +
		` unless ` + onClaim +
		` (kube_persistentvolumeclaim_access_mode{access_mode!="ReadOnlyMany"} == 1)` +
		` or min ` + eachClaim + ` (kube_pod_spec_volumes_persistentvolumeclaims_readonly` +
		` unless ` + onPod + ` kube_pod_status_phase{phase=~"Succeeded|Failed"} == 1) == 1)`

	// A volume that was just made larger may have more available than its capacity.
	volumeUsed = `max ` + eachClaim +
		` (1 - clamp_max(kubelet_volume_stats_available_bytes / (kubelet_volume_stats_capacity_bytes > 0), 1))`
	volumeSize = `max ` + eachClaim + ` (kubelet_volume_stats_capacity_bytes > 0)`
	judged     = ` unless ` + onClaim + ` ` + rawBlock + ` unless ` + onClaim + ` ` + readOnly

	hintVolumes = "The kubelet's own /metrics brings it (the job kubernetes-nodes of the " +
		"community's Helm chart, kubelet.enabled in kube-prometheus-stack), for volumes that a " +
		"running pod mounts and whose CSI driver reports its size (NodeGetVolumeStats)."
)

// sharing are the claims that lie on one file system with an older claim, as those of an NFS server
// or of a node's own disk do: each says the capacity of the whole, which is more than it asked for,
// and the same is free. Of claims that were made in one second all are judged.
func sharing() string {
	const (
		capacity = `max ` + eachClaim + ` (kubelet_volume_stats_capacity_bytes)`
		free     = `round(max ` + eachClaim +
			` (kubelet_volume_stats_available_bytes / (kubelet_volume_stats_capacity_bytes > 0)), 0.01)`
		asked = `max ` + eachClaim +
			` (kube_persistentvolumeclaim_resource_requests_storage_bytes)`
		of      = `(cluster, storageclass, size, free)`
		created = `count_values ` + eachClaim + ` ("size", ` + capacity + ` > 1.2 * ` + asked +
			`)` +
			` * ` + onClaim + ` group_left (free) count_values ` + eachClaim + ` ("free", ` + free +
			`)` +
			` * ` + onClaim +
			` group_left (storageclass) max by (cluster, namespace, persistentvolumeclaim, storageclass) (kube_persistentvolumeclaim_info)` +
			` * ` + onClaim + ` group_left () max ` + eachClaim +
			` (kube_persistentvolumeclaim_created)`
	)
	return `group ` + eachClaim + ` (` + created + ` > on ` + of + ` group_left () min by ` + of +
		` (` + created + `))`
}

// oneOfMany makes a panel of claims judge the oldest claim of each file system alone: capacity is a
// claim's whole, in a unit.
func oneOfMany(p panel.Spec, capacity string, unit units.Unit) panel.Spec {
	capacity += judged
	p.Capacity = &panel.Capacity{
		Query: `label_replace(` + capacity + ` and ` + onClaim + ` ` + sharing() +
			`, "shared", "yes", "", "")` +
			` or ` + onClaim + ` (` + capacity + `)`,
		Unit:  unit,
		Aside: []string{"shared"},
	}
	for _, r := range p.Rules {
		p.Overrides = append(p.Overrides, panel.Override{
			Match: []panel.Matcher{{Label: "shared", Op: "=", Value: "yes"}}, Rule: r.Name,
		})
	}
	return p
}

func pvc() panel.Spec {
	return oneOfMany(panel.Spec{
		Name:    "pvc",
		Title:   "Persistent volumes",
		Section: sectionStorage,
		Queries: []panel.Query{
			{Expr: volumeUsed + judged, Unit: units.PercentUnit, Legend: nameClaim},
		},
		Subject: "volume",
		Needs: []string{
			"kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes",
		},
		Rules: []rules.Rule{{
			Name: "VolumeHigh", Warning: rules.At(0.80), Critical: rules.At(0.90),
			For:    15 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Remarks: []panel.Remark{{
			Query: `count(group ` + eachClaim +
				` (kube_persistentvolumeclaim_info{volumemode!="Block"})` +
				` unless ` + onClaim + ` kubelet_volume_stats_capacity_bytes)`,
			Text: "claims that do not report how full they are: {{value}}",
		}, {
			Query: `count(` + sharing() + `)`,
			Text:  "claims on one file system with an older one, which alone is judged: {{value}}",
		}, {
			Query: `count(` + volumeUsed + ` and ` + onClaim + ` ` + readOnly + `)`,
			Text: "volumes that can only be read, which are as full as they were made and not " +
				"judged: {{value}}",
		}, {
			Query: `count(group ` + eachClaim + ` (kubelet_volume_stats_capacity_bytes > 0) and ` +
				onClaim + ` ` + rawBlock + `)`,
			Text: "raw block volumes, whose use only their application knows: {{value}}",
		}},
		Why: "What the kubelet that mounts the volume sees of it; kube-state-metrics knows only " +
			"what was asked for, and the node's disks do not hold it." +
			" available and not used: a filesystem keeps some of its capacity for itself." +
			" A raw device has no filesystem to be full, and a volume that can only be read is " +
			"full by design.",
		Hint: hintVolumes,
	}, volumeSize, units.Bytes)
}

// pvcInodes leaves out a volume whose bytes are all but used up: XFS makes inodes of free space,
// and then has none left either.
func pvcInodes() panel.Spec {
	const inodes = `kubelet_volume_stats_inodes > 0`
	return oneOfMany(panel.Spec{
		Name:    "pvc-inodes",
		Title:   "Inodes of persistent volumes",
		Section: sectionStorage,
		Queries: []panel.Query{{
			Expr: `max ` + eachClaim + ` (1 - kubelet_volume_stats_inodes_free / (` + inodes +
				`))` +
				` unless ` + onClaim + ` ` + volumeUsed + ` > 0.98` + judged,
			Unit:   units.PercentUnit,
			Legend: nameClaim,
		}},
		Subject: "inodes",
		Rules: []rules.Rule{{
			Name: "VolumeInodesHigh", Warning: rules.At(0.85), Critical: rules.At(0.92),
			For:    15 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Needs:    []string{"kubelet_volume_stats_inodes", "kubelet_volume_stats_inodes_free"},
		Optional: true,
		Why: "A volume of many small files is full when its inodes are, whatever its bytes say." +
			" Filesystems that make inodes as they need them report none and are left out.",
		Hint: hintVolumes,
	}, `max `+eachClaim+` (`+inodes+`)`, units.Short)
}
