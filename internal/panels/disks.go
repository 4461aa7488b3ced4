package panels

import (
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

const (
	// networkFS matches the types of file systems that other machines keep or that several machines
	// share: each node that mounts one would report it again.
	networkFS = `nfs.*|cifs|smb.*|9p|virtiofs|afs|lustre|ceph|glusterfs|gpfs|beegfs.*|fhgfs|` +
		`orangefs|pvfs2|ocfs2|gfs2|acfs|panfs|wekafs|vboxsf|vmhgfs|prl_fs|` +
		`fakeowner|fuse[.].*(gluster|ceph|juicefs|s3|sshfs|mfs|lizardfs|gcs|goofys|blob|rclone|` +
		`seaweed).*`
	// podMounts matches the mount points of pod volumes, wherever the kubelet keeps its directory.
	// The panel pvc covers them.
	podMounts = `.*(kubernetes[.]io[~/]|/kubelet/pods/|/volume-subpaths/|/globalmount|/lib/osd/).*`
	// noDataMounts matches mount points below which nobody keeps data.
	noDataMounts = podMounts + `|(/rootfs|/host)?/(run|snap|dev|proc|sys)(/.*)?`
	// disks selects the file systems on which a machine keeps data. It leaves out file systems in
	// memory, images, those of other machines, and pod volumes. It also leaves out ZFS, whose
	// datasets share the space of their pool.
	disks = `fstype!~"zfs|tmpfs|ramfs|devtmpfs|overlay|squashfs|erofs|cramfs|iso9660|udf|nsfs|` +
		`autofs|fuse(ctl|[.].+)?|` + networkFS + `",` +
		`mountpoint!~"` + noDataMounts + `",device!~"/dev/mapper/(docker-.+|usr)"`
	// mounts selects the mount points of disks and a few more. It is shorter than disks, for use on
	// the other side of a join.
	mounts = `mountpoint!~"` + noDataMounts + `"`

	eachDisk  = `(cluster, instance, device)`
	eachMount = `(cluster, instance, mountpoint)`
)

// preferred are the mount points by which a disk is named if it is mounted at several. The first
// match wins.
var preferred = []string{
	"/", "/var", "/var/lib/kubelet", "/var/lib/containerd", "/var/lib/containers/storage",
	"/var/lib/docker",
}

// others selects all mount points except the preferred ones.
var others = `mountpoint!~"` + noDataMounts + "|" + strings.Join(preferred, "|") + `"`

// diskNames is 1 for each disk under the one mount point that names it, taken from a metric of file
// systems. A device name may change at boot; a mount point does not. A disk with several mount
// points, none of them preferred, is named by its device, which then is its mountpoint label too:
// otherwise chance would choose the name of its row.
func diskNames(metric string) string {
	mounted := func(matchers string) string {
		return `group by (cluster, instance, device, mountpoint) (` + metric + `{` + matchers + `})`
	}
	const orElse = ` or on ` + eachDisk + ` `
	var b strings.Builder
	for _, at := range preferred {
		b.WriteString(mounted(`mountpoint="`+at+`"`) + orElse)
	}
	b.WriteString(`(` + mounted(others) + ` and on ` + eachDisk + ` count by ` + eachDisk + ` (` +
		mounted(others) + `) == 1)` + orElse)
	b.WriteString(`label_replace(group by ` + eachDisk + ` (` + metric + `{` + others +
		`}), "mountpoint", "$1", "device", "(.+)")`)
	return b.String()
}

// byMount moves values, one for each cluster, instance and device, to the mount points that name
// the disks. by lists the labels to keep.
func byMount(by, metric, values string) string {
	return `max by ` + by + ` ((` + diskNames(metric) + `) * on ` + eachDisk + ` group_left () (` +
		values + `))`
}

// writable leaves image disks, which are full by design, out of values. node_filesystem_readonly
// can be wrong both ways in released exporters. It is believed if the disk was never writable
// within a day while another file system of the node is; if all are reported read-only, none is
// left out. An image reported as writable is recognised as a small root on a device that images
// use, on a node with its data elsewhere, without a byte changed in a day.
func writable(values string) string {
	const (
		image = `mountpoint=~"/|/usr",device=~"/dev/root|/dev/dm-.+|/dev/mapper/.*(root|usr|` +
			`verity).*"`
		data = `mountpoint!~"/|/usr",fstype=~"ext.|xfs|btrfs|f2fs|zfs"`
	)
	return values +
		` unless on ` + eachDisk + ` (min by ` + eachDisk +
		` (min_over_time(node_filesystem_readonly{` + mounts + `}[1d] @ end())) == 1` +
		` and on (cluster, instance) min by (cluster, instance) (node_filesystem_readonly{` +
		mounts + `}) == 0)` +
		` unless on ` + eachDisk + ` (max by ` + eachDisk +
		` (max_over_time(node_filesystem_avail_bytes{` + image + `}[1d] @ end()))` +
		` == min by ` + eachDisk + ` (min_over_time(node_filesystem_avail_bytes{` + image +
		`}[1d] @ end()))` +
		` and on ` + eachDisk + ` max by ` + eachDisk + ` (node_filesystem_size_bytes{` + image +
		`}) < 4294967296` +
		` and on (cluster, instance) max by (cluster, instance) (node_filesystem_avail_bytes{` +
		data + `}) > 0)`
}

// diskUsed is the used share of each disk. A partition below 2 GiB, as boot loaders and images
// have, appears only if it was more than 70 % full at some time: four such partitions on each of
// 5,000 nodes are more series than a report asks for. A ZFS pool is one disk: its datasets share
// the free space.
func diskUsed() string {
	return byMount(eachMount, "node_filesystem_size_bytes", writable(`max by `+eachDisk+
		` (1 - node_filesystem_avail_bytes{`+disks+`} / node_filesystem_size_bytes{`+disks+`})`)) +
		` unless on ` + eachMount + ` (max by ` + eachMount + ` (node_filesystem_size_bytes{` +
		others + `}) < 2147483648` +
		` and on ` + eachMount + ` min by ` + eachMount +
		` (min_over_time(node_filesystem_avail_bytes{` + others + `}[$__range] @ end())` +
		` / node_filesystem_size_bytes{` + others + `}) > 0.3)` +
		` or ` + poolUsed(eachMount) + ` / ` + poolSize(eachMount) +
		` or ` + quotaUsed()
}

func diskSize() string {
	const by = `(cluster, instance, mountpoint, device)`
	return byMount(by, "node_filesystem_size_bytes", `max by `+eachDisk+
		` (node_filesystem_size_bytes{`+disks+`})`) + ` or ` + poolSize(eachMount) +
		` or max by ` + by + ` (node_filesystem_size_bytes{` + datasets + `,` + mounts + `})`
}

const datasets = `fstype="zfs"`

// ofPool sets the mountpoint of a dataset to the name of its pool.
func ofPool(values string) string {
	return `label_replace(max by ` + eachDisk + ` (` + values +
		`), "mountpoint", "$1", "device", "([^/]+).*")`
}

func poolUsed(by string) string {
	return `sum by ` + by + ` (` + ofPool(`node_filesystem_size_bytes{`+datasets+
		`} - node_filesystem_avail_bytes{`+datasets+`}`) + `)`
}

func poolSize(by string) string {
	return `(` + poolUsed(by) + ` + max by ` + by + ` (` +
		ofPool(`node_filesystem_avail_bytes{`+datasets+`}`) + `))`
}

// quotaUsed is the used share of each dataset whose quota leaves it less than half of its pool's
// free space, if it was more than 70 % full at some time.
func quotaUsed() string {
	const (
		each  = `(cluster, instance, mountpoint, device)`
		which = `{` + datasets + `,` + mounts + `}`
		size  = `node_filesystem_size_bytes` + which
		avail = `node_filesystem_avail_bytes` + which
	)
	pool := func(values string) string {
		return `label_replace(` + values + `, "pool", "$1", "device", "([^/]+).*")`
	}
	return `max by ` + eachMount + ` (1 - ` + avail + ` / ` + size +
		` and on ` + each + ` (min_over_time(` + avail + `[$__range] @ end()) / ` + size +
		` < 0.3)` +
		` and on ` + each + ` (` + pool(avail+` @ end()`) +
		` < on (cluster, instance, pool) group_left ()` +
		` 0.5 * max by (cluster, instance, pool) (` + pool(`node_filesystem_avail_bytes{`+datasets+
		`} @ end()`) + `)))`
}

func nodeDisk() panel.Spec {
	return panel.Spec{
		Name:    "node-disk",
		Title:   "Node disks",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr:   diskUsed(),
			Unit:   units.PercentUnit,
			Legend: "{{node}} {{mountpoint}} ({{device}})",
		}},
		Needs:    []string{"node_filesystem_avail_bytes", "node_filesystem_size_bytes"},
		Measure:  panel.NodeDisk,
		Subject:  "disk",
		Capacity: &panel.Capacity{Query: diskSize(), Unit: units.Bytes, Aside: []string{"device"}},
		Wall:     &panel.Wall{Value: 0.90, Why: panel.WallEvicts}, // nodefs.available<10%
		Forecast: forecastTo(imagesDeleted),
		Change:   &panel.Change{By: leastShare},
		Rules: []rules.Rule{{
			Name: "NodeDiskHigh", Warning: rules.At(0.80), Critical: rules.At(0.88),
			For: 15 * time.Minute,
		}},
		// /boot is small by design, and kernels come and go in it. If it is full, only the next
		// update fails.
		Overrides: []panel.Override{{
			Match: []panel.Matcher{
				{Label: "mountpoint", Op: "=~", Value: "(/rootfs|/host)?/(boot(/.*)?|efi)"},
			},
			Rule: "NodeDiskHigh", Warning: rules.At(0.95),
		}},
		Remarks: []panel.Remark{{
			Query: `count by (cluster, fstype, device) (group by (cluster, instance, fstype, ` +
				`device) (` +
				`node_filesystem_size_bytes{fstype=~"` + networkFS + `",mountpoint!~"` + podMounts +
				`"}))`,
			Text: "not judged, because other machines keep it: {{fstype}} {{device}} (nodes that " +
				"mount it: {{value}})",
		}},
		Why: "We use avail, not free: pods cannot use the space reserved for root. A disk is " +
			"named by its mount point, because device names can change at boot. Images, pod " +
			"volumes and file systems of other machines are left out. A ZFS pool is one disk; a " +
			"dataset has a row only if its quota is nearly full. The kubelet deletes images from " +
			"85 % and evicts pods at 90 %, so our limits are lower. /boot warns at 95 %.",
		Hint: hintExporter + " If it runs in a container, it must see the host's root file " +
			"system (prometheus-node-exporter.hostRootFsMount.enabled, on by default).",
	}
}

