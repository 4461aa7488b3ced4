//go:build acceptance

package acceptance

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The history of a machine: a day of what node_exporter of a server of 8 cores exposes, scraped
// every 30 seconds.
const (
	machineScrape = 30 // seconds
	machineDay    = 24 * 3600
	machineJob    = "node"
	machineNode   = "10.0.1.12:9100"
)

// exporterMetric matches the metrics of node_exporter in a query.
var exporterMetric = regexp.MustCompile(`\b(?:node|process)_[a-zA-Z0-9_]+`)

// machineBlocks returns a directory of blocks with the metrics that a dashboard queries. It makes
// them once and keeps them next to the servers.
func machineBlocks(b *testing.B, dashboard []byte) string {
	b.Helper()
	var metrics []string
	for _, m := range exporterMetric.FindAll(dashboard, -1) {
		metrics = append(metrics, string(m))
	}
	slices.Sort(metrics)
	metrics = slices.Compact(metrics)
	of := fnv.New32a()
	fmt.Fprintf(of, "1 %d %d %q", benchEnd.Unix(), machineScrape, metrics)
	dir := filepath.Join(filepath.Dir(installed(b, "promtool")),
		fmt.Sprintf("bench-machine-%08x", of.Sum32()))
	if _, err := os.Stat(dir); err == nil {
		return dir
	} else if !errors.Is(err, os.ErrNotExist) {
		b.Fatal(err)
	}
	om, making := filepath.Join(b.TempDir(), "machine.om"), dir+".making"
	if err := errors.Join(os.RemoveAll(making), writeMachine(om, metrics)); err != nil {
		b.Fatal(err)
	}
	makeBlocks(b, om, making)
	if err := os.Rename(making, dir); err != nil {
		b.Fatal(err)
	}
	return dir
}

// writeMachine writes the history of the metrics as OpenMetrics text.
func writeMachine(path string, metrics []string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var b bytes.Buffer
	for _, m := range metrics {
		for _, labels := range machineLabels(m) {
			name := fmt.Sprintf("%s{instance=%q,job=%q%s}", m, machineNode, machineJob, labels)
			next := machineValues(m, name)
			for at := benchEnd.Unix() - machineDay - 600; at <= benchEnd.Unix(); at += machineScrape {
				fmt.Fprintf(&b, "%s %s %d\n", name, next(), at)
			}
			if _, err := b.WriteTo(f); err != nil {
				return err
			}
		}
	}
	_, err = f.WriteString("# EOF\n")
	return err
}

// machineLabels returns the further labels of each series of a metric, as node_exporter of a server
// has them.
func machineLabels(metric string) []string {
	has := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool {
			return strings.HasPrefix(metric, p)
		})
	}
	cpus, disks := numbered("cpu", "", 8), labelled("device", "nvme0n1", "nvme1n1", "dm-0")
	switch {
	case has("node_uname_info"):
		return []string{`,nodename="db-1",release="6.1.0-28-amd64",sysname="Linux"`}
	case has("node_cpu_seconds_total"):
		return crossed(cpus, labelled("mode", "idle", "iowait", "irq", "nice", "softirq", "steal",
			"system", "user"))
	case has("node_cpu_guest_seconds_total"):
		return crossed(cpus, labelled("mode", "nice", "user"))
	case has("node_cpu_scaling", "node_schedstat", "node_softnet"):
		return cpus
	case has("node_disk"):
		return disks
	case has("node_filesystem"):
		return []string{
			`,device="/dev/nvme0n1p2",fstype="ext4",mountpoint="/"`,
			`,device="/dev/nvme0n1p1",fstype="vfat",mountpoint="/boot/efi"`,
			`,device="/dev/mapper/data-db",fstype="xfs",mountpoint="/var/lib/postgresql"`,
			`,device="/dev/nvme1n1",fstype="xfs",mountpoint="/backup"`,
			`,device="tmpfs",fstype="tmpfs",mountpoint="/run"`,
		}
	case has("node_network"):
		return labelled("device", "lo", "eno1", "eno2", "bond0", "docker0")
	case has("node_interrupts"):
		return crossed(cpus, crossed(numbered("type", "", 60),
			labelled("devices", "nvme0q1")))
	case has("node_hwmon_chip_names"):
		return []string{
			`,chip="pci0000:00_0000:00:18_3",chip_name="k10temp"`,
			`,chip="nvme_nvme0",chip_name="nvme"`,
		}
	case has("node_hwmon"):
		return crossed(labelled("chip", "pci0000:00_0000:00:18_3", "nvme_nvme0"),
			numbered("sensor", "temp", 4))
	case has("node_cooling_device"):
		return crossed(numbered("name", "", 8), labelled("type", "Processor"))
	case has("node_scrape_collector"):
		return numbered("collector", "collector", 45)
	case has("node_tcp_connection_states"):
		return labelled("state", "established", "time_wait", "listen", "rx_queued_bytes",
			"tx_queued_bytes")
	case has("node_processes_state", "node_systemd_units"):
		return labelled("state", "R", "S", "D", "Z", "I")
	case has("node_systemd_socket"):
		return numbered("name", "socket", 6)
	case has("node_udp_queues"):
		return crossed(labelled("queue", "rx", "tx"), labelled("ip", "v4", "v6"))
	case has("node_power_supply"):
		return labelled("power_supply", "AC")
	}
	return []string{""}
}

