package lab

import (
	"fmt"
	"math"
)

// machine returns a metric of node_exporter with one series for each node.
func machine(name, help string, value func(n *node, t int64) float64) metric {
	return metric{name: name, kind: gauge, help: help, from: nodeExporter, expose: func(t *target,
		emit emitter) {
		n := t.node
		emit(always(), func(at int64) float64 { return value(n, at) })
	}}
}

// machineCounter returns a counter of node_exporter for a signal of each node. It restarts when the
// node boots.
func machineCounter(name, help string, of func(n *node) *signal,
	scale func(seconds, v float64) float64, labels ...string) metric {
	return metric{
		name: name, kind: counterKind, help: help, from: nodeExporter,
		expose: func(t *target, emit emitter) {
			emit(always(), counted(of(t.node), 0, t.node.bootedAt, scale), labels...)
		},
	}
}

// kib rounds bytes down to KiB, in which /proc/meminfo counts.
func kib(v float64) float64 { return math.Floor(v/1024) * 1024 }

// nodeMetrics returns node_exporter's metrics of memory, CPU, load, pressure and the system.
func nodeMetrics() []metric {
	memory := func(field string, value func(n *node, t int64) float64) metric {
		return machine("node_memory_"+field+"_bytes", "Memory information field "+field+"_bytes.",
			func(n *node, t int64) float64 { return kib(value(n, t)) })
	}
	none := func(*node, int64) float64 { return 0 }
	available := func(n *node, t int64) float64 { return n.memory * (1 - n.usedAt(t)) }
	pressure := func(name, help string, of func(n *node) *signal, share float64) metric {
		return machineCounter("node_pressure_"+name+"_seconds_total", help, of,
			func(_, v float64) float64 { return round(share * v) })
	}
	busy := func(n *node) *signal { return &n.busy }
	squeezed := func(n *node) *signal { return &n.squeezed }
	load := func(name string, smooth float64) metric {
		return machine(name, name[len("node_"):]+" average.", func(n *node, t int64) float64 {
			return math.Round(100*float64(n.cores)*(n.busy.plainAt(t)*1.1+
				smooth*n.busy.jitter*noise(n.busy.seed, t))) / 100
		})
	}
	return []metric{
		memory("MemTotal", func(n *node, _ int64) float64 { return n.memory }),
		memory("MemAvailable", available),
		// The fields below are often mistaken for it.
		memory("MemFree", func(n *node, t int64) float64 {
			return available(n, t) * (.10 + .04*noise(n.seed+1, t))
		}),
		memory("Buffers", func(n *node, t int64) float64 { return available(n, t) * .012 }),
		memory("Cached", func(n *node, t int64) float64 {
			return available(n, t) * (.82 + .03*noise(n.seed+2, t))
		}),
		memory("SReclaimable", func(n *node, t int64) float64 { return available(n, t) * .06 }),
		memory("Active", func(n *node, t int64) float64 {
			return n.memory * (.22 + .55*n.usedAt(t))
		}),
		memory("Inactive", func(n *node, t int64) float64 {
			return n.memory * (.60 - .50*n.usedAt(t))
		}),
		memory("SwapTotal", none),
		memory("SwapFree", none),
		nodeCPU(),
		load("node_load1", 1), load("node_load5", .6), load("node_load15", .3),
		pressure("memory_waiting", "Total time in seconds that processes have waited for memory",
			squeezed, 1),
		pressure("memory_stalled", "Total time in seconds no process could make progress due to "+
			"memory congestion", squeezed, .3),
		pressure("cpu_waiting", "Total time in seconds that processes have waited for CPU time",
			busy, .11),
		pressure("io_waiting",
			"Total time in seconds that processes have waited due to IO congestion", busy, .012),
		pressure("io_stalled", "Total time in seconds no process could make progress due to IO "+
			"congestion", busy, .008),
		machine("node_boot_time_seconds", "Node boot time, in unixtime.",
			func(n *node, t int64) float64 { return float64(n.bootedAt(t) / 1000) }),
		machine("node_time_seconds", "System time in seconds since epoch (1970).",
			func(_ *node, t int64) float64 { return float64(t) / 1000 }),
		machineCounter("node_context_switches_total", "Total number of context switches.", busy,
			scaled(72000)),
		{name: "node_uname_info", kind: gauge, from: nodeExporter, help: "Labeled system " +
			"information as provided by the uname system call.",
			expose: func(t *target, emit emitter) {
				emit(always(), constant(1), "nodename", t.node.name+
					".ap-northeast-2.compute.internal", "sysname", "Linux", "machine", "x86_64",
					"release", "6.1.141-155.222.amzn2023.x86_64", "version",
					"#1 SMP PREEMPT_DYNAMIC", "domainname", "(none)")
			}},
		{name: "node_exporter_build_info", kind: gauge, from: nodeExporter,
			help: "A metric with a constant '1' value labeled by version, revision, branch, " +
				"goversion from which node_exporter was built, and the goos and goarch for the " +
				"build.",
			expose: func(_ *target, emit emitter) {
				emit(always(), constant(1), "version", "1.9.1", "branch", "HEAD", "goversion",
					"go1.23.7", "goos", "linux", "goarch", "amd64")
			}},
	}
}

