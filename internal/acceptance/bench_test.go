//go:build acceptance

package acceptance

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The bounds of a run of one wide panel.
var (
	wideMemory   = bound{"peak memory of one panel of 5,000 series", 64, 56, "peak-MiB"}
	breachMemory = bound{"peak memory where 1,420 of 5,000 series breach", 64, 56, "peak-MiB"}
	wideReplay   = bound{"time from a replay, against curl's", 8, 4, "×curl"}
	wideSelector = bound{
		"time from a Prometheus that computes a selector, against curl's", 1.5, 1.1, "×curl",
	}
	widePanel = bound{
		"time from a Prometheus that computes a panel, against curl's", 1.1, 1.05, "×curl",
	}
)

// rounds is how often each side runs, in turn. The fastest runs are compared, because other load on
// the machine only adds time. If a bound on time is missed, both sides continue up to mostRounds,
// since a busy machine may not have given one side a quiet moment.
const (
	rounds     = 7
	mostRounds = 21
)

// benchEnd is the newest sample of the measured answer.
var benchEnd = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)

// BenchmarkRunReplayed measures promsnap's own cost: a run of one panel of 5,000 series by 720
// points whose bytes come from a file. The memory is the peak resident memory of the process, as
// the kernel counts it.
func BenchmarkRunReplayed(b *testing.B) {
	url := startReplay(b)
	runOnce(b, url, selected) // makes the server record its answer
	for range b.N {
		m := measure(b, url, selected, url+"/recording", wideReplay)
		m.log(b)
		wideMemory.hold(b, m.resident)
		wideReplay.hold(b, m.ratio())
	}
	// An operation covers all rounds of both sides, so its time means nothing.
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRunBreaching measures the memory of the same run in an outage: 1,420 of the series are
// above their limit. The server answers every query with all the series, so there is also a table
// of 5,000 nodes.
func BenchmarkRunBreaching(b *testing.B) {
	url := startReplay(b, replayClimbs+"=1")
	path, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	config := configFile(b, fmt.Sprintf(`version: 1
cluster: bench
prometheus: {url: %s, query_offset: 0s}
reports:
  - name: bench
    range: %dm
    panels:
      - {name: wide, query: node_memory_Active_bytes, unit: bytes, legend: "{{node}}", rules: [{alertname: High, above: {warning: 10GiB}, for: 15m}]}
`, url, benchPoints-1))
	for range b.N {
		peak := 0.0
		for range rounds {
			o, s := spend(b, path, "run", "bench", "-c", config, "--time",
				benchEnd.Format(time.RFC3339), "--output-dir", "out")
			if !strings.Contains(o.stdout, "1,420 warning") {
				b.Fatalf("want 1,420 warnings, got:\n%s", tail(o.stdout, 1000))
			}
			peak = max(peak, s.peak(b))
		}
		breachMemory.hold(b, peak)
	}
	b.ReportMetric(0, "ns/op")
}

// The queries to a real Prometheus. It sends the first byte after it has computed and encoded the
// whole answer, so promsnap's work always adds to its time. The share of promsnap is larger for the
// plain selector, which costs a server little more than reading and encoding, than for the query of
// the panel container-memory in a cluster of 5,000 containers.
const (
	selected = `bench`
	computed = `max by (namespace, pod, container) (max_over_time(bench[4m])) / max by (namespace, pod, container) (bench_limit)`
)

// BenchmarkRunComputed measures the same run against a real Prometheus that reads blocks.
func BenchmarkRunComputed(b *testing.B) {
	flags := append(blockFlags(b, benchBlocks(b)), "--storage.tsdb.min-block-duration=2h",
		"--storage.tsdb.max-block-duration=2h")
	s := startPrometheus(b, installed(b, "prometheus"), nil, flags...)
	for _, bb := range []struct {
		name, query string
		time        bound
	}{{"selector", selected, wideSelector}, {"panel", computed, widePanel}} {
		b.Run(bb.name, func(b *testing.B) {
			end := benchEnd.Unix()
			address := s.url + "/api/v1/query_range?" + url.Values{
				"query": {bb.query}, "start": {strconv.FormatInt(end-(benchPoints-1)*60, 10)},
				"end": {strconv.FormatInt(end, 10)}, "step": {"60"},
			}.Encode()
			for range b.N {
				m := measure(b, s.url, bb.query, address, bb.time)
				m.log(b)
				wideMemory.hold(b, m.resident)
				bb.time.hold(b, m.ratio())
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// benchBlocks returns a directory of blocks with the measured series. It makes them once and keeps
// them next to the servers.
func benchBlocks(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(filepath.Dir(installed(b, "promtool")),
		fmt.Sprintf("bench-%dx%d-3", benchSeries, benchPoints))
	if _, err := os.Stat(dir); err == nil {
		return dir
	} else if !errors.Is(err, os.ErrNotExist) {
		b.Fatal(err)
	}
	om, making := filepath.Join(b.TempDir(), "bench.om"), dir+".making"
	if err := errors.Join(os.RemoveAll(making),
		writeBenchMetrics(om, benchEnd.Unix()-(benchPoints-1)*60, 60)); err != nil {
		b.Fatal(err)
	}
	makeBlocks(b, om, making)
	if err := os.Rename(making, dir); err != nil {
		b.Fatal(err)
	}
	return dir
}

// runOnce runs promsnap on the one panel and checks that it read every series.
func runOnce(b *testing.B, prometheus, query string) spent {
	b.Helper()
	path, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	config := configFile(b, fmt.Sprintf(`version: 1
cluster: bench
prometheus: {url: %s, query_offset: 0s}
reports:
  - name: bench
    range: %dm
    panels:
      - {name: wide, query: '%s', legend: "{{namespace}}/{{pod}}", rules: [{alertname: High, above: {warning: 999999}, for: 15m}]}
`, prometheus, benchPoints-1, query))
	o, s := spend(b, path, "run", "bench", "-c", config, "--time", benchEnd.Format(time.RFC3339),
		"--output-dir", "out")
	if want := fmt.Sprintf("%d series", benchSeries); !strings.Contains(o.stdout, want) {
		b.Fatalf("want %q, got:\n%s", want, o.stdout)
	}
	return s
}

// measured holds what both sides used.
type measured struct {
	promsnap, curl []time.Duration // from the fastest to the slowest
	cpu, curlCPU   []time.Duration // user and system
	resident       float64         // promsnap's highest peak, MiB
	bytes          int64           // of the answer
}

// ratio compares the fastest runs of both sides.
func (m measured) ratio() float64 {
	return slices.Min(m.promsnap).Seconds() / slices.Min(m.curl).Seconds()
}

// measure alternates promsnap and curl, so that both run under the same load.
func measure(b *testing.B, prometheus, query, address string, held bound) measured {
	b.Helper()
	curl, err := exec.LookPath("curl")
	if err != nil {
		b.Fatal(err)
	}
	var m measured
	for turn := 0; turn < rounds || turn < mostRounds && m.ratio() > held.most; turn++ {
		s := runOnce(b, prometheus, query)
		m.promsnap, m.cpu = append(m.promsnap, s.Took), append(m.cpu, s.cpu())
		m.resident = max(m.resident, s.peak(b))

		o, s := spend(b, curl, "--silent", "--fail", "--output", "/dev/null", "--write-out",
			"%{size_download}", address)
		m.curl, m.curlCPU = append(m.curl, s.Took), append(m.curlCPU, s.cpu())
		if m.bytes, err = strconv.ParseInt(o.stdout, 10, 64); err != nil {
			b.Fatal(err)
		}
		if m.bytes < benchSeries*benchPoints*10 {
			b.Fatalf("curl fetched %d bytes, want at least %d", m.bytes,
				benchSeries*benchPoints*10)
		}
	}
	for _, times := range [][]time.Duration{m.promsnap, m.cpu, m.curl, m.curlCPU} {
		slices.Sort(times)
	}
	return m
}

// log prints what both sides used.
func (m measured) log(b *testing.B) {
	b.Helper()
	middle := len(m.promsnap) / 2
	b.Logf("%d series × %d points, %.1f MB, the fastest and the median of %d:\n"+
		"  promsnap %6d %6d ms, CPU %d %d ms, peak %.1f MiB\n  curl     %6d %6d ms, CPU %d %d "+
		"ms\n  ratio    %6.2f %6.2f",
		benchSeries, benchPoints, float64(m.bytes)/1e6, len(m.promsnap),
		m.promsnap[0].Milliseconds(), m.promsnap[middle].Milliseconds(), m.cpu[0].Milliseconds(),
		m.cpu[middle].Milliseconds(), m.resident,
		m.curl[0].Milliseconds(), m.curl[middle].Milliseconds(), m.curlCPU[0].Milliseconds(),
		m.curlCPU[middle].Milliseconds(),
		m.ratio(), m.promsnap[middle].Seconds()/m.curl[middle].Seconds())
}
