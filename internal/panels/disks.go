package panels

import (
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

const (
	// shared are the types of file systems that other machines keep, or that several machines
	// share: each node that mounts one would tell of it again.
	shared = `nfs.*|cifs|smb.*|9p|virtiofs|afs|lustre|ceph|glusterfs|gpfs|beegfs.*|fhgfs|orangefs|pvfs2|ocfs2|gfs2|acfs|panfs|wekafs|vboxsf|vmhgfs|prl_fs|` +
		`fakeowner|fuse[.].*(gluster|ceph|juicefs|s3|sshfs|mfs|lizardfs|gcs|goofys|blob|rclone|seaweed).*`
	// ofPods are the mount points of pods' volumes, wherever the kubelet has its directory: the
	// panel pvc has those.
	ofPods = `.*(kubernetes[.]io[~/]|/kubelet/pods/|/volume-subpaths/|/globalmount|/lib/osd/).*`
	// aside are the mount points below which nobody keeps data.
	aside = ofPods + `|(/rootfs|/host)?/(run|snap|dev|proc|sys)(/.*)?`
	// disks selects the file systems that a machine keeps data on: not those in memory, of images,
	// or of other machines, and no volumes of pods. ZFS is not in it: its datasets share the space
	// of their pool.
	disks = `fstype!~"zfs|tmpfs|ramfs|devtmpfs|overlay|squashfs|erofs|cramfs|iso9660|udf|nsfs|autofs|fuse(ctl|[.].+)?|` + shared + `",` +
		`mountpoint!~"` + aside + `",device!~"/dev/mapper/(docker-.+|usr)"`
	// mounts selects the mount points of disks, and some more: it is shorter, for where disks is on
	// the other side of a join.
	mounts = `mountpoint!~"` + aside + `"`

	eachDisk  = `(cluster, instance, device)`
	eachMount = `(cluster, instance, mountpoint)`
)

// preferred are the mount points that a disk is known by where it is mounted at several. The first
// that it has counts.
var preferred = []string{
	"/", "/var", "/var/lib/kubelet", "/var/lib/containerd", "/var/lib/containers/storage",
	"/var/lib/docker",
}

// others selects all mount points but the preferred ones.
var others = `mountpoint!~"` + aside + "|" + strings.Join(preferred, "|") + `"`

// places is 1 for each disk under the one mount point that it is known by, as a series of a metric
// of file systems: its name may change when the machine boots, the mount point does not. A disk of
// several mount points of which none is preferred is known by its name, which then is its
// mountpoint too: the rows of one disk would be told apart by chance otherwise.
func places(metric string) string {
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

// placed puts the values of disks, one for each cluster, instance and device, under their mount
// points. by are the labels that stay.
func placed(by, metric, values string) string {
	return `max by ` + by + ` ((` + places(metric) + `) * on ` + eachDisk + ` group_left () (` +
		values + `))`
}

// writable leaves the disks of an image out of values: they are full by design.
// node_filesystem_readonly errs both ways in released exporters. It is taken at its word where the
// disk was never writable within a day and another file system of the node is; where all are said
// to be read-only, none is left out. An image whose exporter says 0 is the small root of a system
// that has its data elsewhere, on a device as images have, and of which no byte changes for a day.
func writable(values string) string {
	const (
		image = `mountpoint=~"/|/usr",device=~"/dev/root|/dev/dm-.+|/dev/mapper/.*(root|usr|verity).*"`
		data  = `mountpoint!~"/|/usr",fstype=~"ext.|xfs|btrfs|f2fs|zfs"`
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

// diskUsed is the used share of each disk. A partition of less than 2 GiB, as boot loaders and
// images have, is in it only where it was more than 70 % full at some time: four of them on each of
// 5,000 nodes are more series than a report asks for. One pool of ZFS is one disk: its datasets,
// however many, share what is free.
func diskUsed() string {
	return placed(eachMount, "node_filesystem_size_bytes", writable(`max by `+eachDisk+
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
	return placed(by, "node_filesystem_size_bytes", `max by `+eachDisk+
		` (node_filesystem_size_bytes{`+disks+`})`) + ` or ` + poolSize(eachMount) +
		` or max by ` + by + ` (node_filesystem_size_bytes{` + datasets + `,` + mounts + `})`
}

const datasets = `fstype="zfs"`

// ofPool puts the name of its pool into the mountpoint of a dataset.
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

// quotaUsed is the used share of each dataset that has less than half of what its pool has left,
// because of a quota, and that was more than 70 % full at some time.
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
		Title:   "Disks of nodes",
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
		Rules: []rules.Rule{{
			Name: "NodeDiskHigh", Warning: rules.At(0.80), Critical: rules.At(0.88),
			For: 15 * time.Minute,
		}},
		// Kernels come and go in /boot, and it is small by design. Nothing stops when it is full,
		// but the next update.
		Overrides: []panel.Override{{
			Match: []panel.Matcher{
				{Label: "mountpoint", Op: "=~", Value: "(/rootfs|/host)?/(boot(/.*)?|efi)"},
			},
			Rule: "NodeDiskHigh", Warning: rules.At(0.95),
		}},
		Remarks: []panel.Remark{{
			Query: `count by (cluster, fstype, device) (group by (cluster, instance, fstype, device) (` +
				`node_filesystem_size_bytes{fstype=~"` + shared + `",mountpoint!~"` + ofPods +
				`"}))`,
			Text: "not judged, because it is kept by other machines: {{fstype}} {{device}} " +
				"(nodes that mount it: {{value}})",
		}},
		Why: "avail, not free: pods cannot use what is reserved for root. A disk is known by its " +
			"mount point, since its name may change when the machine boots." +
			" Images, pods' volumes, and file systems of other machines are left out; a pool of " +
			"ZFS is one disk, unless a quota is nearly full." +
			" The kubelet deletes images from 85 % on and evicts pods at 90 %: the limits are " +
			"below both. /boot warns at 95 %.",
		Hint: hintExporter + " In a container it must see the host's root filesystem " +
			"(prometheus-node-exporter.hostRootFsMount.enabled, on by default).",
	}
}

// nodeInodes does not tell of a full disk again: XFS makes inodes of free space, and so has few
// when there is little of it. Where less than a fifth of the disk is free it is judged as though a
// fifth were, at as many bytes an inode as it has now.
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
		Title:   "Inodes of nodes' disks",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr: placed(eachMount, "node_filesystem_files", writable(`max by `+eachDisk+` (`+
				`1 - node_filesystem_files_free{`+fixed+`} / (node_filesystem_files{`+fixed+
				`} > 0)`+
				` or `+used+` / (`+used+` + `+free+` + `+more+`))`)),
			Unit:   units.PercentUnit,
			Legend: "{{node}} {{mountpoint}} ({{device}})",
		}},
		Needs:   []string{"node_filesystem_files", "node_filesystem_files_free"},
		Subject: "inodes",
		Capacity: &panel.Capacity{
			Query: placed(`(cluster, instance, mountpoint, device)`, "node_filesystem_files",
				`max by `+eachDisk+` (node_filesystem_files{`+disks+`} > 0)`),
			Unit: units.Short, Aside: []string{"device"},
		},
		Rules: []rules.Rule{{
			Name: "NodeInodesHigh", Warning: rules.At(0.85), Critical: rules.At(0.92),
			For: 15 * time.Minute,
		}},
		Why: "A disk of many small files is full when its inodes are, whatever its bytes say: " +
			"writing fails with “no space left on device” all the same." +
			" Filesystems that report no number of inodes are left out. XFS makes inodes of free " +
			"space: where the disk is nearly full, which its own panel says, it is judged as if " +
			"a fifth were free.",
		Hint: hintExporter,
	}
}