// modes divides a core's time: shares of its busy time, or of the rest.
var modes = [...]struct {
	name  string
	busy  bool
	share float64
}{
	{"idle", false, .975}, {"iowait", false, .02}, {"steal", false, .005},
	{"user", true, .72}, {"system", true, .22}, {"softirq", true, .04}, {"nice", true, .02},
	{"irq", true, 0},
}

// nodeCPU returns node_cpu_seconds_total: the node's busy time, with each core a little behind the
// one before, so that cores differ slightly.
func nodeCPU() metric {
	return metric{name: "node_cpu_seconds_total", kind: counterKind, from: nodeExporter,
		help: "Seconds the CPUs spent in each mode.", expose: func(t *target, emit emitter) {
			n := t.node
			for core := range n.cores {
				lag := int64(core) * 19 * second
				for _, m := range modes {
					emit(always(), counted(&n.busy, lag, n.bootedAt, func(seconds,
						v float64) float64 {
						if !m.busy {
							v = max(0, seconds-v)
						}
						return math.Round(100*m.share*v) / 100
					}), "cpu", fmt.Sprint(core), "mode", m.name)
				}
			}
		}}
}

// mount is a filesystem of a node.
type mount struct {
	device, at, kind string
	size             float64
	full             func(t int64) float64
	files            float64
	readonly         bool
}

// mounts returns what a node has mounted: file systems to show and others to ignore (tmpfs, /boot,
// volumes of pods, a read-only root).
func (n *node) mounts() []mount {
	none := func(int64) float64 { return 0 }
	root := mount{
		device: "/dev/nvme0n1p1", at: "/", kind: "xfs", size: n.disk, full: n.fullAt,
		files: n.disk / 16384,
	}
	all := []mount{
		{
			device: "/dev/nvme0n1p128", at: "/boot/efi", kind: "vfat", size: 10 * mib,
			full: func(int64) float64 { return .13 },
		},
		{device: "tmpfs", at: "/run", kind: "tmpfs", size: n.memory / 5, full: func(int64) float64 {
			return .002
		}, files: 819200},
		{
			device: "tmpfs", at: "/tmp", kind: "tmpfs", size: n.memory / 2, full: none,
			files: 1048576,
		},
	}
	if n.many {
		all = append(all, mount{
			device: "/dev/dm-0", at: "/", kind: "ext2", size: 2 * gib, full: func(int64) float64 {
				return 1
			}, files: 131072, readonly: true,
		})
		for _, at := range []string{
			"/mnt/stateful_partition", "/home", "/var", "/var/lib/docker", "/var/lib/kubelet",
		} {
			root.at, root.kind = at, "ext4"
			all = append(all, root)
		}
	} else {
		all = append(all, root)
	}
	for i, p := range n.pods {
		if x := p.claim; x != nil && x.reports {
			all = append(all, mount{
				device: fmt.Sprintf("/dev/nvme%dn1", i+1), at: "/var/lib/kubelet/pods/" + p.uid +
					"/volumes/kubernetes.io~csi/" + x.volume + "/mount", kind: "ext4", size: x.size,
				full: x.fullAt, files: x.size / 16384,
			})
		}
	}
	return all
}