// nodeInodes does not report a full disk a second time. XFS makes inodes out of free space, so a
// nearly full disk has few left. If less than a fifth of the disk is free, it is judged as if a
// fifth were, at the bytes per inode that it has now.
func nodeInodes() panel.Spec {
	const (
		fixed = disks + `,fstype!="xfs"`
		xfs   = mounts + `,fstype="xfs"`
		used  = `(node_filesystem_files{` + xfs + `} - node_filesystem_files_free{` + xfs + `})`
		avail = `node_filesystem_avail_bytes{` + xfs + `}`
		free  = `node_filesystem_files_free{` + xfs + `}`
		each  = `clamp(` + avail + ` / clamp_min(` + free + `, 1), 512, 16384)`
		more  = `clamp_min(0.2 * node_filesystem_size_bytes{` + xfs + `} - ` + avail + `, 0) / ` +
			each
	)
	return panel.Spec{
		Name:    "node-inodes",
		Title:   "Node disk inodes",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr: byMount(eachMount, "node_filesystem_files", writable(`max by `+eachDisk+` (`+
				`1 - node_filesystem_files_free{`+fixed+`} / (node_filesystem_files{`+fixed+
				`} > 0)`+
				` or `+used+` / (`+used+` + `+free+` + `+more+`))`)),
			Unit:   units.PercentUnit,
			Legend: "{{node}} {{mountpoint}} ({{device}})",
		}},
		Needs:   []string{"node_filesystem_files", "node_filesystem_files_free"},
		Subject: "inodes",
		Capacity: &panel.Capacity{
			Query: byMount(`(cluster, instance, mountpoint, device)`, "node_filesystem_files",
				`max by `+eachDisk+` (node_filesystem_files{`+disks+`} > 0)`),
			Unit: units.Short, Aside: []string{"device"},
		},
		Wall:     &panel.Wall{Value: 0.95, Why: panel.WallEvicts}, // nodefs.inodesFree<5%
		Forecast: forecastTo(0.92),
		Rules: []rules.Rule{{
			Name: "NodeInodesHigh", Warning: rules.At(0.85), Critical: rules.At(0.92),
			For: 15 * time.Minute,
		}},
		Why: "A disk with many small files can run out of inodes while it still has free bytes. " +
			"Writes then fail with “no space left on device” all the same. File systems that " +
			"report no inode count are left out. XFS makes inodes out of free space. So this " +
			"panel judges a nearly full XFS disk as if a fifth of it were free. The disk panel " +
			"reports that disk.",
		Hint: hintExporter,
	}
}

