//go:build acceptance

package acceptance

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The bounds that the benchmarks hold promsnap to; breaking one fails them.
const (
	mostResidentMiB = 64
	mostTimesReplay = 15  // of the time in which curl fetches the recorded bytes; 8 is what to strive for
	mostTimesReal   = 1.1 // of the time in which curl fetches the answer that a Prometheus computes
)

// rounds is how often each side runs, in turn. The fastest of each are compared: what else the machine does only ever adds.
const rounds = 7

// benchEnd is the newest sample of the measured answer.
var benchEnd = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)

// BenchmarkRunReplayed measures a run of one panel of 5,000 series by 720 points whose bytes come from a file: what promsnap itself
// takes. Its peak of resident memory is that of the whole process, as the kernel counts it.
func BenchmarkRunReplayed(b *testing.B) {
	address := freePort(b)
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p := start(b, []string{replayEnv + "=" + b.TempDir(), "PROMSNAP_REPLAY_ADDRESS=" + address}, self)
	s := &server{url: "http://" + address, client: http.DefaultClient, process: p}
	await(b, "the replay server", func() error {
		_, err := s.get("/-/ready", nil)
		return err
	})
	runOnce(b, s.url, selected) // has the server make the recording
	for range b.N {
		m := measure(b, s.url, selected, s.url+"/recording")
		m.report(b)
		if m.resident > mostResidentMiB {
			b.Errorf("promsnap's peak is %.1f MiB, the bound %d", m.resident, mostResidentMiB)
		}
		if m.ratio() > mostTimesReplay {
			b.Errorf("promsnap takes %.1f times as long as curl, the bound is %d", m.ratio(), mostTimesReplay)
		}
	}
}

// What a real Prometheus is asked for. It sends the first byte when it has computed and encoded the whole answer, so that what promsnap
// does with the bytes always comes on top: of the plain selector, for which a server does little but read and encode, by more than a
// tenth. The bound is on the query of the panel container-memory, which a cluster of 5,000 containers is asked for.
const (
	selected = `bench`
	computed = `max by (namespace, pod, container) (max_over_time(bench[4m])) / max by (namespace, pod, container) (bench_limit)`
)

// BenchmarkRunComputed measures the same against a real Prometheus that computes the answer from blocks.
func BenchmarkRunComputed(b *testing.B) {
	flags := append(blockFlags(b, benchBlocks(b)), "--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h")
	s := startPrometheus(b, installed(b, "prometheus"), nil, flags...)
	for _, bb := range []struct {
		name, query string
		most        float64
	}{{"selector", selected, math.Inf(1)}, {"panel", computed, mostTimesReal}} {
		b.Run(bb.name, func(b *testing.B) {
			end := benchEnd.Unix()
			address := s.url + "/api/v1/query_range?" + url.Values{
				"query": {bb.query}, "start": {strconv.FormatInt(end-(benchPoints-1)*60, 10)}, "end": {strconv.FormatInt(end, 10)}, "step": {"60"},
			}.Encode()
			for range b.N {
				m := measure(b, s.url, bb.query, address)
				m.report(b)
				if m.ratio() > bb.most {
					b.Errorf("promsnap takes %.2f times as long as curl, the bound is %.1f", m.ratio(), bb.most)
				}
			}
		})
	}
}

// benchBlocks returns a directory of blocks with the measured series. It is made once and kept beside the servers.
func benchBlocks(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(filepath.Dir(installed(b, "promtool")), fmt.Sprintf("bench-%dx%d-3", benchSeries, benchPoints))
	if _, err := os.Stat(dir); err == nil {
		return dir
	} else if !errors.Is(err, os.ErrNotExist) {
		b.Fatal(err)
	}
	om, making := filepath.Join(b.TempDir(), "bench.om"), dir+".making"
	if err := errors.Join(os.RemoveAll(making), writeBenchMetrics(om, benchEnd.Unix()-(benchPoints-1)*60, 60)); err != nil {
		b.Fatal(err)
	}
	makeBlocks(b, om, making)
	if err := os.Rename(making, dir); err != nil {
		b.Fatal(err)
	}
	return dir
}

