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

	// rawBlock selects the claims without a file system. For them, the kubelet reports 0 available
	// and 0 used.
	rawBlock = `(kubelet_volume_stats_available_bytes == 0 and ` + onClaim +
		` kubelet_volume_stats_used_bytes == 0` +
		` or kube_persistentvolumeclaim_info{volumemode="Block"})`

	// readOnly selects the claims that nobody can write to: those with only the access mode
	// ReadOnlyMany, and those that every pod mounts read-only. Pods that have ended do not count,
	// such as the one that filled the volume. Such a volume stays as full as it was made.
	readOnly = `(group ` + eachClaim +
		` (kube_persistentvolumeclaim_access_mode{access_mode="ReadOnlyMany"} == 1)` +
		` unless ` + onClaim +
		` (kube_persistentvolumeclaim_access_mode{access_mode!="ReadOnlyMany"} == 1)` +
		` or min ` + eachClaim + ` (kube_pod_spec_volumes_persistentvolumeclaims_readonly` +
		` unless ` + onPod + ` kube_pod_status_phase{phase=~"Succeeded|Failed"} == 1) == 1)`

	// A volume that was just enlarged may have more available than its capacity.
	volumeUsed = `max ` + eachClaim +
		` (1 - clamp_max(kubelet_volume_stats_available_bytes / ` +
		`(kubelet_volume_stats_capacity_bytes > 0), 1))`
	volumeSize = `max ` + eachClaim + ` (kubelet_volume_stats_capacity_bytes > 0)`
	judged     = ` unless ` + onClaim + ` ` + rawBlock + ` unless ` + onClaim + ` ` + readOnly

	hintVolumes = "The kubelet's own /metrics provides these metrics (the job kubernetes-nodes " +
		"in the community prometheus chart, kubelet.enabled in kube-prometheus-stack), for " +
		"volumes that a running pod mounts and whose CSI driver reports a size " +
		"(NodeGetVolumeStats)."
)

// sharedClaims selects the claims on a file system that an older claim uses too, as on an NFS
// server or a node's own disk. Each of them reports the capacity of the whole file system, which is
// more than it requested, and the same free space. Claims created in the same second are all
// judged.
func sharedClaims() string {
	const (
		capacity = `max ` + eachClaim + ` (kubelet_volume_stats_capacity_bytes)`
		free     = `round(max ` + eachClaim +
			` (kubelet_volume_stats_available_bytes / (kubelet_volume_stats_capacity_bytes > ` +
			`0)), 0.01)`
		asked = `max ` + eachClaim +
			` (kube_persistentvolumeclaim_resource_requests_storage_bytes)`
		of      = `(cluster, storageclass, size, free)`
		created = `count_values ` + eachClaim + ` ("size", ` + capacity + ` > 1.2 * ` + asked +
			`)` +
			` * ` + onClaim + ` group_left (free) count_values ` + eachClaim + ` ("free", ` + free +
			`)` +
			` * ` + onClaim +
			` group_left (storageclass) max by (cluster, namespace, persistentvolumeclaim, ` +
			`storageclass) (kube_persistentvolumeclaim_info)` +
			` * ` + onClaim + ` group_left () max ` + eachClaim +
			` (kube_persistentvolumeclaim_created)`
	)
	return `group ` + eachClaim + ` (` + created + ` > on ` + of + ` group_left () min by ` + of +
		` (` + created + `))`
}

// judgeOldestClaim makes a panel of claims judge only the oldest claim of each file system.
// capacity is the query for the capacity of a claim, in unit.
func judgeOldestClaim(p panel.Spec, capacity string, unit units.Unit) panel.Spec {
	capacity += judged
	p.Capacity = &panel.Capacity{
		Query: `label_replace(` + capacity + ` and ` + onClaim + ` ` + sharedClaims() +
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
	return judgeOldestClaim(panel.Spec{
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
		Wall:     &panel.Wall{Value: 1, Why: panel.WallFull},
		Forecast: forecastTo(0.90),
		Change:   &panel.Change{By: leastShare},
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
			Query: `count(` + sharedClaims() + `)`,
			Text:  "claims on one file system with an older claim, the only one judged: {{value}}",
		}, {
			Query: `count(` + volumeUsed + ` and ` + onClaim + ` ` + readOnly + `)`,
			Text: "read-only volumes, which stay as full as they were made (not judged): " +
				"{{value}}",
		}, {
			Query: `count(group ` + eachClaim + ` (kubelet_volume_stats_capacity_bytes > 0) and ` +
				onClaim + ` ` + rawBlock + `)`,
			Text: "raw block volumes, whose use only the application knows (not judged): {{value}}",
		}},
		Why: "How full a volume is, as seen by the kubelet that mounts it. kube-state-metrics " +
			"knows only the requested size, and the disk panel leaves volumes out. We use " +
			"available, not used: a file system keeps some of its capacity for itself. Raw block " +
			"volumes have no file system that could fill up, and read-only volumes are full by " +
			"design: neither is judged.",
		Hint: hintVolumes,
	}, volumeSize, units.Bytes)
}

// pvcInodes leaves out a volume whose bytes are almost used up: XFS makes inodes out of free space,
// so it then has no inodes left either.
func pvcInodes() panel.Spec {
	const inodes = `kubelet_volume_stats_inodes > 0`
	return judgeOldestClaim(panel.Spec{
		Name:    "pvc-inodes",
		Title:   "Persistent volume inodes",
		Section: sectionStorage,
		Queries: []panel.Query{{
			Expr: `max ` + eachClaim + ` (1 - kubelet_volume_stats_inodes_free / (` + inodes +
				`))` +
				` unless ` + onClaim + ` ` + volumeUsed + ` > 0.98` + judged,
			Unit:   units.PercentUnit,
			Legend: nameClaim,
		}},
		Subject:  "inodes",
		Wall:     &panel.Wall{Value: 1, Why: panel.WallFull},
		Forecast: forecastTo(0.92),
		Rules: []rules.Rule{{
			Name: "VolumeInodesHigh", Warning: rules.At(0.85), Critical: rules.At(0.92),
			For:    15 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
		Needs:    []string{"kubelet_volume_stats_inodes", "kubelet_volume_stats_inodes_free"},
		Optional: true,
		Why: "A volume with many small files can run out of inodes while it still has free " +
			"bytes. File systems that make inodes on demand report none and are left out.",
		Hint: hintVolumes,
	}, `max `+eachClaim+` (`+inodes+`)`, units.Short)
}