// nodeReadonly is 1 where a file system is read-only now and was writable within the last day, or
// at this time three or seven days ago: the alert stays when the change itself is out of the
// report's range. A file system that was writable only for a moment is an image that was updated.
// Every other node has one series of 0, so that the alert resolves with a sample and not because
// the series ends.
func nodeReadonly() panel.Spec {
	const (
		readonly = `node_filesystem_readonly{` + disks + `}`
		anyMount = `node_filesystem_readonly{` + mounts + `}`
		share    = `avg by ` + eachMount + ` (avg_over_time(` + anyMount + `[1d] @ end()))`
		at       = `min by ` + eachMount + ` (` + anyMount + ` @ end()`
	)
	turned := share + ` > 0 < 0.99 or ` + at + `) == 1 and on ` + eachMount + ` (` + at +
		` offset 3d) == 0 or ` + at + ` offset 7d) == 0)`
	return panel.Spec{
		Name:    "node-readonly",
		Kind:    panel.Heatmap,
		Top:     16, // most rows are 0
		Title:   "Disks turned read-only",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr: byMount(eachMount, "node_filesystem_readonly", `min by `+eachDisk+` (`+readonly+
				` and on `+eachMount+` (`+turned+`)`+
				` unless on (cluster, instance) min by (cluster, instance) `+
				`(node_filesystem_readonly{fstype=~"tmpfs|ramfs|devtmpfs"} @ end()) == 1)`) +
				` or on (cluster, instance) 0 * group by (cluster, instance) (` + anyMount + `)`,
			Unit:   units.Short,
			Legend: "{{node}} {{mountpoint}}",
		}},
		Subject: "read-only",
		Rules: []rules.Rule{{
			Name: "NodeDiskReadonly", Critical: rules.At(0), For: 5 * time.Minute, Condition: true,
			Flaps: true,
		}},
		Why: "When a disk fails, the kernel makes its file system read-only: nothing can be " +
			"written any more, while all other figures look normal. 1 marks a disk that cannot " +
			"be written to now, but could be within the last day, or three or seven days ago. A " +
			"disk that was read-only before that is not reported: it may be intended.",
		Hint: hintExporter,
	}
}