// runOnce runs promsnap on the one panel, and makes sure that it saw every series.
func runOnce(b *testing.B, prometheus, query string) outcome {
	b.Helper()
	config := configFile(b, fmt.Sprintf(`version: 1
cluster: bench
prometheus: {url: %s, query_offset: 0s}
reports:
  - name: bench
    range: %dm
    panels:
      - {name: wide, query: '%s', legend: "{{namespace}}/{{pod}}", rules: [{alertname: High, above: {warning: 999999}, for: 15m}]}
`, prometheus, benchPoints-1, query))
	o := execute(b, "run", "bench", "-c", config, "--time", benchEnd.Format(time.RFC3339), "--output-dir", "out").want(b, 0)
	if want := fmt.Sprintf("%d series", benchSeries); !strings.Contains(o.stdout, want) {
		b.Fatalf("it does not say %q:\n%s", want, o.stdout)
	}
	return o
}

// measured is what both sides took.
type measured struct {
	promsnap, curl []time.Duration // from the fastest to the slowest
	cpu            []time.Duration // promsnap's, user and system
	resident       float64         // promsnap's highest peak, MiB
	bytes          int64           // of the answer
}

func (m measured) ratio() float64 { return m.promsnap[0].Seconds() / m.curl[0].Seconds() }

// measure runs promsnap and curl in turn, so that both meet the machine in the same mood.
func measure(b *testing.B, prometheus, query, address string) measured {
	b.Helper()
	var m measured
	for range rounds {
		o := runOnce(b, prometheus, query)
		m.promsnap = append(m.promsnap, o.took)
		m.cpu = append(m.cpu, o.state.UserTime()+o.state.SystemTime())
		m.resident = max(m.resident, mebibytes(o.state.SysUsage().(*syscall.Rusage)))

		begin := time.Now()
		out, err := exec.Command("curl", "--silent", "--fail", "--output", "/dev/null", "--write-out", "%{size_download}", address).Output()
		if err != nil {
			b.Fatalf("curl %s: %v", address, err)
		}
		m.curl = append(m.curl, time.Since(begin))
		if m.bytes, err = strconv.ParseInt(string(out), 10, 64); err != nil {
			b.Fatal(err)
		}
		if m.bytes < benchSeries*benchPoints*10 {
			b.Fatalf("curl fetched %d bytes: that is not the answer", m.bytes)
		}
	}
	// A child's peak begins with its parent's.
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		b.Fatal(err)
	}
	if own := mebibytes(&self); own > mostResidentMiB {
		b.Fatalf("this process has taken %.0f MiB itself, which hides promsnap's peak: run the benchmarks without the tests, -run '^$'", own)
	}
	slices.Sort(m.promsnap)
	slices.Sort(m.curl)
	slices.Sort(m.cpu)
	return m
}

// mebibytes is the peak of resident memory, which Linux counts in kilobytes.
func mebibytes(u *syscall.Rusage) float64 { return float64(u.Maxrss) / 1024 }

func (m measured) report(b *testing.B) {
	b.Helper()
	const middle = rounds / 2
	b.Logf("%d series × %d points, %.1f MB, the fastest and the median of %d:\n"+
		"  promsnap %6d %6d ms, CPU %d %d ms, peak %.1f MiB\n  curl     %6d %6d ms\n  ratio    %6.2f %6.2f",
		benchSeries, benchPoints, float64(m.bytes)/1e6, rounds,
		m.promsnap[0].Milliseconds(), m.promsnap[middle].Milliseconds(), m.cpu[0].Milliseconds(), m.cpu[middle].Milliseconds(), m.resident,
		m.curl[0].Milliseconds(), m.curl[middle].Milliseconds(),
		m.ratio(), m.promsnap[middle].Seconds()/m.curl[middle].Seconds())
	b.ReportMetric(m.ratio(), "×curl")
	b.ReportMetric(m.resident, "peak-MiB")
	b.ReportMetric(0, "ns/op") // an operation is all the rounds of both sides: its time says nothing
}