// nodeReadonly is 1 where a file system is read-only that was writable within the last day, or was
// three or seven days ago at this time: the alert goes on when the change itself is no longer in
// the report's range. One that was writable for a moment alone is an image that was updated. The
// other nodes have one series each, which is 0, so that an alert never ends because nothing is said
// any more.
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
		Top:     16, // most rows have nothing to say
		Title:   "Disks that turned read-only",
		Section: sectionNodes,
		Queries: []panel.Query{{
			Expr: placed(eachMount, "node_filesystem_readonly", `min by `+eachDisk+` (`+readonly+
				` and on `+eachMount+` (`+turned+`)`+
				` unless on (cluster, instance) min by (cluster, instance) (node_filesystem_readonly{fstype=~"tmpfs|ramfs|devtmpfs"} @ end()) == 1)`) +
				` or on (cluster, instance) 0 * group by (cluster, instance) (` + anyMount + `)`,
			Unit:   units.Short,
			Legend: "{{node}} {{mountpoint}}",
		}},
		Subject: "read-only",
		Rules: []rules.Rule{{
			Name: "NodeDiskReadonly", Critical: rules.At(0), For: 5 * time.Minute, Condition: true,
			Flaps: true,
		}},
		Why: "The kernel makes a file system read-only when its disk fails: nothing on it can be " +
			"written any more, and all figures look well." +
			" 1 is a disk that could be written to within the last day (or three, or seven, days " +
			"ago) and cannot now. What was read-only before is not told: it may be so by design.",
		Hint: hintExporter,
	}
}