// labelled returns a label with each of the values.
func labelled(label string, values ...string) []string {
	var all []string
	for _, v := range values {
		all = append(all, fmt.Sprintf(",%s=%q", label, v))
	}
	return all
}

// numbered returns a label with n values.
func numbered(label, prefix string, n int) []string {
	var values []string
	for i := range n {
		values = append(values, prefix+strconv.Itoa(i))
	}
	return labelled(label, values...)
}

// crossed returns each of a with each of b.
func crossed(a, b []string) []string {
	var all []string
	for _, x := range a {
		for _, y := range b {
			all = append(all, x+y)
		}
	}
	return all
}

// machineValues makes the samples of a series: a counter if its name says so, or a gauge. Both move
// with the time of day, and each has its own level and noise.
func machineValues(metric, series string) func() string {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(series))
	seed := hash.Sum64()
	level := math.Pow(10, float64(seed%5))
	wave := func(i int) float64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		noise := float64(seed>>40) / (1 << 24)
		return 1 + 0.5*math.Sin(2*math.Pi*float64(i)*machineScrape/machineDay) + 0.2*noise
	}
	i, sum := 0, 0.0
	switch {
	case strings.HasSuffix(metric, "_seconds_total"):
		return func() string { // a share of the time
			i++
			sum += machineScrape * 0.3 * wave(i) / 2
			return strconv.FormatFloat(math.Round(sum*100)/100, 'g', -1, 64)
		}
	case strings.HasSuffix(metric, "_total"), strings.HasPrefix(metric, "node_vmstat"),
		strings.HasPrefix(metric, "node_netstat"):
		return func() string {
			i++
			sum += math.Round(machineScrape * level * wave(i))
			return strconv.FormatFloat(sum, 'f', -1, 64)
		}
	case strings.HasSuffix(metric, "_bytes"):
		total := 64.0 * (1 << 30)
		if !strings.Contains(metric, "Total") && !strings.Contains(metric, "size") {
			total *= 0.1 + float64(seed%50)/100
			return func() string {
				i++
				return strconv.FormatFloat(math.Round(total*wave(i)/4096/2)*4096, 'f', -1, 64)
			}
		}
		return func() string { return strconv.FormatFloat(total, 'f', -1, 64) }
	case strings.HasPrefix(metric, "node_boot_time"):
		return func() string { return strconv.FormatInt(benchEnd.Unix()-40*machineDay, 10) }
	case strings.HasPrefix(metric, "node_time_seconds"):
		return func() string {
			i++
			return strconv.FormatInt(benchEnd.Unix()-machineDay-600+int64(i-1)*machineScrape, 10)
		}
	}
	return func() string {
		i++
		return strconv.FormatFloat(math.Round(level*wave(i)*100)/100, 'g', -1, 64)
	}
}
