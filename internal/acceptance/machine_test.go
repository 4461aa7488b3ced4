//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// meminfo is this machine's memory according to the kernel, in bytes.
type meminfo struct{ total, available float64 }

func (m meminfo) used() float64 { return 1 - m.available/m.total }

func readMeminfo(t *testing.T) meminfo {
	t.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	kib := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if v, err := strconv.ParseFloat(words[1], 64); err == nil {
			kib[strings.TrimSuffix(words[0], ":")] = v
		}
	}
	return meminfo{kib["MemTotal"] * 1024, kib["MemAvailable"] * 1024}
}

// TestThisMachine lets Debian's Prometheus scrape Debian's node_exporter, runs promsnap, and
// compares the report with the kernel's figures at the time of the newest sample.
func TestThisMachine(t *testing.T) {
	t.Parallel()
	s, instance := startMachine(t)
	const step = 15 * time.Second // the finest step of a report
	at, seen := awaitStep(t, s, instance, step)

	config := configFile(t, fmt.Sprintf(`version: 1
cluster: machine
prometheus: {url: %s, query_offset: 0s, scrape_interval: 1s}
reports:
  - {name: now, range: 5m, timezone: Asia/Seoul}
`, s.url))
	o := promsnap(t, "run", "now", "-c", config, "--time", at.Format(time.RFC3339), "--output-dir",
		"out").want(t, 0)
	doc := o.document(t, "now", at)

	memory := panelOf(t, doc, "node-memory")
	if len(memory.Rows) != 1 {
		t.Fatalf("node-memory has %d rows, want 1", len(memory.Rows))
	}
	row := memory.Rows[0]
	hostname, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if row.Name != hostname || row.Labels["instance"] != instance {
		t.Errorf("the row is %q at %q, want %q at %q", row.Name, row.Labels["instance"], hostname,
			instance)
	}
	used := func(m meminfo) float64 { return m.used() }
	lowest, highest := slices.Min(mapped(seen, used)), slices.Max(mapped(seen, used))
	const tolerance = 0.02 // other programs allocate between two readings
	if last := float64(row.Stats.Last); last < lowest-tolerance || last > highest+tolerance {
		t.Errorf("memory in use %.4f, want %.4f to %.4f as in /proc/meminfo", last, lowest, highest)
	}
	if got, want := float64(row.Capacity), seen[0].total; got != want {
		t.Errorf("capacity %v bytes, want %v as in /proc/meminfo", got, want)
	}
	cpu := panelOf(t, doc, "node-cpu")
	if len(cpu.Rows) != 1 || float64(cpu.Rows[0].Capacity) != float64(runtime.NumCPU()) {
		t.Errorf("node-cpu %+v, want one row of %d cores", cpu.Rows, runtime.NumCPU())
	} else if last := float64(cpu.Rows[0].Stats.Last); !(last >= 0 && last <= 1) {
		t.Errorf("CPU in use %v, want 0 to 1", last)
	}
	if up := panelOf(t, doc, "scrape-health"); len(up.Rows) != 1 || up.Rows[0].Stats.Last != 1 {
		t.Errorf("scrape-health %+v, want one job with the value 1", up.Rows)
	}
	// There is no Kubernetes here. Each of its panels must say what is absent, and none may fail.
	if pvc := panelOf(t, doc, "pvc"); pvc.Data != "absent" ||
		!slices.Contains(pvc.Missing, "kubelet_volume_stats_available_bytes") {
		t.Errorf("pvc: data %s, missing %q; want absent and the kubelet's metric", pvc.Data,
			pvc.Missing)
	}
	if page := string(o.file(t, "now", at, "index.html")); !strings.Contains(page,
		"kube-state-metrics") {
		t.Errorf("the page has %d bytes, want kube-state-metrics named as missing", len(page))
	}
	if !strings.HasPrefix(doc.Server, "Prometheus 2.") {
		t.Errorf("server %q, want Prometheus 2", doc.Server)
	}
}

// startMachine runs Debian's node_exporter and a Prometheus that scrapes it every second.
func startMachine(t *testing.T) (s *server, instance string) {
	t.Helper()
	instance = freePort(t)
	start(t, nil, "/usr/bin/prometheus-node-exporter", "--web.listen-address="+instance)
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	body := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: "+
		"[{job_name: node, static_configs: [{targets: ['%s']}]}]\n", instance)
	if err := os.WriteFile(config, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
	return startPrometheus(t, "/usr/bin/prometheus", nil, "--config.file="+config,
		"--storage.tsdb.path="+filepath.Join(dir, "data")), instance
}

// awaitStep waits until Prometheus has samples for a whole step. It returns the step's time and the
// kernel's figures around it.
func awaitStep(t *testing.T, s *server, instance string,
	step time.Duration) (time.Time, []meminfo) {
	t.Helper()
	type reading struct {
		at time.Time
		meminfo
	}
	var readings []reading
	var at time.Time
	await(t, "samples of "+instance, func() error {
		now := time.Now()
		readings = append(readings, reading{now, readMeminfo(t)})
		at = now.Add(-2 * time.Second).Truncate(step)
		query := fmt.Sprintf(
			`count_over_time(node_memory_MemAvailable_bytes{instance=%q}[4s] @ %d) > 2`, instance,
			at.Unix())
		got, err := s.instant(query)
		if err == nil && len(got) == 0 {
			err = fmt.Errorf("%s is empty", query)
		}
		return err
	})
	var around []meminfo
	for _, r := range readings {
		if d := r.at.Sub(at); d.Abs() < 2*time.Second {
			around = append(around, r.meminfo)
		}
	}
	if len(around) == 0 {
		t.Fatalf("no reading of /proc/meminfo around %v, want one or more", at)
	}
	return at.UTC(), around
}

func mapped[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
