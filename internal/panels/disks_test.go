package panels_test

import (
	"testing"
	"time"
)

// disk is a file system of one node. Its size and available bytes, and whether it is read-only, are
// in promtool's notation.
type disk struct {
	device, mountpoint, fstype  string
	size, avail, readonly, free string // free: inodes of a million; "": no inode metrics
}

func (st *store) disks(t *testing.T, ds ...disk) {
	t.Helper()
	for _, d := range ds {
		ls := set{
			"instance": "n1:9100", "device": d.device, "mountpoint": d.mountpoint,
			"fstype": d.fstype,
		}
		st.add(t, "node_filesystem_size_bytes", ls, scrape, d.size)
		st.add(t, "node_filesystem_avail_bytes", ls, scrape, d.avail)
		st.add(t, "node_filesystem_readonly", ls, scrape, d.readonly)
		if d.free != "" {
			st.add(t, "node_filesystem_files", ls, scrape, "1000000x120")
			st.add(t, "node_filesystem_files_free", ls, scrape, d.free)
		}
	}
}

func TestDisks(t *testing.T) {
	const writable, readonly = "0x120", "1x120"
	root := disk{"/dev/sda1", "/", "ext4", "100e9x120", "50e9x120", writable, ""}
	for _, tt := range []struct {
		name  string
		panel string
		disks []disk
		want  values
	}{
		{"an exporter that reports all disks read-only hides none", "node-disk", []disk{
			{"/dev/sda1", "/", "ext4", "100e9x120", "5e9x120", readonly, ""}, {
				"/dev/sdb", "/data", "xfs", "100e9x120", "40e9x120", readonly, "",
			},
		}, values{"n1:9100 /": 0.95, "n1:9100 /data": 0.6}},
		{"an image root that is reported writable", "node-disk", []disk{
			{"/dev/dm-0", "/", "ext4", "1e9x120", "0x120", writable, ""}, {
				"/dev/sdb", "/var", "xfs", "100e9x120", "40e9x120", writable, "",
			},
		}, values{"n1:9100 /var": 0.6}},
		{"a full root is not taken for an image", "node-disk", []disk{
			{"/dev/root", "/", "ext4", "30e9x120", "0x120", writable, ""}, {
				"/dev/sdb", "/data", "xfs", "100e9x120", "40e9x120", writable, "",
			},
		}, values{"n1:9100 /": 1, "n1:9100 /data": 0.6}},
		{"a small root that fills up is not taken for an image", "node-disk", []disk{
			{"/dev/root", "/", "ext4", "3e9x120", "1e9x60 0x60", writable, ""}, {
				"/dev/sdb", "/data", "xfs", "100e9x120", "40e9x120", writable, "",
			},
		}, values{"n1:9100 /": 1, "n1:9100 /data": 0.6}},
		{"one disk at several mount points, none preferred", "node-disk", []disk{
			{"/dev/sdb", "/a", "xfs", "100e9x120", "5e9x120", writable, ""}, {
				"/dev/sdb", "/b", "xfs", "100e9x120", "5e9x120", writable, "",
			},
			{"/dev/sdb", "/c", "xfs", "100e9x120", "5e9x120", writable, ""},
			{"/dev/sdb", "/d", "xfs", "100e9x120", "5e9x120", writable, ""}, root,
		}, values{"n1:9100 /dev/sdb": 0.95, "n1:9100 /": 0.5}},
		{"subvolumes of btrfs", "node-disk", []disk{
			{"/dev/sdb", "/var", "btrfs", "100e9x120", "5e9x120", writable, ""}, {
				"/dev/sdb", "/srv", "btrfs", "100e9x120", "5e9x120", writable, "",
			},
		}, values{"n1:9100 /var": 0.95}},
		{"a renamed disk with bind mounts", "node-disk", []disk{
			{"/dev/nvme1n1", "/mnt/k8s-disks/0", "xfs", "100e9x50", "5e9x50", "0x50", ""}, {
				"/dev/nvme1n1", "/var/lib/kubelet", "xfs", "100e9x50", "5e9x50", "0x50", "",
			},
			{
				"/dev/nvme2n1", "/mnt/k8s-disks/0", "xfs", "_x55 100e9x60", "_x55 5e9x60",
				"_x55 0x60", "",
			},
			{
				"/dev/nvme2n1", "/var/lib/kubelet", "xfs", "_x55 100e9x60", "_x55 5e9x60",
				"_x55 0x60", "",
			},
		}, values{"n1:9100 /var/lib/kubelet": 0.95}},
		{"pod volumes below any directory", "node-disk", []disk{
			root, {
				"/dev/sdb", "/mnt/data/kubelet/pods/1/volume-subpaths/pvc/c/0", "ext4", "10e9x120",
				"0x120", writable, "",
			},
			{
				"/dev/sdc",
				"/var/snap/microk8s/common/var/lib/kubelet/plugins/kubernetes.io/csi/x/globalmount",
				"ext4", "10e9x120", "0x120", writable, "",
			},
			{
				"/dev/sdd", "/srv/root/pods/1/volumes/kubernetes.io~csi/pvc-1/mount", "ext4",
				"10e9x120", "0x120", writable, "",
			},
		}, values{"n1:9100 /": 0.5}},
		{"a small partition shows only if it was nearly full", "node-disk", []disk{
			root, {"/dev/sda2", "/boot", "ext4", "1e9x120", "0.5e9x120", writable, ""}, {
				"/dev/sda3", "/boot/efi", "vfat", "1e9x120", "0.1e9x100 0.9e9x20", writable, "",
			},
		}, values{"n1:9100 /": 0.5, "n1:9100 /boot/efi": 0.1}},
		{"file systems of other machines", "node-disk", []disk{
			root, {"fs-1:/", "/mnt/a", "nfs4", "1e12x120", "0x120", writable, ""}, {
				"10.0.0.1:6789:/", "/mnt/b", "ceph", "1e12x120", "0x120", writable, "",
			},
			{"//files/share", "/mnt/c", "smb3", "1e12x120", "0x120", writable, ""}, {
				"vol", "/mnt/d", "fuse.glusterfs", "1e12x120", "0x120", writable, "",
			},
			{"tag", "/mnt/e", "virtiofs", "1e12x120", "0x120", writable, ""}, {
				"gpfs0", "/mnt/f", "gpfs", "1e12x120", "0x120", writable, "",
			},
		}, values{"n1:9100 /": 0.5}},
		// (60+20) of (60+20+20).
		{"a pool of ZFS", "node-disk", []disk{
			{"tank/a", "/a", "zfs", "80e9x120", "20e9x120", writable, ""}, {
				"tank/b", "/b", "zfs", "40e9x120", "20e9x120", writable, "",
			},
			{"rpool/ROOT/os", "/", "zfs", "100e9x120", "75e9x120", writable, ""},
		}, values{"n1:9100 tank": 0.8, "n1:9100 rpool": 0.25}},
		{"inodes of a full XFS", "node-inodes", []disk{
			{"/dev/sdb", "/data", "xfs", "500e9x120", "0x120", writable, "0x120"},
		}, values{"n1:9100 /data": 1e6 / (1e6 + 100e9/512)}},
		{"inodes of XFS with space and few inodes", "node-inodes", []disk{
			{"/dev/sdb", "/data", "xfs", "500e9x120", "400e9x120", writable, "20000x120"},
		}, values{"n1:9100 /data": 0.98}},
		{"inodes of ext4 on a full disk", "node-inodes", []disk{
			{"/dev/sdb", "/data", "ext4", "500e9x120", "1e9x120", writable, "20000x120"},
		}, values{"n1:9100 /data": 0.98}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var st store
			st.disks(t, tt.disks...)
			got, _, err := st.at(t, builtin(t, tt.panel).Queries[0].Expr, 110*time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if !got.equal(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestReadonly follows a disk that turns read-only after a week, long after any report's range.
func TestReadonly(t *testing.T) {
	const every, hour, day = 10 * time.Minute, time.Hour, 24 * time.Hour
	const turned = 7 * day // 1008 samples after the first
	st := func(readonly string, more ...disk) *store {
		var st store
		for _, d := range append(more, disk{
			"/dev/sda1", "/", "ext4", "", "", readonly, "",
		}, disk{"/dev/dm-0", "/usr", "ext4", "", "", "1x3000", ""}) {
			ls := set{
				"instance": "n1:9100", "device": d.device, "mountpoint": d.mountpoint,
				"fstype": d.fstype,
			}
			st.add(t, "node_filesystem_readonly", ls, every, d.readonly)
		}
		return &st
	}
	memory := func(readonly string) disk {
		return disk{"tmpfs", "/tmp", "tmpfs", "", "", readonly, ""}
	}
	failed := "0x1007 1x1900"
	healthy := values{"n1:9100": 0}
	for _, tt := range []struct {
		name string
		st   *store
		at   time.Duration
		want values
	}{
		{"before", st(failed), turned - hour, healthy},
		{"an hour later", st(failed), turned + hour, values{"n1:9100 /": 1}},
		{"two days later", st(failed), turned + 2*day, values{"n1:9100 /": 1}},
		{"six days later", st(failed), turned + 6*day, values{"n1:9100 /": 1}},
		{
			"with a writable tmpfs", st(failed, memory("0x3000")), turned + hour,
			values{"n1:9100 /": 1},
		},
		{
			"all at once, tmpfs too: another exporter", st(failed, memory(failed)), turned + hour,
			healthy,
		},
		{"repaired", st("0x1007 1x29 0x1900"), turned + 8*hour, values{"n1:9100 /": 0}},
		{"always", st("1x3000"), turned + hour, healthy},
		{
			"writable for a moment, like an image during an update", st("1x1000 0x0 1x2000"),
			turned + hour, healthy,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := tt.st.at(t, builtin(t, "node-readonly").Queries[0].Expr, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if !got.equal(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