// nodeFilesystem returns node_exporter's metrics of file systems.
func nodeFilesystem() []metric {
	filesystem := func(name, help string, value func(m mount, t int64) float64) metric {
		return metric{name: "node_filesystem_" + name, kind: gauge, help: help, from: nodeExporter,
			expose: func(t *target, emit emitter) {
				for _, m := range t.node.mounts() {
					emit(always(), func(at int64) float64 {
						return value(m, at)
					}, "device", m.device, "mountpoint", m.at, "fstype", m.kind)
				}
			}}
	}
	return []metric{
		filesystem("size_bytes", "Filesystem size in bytes.", func(m mount, _ int64) float64 {
			return page(m.size)
		}),
		filesystem("avail_bytes", "Filesystem space available to non-root users in bytes.",
			func(m mount, t int64) float64 { return page(m.size * (1 - m.full(t))) }),
		filesystem("free_bytes", "Filesystem free space in bytes.", func(m mount, t int64) float64 {
			return page(m.size * (1 - .97*m.full(t)))
		}),
		filesystem("files", "Filesystem total file nodes.", func(m mount, _ int64) float64 {
			return math.Floor(m.files)
		}),
		filesystem("files_free", "Filesystem total free file nodes.",
			func(m mount, t int64) float64 { return math.Floor(m.files * (1 - .45*m.full(t))) }),
		filesystem("readonly", "Filesystem read-only status.", func(m mount, _ int64) float64 {
			if m.readonly {
				return 1
			}
			return 0
		}),
		filesystem("device_error", "Whether an error occurred while getting statistics for the "+
			"given device.", func(mount, int64) float64 { return 0 }),
	}
}

// nodeNetwork returns node_exporter's metrics of network devices and of the root disk's traffic.
func nodeNetwork() []metric {
	// eth0 carries the traffic. eni… are the pods' ends of it, and lo is the node's own.
	devices := []struct {
		name  string
		share float64
	}{{"eth0", 1}, {"lo", .05}, {"eni3f2a91c07d4", .3}, {"enib81e6605a2c", .2}}
	network := func(name, help string, perByte float64) metric {
		return metric{name: "node_network_" + name + "_total", kind: counterKind, help: help,
			from: nodeExporter, expose: func(t *target, emit emitter) {
				n := t.node
				for _, d := range devices {
					emit(always(), counted(&n.traffic, 0, n.bootedAt, scaled(d.share*perByte)),
						"device", d.name)
				}
			}}
	}
	disk := func(name, help string, scale func(seconds, v float64) float64) metric {
		return machineCounter("node_disk_"+name+"_total", help, func(n *node) *signal {
			return &n.busy
		}, scale, "device", "nvme0n1")
	}
	return []metric{
		network("receive_bytes", "Network device statistic receive_bytes.", 1),
		network("transmit_bytes", "Network device statistic transmit_bytes.", .72),
		network("receive_packets", "Network device statistic receive_packets.", 1./850),
		network("transmit_packets", "Network device statistic transmit_packets.", 1./800),
		network("receive_errs", "Network device statistic receive_errs.", 1./4e9),
		network("transmit_errs", "Network device statistic transmit_errs.", 1./9e9),
		network("receive_drop", "Network device statistic receive_drop.", 1./6e8),
		network("transmit_drop", "Network device statistic transmit_drop.", 1./7e9),
		disk("io_time_seconds", "Total seconds spent doing I/Os.", func(_, v float64) float64 {
			return round(.12 * v)
		}),
		disk("read_bytes", "The total number of bytes read successfully.", scaled(9e6)),
		disk("written_bytes", "The total number of bytes written successfully.", scaled(24e6)),
	}
}
